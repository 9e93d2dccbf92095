# SPDX-License-Identifier: EUPL-1.2
"""The tables of the analysis, declared once: every column with its type, its unit and what it means.

`events` is declared by `tracker.event`. Day tables carry no pseudonym: a visitor appears in them as a
number that counts from 0 within (DAY, partition) and means nothing outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TABLES_VERSION = 4


class Outcome(StrEnum):
    """How a question ended; the first that holds, in this order."""

    ANSWERED = "answered"
    CHANNEL_SHIFT = "channel_shift"
    READ = "read"
    ANSWERED_ON_RESULTS = "answered_on_results"
    CENSORED = "censored"
    ABANDONED = "abandoned"


SUCCESS = (Outcome.ANSWERED, Outcome.READ)


class Start(StrEnum):
    """How a question started; the first rule that matches."""

    SITE_SEARCH = "site_search"
    SEARCH_ENGINE = "search_engine"
    CAMPAIGN = "campaign"
    TASK_PAGE = "task_page"
    PROVISIONAL = "provisional"


class Cause(StrEnum):
    """How the time to an answer ended: the answer, an event that competes with it, or our not seeing more."""

    CENSORED = "censored"
    ANSWERED = "answered"
    CHANNEL_SHIFT = "channel_shift"
    ABANDONED = "abandoned"


class Audience(StrEnum):
    """Whom a task is for."""

    RESIDENT = "resident"
    BUSINESS = "business"


class Visit(StrEnum):
    """Whether a session was its visitor's first. Nobody is known longer than a DAY, so it is the first of
    that DAY, or a later one."""

    FIRST = "first"
    REPEAT = "repeat"


class Phase(StrEnum):
    """The phases of a journey, in their order (KING/VNG)."""

    ORIENTATION = "oriëntatie"
    CONTACT = "contact"
    EXECUTION = "uitvoering"
    COMPLETION = "afronding"
    EVALUATION = "evaluatie"


@dataclass(frozen=True, slots=True)
class Column:
    """`dtype` is a pandas dtype; `unit` is empty for names and flags.

    `absent` is what stands for a column of texts in a file that was written before there was one; None where
    every file of this version has it.
    """

    dtype: str
    unit: str
    meaning: str
    absent: str | None = None


#: How a query becomes the next; as in `words.Reformulation`.
REFORMULATIONS = ("repeat", "spelling", "added", "removed", "substituted", "reordered")

SESSIONS: Mapping[str, Column] = {
    "site": Column("str", "", "name of the site"),
    "day": Column("str", "", "DAY, ISO date"),
    "partition": Column("int16", "", "partition of the visitor"),
    "visitor": Column("int64", "", "number of the visitor within (day, partition)"),
    "session": Column("int64", "", "number of the session within (day, partition)"),
    "started_at": Column("int64", "ms since 1970", "first event"),
    "ended_at": Column("int64", "ms since 1970", "last event"),
    "events": Column("int32", "events", ""),
    "pages": Column("int32", "page views", ""),
    "searches": Column("int32", "site searches", ""),
    "questions": Column("int32", "questions", "questions that started in this session"),
    "entry": Column("str", "", "direct, search_engine, campaign, social, referral or internal"),
    "landing": Column("str", "", "path of the first page"),
    "viewport": Column("str", "", "s, m, l or empty"),
    "language": Column("str", "", "page language or empty"),
}

QUESTIONS: Mapping[str, Column] = {
    "site": Column("str", "", "name of the site"),
    "day": Column("str", "", "DAY, ISO date"),
    "partition": Column("int16", "", "partition of the visitor"),
    "visitor": Column("int64", "", "number of the visitor within (day, partition)"),
    "question": Column("int64", "", "number of the question within (day, partition)"),
    "session": Column("int64", "", "session in which it started"),
    "task": Column("str", "", "name of the task, or empty"),
    "start": Column("str", "", "how it started (`Start`)"),
    "started_at": Column("int64", "ms since 1970", "first event"),
    "ended_at": Column("int64", "ms since 1970", "last event"),
    "outcome": Column("str", "", "how it ended (`Outcome`)"),
    "success": Column("bool", "", "answered or read"),
    "arrived": Column("bool", "", "an answer page of its task was opened, its form started, or it succeeded"),
    "confirming_contact": Column("bool", "", "a contact after the answer"),
    "time_s": Column("float64", "s", "from the start to the arrival on the answer, or to the end"),
    "cause": Column("str", "", "how that time ended (`Cause`)"),
    "events": Column("int32", "events", ""),
    "pages": Column("int32", "page views", ""),
    "distinct_pages": Column("int32", "pages", ""),
    "searches": Column("int32", "site searches", ""),
    "zero_results": Column("int32", "site searches", "searches without any result"),
    "reformulations": Column("int32", "moves", ""),
    **{f"reformulated_{kind}": Column("int32", "moves", f"of those: {kind}") for kind in REFORMULATIONS},
    "pogo_sticks": Column("int32", "moves", ""),
    "backtracks": Column("int32", "moves", ""),
    "hops": Column("int32", "moves", ""),
    "friction": Column("int32", "events", "clicks in anger and on what is no link"),
    "form_started": Column("bool", "", ""),
    "form_submitted": Column("bool", "", ""),
    "form_errors": Column("int32", "errors", ""),
    "step_reached": Column("int16", "", "highest form step, 0 where none"),
    "reading_s": Column("float64", "s", "visible time over its pages"),
    "effort": Column("float64", "", "sum of its trouble, weighted as in `thresholds.EFFORT`"),
    "channel": Column("str", "", "of its first contact: tel, mail, chat, appointment, counter; else empty"),
    "repeat": Column("float64", "0/1", "asked before (within 7 days); NaN where no memory reaches so far"),
    # Given and inferred alike; the two are apart in `MOVES` and `HEARTBEATS`.
    "heartbeat_first": Column("float64", "-1..1", "given or inferred; NaN where no touchpoint has one"),
    "heartbeat_worst": Column("float64", "-1..1", "given or inferred"),
    "heartbeat_peak": Column("float64", "-1..1", "given or inferred; what is inferred is never above -1"),
    "heartbeat_last": Column("float64", "-1..1", "given or inferred"),
    "phase": Column("str", "", "furthest phase reached"),
    "entry": Column("str", "", "entry of its session"),
    "viewport": Column("str", "", ""),
    "daypart": Column("str", "", "of its start, in the site's time: morning, afternoon, evening or night"),
    "audience": Column("str", "", "whom its task is for (`Audience`); empty where there is no task", ""),
    "visit": Column("str", "", "whether its session was the visitor's first of the DAY (`Visit`)", ""),
    "persona": Column("str", "", "those five: 'direct/s/evening/resident/first'"),
    "exposures": Column("str", "", "experiments met up to its end: 'schuldhulp=current,zwerfvuil=redesign'"),
}

MOVES: Mapping[str, Column] = {
    "day": Column("str", "", "DAY, ISO date"),
    "partition": Column("int16", "", ""),
    "question": Column("int64", "", "number of the question within (day, partition)"),
    "order": Column("int32", "", "from 0 within the question"),
    "at": Column("int64", "ms since 1970", ""),
    "kind": Column(
        "str",
        "",
        "view, search, result, form, contact, goal, feedback, reformulation, pogo_stick, backtrack, hop",
    ),
    "type": Column(
        "str",
        "",
        "of a reformulation: repeat, spelling, added, removed, substituted, reordered; "
        "of a form: start, step, error, submit, abandon; else empty",
    ),
    "step": Column("int16", "", "of a form: the step as its page counts it; 0 where it says none"),
    "touchpoint": Column("str", "", "page path; search (a results page too); tel, mail, …"),
    "source": Column(
        "str",
        "",
        "of a view: the touchpoint from which a link led to it; of a pogo_stick or backtrack: the one that "
        "was left; else empty",
    ),
    "phase": Column("str", "", "oriëntatie, contact, uitvoering, afronding or evaluatie"),
    "heartbeat": Column("float64", "-1..1", "NaN where none"),
    "given": Column("bool", "", "heartbeat given by the resident, not inferred"),
}

#: What the estimators see of one browser at its first exposure, on that day and for the experiment's task
#: (all tasks, where the experiment names none).
UNITS: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "day": Column("str", "", "DAY of the first exposure"),
    "bucket": Column("int16", "", "0-999"),
    "variant": Column("str", "", ""),
    "viewport": Column("str", "", "segment: s, m, l or empty"),
    "entry": Column("str", "", "segment: entry of the session of the exposure"),
    "daypart": Column("str", "", "segment: morning, afternoon, evening or night at the site at the exposure"),
    "landing": Column("str", "", "path of the first page of the session of the exposure"),
    "arrived": Column("int8", "0/1", "some question of the task arrived at an answer, read or not"),
    "answered": Column("int8", "0/1", "some question of the task ended in success"),
    "contacted": Column("int8", "0/1", "some question of the task ended in a channel shift"),
    "started": Column("int8", "0/1", "a form of the task was started"),
    "submitted": Column("int8", "0/1", "a form of the task was submitted"),
    "first_answered": Column("int8", "0/1/-1", "first question of the task was a success; -1: no question"),
    "questions": Column("int32", "questions", "questions of the task"),
    "pages": Column("int32", "page views", "over those questions"),
    "searches": Column("int32", "site searches", "over those questions"),
    "time_s": Column("float64", "s", "time of the first of those questions"),
    "cause": Column("str", "", "its `Cause`; abandoned at 0 s where there was no question"),
    "said": Column("int8", "0/1/-1", "asked whether it was found: yes, no; -1: not asked, silent or partly"),
}

#: Sums over units with equal (experiment, variant, bucket, segment). Adding the rows of all days and
#: partitions gives the bucket table of the experiment; variances are taken only after that.
#: `segment` is '' for everyone, or 'viewport=s', 'entry=direct', 'daypart=evening', …
UNIT_MEASURES = ("arrived", "answered", "contacted", "started", "submitted", "questions", "pages", "searches")
QUESTION_MEASURES = ("success", "contact", "pages", "searches")

BUCKETS: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "variant": Column("str", "", ""),
    "bucket": Column("int16", "", "0-999"),
    "segment": Column("str", "", "'' for everyone, else 'column=value'"),
    "units": Column("int64", "browsers", "first exposures"),
    **{f"{m}_sum": Column("float64", "", f"sum of `{m}` over units") for m in UNIT_MEASURES},
    **{f"{m}_squares": Column("float64", "", f"sum of squares of `{m}` over units") for m in UNIT_MEASURES},
    "first_questions": Column("int64", "browsers", "units with a question of the task"),
    "first_answered_sum": Column("float64", "", "of those, first question ended in success"),
    "all_questions": Column("int64", "questions", "of the task, by every exposed browser, returns included"),
    **{f"question_{m}_sum": Column("float64", "", f"sum over those of `{m}`") for m in QUESTION_MEASURES},
}

#: How often a time to answer occurred, in whole seconds. Without the bucket: browsers are independent of each
#: other, and with it there would be about one row for each of them.
TIMES: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "variant": Column("str", "", ""),
    "segment": Column("str", "", ""),
    "time_s": Column("int32", "s", "rounded up"),
    "cause": Column("str", "", "`Cause`"),
    "units": Column("int64", "browsers", ""),
}

#: What was known of a browser at its first exposure, and sums of what came of it: to take out noise that
#: these explain. Nothing that comes after the exposure is a key.
KNOWN = ("viewport", "entry", "daypart", "landing")

STRATA: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "variant": Column("str", "", ""),
    "viewport": Column("str", "", ""),
    "entry": Column("str", "", ""),
    "daypart": Column("str", "", "of the exposure"),
    "landing": Column("str", "", "path of the first page of that session"),
    "units": Column("int64", "browsers", "first exposures"),
    **{f"{m}_sum": Column("float64", "", f"sum of `{m}` over units") for m in UNIT_MEASURES},
    **{f"{m}_squares": Column("float64", "", f"sum of squares of `{m}` over units") for m in UNIT_MEASURES},
    "first_answered_sum": Column("float64", "", "units whose first question ended in success"),
}

#: Value counts of a measure. By the definitions as promised (`definition` ''): of the measures that are
#: counts, so that an agreed cap and a heavy tail can be seen. By other definitions: of every measure, so
#: that a report can say whether its verdict hangs on them.
COUNTED = ("questions", "pages", "searches")

VALUES: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "definition": Column("str", "", "'' as promised, else a key of `thresholds.ALTERNATIVES`"),
    "variant": Column("str", "", ""),
    "segment": Column("str", "", "'' for everyone, else 'column=value'; other definitions: everyone only"),
    "measure": Column("str", "", "a column of `UNITS`; times in whole seconds, rounded up"),
    "cause": Column("str", "", "of a time: its `Cause`; else empty"),
    "value": Column("int32", "", ""),
    "units": Column("int64", "browsers", ""),
}

#: Whom the pages of an experiment reached on this DAY, returns included: to see exposures that got lost.
EXPOSED: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "variant": Column("str", "", "the first that the visitor was shown"),
    "visitors": Column("int64", "visitors", "shown a variant of the experiment on this DAY"),
    "unmarked": Column("int64", "visitors", "of those, none of whose messages said that it was the first"),
    "both": Column("int64", "visitors", "of those, shown another variant too"),
}

#: What visitors said when they were asked, beside what was inferred of them.
SAID: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "variant": Column("str", "", ""),
    "inferred": Column("int8", "0/1", "`answered`"),
    "asked": Column("int8", "0/1", "`said`: found it or not"),
    "units": Column("int64", "browsers", ""),
}

#: What followed what within the questions of a task, with the entry and the outcome as its ends. Once for
#: everyone (`experiment` and `variant` empty), and once for who was exposed to each variant of an experiment.
FLOWS: Mapping[str, Column] = {
    "site": Column("str", "", "name of the site"),
    "task": Column("str", "", "name of the task; empty only where an experiment names none"),
    "experiment": Column("str", "", "empty for everyone"),
    "variant": Column("str", "", "empty for everyone"),
    "order": Column("int16", "", "position of `source` in the question, from 0; capped"),
    "source": Column("str", "", "touchpoint, or 'start'"),
    "target": Column("str", "", "touchpoint, or the outcome"),
    "questions": Column("int64", "questions", ""),
    "visitors": Column("int64", "visitors", "of those; each in one source of a target, so that they add up"),
}

#: The touchpoints of a task: how many came, how many left there, and how it felt. For everyone and for each
#: variant, as in `FLOWS`. Marks given by residents and trouble inferred from behaviour stand apart.
TOUCHPOINTS: Mapping[str, Column] = {
    "site": Column("str", "", "name of the site"),
    "task": Column("str", "", "name of the task"),
    "experiment": Column("str", "", "empty for everyone"),
    "variant": Column("str", "", "empty for everyone"),
    "phase": Column("str", "", "furthest phase in which the question was there"),
    "touchpoint": Column("str", "", "page path, search, a channel, or feedback"),
    "visits": Column("int64", "visits", "the same touchpoint twice in a row is one"),
    "questions": Column("int64", "questions", "that came here"),
    "visitors": Column("int64", "visitors", "of those; each in the furthest phase, so that they add up"),
    "last": Column("int64", "questions", "of which this was the last touchpoint"),
    "left": Column("int64", "questions", "of those: ended without an answer"),
    "given": Column("int64", "heartbeats", "given by residents here"),
    "given_sum": Column("int64", "", "sum of those, each -1, 0 or 1"),
    "given_bad": Column("int64", "heartbeats", "of those: -1"),
    "hard": Column("int64", "questions", "with trouble here, inferred from behaviour"),
}

#: What residents typed, over the window of DAYs from `since` to the DAY of the table. Only what at least five
#: visitors typed has a row; all the rest of a task is one row without words.
WORDS: Mapping[str, Column] = {
    "since": Column("str", "", "first DAY of the window, ISO date"),
    "site": Column("str", "", "name of the site"),
    "task": Column("str", "", "task of the question in which it was typed, or empty"),
    "kind": Column("str", "", "query: all words of a search; word: one word of it that says something"),
    "words": Column("str", "", "in lower case, without accents; empty for the rest"),
    "visitors": Column("int64", "visitors", "who typed it; of the rest 0, since there they overlap"),
    "searches": Column("int64", "site searches", ""),
    "zero_results": Column("int64", "site searches", "that found nothing"),
    "again": Column("int64", "site searches", "followed by another search of the same question"),
    "answered": Column("int64", "site searches", "in a question that ended in success"),
    "contacted": Column("int64", "site searches", "in a question that ended in a channel shift"),
    "abandoned": Column("int64", "site searches", "in a question that was abandoned"),
}

#: What the pages of a task are called, over the same window; titles that at least five visitors saw.
TITLES: Mapping[str, Column] = {
    "since": Column("str", "", "first DAY of the window, ISO date"),
    "site": Column("str", "", "name of the site"),
    "task": Column("str", "", "name of the task"),
    "exposures": Column("str", "", "experiments on the page with the variant shown, or empty"),
    "path": Column("str", "", "path of the page"),
    "title": Column("str", "", ""),
    "visitors": Column("int64", "visitors", ""),
}

#: How often what followed what, by bucket: what a test of the difference between two variants is made of.
#: Without the order, so that no single path can be read from a bucket that few share.
TRANSITIONS: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "variant": Column("str", "", ""),
    "bucket": Column("int16", "", "0-999"),
    "source": Column("str", "", "touchpoint, or 'start'"),
    "target": Column("str", "", "touchpoint, or the outcome"),
    "times": Column("int64", "transitions", ""),
}

#: Heartbeats by bucket and phase, as counts so that days add up.
HEARTBEATS: Mapping[str, Column] = {
    "experiment": Column("str", "", ""),
    "variant": Column("str", "", ""),
    "bucket": Column("int16", "", "0-999"),
    "phase": Column("str", "", "furthest phase in which the question was at the touchpoint"),
    "given": Column("bool", "", "given by residents, not inferred"),
    "heartbeat": Column("int8", "-1..1", ""),
    "touchpoints": Column("int64", "touchpoints", ""),
}

_CODE = Column(
    "str", "", "what its call code fitted: 'page view', 'no page view', 'several page views'; else 'no code'"
)

#: Records of the contact centre, all of them; only those that fitted a page view are also in a question.
CONTACTS: Mapping[str, Column] = {
    "site": Column("str", "", "name of the site"),
    "day": Column("str", "", "DAY on which it began"),
    "task": Column("str", "", "name of the task that its subject names, or empty"),
    "joined": _CODE,
    "channel": Column("str", "", "tel, mail, chat, appointment, counter, letter, social, web or other"),
    "contacts": Column("int64", "records", ""),
}

#: Answers to a survey, all of them; only those that fitted a page view are also heartbeats of a question.
ANSWERS: Mapping[str, Column] = {
    "site": Column("str", "", "name of the site"),
    "day": Column("str", "", "DAY of the answer"),
    "task": Column("str", "", "name of the task of its page, else of its subject, or empty"),
    "joined": _CODE,
    "heartbeat": Column("int8", "-1..1", "given by residents"),
    "answers": Column("int64", "records", ""),
}

#: How much came in an hour, by task and by the way in: rows of all partitions add up.
#: Every event in a question is in one row, under the task of its question and the entry of its session.
VOLUMES: Mapping[str, Column] = {
    "site": Column("str", "", "name of the site"),
    "task": Column("str", "", "name of the task, or empty"),
    "hour": Column("int64", "ms since 1970", "start of the hour"),
    "entry": Column("str", "", "entry of the session: direct, search_engine, campaign, …"),
    "events": Column("int64", "events", ""),
    "views": Column("int64", "page views", ""),
    "searches": Column("int64", "site searches", ""),
    "questions": Column("int64", "questions", "that started in this hour"),
}

#: How busy the seconds were, for the peak within an hour: a maximum does not add up over partitions, the
#: counts below it do. Nothing says who or what; a hundredth of the size of `moves`.
SECONDS: Mapping[str, Column] = {
    "site": Column("str", "", "name of the site"),
    "second": Column("int64", "s since 1970", "a second in which something came"),
    "events": Column("int32", "events", ""),
}

#: Nothing is dropped from a count without its own row.
SET_ASIDE: Mapping[str, Column] = {
    "table": Column("str", "", "table from which rows were set aside"),
    "experiment": Column("str", "", "empty where it concerns none"),
    "reason": Column("str", "", ""),
    "rows": Column("int64", "rows", ""),
}


def empty(columns: Mapping[str, Column]) -> pd.DataFrame:
    """A frame with the declared columns and dtypes and no row."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=column.dtype) for name, column in columns.items()})
