# SPDX-License-Identifier: EUPL-1.2
"""What `klantreis journeys` shows, from day tables and straight from an archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import journeys
from analysis.errors import AnalysisError
from tests.analysis.stories import DAY, SITE, SITES, TASKS, Story
from tests.analysis.test_close import archived, close
from tests.analysis.test_units import busy_day
from tracker.event import Kind
from tracker.imports.access_log import import_access_log
from tracker.site import Site


def town() -> Story:
    """Six who search for litter, one of them with an error; one bot."""
    story = Story()
    for visitor in range(6):
        home = story.page("/", visitor * 100, visitor=visitor, referrer="https://www.google.nl/?q=gemeente")
        results = story.search(
            "zwerfvuil" if visitor else "zwerfvul",
            visitor * 100 + 5,
            visitor=visitor,
            came=home,
            results=3 if visitor else 0,
        )
        page = story.page("/afval/zwerfvuil", visitor * 100 + 9, visitor=visitor, came=results)
        if visitor > 3:
            story.on(page, Kind.CONTACT, visitor * 100 + 20, channel="tel")
    story.page("/", 0, visitor=77, automated=True)
    return story


def of(root: Path, story: Story) -> journeys.Journeys:
    archived(root, story)
    return journeys.from_archive(root / "archive", sites=SITES, tasks={SITE.name: TASKS})


def test_overview_keeps_bots_apart(tmp_path: Path) -> None:
    row = journeys.overview(of(tmp_path, town())).iloc[0]
    assert (row["days"], row["first_day"]) == (1, DAY.isoformat())
    assert (row["visitors"], row["sessions"], row["questions"], row["pages"], row["searches"]) == (
        6,
        6,
        6,
        18,
        6,
    )
    assert (row["bot_visitors"], row["bot_events"], row["set_aside"]) == (1, 1, 1)


def test_tasks_and_their_outcomes(tmp_path: Path) -> None:
    found = of(tmp_path, town())
    task = journeys.summary(found).iloc[0]
    assert (task["task"], task["questions"], task["zero_results"]) == ("zwerfvuil", 6, 1)
    assert task["share_contact"] == pytest.approx(2 / 6)
    assert journeys.outcomes(found)[["outcome", "questions"]].values.tolist() == [
        ["channel_shift", 2],
        ["abandoned", 4],
    ]
    by_entry = journeys.outcomes(found, by="entry")
    assert by_entry["share"].sum() == pytest.approx(1)
    assert journeys.entries(found)[["entry", "sessions"]].values.tolist() == [["search_engine", 6]]


def test_an_unknown_column_gets_a_hint(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match='Did you mean "viewport"'):
        journeys.summary(of(tmp_path, town()), by="viewprt")


def test_paths_count_every_session(tmp_path: Path) -> None:
    found = of(tmp_path, busy_day())
    paths = journeys.paths(found, top=1)
    assert paths["path"].tolist() == ["/afval/zwerfvuil-melden", "other"]
    assert paths["sessions"].sum() == len(found.sessions)
    assert paths["share"].sum() == pytest.approx(1)
    everything = journeys.paths(found, top=100)
    assert "other" not in everything["path"].tolist()
    long = journeys.paths(found, longest=2)
    assert "/afval/zwerfvuil-melden > /melding/stap-1 > …" in long["path"].tolist()


def test_words_of_few_are_not_shown(tmp_path: Path) -> None:
    found = of(tmp_path, town())
    assert journeys.words(found)[["source", "words", "visitors", "zero_results"]].values.tolist() == [
        ["google", "gemeente", 6, 0],
        ["site_search", "zwerfvuil", 5, 0],
        ["site_search", "other", 1, 1],
    ]
    hidden = journeys.words(found, fewest=7)
    assert set(hidden["words"]) == {"other"}
    assert hidden["visitors"].sum() == 12


def test_one_person_who_types_a_word_often_does_not_show_it(tmp_path: Path) -> None:
    story = Story()
    page = None
    for time in range(9):
        page = story.search("mijn ziekte", time * 60, came=page)
    assert journeys.words(of(tmp_path, story))["words"].tolist() == ["other"]


def test_day_tables_give_the_same_figures_without_words(tmp_path: Path) -> None:
    story = busy_day()
    direct = of(tmp_path, story)
    close(tmp_path)
    stored = journeys.from_day_tables(tmp_path / "tables")
    for view in (journeys.overview, journeys.summary, journeys.outcomes, journeys.paths, journeys.entries):
        assert view(direct).equals(view(stored))
    with pytest.raises(AnalysisError, match="no words"):
        journeys.words(stored)


def test_nothing_there_is_an_empty_table(tmp_path: Path) -> None:
    found = journeys.from_archive(tmp_path)
    assert journeys.overview(found)["questions"].item() == 0
    for view in (journeys.summary, journeys.outcomes, journeys.paths, journeys.entries, journeys.words):
        assert view(found).empty


@pytest.mark.shared
def test_a_real_access_log(shared: Path, tmp_path: Path) -> None:
    """10,000 lines of visitors whom nobody here knows: programs apart, own pages told from others."""
    log = shared / "data/access-log/access.log"
    summary = import_access_log([log], site=Site("log", frozenset()), archive_root=tmp_path, partitions=4)
    found = journeys.from_archive(tmp_path)
    row = journeys.overview(found).iloc[0]
    assert row["events"] + row["set_aside"] == summary.views + summary.searches
    assert row["bot_events"] == summary.automated
    entries = journeys.entries(found).set_index("entry")["sessions"]
    assert entries["search_engine"] > entries["referral"]
    assert journeys.paths(found)["sessions"].sum() == row["sessions"]
    assert "google" in journeys.words(found)["source"].tolist()
