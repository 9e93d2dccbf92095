# SPDX-License-Identifier: EUPL-1.2
"""How much came when: by hour, task and way in, and how busy the seconds within the hours were."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis.counting import alike, tally
from analysis.events import Coded, Events, Flags, Ints, K
from analysis.frames import added_up, build, texts
from analysis.page_views import ENTRIES
from analysis.sessions import Sessions
from analysis.tables import SECONDS, VOLUMES

HOUR_MS = 3_600_000
VOLUME_KEYS = ("site", "task", "hour", "entry")
SECOND_KEYS = ("site", "second")


def volumes_table(
    events: Events, task: Coded, sessions: Sessions, *, of_row: Ints, first_row: Ints, submitted: Flags
) -> pl.DataFrame:
    """`VOLUMES`: one row is an hour of a site, a task and an entry in which something came.

    `task` is that of every question and `first_row` its first event; `of_row` is the question of every event,
    `submitted` the searches that were really made.
    """
    site = events.site.codes[first_row]
    about = alike(site, task.codes)[0]  # a question is about a task of one site
    starts = np.zeros(len(events), bool)
    starts[first_row] = True
    hour, came_by = events.time // HOUR_MS, sessions.entry[sessions.of_row]
    same, first = alike(about[of_row], hour, came_by)

    def counted(flags: Flags) -> Ints:
        return np.bincount(same[flags], minlength=len(first))

    question = of_row[first]
    rows = pl.DataFrame(
        {
            "site": texts(site[question], events.site.texts),
            "task": texts(task.codes[question], task.texts),
            "hour": hour[first] * HOUR_MS,
            "entry": texts(came_by[first], ENTRIES),
            "events": np.bincount(same, minlength=len(first)),
            "views": counted(events.kind == K.VIEW),
            "searches": counted(submitted),
            "questions": counted(starts),
        }
    )
    return added_up(rows, VOLUMES, VOLUME_KEYS)


def seconds_table(events: Events) -> pl.DataFrame:
    """`SECONDS`: one row is a second of a site in which something came."""
    second = events.time // 1000
    begin = int(second.min())
    width = int(second.max()) - begin + 1
    found, times = tally(events.site.codes * width + (second - begin))
    site, after = np.divmod(found, width)
    rows = build({"site": texts(site, events.site.texts), "second": after + begin, "events": times}, SECONDS)
    return rows.sort(SECOND_KEYS)
