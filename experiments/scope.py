# SPDX-License-Identifier: EUPL-1.2
"""On which pages an experiment applies."""

from __future__ import annotations

import re
from functools import lru_cache

from experiments.definition import Experiment

#: A path from the root; `*` is one whole step of it, `**` at the end is everything below, itself included.
PATTERN = re.compile(r"/(?:(?:[^/?#*\s]+|\*)/)*(?:[^/?#*\s]+|\*\*?)?")


def applies_to(experiment: Experiment, path: str) -> bool:
    """Whether the page lies within the experiment; a slash at the end of `path` makes no difference."""
    return any(_compiled(page).fullmatch(path.rstrip("/")) for page in experiment.pages)


@lru_cache(maxsize=1024)
def _compiled(page: str) -> re.Pattern[str]:
    """The pattern as a regular expression over paths without their last slash ('' is the root)."""
    steps = _steps(page)
    below = steps[-1:] == ("**",)
    exact = steps[:-1] if below else steps
    path = "".join("/[^/]+" if step == "*" else "/" + re.escape(step) for step in exact)
    return re.compile(path + ("(?:/.*)?" if below else ""))


def overlap(one: str, other: str) -> bool:
    """Whether some page lies within both patterns.

    >>> overlap("/afval/**", "/afval/grofvuil"), overlap("/*", "/afval/grofvuil")
    (True, False)
    """
    return _overlap(_steps(one), _steps(other))


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if one == ("**",) or other == ("**",):
        return True  # whatever is left of the other one lies below
    if not one or not other:
        return not one and not other
    return (one[0] == other[0] or "*" in (one[0], other[0])) and _overlap(one[1:], other[1:])


def _steps(page: str) -> tuple[str, ...]:
    return tuple(step for step in page.split("/") if step)
