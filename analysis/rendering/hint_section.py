# SPDX-License-Identifier: EUPL-1.2
"""The hints of a task as a part of its page: what a job has left in `SITE.json`, in the page's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup

from analysis import wording
from analysis.journey_book import Book
from analysis.rendering.journey_parts import Section, SectionMaker
from analysis.rendering.templates import unbroken

_WORDS = {
    "nl": {"title": "Waar de meesten vastlopen", "link": "Bekijk reizen", "experiment": "proef"},
    "en": {"title": "Where most are lost", "link": "See journeys", "experiment": "experiment"},
}


def hint_section(folder: Path) -> SectionMaker:
    """A maker of that part; it makes none where the job has left nothing about the task."""

    def make(book: Book, language: str) -> Section | None:
        found = [one for one in _tasks(folder, book.task.site) if one["task"] == book.task.task]
        if not found:
            return None
        words = _WORDS[language]
        return Section("hints", words["title"], Markup().join(_told(one, language, words) for one in found))

    return make


def _tasks(folder: Path, site: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = msgspec.json.decode((folder / f"{site}.json").read_bytes())["tasks"]
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return []
    return found


def _told(one: dict[str, Any], language: str, words: dict[str, str]) -> Markup:
    heading = (
        Markup("<h3>{}</h3>").format(_version(one["exposure"], language, words)) if one["exposure"] else ""
    )
    link = Markup('<a href="#stories">{}</a>').format(words["link"])
    rows = Markup().join(
        Markup("<li>{} {}</li>").format(unbroken(hint["sentence"][language]), link) for hint in one["hints"]
    )
    told = Markup("<p>{}</p>").format(unbroken(one["summary"][language]))
    return Markup("{}{}{}").format(heading, told, Markup("<ol>{}</ol>").format(rows) if rows else "")


def _version(exposure: str, language: str, words: dict[str, str]) -> str:
    """zwerfvuil=current as people say it."""
    experiment, _, variant = exposure.partition("=")
    name = wording.short_variant_name(variant, language)
    return f"{name[:1].upper()}{name[1:]} ({words['experiment']} {experiment})"
