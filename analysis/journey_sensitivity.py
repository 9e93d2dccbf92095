# SPDX-License-Identifier: EUPL-1.2
"""Whether the figures of journeys hang on a definition: the same days, rebuilt with other silences between
sessions, and counted by the hard and the soft definition of an answer. Of verdicts: `verdict_sensitivity`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
from analysis.thresholds import DEFAULTS, Thresholds
from tracker.archive import days as archived_days
from tracker.site import Sites

#: Minutes of silence that end a session; the middle one is the promised one.
GAPS_MIN = (15, 30, 60)
#: What counts as an answer: `hard` is answered or read, `soft` also an answer that stood on the results page.
DEFINITIONS: Mapping[str, tuple[Outcome, ...]] = {
    "hard": SUCCESS,
    "soft": (*SUCCESS, Outcome.ANSWERED_ON_RESULTS),
}
_KEYS = ["gap_min", "definition", "experiment", "variant"]


def sensitivity(
    root: Path,
    days: Iterable[date] | None = None,
    *,
    sites: Sites | None = None,
    tasks: Mapping[str, Tasks] | None = None,
    thresholds: Thresholds = DEFAULTS,
    where: Where = HERE,
    now_ms: int | None = None,
) -> pd.DataFrame:
    """One row per silence, definition and variant (everyone, where experiment is empty), over archived DAYs.

    Columns: gap_min, definition, experiment, variant, sessions, questions, share_success. A question belongs
    to the variants that were met up to its end, a session to those of the questions that started in it.
    With `now_ms` what is not over yet is judged as `analysis.recorded` says.
    """
    wanted = archived_days(root) if days is None else sorted(set(days))
    counted = partial(_counted, tasks or {}, sites, thresholds)
    parts = list(map_pieces(cut(root, wanted, sites=sites, now_ms=now_ms), counted, where))
    names = [*_KEYS, "sessions", "questions", "successes"]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    summed = whole.groupby(_KEYS, as_index=False).sum()
    summed = summed.assign(share_success=summed["successes"] / summed["questions"])
    in_order = summed.sort_values(["experiment", "variant", "definition", "gap_min"], ignore_index=True)
    return in_order[[*names[:-1], "share_success"]]


def _counted(
    tasks: Mapping[str, Tasks], sites: Sites | None, thresholds: Thresholds, piece: Piece
) -> pd.DataFrame:
    """The counts of one piece, under every definition; its events are read once."""
    events = piece.events()
    rows: list[dict[str, object]] = []
    for gap in GAPS_MIN:
        tables = reconstruct(
            events,
            tasks=tasks,
            experiments={},
            definitions=replace(thresholds, session_gap_s=gap * 60),
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
        for name, outcomes in DEFINITIONS.items():
            for experiment, variant, theirs, sessions in groups:
                successes = int(theirs["outcome"].isin(outcomes).sum())
                counts = (sessions, len(theirs), successes)
                values = (gap, name, experiment, variant, *counts)
                rows.append(dict(zip([*_KEYS, "sessions", "questions", "successes"], values, strict=True)))
    return pd.DataFrame(rows)
