# SPDX-License-Identifier: EUPL-1.2
"""What is told about a set of experiments before they start."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from experiments.checking import Severity, check
from experiments.definition import Experiment, Variant
from experiments.lifecycle import Record, started
from tests.experiments.definitions import DEBTS, LITTER, NOON, litter

TODAY = date(2026, 5, 20)


def running(experiment: Experiment) -> Record:
    return started(experiment, None, actor="N. Testman", now=NOON, day=date(2026, 6, 3))


def test_a_sound_set_has_nothing_to_tell() -> None:
    assert check([LITTER], today=TODAY, sites={"voorbeeldstad"}, tasks={"zwerfvuil"}) == ()


@pytest.mark.parametrize(
    ("experiment", "options", "severity", "says"),
    [
        (litter(approved_by=""), {}, Severity.ERROR, "approved_by is empty"),
        (litter(roll_back=" "), {}, Severity.ERROR, "roll_back is empty"),
        (LITTER, {"sites": {"voorbeeldstat"}}, Severity.ERROR, 'Did you mean "voorbeeldstat"?'),
        (LITTER, {"tasks": {"afval"}}, Severity.ERROR, 'there is no task "zwerfvuil"'),
        (LITTER, {"tasks": set()}, Severity.ERROR, "None is defined here."),
        (LITTER, {"today": date(2026, 7, 1)}, Severity.WARNING, "its last day, 2026-06-14, is over"),
        (litter(ends=date(2026, 6, 3)), {}, Severity.WARNING, "it lasts 3 days"),
        (litter(coverage=0.05), {}, Severity.WARNING, "only 21 of 1,000 buckets see current"),
        (litter(planned_size=100), {}, Severity.WARNING, "leaves current about 49 browsers"),
        (
            litter(variants=(Variant("current", 0.95), Variant("redesign", 0.05))),
            {},
            Severity.WARNING,
            "leaves redesign about",
        ),
        (
            LITTER,
            {"browsers_per_day": {"zwerfvuil": 50}},
            Severity.WARNING,
            "planned_size 1200 is not reached in 14 days with 50 browsers a day: it takes 24 days.",
        ),
        (LITTER, {"browsers_per_day": {"zwerfvuil": 0}}, Severity.WARNING, "it takes for ever"),
        (
            litter(planned_size=900),
            {"records": {"zwerfvuil": running(LITTER)}},
            Severity.ERROR,
            "the definition was changed after the start (planned_size)",
        ),
    ],
)
def test_findings(experiment: Experiment, options: dict[str, Any], severity: Severity, says: str) -> None:
    (finding,) = check([experiment], **{"today": TODAY, **options})
    assert (finding.experiment, finding.severity) == ("zwerfvuil", severity)
    assert says in finding.sentence


def test_a_variant_that_nobody_can_see_is_an_error() -> None:
    """With a ten-thousandth of the browsers the thousand buckets leave nothing to share out."""
    found = check([litter(coverage=0.0001)], today=TODAY)
    assert [one.sentence for one in found if one.severity is Severity.ERROR] == [
        f"no bucket sees {name}: weight or coverage is too small. Raise it."
        for name in ("current", "redesign")
    ]


def test_a_traffic_that_suffices_is_no_finding() -> None:
    assert check([LITTER], today=TODAY, browsers_per_day={"zwerfvuil": 86}) == ()


def test_a_ramp_is_no_change() -> None:
    assert check([LITTER], today=date(2026, 6, 3), records={"zwerfvuil": running(litter(coverage=0.5))}) == ()


class TestOverlap:
    def test_tests_on_the_same_pages_are_a_warning(self) -> None:
        (finding,) = check([LITTER, DEBTS], today=TODAY)
        assert str(finding) == (
            "warning: zwerfvuil: schuldhulp runs at the same time on /zoeken. Both comparisons stay fair: "
            "who sees what is drawn independently; look whether the two changes get in each other's way."
        )

    def test_one_that_runs_but_is_no_longer_written_down_counts(self) -> None:
        (finding,) = check([LITTER], today=date(2026, 6, 3), records={"schuldhulp": running(DEBTS)})
        assert "schuldhulp runs at the same time" in finding.sentence

    @pytest.mark.parametrize(
        "other",
        [
            litter(name="later", starts=date(2026, 6, 15), ends=date(2026, 6, 30)),
            litter(name="elsewhere", site="anderstad"),
            litter(name="other-pages", pages=("/paspoort/**",)),
        ],
    )
    def test_no_overlap(self, other: Experiment) -> None:
        assert check([LITTER, other], today=TODAY) == ()


def test_errors_come_first() -> None:
    found = check([litter(name="b", roll_back=""), litter(name="a", ends=date(2026, 6, 3))], today=TODAY)
    assert [one.severity for one in found] == [Severity.ERROR, Severity.WARNING, Severity.WARNING]
