# SPDX-License-Identifier: EUPL-1.2
"""The templates of what is made before anybody asks for it: reports, journeys and trends."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parents[1] / "templates"
_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|min|u|h|uur|points|procentpunt)(?!\w))")


def filled(template: str, **values: object) -> Markup:
    """The template of that name below `analysis/templates`, with these values."""
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704  the template escapes


def stylesheet(name: str) -> str:
    """The stylesheet of that name below `analysis/templates`."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def unbroken(words: str) -> str:
    """Keeps a number and its unit on one line."""
    return _UNIT.sub("\u00a0", words)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment
