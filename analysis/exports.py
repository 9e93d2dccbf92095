# SPDX-License-Identifier: EUPL-1.2
"""Tables for others: any day table as CSV or Parquet, and questions as an event log for process mining.

What leaves the house says less than a day table: a path or a word that fewer than five visitors had becomes
`other`, and in CSV no text can be taken for a formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from io import BytesIO

import pandas as pd

from analysis.errors import TableError
from analysis.reconstruct import TABLES


class Reader(StrEnum):
    """Programs that read the event log, each with names of its own for columns."""

    PM4PY = "pm4py"
    RETENTIONEERING = "retentioneering"


#: What fewer visitors (of tables that only count: fewer questions) had is not told apart.
FEWEST = 5
OTHER = "other"
EVENT_LOG = "event-log"
#: Every name that can be exported.
NAMES = (*TABLES, EVENT_LOG)
#: Columns that say where somebody was, or a combination that might be one person's. Others have few values.
_TELLING: Mapping[str, tuple[str, ...]] = {
    "sessions": ("landing", "language"),
    "questions": ("persona", "exposures"),
    "moves": ("touchpoint", "source"),
    "flows": ("source", "target"),
    "touchpoints": ("touchpoint",),
    "transitions": ("source", "target"),
}
_COUNT = {"flows": "questions", "touchpoints": "questions", "transitions": "times"}
_QUESTION = ["day", "partition", "question"]
#: What somebody did; the other moves are what we made of it.
_DONE = ("view", "search", "result", "form", "contact", "goal", "feedback")
_RESULTS_PAGE = "results page"
#: Names of case, activity and moment, as each program knows them by itself.
_NAMES: Mapping[Reader, tuple[str, str, str]] = {
    Reader.PM4PY: ("case:concept:name", "concept:name", "time:timestamp"),
    Reader.RETENTIONEERING: ("user_id", "event", "timestamp"),
}


def exported(name: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The day table of that name as it may leave; `tables` holds it, and for moves also the questions.

    Raises `TableError` for an unknown name.
    """
    if name not in TABLES:
        raise TableError(f'There is no table "{name}"; there are {", ".join(NAMES)}.')
    frame = tables[name]
    who = pd.Series(0, index=frame.index)
    if name in ("sessions", "questions"):
        who = _visitors(frame)
    elif name == "moves":
        who = _visitors(frame[_QUESTION].merge(tables["questions"], on=_QUESTION, how="left"))
        who.index = frame.index
    told = {column: _told(frame[column], who, _count(name, frame)) for column in _TELLING.get(name, ())}
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
    who = _visitors(steps)
    place = _told(steps["touchpoint"], who, None)
    place = place.mask((steps["kind"] == "view") & (place == "search"), _RESULTS_PAGE)
    named = (steps["kind"] + ": " + place).where(steps["kind"] != "view", place)
    named = _told(named.mask(steps["kind"] == "search", "search"), who, None)
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
    attributes = {
        f"{of_case}{name}": steps[name] for name in ("site", "task", "entry", "exposures", "outcome")
    }
    return log.assign(**attributes, phase=steps["phase"])


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


def _visitors(frame: pd.DataFrame) -> pd.Series[int]:
    """A number for each visitor."""
    return frame.groupby(["day", "partition", "visitor"], dropna=False).ngroup()


def _count(name: str, frame: pd.DataFrame) -> pd.Series[int] | None:
    """What a table that only counts has of each row. Of rows for everyone and for each version only the first
    count, or a question would be two."""
    if name not in _COUNT:
        return None
    count = frame[_COUNT[name]]
    return count.where(frame["experiment"] == "", 0) if name in ("flows", "touchpoints") else count


def _told(texts: pd.Series[str], who: pd.Series[int], count: pd.Series[int] | None) -> pd.Series[str]:
    """The texts that enough people had, `other` for those that somebody could be known by."""
    if count is not None:
        often = count.groupby(texts).transform("sum")
    else:
        often = who.groupby(texts).transform("nunique")
    return texts.mask((often < FEWEST) & (texts != ""), OTHER)
