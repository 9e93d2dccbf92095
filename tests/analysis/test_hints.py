# SPDX-License-Identifier: EUPL-1.2
"""Hints: a fault that was planted is named first, and the places of a task add up to what it loses."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis import day_tables
from analysis.hint_words import sentence, summary, to_json
from analysis.hints import TaskHints, Word, all_tasks, of_task, words_without_results
from analysis.losses import Losses, PlaceKind, losses, read, together
from analysis.rendering.hint_section import hint_section
from tests.analysis.stories import DAY, SITE, SITES, Story, tables_of
from tests.analysis.test_close import close
from tests.archives import append
from tracker.event import Kind


class Town(Story):
    """Visitors of the litter form, each told in one call; every one is another visitor."""

    people = 0

    def fill_in(
        self, *, until: int, errors: int = 0, calls: bool = False, answered: bool = False, **more: Any
    ) -> None:
        """Come by the page on litter and go to step `until`; 0 is the page before the form."""
        self.people += 1
        at, visitor = 60.0 * self.people, self.people
        view = self.page("/afval/zwerfvuil", at, visitor=visitor, referrer="https://www.google.com/", **more)
        for step in range(1, until + 1):
            at += 20
            view = self.page(f"/melding/stap-{step}", at, visitor=visitor, came=view, **more)
            self.on(view, Kind.FORM, at + 1, action="start" if step == 1 else "step", step=step)
        for error in range(errors):
            self.on(view, Kind.FORM, at + 2 + error, action="error", step=until)
        if calls:
            self.on(view, Kind.CONTACT, at + 10, channel="tel")
        if answered:
            self.on(view, Kind.FORM, at + 10, action="submit", step=until)
            self.on(view, Kind.GOAL, at + 11, goal="melding_verzonden")

    def search_and_leave(self, query: str, results: int) -> None:
        """Search once, open nothing."""
        self.people += 1
        self.search(query, 60.0 * self.people, results=results, visitor=self.people)

    def glance(self, query: str, path: str, times: int = 1) -> None:
        """Open a page from the results and go straight back, then leave."""
        self.people += 1
        at, visitor = 60.0 * self.people, self.people
        view = self.search(query, at, visitor=visitor)
        for _ in range(times):
            self.page(path, at + 5, visitor=visitor, came=view, seen=3)
            at += 9
            view = self.search(query, at, visitor=visitor)

    def losses(self, **settings: object) -> Losses:
        tables = self.tables(**settings)
        return losses(*(pl.from_pandas(tables[name]) for name in ("questions", "moves")))


def worst(
    town: Town, task: str = "zwerfvuil", words: Mapping[str, Sequence[Word]] | None = None
) -> TaskHints:
    return of_task(town.losses(), SITE.name, task, words=words)


def broken_step() -> Town:
    """Forty people fill in the form; at step 3 nine of thirty cannot get any further."""
    town = Town()
    for _ in range(21):
        town.fill_in(until=4, answered=True)
    for place in range(9):
        town.fill_in(until=3, errors=2, calls=place < 3)
    for _ in range(6):
        town.fill_in(until=1)
    for _ in range(4):
        town.fill_in(until=0)
    return town


def test_a_form_step_that_is_broken_is_named_first() -> None:
    found = worst(broken_step())
    first = found.hints[0]
    assert (first.kind, first.page, first.step) == (PlaceKind.FORM, "/melding/stap-3", 3)
    assert (first.came, first.lost, first.called, first.failed, first.errors) == (30, 9, 3, 9, 18)
    assert first.share == pytest.approx(0.3)
    assert first.low < 0.3 < first.high
    assert (found.questions, found.lost, found.elsewhere) == (40, 19, 4)
    assert (found.hints[1].page, found.hints[1].came) == ("/melding/stap-1", 36)
    assert found.address == "/journeys/zwerfvuil#stories"


def test_the_sentence_has_the_figures_in_both_languages() -> None:
    found = worst(broken_step())
    assert sentence(found.hints[0], "en") == (
        "9 of 30 questions were lost in the form on /melding/stap-3 (step 3): 30%, probably 17% to 48%. "
        "3 called or mailed. Errors in 9 of the questions that came there, 18 times together."
    )
    assert sentence(found.hints[0], "nl").startswith(
        "9 van de 30 vragen liepen stuk in het formulier op /melding/stap-3 (stap 3): 30 %, waarschijnlijk"
    )
    assert summary(found, "en") == "19 of 40 questions were lost, 4 of them in other places than these."


def test_a_form_that_is_opened_and_not_begun_is_lost_at_its_first_step() -> None:
    town = Town()
    for _ in range(5):
        town.fill_in(until=1)
    for visitor in range(100, 107):
        came = town.page(
            "/afval/zwerfvuil", 10.0 * visitor, visitor=visitor, referrer="https://www.google.com/"
        )
        town.page("/melding/stap-1", 10.0 * visitor + 4, visitor=visitor, came=came)
    first = worst(town).hints[0]
    assert (first.kind, first.step, first.came, first.lost, first.unbegun) == (PlaceKind.FORM, 1, 12, 12, 7)
    assert "7 filled in nothing there." in sentence(first, "en")


def test_a_page_after_which_people_call_is_named_with_their_calls() -> None:
    town = Town()
    for place in range(12):
        town.fill_in(until=0, calls=place < 8)
    first = worst(town).hints[0]
    assert (first.kind, first.page, first.came, first.lost, first.called) == (
        PlaceKind.PAGE, "/afval/zwerfvuil", 12, 12, 8,
    )  # fmt: skip
    assert first.is_called_from
    assert "after reading /afval/zwerfvuil" in sentence(first, "en")


def test_searches_that_find_nothing_and_results_that_nobody_opens_are_two_places() -> None:
    town = Town()
    for _ in range(7):
        town.search_and_leave("rommel op straat", results=0)
    for _ in range(5):
        town.search_and_leave("zwerfvuil", results=8)
    words = {"zwerfvuil": (Word("rommel op straat", 7),)}
    found = worst(town, words=words)
    assert [(hint.kind, hint.came, hint.lost) for hint in found.hints] == [
        (PlaceKind.ZERO_RESULTS, 7, 7),
        (PlaceKind.RESULTS, 12, 5),
    ]
    assert "Nothing was found for “rommel op straat” (7)." in sentence(found.hints[0], "en")
    assert found.hints[1].words == ()


def test_a_page_that_is_left_at_once_for_the_results_is_named_with_its_returns() -> None:
    town = Town()
    for _ in range(6):
        town.glance("zwerfvuil", "/afval/afvalpas", times=2)
    town.page("/afval/afvalpas", 1, visitor=500, came=town.search("zwerfvuil", 0, visitor=500), seen=60)
    first = worst(town).hints[0]
    assert (first.kind, first.page, first.lost, first.returns) == (
        PlaceKind.RETURNS,
        "/afval/afvalpas",
        6,
        12,
    )
    assert first.came == 7
    assert "left for the results within 15 seconds 12 times" in sentence(first, "en")


def test_the_places_of_a_task_add_up_to_what_it_loses() -> None:
    town = broken_step()
    for _ in range(3):
        town.search_and_leave("zwerfvuil", results=0)
        town.glance("paspoort", "/paspoort")
    found = town.losses()
    assert found.places["lost"].sum() == found.asked["lost"].sum() > 20
    assert (found.places["lost"] >= found.places["called"]).all()
    twice = together([found, found])
    assert twice.places["came"].sum() == 2 * found.places["came"].sum()
    assert of_task(twice, SITE.name, "zwerfvuil").lost == 2 * of_task(found, SITE.name, "zwerfvuil").lost


def test_the_variants_of_an_experiment_are_told_apart() -> None:
    town = Town()
    for _ in range(10):
        town.fill_in(until=2, errors=1, exposures="zwerfvuil=current", bucket=1)
        town.fill_in(until=2, answered=True, exposures="zwerfvuil=redesign", bucket=2)
    made = all_tasks(
        town.losses(), SITE.name, exposures={"zwerfvuil": ["zwerfvuil=current", "zwerfvuil=redesign"]}
    )
    told = [(one.exposure, one.lost, len(one.hints)) for one in made]
    assert told == [(None, 10, 1), ("zwerfvuil=current", 10, 1), ("zwerfvuil=redesign", 0, 0)]


def test_a_quick_return_is_of_the_page_that_was_left_whatever_else_was_opened() -> None:
    """Two results in two tabs, and back from the first: the second was never left."""
    town = Town()
    for visitor in range(6):
        results = town.search("grofvuil", 60 * visitor, visitor=visitor)
        page = town.page("/grofvuil", 60 * visitor + 5, visitor=visitor, came=results, seen=6)
        town.page("/tarieven", 60 * visitor + 8, visitor=visitor, came=results)
        town.search("grofvuil", 60 * visitor + 11, visitor=visitor, came=page)
    returns = town.losses().places.filter(pl.col("kind") == PlaceKind.RETURNS.value)
    assert returns.select("page", "came", "lost", "returns").rows() == [("/grofvuil", 6, 6, 6)]


def test_a_return_of_which_nothing_tells_what_was_left_is_blamed_on_no_page() -> None:
    """As the moves of a DAY tell that was closed before they said what was left."""
    town = Town()
    town.glance("grofvuil", "/grofvuil")
    tables = town.tables()
    moves = tables["moves"].assign(source="")
    found = losses(pl.from_pandas(tables["questions"]), pl.from_pandas(moves))
    assert found.places.filter(pl.col("lost") > 0)["kind"].to_list() == [PlaceKind.RESULTS.value]


def test_the_partitions_of_a_day_are_read_one_by_one_and_add_up(tmp_path: Path) -> None:
    """Whoever is in the odd partition only opens the page of a step; that it is one, the other tells."""
    town = Town()
    for _ in range(6):
        town.fill_in(until=2)
        town.fill_in(until=0, calls=True)
        town.page("/melding/stap-2", 60 * town.people, visitor=town.people)
    events = town.frame()
    for partition in (0, 1):
        mine = events[events["visitor"] % 2 == partition]
        day_tables.write(tmp_path / "apart", DAY, partition, tables_of(mine, partition=partition))
    together = tables_of(events, partition=events["visitor"].to_numpy() % 2)
    day_tables.write_together(tmp_path / "together", DAY, (0, 1), together)
    apart, whole = (read(tmp_path / name, [DAY]) for name in ("apart", "together"))
    assert_frame_equal(apart.places, whole.places)
    assert_frame_equal(apart.asked, whole.asked)
    step = pl.col("kind").eq("form") & pl.col("page").eq("/melding/stap-2")
    assert apart.places.filter(step).select("came", "lost", "unbegun").rows() == [(12, 12, 6)]


def test_a_task_that_two_sites_share_has_the_address_of_its_own_page() -> None:
    found = broken_step().losses()
    both = pl.concat([found.asked, found.asked.with_columns(site=pl.lit("Stadskrant"))])
    shared = dataclasses.replace(found, asked=both)
    assert of_task(found, SITE.name, "zwerfvuil").address == "/journeys/zwerfvuil#stories"
    assert of_task(shared, SITE.name, "zwerfvuil").address == "/journeys/voorbeeldstad.zwerfvuil#stories"
    assert all_tasks(shared, SITE.name)[0].address == "/journeys/voorbeeldstad.zwerfvuil#stories"


def test_few_lost_questions_are_no_pattern() -> None:
    town = Town()
    for _ in range(4):
        town.fill_in(until=2)
    found = worst(town)
    assert (found.hints, found.lost, found.elsewhere) == ((), 4, 4)
    assert "too few in any one place" in summary(found, "en")
    assert losses(pl.DataFrame(), pl.DataFrame()).places.height == 0


def test_a_place_where_one_visitor_was_lost_five_times_is_not_told() -> None:
    """A visitor comes back to a form again and again, at last with an experiment; others are lost once."""
    town = Town()
    for again in range(5):
        more = {"exposures": "zwerfvuil=current", "bucket": 1} if again == 4 else {}
        page = town.page(
            "/melding/stap-1", 4000 * again, visitor=9, referrer="https://www.google.com/", **more
        )
        town.on(page, Kind.CONTACT, 4000 * again + 9, channel="tel")
    for visitor in range(3):
        town.page("/melding/stap-1", 10 * visitor, visitor=visitor, referrer="https://www.google.com/")
    found = town.losses()
    assert found.places.filter(pl.col("page") == "/melding/stap-1")["visitors"].sum() == 4
    assert of_task(found, SITE.name, "zwerfvuil").hints == ()
    town.page("/melding/stap-1", 90, visitor=3, referrer="https://www.google.com/")
    (told,) = of_task(town.losses(), SITE.name, "zwerfvuil").hints
    assert told.visitors == 5
    met = found.places.filter(pl.col("exposures") != "")
    assert met.filter(pl.col("page") == "/melding/stap-1")["visitors"].sum() == 1


def test_a_task_or_a_version_of_few_visitors_has_no_hints() -> None:
    town = Town()
    for place in range(9):
        version = "current" if place < 4 else "redesign"
        town.fill_in(until=2, exposures=f"zwerfvuil={version}", bucket=1)
    for again in range(6):
        town.page("/paspoort", 4000 * again, visitor=50, referrer="https://www.google.com/")
    both = {"zwerfvuil": ["zwerfvuil=current", "zwerfvuil=redesign"]}
    made = all_tasks(town.losses(), SITE.name, exposures=both)
    assert [(one.task, one.exposure, one.visitors) for one in made] == [
        ("zwerfvuil", None, 9),
        ("zwerfvuil", "zwerfvuil=redesign", 5),
    ]


def test_words_are_told_where_they_found_nothing_five_times() -> None:
    columns = ["site", "task", "kind", "words", "visitors", "zero_results"]
    rows = [
        ("voorbeeldstad", "zwerfvuil", "query", "rommel op straat", 6, 4),
        ("voorbeeldstad", "zwerfvuil", "query", "rommel op straat", 5, 3),  # of an earlier window
        ("voorbeeldstad", "zwerfvuil", "query", "zwerfvuil", 40, 2),
        ("voorbeeldstad", "zwerfvuil", "query", "", 0, 90),  # the rest, typed by too few to be told
        ("voorbeeldstad", "zwerfvuil", "word", "rommel", 30, 30),
        ("elders", "zwerfvuil", "query", "troep", 9, 9),
        ("voorbeeldstad", "", "query", "wietplantage", 5, 5),
    ]
    assert words_without_results(pl.DataFrame(rows, schema=columns, orient="row"), "voorbeeldstad") == {
        "zwerfvuil": (Word("rommel op straat", 7),),
        "": (Word("wietplantage", 5),),
    }


def test_hints_come_from_closed_days(tmp_path: Path) -> None:
    town = broken_step()
    append(tmp_path / "archive", town.events, name="verhaal", sites=SITES)
    close(tmp_path)
    found = of_task(read(tmp_path / "tables", [DAY]), SITE.name, "zwerfvuil")
    assert [(hint.page, hint.lost) for hint in found.hints][:1] == [("/melding/stap-3", 9)]
    document = json.loads(to_json([found], SITE.name, DAY, DAY, datetime(2026, 6, 11, 5, tzinfo=UTC)))
    assert document["tasks"][0]["hints"][0]["sentence"]["nl"] == sentence(found.hints[0], "nl")
    assert (document["tasks"][0]["visitors"], document["tasks"][0]["hints"][0]["visitors"]) == (40, 9)
    assert document["tasks"][0]["journeys"] == "/journeys/zwerfvuil#stories"


def test_the_page_of_a_task_has_its_hints_and_no_other_text_as_markup(tmp_path: Path) -> None:
    town = Town()
    for _ in range(6):
        town.fill_in(until=2, exposures="zwerfvuil=current", bucket=1)
    found = all_tasks(town.losses(), SITE.name, exposures={"zwerfvuil": ["zwerfvuil=current"]})
    odd = dataclasses.replace(found[0].hints[0], page="/melding/<b>")
    found[0] = dataclasses.replace(found[0], hints=(odd,))
    document = to_json(found, SITE.name, DAY, DAY, datetime(2026, 6, 11, 5, tzinfo=UTC))
    (tmp_path / f"{SITE.name}.json").write_bytes(document)
    make = hint_section(tmp_path)
    book: Any = SimpleNamespace(task=SimpleNamespace(site=SITE.name, task="zwerfvuil"), lost=())
    made = make(book, "nl")
    assert made is not None
    assert "/melding/&lt;b&gt;" in made.body
    assert "(proef zwerfvuil)</h3>" in made.body
    assert "href=" not in made.body  # the book has no journey that was lost there
    other: Any = SimpleNamespace(task=SimpleNamespace(site=SITE.name, task="paspoort"), lost=())
    assert make(other, "nl") is None
    assert hint_section(tmp_path / "nowhere")(book, "nl") is None
