# SPDX-License-Identifier: EUPL-1.2
"""What the pages /journeys/ show, computed beforehand: an overview of all tasks, and a book for each.

Nothing in it can be traced to a visitor: no pseudonym, no clock time of a single journey, no words, no task
and no touchpoint of fewer than five visitors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from analysis.tables import Audience

SCHEMA_VERSION = 2
#: The ways to order the ranking, most first.
ORDERS = ("unanswered", "volume", "share", "effort", "complaints", "calls")


class _Kept(msgspec.Struct, frozen=True, rename="camel"):
    """Written as JSON, with names as JSON for others has them."""


class Ranked(_Kept, frozen=True, kw_only=True):
    """One task among the others.

    `unanswered` are abandoned or turned to another channel; of `given` marks, on the page or in a survey,
    `complaints` said that it was bad. `calls` are the contact centre's records about it: most belong to no
    question that we know.
    """

    name: str  # in the address of its page
    site: str
    task: str
    question: str
    upl: str | None = None
    audience: Audience = Audience.RESIDENT
    questions: int
    visitors: int
    answered: int
    on_results: int = 0  # the answer stood among the search results: nobody knows whether it was read
    contacted: int
    abandoned: int
    unseen: int  # censored: our view ended before the question did
    effort: float  # mean
    complaints: int
    given: int
    calls: int = 0

    @property
    def unanswered(self) -> int:
        return self.contacted + self.abandoned

    @property
    def share_unanswered(self) -> float:
        """Out of the questions whose end was seen."""
        return self.unanswered / max(1, self.questions - self.unseen)


class Typed(_Kept, frozen=True, kw_only=True):
    """A query, or one word of it. `on` are the versions in whose titles it stands ('' where there are none
    apart); figures after `visitors` count searches."""

    words: str
    visitors: int
    searches: int
    zero_results: int
    again: int
    answered: int
    contacted: int
    abandoned: int
    on: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # other spellings, each typed by at least five visitors
    task: str = ""


class Gap(_Kept, frozen=True, kw_only=True):
    """What residents type against what the pages say, over DAYs `since` to `until`.

    `queries` and `words` are those that at least five visitors typed; `rest` counts all other searches.
    `unused` are words of titles, or of the official name, that fewer than five visitors typed.
    """

    since: str
    until: str
    queries: tuple[Typed, ...]
    words: tuple[Typed, ...]
    rest: int
    unused: tuple[str, ...]
    titles: int


class Touch(_Kept, frozen=True, kw_only=True):
    """A touchpoint in one version, as in the day table; '' is everyone. Of `other` questions and visitors
    count once for each place."""

    variant: str
    phase: str
    touchpoint: str
    visits: int
    questions: int
    visitors: int
    last: int
    left: int
    given: int
    given_sum: int
    hard: int


class Passage(_Kept, frozen=True, kw_only=True):
    """How many questions and visitors of a version went from `source`, at position `order`, to `target`."""

    variant: str
    order: int
    source: str
    target: str
    questions: int
    visitors: int


class Version(_Kept, frozen=True, kw_only=True):
    """A version and its questions; how they ended stands in the flows."""

    name: str
    questions: int


class Scene(_Kept, frozen=True, kw_only=True):
    """One move of a story, `after_s` seconds after its start."""

    after_s: int
    kind: str
    touchpoint: str
    type: str = ""
    heartbeat: int | None = None
    given: bool = False


class Story(_Kept, frozen=True, kw_only=True):
    """One question to read, like many: at least five visitors share its outcome and version."""

    variant: str
    outcome: str
    questions: int
    visitors: int
    scenes: tuple[Scene, ...]
    until: str  # DAY after which it may not be shown


class LostStory(_Kept, frozen=True, kw_only=True):
    """A story that was lost at a place, as `analysis.losses` tells places.

    `exposure` names the experiment and variant it is of, such as "zwerfvuil=current"; '' is everyone.
    """

    exposure: str
    kind: str
    page: str
    step: int
    story: Story


class Book(_Kept, frozen=True, kw_only=True):
    """Everything about one task. `versions` has the control first, and is empty without an experiment."""

    task: Ranked
    first_day: str
    last_day: str
    experiment: str = ""
    versions: tuple[Version, ...] = ()
    touchpoints: tuple[Touch, ...] = ()
    flows: tuple[Passage, ...] = ()
    gap: Gap | None = None
    stories: tuple[Story, ...] = ()
    lost: tuple[LostStory, ...] = ()
    simulated: bool = False
    schema_version: int = SCHEMA_VERSION

    def on(self, day: date) -> Book:
        """The book as it may be shown on that day: without the stories whose time is over."""
        kept = tuple(story for story in self.stories if story.until >= day.isoformat())
        lost = tuple(one for one in self.lost if one.story.until >= day.isoformat())
        return msgspec.structs.replace(self, stories=kept, lost=lost)


class Overview(_Kept, frozen=True, kw_only=True):
    """All tasks. `small` are questions of tasks that fewer than five visitors came for, `no_task` of none."""

    created_at: str
    first_day: str
    last_day: str
    days: int
    questions: int
    no_task: int
    small: int
    ranking: tuple[Ranked, ...]
    gap: Gap | None = None
    simulated: bool = False
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Books:
    """Everything under /journeys/."""

    overview: Overview
    books: tuple[Book, ...]


def ordered(rows: Sequence[Ranked], by: str) -> list[Ranked]:
    """The rows with the most of it first: one of `ORDERS`."""
    keys: Mapping[str, Callable[[Ranked], float]] = {
        "unanswered": lambda row: row.unanswered,
        "volume": lambda row: row.questions,
        "share": lambda row: row.share_unanswered,
        "effort": lambda row: row.effort,
        "complaints": lambda row: row.complaints,
        "calls": lambda row: row.calls,
    }
    return sorted(rows, key=lambda row: (-keys[by](row), -row.questions, row.name))
