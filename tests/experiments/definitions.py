# SPDX-License-Identifier: EUPL-1.2
"""Experiments as the tests of this room write them down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from experiments.definition import Better, Experiment, Guardrail, Metric, Variant

#: In the middle of the test, at noon in Amsterdam.
NOON = datetime(2026, 6, 3, 10, tzinfo=UTC)

LITTER = Experiment(
    name="zwerfvuil",
    site="voorbeeldstad",
    question="Vinden meer bewoners waar zij zwerfvuil melden?",
    task="zwerfvuil",
    pages=("/", "/zoeken", "/afval/**"),
    variants=(Variant("current", 0.5), Variant("redesign", 0.5)),
    primary=Metric("answered", Better.HIGHER),
    guardrails=(Guardrail(Metric("contacted", Better.LOWER), 0.03),),
    planned_size=1200,
    starts=date(2026, 6, 1),
    ends=date(2026, 6, 14),
    approved_by="proceseigenaar afval",
    roll_back="klantreis experiment stop zwerfvuil",
)
DEBTS = replace(LITTER, name="schuldhulp", task="schuldhulp", pages=("/zoeken", "/schuldhulp/**"))

TEXT = """\
[experiment.zwerfvuil]
question = "Vinden meer bewoners waar zij zwerfvuil melden?"
site = "voorbeeldstad"
task = "zwerfvuil"
pages = ["/", "/zoeken", "/afval/**"]
starts = 2026-06-01
ends = 2026-06-14
planned_size = 1200
approved_by = "proceseigenaar afval"
roll_back = "klantreis experiment stop zwerfvuil"
[experiment.zwerfvuil.variants]
current = 50
redesign = 50
[experiment.zwerfvuil.primary]
metric = "answered"
better = "higher"
[[experiment.zwerfvuil.guardrails]]
metric = "contacted"
better = "lower"
margin = 0.03
"""


def litter(**changes: Any) -> Experiment:
    """The litter test with some fields changed."""
    return replace(LITTER, **changes)
