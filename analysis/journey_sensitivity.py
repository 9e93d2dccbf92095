# SPDX-License-Identifier: EUPL-1.2
"""Whether the figures of journeys hang on a definition: the same days, rebuilt with other silences between
sessions, and counted by the hard and the soft definition of an answer. The silences are those of
`thresholds.ALTERNATIVES`, so that 15 minutes mean the same here and in a report (`verdict_sensitivity`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd

from analysis.exposures import parse
from analysis.pieces import Piece, cut, map_pieces
from analysis.reconstruct import reconstruct
from analysis.scheduling import HERE, Where
from analysis.tables import SUCCESS, Outcome
from analysis.tasks import Tasks
from analysis.thresholds import ALTERNATIVES, DEFAULTS, Thresholds
from tracker.archive import days as archived_days
from tracker.site import Sites


def silences(thresholds: Thresholds = DEFAULTS) -> dict[int, Thresholds]:
    """The promised definitions and the alternatives with other silences, by minutes of silence.

    >>> list(silences())
    [15, 30, 60]
    """
    found = {
        values["session_gap_s"]: replace(thresholds, **values)
        for values in ALTERNATIVES.values()
        if "session_gap_s" in values
    }
    found[thresholds.session_gap_s] = thresholds
    return {gap_s // 60: found[gap_s] for gap_s in sorted(found)}


#: Minutes of silence that end a session; the middle one is the promised one.
GAPS_MIN = tuple(silences())
#: What counts as an answer: `hard` is answered or read, `soft` also an answer that stood on the results page.
DEFINITIONS: Mapping[str, tuple[Outcome, ...]] = {
    "hard": SUCCESS,
    "soft": (*SUCCESS, Outcome.ANSWERED_ON_RESULTS),
}
_GROUP = ["gap_min", "experiment", "variant"]
_COUNTED = [*_GROUP, "task", "outcome", "questions", "sessions"]
_OUTCOMES = [outcome.value for outcome in Outcome]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The same days under every silence and definition of an answer.

    `figures` has a row per silence, definition and variant (everyone, where experiment is empty): gap_min,
    definition, experiment, variant, sessions, questions, share_success. `tasks` has one per task ('' is
    none), silence and definition, over everyone: task, gap_min, definition, questions, share_success, and how
    many questions had each `Outcome`.
    """

    figures: pd.DataFrame
    tasks: pd.DataFrame


def sensitivity(
    root: Path,
    days: Iterable[date] | None = None,
    *,
    sites: Sites | None = None,
    tasks: Mapping[str, Tasks] | None = None,
    thresholds: Thresholds = DEFAULTS,
    where: Where = HERE,
    now_ms: int | None = None,
) -> Sensitivity:
    """What the archived DAYs say under every definition.

    A question belongs to the variants that were met up to its end, a session to those of the questions that
    started in it. With `now_ms` what is not over yet is judged as `analysis.recorded` says.
    """
    wanted = archived_days(root) if days is None else sorted(set(days))
    counted = partial(_counted, tasks or {}, sites, thresholds)
    parts = list(map_pieces(cut(root, wanted, sites=sites, now_ms=now_ms), counted, where))
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_COUNTED)
    return Sensitivity(_figures(whole), _by_task(whole))


def _figures(whole: pd.DataFrame) -> pd.DataFrame:
    keys = ["gap_min", "definition", "experiment", "variant"]
    summed = _successes(whole).groupby(keys, as_index=False)[["sessions", "questions", "successes"]].sum()
    summed = summed.assign(share_success=summed["successes"] / summed["questions"])
    in_order = summed.sort_values(["experiment", "variant", "definition", "gap_min"], ignore_index=True)
    return in_order.drop(columns="successes")


def _by_task(whole: pd.DataFrame) -> pd.DataFrame:
    keys = ["task", "gap_min", "definition"]
    everyone = whole[(whole["experiment"] == "") & (whole["outcome"] != "")]
    apart = {name: everyone["questions"].where(everyone["outcome"] == name, 0) for name in _OUTCOMES}
    counts = _successes(everyone.assign(**apart)).groupby(keys, as_index=False)
    summed = counts[["questions", "successes", *_OUTCOMES]].sum()
    summed = summed.assign(successes=summed["successes"] / summed["questions"])
    in_order = summed.sort_values(["task", "definition", "gap_min"], ignore_index=True)
    return in_order.rename(columns={"successes": "share_success"})


def _successes(counted: pd.DataFrame) -> pd.DataFrame:
    """The counts once for each definition of an answer, with the `successes` by it."""
    return pd.concat(
        [
            counted.assign(
                definition=name, successes=counted["questions"].where(counted["outcome"].isin(outcomes), 0)
            )
            for name, outcomes in DEFINITIONS.items()
        ],
        ignore_index=True,
    )


def _counted(
    tasks: Mapping[str, Tasks], sites: Sites | None, thresholds: Thresholds, piece: Piece
) -> pd.DataFrame:
    """The counts of one piece under every silence; its events are read once. Sessions are counted in a row of
    their own, without an outcome."""
    events = piece.events()
    rows: list[tuple[object, ...]] = []
    for gap, definitions in silences(thresholds).items():
        tables = reconstruct(
            events,
            tasks=tasks,
            experiments={},
            definitions=definitions,
            day=piece.day,
            partition=piece.partitions[0],
            sites=sites,
            ends_at=piece.ends_at,
        )
        asked = tables["questions"]
        groups = [("", "", asked, len(tables["sessions"]))]
        met = {pair for shown in asked["exposures"].unique() for pair in parse(shown)}
        for experiment, variant in sorted(met):
            theirs = asked[
                asked["exposures"].map(lambda shown, pair=(experiment, variant): pair in parse(shown))
            ]
            groups.append((experiment, variant, theirs, theirs["session"].nunique()))
        for experiment, variant, theirs, sessions in groups:
            group = (gap, experiment, variant)
            rows.append((*group, "", "", 0, sessions))
            ended = Counter(zip(theirs["task"], theirs["outcome"], strict=True))
            rows += [(*group, *key, questions, 0) for key, questions in sorted(ended.items())]
    return pd.DataFrame(rows, columns=_COUNTED)
