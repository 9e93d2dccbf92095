# SPDX-License-Identifier: EUPL-1.2
"""Patterns of page paths: `*` stands for anything within a segment, `**` for anything over segments.

`/melding/**` is the page /melding and everything below it; a slash at the end of a path does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_TOKEN = re.compile(r"\*\*|\*|.", re.DOTALL)


def tidy(path: str) -> str:
    """The path without a slash at its end; the site's root stays `/`."""
    return path.rstrip("/") or "/"


@lru_cache(maxsize=4096)
def compiled(glob: str) -> re.Pattern[str]:
    """The pattern, to be used with `fullmatch` on a `tidy` path.

    >>> section = compiled("/melding/**")
    >>> [bool(section.fullmatch(path)) for path in ("/melding", "/melding/stap-1", "/meldingen")]
    [True, True, False]
    >>> litter = compiled("/afval/zwerfvuil*")
    >>> [bool(litter.fullmatch(path)) for path in ("/afval/zwerfvuil-melden", "/afval/zwerfvuil/x")]
    [True, False]
    """
    wild = {"*": "[^/]*", "**": ".*"}
    ways = ("".join(wild.get(token, re.escape(token)) for token in way) for way in _ways(glob))
    return re.compile("|".join(ways), re.DOTALL)


def intersect(a: str, b: str) -> bool:
    """Whether some path could match both patterns.

    >>> intersect("/afval/*", "/afval/zwerfvuil*"), intersect("/afval/*", "/afval/zwerfvuil/**/melden")
    (True, False)
    """
    return any(_meet(one, other) for one in _ways(a) for other in _ways(b))


def _ways(glob: str) -> Iterator[tuple[str, ...]]:
    """Tokens of the glob, once for every way to leave out the segments of a `/**`."""
    head, found, tail = tidy(glob).partition("/**")
    if not found:
        yield tuple(_TOKEN.findall(head))
    elif tail and not tail.startswith("/"):  # "/**x": no whole segments
        for rest in _ways(tail):
            yield (*_TOKEN.findall(head), "/", "**", *rest)
    else:
        for rest in _ways(tail) if tail else [()]:
            yield (*_TOKEN.findall(head), *rest)
            yield (*_TOKEN.findall(head), "/", "**", *rest)


def _meet(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two rows of tokens can spell one path: a walk over both at once."""
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i == len(a) and j == len(b):
            return True
        left = a[i] if i < len(a) else ""
        right = b[j] if j < len(b) else ""
        if left in ("*", "**"):
            todo.append((i + 1, j))
            if right and (left == "**" or right != "/"):
                todo.append((i, j + 1))
        if right in ("*", "**"):
            todo.append((i, j + 1))
            if left and (right == "**" or left != "/"):
                todo.append((i + 1, j))
        if left and left == right:
            todo.append((i + 1, j + 1))
    return False
