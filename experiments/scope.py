# SPDX-License-Identifier: EUPL-1.2
"""On which pages an experiment applies.

A pattern is a path from the root: `*` stands for anything within one step of it, `/**` at the end for the
page before it and everything below. A slash at the end of a path makes no difference.
"""

from __future__ import annotations

import re
from functools import lru_cache

from experiments.definition import Experiment

PATTERN = re.compile(r"/(?:[^/?#\s]+/)*[^/?#\s]*")


def is_pattern(text: str) -> bool:
    """Whether the text is a path from the root, with stars only where they mean something.

    >>> [is_pattern(text) for text in ("/", "/afval/**", "/afval/grof*", "afval", "/afval?q=1", "/**/afval")]
    [True, True, True, False, False, False]
    """
    if not PATTERN.fullmatch(text):
        return False
    steps = _steps(text)
    return not any("**" in step for step in steps[:-1]) and ("**" not in text or steps[-1] == "**")


def applies_to(experiment: Experiment, path: str) -> bool:
    """Whether the page (a path without query) lies within the experiment."""
    return _within(experiment.pages, path.rstrip("/"))


@lru_cache(maxsize=4096)
def _within(pages: tuple[str, ...], path: str) -> bool:
    return any(_compiled(page).fullmatch(path) for page in pages)


@lru_cache(maxsize=1024)
def _compiled(page: str) -> re.Pattern[str]:
    """The pattern as a regular expression over paths without their last slash ('' is the root)."""
    steps = _steps(page)
    below = steps[-1:] == ("**",)
    path = "".join("/" + re.escape(step).replace(r"\*", "[^/]*") for step in (steps[:-1] if below else steps))
    return re.compile(path + ("(?:/.*)?" if below else ""))


def overlap(one: str, other: str) -> bool:
    """Whether some page may lie within both patterns.

    >>> overlap("/afval/**", "/afval/grofvuil"), overlap("/*", "/afval/grofvuil")
    (True, False)
    """
    return _overlap(_steps(one), _steps(other))


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if one == ("**",) or other == ("**",):
        return True  # whatever is left of the other one lies below
    if not one or not other:
        return not one and not other
    return _step_overlap(one[0], other[0]) and _overlap(one[1:], other[1:])


def _step_overlap(one: str, other: str) -> bool:
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return _step_overlap(one[1:], other) or _step_overlap(one, other[1:])
    if other[0] == "*":
        return _step_overlap(other, one)
    return one[0] == other[0] and _step_overlap(one[1:], other[1:])


def _steps(page: str) -> tuple[str, ...]:
    return tuple(step for step in page.split("/") if step)
