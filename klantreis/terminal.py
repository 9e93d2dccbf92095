# SPDX-License-Identifier: EUPL-1.2
"""Tables on a terminal; in a pipe the same rows, separated by tabs, whole."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import StringIO


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Text of a table: aligned for people, tab-separated for programs."""
    if not sys.stdout.isatty():
        return "\n".join("\t".join(str(cell) for cell in row) for row in [columns, *rows])
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text(str(cell)) for cell in row))
    text = StringIO()
    Console(file=text, width=Console().width, force_terminal=True).print(drawn)
    return text.getvalue().rstrip("\n")
