# SPDX-License-Identifier: EUPL-1.2
"""Tables for others: any day table as CSV or Parquet, and questions as an event log for process mining.

What leaves the house says less than a day table: a path, a word or a combination of versions that fewer than
five visitors had becomes `other`, and in CSV no text can be taken for a formula. A visitor counts as one,
however often something happened: who goes to and fro is not many.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from io import BytesIO

import pandas as pd

from analysis.disclosure import OTHER, VISITOR, common
from analysis.errors import TableError
from analysis.flows import START
from analysis.lostness import lostness
from analysis.reconstruct import TABLES
from analysis.touchpoints import FEEDBACK


class Reader(StrEnum):
    """Programs that read the event log, each with names of its own for columns."""

    PM4PY = "pm4py"
    RETENTIONEERING = "retentioneering"


EVENT_LOG, LOSTNESS = "event-log", "lostness"
#: Every name that can be exported.
NAMES = (*TABLES, EVENT_LOG, LOSTNESS)
#: Columns that say where somebody was, or a combination that might be one person's. Others have few values.
_TELLING: Mapping[str, tuple[str, ...]] = {
    "sessions": ("landing", "language"),
    "questions": ("persona", "exposures"),
    "moves": ("touchpoint", "source"),
    "units": ("landing",),
    "strata": ("landing",),
    "flows": ("source", "target"),
    "touchpoints": ("touchpoint",),
    "transitions": ("source", "target"),
}
#: Tables from which is read whose the rows are, of tables that do not say it themselves.
_WHOSE: Mapping[str, tuple[str, ...]] = {
    "moves": ("questions",),
    "units": ("sessions",),
    "strata": ("sessions",),
    "flows": ("questions", "moves"),
    "touchpoints": ("questions", "moves"),
    "transitions": ("questions", "moves"),
}
_QUESTION = ["day", "partition", "question"]
#: What somebody did; the other moves are what we made of it.
_DONE = ("view", "search", "result", "form", "contact", "goal", "feedback")
_RESULTS_PAGE = "results page"
#: Names of case, activity and moment, as each program knows them by itself.
_NAMES: Mapping[Reader, tuple[str, str, str]] = {
    Reader.PM4PY: ("case:concept:name", "concept:name", "time:timestamp"),
    Reader.RETENTIONEERING: ("user_id", "event", "timestamp"),
}


def needed(name: str) -> tuple[str, ...]:
    """The day tables that `exported` reads for that one, itself first."""
    return name, *_WHOSE.get(name, ())


def exported(name: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The day table of that name as it may leave; `tables` holds those that it is `needed` for.

    Raises `TableError` for an unknown name.
    """
    if name not in TABLES:
        raise TableError(f'There is no table "{name}"; there are {", ".join(NAMES)}.')
    frame = tables[name]
    told = {column: _told(frame[column], _common(name, column, tables)) for column in _TELLING.get(name, ())}
    return frame.assign(**told)


def event_log(questions: pd.DataFrame, moves: pd.DataFrame, reader: Reader = Reader.PM4PY) -> pd.DataFrame:
    """What was done in every question: one row is an event, a case is a question and no person.

    Columns: case, activity and moment under the names that the reader knows (for pm4py those of XES), then of
    the case its site, task, entry, variants (`exposures`) and outcome, and of the event its phase. The moment
    is in UTC; events of one millisecond lie a microsecond apart, so that no sorting changes their order.
    """
    case, activity, moment = _NAMES[reader]
    of_case = "case:" if reader is Reader.PM4PY else ""
    steps = moves[moves["kind"].isin(_DONE)].merge(
        questions[[*_QUESTION, "visitor", "site", "task", "entry", "exposures", "outcome"]], on=_QUESTION
    )
    steps = steps.sort_values([*_QUESTION, "order"], kind="stable", ignore_index=True)
    place = _told_of(steps, steps["touchpoint"])
    place = place.mask((steps["kind"] == "view") & (place == "search"), _RESULTS_PAGE)
    named = (steps["kind"] + ": " + place).where(steps["kind"] != "view", place)
    named = _told_of(steps, named.mask(steps["kind"] == "search", "search"))
    rank = steps.groupby([*_QUESTION, "at"]).cumcount()
    number = steps["partition"].map("{:02d}".format) + "-" + steps["question"].map("{:06d}".format)
    log = pd.DataFrame(
        {
            case: steps["day"] + "-" + number,
            activity: named,
            moment: pd.to_datetime(steps["at"] * 1000 + rank, unit="us", utc=True).astype(
                "datetime64[us, UTC]"
            ),
        }
    )
    steps = steps.assign(exposures=_told_of(steps, steps["exposures"]))
    attributes = {
        f"{of_case}{name}": steps[name] for name in ("site", "task", "entry", "exposures", "outcome")
    }
    return log.assign(**attributes, phase=steps["phase"])


def lost_ways(questions: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """How much further than needed each question that was answered went: the figures of `lostness.lostness`
    behind the site, day, partition, question, task and exposures.

    Every combination of variants has a graph of its own; those that fewer than five visitors met share one.
    """
    known = questions.assign(exposures=_told_of(questions, questions["exposures"]))
    found = lostness(known, moves, by=("site", "exposures")).drop(columns=["site", "exposures"])
    return known[["site", *_QUESTION, "task", "exposures"]].merge(found, on=_QUESTION)


def as_csv(frame: pd.DataFrame) -> str:
    """CSV with a line of headings, as UTF-8; moments in ISO 8601.

    A text that a spreadsheet would run as a formula (it begins with = + - @ or a control sign) gets an
    apostrophe before it, as OWASP advises (CSV Injection).
    """
    safe = frame.copy()
    for name, column in frame.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            safe[name] = column.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        elif not pd.api.types.is_numeric_dtype(column.dtype):
            safe[name] = _harmless(column)
    return safe.to_csv(index=False)


def as_parquet(frame: pd.DataFrame) -> bytes:
    """The same as Parquet, in which texts are what they are."""
    buffer = BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _harmless(column: pd.Series[str]) -> pd.Series[str]:
    risky = column.astype("str").str.match(r"[=+\-@\t\r\n]").fillna(False).astype(bool)
    return column.mask(risky, "'" + column.astype("str"))


def _common(name: str, column: str, tables: Mapping[str, pd.DataFrame]) -> frozenset[str]:
    """The texts of that column of a table that enough visitors had."""
    if name in ("units", "strata"):
        return common(tables["sessions"], "landing")
    if name in ("sessions", "questions"):
        return common(tables[name], column)
    questions, moves = tables["questions"], tables["moves"]
    if name == "moves":
        return common(_with_visitors(moves, questions, column), column)
    return common(_places(questions, moves), "touchpoint")


def _places(questions: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Whose every place in a journey is, its start and its outcome among them."""
    asked = questions[list(VISITOR)]
    marks = _with_visitors(moves[moves["kind"] == "feedback"], questions, "touchpoint")
    return pd.concat(
        [
            _with_visitors(moves, questions, "touchpoint"),
            marks.assign(touchpoint=FEEDBACK),
            asked.assign(touchpoint=START),
            asked.assign(touchpoint=questions["outcome"]),
        ],
        ignore_index=True,
    )


def _with_visitors(moves: pd.DataFrame, questions: pd.DataFrame, column: str) -> pd.DataFrame:
    """A column of the moves with the visitor of their question."""
    mine = moves[[*_QUESTION, column]].drop_duplicates()
    return mine.merge(questions[[*_QUESTION, "visitor"]], on=_QUESTION)


def _told_of(rows: pd.DataFrame, texts: pd.Series[str]) -> pd.Series[str]:
    """The texts of rows that say themselves whose they are."""
    return _told(texts, common(rows[list(VISITOR)].assign(text=texts), "text"))


def _told(texts: pd.Series[str], often: frozenset[str]) -> pd.Series[str]:
    """The texts that enough people had, `other` for those that somebody could be known by."""
    return texts.where(texts.isin(often) | (texts == ""), OTHER)
