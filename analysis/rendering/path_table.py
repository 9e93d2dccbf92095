# SPDX-License-Identifier: EUPL-1.2
"""The numbers of the paths beside their picture: one row for each band, the versions next to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from analysis import wording
from analysis.disclosure import FEWEST, OTHER
from analysis.rendering.labels import FIGURES
from analysis.rendering.paths import ENDS, Paths
from analysis.rendering.sections import Table, labels

#: What fewer than 1 in 100 questions of every version did is added up: it is too thin to see.
_LEAST = 0.01


def path_table(followed: Mapping[str, Paths], caption: str, language: str) -> Table:
    """What followed what in each of the versions, step by step, as drawn; ended questions are told once."""
    words, (start, _, later, _) = labels(language), FIGURES["paths"][language]["columns"].split("|")
    steps = max(len(paths.links) for paths in followed.values())
    after = [start, *[wording.number(step, language) for step in range(1, steps - 1)], later]
    rows = []
    for place in range(steps):
        counts = [_moves(paths.links[place]) for paths in followed.values()]
        rest = [0] * len(counts)
        for source, target in sorted(set().union(*counts), key=lambda move: -max(c[move] for c in counts)):
            questions = [count[source, target] for count in counts]
            if (source, target) == (OTHER, OTHER) or _is_thin(questions, followed):
                rest = [one + more for one, more in zip(rest, questions, strict=True)]
                continue
            ends = [wording.touchpoint_name(name, language) for name in (source, target)]
            rows.append((after[place], *ends, *_cells(questions, followed, language)))
        if any(rest):
            other = wording.touchpoint_name(OTHER, language)
            rows.append((after[place], other, other, *_cells(rest, followed, language)))
    names = [wording.short_variant_name(name, language) for name in followed]
    headers = (words["from_step"], words["source"], words["target"], *names)
    return Table(caption, headers, tuple(rows), frozenset(range(3, len(headers))))


def _moves(links: Mapping[tuple[str, str], int]) -> Counter[tuple[str, str]]:
    """What questions that had not ended did next."""
    return Counter({move: count for move, count in links.items() if move[0] not in ENDS})


def _is_thin(questions: list[int], followed: Mapping[str, Paths]) -> bool:
    return all(
        count < max(FEWEST, _LEAST * paths.total)
        for count, paths in zip(questions, followed.values(), strict=True)
    )


def _cells(questions: list[int], followed: Mapping[str, Paths], language: str) -> list[str]:
    """How many questions of each version, and the share of all of its questions."""
    return [
        f"{wording.number(count, language)} ({wording.percentage(count / max(1, paths.total), language)})"
        for count, paths in zip(questions, followed.values(), strict=True)
    ]
