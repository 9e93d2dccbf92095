# SPDX-License-Identifier: EUPL-1.2
"""The paths through a version for screens of every width, and in words how they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from analysis import wording
from analysis.journey_book import Passage
from analysis.rendering import paths
from analysis.rendering.labels import FIGURES
from analysis.rendering.pictures import Caption
from analysis.report import Flow
from analysis.tables import Outcome

#: Width, steps and touchpoints named after each; the widest first.
_SIZES = ((540.0, 3, 5), (340.0, 2, 4))


def followed(
    flows: Iterable[Flow | Passage], named: Callable[[int, int], Sequence[frozenset[str]]]
) -> list[paths.Paths]:
    """One version's flows for each width; `named(steps, most)` says which touchpoints to name."""
    flows = list(flows)
    return [paths.follow(flows, named(steps, most)) for _, steps, most in _SIZES]


def drawn(found: Sequence[paths.Paths], caption: Caption, language: str) -> list[Markup]:
    """The picture of each width; `found` as `followed` gives them."""
    return [
        paths.draw(
            one,
            caption,
            width=width,
            name_of=lambda name: wording.touchpoint_name(name, language),
            share_of=lambda share: wording.percentage(share, language),
            columns=FIGURES["paths"][language]["columns"].split("|"),
        )
        for one, (width, _, _) in zip(found, _SIZES, strict=True)
    ]


def of_hundred(found: paths.Paths, language: str) -> dict[str, str]:
    """Of 100 questions, those `answered`, ended in `contact` and `abandoned`, for a sentence."""
    ends = {"answered": Outcome.ANSWERED, "contact": Outcome.CHANNEL_SHIFT, "abandoned": Outcome.ABANDONED}
    last, total = found.columns[-1], max(1, found.total)
    return {
        name: wording.number(100 * last.get(outcome.value, 0) / total, language)
        for name, outcome in ends.items()
    }
