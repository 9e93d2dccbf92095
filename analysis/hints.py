# SPDX-License-Identifier: EUPL-1.2
"""Where residents are lost: for each task the places at which most questions ended without an answer.

What a place is, and that every lost question is lost in exactly one, is told in `analysis.losses`. Residents'
words are those of the day table `words`, which holds them only from five visitors on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from analysis.disclosure import FEWEST
from analysis.errors import AnalysisError
from analysis.estimates.proportion import wilson
from analysis.losses import COUNTS, PLACE, Losses, PlaceKind
from analysis.ranking import addresses
from analysis.vocabulary import QUERY

#: Places that are told for each task.
MOST = 3

#: The name of the page of each (site, task), as `analysis.ranking.addresses` gives it.
Pages = Mapping[tuple[str, str], str]


class NoDaysError(AnalysisError):
    """There is no closed DAY to look at."""


@dataclass(frozen=True, slots=True)
class Word:
    """What residents typed, and in how many searches it found nothing."""

    words: str
    searches: int


@dataclass(frozen=True, slots=True)
class Hint:
    """A place: of the `came` questions that were there `lost`, those of so many `visitors`, were lost there,
    `called` of those by a contact. `unbegun` of those lost in a form opened its page and filled in nothing
    there.

    `share` is lost over came, with its interval. Of those who came, `failed` made `errors` errors in the
    form; `returns` counts how often the page was left straight back to the results.
    """

    kind: PlaceKind
    page: str
    step: int
    came: int
    lost: int
    visitors: int
    called: int
    unbegun: int
    errors: int
    failed: int
    returns: int
    share: float
    low: float
    high: float
    words: tuple[Word, ...] = ()

    @property
    def is_called_from(self) -> bool:
        """Whether most of those who were lost here turned to another channel."""
        return 2 * self.called >= self.lost


@dataclass(frozen=True, slots=True)
class TaskHints:
    """The worst places of a task first; `elsewhere` of its `lost` questions were lost in the others.

    `page` is the name of the task's page. `exposure` names the experiment and variant it is about, such as
    "zwerfvuil=current"; None for everyone.
    """

    site: str
    task: str
    page: str
    exposure: str | None
    questions: int
    visitors: int
    lost: int
    hints: tuple[Hint, ...]
    elsewhere: int

    @property
    def address(self) -> str:
        """Where the journeys of this task can be seen."""
        return f"/journeys/{self.page}#stories"


def of_task(
    found: Losses,
    site: str,
    task: str,
    *,
    exposure: str | None = None,
    words: Mapping[str, Sequence[Word]] | None = None,
    pages: Pages | None = None,
    most: int = MOST,
) -> TaskHints:
    """The places at which most questions of the task are lost, each by five visitors or more: fewer are no
    pattern, and not to be told. `words` are those without results, by task; `pages` the names of the pages of
    all tasks, those that were asked about unless given.

    With `exposure` ("zwerfvuil=current") only the questions that met that variant.
    """
    mine = (pl.col("site") == site) & (pl.col("task") == task)
    if exposure is not None:
        mine &= pl.col("exposures").str.split(",").list.contains(exposure)
    rows = found.places.filter(mine).group_by(*PLACE).agg(pl.col(*COUNTS).sum())
    asked = found.asked.filter(mine)
    lost, questions, visitors = (int(asked[name].sum()) for name in ("lost", "questions", "visitors"))
    # Whoever left a page at once came to that page: that is out of whom they were lost.
    visited = rows.filter(pl.col("kind") == "page").select("page", visits="came")
    rows = rows.join(visited, on="page", how="left").with_columns(
        came=pl.when(pl.col("kind") == "returns").then(pl.max_horizontal("visits", "came")).otherwise("came")
    )
    share = pl.col("lost") / pl.col("came")
    worst = rows.filter(pl.col("visitors") >= FEWEST).sort(
        ["lost", share, "kind", "page", "step"], descending=[True, True, False, False, False]
    )
    typed = tuple((words or {}).get(task, ()))
    hints = tuple(_hint(row, typed) for row in worst.head(most).iter_rows(named=True))
    elsewhere = lost - sum(hint.lost for hint in hints)
    page = (pages or _pages(found)).get((site, task), task)
    return TaskHints(site, task, page, exposure, questions, visitors, lost, hints, elsewhere)


def _pages(found: Losses) -> Pages:
    return addresses(found.asked.filter(pl.col("task") != "").select("site", "task").unique().iter_rows())


def _hint(row: Mapping[str, Any], typed: tuple[Word, ...]) -> Hint:
    counts = {name: row[name] for name in COUNTS}
    # A page of a form that says no step, or a place left out of sight, may be where more ended than were
    # seen.
    came = counts["came"] = max(counts["came"], counts["lost"])
    kind = PlaceKind(row["kind"])
    low, high = wilson(counts["lost"], came)
    return Hint(
        kind=kind,
        page=row["page"],
        step=row["step"],
        **counts,
        share=counts["lost"] / came,
        low=low,
        high=high,
        words=typed if kind is PlaceKind.ZERO_RESULTS else (),
    )


def all_tasks(
    found: Losses,
    site: str,
    *,
    exposures: Mapping[str, Sequence[str]] | None = None,
    words: Mapping[str, Sequence[Word]] | None = None,
    pages: Pages | None = None,
) -> list[TaskHints]:
    """Every task of the site, most lost questions first, and below it each of its `exposures`; without those
    of fewer than five visitors. `words` and `pages` are as for `of_task`."""
    pages = pages or _pages(found)
    names = found.asked.filter((pl.col("site") == site) & (pl.col("task") != ""))["task"].unique().to_list()
    made = sorted(
        (of_task(found, site, task, words=words, pages=pages) for task in names),
        key=lambda one: (-one.lost, one.task),
    )
    told = [
        one
        for whole in made
        for one in (
            whole,
            *(
                of_task(found, site, whole.task, exposure=each, words=words, pages=pages)
                for each in (exposures or {}).get(whole.task, ())
            ),
        )
    ]
    return [one for one in told if one.visitors >= FEWEST]


def words_without_results(words: pl.DataFrame, site: str) -> dict[str, tuple[Word, ...]]:
    """Searches that found nothing at least `FEWEST` times, by task, most often first; of rows of `WORDS`."""
    mine = words.filter(
        pl.col("site") == site, pl.col("kind") == QUERY, pl.col("words") != "", pl.col("visitors") >= FEWEST
    )
    counted = (
        mine.group_by("task", "words")
        .agg(pl.col("zero_results").sum())
        .filter(pl.col("zero_results") >= FEWEST)
        .sort(["zero_results", "words"], descending=[True, False])
    )
    found: dict[str, list[Word]] = {}
    for task, typed, searches in counted.iter_rows():
        found.setdefault(task, []).append(Word(typed, searches))
    return {task: tuple(each) for task, each in found.items()}
