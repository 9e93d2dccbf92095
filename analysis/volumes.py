# SPDX-License-Identifier: EUPL-1.2
"""How much came when: by hour, task and way in, and how busy the seconds within the hours were."""

from __future__ import annotations

import polars as pl

from analysis.events import Events, Flags, Ints, K
from analysis.frames import added_up, texts
from analysis.tables import SECONDS, VOLUMES

HOUR_MS = 3_600_000
VOLUME_KEYS = ("site", "task", "hour", "entry")
SECOND_KEYS = ("site", "second")


def volumes_table(
    events: Events,
    questions: pl.DataFrame,
    sessions: pl.DataFrame,
    *,
    of_row: Ints,
    session: Ints,
    submitted: Flags,
) -> pl.DataFrame:
    """`VOLUMES`: one row is an hour of a site, a task and an entry in which something came.

    `of_row` and `session` are the question and the session of every event, rows of `questions` and
    `sessions`; `submitted` the searches that were really made.
    """
    seen = pl.DataFrame(
        {
            "site": texts(events.site.codes, events.site.texts),
            "task": questions["task"].gather(of_row),
            "hour": events.time // HOUR_MS * HOUR_MS,
            "entry": sessions["entry"].gather(session),
            "events": pl.Series([1], dtype=pl.Int64).new_from_index(0, len(events)),
            "views": (events.kind == K.VIEW).astype("int64"),
            "searches": submitted.astype("int64"),
            "questions": pl.Series([0], dtype=pl.Int64).new_from_index(0, len(events)),
        }
    )
    begun = questions.select(
        "site",
        "task",
        hour=pl.col("started_at") // HOUR_MS * HOUR_MS,
        entry="entry",
        **{name: pl.lit(0, pl.Int64) for name in ("events", "views", "searches")},
        questions=pl.lit(1, pl.Int64),
    )
    return added_up(pl.concat([seen, begun]), VOLUMES, VOLUME_KEYS)


def seconds_table(events: Events) -> pl.DataFrame:
    """`SECONDS`: one row is a second of a site in which something came."""
    seen = pl.DataFrame(
        {
            "site": texts(events.site.codes, events.site.texts),
            "second": events.time // 1000,
            "events": pl.Series([1], dtype=pl.Int64).new_from_index(0, len(events)),
        }
    )
    return added_up(seen, SECONDS, SECOND_KEYS)
