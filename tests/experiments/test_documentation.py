# SPDX-License-Identifier: EUPL-1.2
"""What docs/experiments.md shows can be done as it stands there."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from flask import Flask

from experiments.checking import check
from experiments.definition import METRICS
from experiments.loading import loads
from experiments.planning import Question, plan
from experiments.register import FixedRegister

PAGE = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_definition_is_sound() -> None:
    (text,) = blocks("toml")
    definitions = loads(text)
    assert check(definitions.values(), today=date(2026, 5, 1), tasks={"zwerfvuil"}) == ()


def test_every_metric_is_explained() -> None:
    table = PAGE[PAGE.index("| metric |") : PAGE.index("In `pages`")]
    assert set(re.findall(r"`(\w+)`", table)) == set(METRICS)


def test_the_lines_for_the_application_and_the_page_work() -> None:
    (setup,), (script, page) = blocks("python"), blocks("jinja")
    (text,) = blocks("toml")
    app, definitions = Flask("town"), loads(text).values()
    names = {"app": app, "register": FixedRegister(()), "definitions": definitions}
    exec(setup, names)  # the documentation's own lines
    app.add_url_rule("/", "home", lambda: app.jinja_env.from_string(script + page).render())
    response = app.test_client().get("/")
    assert response.text.startswith('<script src="/k.js" defer></script>')


def test_the_figures_of_the_plan_are_the_plans() -> None:
    found = plan(Question(baseline=0.5, effect=0.05, browsers_per_day=50))
    assert f"{found.total:,} browsers: nine weeks at 50 a day" in PAGE
    assert found.days == 63
