# SPDX-License-Identifier: EUPL-1.2
"""What citizens see of a page, and how strongly words smell."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web_demo.citizens.page import Script
from web_demo.citizens.parsing import Reader, parse
from web_demo.citizens.words import WordsError, load

RESULTS = b"""<html lang="nl"><title>Zoeken</title><body><main><h1>Zoekresultaten voor paspoort</h1>
<div data-kr-query="paspoort" data-kr-results="2" data-kr-answer>
<h2>Kosten</h2><p>Een paspoort kost 80 euro</p>
<ol><li><h2><a href="/a" data-kr-rank="1">Paspoort</a></h2><p>Vraag het hier aan.</p></li>
<li><a href="/b" data-kr-rank="2">Rijbewijs</a></li></ol></div></main>
<footer><a href="tel:140999">Bel</a><a href="/x" data-kr-contact="chat">Chat</a></footer></body></html>"""
FORM = b"""<main><form role="search" action="/zoeken"><input name="q" type="search"></form>
<form method="post" enctype="multipart/form-data" novalidate data-kr-form="m" data-kr-step="2" data-kr-last>
<input type="hidden" name="teken" value="x">
<label for="a">Waar?</label><input id="a" name="a" aria-invalid="true" aria-required="true" value="hier">
<fieldset aria-invalid="true"><legend>Wat?</legend>
<input type="radio" name="r" value="1" id="r1"><label for="r1">Een</label>
<input type="radio" name="r" value="2" id="r2" checked><label for="r2">Twee</label></fieldset>
<select name="s"><option value="">Kies</option><option selected>Rood</option></select>
<textarea name="t">tekst</textarea><input type="file" name="f"><p hidden><input name="val"></p>
<button name="stap" value="terug">Vorige stap</button><button name="stap" value="verder">Verder</button>
</form>
<form data-kr-feedback method="post"><button value="1">Ja</button></form></main>"""


def test_results_are_read_with_what_stands_beside_them() -> None:
    page = parse(RESULTS)
    assert page.results is not None
    assert (page.results.query, page.results.count, page.results.answered) == ("paspoort", 2, True)
    ranked = [(link.rank, link.text, link.about) for link in page.links if link.rank]
    assert ranked == [(1, "Paspoort", "Vraag het hier aan."), (2, "Rijbewijs", "")]
    contacts = [(link.contact, link.part) for link in page.links if link.contact]
    assert contacts == [("tel", "footer"), ("chat", "footer")]


def test_the_echo_of_a_query_is_no_answer() -> None:
    page = parse(RESULTS.replace(b"<p>Een paspoort kost 80 euro</p>", b"<p>Niets</p>"))
    wish = load().wish("paspoort")
    assert not any(wish.answered_by(f"{block.under} {block.text}") for block in page.blocks)


def test_a_form_is_read_as_it_is_filled_in() -> None:
    page = parse(FORM)
    assert page.search is not None
    assert page.feedback
    (form,) = page.forms
    assert (form.name, form.step, form.last, form.multipart, form.validates) == ("m", 2, True, True, False)
    assert form.hidden == (("teken", "x"),)
    assert form.button == ("stap", "verder")
    seen = {f.name: (f.kind, f.label, f.required, f.invalid, f.value) for f in form.fields}
    assert seen == {
        "a": ("text", "Waar?", True, True, "hier"),
        "r": ("radio", "Wat?", False, True, "2"),
        "s": ("select", "", False, False, "Rood"),
        "t": ("textarea", "", False, False, "tekst"),
        "f": ("file", "", False, False, ""),
    }


def test_pages_that_differ_in_their_script_tag_only_are_parsed_once() -> None:
    reader = Reader()
    tag = b'<script src="/k.js" data-b="%d" data-x="a=current,b=redesign" data-f="b" defer></script>'
    first, script = reader.read(b"<title>A</title>" + tag % 1)
    second, other = reader.read(b"<title>A</title>" + tag % 2)
    assert first is second
    assert script == Script(1, (("a", "current"), ("b", "redesign")), ("b",))
    assert other is not None
    assert (other.bucket, other.exposures) == (2, "a=current,b=redesign")
    assert reader.read(b"<title>A</title>") == (first, None)


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_any_bytes_are_a_page(body: bytes) -> None:
    assert parse(body).words >= 0


SCENTS = [
    pytest.param("zwerfvuil", "Zwerfvuil melden", "Melding openbare ruimte", id="resident's words"),
    pytest.param("zwerfvuil", "Melding openbare ruimte", "Hondenbelasting", id="official words, known"),
    pytest.param("schuldhulp", "Hulp bij schulden", "Bijstandsuitkering", id="debts"),
    pytest.param("grofvuil", "Grofvuil laten ophalen", "Afvalkalender", id="bulky waste"),
]


@pytest.mark.parametrize(("name", "strong", "weak"), SCENTS)
def test_words_smell_of_what_they_mean(name: str, strong: str, weak: str) -> None:
    lexicon = load().wish(name).lexicon
    weights = [term.weight for term in lexicon.terms]
    assert lexicon.scent(weights, strong) > lexicon.scent(weights, weak) + 0.1
    assert lexicon.scent(weights, "") == 0
    assert lexicon.scent([0.0] * len(weights), strong) == 0


def test_official_words_smell_of_nothing_to_who_does_not_know_them() -> None:
    lexicon = load().wish("zwerfvuil").lexicon
    resident = [0.0 if term.official else term.weight for term in lexicon.terms]
    assert lexicon.scent(resident, "Registratie openbare ruimte") == 0


def test_wishes_are_all_there_is_and_are_named_as_the_tasks() -> None:
    vocabulary = load()
    assert sum(wish.share for wish in vocabulary.wishes) == pytest.approx(1.0, abs=0.01)
    with pytest.raises(KeyError, match="no wish 'vliegen'"):
        vocabulary.wish("vliegen")


def test_a_wish_without_queries_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_text(
        "[everyone]\nactions=[]\nconfirmations=[]\ndocuments=[]\nsensitive=[]\nhelp=[]\n[wish.x]\nkind='know'\nshare=1"
    )
    with pytest.raises(WordsError, match="wish 'x'"):
        load(tmp_path / "words.toml")
