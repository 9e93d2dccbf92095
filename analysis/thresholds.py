# SPDX-License-Identifier: EUPL-1.2
"""Every number on which the reconstruction stands, named, in one place.

A report prints them, and says whether its verdict survives other ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What makes a session, a question, a move and an answer; defaults as in `docs/journeys.md`."""

    #: Silence that ends a session (Matomo, PostHog, GA4, Mixpanel: 30 minutes).
    session_gap_s: int = 1800
    #: Silence after which a question is open no longer.
    question_open_s: int = 86_400
    #: How many of a visitor's open questions, newest first, a search or a page is compared with.
    open_questions: int = 100
    #: Two queries are alike when the cosine of their character 3-grams, weighted down with the time between
    #: them, reaches this.
    trigram_cosine: float = 0.5
    #: Time after which that cosine counts for half.
    trigram_half_life_s: float = 3600.0
    #: A page tagged as answer counts as read after so many visible seconds ...
    read_s: float = 30.0
    #: ... or sooner where its words, as its task tells them, take less at this pace (Brysbaert, "How many
    #: words do we read per minute?", Journal of Memory and Language 109, 2019: 238, of non-fiction) ...
    words_per_minute: float = 238.0
    #: ... but not before so many seconds ...
    read_at_least_s: float = 10.0
    #: ... and so many seconds without a search for the same question.
    quiet_after_read_s: int = 1800
    #: Visible seconds within which a return to the results is a pogo-stick.
    pogo_stick_s: float = 15.0
    #: The soft definition of success also counts an answer that stood on the results page.
    soft_answer: bool = False
    #: More events than this in one DAY come from no resident; that visitor is set aside and counted.
    events_per_visitor: int = 10_000
    #: Steps of a path that the flow tables tell apart; later ones are pooled.
    flow_steps: int = 20


DEFAULTS = Thresholds()

#: Tuned on simulated citizens who know whether they found their answer (a second question for 40 % of them,
#: seeds 101 and 102): they read faster than the promised half minute. Never used unless asked for; to be
#: measured on citizens of another seed and other habits.
TUNED = replace(DEFAULTS, read_s=20.0)

#: Other definitions that one may defend, by which a report tells whether its verdict hangs on ours: silence
#: that ends a visit, and how an answer is told. A key is what the day tables and the report call it.
ALTERNATIVES: Mapping[str, Mapping[str, Any]] = {
    "silence15": {"session_gap_s": 900, "quiet_after_read_s": 900},
    "silence60": {"session_gap_s": 3600, "quiet_after_read_s": 3600},
    "softAnswers": {"soft_answer": True},
}


def alternatives(thresholds: Thresholds) -> dict[str, Thresholds]:
    """Every alternative definition that differs from the one in use, by name.

    >>> alternatives(DEFAULTS)["silence15"].session_gap_s
    900
    """
    changed = {name: replace(thresholds, **values) for name, values in ALTERNATIVES.items()}
    return {name: other for name, other in changed.items() if other != thresholds}


#: What a question cost: weights of its counts, written down beforehand; its parts always stand beside it.
EFFORT = {
    "pages": 1.0,
    "searches": 1.0,
    "reformulations": 1.0,
    "zero_results": 1.0,
    "pogo_sticks": 1.0,
    "backtracks": 1.0,
    "friction": 1.0,
    "form_errors": 2.0,
}
