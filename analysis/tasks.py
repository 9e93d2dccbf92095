# SPDX-License-Identifier: EUPL-1.2
"""What residents come for: tasks, defined in TOML in their own words.

[task.zwerfvuil]
question = "Ik wil zwerfvuil melden"
upl      = "melding openbare ruimte"
audience = "resident"
pages    = ["/afval/zwerfvuil*", "/melding/**"]
answers  = ["/melding/bedankt"]
goals    = ["melding_verzonden"]
queries  = ["zwerfvuil", "rommel op straat"]

[task.zwerfvuil.words]
"/melding/bedankt" = 60

[task.zwerfvuil.phase]
uitvoering = ["/melding/stap-*"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.errors import TaskDefinitionsError
from analysis.globs import compiled, intersect, tidy
from analysis.tables import Audience, Phase
from analysis.words import FARTHEST, Query, misspelling, normalise, stem
from experiments.errors import Problem, did_you_mean
from experiments.places import Places, Steps

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_LISTS = ("pages", "answers", "goals", "queries")
_KEYS = ("question", "upl", "audience", *_LISTS, "words", "phase")
_PHASES = {**{phase.value: phase for phase in Phase}, "orientatie": Phase.ORIENTATION}

NO_TASK = -1


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that residents, or businesses, come for. `pages` and `answers` are globs, `words` globs of
    answers with how many words they have, `phases` globs with their phase."""

    name: str
    question: str
    pages: tuple[str, ...]
    answers: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    upl: str | None = None
    audience: Audience = Audience.RESIDENT
    words: tuple[tuple[str, int], ...] = ()
    phases: tuple[tuple[str, Phase], ...] = ()


@dataclass(frozen=True, slots=True)
class _Page:
    task: int
    answer: bool
    words: int | None
    phase: Phase | None


@dataclass(slots=True)
class Tasks:
    """The tasks of a site, found by page, goal and query. Numbers are positions; `NO_TASK` is none."""

    tasks: tuple[Task, ...] = ()
    _pages: dict[str, _Page] = field(default_factory=dict, repr=False)
    _queries: dict[Query, int] = field(default_factory=dict, repr=False)
    _words: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)
    _by_word: dict[str, list[tuple[tuple[str, ...], int]]] = field(default_factory=dict, repr=False)
    _by_length: dict[int, list[str]] = field(default_factory=dict, repr=False)
    _by_stem: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    def __len__(self) -> int:
        return len(self.tasks)

    def name(self, number: int) -> str:
        """Name of the task; empty for `NO_TASK`."""
        return self.tasks[number].name if number >= 0 else ""

    def of_page(self, path: str) -> int:
        """Number of the task to which the page belongs."""
        return self._page(path).task

    def is_answer(self, path: str) -> bool:
        """Whether the page is tagged as an answer of its task."""
        return self._page(path).answer

    def words_of(self, path: str) -> int | None:
        """How many words stand on that answer page; None where its task does not say."""
        return self._page(path).words

    def phase_of(self, path: str) -> Phase | None:
        """The phase that the task's own map gives the page, if any."""
        return self._page(path).phase

    def of_goal(self, goal: str) -> int:
        """Number of the task of which this is a goal."""
        return next((n for n, task in enumerate(self.tasks) if goal in task.goals), NO_TASK)

    def of_query(self, query: Query) -> int:
        """Number of the task with the longest example query that the query contains, spelling forgiven."""
        if query not in self._queries:
            self._queries[query] = self._task_meant(query)
        return self._queries[query]

    def _task_meant(self, query: Query) -> int:
        said = frozenset[str]().union(*map(self._meant, query.content))
        examples = (example for word in said for example in self._by_word[word])
        found = [(len(words), -number) for words, number in examples if said.issuperset(words)]
        return -max(found)[1] if found else NO_TASK

    def _meant(self, word: str) -> frozenset[str]:
        """The words of example queries that this one is, in another form or misspelled."""
        if not self._by_word:
            self._look_through()
        if word not in self._words:
            near = range(len(word) - FARTHEST, len(word) + FARTHEST + 1)
            others = (other for length in near for other in self._by_length.get(length, ()))
            same = self._by_stem.get(stem(word), ())
            self._words[word] = frozenset(other for other in others if misspelling(word, other)).union(same)
        return self._words[word]

    def _look_through(self) -> None:
        """Find the example queries by their words, and those by their length and stem."""
        self._by_word[""] = []  # also where there are none
        for number, task in enumerate(self.tasks):
            for example in map(normalise, task.queries):
                for word in example.content:
                    self._by_word.setdefault(word, []).append((example.content, number))
        for word in self._by_word:
            self._by_length.setdefault(len(word), []).append(word)
            self._by_stem.setdefault(stem(word), []).append(word)

    def _page(self, path: str) -> _Page:
        if path not in self._pages:
            self._pages[path] = self._look_up(tidy(path))
        return self._pages[path]

    def _look_up(self, path: str) -> _Page:
        for number, task in enumerate(self.tasks):
            if any(compiled(glob).fullmatch(path) for glob in task.pages):
                answer = any(compiled(glob).fullmatch(path) for glob in task.answers)
                words = next((count for glob, count in task.words if compiled(glob).fullmatch(path)), None)
                phase = next((phase for glob, phase in task.phases if compiled(glob).fullmatch(path)), None)
                return _Page(number, answer, words if answer else None, phase)
        return _Page(NO_TASK, False, None, None)


def load(path: Path) -> Tasks:
    """The tasks of a file. Raises `TaskDefinitionsError` with everything that is wrong with it."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        message = f"cannot be read ({error.strerror}). Mend its place or its rights."
        raise TaskDefinitionsError([Problem(str(path), None, "", message)]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8. Save the file again as UTF-8 text."
        raise TaskDefinitionsError([Problem(str(path), line, "", message)]) from None
    return loads(text, source=str(path))


def loads(text: str, *, source: str = "tasks.toml") -> Tasks:
    """The tasks of a file's text; `source` is the file's name in messages.

    Raises `TaskDefinitionsError` with all problems at once: unknown keys, wrong types, a task without pages
    or without a way to be answered, answers on pages that the task does not have, tasks that overlap.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number or a nesting without end
        at = re.search(r"line (\d+)", str(error))
        message = f"is not valid TOML: {error}. Mend that place."
        raise TaskDefinitionsError([Problem(source, int(at[1]) if at else None, "", message)]) from None
    reader = _Reader(source, Places(text))
    tasks = reader.tasks(raw)
    reader.overlaps(tasks)
    if reader.problems:
        raise TaskDefinitionsError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    return Tasks(tuple(tasks))


class _Reader:
    """Turns parsed TOML into tasks and collects what is wrong on the way."""

    def __init__(self, source: str, places: Places) -> None:
        self.problems: list[Problem] = []
        self._source, self._places = source, places

    def tasks(self, raw: dict[str, Any]) -> list[Task]:
        for key in raw:
            if key != "task":
                self._report((key,), f"unknown key. {did_you_mean(key, ['task'])}")
        tables = raw.get("task", {})
        if not isinstance(tables, dict):
            self._report(("task",), "is no table of tasks. Write [task.NAME] above each task.")
            return []
        return [self._task(name, table) for name, table in tables.items() if self._is_task(name, table)]

    def overlaps(self, tasks: Sequence[Task]) -> None:
        """A page, a goal or a query of two tasks: then nobody could say whose question it was."""
        for number, task in enumerate(tasks):
            for other in tasks[:number]:
                for glob in task.pages:
                    clash = next((theirs for theirs in other.pages if intersect(glob, theirs)), None)
                    if clash:
                        self._report(
                            ("task", task.name, "pages"),
                            f'"{glob}" overlaps "{clash}" of task {other.name}{self._at(other)}. '
                            "A page belongs to one task: make one of the two patterns narrower.",
                        )
                for goal in set(task.goals) & set(other.goals):
                    self._report(
                        ("task", task.name, "goals"),
                        f'"{goal}" is also a goal of task {other.name}{self._at(other)}. '
                        "Give each task its own goal.",
                    )
                theirs_by_words = {normalise(query): query for query in other.queries}
                for query in task.queries:
                    if normalise(query) in theirs_by_words:
                        self._report(
                            ("task", task.name, "queries"),
                            f'"{query}" is also a query of task {other.name}{self._at(other)}. '
                            "Leave it with the task that it means.",
                        )

    def _is_task(self, name: str, table: object) -> bool:
        if not isinstance(table, dict):
            self._report(("task", name), "is no table. Write [task.NAME] above each task.")
            return False
        if not _NAME.fullmatch(name):
            hint = "Use lower-case letters, digits and hyphens, beginning with a letter."
            self._report(("task", name), f'"{name}" is no name of a task. {hint}')
        for key in table:
            if key not in _KEYS:
                self._report(("task", name, key), f"unknown key. {did_you_mean(key, _KEYS)}")
        return True

    def _task(self, name: str, table: dict[str, Any]) -> Task:
        at: Steps = ("task", name)
        lists = {key: self._texts((*at, key), table.get(key, [])) for key in _LISTS}
        question = self._text((*at, "question"), table.get("question"))
        if not lists["pages"]:
            self._report((*at, "pages"), 'is missing. Name the pages of the task: pages = ["/afval/**"].')
        if not lists["answers"] and not lists["goals"]:
            self._report(at, "can never be answered. Give answers (pages) or goals (events), or both.")
        for key in ("pages", "answers"):
            self._paths((*at, key), lists[key])
        for answer in lists["answers"]:
            if lists["pages"] and not any(intersect(answer, page) for page in lists["pages"]):
                self._report(
                    (*at, "answers"),
                    f'"{answer}" cannot be reached: it is no page of the task. Add it to pages too.',
                )
        for query in lists["queries"]:
            if not normalise(query):
                self._report((*at, "queries"), f'"{query}" has no word in it. Leave it out.')
        upl = self._text((*at, "upl"), table["upl"]) if "upl" in table else None
        audience = self._audience((*at, "audience"), table.get("audience", Audience.RESIDENT.value))
        words = self._lengths((*at, "words"), table.get("words", {}), lists["answers"])
        phases = self._phases(at, table)
        return Task(
            name=name, question=question, upl=upl, audience=audience, words=words, phases=phases, **lists
        )

    def _audience(self, at: Steps, value: object) -> Audience:
        for known in Audience:
            if value == known:
                return known
        self._report(at, f'is {value!r}. Write "resident" or "business": whom the task is for.')
        return Audience.RESIDENT

    def _lengths(self, at: Steps, table: object, answers: Sequence[str]) -> tuple[tuple[str, int], ...]:
        if not isinstance(table, dict):
            self._report(at, 'is no table. Write words = { "/page" = 120 }: the words of an answer page.')
            return ()
        self._paths(at, list(table))
        for glob, count in table.items():
            if type(count) is not int or count < 1:
                self._report(at, f'"{glob}" has {count!r} words. Write how many it has, such as 120.')
            elif glob.startswith("/") and not any(intersect(glob, answer) for answer in answers):
                self._report(at, f'"{glob}" is no answer of the task. Add it to answers too.')
        return tuple(table.items())

    def _phases(self, at: Steps, table: dict[str, Any]) -> tuple[tuple[str, Phase], ...]:
        phases = table.get("phase", {})
        if not isinstance(phases, dict):
            self._report((*at, "phase"), "is no table. Write [task.NAME.phase] with lists of pages.")
            return ()
        found = []
        for key, value in phases.items():
            globs = self._texts((*at, "phase", key), value)
            self._paths((*at, "phase", key), globs)
            if key in _PHASES:
                found += [(glob, _PHASES[key]) for glob in globs]
            else:
                self._report((*at, "phase", key), f"unknown phase. {did_you_mean(key, list(_PHASES))}")
        return tuple(found)

    def _text(self, steps: Steps, value: object) -> str:
        if isinstance(value, str) and value.strip():
            return value
        came = "is missing" if value is None else f"is {value!r}"
        self._report(steps, f"{came}. Write it as text between quotes.")
        return ""

    def _texts(self, steps: Steps, value: object) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self._report(steps, f'is {value!r}. Write a list of texts: ["...", "..."].')
        return ()

    def _paths(self, steps: Steps, globs: Sequence[str]) -> None:
        for glob in globs:
            if not glob.startswith("/"):
                self._report(steps, f'"{glob}" is no path. Begin it with a slash: "/{glob}".')

    def _at(self, task: Task) -> str:
        line = self._places.line(("task", task.name))
        return f" (line {line})" if line else ""

    def _report(self, steps: Steps, message: str) -> None:
        key = ".".join(map(str, steps))
        self.problems.append(Problem(self._source, self._places.line(steps), key, message))
