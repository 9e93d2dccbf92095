# SPDX-License-Identifier: EUPL-1.2
"""The hints of a task as a part of its page: what a job has left in `SITE.json`, in the page's language, and
for each a journey that was lost at its place, where the page's book has one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup

from analysis import wording
from analysis.journey_book import Book, Story
from analysis.rendering.journey_parts import Section, SectionMaker
from analysis.rendering.journey_stories import Read, ended, in_words
from analysis.rendering.templates import filled, unbroken

WORDS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "title": "Waar de meesten vastlopen",
        "link": "Lees reis {number}",
        "stories": "Reizen die hier vastliepen",
        "intro": "Elke reis is één vraag die echt op die plek vastliep, en die het meest lijkt op de andere "
        "die daar zo eindigden. We weten niet van wie.",
        "heading": "Reis {number}, vastgelopen {where}: {outcome}",
        "heading_version": "Reis {number}, bij {version} vastgelopen {where}: {outcome}",
        "like": "Zo eindigden daar {questions} vragen in de laatste dagen.",
        "experiment": "proef",
    },
    "en": {
        "title": "Where most are lost",
        "link": "Read journey {number}",
        "stories": "Journeys that were lost there",
        "intro": "Each journey is one question that really was lost at that place, and that is most like the "
        "others that ended there in that way. We do not know whose.",
        "heading": "Journey {number}, lost {where}: {outcome}",
        "heading_version": "Journey {number}, in {version} lost {where}: {outcome}",
        "like": "{questions} questions ended like this there in the last days.",
        "experiment": "experiment",
    },
}

#: Version and place of a hint, and of the story that was lost there.
_Place = tuple[str, str, str, int]


def hint_section(folder: Path) -> SectionMaker:
    """A maker of that part; it makes none where the job has left nothing about the task."""

    def make(book: Book, language: str) -> Section | None:
        found = [one for one in _tasks(folder, book.task.site) if one["task"] == book.task.task]
        if not found:
            return None
        known = {(one.exposure, one.kind, one.page, one.step): one.story for one in book.lost}
        told: dict[_Place, Read] = {}
        for one in found:
            for hint in one["hints"]:
                place = _place(one, hint)
                if place in known and "where" in hint:  # an earlier release wrote hints without it
                    told[place] = _story(known[place], hint, len(told) + 1, language)
        blocks = [_told(one, language, told) for one in found]
        return Section("hints", WORDS[language]["title"], Markup().join([*blocks, _read(told, language)]))

    return make


def _tasks(folder: Path, site: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = msgspec.json.decode((folder / f"{site}.json").read_bytes())["tasks"]
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return []
    return found


def _place(one: dict[str, Any], hint: dict[str, Any]) -> _Place:
    return (one["exposure"] or "", hint["kind"], hint["page"], hint["step"])


def _story(story: Story, hint: dict[str, Any], number: int, language: str) -> Read:
    words = WORDS[language]
    outcome = ended(story, language)
    heading = words["heading_version" if story.variant else "heading"].format(
        number=number,
        version=wording.variant_name(story.variant, language),
        where=hint["where"][language],
        outcome=f"{outcome[:1].lower()}{outcome[1:]}",
    )
    like = words["like"].format(questions=wording.number(story.questions, language))
    # Open, so that a link to it shows it: a browser unfolds only what a link points into.
    return in_words(story, language, heading=heading, like=like, is_open=True, name=f"story-hint-{number}")


def _told(one: dict[str, Any], language: str, told: Mapping[_Place, Read]) -> Markup:
    words = WORDS[language]
    heading = (
        Markup("<h3>{}</h3>").format(_version(one["exposure"], language, words)) if one["exposure"] else ""
    )
    numbers = {place: number for number, place in enumerate(told, 1)}
    rows = Markup()
    for hint in one["hints"]:
        place = _place(one, hint)
        link = Markup()
        if place in told:
            text = words["link"].format(number=numbers[place])
            link = Markup(' <a href="#{}">{}</a>').format(told[place].name, unbroken(text))
        rows += Markup("<li>{}{}</li>").format(unbroken(hint["sentence"][language]), link)
    summary = Markup("<p>{}</p>").format(unbroken(one["summary"][language]))
    return Markup("{}{}{}").format(heading, summary, Markup("<ol>{}</ol>").format(rows) if rows else "")


def _read(told: Mapping[_Place, Read], language: str) -> Markup:
    """The journeys that the hints link to."""
    if not told:
        return Markup()
    words = WORDS[language]
    body = filled("journeys/stories.html", intro=words["intro"], stories=list(told.values()))
    return Markup("<h3>{}</h3>{}").format(words["stories"], body)


def _version(exposure: str, language: str, words: Mapping[str, str]) -> str:
    """zwerfvuil=current as people say it."""
    experiment, _, variant = exposure.partition("=")
    name = wording.short_variant_name(variant, language)
    return f"{name[:1].upper()}{name[1:]} ({words['experiment']} {experiment})"
