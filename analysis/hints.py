# SPDX-License-Identifier: EUPL-1.2
"""Where residents are lost: for each task the places at which most questions ended without an answer.

A question is lost where it ended in a contact instead of an answer, or was given up. It is lost in exactly
one place, the last one it was at, so that the places of a task add up to all its lost questions:

- *returns*: a page from which it went straight back to the results, and nothing came after that;
- *zero_results*: a search that found nothing;
- *results*: a results page from which nothing was opened;
- *form*: a step of a form that was not sent, begun or only opened;
- *page*: any other page; most of those who were lost there called, or most gave up;
- *unseen*: nothing but clicks was seen of it.

All of it comes from day tables and adds up over days. Residents' words are those of the table `words`, which
holds them only from five visitors on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

import polars as pl

from analysis import day_tables
from analysis.disclosure import FEWEST
from analysis.errors import AnalysisError
from analysis.estimates.proportion import wilson
from analysis.tables import Outcome
from analysis.vocabulary import QUERY

#: Places that are told for each task.
MOST = 3
#: Fewer lost questions than this are no pattern.
MIN_LOST = 5
SEARCH = "search"
_QUESTION = ("partition", "question")
_GROUP = ("site", "task", "exposures")
_PLACE = ("kind", "page", "step")
_COUNTS = ("came", "lost", "called", "unbegun", "errors", "failed", "returns")


class NoDaysError(AnalysisError):
    """There is no closed DAY to look at."""


class PlaceKind(StrEnum):
    """What sort of place a question was lost at."""

    RETURNS = "returns"
    ZERO_RESULTS = "zero_results"
    RESULTS = "results"
    FORM = "form"
    PAGE = "page"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Word:
    """What residents typed, and in how many searches it found nothing."""

    words: str
    searches: int


@dataclass(frozen=True, slots=True)
class Hint:
    """A place: of the `came` questions that were there `lost` were lost there, `called` of those by a
    contact. `unbegun` of those lost in a form opened its page and filled in nothing there.

    `share` is lost over came, with its interval. Of those who came, `failed` made `errors` errors in the
    form; `returns` counts how often the page was left straight back to the results.
    """

    kind: PlaceKind
    page: str
    step: int
    came: int
    lost: int
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

    `exposure` names the experiment and variant it is about, such as "zwerfvuil=current"; None for everyone.
    """

    site: str
    task: str
    exposure: str | None
    questions: int
    lost: int
    hints: tuple[Hint, ...]
    elsewhere: int

    @property
    def address(self) -> str:
        """Where the journeys of this task can be seen."""
        return f"/journeys/{self.task}#stories"


@dataclass(frozen=True, slots=True)
class Losses:
    """Counts of some days: `places` with `_GROUP`, `_PLACE` and `_COUNTS`; `asked` with `_GROUP`,
    questions, lost."""

    places: pl.DataFrame
    asked: pl.DataFrame


def read(root: Path, days: Iterable[date], advance: Callable[[], None] = lambda: None) -> Losses:
    """The losses of closed DAYs, one read after the other. `advance` is called after each."""
    made = []
    for day in days:
        tables = [pl.from_pandas(day_tables.read(root, name, [day])) for name in ("questions", "moves")]
        made.append(losses(*tables))
        advance()
    return together(made)


def together(parts: Sequence[Losses]) -> Losses:
    """The losses of several days as one."""
    parts = parts or [losses(pl.DataFrame(), pl.DataFrame())]
    places = pl.concat([part.places for part in parts]).group_by(*_GROUP, *_PLACE).agg(pl.all().sum())
    asked = pl.concat([part.asked for part in parts]).group_by(*_GROUP).agg(pl.all().sum())
    return Losses(places.sort(*_GROUP, *_PLACE), asked.sort(*_GROUP))


def losses(questions: pl.DataFrame, moves: pl.DataFrame) -> Losses:
    """Where the questions of one DAY came and were lost, from its tables (`QUESTIONS`, `MOVES`)."""
    if not questions.height:
        group, place = (dict.fromkeys(names, pl.String) for names in (_GROUP, _PLACE))
        counts = dict.fromkeys(_COUNTS, pl.Int64)
        return Losses(
            pl.DataFrame(schema={**group, **place, "step": pl.Int64, **counts}),
            pl.DataFrame(schema={**group, "questions": pl.Int64, "lost": pl.Int64}),
        )
    outcome = pl.col("outcome")
    called = outcome == Outcome.CHANNEL_SHIFT.value
    asked = questions.select(
        *_QUESTION,
        *_GROUP,
        "form_submitted",
        called=called,
        lost=called | (outcome == Outcome.ABANDONED.value),
    )
    steps = moves.sort(*_QUESTION, "order").join(asked, on=_QUESTION, how="semi", maintain_order="left")
    forms = _form_pages(steps)
    seen = _presence(steps, forms)
    ends = _ends(steps, asked, forms)
    nothing = {name: pl.lit(0, pl.Int64) for name in _COUNTS}
    flags = {name: pl.col(name).cast(pl.Int64) for name in ("called", "unbegun")}
    lost = ends.with_columns(**{**nothing, "lost": pl.lit(1, pl.Int64), **flags})
    rows = pl.concat([seen.select(*_QUESTION, *_PLACE, *_COUNTS), lost.select(*_QUESTION, *_PLACE, *_COUNTS)])
    places = rows.join(asked, on=_QUESTION, suffix="_asked").group_by(*_GROUP, *_PLACE)
    return Losses(
        places.agg(pl.col(*_COUNTS).sum()),
        asked.group_by(*_GROUP).agg(
            questions=pl.len().cast(pl.Int64), lost=pl.col("lost").sum().cast(pl.Int64)
        ),
    )


def _form_pages(steps: pl.DataFrame) -> pl.DataFrame:
    """The pages with a form: `page`, and the `form_page` step that it is, 0 where one page has several."""
    rows = steps.filter(pl.col("kind") == "form").group_by(page="touchpoint")
    steps_there = pl.col("step").n_unique()
    only = pl.when(steps_there == 1).then(pl.col("step").first()).otherwise(0)
    return rows.agg(form_page=only.cast(pl.Int64))


def _presence(steps: pl.DataFrame, form_pages: pl.DataFrame) -> pl.DataFrame:
    """A row for every question and place it came to, with what happened there."""
    kind, touchpoint = pl.col("kind"), pl.col("touchpoint")
    views = steps.filter(kind == "view")
    pages = views.filter(touchpoint != SEARCH).select(*_QUESTION, kind=pl.lit("page"), page="touchpoint")
    returned = _returns(steps).select(*_QUESTION, kind=pl.lit("returns"), page="page")
    results = views.filter(touchpoint == SEARCH).select(*_QUESTION, kind=pl.lit("results"), page=pl.lit(""))
    empty = steps.filter((kind == SEARCH) & (pl.col("heartbeat") == -1)).select(
        *_QUESTION, kind=pl.lit("zero_results"), page=pl.lit("")
    )
    forms = steps.filter((kind == "form") & (pl.col("type") != "abandon")).select(
        *_QUESTION,
        kind=pl.lit("form"),
        page="touchpoint",
        step=pl.col("step").cast(pl.Int64),
        errors=(pl.col("type") == "error").cast(pl.Int64),
    )
    none = pl.lit(0, pl.Int64)
    whole = [frame.with_columns(step=none, errors=none) for frame in (pages, returned, results, empty)]
    # Whoever opened the page of a step came to that step, also without beginning it.
    opened = pages.join(form_pages, on="page").with_columns(
        kind=pl.lit("form"), step="form_page", errors=none
    )
    columns = [*_QUESTION, *_PLACE, "errors"]
    rows = pl.concat([frame.select(columns) for frame in (*whole, opened, forms)])
    counted = rows.group_by(*_QUESTION, *_PLACE).agg(pl.col("errors").sum(), times=pl.len().cast(pl.Int64))
    is_return = pl.col("kind") == "returns"
    return counted.with_columns(
        came=pl.lit(1, pl.Int64),
        lost=none,
        called=none,
        unbegun=none,
        failed=(pl.col("errors") > 0).cast(pl.Int64),
        returns=pl.when(is_return).then("times").otherwise(0),
    )


def _returns(steps: pl.DataFrame) -> pl.DataFrame:
    """Every quick return to the results, with the page that was left and the place in the question."""
    shown = steps.filter(pl.col("kind").is_in(["view", "pogo_stick"]))
    left = pl.col("touchpoint").shift(2).over(*_QUESTION)  # the return is a view too, just before it
    return (
        shown.with_columns(page=left)
        .filter((pl.col("kind") == "pogo_stick") & pl.col("page").is_not_null() & (pl.col("page") != SEARCH))
        .select(*_QUESTION, "order", "page")
    )


def _ends(steps: pl.DataFrame, asked: pl.DataFrame, form_pages: pl.DataFrame) -> pl.DataFrame:
    """The one place at which each lost question was lost."""
    lost = asked.filter("lost").select(*_QUESTION, "called", "form_submitted")
    mine = steps.join(lost, on=_QUESTION)
    contact = mine.filter((pl.col("kind") == "contact") & pl.col("called"))
    cut = contact.group_by(*_QUESTION).agg(until=pl.col("order").min())
    mine = mine.join(cut, on=_QUESTION, how="left")
    mine = mine.filter(pl.col("until").is_null() | (pl.col("order") < pl.col("until"))).sort(
        *_QUESTION, "order"
    )

    def last(rows: pl.DataFrame, **names: pl.Expr) -> pl.DataFrame:
        return rows.group_by(*_QUESTION, maintain_order=True).agg(
            **{name: one.last() for name, one in names.items()}
        )

    order, touchpoint = pl.col("order"), pl.col("touchpoint")
    view = last(mine.filter(pl.col("kind") == "view"), seen=order, at=touchpoint)
    search = last(mine.filter(pl.col("kind") == SEARCH), empty=pl.col("heartbeat") == -1)
    back = last(_returns(mine), back=order, left=pl.col("page"))
    form = last(
        mine.filter((pl.col("kind") == "form") & (pl.col("type") != "abandon")),
        form_at=touchpoint,
        form_step=pl.col("step").cast(pl.Int64),
    )
    found = lost
    for part in (view, search, back, form):
        found = found.join(part, on=_QUESTION, how="left")
    found = found.join(form_pages, left_on="at", right_on="page", how="left")
    on_results = pl.col("at") == SEARCH
    in_form = pl.col("form_page").is_not_null() & ~pl.col("form_submitted")
    begun = pl.col("form_at").eq_missing(pl.col("at"))
    kind = (
        pl.when(pl.col("at").is_null())
        .then(pl.lit("unseen"))
        .when(on_results & (pl.col("back") == pl.col("seen") + 1))
        .then(pl.lit("returns"))
        .when(on_results & pl.col("empty"))
        .then(pl.lit("zero_results"))
        .when(on_results)
        .then(pl.lit("results"))
        .when(in_form)
        .then(pl.lit("form"))
        .otherwise(pl.lit("page"))
    )
    page = (
        pl.when(pl.col("kind") == "returns")
        .then("left")
        .when(pl.col("kind").is_in(["form", "page"]))
        .then("at")
        .otherwise(pl.lit(""))
    )
    reached = pl.when(begun).then("form_step").otherwise("form_page")
    step = pl.when(pl.col("kind") == "form").then(reached).otherwise(pl.lit(0, pl.Int64))
    unbegun = (pl.col("kind") == "form") & ~begun
    return found.with_columns(kind=kind).with_columns(page=page, step=step, unbegun=unbegun)


def of_task(
    found: Losses,
    site: str,
    task: str,
    *,
    exposure: str | None = None,
    words: Mapping[str, Sequence[Word]] | None = None,
    most: int = MOST,
) -> TaskHints:
    """The places at which most questions of the task are lost; `words` are those without results, by task.

    With `exposure` ("zwerfvuil=current") only the questions that met that variant.
    """
    mine = (pl.col("site") == site) & (pl.col("task") == task)
    if exposure is not None:
        mine &= pl.col("exposures").str.split(",").list.contains(exposure)
    rows = found.places.filter(mine).group_by(*_PLACE).agg(pl.col(*_COUNTS).sum())
    asked = found.asked.filter(mine)
    lost, questions = int(asked["lost"].sum()), int(asked["questions"].sum())
    # Whoever left a page at once came to that page: that is out of whom they were lost.
    pages = rows.filter(pl.col("kind") == "page").select("page", visits="came")
    rows = rows.join(pages, on="page", how="left").with_columns(
        came=pl.when(pl.col("kind") == "returns").then(pl.max_horizontal("visits", "came")).otherwise("came")
    )
    share = pl.col("lost") / pl.col("came")
    worst = rows.filter(pl.col("lost") >= MIN_LOST).sort(
        ["lost", share, "kind", "page", "step"], descending=[True, True, False, False, False]
    )
    typed = tuple((words or {}).get(task, ()))
    hints = tuple(_hint(row, typed) for row in worst.head(most).iter_rows(named=True))
    return TaskHints(site, task, exposure, questions, lost, hints, lost - sum(hint.lost for hint in hints))


def _hint(row: Mapping[str, object], typed: tuple[Word, ...]) -> Hint:
    counts = {name: int(str(row[name])) for name in _COUNTS}
    # A page of a form that says no step, or a place left out of sight, may be where more ended than were
    # seen.
    came = counts["came"] = max(counts["came"], counts["lost"])
    kind = PlaceKind(str(row["kind"]))
    low, high = wilson(counts["lost"], came)
    return Hint(
        kind=kind,
        page=str(row["page"]),
        step=int(str(row["step"])),
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
) -> list[TaskHints]:
    """Every task of the site, most lost questions first, and below it each of its `exposures`."""
    names = found.asked.filter((pl.col("site") == site) & (pl.col("task") != ""))["task"].unique().to_list()
    made = sorted(
        (of_task(found, site, task, words=words) for task in names), key=lambda one: (-one.lost, one.task)
    )
    return [
        one
        for whole in made
        for one in (
            whole,
            *(
                of_task(found, site, whole.task, exposure=each, words=words)
                for each in (exposures or {}).get(whole.task, ())
            ),
        )
    ]


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
