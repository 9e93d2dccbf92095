# SPDX-License-Identifier: EUPL-1.2
"""A page as a citizen sees it: links, results, forms, text and errors; and the marks that k.js reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """What the script tag tells k.js: bucket, variants shown and experiments met for the first time."""

    bucket: int | None = None
    shown: tuple[tuple[str, str], ...] = ()
    first: tuple[str, ...] = ()

    @property
    def exposures(self) -> str:
        return ",".join(f"{name}={variant}" for name, variant in self.shown)


@dataclass(frozen=True, slots=True)
class Link:
    """A link. `part` is main, navigation or footer; `about` the text that stands with a search result."""

    href: str
    text: str
    part: str = "main"
    about: str = ""
    rank: int | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form; a group of radio buttons or check boxes is one field."""

    name: str
    kind: str
    label: str
    required: bool = False
    invalid: bool = False
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    pattern: str = ""
    multiple: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form to fill in. `name` and `step` are None where k.js is not told about it."""

    action: str
    method: str
    fields: tuple[Field, ...]
    hidden: tuple[tuple[str, str], ...] = ()
    button: tuple[str, str] | None = None
    multipart: bool = False
    validates: bool = True
    name: str | None = None
    step: int = 1
    last: bool = False

    @property
    def refused(self) -> bool:
        """Whether the page came back with errors in it."""
        return any(field.invalid for field in self.fields)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or table row under its headings; `before` counts the words above it."""

    text: str
    before: int
    under: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True)
class SearchBox:
    """Where the site's own search is asked."""

    action: str
    name: str


@dataclass(frozen=True, slots=True)
class Results:
    """A page of search results: the query, how many there are, and whether an answer stands right there."""

    query: str
    count: int
    answered: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What one body shows. `opening` is the heading with what stands round it, `text` all blocks together."""

    title: str
    heading: str
    language: str
    links: tuple[Link, ...]
    blocks: tuple[Block, ...]
    words: int
    opening: str = ""
    text: str = ""
    search: SearchBox | None = None
    results: Results | None = None
    forms: tuple[Form, ...] = ()
    goals: tuple[str, ...] = ()
    feedback: bool = False
