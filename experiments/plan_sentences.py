# SPDX-License-Identifier: EUPL-1.2
"""A plan as people read it, in Dutch and English: how many visitors, how many weeks, and what can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.planning import Plan


def sentences(found: Plan) -> dict[str, str]:
    """What the test takes; where that is not possible within its weeks, what can be seen in them."""
    asked = _of_share(found) if found.question.spread is None else _of_mean(found)
    weeks, most = found.days // 7, found.question.max_weeks
    if found.possible:
        one = weeks == 1
        return {
            "nl": f"{asked['nl']}: {weeks} {'week' if one else 'weken'}.",
            "en": f"{asked['en']}: {weeks} {'week' if one else 'weeks'}.",
        }
    nl = f"{asked['nl']}. Dat kan niet binnen {most} weken: het duurt er {_nl(weeks)}."
    en = f"{asked['en']}. That is not possible within {most} weeks: it takes {weeks:,}."
    seen = _seen(found)
    return {"nl": f"{nl} {seen['nl']}".rstrip(), "en": f"{en} {seen['en']}".rstrip()}


def _of_share(found: Plan) -> dict[str, str]:
    now, then = found.question.baseline, found.question.baseline + found.question.effect
    size, equal = max(found.sizes), len(set(found.sizes)) == 1
    return {
        "nl": f"Om te zien of {_of_hundred_nl(then)} in plaats van {_of_hundred_nl(now)} van de 100 "
        f"bezoekers slagen, zijn {_nl(found.total)} bezoekers nodig "
        f"({_nl(size)} {'per versie' if equal else 'in de grootste versie'})",
        "en": f"To see whether {_of_hundred(then)} instead of {_of_hundred(now)} of 100 visitors succeed "
        f"takes {found.total:,} visitors ({size:,} {'per version' if equal else 'in the largest version'})",
    }


def _of_mean(found: Plan) -> dict[str, str]:
    """The same for a mean: told in the metric's own unit."""
    effect, now = _short(found.question.effect), _short(found.question.baseline)
    return {
        "nl": f"Om een verschil van {_nl_decimal(effect)} te zien bij een gemiddelde van {_nl_decimal(now)} "
        f"zijn {_nl(found.total)} bezoekers nodig",
        "en": f"To see a difference of {effect} in a mean of {now} takes {found.total:,} visitors",
    }


def _seen(found: Plan) -> dict[str, str]:
    """What can be seen within the weeks that there are."""
    question = found.question
    if question.spread is not None:
        if found.detectable is None:
            return {"nl": "", "en": ""}
        size = _short(found.detectable)
        return {
            "nl": f"Binnen die tijd is een verschil van {_nl_decimal(size)} te zien.",
            "en": f"Within that time one can see a difference of {size}.",
        }
    if found.detectable is None:
        return {
            "nl": "Ook het grootst mogelijke verschil is dan niet te zien.",
            "en": "Not even the largest possible difference can be seen by then.",
        }
    share = question.baseline + found.detectable
    return {
        "nl": f"Binnen die tijd is te zien of {_of_hundred_nl(share)} van de 100 slagen.",
        "en": f"Within that time one can see whether {_of_hundred(share)} of 100 succeed.",
    }


def _short(number: float) -> str:
    return f"{number:.3g}"


def _nl_decimal(text: str) -> str:
    return text.replace(".", ",")


def _of_hundred(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def _of_hundred_nl(share: float) -> str:
    return _nl_decimal(_of_hundred(share))


def _nl(number: int) -> str:
    return f"{number:,}".replace(",", ".")
