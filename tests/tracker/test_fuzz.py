# SPDX-License-Identifier: EUPL-1.2
"""Whatever comes, what reads it says yes or no: the short version of `benchmarks/fuzz.py`."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.tasks import TaskDefinitionsError
from analysis.tasks import loads as tasks
from experiments.loading import DefinitionsError
from experiments.loading import loads as experiments
from tests.tracker.beacons import EXAMPLE, NOON, SITES, arrival
from tests.tracker.test_admission import events_of
from tracker import address, pixel
from tracker.admission import Draft, Rules, admit
from tracker.arrival import Drop, Reason
from tracker.case_numbers import CaseNumbers, MaskError
from tracker.readable import read
from tracker.scrub import scrub
from tracker.scrubber import Scrubber

RULES = Rules(sites=SITES, salt=lambda zone, time_ms: b"salt" * 8)
CASES = CaseNumbers(["Z-####-######", "ZAAK/####/#+", "@@##.####"])
anything = st.text(max_size=300)
# What the scrubber looks for is made of few signs; drawn from all of Unicode they'd never meet.
telling = st.text("0123456789 .+-@%aN1[]/:=&#;uxZ\u0660\u200b\u00e9", max_size=60)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
busy = settings(deadline=None)  # the machine may be busy


@busy
@given(st.dictionaries(st.sampled_from([*EXAMPLE, "c", "run", "z"]), json), st.booleans())
def test_a_beacon_of_anything_is_admitted_or_dropped(changes: dict[str, object], whole: bool) -> None:
    body = msgspec.json.encode((EXAMPLE if whole else {}) | changes)
    outcome = admit(arrival(body), RULES)
    if isinstance(outcome, Drop):
        assert (outcome.reason is Reason.MALFORMED) is bool(outcome.problems)
    else:
        assert isinstance(outcome, Draft)
        assert len(events_of(outcome)) == len(outcome.beacon.e)


@busy
@given(st.binary(max_size=200))
@example(b"\xed\xa0\x80")
@example(b'{"v":1,"e":[{"k":"view","t":"\\ud800"}]}')
def test_any_bytes_are_admitted_or_dropped(body: bytes) -> None:
    assert isinstance(admit(arrival(body), RULES), Drop)


@busy
@given(anything | telling.map("https://www.voorbeeldstad.nl/{}".format))
def test_an_address_comes_apart_or_is_none(url: str) -> None:
    page = address.split(url)
    if page is not None:
        assert page.scheme in {"http", "https"}
        assert page.path.startswith("/")
        assert not set(page.host) & set("/?#@ ")
        again = f"{page.scheme}://{page.host}{page.path}" + f"?{page.query}" * bool(page.query)
        assert address.split(again) == page.__class__(page.scheme, page.host, page.path, page.query, "")


@busy
@given(anything, st.none() | anything)
def test_a_pixel_asks_for_a_beacon_or_says_what_is_wrong(query: str, referer: str | None) -> None:
    outcome = admit(arrival(pixel.beacon_of(query, referer)), RULES)
    if isinstance(outcome, Drop):
        assert (outcome.reason is Reason.MALFORMED) is bool(outcome.problems)
    else:
        assert len(events_of(outcome)) == 1


@busy
@given(st.dictionaries(st.sampled_from([*"uptrobxfclw", "run"]), anything))
def test_a_pixel_with_any_parameters(given_: dict[str, str]) -> None:
    query = urlencode(given_, errors="surrogatepass")
    outcome = admit(arrival(pixel.beacon_of(query, None), time_ms=NOON), RULES)
    assert isinstance(outcome, Drop | Draft)


@busy
@given(anything | telling, st.booleans())
@example("%E2%82", False)
@example("%u0039&#57;%2539", False)
@example("\u200b9\u200b", False)
def test_every_readable_sign_has_its_place_in_the_text(text: str, form_encoded: bool) -> None:
    readable, began = read(text, form_encoded=form_encoded)
    if began is not None:
        assert len(began) == len(readable) + 1
        assert began == sorted(began)
        assert began[-1] == len(text)
        assert all(0 <= place <= len(text) for place in began)


@busy
@given(anything | telling, st.booleans())
def test_what_was_scrubbed_is_clean_and_no_longer_than_its_marks(text: str, form_encoded: bool) -> None:
    clean, found = scrub(text, form_encoded=form_encoded, cases=CASES)
    assert scrub(clean, form_encoded=form_encoded, cases=CASES) == (clean, ())
    assert len(clean) <= len(text) + sum(len(mark) + 2 for mark in found)


@busy
@given(anything | telling)
def test_a_text_of_an_event_is_one_line(text: str) -> None:
    clean = Scrubber().text(text)
    assert clean is None or not set(clean) & set("\r\n\0\t")


@busy
@given(st.lists(st.text("Z-#@+./_ 09aé*(\\", max_size=45), max_size=3))
def test_a_mask_works_or_is_refused_in_a_sentence(masks: list[str]) -> None:
    refused = None
    try:
        list(CaseNumbers(masks).spans("Z-2026-012345 " * 3))
    except MaskError as error:
        refused = str(error)
    assert refused is None or "expected" in refused


def test_a_kind_that_is_said_twice_is_named_as_what_is_wrong() -> None:
    event = b'{"i":1,"k":"search","d":1,"q":"x","k":"link","to":"/"}'
    body = b'{"v":1,"p":"k3j9x0q2m5Tz","u":"https://www.voorbeeldstad.nl/","e":[%b]}' % event
    outcome = admit(arrival(body), RULES)
    assert isinstance(outcome, Drop)
    assert [problem.detail for problem in outcome.problems] == [
        "a field occurs twice in one object; expected each once"
    ]


@pytest.mark.parametrize("sign", ["\u200b", "\u202e", "\u2066", "\u2060", "\ufeff", "\u00ad", "\U000e0041"])
def test_signs_that_nobody_sees_are_not_stored(sign: str) -> None:
    """Such as those that turn the direction of what is read, in a report or on a terminal."""
    assert Scrubber().text(f"grof{sign}vuil") == "grofvuil"


def test_signs_that_join_others_are_stored() -> None:
    assert Scrubber().text("de \U0001f469\u200d\U0001f4bb helpt") == "de \U0001f469\u200d\U0001f4bb helpt"


@pytest.mark.parametrize("loads", [experiments, tasks], ids=["experiments", "tasks"])
@pytest.mark.parametrize("bomb", ["a = " + "[" * 9_999, "a = " + "9" * 9_999], ids=["nested", "number"])
def test_a_definition_without_end_is_refused_in_words(loads: Callable[[str], object], bomb: str) -> None:
    with pytest.raises((DefinitionsError, TaskDefinitionsError), match="not valid TOML"):
        loads(bomb)
