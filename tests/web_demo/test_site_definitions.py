# SPDX-License-Identifier: EUPL-1.2
"""Task and experiment definitions of the demo hold on the site that they speak of."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from analysis import tasks as task_definitions
from experiments.loading import load
from tests.web_demo.showing import VERSIONS
from web_demo.citizens.parsing import Reader
from web_demo.content import load_content
from web_demo.forms import load_forms
from web_demo.search import SearchIndex
from web_demo.site import create_site

DEFINITIONS = Path(__file__).parents[2] / "web_demo" / "definitions"
TASKS: dict[str, dict[str, Any]] = tomllib.loads((DEFINITIONS / "tasks.toml").read_text())["task"]
CONTENT = load_content()
FORMS = [form for versions in load_forms().values() for form in versions.values()]
FORM_PATHS = {
    path
    for form in FORMS
    for path in (form.path, form.thanks_path, *(form.step_path(n) for n in range(1, len(form.steps) + 1)))
}
SITE_PATHS = CONTENT.pages.keys() | FORM_PATHS | CONTENT.sections.keys()
INDEXES = [SearchIndex(CONTENT, language) for language in ("nl", "en")]
SHOWN = 3  # few people look further down the results


def test_the_tasks_are_accepted_by_the_analysis() -> None:
    assert task_definitions.load(DEFINITIONS / "tasks.toml") is not None
    assert len(TASKS) >= 12
    assert {"zwerfvuil", "schuldhulp", "paspoort", "verhuizen", "grofvuil", "parkeervergunning"} <= set(TASKS)


@pytest.mark.parametrize("name", TASKS)
def test_every_pattern_of_a_task_fits_a_page_of_the_site(name: str) -> None:
    task = TASKS[name]
    for pattern in (*task["pages"], *task.get("answers", ()), *task.get("phase", {}).get("uitvoering", ())):
        assert any(fnmatchcase(path, pattern.replace("**", "*")) for path in SITE_PATHS), pattern


def test_the_words_of_an_answer_are_counted_right() -> None:
    """They decide how soon it counts as read; counted as a citizen's browser counts them."""
    site, reader = create_site().test_client(), Reader()
    told = {path: count for task in TASKS.values() for path, count in task.get("words", {}).items()}
    assert told == {path: reader.read(site.get(path).data)[0].words for path in told}
    answers = {page for task in TASKS.values() for page in task.get("answers", ())}
    assert answers - told.keys() == {page for page in answers if page.endswith("/bedankt")}


def test_every_goal_is_reached_by_a_form() -> None:
    reached = {form.goal for form in FORMS}
    assert {goal for task in TASKS.values() for goal in task.get("goals", ())} == reached


ASKED = [(name, query) for name, task in TASKS.items() for query in task["queries"]]


@pytest.mark.parametrize(("name", "query"), ASKED)
def test_a_task_is_found_by_its_own_words(name: str, query: str) -> None:
    """In at least one version: that the current version misses some words is what the redesign is about."""
    pages = {path for path in CONTENT.pages if any(fnmatchcase(path, one) for one in TASKS[name]["pages"])}
    found = {
        hit.page.path
        for index in INDEXES
        for version in VERSIONS
        for hit in index.search(query, lambda experiment, version=version: version).hits[:SHOWN]
    }
    assert found & pages, f"{query!r} finds {sorted(found)}"


def test_the_experiments_speak_of_tasks_and_variants_that_exist() -> None:
    experiments = load([DEFINITIONS / "experiments"])
    versions = {
        page.experiment: set(CONTENT.pages[page.path]) for page in CONTENT.every_page() if page.experiment
    }
    for experiment in experiments.values():
        assert experiment.site == "voorbeeldstad"
        assert experiment.control.name == "current"
        assert experiment.task is None or experiment.task in TASKS
        if experiment.name in versions:
            assert {variant.name for variant in experiment.variants} == set(VERSIONS)
    assert versions.keys() <= experiments.keys()
