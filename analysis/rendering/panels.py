# SPDX-License-Identifier: EUPL-1.2
"""What a figure of a report is made of: drawings in two widths, a sentence, and the table of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from analysis.rendering.sections import Table

WIDTHS = (720.0, 340.0)  # of a page, of a phone


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing in its two widths; `heading` is empty where the figure has only one panel."""

    heading: str
    drawings: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    title: str
    sentence: str
    panels: tuple[Panel, ...]
    table: Table
    note: str = ""


def one_panel(draw: Callable[[float], Markup]) -> tuple[Panel, ...]:
    """A figure with a single drawing, made once for each width."""
    return (Panel("", tuple(draw(width) for width in WIDTHS)),)
