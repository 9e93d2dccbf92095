# SPDX-License-Identifier: EUPL-1.2
"""Single journeys to read as a story, each like many others.

A story is one question that really was, told without a pseudonym, a date, a clock time or a word that was
typed. It is told only where at least five visitors share its version and outcome (and the place where they
were lost, where it tells of a place), and every place in it was visited by at least five in that task. It is
the one that differs least from all others of its group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from analysis.disclosure import FEWEST, VISITOR, common
from analysis.exposures import parse
from analysis.journey_book import LostStory, Scene, Story
from analysis.losses import PLACE
from analysis.tables import Outcome

#: Columns of the day tables that are needed.
QUESTION_COLUMNS = (
    "site", "day", "partition", "visitor", "question", "task", "outcome", "exposures", "form_submitted",
)  # fmt: skip
MOVE_COLUMNS = (
    "day", "partition", "question", "order", "at", "kind", "type", "step", "touchpoint", "source",
    "heartbeat", "given",
)  # fmt: skip

LONGEST = 25  # scenes
COMPARED = 80  # questions of a group, evenly from the shortest to the longest
_KEYS = ["day", "partition", "question"]
_OUTCOMES = (Outcome.ANSWERED, Outcome.READ, Outcome.CHANNEL_SHIFT, Outcome.ABANDONED)
_PLACES = 10  # of a version, those where most were lost: a page points at fewer
_SCENE = ("at", "kind", "type", "touchpoint", "heartbeat", "given")
_STEP_S = 5  # to which moments are rounded


class Teller:
    """The stories of one task. `questions` are those of the task, `moves` may be of others too, both of the
    last DAYs. A story may be shown until `keep_days` after its DAY, as long as its events would be there."""

    def __init__(self, questions: pd.DataFrame, moves: pd.DataFrame, *, keep_days: int) -> None:
        self._asked = questions
        mine = moves.merge(questions[_KEYS], on=_KEYS)
        self._scenes = _scenes(mine)
        self._common = _common(questions, mine)
        self._keep = timedelta(days=keep_days)

    def typical(self, *, experiment: str = "", versions: Sequence[str] = ()) -> tuple[Story, ...]:
        """For each version and outcome the most typical question."""
        told = []
        for variant in versions or ("",):
            asked = self._of(experiment, variant)
            for outcome in _OUTCOMES:
                story = self._story(asked[asked["outcome"] == outcome.value], variant, outcome)
                if story is not None:
                    told.append(story)
        return tuple(told)

    def lost(
        self, ends: pd.DataFrame, *, experiment: str = "", versions: Sequence[str] = ()
    ) -> tuple[LostStory, ...]:
        """For everyone and for each version, a story for each place where most were lost: the most typical of
        those that were lost there, in the way (by a call, or given up) that most were.

        `ends` has the place of each lost question: day, partition, question and `PLACE`.
        """
        told = []
        for variant in ("", *versions):
            lost = self._of(experiment, variant).merge(ends, on=_KEYS)
            exposure = f"{experiment}={variant}" if variant else ""
            places = sorted(lost.groupby(list(PLACE)), key=lambda one: (-len(one[1]), one[0]))
            for _, there in places[:_PLACES]:
                story = self._most_common(there, variant)
                if story is not None:
                    kind, page, step = (there[name].iloc[0] for name in PLACE)
                    told.append(
                        LostStory(exposure=exposure, kind=kind, page=page, step=int(step), story=story)
                    )
        return tuple(told)

    def _of(self, experiment: str, variant: str) -> pd.DataFrame:
        """The questions that met the variant; all of them where it is ''."""
        if not variant:
            return self._asked
        shown = [dict(parse(text)).get(experiment) == variant for text in self._asked["exposures"].tolist()]
        return self._asked[np.array(shown, bool)]

    def _most_common(self, asked: pd.DataFrame, variant: str) -> Story | None:
        """A story of the outcome that most of the questions had, else of the next."""
        often = Counter(asked["outcome"].tolist())
        for outcome in sorted(often, key=lambda one: (-often[one], one)):
            story = self._story(asked[asked["outcome"] == outcome], variant, Outcome(outcome))
            if story is not None:
                return story
        return None

    def _story(self, group: pd.DataFrame, variant: str, outcome: Outcome) -> Story | None:
        """The most typical question of a group; None where it could point at somebody."""
        visitors = len(group[list(VISITOR)].drop_duplicates())
        if visitors < FEWEST:
            return None
        found = {key: self._scenes[key] for key in _in(group) if key in self._scenes}
        fit = {
            key: each
            for key, each in found.items()
            if 1 < len(each) <= LONGEST and self._common.issuperset(one.touchpoint for one in each)
        }
        if len(fit) < FEWEST:
            return None
        key = _typical(fit)
        return Story(
            variant=variant, outcome=outcome.value, questions=len(group), visitors=visitors,
            scenes=fit[key], until=(date.fromisoformat(key[0]) + self._keep).isoformat(),
        )  # fmt: skip


def _in(group: pd.DataFrame) -> Iterable[tuple[str, int, int]]:
    return zip(*(group[name].tolist() for name in _KEYS), strict=True)


def _common(asked: pd.DataFrame, moves: pd.DataFrame) -> frozenset[str]:
    """Touchpoints that at least five visitors of the task came to."""
    seen = moves[[*_KEYS, "touchpoint"]].merge(asked[[*_KEYS, "visitor"]], on=_KEYS)
    return common(seen, "touchpoint")


def _scenes(moves: pd.DataFrame) -> dict[tuple[str, int, int], tuple[Scene, ...]]:
    """What happened in every question, without what says the same twice."""
    found: dict[tuple[str, int, int], list[Scene]] = {}
    started: dict[tuple[str, int, int], int] = {}
    ordered = moves.sort_values([*_KEYS, "order"])
    rows = zip(*(ordered[name].tolist() for name in (*_KEYS, *_SCENE)), strict=True)
    for day, partition, question, at, kind, how, touchpoint, beat, given in rows:
        key = (day, partition, question)
        after_s = (at - started.setdefault(key, at)) / 1000
        scene = Scene(
            after_s=round(after_s / _STEP_S) * _STEP_S,
            kind=kind,
            touchpoint=touchpoint,
            type=how,
            heartbeat=None if beat != beat else int(beat),
            given=bool(given),
        )
        _tell(found.setdefault(key, []), scene)
    return {key: tuple(scenes) for key, scenes in found.items()}


#: What makes the move before it, at the same place, superfluous.
_SAYS_MORE: Mapping[str, tuple[str, ...]] = {
    "search": ("view",),
    "reformulation": ("view", "search"),
    "pogo_stick": ("view", "search"),
    "backtrack": ("view",),
    "goal": ("view", "form"),
    "form": ("view",),
}


def _tell(told: list[Scene], scene: Scene) -> None:
    """Add a scene to those told; what repeats the one before it, or is said better by it, is one with it."""
    if scene.kind == "result":
        return  # the page that it led to comes next
    before = told[-1] if told else None
    if before is not None and before.touchpoint == scene.touchpoint:
        trouble = scene.heartbeat if scene.heartbeat is not None else before.heartbeat
        if before.kind in _SAYS_MORE.get(scene.kind, ()):
            told[-1] = _with(scene, before.after_s, trouble)
            return
        if scene.kind == before.kind and scene.kind in ("view", "form", "search"):
            told[-1] = _with(before, before.after_s, trouble)
            return
        if scene.kind == "view" and before.kind in ("search", "reformulation"):
            return
    told.append(scene)


def _with(scene: Scene, after_s: int, heartbeat: int | None) -> Scene:
    return Scene(
        after_s=after_s, kind=scene.kind, touchpoint=scene.touchpoint, type=scene.type,
        heartbeat=heartbeat, given=scene.given,
    )  # fmt: skip


def _typical(found: Mapping[tuple[str, int, int], tuple[Scene, ...]]) -> tuple[str, int, int]:
    """The question whose scenes differ least from those of the others (the medoid by edit distance)."""
    keys = sorted(found, key=lambda key: (len(found[key]), key))
    some = [keys[place] for place in np.unique(np.linspace(0, len(keys) - 1, COMPARED).round().astype(int))]
    letters: dict[tuple[str, str], str] = {}
    paths = [
        "".join(
            letters.setdefault((one.kind, one.touchpoint), chr(0x4E00 + len(letters))) for one in found[key]
        )
        for key in some
    ]
    apart = np.asarray(cdist(paths, paths, scorer=Levenshtein.distance)).sum(axis=0)
    best: tuple[str, int, int] = some[int(apart.argmin())]
    return best
