# SPDX-License-Identifier: EUPL-1.2
"""Improvement hints as sentences in Dutch and English, and as JSON for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import msgspec

from analysis import notation
from analysis.hints import Hint, TaskHints
from analysis.losses import PlaceKind
from analysis.notation import LANGUAGES

SCHEMA_VERSION = 1
#: Words that one sentence names.
_WORDS = 5

_WHERE: Mapping[str, Mapping[PlaceKind, str]] = {
    "nl": {
        PlaceKind.RETURNS: "na een blik op {page}",
        PlaceKind.ZERO_RESULTS: "bij een zoekopdracht zonder resultaten",
        PlaceKind.RESULTS: "op een pagina met zoekresultaten, zonder er een te openen",
        PlaceKind.FORM: "in het formulier op {page}",
        PlaceKind.PAGE: "na het lezen van {page}",
        PlaceKind.UNSEEN: "op een pagina die niet is gezien",
    },
    "en": {
        PlaceKind.RETURNS: "after a glance at {page}",
        PlaceKind.ZERO_RESULTS: "at a search without results",
        PlaceKind.RESULTS: "on a page of search results, without opening one",
        PlaceKind.FORM: "in the form on {page}",
        PlaceKind.PAGE: "after reading {page}",
        PlaceKind.UNSEEN: "on a page that was not seen",
    },
}


def where(hint: Hint, language: str) -> str:
    """The place in words: in the form on /melding/stap-3 (step 3)."""
    said = _WHERE[language][hint.kind].format(page=hint.page)
    if hint.kind is PlaceKind.FORM and hint.step:
        said += f" (stap {hint.step})" if language == "nl" else f" (step {hint.step})"
    return said


def sentence(hint: Hint, language: str) -> str:
    """What happens at the place, with its figures."""
    came, lost, called = (notation.number(count, language) for count in (hint.came, hint.lost, hint.called))
    share, low, high = (notation.percentage(value, language) for value in (hint.share, hint.low, hint.high))
    place = where(hint, language)
    if language == "nl":
        verb = "liep" if hint.lost == 1 else "liepen"
        said = f"{lost} van de {came} vragen {verb} stuk {place}: {share}, waarschijnlijk {low} tot {high}."
    else:
        said = f"{lost} of {came} questions were lost {place}: {share}, probably {low} to {high}."
    return " ".join([said, *_details(hint, called, language)])


def _details(hint: Hint, called: str, language: str) -> list[str]:
    """The figures behind: who called, errors, returns, words."""
    nl = language == "nl"
    told = []
    if hint.called:
        verb = "belde of mailde" if hint.called == 1 else "belden of mailden"
        told.append(f"{called} {verb}." if nl else f"{called} called or mailed.")
    if hint.unbegun:
        count = notation.number(hint.unbegun, language)
        verb = "vulde" if hint.unbegun == 1 else "vulden"
        told.append(f"{count} {verb} er niets in." if nl else f"{count} filled in nothing there.")
    if hint.errors:
        failed, errors = (notation.number(count, language) for count in (hint.failed, hint.errors))
        told.append(
            f"Foutmeldingen bij {failed} van de vragen die er kwamen, samen {errors} keer."
            if nl
            else f"Errors in {failed} of the questions that came there, {errors} times together."
        )
    if hint.returns:
        count = notation.number(hint.returns, language)
        told.append(
            f"De pagina werd {count} keer binnen 15 seconden weer verlaten naar de resultaten."
            if nl
            else f"The page was left for the results within 15 seconds {count} times."
        )
    if hint.words:
        words = ", ".join(
            f"\u201c{one.words}\u201d ({notation.number(one.searches, language)})"
            for one in hint.words[:_WORDS]
        )
        told.append(f"Niets gevonden voor {words}." if nl else f"Nothing was found for {words}.")
    return told


def summary(found: TaskHints, language: str) -> str:
    """How many are lost in all, and how many elsewhere."""
    lost, questions, elsewhere = (
        notation.number(count, language) for count in (found.lost, found.questions, found.elsewhere)
    )
    if not found.hints:
        return (
            f"{lost} van de {questions} vragen liepen stuk, te weinig op \u00e9\u00e9n plek om iets aan "
            f"te wijzen."
            if language == "nl"
            else f"{lost} of {questions} questions were lost, too few in any one place to point at."
        )
    return (
        f"{lost} van de {questions} vragen liepen stuk, waarvan {elsewhere} op andere plekken dan deze."
        if language == "nl"
        else f"{lost} of {questions} questions were lost, {elsewhere} of them in other places than these."
    )


def to_json(found: Sequence[TaskHints], site: str, first: date, last: date, computed_at: datetime) -> bytes:
    """All hints of a site, both languages, with a line break at the end."""
    whole = {
        "schemaVersion": SCHEMA_VERSION,
        "computedAt": computed_at.isoformat(timespec="seconds"),
        "site": site,
        "period": {"from": first, "to": last},
        "tasks": [_task(one) for one in found],
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"


def _task(found: TaskHints) -> dict[str, Any]:
    return {
        "task": found.task,
        "exposure": found.exposure,
        "questions": found.questions,
        "visitors": found.visitors,
        "lost": found.lost,
        "elsewhere": found.elsewhere,
        "journeys": found.address,
        "summary": {language: summary(found, language) for language in LANGUAGES},
        "hints": [
            {
                **asdict(hint),
                "where": {language: where(hint, language) for language in LANGUAGES},
                "sentence": {language: sentence(hint, language) for language in LANGUAGES},
            }
            for hint in found.hints
        ],
    }
