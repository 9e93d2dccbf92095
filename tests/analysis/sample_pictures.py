# SPDX-License-Identifier: EUPL-1.2
"""What the pictures of a report are drawn from, and what stands beside its verdict, with invented numbers."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from analysis.report import (
    Curve,
    Flow,
    Heartbeat,
    Transition,
)
from analysis.second_views import (
    Alternative,
    Belief,
    CurveTest,
    LookPoint,
    Mixture,
    Progress,
    Reading,
    SecondViews,
    StepPart,
    StepParts,
    View,
)

ROADS = {
    "current": [
        ((), 0),
        (("search", "/zoeken", "/melding-openbare-ruimte", "/melding/stap-1", "/melding/stap-2"), 210),
        (("search", "/zoeken", "/afval", "/melding/stap-1"), 120),
        (("/", "/afval", "/melding-openbare-ruimte", "/melding/stap-1"), 330),
        (("/", "search", "/afval", "search"), 190),
        (("/afval", "/contact"), 260),
        (("/afval/grofvuil", "/"), 80),
        (("/", "/contact"), 300),
    ],
    "redesign": [
        ((), 0),
        (("/", "/zwerfvuil", "/melding/stap-1", "/melding/stap-2"), 620),
        (("search", "/zwerfvuil", "/melding/stap-1"), 390),
        (("/zwerfvuil", "/melding/stap-1"), 210),
        (("/afval", "/zwerfvuil", "/contact"), 120),
        (("/", "/contact"), 150),
    ],
}

ENDS = {
    "current": (("answered", 0.46), ("read", 0.04), ("channel_shift", 0.16), ("abandoned", 0.31)),
    "redesign": (("answered", 0.53), ("read", 0.04), ("channel_shift", 0.11), ("abandoned", 0.29)),
}


def curve(variant: str, level: float, pace: float) -> Curve:
    """A smooth cumulative share that ends at `level`."""
    times = tuple(float(t) for t in range(0, 1801, 10))
    answered = tuple(level * (1 - math.exp(-t / pace)) for t in times)
    half = tuple(0.026 * math.sqrt(a) * 1.4 for a in answered)
    return Curve(
        variant=variant,
        time_s=times,
        answered=answered,
        low=tuple(max(0.0, a - h) for a, h in zip(answered, half, strict=True)),
        high=tuple(min(1.0, a + h) for a, h in zip(answered, half, strict=True)),
        elsewhere=tuple(0.15 * (1 - math.exp(-t / 400)) for t in times),
        abandoned=tuple(0.3 * (1 - math.exp(-t / 500)) for t in times),
    )


def flows(variant: str) -> tuple[Flow, ...]:
    """Every road of the variant, ended as its `ENDS` say, as counts per position."""
    counts: dict[tuple[int, str, str], int] = {}
    for road, questions in ROADS[variant]:
        left = questions
        ends = [*ENDS[variant], ("censored", 1.0)]
        for end, share in ends:
            taken = left if end == "censored" else min(left, round(questions * share))
            left -= taken
            # Who gives up does so early: after the second step where there is one.
            way = road[:2] if end in {"abandoned", "channel_shift"} else road
            stops = ["start", *way, end]
            for order, (source, target) in enumerate(pairwise(stops)):
                key = (order, source, target)
                counts[key] = counts.get(key, 0) + taken
    return tuple(
        Flow(variant=variant, order=order, source=source, target=target, questions=questions)
        for (order, source, target), questions in sorted(counts.items())
        if questions
    )


def heartbeats(variant: str, lift: int = 0) -> tuple[Heartbeat, ...]:
    given = {"oriëntatie": (40, 22, 51), "uitvoering": (61, 20, 39), "afronding": (18, 25, 92)}
    inferred = {"oriëntatie": 402, "contact": 96, "uitvoering": 311}
    rows = []
    for phase, (low, middle, high) in given.items():
        counts = (max(0, low - lift), middle, high + lift)
        rows.append(
            Heartbeat(
                variant=variant,
                phase=phase,
                given=True,
                counts=counts,
                mean=(counts[2] - counts[0]) / sum(counts),
            )
        )
    rows += [
        Heartbeat(variant=variant, phase=phase, given=False, counts=(count - 6 * lift, 0, 0), mean=-1.0)
        for phase, count in inferred.items()
    ]
    return tuple(rows)


def second(variant: str = "redesign") -> SecondViews:
    """Every view beside the verdict, one of them refused, and a step and a transition that changed."""
    told: dict[str, Any] = {"metric": "answered", "variant": variant, "control": "current", "n": (1490, 1510)}
    figures = {"values": (0.50, 0.57), "estimate": 0.07, "ci": (0.034, 0.106), "p_value": 0.0002}
    pair = {"variant": variant, "control": "current"}
    parts = (
        ("exposed", "asked", (1490, 1510), (0.92, 0.92), 0.0, (-0.02, 0.02)),
        ("asked", "arrived", (1371, 1389), (0.66, 0.75), 0.06, (0.03, 0.09)),
        ("arrived", "answered", (905, 1042), (0.82, 0.83), 0.01, (-0.01, 0.03)),
    )
    return SecondViews(
        readings=(
            Reading(view=View.ADJUSTED, method="CUPED, pooled θ, Welch t", explained=0.11, **told, **figures),
            Reading(view=View.STRATIFIED, method="post-stratified", explained=-0.01, **told, **figures),
            Reading(view=View.ASKED, reason="unmeasured: nobody was asked", **told),
        ),
        beliefs=(
            Belief(
                metric="answered",
                prior_mean=0.0,
                prior_sd=0.3,
                lift=0.137,
                ci=(0.06, 0.21),
                chance_better=0.9997,
                loss_choosing=0.0,
                loss_keeping=0.137,
                **pair,
            ),
        ),
        steps=(
            StepParts(
                success=(0.50, 0.57),
                parts=tuple(
                    StepPart(
                        source=source,
                        target=target,
                        reached=reached,
                        rates=rates,
                        part=part,
                        ci=ci,
                        log_part=part / 0.5,
                        log_ci=(ci[0] / 0.5, ci[1] / 0.5),
                    )
                    for source, target, reached, rates, part, ci in parts
                ),
                **pair,
            ),
        ),
        alternatives=tuple(
            Alternative(definition=name, verdict=code, **told, **figures)
            for name, code in (("", "better"), ("silence15", "better"), ("softAnswers", "noClearDifference"))
        ),
        mixtures=tuple(
            Mixture(metric="answered", known=known, values=(0.50, 0.57), mix=mix, rate=0.07 - mix, **pair)
            for known, mix in (("viewport", 0.002), ("landing", -0.001))
        ),
        curves=(CurveTest(z=3.4, p_value=0.0007, **pair),),
        progress=(
            Progress(
                planned=3000,
                looks="daily",
                points=tuple(
                    LookPoint(
                        day=f"2026-11-{9 + day:02d}", n=215 * (day + 1), z=0.3 * day, bound=6 - 0.28 * day
                    )
                    for day in range(14)
                ),
                decided="2026-11-22",
                **pair,
            ),
        ),
    )


def transitions(variant: str = "redesign") -> tuple[Transition, ...]:
    """Two steps that changed, one of them clearly."""
    return tuple(
        Transition(
            variant=variant,
            control="current",
            source=source,
            target=target,
            values=values,
            p_value=p,
            p_any=p_any,
        )
        for source, target, values, p, p_any in (
            ("/", "/zwerfvuil", (0.02, 0.31), 0.0005, 0.0005),
            ("search", "abandoned", (0.12, 0.1), 0.2, 0.61),
        )
    )
