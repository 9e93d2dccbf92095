# SPDX-License-Identifier: EUPL-1.2
"""Reports as they come out of experiments of about 1,500 browsers per variant, with invented numbers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from analysis.report import (
    PathDistance,
    Pictures,
    Report,
    Result,
    SetAside,
    Status,
    VariantCount,
    Verdict,
    VerdictCode,
)
from analysis.second_views import (
    SecondViews,
)
from analysis.thresholds import DEFAULTS
from analysis.wording import LANGUAGES, caveat, verdict_sentence
from tests.analysis.sample_pictures import curve, flows, heartbeats, second, transitions
from tests.analysis.sample_results import check, refused, result, results


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
