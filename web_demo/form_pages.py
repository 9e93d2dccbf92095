# SPDX-License-Identifier: EUPL-1.2
"""The pages of the forms: one page a step, sent with POST, answered with a redirect.

Answers travel in the visitor's own signed cookie and are dropped when the form is sent; nothing is stored.
The cookie is `SameSite=Lax`, so another site can post a first step at most, never a finished form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session
from werkzeug.wrappers import Response

from web_demo.content import Content
from web_demo.forms import Form, Step, check, first_open_step
from web_demo.navigation import WORDS, Crumb, breadcrumb

VariantOf = Callable[[str], str]


def form_blueprint(forms: Mapping[str, Mapping[str, Form]], content: Content, variant_of: VariantOf) -> Blueprint:
    """Routes `/FORM`, `/FORM/stap-N` and `/FORM/bedankt` for every form."""
    pages = Blueprint("forms", __name__)

    def form_for(versions: Mapping[str, Form]) -> Form:
        experiment = next(iter(versions.values())).experiment
        return versions[""] if experiment is None else versions[variant_of(experiment)]

    def add(name: str, versions: Mapping[str, Form]) -> None:
        path = next(iter(versions.values())).path

        def start() -> Response:
            return redirect(f"{path}/stap-1", 302)

        def step(number: int) -> str | Response:
            form = form_for(versions)
            if not 1 <= number <= len(form.steps):
                return redirect(form.step_path(1), 302) if number else abort(404)
            answers = _draft(form)
            if number > first_open_step(form, answers):
                return redirect(form.step_path(first_open_step(form, answers)), 302)
            if request.method == "GET":
                return _step_page(content, form, number, answers, {})
            return _take(content, form, number, answers)

        def thanks() -> str | Response:
            form = form_for(versions)
            if session.get("sent") != form.name:
                return redirect(form.step_path(1), 302)
            return render_template(
                "voorbeeldstad/sent.html", language="nl", title=form.thanks_title, form=form, crumbs=_crumbs(content, form, variant_of),
            )

        pages.add_url_rule(path, f"{name}_start", start)
        pages.add_url_rule(f"{path}/stap-<int:number>", f"{name}_step", step, methods=["GET", "POST"])
        pages.add_url_rule(f"{path}/bedankt", f"{name}_thanks", thanks)

    def _step_page(content: Content, form: Form, number: int, answers: Mapping[str, str], errors: Mapping[str, str]) -> str:
        step = form.steps[number - 1]
        prefix = "Fout: " if errors else ""
        return render_template(
            "voorbeeldstad/form.html", language="nl", form=form, step=step, number=number, errors=errors,
            title=f"{prefix}{step.title} (stap {number} van {len(form.steps)})", answers=answers,
            summary=_summary(form, answers) if not step.fields else [], crumbs=_crumbs(content, form, variant_of),
        )

    def _take(content: Content, form: Form, number: int, answers: dict[str, str]) -> str | Response:
        step = form.steps[number - 1]
        given, errors = check(step, request.form.to_dict(flat=False))
        if errors:
            return _step_page(content, form, number, {**answers, **given}, errors)
        answers |= given
        if number < len(form.steps):
            session[form.name] = {"variant": form.variant, "answers": answers}
            return redirect(form.step_path(number + 1), 303)
        session.pop(form.name, None)
        session["sent"] = form.name
        return redirect(form.thanks_path, 303)

    for name, versions in forms.items():
        add(name, versions)
    return pages


def _draft(form: Form) -> dict[str, str]:
    """What was filled in so far in this version of the form."""
    kept: Any = session.get(form.name)
    return dict(kept["answers"]) if kept and kept["variant"] == form.variant else {}


def _summary(form: Form, answers: Mapping[str, str]) -> list[tuple[int, Step, list[tuple[str, str]]]]:
    return [
        (number, step, [(field.label, answers.get(field.name, "")) for field in step.fields if field.kind != "file"])
        for number, step in enumerate(form.steps, start=1) if step.fields
    ]


def _crumbs(content: Content, form: Form, variant_of: VariantOf) -> list[Crumb]:
    crumbs = breadcrumb(content, form.parent.rpartition("/")[0], "nl")
    parent = content.page(form.parent, variant_of)
    return [*crumbs, Crumb(parent.short, parent.path)] if parent else crumbs or [Crumb(WORDS["nl"]["home"], "/")]
