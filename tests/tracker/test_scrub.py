# SPDX-License-Identifier: EUPL-1.2
"""Personal data never survives, whatever its spelling; everything else survives letter by letter."""

from __future__ import annotations

import csv
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum.nl import bsn as elfproef

from tracker.personal_numbers import _DATE_IN_ONE, citizen_numbers
from tracker.scrub import scrub

# Of the official test range.
BSN = "999990019"
IBAN = "NL91 ABNA 0417 1643 00"  # the example of the IBAN registry

PERSONAL = {
    "bsn": [
        BSN,
        "9999.90.019",
        "9999 90 019",
        "999 990 019",
        "999.990.019",
        "999-990-019",
        "bsn999990019",
        "٩٩٩٩٩٠٠١٩",
        "999 - 990 - 019",
        "9999.90-019",
        "9 9 9 9 9 0 0 1 9",
        "9999/90/019",
        "999\u200b990\u200b019",
        "\uff19\uff19\uff19990019",
        "999\u2011990\u2011019",
        "&#57;&#57;&#57;990019",
    ],
    "email": [
        "jan.jansen@example.nl",
        "J.de-Vries+gemeente@mail.example.com",
        "bsn@example.nl",
        "jan @ example.nl",
        "jan@gemeente",
        "jan[at]example.nl",
        "jan (at) example.nl",
        "jan apenstaartje example punt nl",
        "jan\uff20example.nl",
        "m\u00fcller@ex\u00e4mple.nl",
    ],
    "phone": [
        "0612345678",
        "06-12345678",
        "06 12 34 56 78",
        "010-1234567",
        "(010) 123 45 67",
        "0318 123 456",
        "+31612345678",
        "+31 (0)6 1234 5678",
        "0031 10 123 45 67",
        "(+31) 6 12345678",
        "06 - 12 34 56 78",
        "06/12345678",
        "06+12345678",
        "0 6 1 2 3 4 5 6 7 8",
        "31101234567",
        "+32 475 12 34 56",
        "0049 30 1234567",
        "+32470123456",
        "0032470123456",
        "+44 7911 123456",
        "+33 1 23 45 67 89",
        "32470123456",
        "3225551234",
        "33123456789",
        "447911123456",
        "4915112345678",
        "612345678",
        "6-12345678",
        "6 12345678",
    ],
    "iban": [
        IBAN,
        IBAN.replace(" ", ""),
        IBAN.lower(),
        "DE89370400440532013000",
        f"iban{IBAN}",
        IBAN.replace(" ", "."),
        IBAN.replace(" ", "  "),
        "BE68 5390 0754 7034",
    ],
    "address": [
        "1234AB 12",
        "1234 AB 12",
        "1234ab12a",
        "1234 ab, 12",
        "1234 AB huisnummer 12",
        "12, 1234 AB",
        "1234 OP 5",
        "postcode 1234 AB en huisnummer 12",
        "postcode=1234AB&huisnummer=12",
        "1234-AB 12",
        "1234 AB (12)",
    ],
}
BIRTHS = [
    "geboren 01-02-1980",
    "geboren op 1 februari 1980",
    "geboren te Utrecht op 1 feb. 1980",
    "geb. 1-2-80",
    "geb.datum: 01/02/1980",
    "geb. datum 1980-02-01",
    "geboortedatum=01021980",
    "geboortedatum 19800201",
    "geboorte_datum 1.2.1980",
    "/geboortedatum/1980-02-01",
    "dob 01 02 1980",
    "D.O.B. 1980-02-01",
    "born on February 1st, 1980",
    "date of birth: 1 Feb 1980",
    "dateOfBirth=1980-02-01",
    "01-02-1980 geboren",
    "1 februari 1980 is mijn geboortedatum",
]
WAYS = {
    "as it is": lambda text: text,
    "percent-encoded": lambda text: quote(text, safe=""),
    "double-encoded": lambda text: quote(quote(text, safe=""), safe=""),
    "in a sentence": lambda text: f"aanvraag {text} graag",
    "in capitals": lambda text: text.upper(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("mark", "text"), [(mark, text) for mark, texts in PERSONAL.items() for text in texts]
)
def test_becomes_a_mark(mark: str, text: str, way: str) -> None:
    clean, found = scrub(WAYS[way](text))
    assert found == (mark,)
    assert f"[{mark}]" in clean
    assert not any(character.isdigit() for character in unquote(unquote(clean)))


@pytest.mark.parametrize(
    ("mark", "text"), [(mark, text) for mark, texts in PERSONAL.items() for text in texts]
)
def test_becomes_a_mark_in_a_form_encoded_query(mark: str, text: str) -> None:
    clean, found = scrub(f"zoek=mijn+vraag+{quote_plus(text)}+nu", form_encoded=True)
    assert found == (mark,)
    assert clean.startswith("zoek=mijn+vraag+")
    assert clean.removesuffix("%29").endswith((f"[{mark}]+nu", f"[{mark}]%29+nu"))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", BIRTHS)
def test_a_date_beside_a_word_of_birth_becomes_a_mark(text: str, way: str) -> None:
    clean, found = scrub(WAYS[way](text))
    assert found == ("birthdate",)
    assert not any(part in unquote(unquote(clean)) for part in ("1980", "80", "01", "1"))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param(f"/klant/{BSN}/brief", "/klant/[bsn]/brief", id="a path stays a path"),
        pytest.param(
            "/adres/1234AB/56/besluit", "/adres/[address]/besluit", id="an address over two steps of a path"
        ),
        pytest.param(
            f"/zoek/%7Eniet%2Fdit/{BSN}", "/zoek/%7Eniet%2Fdit/[bsn]", id="the rest keeps its encoding"
        ),
        pytest.param(
            f"bel 0612345678 of mail {BSN}@example.nl", "bel [phone] of mail [email]", id="two at once"
        ),
        pytest.param("ik ben jan@example.nl.", "ik ben [email].", id="the stop of a sentence"),
        pytest.param(
            "Dorpsstraat 12, 1234 AB Voorbeeldstad",
            "Dorpsstraat [address] Voorbeeldstad",
            id="a whole address",
        ),
        pytest.param(f"%FF{BSN}", "%FF[bsn]", id="bytes that are no text"),
        pytest.param(
            "geboren op 1-2-1980 te Ede", "geboren op [birthdate] te Ede", id="the word of birth stays"
        ),
        pytest.param("%" + "25" * 20 + "3999990019", "[bsn]", id="encoded twenty times"),
        pytest.param("%%33%3999990019", "[bsn]", id="a code in a code"),
        pytest.param(f"1. {BSN}", "1. [bsn]", id="the first of a list"),
        pytest.param(f"12,{BSN}", "12,[bsn]", id="behind a comma"),
        pytest.param(f"5%{BSN}", "5%[bsn]", id="behind a percent sign"),
        pytest.param("5%0612345678", "5%[phone]", id="a telephone behind a percent sign"),
        pytest.param("dossier: 32 470 12 34 56", "dossier:[phone]", id="grouped as no order number is"),
        pytest.param(f"\\u{BSN}", "\\u[bsn]", id="behind the beginning of an escape"),
        pytest.param("jan&commat;example.nl", "[email]", id="an HTML reference"),
        pytest.param("1234AB 9999 90 019", "[address]", id="two that overlap go both"),
        pytest.param(
            "caf\u00e9 \u00e9\u0301 999990019 \u00e9",
            "caf\u00e9 \u00e9\u0301 [bsn] \u00e9",
            id="accents stay where they were",
        ),
    ],
)
def test_cuts_out_only_what_is_personal(text: str, clean: str) -> None:
    assert scrub(text)[0] == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param(" 32470123456", "[phone]", id="at the beginning"),
        pytest.param("bel  48 470 12 34 56 nu", "bel [phone] nu", id="behind a space"),
        pytest.param("bel ( 90 532 123 45 67)", "bel ([phone])", id="behind a bracket"),
        pytest.param('{"tel":" 49 30 1234567"}', '{"tel":"[phone]"}', id="behind a quotation mark"),
        pytest.param("32 470 12 34 56", "[phone]", id="alone, without even a space"),
        pytest.param("bel 33 34 35 36 37", "bel 33 34 35 36 37", id="a list"),
        pytest.param("kavel  44 en 49", "kavel  44 en 49", id="short numbers"),
        pytest.param("52.3247012345678", "52.3247012345678", id="decimals"),
    ],
)
def test_a_plus_that_reading_a_query_made_a_space_was_one(text: str, clean: str) -> None:
    assert scrub(text)[0] == clean


def test_plus_joins_no_words_into_an_address() -> None:
    assert scrub("ik+ben+jan@example.nl", form_encoded=True)[0] == "ik+ben+[email]"


@pytest.mark.parametrize(
    "text",
    [
        "p800refund",
        "afval 2026",
        "12-05-2026",
        "2026-05-12",
        "12 mei 2026",
        "20260512",
        "12052026",
        "12-05-2026 10:30",
        "01-02-2026 12:30",
        "openingstijden 2026 2027",
        "2026 in 12 stappen",
        "1000 en 20",
        "van 2024 tot 2025",
        "1500 kg 20 zakken",
        "artikel 12.345",
        "€ 1.250,50",
        "1.234.567,89",
        "zaak Z-2026-000123",
        "ORD-2026-000124",
        "bestelling 123456789",
        "bestelling 671234567",
        "bestelling 612345678",
        "ordernummer: 32470123456",
        "factuurnr. 4915112345678",
        "dossier 6123456789",
        "6 12 maanden 345678",
        "000000000",
        "0000000000",
        "14 010",
        "0800-1234",
        "1234 AB",
        "1234AB",
        "5G",
        "A4",
        "550e8400-e29b-41d4-a716-446655440000",
        "versie 10.2.3.4",
        "192.0.2.17",
        "NL92ABNA1417164300",
        "@gemeente",
        "verkiezingen 18 maart 2026",
        "lijst 1 2 3 4 5 6 7 8",
        "%20%2F",
        "100%",
        "formulier W2-2026",
        "12345678",
        "12.05.2026 08.30 uur",
        "02-05-2026 08.30 uur",
        "01-02-26 tot 03-02-26",
        "09.00-12.30 13.00-17.00",
        "12 mei 2026 om 10 uur",
        "12-05-2026 om 10 uur",
        "2026 en 2027",
        "1500 m\u00b2 20",
        "artikel 1019 BW 3",
        "ongeboren vrucht erkennen 2026",
        "adobe 12-05-2026",
        "gebouw 01-02-1980",
        "2026AB0012",
        "pakket@2.3.1",
        "https://maps.example/@52.37,4.89",
        "000012345",
    ],
)
def test_survives(text: str) -> None:
    assert scrub(text) == (text, ())
    assert scrub(quote(text)) == (quote(text), ())


@pytest.mark.shared
def test_the_names_of_municipal_products_survive(shared: Path) -> None:
    names = (shared / "data" / "upl" / "upl_gemeente_burger.txt").read_text().splitlines()
    assert len(names) == 376
    assert [name for name in names if scrub(name) != (name, ())] == []


@pytest.mark.shared
def test_numbers_are_what_the_vectors_say(shared: Path) -> None:
    rows = list(csv.DictReader((shared / "vectors" / "bsn.tsv").open(), delimiter="\t"))
    for row in rows:
        expected = ("bsn",) if row["elfproef"] == "valid" else ()
        assert scrub(f"nummer {row['number']}")[1] == expected, row


def completed(number: int) -> str:
    """Eight digits with the ninth that the eleven-test wants; empty where no digit will do."""
    digits = f"{number:08d}"
    last = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 1, -1), strict=True)) % 11
    return f"{digits}{last}" if last < 10 else ""


valid_numbers = st.integers(1_000_000, 99_999_999).map(completed).filter(elfproef.is_valid)
words = st.text(st.characters(categories=["Ll", "Lu"], exclude_characters="%"), max_size=12)


@settings(deadline=None)  # the machine may be busy
@given(valid_numbers, words, words, st.integers(0, 3))
def test_no_valid_number_survives_any_encoding(number: str, before: str, after: str, rounds: int) -> None:
    text = f"{before} {number} {after}"
    for _ in range(rounds):
        text = quote(text, safe="")
    clean, found = scrub(text)
    assert "bsn" in found
    assert number not in clean


@settings(deadline=None)  # the machine may be busy
@given(
    number=st.from_regex(r"[0-9]{8,9}", fullmatch=True)
    | st.integers(10_000_000, 999_999_999).filter(lambda n: elfproef.is_valid(f"{n:09}")).map(str)
)
@example(number="00000000")
@example(number="09999999")  # passes, and is lower than any that was given out
def test_the_eleven_test_is_the_library_s(number: str) -> None:
    valid = int(number) >= 10_000_000 and elfproef.is_valid(number)
    if not _DATE_IN_ONE.fullmatch(number):
        assert list(citizen_numbers(number)) == [(0, len(number))] * valid
    if len(number) == 9:
        assert list(citizen_numbers(" ".join(number))) == [(0, 17)] * valid


@given(st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="@%")))
def test_text_without_digits_and_mail_survives(text: str) -> None:
    assert scrub(text) == (text, ())


@settings(deadline=None)  # the machine may be busy
@given(st.text() | st.text("0123456789 .+-@%aN1[]/"), st.booleans())
@example("%E2%82", False)
@example("%25" * 30 + "39", False)
@example("1-2-80 geboren+6+12345678", False)
def test_what_was_scrubbed_once_is_clean(text: str, form_encoded: bool) -> None:
    once, _ = scrub(text, form_encoded=form_encoded)
    assert scrub(once, form_encoded=form_encoded) == (once, ())


@settings(deadline=None)  # the machine may be busy
@given(st.dates(), st.sampled_from(["%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"]))
def test_plain_dates_survive(date: object, shape: str) -> None:
    text = format(date, shape)
    assert scrub(text) == (text, ())
