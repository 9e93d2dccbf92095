# SPDX-License-Identifier: EUPL-1.2
"""Visitors who do anything at all, drawn by Hypothesis."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.analysis.stories import Story
from tracker.event import Kind

PATHS = ("/", "/afval", "/afval/zwerfvuil-melden", "/melding/stap-1", "/paspoort", "/grofvuil", "/contact")
QUERIES = ("zwerfvuil", "zwerfvul", "paspoort", "paspoort kosten", "trouwen", "", "[bsn]")
REFERRERS = (
    None,
    "https://www.google.nl/",
    "https://www.bing.com/search?q=paspoort",
    "https://www.voorbeeldstad.nl/afval",
    "https://www.voorbeeldstad.nl/",
    "https://t.co/x",
)
RELAXED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def stories(draw: st.DrawFn, most: int = 12) -> Story:
    """Visitors who do anything at all, at any moment of the day and a little outside it."""
    story = Story()
    views: list[str] = []
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(-6 * 3600, 20 * 3600)) / draw(st.sampled_from((1, 60)))
        came = draw(st.sampled_from((None, None, "lost00000000", *views)))
        fields = {
            "visitor": draw(st.integers(-3, 3)),
            "came": came,
            "referrer": draw(st.sampled_from(REFERRERS)),
            "run": draw(st.sampled_from((None,) * 9 + ("run-1",))),
            "automated": draw(st.sampled_from((False,) * 9 + (True,))),
            "seen": draw(st.sampled_from((None, 3.0, 40.0))),
        }
        if draw(st.booleans()):
            view = story.search(draw(st.sampled_from(QUERIES)), at, results=draw(st.integers(0, 3)), **fields)
        else:
            view = story.page(draw(st.sampled_from(PATHS)), at, **fields)
        views.append(view)
        for kind in draw(
            st.lists(
                st.sampled_from((Kind.GOAL, Kind.CONTACT, Kind.FORM, Kind.RESULT, Kind.SEARCH)), max_size=3
            )
        ):
            story.on(
                view,
                kind,
                at + 5,
                goal="melding_verzonden",
                channel="tel",
                action="start",
                target="/paspoort",
                query=draw(st.sampled_from(QUERIES)) if kind is Kind.SEARCH else None,
            )
    lost = draw(st.integers(0, 2))
    for number in range(lost):
        story.event(Kind.ENGAGE, number, page_view=f"elders{number:06d}", index=1, path="/", visible_s=2.0)
    return story
