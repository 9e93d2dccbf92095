# SPDX-License-Identifier: EUPL-1.2
"""What the sections of the pages /journeys/ are made of: a picture, its sentence, its tables, in one form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from analysis import wording
from analysis.journey_book import Book
from analysis.rendering.journey_labels import JOURNEYS
from analysis.rendering.pictures import Caption
from analysis.rendering.sections import Table
from analysis.rendering.templates import filled

BARS = 12  # rows of a picture of bars; the table has all


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page; `name` is its place in the address."""

    name: str
    title: str
    body: Markup


SectionMaker = Callable[[Book, str], Section | None]


def figure(
    name: str,
    caption: Caption,
    drawings: list[Markup] | list[tuple[str, list[Markup]]],
    tables: list[Table],
    note: str,
    language: str,
    *,
    more: list[str] | None = None,
) -> Section:
    """Drawings (in panels with a heading, where there are several) with their sentence, note and tables."""
    panels = [one if isinstance(one, tuple) else ("", [one]) for one in drawings]
    if panels and not panels[0][0]:
        panels = [("", [drawing for _, each in panels for drawing in each])]
    body = filled(
        "journeys/figure.html",
        name=name,
        sentence=caption.description,
        panels=panels,
        tables=tables,
        note=note,
        more=more or [],
        numbers=JOURNEYS[language]["numbers"],
    )
    return Section(name, caption.title, body)


def version_name(name: str, language: str) -> str:
    return wording.short_variant_name(name, language) if name else JOURNEYS[language]["all"]


def period_text(first: str, last: str, language: str) -> str:
    return wording.period(date.fromisoformat(first), date.fromisoformat(last), language)
