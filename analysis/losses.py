# SPDX-License-Identifier: EUPL-1.2
"""Where questions came and where they were lost, of one DAY or of many.

A question is lost where it ended in a contact instead of an answer, or was given up. It is lost in exactly
one place, the last one it was at, so that the places of a task add up to all its lost questions:

- *returns*: a page from which it went straight back to the results, and nothing came after that;
- *zero_results*: a search that found nothing;
- *results*: a results page from which nothing was opened;
- *form*: a step of a form that was not sent, begun or only opened;
- *page*: any other page; most of those who were lost there called, or most gave up;
- *unseen*: nothing but clicks was seen of it.

All of it comes from day tables and adds up over days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

import polars as pl

from analysis import day_tables
from analysis.tables import Outcome

SEARCH = "search"
_QUESTION = ("partition", "question")
#: Whose questions, at which place, and what is counted there.
GROUP = ("site", "task", "exposures")
PLACE = ("kind", "page", "step")
COUNTS = ("came", "lost", "visitors", "called", "unbegun", "errors", "failed", "returns")
#: Columns of the day tables that are needed.
QUESTION_COLUMNS = (*_QUESTION, "visitor", *GROUP, "form_submitted", "outcome")
MOVE_COLUMNS = (*_QUESTION, "order", "kind", "type", "step", "touchpoint", "source", "heartbeat")
#: What `lost_at` gives where nothing was lost.
NOTHING_LOST = pl.DataFrame(
    schema={
        "partition": pl.Int16, "question": pl.Int64, "kind": pl.String, "page": pl.String, "step": pl.Int64,
    }
)  # fmt: skip


class PlaceKind(StrEnum):
    """What sort of place a question was lost at."""

    RETURNS = "returns"
    ZERO_RESULTS = "zero_results"
    RESULTS = "results"
    FORM = "form"
    PAGE = "page"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Losses:
    """Counts of some days: `places` with `GROUP`, `PLACE` and `COUNTS`, of which `visitors` are those of the
    lost questions; `asked` with `GROUP`, questions, visitors, lost. A visitor counts in one row."""

    places: pl.DataFrame
    asked: pl.DataFrame


def read(root: Path, days: Iterable[date], advance: Callable[[], None] = lambda: None) -> Losses:
    """The losses of closed DAYs, one read after the other. `advance` is called after each."""
    made = []
    for day in days:
        forms = form_pages(root, day)
        tables = {"questions": QUESTION_COLUMNS, "moves": MOVE_COLUMNS}
        made += [losses(asked, moves, forms) for asked, moves in day_tables.parts(root, day, tables)]
        advance()
    return together(made)


def form_pages(root: Path, day: date) -> pl.DataFrame:
    """The pages with a form of a closed DAY: `page`, and the `form_page` step that it is, 0 where one page
    has several."""
    columns = ("kind", "touchpoint", "step")
    found = [pl.DataFrame(schema={"kind": pl.String, "touchpoint": pl.String, "step": pl.Int16})]
    found += [_of_forms(moves).unique() for (moves,) in day_tables.parts(root, day, {"moves": columns})]
    return _form_pages(pl.concat(found))


def together(parts: Sequence[Losses]) -> Losses:
    """The losses of several days as one."""
    parts = parts or [losses(pl.DataFrame(), pl.DataFrame())]
    places = pl.concat([part.places for part in parts]).group_by(*GROUP, *PLACE).agg(pl.all().sum())
    asked = pl.concat([part.asked for part in parts]).group_by(*GROUP).agg(pl.all().sum())
    return Losses(places.sort(*GROUP, *PLACE), asked.sort(*GROUP))


def losses(questions: pl.DataFrame, moves: pl.DataFrame, forms: pl.DataFrame | None = None) -> Losses:
    """Where the questions of one DAY came and were lost, from its tables (`QUESTIONS`, `MOVES`).

    Those of some partitions do where `forms` tells which of the DAY's pages have a form (`form_pages`).
    """
    if not questions.height:
        group, place = (dict.fromkeys(names, pl.String) for names in (GROUP, PLACE))
        counts = dict.fromkeys(COUNTS, pl.Int64)
        return Losses(
            pl.DataFrame(schema={**group, **place, "step": pl.Int64, **counts}),
            pl.DataFrame(schema={**group, "questions": pl.Int64, "visitors": pl.Int64, "lost": pl.Int64}),
        )
    asked = _asked(questions)
    steps = moves.sort(*_QUESTION, "order").join(asked, on=_QUESTION, how="semi", maintain_order="left")
    forms = _form_pages(steps) if forms is None else forms
    seen = _presence(steps, forms)
    whose = asked.select(*_QUESTION, "visitor", "site", "task")
    ends = _with_visitors(_ends(steps, asked, forms).join(whose, on=_QUESTION), PLACE)
    nothing = {name: pl.lit(0, pl.Int64) for name in COUNTS}
    flags = {name: pl.col(name).cast(pl.Int64) for name in ("visitors", "called", "unbegun")}
    lost = ends.with_columns(**{**nothing, "lost": pl.lit(1, pl.Int64), **flags})
    rows = pl.concat([seen.select(*_QUESTION, *PLACE, *COUNTS), lost.select(*_QUESTION, *PLACE, *COUNTS)])
    places = rows.join(asked, on=_QUESTION, suffix="_asked").group_by(*GROUP, *PLACE)
    return Losses(
        places.agg(pl.col(*COUNTS).sum()),
        _with_visitors(asked)
        .group_by(*GROUP)
        .agg(
            questions=pl.len().cast(pl.Int64),
            visitors=pl.col("visitors").sum(),
            lost=pl.col("lost").sum().cast(pl.Int64),
        ),
    )


def lost_at(questions: pl.DataFrame, moves: pl.DataFrame, forms: pl.DataFrame | None = None) -> pl.DataFrame:
    """The one place at which each lost question of a DAY was lost: partition, question, and `PLACE`.

    `moves` are those of the questions. Where these are some of the DAY, `forms` is as in `losses`.
    """
    forms = _form_pages(moves) if forms is None else forms
    return _ends(moves.sort(*_QUESTION, "order"), _asked(questions), forms).select(*_QUESTION, *PLACE)


def _asked(questions: pl.DataFrame) -> pl.DataFrame:
    """What is needed of each question, and whether it was `lost`, or `called` about."""
    outcome = pl.col("outcome")
    called = outcome == Outcome.CHANNEL_SHIFT.value
    return questions.select(
        *_QUESTION,
        "visitor",
        *GROUP,
        "form_submitted",
        called=called,
        lost=called | (outcome == Outcome.ABANDONED.value),
    )


def _with_visitors(rows: pl.DataFrame, place: Sequence[str] = ()) -> pl.DataFrame:
    """Rows of questions with `visitors`: 1 in the last question of a visitor about a task (at that place), so
    that who has several is one. By the last the visitor had met every experiment that the others met."""
    last = pl.struct("partition", "visitor", "site", "task", *place).is_last_distinct()
    return rows.sort(_QUESTION).with_columns(visitors=last.cast(pl.Int64))


def _of_forms(moves: pl.DataFrame) -> pl.DataFrame:
    return moves.filter(pl.col("kind") == "form")


def _form_pages(steps: pl.DataFrame) -> pl.DataFrame:
    rows = _of_forms(steps).group_by(page="touchpoint")
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
    columns = [*_QUESTION, *PLACE, "errors"]
    rows = pl.concat([frame.select(columns) for frame in (*whole, opened, forms)])
    counted = rows.group_by(*_QUESTION, *PLACE).agg(pl.col("errors").sum(), times=pl.len().cast(pl.Int64))
    is_return = pl.col("kind") == "returns"
    return counted.with_columns(
        came=pl.lit(1, pl.Int64),
        lost=none,
        visitors=none,
        called=none,
        unbegun=none,
        failed=(pl.col("errors") > 0).cast(pl.Int64),
        returns=pl.when(is_return).then("times").otherwise(0),
    )


def _returns(steps: pl.DataFrame) -> pl.DataFrame:
    """Every quick return to the results, with the page that was left and the place in the question."""
    from_a_page = ~pl.col("source").is_in(["", SEARCH])
    returned = steps.filter((pl.col("kind") == "pogo_stick") & from_a_page)
    return returned.select(*_QUESTION, "order", page="source")


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
