# SPDX-License-Identifier: EUPL-1.2
"""What residents write in a form: by its labels, its choices and the mistakes people make."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from web_demo.citizens.page import Field
from web_demo.citizens.words import Wish

_NAMES = ("Sam de Vries", "Noor Jansen", "Youssef Bakker", "Anna Visser", "Daan Smit", "Fatma Yilmaz")
_STREETS = ("Dorpsstraat", "Kerklaan", "Molenweg", "Stationsplein", "Lindelaan")
_TOWN = "Voorbeeldstad"
_TEST_BSN = "999990019"  # from the range of test numbers

# label -> (a good answer, a careless one)
_ANSWERS: tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...] = tuple(
    (re.compile(pattern), good, careless)
    for pattern, good, careless in (
        (r"burgerservice|\bbsn\b", (_TEST_BSN,), "12345"),
        (r"e-?mail", ("bewoner@voorbeeld.nl", "sam@voorbeeld.nl"), "sam@voorbeeld"),
        (r"telefoon|mobiel", ("0612345678", "0201234567"), "06-1234"),
        (r"postcode", ("1234 AB", "1235 CD"), "1234"),
        (r"huisnummer", ("12", "7", "104"), ""),
        (r"straat|adres|locatie|waar|plek", _STREETS, ""),
        (r"woonplaats|plaats", (_TOWN,), ""),
        (r"datum|geboren|wanneer", ("12-03-1985", "04-11-1972"), "12 maart"),
        (r"iban|rekeningnummer", ("NL91ABNA0417164300",), "NL91"),
        (r"bedrag|inkomen|hoeveel|aantal|schuldeisers", ("1200", "3", "850"), "weet ik niet"),
        (r"naam|voornaam|achternaam", _NAMES, ""),
    )
)
_ISO_DATE = ("1985-03-12", "1972-11-04")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is filled in; `familiar` is whether the question was in the resident's own words."""

    values: tuple[str, ...]
    familiar: bool


def fill(field: Field, wish: Wish, smell: Callable[[str], float], random: np.random.Generator) -> Answer:
    """A good answer to one field, as well as this resident understands it."""
    if field.kind in ("select", "radio", "checkbox"):
        return _chosen(field, smell, random)
    if field.kind == "file":
        return Answer(("document.pdf",), familiar=True)
    if field.kind == "textarea":
        return Answer((f"Het gaat om: {wish.queries[0]}",), familiar=True)
    known = _known(field)
    if field.kind == "date":
        return Answer((_one(_ISO_DATE, random),), familiar=True)
    if field.kind == "number":
        return Answer((str(int(random.integers(1, 9))),), familiar=known is not None)
    if known:
        return Answer((_one(known[0], random),), familiar=True)
    return Answer((wish.queries[0],), familiar=smell(field.label) > 0)


def slip(field: Field) -> tuple[str, ...]:
    """What stands in a field that was filled in carelessly: nothing, or something of the wrong shape."""
    known = _known(field)
    if field.kind in ("text", "email", "tel", "number") and known and known[1]:
        return (known[1],)
    return ()


def _known(field: Field) -> tuple[Sequence[str], str] | None:
    asked = f"{field.label} {field.name}".lower()
    return next(((good, careless) for pattern, good, careless in _ANSWERS if pattern.search(asked)), None)


def _chosen(field: Field, smell: Callable[[str], float], random: np.random.Generator) -> Answer:
    real = [(value, text) for value, text in field.options if value]
    if not real:
        return Answer((), familiar=True)
    scents = [smell(text) for _, text in real]
    best = max(range(len(real)), key=lambda place: scents[place])
    # A choice between times of day or ways to be reached needs no word of one's own; one by subject does.
    by_subject = len(real) > 4
    if scents[best] > 0:
        return Answer((real[best][0],), familiar=True)
    return Answer((real[int(random.integers(len(real)))][0],), familiar=not by_subject)


def _one(choices: Sequence[str], random: np.random.Generator) -> str:
    return choices[int(random.integers(len(choices)))]
