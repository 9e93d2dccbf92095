# SPDX-License-Identifier: EUPL-1.2
"""How a citizen goes through a form: what every step, question, paper and error costs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from web_demo.citizens.actions import FillIn, Part, Read, Submit, View
from web_demo.citizens.form_filling import fill, slip
from web_demo.citizens.page import Field, Form, Page
from web_demo.citizens.question import Ending, Mind

_STEPS = re.compile(r"stap \d+ van (\d+)", re.IGNORECASE)
_USUAL_STEPS = 3
_MOST_TRIES = 4  # on one step


@dataclass(slots=True)
class _Sheet:
    """The answers to one step, with what they cost."""

    answers: dict[str, tuple[str, ...]]
    effort: float = 0.0
    seconds: float = 0.0
    papers_missing: int = 0


def fill_in(mind: Mind, view: View, form: Form) -> Part:
    """Fill in a form from this page on, step by step, until it is sent, refused for good or given up."""
    mind.tried.add(f"form {form.action}")
    if mind.persona.only_looking and mind.question.visit == 1:
        yield Read(round(6.0 + 10.0 * mind.random.random(), 1), 60)
        mind.question.ending = Ending.POSTPONED
        return view
    mind.spend(mind.behaviour.steps_announced_cost * max(0, _announced(view.page) - _USUAL_STEPS))
    begun, tries = False, 0
    while True:
        sheet = _write(mind, form)
        mind.spend(sheet.effort)
        if not begun and form.fields:
            view = yield FillIn(form)
            begun = True
        yield Read(round(sheet.seconds, 1), 80)
        if sheet.papers_missing and not mind.chance(mind.behaviour.ticks_anyway_share):
            mind.question.ending = Ending.NO_DOCUMENTS
            return view
        if mind.fed_up:
            return view
        view = yield Submit(form, sheet.answers)
        mind.question.saw(view)
        if _thanked(mind, view.page):
            yield Read(round(5.0 + 8.0 * mind.random.random(), 1), 60)
            mind.question.ending = Ending.DONE
            return view
        onward = next((f for f in view.page.forms if f.name == form.name), None)
        if onward is None:
            return view
        tries = tries + 1 if onward.refused else 0
        if onward.refused:
            mind.spend(mind.behaviour.error_cost)
        if mind.fed_up or tries == _MOST_TRIES:
            return view
        form = onward


def _thanked(mind: Mind, page: Page) -> bool:
    said = f"{page.heading} {page.blocks[0].text if page.blocks else ''}"
    return not page.forms and mind.vocabulary.confirmations.count(said) > 0


def _announced(page: Page) -> int:
    found = _STEPS.search(page.heading) or _STEPS.search(page.title)
    return int(found.group(1)) if found else 0


def _write(mind: Mind, form: Form) -> _Sheet:
    behaviour = mind.behaviour
    sheet = _Sheet({}, effort=behaviour.step_cost, seconds=4.0 + 4.0 * mind.random.random())
    kept: Mapping[str, Field] = {f.name: f for f in form.fields if form.refused and not f.invalid}
    for field in form.fields:
        if field.name in kept:
            if field.value:
                sheet.answers[field.name] = (field.value,)
        elif field.kind == "file" or _asks_papers(mind, field):
            _hand_in(mind, field, sheet)
        elif field.required or field.invalid or mind.chance(behaviour.optional_filled_share):
            _answer(mind, field, sheet)
        else:
            sheet.effort += behaviour.optional_field_cost
    return sheet


def _asks_papers(mind: Mind, field: Field) -> bool:
    named = sum(1 for _, text in field.options if mind.vocabulary.documents.count(text))
    return field.kind == "checkbox" and named > 2


def _answer(mind: Mind, field: Field, sheet: _Sheet) -> None:
    behaviour = mind.behaviour
    given = fill(field, mind.wish, mind.smell, mind.random)
    slips = behaviour.slip_share + (0.0 if given.familiar else behaviour.slip_unfamiliar_share)
    sheet.effort += behaviour.field_cost + (0.0 if given.familiar else behaviour.unfamiliar_cost)
    sheet.seconds += behaviour.field_s * (0.5 + mind.random.random())
    if field.kind == "textarea":
        sheet.effort += behaviour.long_text_cost
        sheet.seconds += behaviour.long_text_s * (0.5 + mind.random.random())
    if mind.vocabulary.sensitive.count(field.label):
        sheet.effort += behaviour.sensitive_cost
    wrong = field.kind not in ("radio", "checkbox") and mind.chance(slips)
    values = slip(field) if wrong else given.values
    if values:
        sheet.answers[field.name] = values


def _hand_in(mind: Mind, field: Field, sheet: _Sheet) -> None:
    """Look for the papers that a field asks for: one for a file, each choice of a list of them."""
    behaviour, ready = mind.behaviour, []
    wanted = [value for value, _ in field.options] or [""]
    if field.kind == "file" and not field.required and not mind.chance(behaviour.optional_filled_share):
        sheet.effort += behaviour.optional_field_cost
        return
    for value in wanted:
        at_hand = mind.papers_ready or mind.chance(mind.persona.document_ready)
        sheet.effort += behaviour.paper_ready_cost if at_hand else behaviour.paper_fetch_cost
        sheet.seconds += behaviour.file_s * (1.0 if at_hand else 4.0)
        if at_hand or mind.chance(behaviour.paper_found_share):
            ready.append(value)
        else:
            sheet.papers_missing += 1
    if sheet.papers_missing == 0 or field.kind != "file":
        # Who ticks all the same is decided when the form is sent.
        sheet.answers[field.name] = ("document.pdf",) if field.kind == "file" else tuple(wanted)
