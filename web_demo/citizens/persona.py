# SPDX-License-Identifier: EUPL-1.2
"""Who visits: attributes drawn once per person, and the words that this person types."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.devices import Device, draw_device, pick
from web_demo.citizens.words import Vocabulary, Wish


class Channel(StrEnum):
    """How somebody comes to the site."""

    SEARCH_ENGINE = "search_engine"
    DIRECT = "direct"
    LETTER = "letter"
    SOCIAL = "social"


@dataclass(frozen=True, slots=True)
class Persona:
    """One person with one browser. Shares and chances are 0-1; patience is in units of effort."""

    number: int
    device: Device
    wishes: tuple[Wish, ...]
    channel: Channel
    patience: float
    words_per_minute: float
    official_known: float
    searches_first: float
    document_ready: float
    misspells: float
    prefers_phone: bool
    interleaves: bool
    only_looking: bool


def draw_persona(
    number: int, vocabulary: Vocabulary, behaviour: Behaviour, random: np.random.Generator
) -> Persona:
    """Draw one person; two calls with equal generators give the same person."""
    device = draw_device(
        random,
        mobile_share=behaviour.mobile_share,
        gpc=behaviour.gpc_share,
        refuses=behaviour.refuses_cookies_share,
    )
    mobile = device.mobile
    wishes = _wishes(vocabulary, behaviour, random)
    return Persona(
        number=number,
        device=device,
        wishes=wishes,
        channel=_channel(behaviour, random),
        patience=behaviour.patience_median * math.exp(behaviour.patience_sigma * random.standard_normal()),
        words_per_minute=behaviour.words_per_minute_median
        * math.exp(behaviour.words_per_minute_sigma * random.standard_normal()),
        official_known=float(random.beta(*behaviour.official_known)),
        searches_first=float(random.beta(*behaviour.searches_first)),
        document_ready=float(random.beta(*behaviour.document_ready)),
        misspells=behaviour.misspelling_mobile_share if mobile else behaviour.misspelling_share,
        prefers_phone=bool(random.random() < behaviour.prefers_phone_share),
        interleaves=bool(random.random() < behaviour.interleaves_share),
        only_looking=bool(random.random() < behaviour.only_looking_share),
    )


def _wishes(vocabulary: Vocabulary, behaviour: Behaviour, random: np.random.Generator) -> tuple[Wish, ...]:
    shares = [wish.share for wish in vocabulary.wishes]
    first = pick(random, shares)
    if random.random() >= behaviour.second_question_share:
        return (vocabulary.wishes[first],)
    others = [0.0 if place == first else share for place, share in enumerate(shares)]
    return vocabulary.wishes[first], vocabulary.wishes[pick(random, others)]


def _channel(behaviour: Behaviour, random: np.random.Generator) -> Channel:
    found, left = Channel.DIRECT, float(random.random())
    for channel, share in (
        (Channel.SEARCH_ENGINE, behaviour.search_engine_share),
        (Channel.LETTER, behaviour.letter_share),
        (Channel.SOCIAL, behaviour.social_share),
    ):
        if 0 <= left < share:
            found = channel
        left -= share
    return found


# What Dutch writers mix up.
_CONFUSIONS = (
    ("ij", "ei"), ("ei", "ij"), ("au", "ou"), ("ou", "au"), ("ch", "g"), ("g", "ch"), ("dt", "d"),
    ("z", "s"), ("v", "f"), ("ff", "f"), ("ll", "l"), ("oo", "o"), ("aa", "a"), ("uu", "u"), ("c", "k"),
)  # fmt: skip


def misspell(word: str, random: np.random.Generator) -> str:
    """One realistic mistake: a confused sound, a letter left out, doubled or swapped, a compound split."""
    if len(word) < 4:
        return word
    sounds = [(wrong, right) for right, wrong in _CONFUSIONS if right in word]
    kind = float(random.random())
    at = int(random.integers(1, len(word) - 1))
    if sounds and kind < 0.4:
        wrong, right = sounds[int(random.integers(len(sounds)))]
        return word.replace(right, wrong, 1)
    if kind < 0.6:
        return word[:at] + word[at + 1 :]
    if kind < 0.75:
        return word[:at] + word[at] + word[at:]
    if kind < 0.9 or len(word) < 9:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    split = max(4, min(len(word) - 4, at))
    return f"{word[:split]} {word[split:]}"


def misspell_query(query: str, random: np.random.Generator) -> str:
    """The query with one of its longer words misspelt."""
    words = query.split()
    longest = max(range(len(words)), key=lambda place: len(words[place]))
    words[longest] = misspell(words[longest], random)
    return " ".join(words)
