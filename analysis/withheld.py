# SPDX-License-Identifier: EUPL-1.2
"""What a report keeps to itself while there is no verdict: each p-value, and every chance to be better.

Figures and their intervals stay, to see whether all goes well; a p-value that is renewed every night would be
taken for a verdict.
"""

from __future__ import annotations

from msgspec.structs import replace

from analysis.report import Report, Role


def withheld(report: Report) -> Report:
    """The report without what only a verdict makes readable.

    Guardrails keep theirs, which tests a margin: who is responsible must see harm as soon as it is there.
    """
    second = report.second
    return replace(
        report,
        results=tuple(
            one if one.role is Role.GUARDRAIL else replace(one, p_value=None, p_adjusted=None)
            for one in report.results
        ),
        second=replace(
            second,
            readings=tuple(replace(one, p_value=None) for one in second.readings),
            alternatives=tuple(replace(one, p_value=None) for one in second.alternatives),
            curves=tuple(replace(one, z=None, p_value=None) for one in second.curves),
            beliefs=(),
        ),
    )
