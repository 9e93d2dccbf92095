# SPDX-License-Identifier: EUPL-1.2
"""Texts with numbers in them that are nobody's: what must survive scrubbing, by kind, from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from experiments.phrases import MONTHS

_MONTHS = MONTHS["nl"]


def texts(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """So many (kind, text) of each kind, always the same of one seed."""
    chance = random.Random(seed)
    for kind, make in KINDS.items():
        for _ in range(count):
            yield kind, make(chance)


def _day(chance: random.Random) -> date:
    return date(1990, 1, 1) + timedelta(days=chance.randrange(15_000))


def _order_number(chance: random.Random) -> str:
    year, number = chance.randint(2015, 2030), chance.randrange(1, 10**6)
    shape = chance.choice(
        (
            "ORD-{y}-{n:06d}",
            "bestelling {y}-{n:06d}",
            "Z-{y}-{n:06d}",
            "INV{y}{n:06d}",
            "order {n:05d}",
            "#{n:05d}",
            "factuur {y}.{n:06d}",
            "F{y}/{n:05d}",
            "20{n:010d}",
            "PO-{n:07d}",
            "kenmerk {y}/{n:06d}",
            "W2-{y}",
            "besluit {y}-{n:05d}",
            "3S{a}{n:09d}",
            "artikelnummer {a}-{n:04d}-{b}",
            "order {n}",
            "{a}{n:05d}",
        )
    )
    return shape.format(y=year, n=number, a=chance.choice("ABCDEFGH") * 2, b=chance.randrange(10))


def _date(chance: random.Random) -> str:
    day = _day(chance)
    shape = chance.choice(
        ("%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%y", "%Y%m%d", "%d%m%Y", "{} {} %Y")
    )
    text = day.strftime(shape).format(day.day, _MONTHS[day.month - 1])
    hour, minute = chance.randrange(24), chance.choice((0, 15, 30, 45))
    after = chance.choice(
        (
            "",
            "",
            "",
            " {h:02d}:{m:02d}",
            " om {h}.{m:02d} uur",
            " om {h} uur",
            "T{h:02d}:{m:02d}:00Z",
            " {h:02d}.{m:02d} uur",
            " tot {t}",
            " en {t}",
            " - {t}",
            " t/m {t}",
        )
    )
    before = chance.choice(("", "", "op ", "afspraak ", "raadsvergadering ", "afvalkalender "))
    return before + text + after.format(h=hour, m=minute, t=text)


def _amount(chance: random.Random) -> str:
    amount = round(10 ** chance.uniform(0, 7.5), 2)
    text = f"{amount:,.2f}".translate({ord(","): ".", ord("."): ","})
    return chance.choice(("€ {}", "{} euro", "EUR {}", "{}", "subsidie van € {}")).format(
        chance.choice((text, text.partition(",")[0], text.partition(",")[0] + ",-"))
    )


def _hours(chance: random.Random) -> str:
    opens, closes = chance.randint(7, 10), chance.randint(12, 21)
    sign, till = chance.choice(".:"), chance.choice(("-", " - ", " tot ", "–"))
    hours = f"{opens:02d}{sign}00{till}{closes}{sign}30"
    return chance.choice(
        (
            f"open {hours} uur",
            f"ma {hours}, di {hours}",
            f"{hours} en 13{sign}00{till}17{sign}00",
            f"{hours} 13{sign}00{till}17{sign}00",
            f"{hours}, {hours}",
            f"maandag {opens}-{closes}",
            f"24{sign}00 {hours}",
        )
    )


def _postcode(chance: random.Random) -> str:
    letters = "".join(chance.choices("ABCDEGHJKLMNPRSTVWXZ", k=2))
    code = f"{chance.randint(1000, 9999)}{chance.choice(('', ' '))}{letters}"
    return chance.choice(("{}", "postcode {}", "{} Voorbeeldstad", "afval {}", "welke wijk is {}?")).format(
        code
    )


def _article(chance: random.Random) -> str:
    number, part = chance.randint(1, 400), chance.randint(1, 9)
    return chance.choice(
        (
            f"artikel {part}:{number} BW",
            f"art. {part}.{number} lid {part}",
            f"artikel {number + 1000} BW {part}",
            f"Wmo 2015 artikel 2.3.{part}",
            f"ISO 9001:2015 {part}.{part}",
            f"verordening 2016/679 artikel {number}",
            f"APV {chance.randint(2015, 2030)} artikel {part}:{number}",
        )
    )


def _measure(chance: random.Random) -> str:
    many, few = chance.randint(1000, 9900), chance.randint(2, 60)
    return chance.choice(
        (
            f"{many} kg {few} zakken",
            f"{many} m2",
            f"{many} st {few}",
            f"versie {few}.{few}.{few}.{few}",
            f"{many} x {many} px",
            f"{many // 100 * 100} en {few}",
            f"{chance.randint(2015, 2030)} in {few} stappen",
            f"dossier {few} van {many}",
        )
    )


KINDS: dict[str, Callable[[random.Random], str]] = {
    "order number": _order_number,
    "date": _date,
    "amount": _amount,
    "opening hours": _hours,
    "postcode alone": _postcode,
    "law article": _article,
    "measure": _measure,
}
