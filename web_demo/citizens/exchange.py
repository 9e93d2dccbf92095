# SPDX-License-Identifier: EUPL-1.2
"""What goes between a citizen's browser and the world: requests, answers, beacons, cookies, forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from web_demo.citizens.page import Form

_BOUNDARY = "----citizen5c1e7d90"


@dataclass(frozen=True, slots=True)
class Request:
    """What goes to the site. `target` is path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What comes back; header names in lower case, repeated ones kept."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name (lower case)."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Beacon:
    """What k.js posts: body, number of events in it, when, and a browser's headers (names in lower case)."""

    body: bytes
    events: int
    at_ms: int
    headers: Mapping[str, str]


Send = Callable[[Request], Response]
Post = Callable[[Beacon], None]


@dataclass(slots=True)
class Cookies:
    """A browser's cookies for one site; `lasting` are those that outlive the session."""

    values: dict[str, str] = field(default_factory=dict)
    lasting: set[str] = field(default_factory=set)

    def take(self, response: Response) -> None:
        """Keep, renew and forget what the answer says."""
        for key, value in response.headers:
            if key != "set-cookie":
                continue
            pair, _, attributes = value.partition(";")
            name, _, content = pair.strip().partition("=")
            ages = attributes.lower().replace(" ", "")
            if "max-age=0" in ages.split(";") or "expires=thu,01jan1970" in ages:
                self.values.pop(name, None)
                continue
            self.values[name] = content
            if "max-age=" in ages or "expires=" in ages:
                self.lasting.add(name)

    def end_session(self) -> None:
        """Forget the cookies without an age."""
        self.values = {name: value for name, value in self.values.items() if name in self.lasting}

    def __str__(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.values.items())


def would_refuse(form: Form, answers: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a browser itself would not send the form: a required field is empty."""
    return any(f.required and f.kind != "file" and not any(answers.get(f.name, ())) for f in form.fields)


def filled_in(form: Form, answers: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Names and values as a form sends them."""
    pairs = [*form.hidden, *((name, value) for name, values in answers.items() for value in values)]
    return [*pairs, form.button] if form.button is not None else pairs


def encoded(form: Form, pairs: list[tuple[str, str]]) -> tuple[bytes, str]:
    """The body of a form that is posted, and its content type."""
    if not form.multipart:
        return urlencode(pairs).encode(), "application/x-www-form-urlencoded"
    files = {field.name for field in form.fields if field.kind == "file"}
    parts = []
    for name, value in pairs:
        named = f'; filename="{value}"\r\nContent-Type: application/pdf' if name in files else ""
        content = "%PDF-" if name in files else value
        parts.append(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n{content}\r\n'
        )
    return "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode(), f"multipart/form-data; boundary={_BOUNDARY}"
