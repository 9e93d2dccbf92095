# SPDX-License-Identifier: EUPL-1.2
"""The pages of the forms: one page a step, sent with POST, answered with a redirect.

Answers travel in the visitor's own signed cookie and are dropped when the form is sent; nothing is stored.
The cookie is `SameSite=Lax`: a form on another site can post without it, and then starts at an empty first
step, so it can never finish a form in a visitor's name. That takes the place of a token in every form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session
from werkzeug.wrappers import Response

from web_demo.content import Content
from web_demo.forms import Form, Step, check, first_open_step
from web_demo.navigation import Crumb, breadcrumb, sent_on

VariantOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Chapter:
    """What was filled in on one step, for the visitor to look over; `lines` are (question, answer)."""

    number: int
    step: Step
    lines: tuple[tuple[str, str], ...]


def form_blueprint(
    forms: Mapping[str, Mapping[str, Form]], content: Content, variant_of: VariantOf
) -> Blueprint:
    """Routes `/FORM`, `/FORM/stap-N` and `/FORM/bedankt` for every form."""
    pages = Blueprint("forms", __name__)
    for name, versions in forms.items():
        views = FormViews(versions, content, variant_of)
        pages.add_url_rule(views.path, f"{name}_start", views.start)
        steps = f"{views.path}/stap-<int:number>"
        pages.add_url_rule(steps, f"{name}_step", views.step, methods=["GET", "POST"])
        pages.add_url_rule(f"{views.path}/bedankt", f"{name}_thanks", views.thanks)
    return pages


class FormViews:
    """The views of one form, in the version of the visitor."""

    def __init__(self, versions: Mapping[str, Form], content: Content, variant_of: VariantOf) -> None:
        self._versions = versions
        self._content = content
        self._variant_of = variant_of
        one = next(iter(versions.values()))
        self.path = one.path
        self._experiment = one.experiment

    def start(self) -> Response:
        return redirect(sent_on(f"{self.path}/stap-1", request.query_string.decode(errors="replace")), 302)

    def step(self, number: int) -> str | Response:
        form = self._form()
        if number < 1:
            abort(404)
        answers = _draft(form)
        first_open = first_open_step(form, answers)
        if number > first_open:  # also where this version has fewer steps
            return redirect(form.step_path(first_open), 302)
        if request.method == "GET":
            return self._show(form, number, answers, {})
        return self._take(form, number, answers)

    def thanks(self) -> str | Response:
        form = self._form()
        if session.get("sent") != form.name:
            return redirect(form.step_path(1), 302)
        return render_template(
            "voorbeeldstad/sent.html",
            language="nl",
            title=form.thanks_title,
            crumbs=self._crumbs(form),
            form=form,
        )

    def _form(self) -> Form:
        return self._versions[self._variant_of(self._experiment) if self._experiment else ""]

    def _show(self, form: Form, number: int, answers: Mapping[str, str], errors: Mapping[str, str]) -> str:
        step = form.steps[number - 1]
        return render_template(
            "voorbeeldstad/form.html",
            language="nl",
            title=f"{'Fout: ' if errors else ''}{step.title} ({number} van {len(form.steps)}) - {form.title}",
            crumbs=self._crumbs(form),
            form=form,
            step=step,
            number=number,
            answers=answers,
            errors=errors,
            chapters=[] if step.fields else _chapters(form, answers),
        )

    def _take(self, form: Form, number: int, answers: Mapping[str, str]) -> str | Response:
        given, errors = check(form.steps[number - 1], request.form.to_dict(flat=False))
        answers = {**answers, **given}
        if errors:
            return self._show(form, number, answers, errors)
        if number < len(form.steps):
            session[form.name] = {"variant": form.variant, "answers": answers}
            return redirect(form.step_path(number + 1), 303)
        session.pop(form.name, None)
        session["sent"] = form.name
        return redirect(form.thanks_path, 303)

    def _crumbs(self, form: Form) -> list[Crumb]:
        crumbs = breadcrumb(self._content, form.parent.rpartition("/")[0], "nl")
        parent = self._content.page(form.parent, self._variant_of)
        return [*crumbs, Crumb(parent.short, parent.path)] if parent else crumbs


def _draft(form: Form) -> dict[str, str]:
    """What was filled in so far in this version of the form."""
    kept: Any = session.get(form.name)
    return dict(kept["answers"]) if kept and kept["variant"] == form.variant else {}


def _chapters(form: Form, answers: Mapping[str, str]) -> list[Chapter]:
    return [
        Chapter(
            number,
            step,
            tuple((one.label, answers.get(one.name, "")) for one in step.fields if one.kind != "file"),
        )
        for number, step in enumerate(form.steps, start=1)
        if step.fields
    ]
