# SPDX-License-Identifier: EUPL-1.2
"""Forms of several steps: what is asked, and whether an answer will do.

A form is a file `pages/formulieren/NAME.toml`, or `NAME.VARIANT.toml` where it has versions. What a visitor
fills in is checked here, kept in the visitor's own cookie until the form is sent, and then thrown away.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from web_demo.content import PAGES
from web_demo.errors import FormDefinitionError

FORMS = PAGES / "formulieren"
CHOICES = frozenset({"select", "radio", "checkboxes"})
KINDS = CHOICES | {"text", "textarea", "tel", "email", "date", "postcode", "checkbox", "file"}
LONGEST_TEXT = 100
LONGEST_TEXTAREA = 600  # all answers together must fit in one cookie of 4 kB

_PATTERNS = {
    "tel": (
        re.compile(r"\+?[0-9][0-9 ()-]{8,17}"),
        "Vul een telefoonnummer in van 10 cijfers, bijvoorbeeld 06 12 34 56 78.",
    ),
    "email": (
        re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
        "Vul een e-mailadres in zoals naam@voorbeeld.nl.",
    ),
    "date": (
        re.compile(r"(0?[1-9]|[12]\d|3[01])[-/ .](0?[1-9]|1[0-2])[-/ .](19|20)\d\d"),
        "Vul een datum in zoals 31-12-2026.",
    ),
    "postcode": (re.compile(r"[1-9]\d{3} ?[A-Za-z]{2}"), "Vul een postcode in zoals 1234 AB."),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `options` are the choices of a select, of radio buttons or of a list of check boxes."""

    name: str
    label: str
    kind: str = "text"
    required: bool = True
    hint: str = ""
    missing: str = ""
    options: tuple[str, ...] = ()
    autocomplete: str = ""
    all_required: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a form. A step without fields shows what was filled in, and is the last."""

    title: str
    fields: tuple[Field, ...] = ()
    intro: str = ""
    button: str = "Volgende stap"


@dataclass(frozen=True, slots=True)
class Form:
    """A form in one version. `parent` is the page that leads to it."""

    name: str
    path: str
    title: str
    parent: str
    goal: str
    steps: tuple[Step, ...]
    thanks_title: str
    thanks: str
    experiment: str | None = None
    variant: str | None = None

    def step_path(self, number: int) -> str:
        return f"{self.path}/stap-{number}"

    @property
    def thanks_path(self) -> str:
        return f"{self.path}/bedankt"


Answers = Mapping[str, str]


def check(step: Step, given: Mapping[str, list[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """What was filled in on one step, and what is wrong with it.

    Args:
        step: the questions.
        given: the submitted values by name; unknown names are ignored.

    Returns:
        The cleaned answers and the errors, both by field name; errors are in the order of the questions.
    """
    answers: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field in step.fields:
        if field.kind == "file":
            continue  # only the file's name was sent, and nothing here wants even that
        values = [value for raw in given.get(field.name, []) if (value := _clean(field, raw))]
        error = _error(field, values)
        if error:
            errors[field.name] = error
        limit = LONGEST_TEXTAREA if field.kind == "textarea" else LONGEST_TEXT
        answers[field.name] = "\n".join(value[:limit] for value in values)
    return answers, errors


def first_open_step(form: Form, answers: Answers) -> int:
    """The number of the first step that still lacks a valid answer; the last step where all are done."""
    for number, step in enumerate(form.steps, start=1):
        given = {field.name: _values(field, answers.get(field.name, "")) for field in step.fields}
        started = not step.fields or any(field.name in answers for field in step.fields)
        if not started or check(step, given)[1]:
            return number
    return len(form.steps)


def load_forms(root: Path = FORMS) -> dict[str, dict[str, Form]]:
    """Every form under `root`: by name, then by variant ("" where it has no versions).

    Raises:
        FormDefinitionError: a file misses a key or asks something that cannot be asked.
    """
    forms: dict[str, dict[str, Form]] = {}
    for file in sorted(root.glob("*.toml")):
        form = read_form(file)
        forms.setdefault(form.name, {})[form.variant or ""] = form
    return forms


def read_form(file: Path) -> Form:
    """One form from its file."""
    try:
        entry = tomllib.loads(file.read_text(encoding="utf-8"))
        steps = tuple(_step(step) for step in entry.pop("steps"))
        form = Form(steps=steps, variant=file.stem.partition(".")[2] or None, **entry)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise FormDefinitionError(f"{file.name} is no form: {error}.") from error
    if bool(form.variant) != bool(form.experiment):
        raise FormDefinitionError(f"{file.name}: a version has both NAME.VARIANT.toml and an experiment.")
    return form


def _step(entry: dict[str, Any]) -> Step:
    fields = tuple(
        Field(**{**field, "options": tuple(field.get("options", ()))}) for field in entry.pop("fields", ())
    )
    for field in fields:
        if field.kind not in KINDS:
            raise ValueError(f"field {field.name!r} has kind {field.kind!r}; expected one of {sorted(KINDS)}")
        if field.kind in CHOICES and not field.options:
            raise ValueError(f"field {field.name!r} of kind {field.kind!r} has no options")
    return Step(fields=fields, **entry)


def _values(field: Field, answer: str) -> list[str]:
    """An answer as it was submitted: ticked boxes were kept one a line."""
    return answer.split("\n") if field.kind == "checkboxes" else [answer]


def _clean(field: Field, value: str) -> str:
    """Without spaces around it and, on one line, without any that are doubled."""
    return value.strip() if field.kind == "textarea" else " ".join(value.split())


def _error(field: Field, values: list[str]) -> str | None:
    if field.all_required and set(values) != set(field.options):
        return field.missing or "Kies alle onderdelen."
    if not values:
        return (field.missing or f"Vul in: {field.label.rstrip('?').lower()}.") if field.required else None
    if field.kind != "checkboxes" and len(values) > 1:
        return field.missing or "Geef één antwoord."
    if field.options and not set(values) <= set(field.options):
        return field.missing or "Kies een van de antwoorden."
    limit = LONGEST_TEXTAREA if field.kind == "textarea" else LONGEST_TEXT
    if any(len(value) > limit for value in values):
        return f"Uw tekst is te lang. Gebruik hoogstens {limit} tekens."
    if field.kind in _PATTERNS:
        pattern, wrong = _PATTERNS[field.kind]
        if not all(pattern.fullmatch(value) for value in values):
            return wrong
        if field.kind == "date" and not all(_exists(value) for value in values):
            return wrong
    return None


def _exists(day: str) -> bool:
    """Whether a day written as 31-12-2026 is on the calendar."""
    number, month, year = map(int, re.split(r"[-/ .]", day))
    try:
        date(year, month, number)
    except ValueError:
        return False
    return True
