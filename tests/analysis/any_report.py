# SPDX-License-Identifier: EUPL-1.2
"""Any report that the types allow, however unlikely, for tests of what must hold of all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from analysis.report import (
    Check,
    Curve,
    Estimand,
    Flow,
    Heartbeat,
    Pictures,
    Report,
    Result,
    Role,
    SetAside,
    Status,
    VariantCount,
    Verdict,
    VerdictCode,
)
from analysis.tables import Outcome, Phase

HOSTILE = ("<b>vet</b>", '"><script>alert(1)</script>', "a & b", "{{ 7 * 7 }}", "]]>", "\x1b[31mrood")

names = (
    st.sampled_from(("current", "redesign", "kort", "B")) | st.sampled_from(HOSTILE) | st.text(max_size=30)
)
numbers = st.floats(-1e9, 1e9) | st.floats(0, 1)
counts = st.integers(0, 10**9)
pairs = st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))
sentences = st.fixed_dictionaries({"nl": names, "en": names})


@st.composite
def results(draw: st.DrawFn) -> Result:
    has_figures = draw(st.booleans())
    figures: dict[str, Any] = dict.fromkeys(
        ("values", "estimate", "ci", "relative", "relative_ci", "p_value", "p_adjusted", "value_cis")
    )
    if has_figures:
        figures = {
            "values": draw(st.tuples(numbers, numbers)),
            "estimate": draw(numbers),
            "ci": draw(pairs),
            "relative": draw(st.none() | numbers),
            "relative_ci": draw(st.none() | pairs),
            "p_value": draw(st.none() | st.floats(0, 1)),
            "p_adjusted": draw(st.none() | st.floats(0, 1)),
            "value_cis": draw(st.none() | st.tuples(pairs, pairs)),
        }
    return Result(
        metric=draw(st.sampled_from(("answered", "time_s", "pages", "success")) | names),
        estimand=draw(st.sampled_from(list(Estimand))),
        segment=draw(st.none() | st.just("viewport=s") | names),
        variant=draw(names),
        control=draw(names),
        kind=draw(st.sampled_from(("proportion", "mean", "ratio", "time"))),
        n=draw(st.tuples(counts, counts)),
        method=draw(names),
        role=draw(st.sampled_from(list(Role))),
        better=draw(st.sampled_from(("higher", "lower"))),
        unit=draw(st.sampled_from(("", "s", "pages"))),
        margin=draw(st.none() | st.floats(0, 1)),
        unbroken=draw(st.none() | st.booleans()),
        reason=None if has_figures else draw(names),
        **figures,
    )


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    length = draw(st.integers(0, 5))
    shares = st.lists(st.floats(0, 1), min_size=length, max_size=length).map(lambda s: tuple(sorted(s)))
    times = st.lists(st.floats(0, 1e5), min_size=length, max_size=length).map(lambda s: tuple(sorted(s)))
    return Curve(
        variant=draw(names),
        time_s=draw(times),
        **{part: draw(shares) for part in ("answered", "low", "high", "elsewhere", "abandoned")},
    )


touchpoints = st.sampled_from(["/", "/afval", "search", *[outcome.value for outcome in Outcome]]) | names
flows = st.builds(
    Flow, variant=names, order=st.integers(0, 6), source=touchpoints, target=touchpoints, questions=counts
)
heartbeats = st.builds(
    Heartbeat,
    variant=names,
    phase=st.sampled_from([phase.value for phase in Phase]) | names,
    given=st.booleans(),
    counts=st.tuples(counts, counts, counts),
    mean=st.floats(-1, 1),
)
pictures = st.builds(
    Pictures,
    time_to_answer=st.lists(curves(), max_size=3).map(tuple),
    flows=st.lists(flows, max_size=12).map(tuple),
    heartbeats=st.lists(heartbeats, max_size=6).map(tuple),
)
definitions = st.dictionaries(
    st.sampled_from(("primary", "plannedSize", "horizonS", "thresholds", "coverage", "starts")) | names,
    st.none() | st.booleans() | st.integers(0, 9999) | numbers | names | st.lists(names, max_size=3)
    | st.dictionaries(names, names | numbers, max_size=3),
    max_size=5,
)  # fmt: skip

reports = st.builds(
    Report,
    experiment=names,
    question=names,
    control=names,
    period=st.fixed_dictionaries(
        {"from": names | st.just("2026-11-09"), "to": names | st.just("2026-11-22")}
    ),
    definitions=definitions,
    checks=st.lists(
        st.builds(
            Check,
            name=st.sampled_from(("sampleRatio", "plannedSize")) | names,
            status=st.sampled_from(list(Status)),
            p_value=st.none() | st.floats(0, 1),
            detail=names,
            sentence=sentences,
        ),
        max_size=3,
    ).map(tuple),
    variants=st.lists(
        st.builds(VariantCount, name=names, units=counts, visitors=counts, questions=counts), max_size=4
    ).map(tuple),
    results=st.lists(results(), max_size=5).map(tuple),
    set_aside=st.lists(st.builds(SetAside, reason=names, rows=counts), max_size=3).map(tuple),
    verdict=st.builds(Verdict, code=st.sampled_from(list(VerdictCode)), sentence=sentences),
    caveats=st.lists(names, max_size=2).map(tuple),
    caveat_sentences=st.lists(sentences, max_size=2).map(tuple),
    pictures=pictures,
    created_at=names | st.sampled_from(("", "2026-11-23T03:12:00Z", "0001-01-01T00:00:00Z")),
)
