# SPDX-License-Identifier: EUPL-1.2
"""A small town on one DAY, all the way: what its visitors did, the archive, the day tables, the books."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis import vocabulary
from analysis.close import close_day
from analysis.journey_book import Books
from analysis.journey_books import compute
from experiments.assignment import variant_for
from tests.analysis.stories import DAY, SITE, SITES, TASKS, Story
from tests.analysis.test_units import ONE, met, report
from tests.archives import append
from tracker.event import Kind

NOW = datetime(2026, 6, 11, 3, 12, tzinfo=UTC)
BUCKETS = {
    name: [bucket for bucket in range(1000) if variant_for(ONE, bucket) == name]
    for name in ("current", "redesign")
}
TITLES = {
    "current": "Melding openbare ruimte - Voorbeeldstad",
    "redesign": "Zwerfvuil melden - Voorbeeldstad",
}


def town() -> Story:
    """Of each version eight visitors who are answered, six who give up after a failed form, five who phone;
    a task that two came for, and one that seven came for without an experiment."""
    story = Story()
    visitor = 0
    for variant in ("current", "redesign"):
        for number in range(19):
            visitor += 1
            fields = met(bucket=BUCKETS[variant][number], variant=variant, visitor=visitor)
            later = met(first=False, bucket=BUCKETS[variant][number], variant=variant, visitor=visitor)
            words = "rommel op straat" if number < 12 else f"woord{visitor} zwerfvuil"
            found = story.search(words, visitor, results=0 if number < 6 else 4, visitor=visitor)
            page = story.page(
                "/afval/zwerfvuil-melden", visitor + 20, came=found, title=TITLES[variant], **fields
            )
            if number < 8:
                thanks = report(story, page, visitor + 40, **later)
                story.on(thanks, Kind.FEEDBACK, visitor + 70, heartbeat=1)
            elif number < 14:
                form = story.page("/melding/stap-1", visitor + 40, came=page, title="Stap 1", **later)
                story.on(form, Kind.FORM, visitor + 50, action="start", step=1)
                story.on(form, Kind.FORM, visitor + 60, action="error", step=1)
                story.on(form, Kind.FEEDBACK, visitor + 62, heartbeat=-1)
            else:
                story.on(page, Kind.CONTACT, visitor + 60, channel="tel")
    for _ in range(7):
        visitor += 1
        story.page("/paspoort", visitor, visitor=visitor, seen=60, title="Paspoort - Voorbeeldstad")
    for _ in range(2):
        visitor += 1
        story.page("/grofvuil", visitor, visitor=visitor, title="Grofvuil - Voorbeeldstad")
    return story


def closed(root: Path, story: Story) -> Path:
    """The archive and the day tables of a story, words counted; gives the folder of the tables."""
    append(root / "archive", story.events, name="verhaal", sites=SITES, partitions=2)
    close_day(
        root / "archive",
        root / "tables",
        DAY,
        sites=SITES,
        tasks={SITE.name: TASKS},
        experiments=[ONE],
        partitions=2,
    )
    vocabulary.renew(root / "archive", root / "tables", {SITE.name: TASKS})
    return root / "tables"


def books_of(tables: Path) -> Books:
    made = compute(tables, tasks={SITE.name: TASKS}, experiments=[ONE], now=NOW)
    assert made is not None
    return made


@lru_cache(maxsize=1)
def books() -> Books:
    """The books of the town; made once."""
    with TemporaryDirectory() as folder:
        return books_of(closed(Path(folder), town()))
