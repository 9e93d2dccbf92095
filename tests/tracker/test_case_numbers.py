# SPDX-License-Identifier: EUPL-1.2
"""Case numbers are found as residents write them; a mask that would find more is refused."""

from __future__ import annotations

import pytest

from tracker.case_numbers import CaseNumbers, MaskError
from tracker.scrub import scrub

CASES = CaseNumbers(["Z-####-######", "ZAAK-####-#+", "@@##.####"])


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param("status Z-2026-012345", "status [case]", id="as it is"),
        pytest.param("z 2026 012345", "[case]", id="as residents type it"),
        pytest.param("Z2026012345", "[case]", id="without signs"),
        pytest.param("/zaken/Z%2D2026%2D012345/brief", "/zaken/[case]/brief", id="encoded"),
        pytest.param("zaaknummerZ-2026-012345", "zaaknummer[case]", id="stuck to a word"),
        pytest.param("zaak/2026/7", "[case]", id="a short run"),
        pytest.param("ZAAK-2026-123456789012", "[case]", id="the longest run"),
        pytest.param("ab12.2026", "[case]", id="letters"),
        pytest.param("Z-2026-999990019", "Z-2026-[bsn]", id="more digits than the mask is another thing"),
        pytest.param("Z-2026-01234", "Z-2026-01234", id="fewer digits"),
        pytest.param("begroting 2026", "begroting 2026", id="a year"),
        pytest.param("12-05-2026", "12-05-2026", id="a date"),
    ],
)
def test_finds(text: str, clean: str) -> None:
    assert scrub(text, cases=CASES)[0] == clean


def test_without_masks_nothing_is_a_case() -> None:
    assert scrub("Z-2026-012345", cases=CaseNumbers([])) == ("Z-2026-012345", ())
    assert scrub("Z-2026-012345") == ("Z-2026-012345", ())


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        pytest.param("", "expected 1 to 40", id="nothing"),
        pytest.param("#" * 41, "expected 1 to 40", id="too long"),
        pytest.param(7, "expected 1 to 40", id="no text"),
        pytest.param(r"Z-\d{4}", r"the sign '\\\\'", id="a regular expression"),
        pytest.param("(a+)+b12345", "the sign '\\('", id="a catastrophic one"),
        pytest.param("Z-####", "expected at least 5", id="too little to be a case"),
        pytest.param("zaak", "expected at least 5", id="a word"),
        pytest.param("#####", "would match any number", id="any number"),
        pytest.param("Z-#+-#+-#####", "one at most", id="two runs"),
        pytest.param("Zé-#####", "the sign 'é'", id="a letter beyond ASCII"),
    ],
)
def test_refuses(mask: object, says: str) -> None:
    with pytest.raises(MaskError, match=says):
        CaseNumbers([mask])  # type: ignore[list-item]


def test_refuses_too_many() -> None:
    with pytest.raises(MaskError, match="at most 32"):
        CaseNumbers(["Z-######"] * 33)
