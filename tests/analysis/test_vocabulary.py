# SPDX-License-Identifier: EUPL-1.2
"""What residents type survives only where five visitors typed it, however the DAY was spread."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from msgspec.structs import replace

from analysis import day_tables, vocabulary
from analysis.close import close_day
from tests.analysis.stories import DAY, SITE, SITES, TASKS, Story
from tests.archives import append
from tracker.event import Event
from tracker.retention import remove_days

DAY_MS = 86_400_000
PARTITIONS = 3


def counted(root: Path, *stories: Story) -> dict[str, pd.DataFrame]:
    """The words and titles of stories on DAYs one after the other."""
    days = [DAY + timedelta(days=place) for place in range(len(stories))]
    for place, (day, story) in enumerate(zip(days, stories, strict=True)):
        events = [event_on(event, place) for event in story.events]
        append(root / "archive", events, name=f"dag{place}", sites=SITES, partitions=PARTITIONS)
        close(root, day)
    vocabulary.renew(root / "archive", root / "tables", {SITE.name: TASKS})
    return {name: day_tables.read(root / "tables", name, [days[-1]]) for name in ("words", "titles")}


def event_on(event: Event, place: int) -> Event:
    """The same event on a later DAY, on a page view of its own."""
    view, origin = (name and f"{place:02d}{name[2:]}" for name in (event.page_view, event.origin))
    return replace(event, time=event.time + place * DAY_MS, page_view=view, origin=origin)


def close(root: Path, day: date) -> None:
    close_day(
        root / "archive",
        root / "tables",
        day,
        sites=SITES,
        tasks={SITE.name: TASKS},
        experiments=[],
        partitions=PARTITIONS,
    )


def searches(words: str, visitors: int, *, first: int = 1, **fields: Any) -> Story:
    story = Story()
    for visitor in range(first, first + visitors):
        story.search(words, visitor, visitor=visitor, **fields)
    return story


def together(*stories: Story) -> Story:
    """Stories of different visitors as one; every page view keeps an id of its own."""
    events = [
        replace(event, page_view=f"{event.page_view[:2]}{place}{event.page_view[3:]}", origin=None)
        for place, story in enumerate(stories)
        for event in story.events
    ]
    return Story(events=events)


def row(words: pd.DataFrame, kind: str, text: str) -> dict[str, object]:
    return words[(words["kind"] == kind) & (words["words"] == text)].iloc[0].to_dict()


def test_words_of_five_visitors_are_kept_though_every_partition_has_fewer(tmp_path: Path) -> None:
    words = counted(tmp_path, searches("Rommel op straat!", 5, results=0))["words"]
    found = row(words, "query", "rommel op straat")
    assert (found["task"], found["visitors"], found["searches"], found["zero_results"]) == (
        "zwerfvuil",
        5,
        5,
        5,
    )
    assert found["abandoned"] == 5
    assert row(words, "word", "rommel")["visitors"] == 5
    assert "op" not in set(words["words"])


def test_words_of_four_are_nowhere_but_their_searches_are_counted(tmp_path: Path) -> None:
    words = counted(tmp_path, searches("zwerfvuil bij mevrouw jansen", 4))["words"]
    assert set(words["words"]) == {""}
    rest = row(words, "query", "")
    assert (rest["visitors"], rest["searches"]) == (0, 4)


def test_one_visitor_who_types_it_five_times_is_one(tmp_path: Path) -> None:
    story = Story()
    for place in range(5):
        story.search("rommel op straat", 10 * place, visitor=1)
    assert set(counted(tmp_path, story)["words"]["words"]) == {""}


def test_a_word_counts_in_every_search_of_a_visitor_and_once_in_each(tmp_path: Path) -> None:
    story = Story()
    for visitor in range(1, 6):
        for place, other in enumerate(("straat", "stoep", "rommel")):
            story.search(f"rommel {other}", 60 * visitor + 9 * place, results=0, visitor=visitor)
    found = row(counted(tmp_path, story)["words"], "word", "rommel")
    assert (found["visitors"], found["searches"], found["zero_results"]) == (5, 15, 15)


def test_words_add_up_over_the_days_before(tmp_path: Path) -> None:
    words = counted(tmp_path, searches("rommel op straat", 3), searches("rommel op straat", 2))["words"]
    assert row(words, "query", "rommel op straat")["visitors"] == 5
    assert set(words["since"]) == {DAY.isoformat()}


def test_what_five_visitors_and_load_tests_typed_leaves_the_load_tests_out(tmp_path: Path) -> None:
    driven = [replace(event, run="oefening") for event in searches("zwerfvuil", 9, first=50).events]
    story = together(searches("zwerfvuil", 4), Story(events=driven))
    assert set(counted(tmp_path, story)["words"]["words"]) == {""}


def test_a_search_that_is_followed_by_another_was_no_help(tmp_path: Path) -> None:
    story = Story()
    for visitor in range(1, 6):
        story.search("zwerfvuil", visitor, visitor=visitor)
        story.search("zwerfvuil container", visitor + 30, visitor=visitor)
    words = counted(tmp_path, story)["words"]
    assert row(words, "query", "zwerfvuil")["again"] == 5
    assert row(words, "query", "zwerfvuil container")["again"] == 0


def test_titles_of_pages_are_kept_and_those_of_results_never(tmp_path: Path) -> None:
    story = Story()
    for visitor in range(1, 7):
        story.search("zwerfvuil", visitor, visitor=visitor, title="Zoeken: zwerfvuil")
        story.page("/melding/stap-1", visitor + 5, visitor=visitor, title="Waar ligt het?")
        story.page("/grofvuil", visitor + 9, visitor=visitor, title=f"Zaak {visitor}")
    titles = counted(tmp_path, story)["titles"]
    assert titles[["task", "path", "title", "visitors"]].values.tolist() == [
        ["zwerfvuil", "/melding/stap-1", "Waar ligt het?", 6]
    ]


def test_a_window_grows_no_further_than_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "WINDOW_BYTES", 1)
    words = counted(tmp_path, searches("rommel op straat", 3), searches("rommel op straat", 2))["words"]
    assert set(words["words"]) == {""}
    days = [DAY, DAY + timedelta(days=1)]
    assert vocabulary.windows(tmp_path / "tables", days) == [days[1], days[0]]


def test_days_before_one_without_visitors_are_counted_too(tmp_path: Path) -> None:
    words = searches("rommel op straat", 5)
    counted(tmp_path, words, Story(), words)
    days = [DAY + timedelta(days=place) for place in range(3)]
    assert vocabulary.windows(tmp_path / "tables", days) == [days[2], days[0]]


def test_windows_lie_side_by_side(tmp_path: Path) -> None:
    counted(tmp_path, searches("rommel op straat", 3), searches("rommel op straat", 2))
    days = [DAY, DAY + timedelta(days=1)]
    assert vocabulary.windows(tmp_path / "tables", days) == [days[1]]
    assert vocabulary.windows(tmp_path / "tables", days[:1]) == []


def test_a_window_that_saw_more_days_is_kept_when_their_events_went(tmp_path: Path) -> None:
    counted(tmp_path, searches("rommel op straat", 3), searches("rommel op straat", 2))
    remove_days(tmp_path / "archive", before=DAY + timedelta(days=1))
    vocabulary.renew(tmp_path / "archive", tmp_path / "tables", {SITE.name: TASKS})
    words = day_tables.read(tmp_path / "tables", "words", [DAY + timedelta(days=1)])
    assert row(words, "query", "rommel op straat")["visitors"] == 5
