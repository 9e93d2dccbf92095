# SPDX-License-Identifier: EUPL-1.2
"""Is scrubbing linear? Texts made to be slow, of 1,000 to 60,000 characters, and what ten times more costs.

A linear scrubber takes ten times as long for ten times the text; one that a stranger can make backtrack takes
a hundred times. The figure is the larger of those ratios; the command ends with 1 where one is above 20.
Processor time, the best of several, so that a busy machine matters little.

    python benchmarks/scrub.py
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks.limits import Figures
from tracker.case_numbers import CaseNumbers
from tracker.scrub import scrub

SIZES = (1_000, 6_000, 10_000, 60_000)
STEEPEST = 20
LEAST_S = 0.005  # below that it is the clock that is measured
CASES = CaseNumbers(["Z-####-######", "ZAAK/####/#+", "@@##.####"])
#: What is repeated, by the part of the scrubber that it is meant to slow down.
HEAVY = {
    "letters": "a",
    "digits": "1",
    "single digits": "9 ",
    "digits in pairs": "99.",
    "groups of a BSN": "999 990 019 1 ",
    "dates": "12-05-2026 ",
    "at signs": "@",
    "mailboxes": "a@",
    "a long host": "a.",
    "veiled addresses": "a [at] b dot ",
    "veiled, nearly": "a at b dot ",
    "zeros of a telephone": "0 6 ",
    "plus 31": "+31 (0) ",
    "starts of an IBAN": "NL11",
    "an IBAN, nearly": "NL91ABNA0417164301 ",
    "postcodes": "1234AB",
    "postcodes, nearly": "1234 AB nummer ",
    "numbers before one": "12, ",
    "cues": "dob ",
    "cues without dates": "geboren ",
    "dates before a cue": "1-2-1980 geboren ",
    "months": "mei ",
    "percent": "%",
    "percent of percent": "%25",
    "encoded digits": "%39",
    "nested codes": "%%33",
    "references": "&#57;",
    "references, nearly": "&amp;",
    "spaces": " ",
    "zero-width": "\u200b9",
    "another script": "\u0669\u0669\u00e9",
    "plus": "1+",
    "case numbers, nearly": "Z-2026-01234 ",
    "runs of a case number": "ZAAK/2026/",
    "brackets": "[bsn] geboren ",
}


def seconds(text: str) -> float:
    """The least processor time of a few scrubbings."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        scrub(text, cases=CASES)
        best = min(best, time.process_time() - began)
        if best > 1:
            break
    return best


def main() -> int:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    with Figures() as figures:
        for name, unit in HEAVY.items():
            took = [seconds(("1 " + unit * (size // len(unit) + 1))[:size]) for size in SIZES]
            ratio = max(took[2] / took[0], took[3] / took[1])
            said = (
                f"{ratio:.1f} times as long; {took[-1] / SIZES[-1] * 1e9:.0f} ns a character of {SIZES[-1]:,}"
            )
            judged = took[-1] > LEAST_S
            figures.add(f"ten times the text: {name}", ratio, at_most=STEEPEST, judged=judged, said=said)
    return 1 if figures.missed else 0


if __name__ == "__main__":
    sys.exit(main())
