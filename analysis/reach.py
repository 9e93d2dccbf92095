# SPDX-License-Identifier: EUPL-1.2
"""Whom an experiment reached, what was known of them at that moment, and what they said when asked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from analysis.events import Events, Ints, K
from analysis.exposures import Exposures, parse
from analysis.frames import added_up, build, texts
from analysis.page_views import ENTRIES, PageViews
from analysis.personas import DAYPARTS, dayparts
from analysis.scope import Scope
from analysis.sessions import Sessions
from analysis.tables import EXPOSED
from experiments.assignment import BUCKETS, variant_for
from experiments.definition import Experiment

EXPOSED_KEYS = ("experiment", "variant")


def circumstances(
    events: Events, views: PageViews, row: Ints, sessions: Sessions, scope: Scope
) -> pl.DataFrame:
    """What was known at the events of `row`, and not later: the columns of `tables.KNOWN`."""
    viewport, of = events.text["viewport"], sessions.of_row[row]
    landing = views.page[events.page_view[sessions.landing_row[of]]]
    return pl.DataFrame(
        {
            "viewport": texts(viewport.codes[row], viewport.texts),
            "entry": texts(sessions.entry[of], ENTRIES),
            "daypart": texts(dayparts(events.site.codes[row], events.time[row], scope), DAYPARTS),
            "landing": texts(landing, [page.path for page in views.pages]),
        }
    )


def said(events: Events, of_row: Ints, count: int) -> Ints:
    """Per question what its visitor said of having found it: 1 yes, 0 no, -1 nothing, or only "partly".

    Whoever said both said yes last or first; that it was found at all is what is asked.
    """
    found = np.full(count, -1, np.int64)
    mark = events.number["heartbeat"]
    for value, told in ((-1, 0), (1, 1)):
        rows = np.flatnonzero((events.kind == K.FEEDBACK) & (mark == value))
        found[of_row[rows]] = told
    return found


def exposed_table(
    events: Events, seen: Exposures, bucket: Ints, experiments: Mapping[str, Experiment]
) -> pl.DataFrame:
    """`EXPOSED`: visitors who were shown a variant that is theirs by the hash of their bucket.

    `seen` is what was shown to visitors, `bucket` the one of every visitor, -1 where it has none.
    """
    told = [
        (code, *pair)
        for code, text in enumerate(seen.texts)
        for pair in parse(text)
        if pair[0] in experiments
    ]
    if not told or not len(seen.visitor):
        return build({name: [] for name in EXPOSED}, EXPOSED)
    shown = pl.DataFrame(told, schema=["shown", "experiment", "variant"], orient="row")
    met = pl.DataFrame(
        {
            "visitor": seen.visitor,
            "since": seen.since,
            "shown": seen.shown,
            "bucket": bucket[seen.visitor],
        }
    )
    each = (
        met.join(shown, on="shown")
        .sort("visitor", "since")
        .group_by("visitor", "experiment", maintain_order=True)
        .agg(
            pl.col("bucket").first(),
            pl.col("variant").first(),
            both=(pl.col("variant").n_unique() > 1).cast(pl.Int64),
        )
        .join(_marked(events), on=["visitor", "experiment"], how="left")
        .group_by("experiment", "variant", "bucket")
        .agg(
            visitors=pl.len().cast(pl.Int64),
            unmarked=pl.col("marked").is_null().sum(),
            both=pl.col("both").sum(),
        )
    )
    rightly = [
        0 <= number < BUCKETS and variant_for(experiments[name], number) == variant
        for name, variant, number in each.select("experiment", "variant", "bucket").iter_rows()
    ]
    return added_up(each.filter(pl.Series(rightly, dtype=pl.Boolean)).drop("bucket"), EXPOSED, EXPOSED_KEYS)


def _marked(events: Events) -> pl.DataFrame:
    """(visitor, experiment) of which a message said that it was the first exposure."""
    firsts = events.text["first"]
    some = np.array([bool(text) for text in firsts.texts] + [False])
    rows = np.flatnonzero(some[firsts.codes])
    names = [(code, name) for code, text in enumerate(firsts.texts) for name in text.split(",") if name]
    told = pl.DataFrame(names, schema={"first": pl.Int64, "experiment": pl.String}, orient="row")
    met = pl.DataFrame({"visitor": events.visitor[rows], "first": firsts.codes[rows].astype(np.int64)})
    return (
        met.unique()
        .join(told, on="first")
        .select("visitor", "experiment", marked=pl.lit(value=True))
        .unique()
    )
