# SPDX-License-Identifier: EUPL-1.2
"""A scenario: how many citizens, how long, where it may go, and what must hold."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loadtests.errors import HostRefusedError, ScenarioError

SCENARIOS = Path(__file__).with_name("scenarios")
MOST_USERS = 500
LONGEST_S = 600
#: Events a second that one generator may be asked for; beyond it takes more machines.
MOST_RATE = 5_000.0
FORECAST = "forecast"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What must hold: response times in milliseconds over all requests, failed requests as a share, 0-1."""

    p95_ms: float
    p99_ms: float
    failure_share: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load test as it is written down.

    `spawn_rate` is new citizens per second until `users` are there; `think_factor` the part of the time that
    people take for reading and typing; `hosts` the host names that may be loaded. `target` is the events a
    second to reach and to keep to: a number, "forecast" for the predicted busiest second, "forecast KIND"
    for that on a day with such an event of the calendar, or None for as many as the citizens make.
    """

    name: str
    title: str
    users: int
    spawn_rate: float
    duration_s: float
    think_factor: float
    hosts: frozenset[str]
    thresholds: Thresholds
    target: float | str | None = None

    def permit(self, host: str) -> str:
        """The address of the server without a slash at its end.

        Raises `HostRefusedError` where its host name is not on the allow-list, or it is no address.
        """
        parts = urlsplit(host)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HostRefusedError(
                f"'{host}' is no address of a server; expected one such as http://127.0.0.1:8000."
            )
        if parts.hostname not in self.hosts:
            raise HostRefusedError(
                f"{parts.hostname} is not on the allow-list of scenario {self.name} "
                f"({', '.join(sorted(self.hosts))}); load only what is yours and add its name to `hosts`."
            )
        return f"{parts.scheme}://{parts.netloc}"


def find(name: str, folder: Path = SCENARIOS) -> Scenario:
    """The scenario of that name, or in that file where `name` ends in `.toml`. Raises `ScenarioError`."""
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = sorted(file.stem for file in folder.glob("*.toml"))
        hint = f"Known: {', '.join(known)}; or give the path of a .toml file."
        raise ScenarioError(f"There is no scenario '{name}'. {hint}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path} cannot be read: {error}. Mend that and try again.") from None
    return read(raw, path.stem, str(path))


def read(raw: Mapping[str, Any], name: str, where: str) -> Scenario:
    """A scenario from a table. Raises `ScenarioError` naming the key that is wrong."""
    fields = _Fields(raw, where)
    thresholds = _Fields(fields.table("thresholds"), f"{where}, [thresholds]")
    scenario = Scenario(
        name=name,
        title=fields.text("title"),
        users=int(fields.number("users", 1, MOST_USERS, whole=True)),
        spawn_rate=fields.number("spawn_rate", 0.1, 1000),
        duration_s=fields.number("duration_s", 1, LONGEST_S),
        think_factor=fields.number("think_factor", 0, 10),
        hosts=fields.names("hosts"),
        thresholds=Thresholds(
            p95_ms=thresholds.number("p95_ms", 1, 600_000),
            p99_ms=thresholds.number("p99_ms", 1, 600_000),
            failure_share=thresholds.number("failure_share", 0, 1),
        ),
        target=fields.target("target"),
    )
    fields.refuse_others()
    thresholds.refuse_others()
    return scenario


def read_target(value: object) -> float | str:
    """Events a second, or the words that ask for the forecast. Raises `ValueError` with what came instead."""
    if isinstance(value, str):
        word, _, kind = value.strip().partition(" ")
        if word == FORECAST and " " not in kind.strip():
            return f"{FORECAST} {kind.strip()}".strip()
    elif isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MOST_RATE:
        return float(value)
    raise ValueError(
        f'{value!r}; expected events a second from 1 to {MOST_RATE:g}, "{FORECAST}", or "{FORECAST} storm".'
    )


class _Fields:
    """The keys of one table, each asked for once."""

    def __init__(self, raw: Mapping[str, Any], where: str) -> None:
        self._raw = raw
        self._where = where
        self._asked: set[str] = set()

    def text(self, key: str) -> str:
        value = self._value(key)
        if not isinstance(value, str) or not value:
            raise ScenarioError(f"{self._where}: {key} is {value!r}; expected a text.")
        return value

    def number(self, key: str, least: float, most: float, *, whole: bool = False) -> float:
        value = self._value(key)
        right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not right or not least <= value <= most:
            wanted = f"{'a whole number' if whole else 'a number'} from {least:g} to {most:g}"
            raise ScenarioError(f"{self._where}: {key} is {value!r}; expected {wanted}.")
        return float(value)

    def target(self, key: str) -> float | str | None:
        """A rate that need not be there."""
        self._asked.add(key)
        if key not in self._raw:
            return None
        try:
            return read_target(self._raw[key])
        except ValueError as error:
            raise ScenarioError(f"{self._where}: {key} is {error}") from None

    def names(self, key: str) -> frozenset[str]:
        value = self._value(key)
        if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
            raise ScenarioError(f'{self._where}: {key} is {value!r}; expected names such as ["127.0.0.1"].')
        return frozenset(value)

    def table(self, key: str) -> Mapping[str, Any]:
        value = self._value(key)
        if not isinstance(value, dict):
            raise ScenarioError(f"{self._where}: {key} is {value!r}; expected a table [{key}].")
        return value

    def refuse_others(self) -> None:
        """Raise for a key that nobody asked for."""
        for key in self._raw:
            if key not in self._asked:
                near = get_close_matches(key, self._asked, 1)
                hint = f'Did you mean "{near[0]}"?' if near else f"Known: {', '.join(sorted(self._asked))}."
                raise ScenarioError(f'{self._where}: unknown key "{key}". {hint}')

    def _value(self, key: str) -> Any:
        self._asked.add(key)
        if key not in self._raw:
            raise ScenarioError(f"{self._where}: {key} is missing; scenarios/quiet-day.toml is an example.")
        return self._raw[key]
