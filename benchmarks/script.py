# SPDX-License-Identifier: EUPL-1.2
"""How many bytes the script on the page is: as it is served, and as it goes over the line.

python benchmarks/script.py
"""

from __future__ import annotations

import argparse
import gzip
import sys

from benchmarks.limits import Figures
from tests.tracker.test_script_build import MOST_BYTES
from tracker.served_script import SCRIPT


def main() -> int:
    shape = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=__doc__, formatter_class=shape).parse_args()
    script = SCRIPT.read_bytes()
    size = len(gzip.compress(script, 9))
    with Figures() as figures:
        said = f"{size:,} of {len(script):,}"
        figures.add("bytes of the script on the page, gzipped", size, at_most=MOST_BYTES, said=said)
    return 1 if figures.missed else 0


if __name__ == "__main__":
    sys.exit(main())
