# SPDX-License-Identifier: EUPL-1.2
"""Reports as they come out of experiments of about 1,500 browsers per variant, with invented numbers."""

from __future__ import annotations

import math
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from analysis.report import (
    Check,
    Curve,
    Estimand,
    Flow,
    Heartbeat,
    PathDistance,
    Pictures,
    Report,
    Result,
    Role,
    SetAside,
    Status,
    Transition,
    VariantCount,
    Verdict,
    VerdictCode,
)
from analysis.second_views import (
    Alternative,
    Belief,
    LookPoint,
    Progress,
    Reading,
    SecondViews,
    StepPart,
    StepParts,
    View,
)
from analysis.thresholds import DEFAULTS
from analysis.wording import LANGUAGES, caveat, check_sentence, verdict_sentence

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


def result(**changed: Any) -> Result:
    """The result of the contract's example, with what is `changed`."""
    fields: dict[str, Any] = {
        "metric": "answered",
        "estimand": Estimand.VISITOR,
        "segment": None,
        "variant": "redesign",
        "control": "current",
        "kind": "proportion",
        "n": (1490, 1510),
        "values": (0.50, 0.57),
        "estimate": 0.07,
        "ci": (0.03, 0.11),
        "relative": 0.14,
        "relative_ci": (0.06, 0.22),
        "p_value": 0.0004,
        "p_adjusted": 0.0008,
        "method": "Newcombe, Welch",
        "role": Role.PRIMARY,
        "value_cis": ((0.475, 0.525), (0.545, 0.595)),
    }
    return Result(**(fields | changed))


def refused(**changed: Any) -> Result:
    """A result that could not be had."""
    nothing = dict.fromkeys(
        ("values", "estimate", "ci", "relative", "relative_ci", "p_value", "p_adjusted", "value_cis")
    )
    return result(**(nothing | {"reason": "tooFewUnits"} | changed))


def check(name: str, status: Status, p_value: float | None = None, **facts: float) -> Check:
    sentence = {lang: check_sentence(name, status, language=lang, facts=facts) for lang in LANGUAGES}
    return Check(name=name, status=status, p_value=p_value, detail=sentence["en"], sentence=sentence)


def results(variant: str = "redesign") -> tuple[Result, ...]:
    """Every kind of result: shares, a ratio, means, a time, guardrails, segments and a refusal."""
    return (
        result(variant=variant),
        result(
            variant=variant,
            metric="success",
            estimand=Estimand.QUESTION,
            kind="ratio",
            n=(1803, 1745),
            values=(0.478, 0.551),
            estimate=0.073,
            ci=(0.038, 0.108),
            relative=0.153,
            relative_ci=(0.077, 0.232),
            p_value=0.00005,
            p_adjusted=0.0002,
            value_cis=((0.455, 0.501), (0.528, 0.574)),
            role=Role.SECONDARY,
            method="delta method over buckets",
        ),
        result(
            variant=variant,
            metric="time_s",
            kind="time",
            unit="s",
            better="lower",
            values=(1012.0, 861.0),
            estimate=-151.0,
            ci=(-232.0, -70.0),
            relative=-0.149,
            relative_ci=(-0.226, -0.071),
            p_value=0.0003,
            p_adjusted=0.0009,
            value_cis=((955.0, 1069.0), (803.0, 919.0)),
            role=Role.SECONDARY,
            method="restricted mean, Aalen-Johansen",
        ),
        result(
            variant=variant,
            metric="pages",
            kind="mean",
            unit="pages",
            better="lower",
            values=(4.82, 4.11),
            estimate=-0.71,
            ci=(-0.96, -0.46),
            relative=-0.147,
            relative_ci=(-0.196, -0.097),
            p_value=1e-8,
            p_adjusted=5e-8,
            value_cis=((4.63, 5.01), (3.95, 4.27)),
            role=Role.SECONDARY,
            method="Welch",
        ),
        result(
            variant=variant,
            metric="searches",
            kind="mean",
            better="lower",
            values=(0.91, 0.88),
            estimate=-0.03,
            ci=(-0.11, 0.05),
            relative=-0.033,
            relative_ci=(-0.12, 0.055),
            p_value=0.46,
            p_adjusted=0.46,
            value_cis=((0.85, 0.97), (0.83, 0.93)),
            role=Role.SECONDARY,
            method="Welch",
        ),
        refused(
            variant=variant,
            metric="first_answered",
            estimand=Estimand.FIRST_QUESTION,
            role=Role.SECONDARY,
            n=(11, 9),
        ),
        result(
            variant=variant,
            metric="contacted",
            better="lower",
            values=(0.162, 0.115),
            estimate=-0.047,
            ci=(-0.072, -0.022),
            relative=-0.29,
            relative_ci=(-0.42, -0.15),
            p_value=0.0002,
            p_adjusted=None,
            value_cis=((0.144, 0.182), (0.1, 0.132)),
            role=Role.GUARDRAIL,
            margin=0.02,
            unbroken=True,
        ),
        result(
            variant=variant,
            segment="viewport=s",
            n=(911, 930),
            values=(0.47, 0.56),
            estimate=0.09,
            ci=(0.044, 0.135),
            relative=0.19,
            relative_ci=(0.09, 0.30),
            p_value=0.0001,
            p_adjusted=0.0004,
            role=Role.SECONDARY,
        ),
        result(
            variant=variant,
            segment="viewport=l",
            n=(579, 580),
            values=(0.55, 0.586),
            estimate=0.036,
            ci=(-0.021, 0.093),
            relative=0.065,
            relative_ci=(-0.04, 0.17),
            p_value=0.22,
            p_adjusted=0.44,
            role=Role.SECONDARY,
        ),
    )


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


def report(**changed: Any) -> Report:
    """A redesign that helps: 57 of 100 visitors instead of 50."""
    outcome = results()
    code = VerdictCode.BETTER
    fields: dict[str, Any] = {
        "experiment": "zwerfvuil",
        "question": "Vinden bewoners sneller hoe zij zwerfvuil melden?",
        "control": "current",
        "period": {"from": "2026-11-09", "to": "2026-11-22"},
        "definitions": {
            "question": "Vinden bewoners sneller hoe zij zwerfvuil melden?",
            "site": "voorbeeldstad",
            "task": "zwerfvuil",
            "pages": ["/", "/zwerfvuil", "/melding/**"],
            "variants": [
                {"name": "current", "weight": 0.5, "buckets": 498},
                {"name": "redesign", "weight": 0.5, "buckets": 502},
            ],
            "coverage": 1.0,
            "primary": {"metric": "answered", "better": "higher"},
            "secondary": [{"metric": "time_s", "better": "lower"}],
            "guardrails": [{"metric": "contacted", "better": "lower", "margin": 0.02}],
            "plannedSize": 3000,
            "looks": {"when": "daily"},
            "starts": "2026-11-09",
            "ends": "2026-11-22",
            "approvedBy": "S. de Vries, proceseigenaar openbare ruimte",
            "rollBack": "Alle bezoekers krijgen weer de huidige versie.",
            "unit": "browser at its first exposure",
            "outcomeWindow": "the DAY of the first exposure",
            "success": "answered or read",
            "horizonS": 1800,
            "alpha": 0.05,
            "confidence": 0.95,
            "corrections": {
                "primary": "Holm over variants",
                "secondary": "Holm over metrics and variants",
                "guardrail": "none: all must hold",
                "exploration": "Benjamini-Hochberg, segments included",
            },
            "thresholds": asdict(DEFAULTS),
        },
        "checks": (
            check("sampleRatio", Status.PASS, 0.41),
            check("exposureMismatch", Status.PASS),
            check("plannedSize", Status.PASS, units=3000, planned=3000),
        ),
        "variants": (
            VariantCount(name="current", units=1490, visitors=1512, questions=1803),
            VariantCount(name="redesign", units=1510, visitors=1533, questions=1745),
        ),
        "results": outcome,
        "set_aside": (
            SetAside(reason="bot", rows=212),
            SetAside(reason="variant differs from the hash of the bucket", rows=1),
        ),
        "verdict": verdict(code, outcome[0]),
        "caveats": tuple(caveat(name, "en") for name in ("browsersNotPeople", "oneDay", "simulated")),
        "caveat_sentences": tuple(
            {lang: caveat(name, lang) for lang in LANGUAGES}
            for name in ("browsersNotPeople", "oneDay", "simulated")
        ),
        "pictures": Pictures(
            time_to_answer=(curve("current", 0.50, 420), curve("redesign", 0.57, 260)),
            flows=flows("current") + flows("redesign"),
            heartbeats=heartbeats("current") + heartbeats("redesign", 15),
        ),
        "transitions": transitions(),
        "paths": (
            PathDistance(variant="redesign", control="current", distance=0.24, expected=0.06, p_value=0.0005),
        ),
        "second": second(),
        "created_at": "2026-11-23T03:12:00Z",
    }
    return Report(**(fields | changed))


def verdict(code: VerdictCode, primary: Result | None, **facts: Any) -> Verdict:
    return Verdict(
        code=code,
        sentence={lang: verdict_sentence(code, primary, language=lang, **facts) for lang in LANGUAGES},
    )


def no_clear_difference() -> Report:
    """The planted A/A experiment."""
    primary = result(
        values=(0.502, 0.509),
        estimate=0.007,
        ci=(-0.029, 0.043),
        relative=0.014,
        relative_ci=(-0.056, 0.088),
        p_value=0.70,
        p_adjusted=0.70,
        value_cis=((0.477, 0.527), (0.484, 0.534)),
    )
    return report(
        experiment="aa-proef",
        question="Meten we twee gelijke versies ook als gelijk?",
        results=(primary,),
        verdict=verdict(VerdictCode.NO_CLEAR_DIFFERENCE, primary),
    )


def do_not_use() -> Report:
    """One version got far more visitors than agreed."""
    failed = check("sampleRatio", Status.FAIL, 0.00002)
    return report(
        experiment="schuldhulp",
        question="Melden meer bewoners zich aan als zij pas later papieren hoeven in te leveren?",
        checks=(failed, check("exposureMismatch", Status.WARN)),
        verdict=verdict(VerdictCode.DO_NOT_USE, None, failed=[failed]),
    )


def not_enough_data() -> Report:
    """An experiment that has just begun: nothing can be said, and nothing drawn."""
    primary = refused(n=(9, 11))
    return report(
        experiment="verhuizen",
        results=(primary,),
        checks=(check("plannedSize", Status.WARN, units=20, planned=3000),),
        verdict=verdict(VerdictCode.NOT_ENOUGH_DATA, None, units=20, planned_size=3000),
        pictures=Pictures(),
        transitions=(),
        paths=(),
        second=SecondViews(),
        set_aside=(),
        caveats=(),
        caveat_sentences=(),
    )


def three_variants() -> Report:
    """Two new versions beside the current one."""
    base = report()
    short = tuple(
        result(
            **{name: getattr(one, name) for name in one.__struct_fields__}
            | ({} if one.estimate is None else {"estimate": one.estimate / 2})
            | ({} if one.relative is None else {"relative": one.relative / 2})
            | (
                {}
                if one.ci is None
                else {"ci": (one.ci[0] - 0.5 * (one.estimate or 0), one.ci[1] - 0.5 * (one.estimate or 0))}
            )
            | (
                {}
                if one.relative_ci is None
                else {"relative_ci": (one.relative_ci[0] - 0.07, one.relative_ci[1] - 0.07)}
            )
            | (
                {}
                if one.values is None
                else {"values": (one.values[0], one.values[0] + (one.estimate or 0) / 2)}
            )
            | {
                "p_adjusted": 0.06,
                "value_cis": None
                if one.segment or one.metric != "answered"
                else ((0.475, 0.525), (0.51, 0.56)),
            }
        )
        for one in results("kort")
    )
    return report(
        experiment="zwerfvuil-drie",
        variants=(*base.variants, VariantCount(name="kort", units=1497, visitors=1503, questions=1760)),
        results=base.results + short,
        pictures=Pictures(
            time_to_answer=(*base.pictures.time_to_answer, curve("kort", 0.535, 300)),
            flows=base.pictures.flows,
            heartbeats=base.pictures.heartbeats + heartbeats("kort", 6),
        ),
    )


def all_reports() -> tuple[Report, ...]:
    return (report(), no_clear_difference(), do_not_use(), not_enough_data(), three_variants())
