# SPDX-License-Identifier: EUPL-1.2
"""Single journeys to read: what the visitor did, scene by scene, in words."""

from __future__ import annotations

from dataclasses import dataclass

from analysis import wording
from analysis.journey_book import Book, Scene, Story
from analysis.rendering.journey_labels import PICTURES, SCENES
from analysis.rendering.journey_parts import Section
from analysis.rendering.templates import filled


@dataclass(frozen=True, slots=True)
class Read:
    """A story in words. `scenes` are moments and what happened then; `name` is its place in the address,
    where it has one."""

    heading: str
    like: str
    scenes: tuple[tuple[str, str], ...]
    end: str
    is_open: bool = False
    name: str = ""


def stories(book: Book, language: str) -> Section | None:
    """The typical journeys of the task."""
    if not book.stories:
        return None
    said = PICTURES["stories"][language]
    told = [
        in_words(
            story,
            language,
            heading=said["heading" if story.variant else "heading_all"].format(
                outcome=ended(story, language), version=wording.variant_name(story.variant, language)
            ),
            like=said["like"].format(questions=wording.number(story.questions, language)),
            is_open=place == 0,
        )
        for place, story in enumerate(book.stories)
    ]
    return Section(
        "stories", said["title"], filled("journeys/stories.html", intro=said["intro"], stories=told)
    )


def in_words(
    story: Story, language: str, *, heading: str, like: str, is_open: bool = False, name: str = ""
) -> Read:
    """A story under that heading, with a sentence on how many went like it."""
    scenes = tuple(
        (
            wording.duration(one.after_s, language) if one.after_s >= 10 else f"{one.after_s} s",
            _scene(one, language),
        )
        for one in story.scenes
    )
    return Read(heading, like, scenes, ended(story, language), is_open, name)


def ended(story: Story, language: str) -> str:
    """How a story ended."""
    return SCENES[f"end_{story.outcome}"][language]


def _scene(scene: Scene, language: str) -> str:
    """What the visitor did, in words."""
    key = scene.kind
    if key == "feedback":
        key += {1: "_good", 0: "_neutral", -1: "_bad"}[scene.heartbeat or 0]
    elif key in ("search", "reformulation", "form") and (scene.heartbeat or 0) < 0:
        key += "_bad"
    elif key == "view" and scene.touchpoint == "search":
        key = "view_search"
    if key not in SCENES:
        return scene.touchpoint
    return SCENES[key][language].format(place=wording.touchpoint_name(scene.touchpoint, language))
