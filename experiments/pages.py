# SPDX-License-Identifier: EUPL-1.2
"""The public register: which experiments run and have run on this site, for residents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import redis
from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from experiments.definition import Experiment
from experiments.lifecycle import Record, State, day_at
from experiments.phrases import LANGUAGES, METRICS, MONTHS, WORDS

_ORDER = (State.RUNNING, State.SCHEDULED, State.ENDED, State.STOPPED)


class Registry(Protocol):
    """What the page needs of a register."""

    @property
    def zone(self) -> ZoneInfo:
        """Time zone in which an experiment's days turn."""

    def all(self) -> dict[str, Record]:
        """Every experiment that was ever started, by name."""


def blueprint(register: Registry, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Blueprint:
    """The page `/experiments/`, inside the shell of whoever registers it (`shell.html`)."""
    pages = Blueprint("experiments", __name__, url_prefix="/experiments", template_folder="templates")

    @pages.get("/")
    def listing() -> ResponseReturnValue:
        language = _language()
        status = 200
        entries: list[tuple[State, Record]] | None
        try:
            today = day_at(clock(), register.zone)
            entries = sorted(
                ((record.state(today), record) for record in register.all().values()),
                key=lambda entry: (_ORDER.index(entry[0]), -entry[1].experiment.starts.toordinal()),
            )
        except redis.RedisError:
            entries, status = None, 503
        page = render_template(
            "experiments/register.html",
            language=language,
            page_title=WORDS[language]["title"],
            words=WORDS[language],
            entries=entries,
            written=lambda day: _written(day, language),
            judged=lambda experiment: _judged(experiment, language),
            of_hundred=lambda share: _of_hundred(share, language),
            stopped_on=lambda record: _stopped_on(record, register.zone),
        )
        response = make_response(page, status)
        response.vary.add("Accept-Language")
        if status == 503:
            response.headers["Retry-After"] = "60"
        return response

    return pages


def _language() -> str:
    """`?lang=` or `?language=`, else Accept-Language, else Dutch."""
    asked = request.args.get("lang") or request.args.get("language")
    return asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "nl")


def _written(day: date, language: str) -> str:
    return f"{day.day} {MONTHS[language][day.month - 1]} {day.year}"


def _judged(experiment: Experiment, language: str) -> list[str]:
    """What is measured, each once: the primary metric first."""
    metrics = [experiment.primary, *experiment.secondary, *(one.metric for one in experiment.guardrails)]
    return [METRICS[language][name] for name in dict.fromkeys(metric.name for metric in metrics)]


def _of_hundred(share: float, language: str) -> str:
    text = f"{100 * share:.1f}".removesuffix(".0")
    return text.replace(".", ",") if language == "nl" else text


def _stopped_on(record: Record, zone: ZoneInfo) -> date | None:
    return record.stopped_at.astimezone(zone).date() if record.stopped_at else None
