# SPDX-License-Identifier: EUPL-1.2
"""Laws of the citizens: what they do follows from who they are and from what a page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web_demo.citizens.actions import Action, Contact, Follow, Leave, Open, Read, Search, Submit
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.browser import Browser
from web_demo.citizens.citizen import Citizen, World
from web_demo.citizens.exchange import Request, Response
from web_demo.citizens.parsing import Reader
from web_demo.citizens.persona import misspell
from web_demo.citizens.question import Ending
from web_demo.citizens.words import Wish, load

VOCABULARY = load()
LAYOUT = """<!doctype html><html lang="nl"><head><title>{title}</title></head><body>
<header><form role="search" action="/zoeken"><input type="search" name="q"></form>
<a href="/">Home</a></header>
<main><h1>{title}</h1>{body}</main><footer><a href="tel:140999">Bel 14 0999</a></footer></body></html>"""
FORM = """<form method="post" action="{path}" novalidate data-kr-form="melding" data-kr-step="{step}"{last}>
{fields}<button>Verder</button></form>"""
FIELD = '<label for="{name}">{label}</label><input id="{name}" name="{name}" required>'
LISTED = '<a href="/meld">{}</a> <a href="/werk">Werk</a>'


class Landing:
    """A search engine that knows one page."""

    def __init__(self, path: str) -> None:
        self.path = path

    def best(self, wish: Wish) -> Sequence[str]:
        return (self.path,)


class TinySite:
    """A start page with a link that says `words`, and behind it a form called so, in `steps` steps."""

    def __init__(self, words: str = "Zwerfvuil melden", *, steps: int = 1) -> None:
        self.words, self.steps = words, steps
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.target}")
        path = request.target.partition("?")[0]
        return Response(200, (), self.page(path, request.method).encode())

    def page(self, path: str, method: str) -> str:
        if path == "/":
            return LAYOUT.format(title="Gemeente", body=LISTED.format(self.words))
        if path == "/zoeken":
            return LAYOUT.format(title="Zoeken", body='<div data-kr-query="x" data-kr-results="0"></div>')
        if path == "/meld":
            return self.form(1)
        if path.startswith("/stap-"):
            done = int(path.removeprefix("/stap-"))
            return self.form(done + 1) if done < self.steps else LAYOUT.format(title="Bedankt", body="")
        return LAYOUT.format(title="Werk", body="<p>Werken bij de gemeente.</p>")

    def form(self, step: int) -> str:
        fields = "".join(FIELD.format(name=f"f{step}{i}", label="Waar ligt het?") for i in range(2))
        last = " data-kr-last" if step == self.steps else ""
        return LAYOUT.format(
            title=self.words, body=FORM.format(path=f"/stap-{step}", step=step, last=last, fields=fields)
        )


def citizen_of(seed: int, behaviour: Behaviour = Behaviour(), wish: str = "zwerfvuil") -> Citizen:  # noqa: B008
    """A citizen with one wish."""
    vocabulary = replace(VOCABULARY, wishes=(VOCABULARY.wish(wish),))
    behaviour = replace(behaviour, second_question_share=0.0)
    return Citizen(seed, World(vocabulary, behaviour, Landing("/")), np.random.default_rng(seed))


def walk(citizen: Citizen, site: TinySite) -> list[Action]:
    """Let a citizen visit a site; everything they did."""
    browser = Browser(
        citizen.device,
        origin="https://www.voorbeeldstad.nl",
        send=site,
        post=lambda _: None,
        reader=Reader(),
        random=np.random.default_rng(0),
    )
    done: list[Action] = []
    visit, view, now = citizen.visit(), None, 0
    while True:
        try:
            action = next(visit) if view is None else visit.send(view)
        except StopIteration:
            return done
        done.append(action)
        view = browser.do(action, now) or view
        now = max(now, view.opened_ms if view else 0) + int(1000 * getattr(action, "seconds", 0))


def answered(sites: Sequence[TinySite], behaviour: Behaviour, people: int = 150) -> list[int]:
    """How many of the same people get their answer on each site."""
    totals = []
    for site in sites:
        citizens = [citizen_of(seed, behaviour) for seed in range(people)]
        for citizen in citizens:
            walk(citizen, site)
        totals.append(sum(question.answered for citizen in citizens for question in citizen.questions))
    return totals


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_equal_seeds_give_equal_walks(seed: int) -> None:
    site, same = TinySite(), TinySite()
    assert walk(citizen_of(seed), site) == walk(citizen_of(seed), same)
    assert site.asked == same.asked


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_every_visit_comes_in_once_and_leaves_once(seed: int) -> None:
    citizen = citizen_of(seed)
    done = walk(citizen, TinySite(steps=3))
    assert isinstance(done[0], Open)
    assert isinstance(done[-1], Leave)
    assert sum(isinstance(action, Open | Leave) for action in done) == 2
    assert all(question.ending is not None for question in citizen.questions)


@pytest.mark.parametrize("seed", range(20))
def test_without_patience_nobody_goes_beyond_the_first_page(seed: int) -> None:
    citizen = citizen_of(seed, Behaviour(patience_median=1e-9, only_looking_share=0.0))
    done = walk(citizen, TinySite())
    assert not [action for action in done if isinstance(action, Search | Submit)]
    assert not [a for a in done if isinstance(a, Follow) and a.link.href != "/contact"]
    assert citizen.questions[0].ending in (Ending.GAVE_UP, Ending.CALLED, Ending.INTERRUPTED)


BETTER_PAGES = [
    pytest.param(TinySite("Melding openbare ruimte"), TinySite(), id="resident's words"),
    pytest.param(TinySite(steps=8), TinySite(steps=2), id="fewer form steps"),
]


@pytest.mark.parametrize(("current", "better"), BETTER_PAGES)
def test_a_better_page_gives_more_people_their_answer(current: TinySite, better: TinySite) -> None:
    before, after = answered([current, better], Behaviour(patience_median=6.0))
    assert after > before + 10


def test_equal_pages_give_equal_answers() -> None:
    before, after = answered([TinySite(), TinySite()], Behaviour())
    assert before == after


def test_who_prefers_the_phone_calls_where_the_site_does_not_help() -> None:
    hopeless = TinySite("Bestuur")
    phoning = Behaviour(prefers_phone_share=1.0, quits_mildly_share=0.0)
    citizens = [citizen_of(seed, phoning) for seed in range(20)]
    calls = [[a for a in walk(citizen, hopeless) if isinstance(a, Contact)] for citizen in citizens]
    assert all(len(made) == 1 for made in calls)
    assert all(citizen.questions[0].ending is Ending.CALLED for citizen in citizens)


def test_people_differ() -> None:
    people = [citizen_of(seed).persona for seed in range(400)]
    assert len({person.device.user_agent for person in people}) > 12
    assert len({person.channel for person in people}) == 4
    assert 0.5 < sum(person.device.mobile for person in people) / 400 < 0.72
    patience = [person.patience for person in people]
    assert max(patience) > 10 * min(patience)
    slow, fast = np.percentile([person.words_per_minute for person in people], [5, 95])
    assert fast > 2 * slow


def test_reading_takes_time_and_depends_on_who_reads() -> None:
    times = {
        sum(action.seconds for action in walk(citizen_of(seed), TinySite()) if isinstance(action, Read))
        for seed in range(20)
    }
    assert len(times) == 20
    assert all(seconds > 1 for seconds in times)


@given(st.sampled_from([q for wish in VOCABULARY.wishes for q in wish.queries]), st.integers(0, 1000))
@settings(deadline=None)
def test_a_misspelling_stays_close_to_the_word(query: str, seed: int) -> None:
    from rapidfuzz.distance import OSA

    word = max(query.split(), key=len)
    assert OSA.distance(word, misspell(word, np.random.default_rng(seed))) <= 2


def test_somebody_unanswered_may_come_back_with_the_same_question() -> None:
    behaviour = Behaviour(returns_share=1.0, prefers_phone_share=0.0, calls_exhausted_share=0.0)
    citizen = citizen_of(3, behaviour)
    walk(citizen, TinySite("Bestuur"))
    days = citizen.returns_in()
    assert days is not None
    assert 1 <= days <= 5
    walk(citizen, TinySite("Bestuur"))
    assert [question.visit for question in citizen.questions] == [1, 2]
    assert len({question.task for question in citizen.questions}) == 1


def test_two_questions_at_once_are_asked_in_two_tabs_and_kept_apart() -> None:
    vocabulary = replace(VOCABULARY, wishes=(VOCABULARY.wish("zwerfvuil"), VOCABULARY.wish("paspoort")))
    behaviour = Behaviour(second_question_share=1.0, interleaves_share=1.0, patience_median=60.0)
    citizen = Citizen(1, World(vocabulary, behaviour, Landing("/")), np.random.default_rng(1))
    tabs = [action.tab for action in walk(citizen, TinySite())]
    assert set(tabs) == {0, 1}
    turns = sum(before != after for before, after in pairwise(tabs))
    assert turns > 2
    assert {question.task for question in citizen.questions} == {"zwerfvuil", "paspoort"}


def test_two_questions_one_after_the_other_stay_in_one_tab() -> None:
    behaviour = Behaviour(second_question_share=1.0, interleaves_share=0.0)
    citizen = Citizen(1, World(VOCABULARY, behaviour, Landing("/")), np.random.default_rng(1))
    assert {action.tab for action in walk(citizen, TinySite())} == {0}
    assert len({question.task for question in citizen.questions}) == 2


NOWHERE = Behaviour(search_engine_share=0.0, letter_share=0.0, social_share=0.0)
CHANNELS = [
    pytest.param(replace(NOWHERE, search_engine_share=1.0), "/", "https://www.", id="a search engine"),
    pytest.param(replace(NOWHERE, letter_share=1.0), "/?kr_code=ZWER", "", id="a letter"),
    pytest.param(NOWHERE, "/", "", id="direct"),
    pytest.param(replace(NOWHERE, social_share=1.0), "/?utm_source=", "https://", id="social"),
]


@pytest.mark.parametrize(("behaviour", "target", "referrer"), CHANNELS)
def test_people_come_in_by_their_channel(behaviour: Behaviour, target: str, referrer: str) -> None:
    first = walk(citizen_of(4, behaviour), TinySite())[0]
    assert isinstance(first, Open)
    assert first.target.startswith(target)
    assert first.referrer.startswith(referrer)
    assert bool(first.referrer) is bool(referrer)
