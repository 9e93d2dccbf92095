# SPDX-License-Identifier: EUPL-1.2
"""What `klantreis journeys` shows: figures over sessions, questions and paths, as frames.

They read the same tables wherever those come from: day tables on disk, or the archive itself, such as an
access log that was just imported. Residents' words exist only in the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd
import polars as pl

from analysis import day_tables, lostness
from analysis.asked import asked_outcomes
from analysis.disclosure import FEWEST, OTHER
from analysis.entries import read_referrer, registered_name
from analysis.errors import AnalysisError
from analysis.frames import nothing
from analysis.intake import BOT, LOAD_TEST
from analysis.lostness import Links
from analysis.pieces import Piece, cut, map_pieces
from analysis.reconstruct import TABLES, reconstruct
from analysis.scheduling import HERE, Where
from analysis.side_records import side_tables
from analysis.tables import QUESTIONS, Outcome
from analysis.tasks import Tasks
from analysis.thresholds import DEFAULTS, Thresholds
from analysis.words import normalise
from experiments.errors import did_you_mean
from tracker.archive import days as archived_days
from tracker.event import Kind
from tracker.site import Site, Sites

SITE_SEARCH = "site_search"
#: Columns of the questions by which figures can be split.
GROUPS = tuple(
    name
    for name, column in QUESTIONS.items()
    if column.dtype in ("str", "bool") or name in ("step_reached", "searches", "reformulations")
)
_WORDS = pl.Schema({"source": pl.String, "words": pl.String, "zero": pl.Boolean})
_NEEDED = ("sessions", "questions", "moves", "contacts", "answers", "set_aside")


@dataclass(frozen=True, slots=True)
class Journeys:
    """The tables of some DAYs, one below the other, and the words that visitors brought or typed.

    `words` has a row per visitor, source (site_search or the name of a search engine) and words, with `zero`
    where the site found nothing; it is None where only day tables were read.
    """

    days: tuple[date, ...]
    sessions: pd.DataFrame
    questions: pd.DataFrame
    moves: pd.DataFrame
    contacts: pd.DataFrame
    answers: pd.DataFrame
    set_aside: pd.DataFrame
    words: pl.DataFrame | None = None


def from_day_tables(root: Path, days: Iterable[date] | None = None) -> Journeys:
    """The journeys of closed DAYs, all by default."""
    wanted = tuple(day_tables.closed_days(root) if days is None else sorted(set(days)))
    return _journeys(wanted, {name: day_tables.read(root, name, wanted) for name in _NEEDED}, None)


def from_archive(
    root: Path,
    days: Iterable[date] | None = None,
    *,
    sites: Sites | None = None,
    tasks: Mapping[str, Tasks] | None = None,
    thresholds: Thresholds = DEFAULTS,
    where: Where = HERE,
    now_ms: int | None = None,
) -> Journeys:
    """The journeys of archived DAYs, all by default, rebuilt now: here, or where it says.

    With `now_ms` what is not over yet is judged as `analysis.recorded` says.
    """
    wanted = tuple(archived_days(root) if days is None else sorted(set(days)))
    rebuild = partial(_rebuild, tasks or {}, thresholds, sites)
    made: dict[str, list[pd.DataFrame]] = {name: [nothing(TABLES[name])] for name in _NEEDED}
    found = [pl.DataFrame(schema=_WORDS)]
    for tables, words_of_piece in map_pieces(cut(root, wanted, sites=sites, now_ms=now_ms), rebuild, where):
        for name in _NEEDED:
            made[name].append(tables[name])
        found.append(words_of_piece)
    joined = {name: pd.concat(parts, ignore_index=True) for name, parts in made.items()}
    return _journeys(wanted, joined, pl.concat(found))


def _rebuild(
    tasks: Mapping[str, Tasks], thresholds: Thresholds, sites: Sites | None, piece: Piece
) -> tuple[dict[str, pd.DataFrame], pl.DataFrame]:
    """The tables of a piece that are shown, and its words; a small DAY is one partition here."""
    events = piece.events()
    tables = reconstruct(
        events,
        tasks=tasks,
        experiments={},
        definitions=thresholds,
        day=piece.day,
        partition=piece.partitions[0],
        sites=sites,
        ends_at=piece.ends_at,
    )
    if 0 in piece.partitions:
        tables |= side_tables(piece.root, piece.day, sites, tasks)
    return {name: tables[name] for name in _NEEDED}, _words(events)


def _journeys(
    days: tuple[date, ...], tables: Mapping[str, pd.DataFrame], words: pl.DataFrame | None
) -> Journeys:
    return Journeys(
        days,
        sessions=tables["sessions"],
        questions=tables["questions"],
        moves=tables["moves"],
        contacts=tables["contacts"],
        answers=tables["answers"],
        set_aside=tables["set_aside"],
        words=words,
    )


def overview(journeys: Journeys) -> pd.DataFrame:
    """One row: how much was seen, bots and load tests apart.

    A visitor is one for a day, so `visitors` adds up days. `set_aside` counts events, bots and load tests
    among them.
    """
    aside = journeys.set_aside

    def away(table: str, *reasons: str) -> int:
        rows = aside[(aside["table"] == table) & (aside["reason"].isin(reasons) if reasons else True)]
        return int(rows["rows"].sum())

    sessions = journeys.sessions
    row = {
        "days": len(journeys.days),
        "first_day": min(journeys.days).isoformat() if journeys.days else "",
        "last_day": max(journeys.days).isoformat() if journeys.days else "",
        "events": int(sessions["events"].sum()),
        "visitors": len(sessions[["day", "partition", "visitor"]].drop_duplicates()),
        "sessions": len(sessions),
        "questions": len(journeys.questions),
        "pages": int(sessions["pages"].sum()),
        "searches": int(sessions["searches"].sum()),
        "bot_visitors": away("visitors", BOT),
        "bot_events": away("events", BOT),
        "load_test_events": away("events", LOAD_TEST),
        "set_aside": away("events"),
    }
    return pd.DataFrame([row])


def summary(journeys: Journeys, by: str = "task") -> pd.DataFrame:
    """One row per value of a column of the questions (task by default), most questions first.

    Columns: `by`, questions, share_success, share_contact, share_abandoned, median_time_s (of those that were
    answered), pages, searches (means), zero_results (searches without any result). Raises `AnalysisError`
    for a column that does not group.
    """
    _check_group(by)
    asked = pl.from_pandas(journeys.questions)
    counted = (
        asked.group_by(by)
        .agg(
            questions=pl.len(),
            share_success=pl.col("success").mean(),
            share_contact=(pl.col("outcome") == Outcome.CHANNEL_SHIFT.value).mean(),
            share_abandoned=(pl.col("outcome") == Outcome.ABANDONED.value).mean(),
            median_time_s=pl.col("time_s").filter("success").median(),
            pages=pl.col("pages").mean(),
            searches=pl.col("searches").mean(),
            zero_results=pl.col("zero_results").sum(),
        )
        .sort(["questions", by], descending=[True, False])
    )
    return counted.to_pandas()


def lost(journeys: Journeys, by: str = "task", links: Links | None = None) -> pd.DataFrame:
    """How far people went beyond what they had to, as `lostness.summary`. Raises `AnalysisError` for a column
    that does not group."""
    _check_group(by)
    return lostness.summary(journeys.questions, journeys.moves, by, links=links)


def outcomes(journeys: Journeys, by: str | None = None) -> pd.DataFrame:
    """How questions ended: outcome, questions and their share; with `by` within each value of that column."""
    keys = [by] if by else []
    for key in keys:
        _check_group(key)
    asked = pl.from_pandas(journeys.questions)
    counted = asked.group_by([*keys, "outcome"]).agg(questions=pl.len())
    total = pl.col("questions").sum()
    share = pl.col("questions") / (total.over(keys) if keys else total)
    order = {outcome.value: place for place, outcome in enumerate(Outcome)}
    place = pl.col("outcome").replace_strict(order, return_dtype=pl.Int8)
    return counted.with_columns(share=share).sort([*keys, place]).to_pandas()


def entries(journeys: Journeys) -> pd.DataFrame:
    """How visitors arrived: entry, sessions and their share, most first."""
    counted = pl.from_pandas(journeys.sessions).group_by("entry").agg(sessions=pl.len())
    share = pl.col("sessions") / pl.col("sessions").sum()
    return counted.with_columns(share=share).sort(["sessions", "entry"], descending=[True, False]).to_pandas()


def contacts(journeys: Journeys) -> pd.DataFrame:
    """What the contact centre wrote down: task, channel, what became of the call code, contacts."""
    return _added_up(journeys.contacts, ["task", "channel", "joined"], "contacts")


def answers(journeys: Journeys) -> pd.DataFrame:
    """What surveys said: task, heartbeat, what became of the call code, answers."""
    return _added_up(journeys.answers, ["task", "heartbeat", "joined"], "answers")


def asked(journeys: Journeys) -> pd.DataFrame:
    """How questions ended, against what residents said of them, as `asked.asked_outcomes` for everyone: said,
    success, questions."""
    told = asked_outcomes(journeys.questions, journeys.moves)
    return _added_up(told[told["experiment"] == ""], ["said", "success"], "questions")


def _added_up(table: pd.DataFrame, keys: list[str], what: str) -> pd.DataFrame:
    return table[[*keys, what]].groupby(keys, as_index=False).sum()


def paths(journeys: Journeys, top: int = 10, longest: int = 8) -> pd.DataFrame:
    """The pages of a session in their order: path, sessions, share; the `top` ones and a row `other`.

    A page opened twice in a row stands there once; of a path longer than `longest` the rest is `…`.
    """
    opened = pl.from_pandas(journeys.moves).filter(pl.col("kind") == "view")
    keys = ["day", "partition", "visitor"]
    asked = pl.from_pandas(journeys.questions).select("day", "partition", "question", "visitor")
    sessions = pl.from_pandas(journeys.sessions).select(*keys, "session", at="started_at")
    steps = (
        opened.join(asked, on=["day", "partition", "question"])
        .sort("at", "question", "order")
        .join_asof(sessions.sort("at"), on="at", by=keys, check_sortedness=False)
        .with_columns(before=pl.col("touchpoint").shift(1).over("day", "partition", "session"))
        .filter(pl.col("touchpoint").ne_missing(pl.col("before")))
    )
    cut = pl.col("touchpoint").head(longest).str.join(" > ")
    more = pl.when(pl.len() > longest).then(pl.lit(" > …")).otherwise(pl.lit(""))
    walked = steps.group_by("day", "partition", "session", maintain_order=True).agg(path=cut + more)
    counted = walked.group_by("path").agg(sessions=pl.len())
    counted = counted.sort(["sessions", "path"], descending=[True, False])
    return _with_other(counted, top, {"path": OTHER}).to_pandas()


def words(journeys: Journeys, *, top: int = 20, fewest: int = FEWEST) -> pd.DataFrame:
    """What visitors typed: source (site_search or a search engine), words, visitors, zero_results, share.

    `zero_results` counts visitors for whom the site found nothing. Words of fewer than `fewest` visitors, and
    those after the `top` of a source, are together in its row `other`. Raises `AnalysisError` where only day
    tables were read, which hold no words.
    """
    if journeys.words is None:
        raise AnalysisError(
            "Day tables hold no words of residents. Read the archive instead, while its events are there."
        )
    counted = (
        journeys.words.group_by("source", "words")
        .agg(visitors=pl.len(), zero_results=pl.col("zero").sum())
        .sort(["source", "visitors", "words"], descending=[False, True, False])
    )
    shown = [counted.clear().with_columns(share=pl.lit(0.0))]
    for part in counted.partition_by("source", maintain_order=True):
        kept = min(top, part.filter(pl.col("visitors") >= fewest).height)
        names = {"source": str(part["source"][0]), "words": OTHER}
        shown.append(_with_other(part, kept, names, by="visitors"))
    return pl.concat(shown).to_pandas()


def _with_other(
    counted: pl.DataFrame, top: int, names: Mapping[str, str], by: str = "sessions"
) -> pl.DataFrame:
    """The first rows and one for all the rest, with the share of each."""
    total = counted[by].sum() or 1
    rest = counted.slice(top)
    shown = counted.head(top)
    if rest.height:
        sums = {name: rest[name].sum() for name in counted.columns if name not in names}
        other = pl.DataFrame({**names, **sums}, schema_overrides=counted.schema)
        shown = pl.concat([shown, other.select(counted.columns)])
    return shown.with_columns(share=pl.col(by) / total)


def _words(frame: pd.DataFrame) -> pl.DataFrame:
    """One row per person, source and words: whether the site found nothing for them."""
    people = frame[frame["run"].isna() & frame["automated"].ne(True)]  # None is no
    typed = people[(people["kind"] == Kind.SEARCH.value) & people["query"].notna()]
    rows = [
        (visitor, SITE_SEARCH, " ".join(normalise(query).words), results == 0)
        for visitor, query, results in zip(
            typed["visitor"].tolist(), typed["query"].tolist(), typed["results"].tolist(), strict=True
        )
    ]
    brought = people[(people["kind"] == Kind.VIEW.value) & people["referrer"].notna()]
    nowhere = Site("", frozenset())
    for visitor, referrer in zip(brought["visitor"].tolist(), brought["referrer"].tolist(), strict=True):
        arrival = read_referrer(referrer, nowhere)
        if arrival.words:
            source = registered_name(arrival.host)
            rows.append((visitor, source, " ".join(normalise(arrival.words).words), False))
    schema = pl.Schema([("visitor", pl.Int64()), *_WORDS.items()])
    found = pl.DataFrame(rows, schema=schema, orient="row").filter(pl.col("words") != "")
    return found.group_by("visitor", "source", "words").agg(pl.col("zero").any()).drop("visitor")


def _check_group(by: str) -> None:
    if by not in GROUPS:
        raise AnalysisError(f'Questions cannot be grouped by "{by}". {did_you_mean(by, GROUPS)}')
