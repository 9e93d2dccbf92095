# SPDX-License-Identifier: EUPL-1.2
"""The demo site in a version of the test's choosing, and what a test reads from its pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask, request
from markupsafe import Markup
from selectolax.lexbor import LexborHTMLParser
from werkzeug.serving import WSGIRequestHandler, make_server

from web_demo.site import create_site

VERSIONS = ("current", "redesign")
FILLED = {
    "afspraak": [
        {"onderwerp": "Rijbewijs", "moment": "Maandagochtend"},
        {"naam": "Sam Testman"},
        {},
    ],
    "grofvuil-ophalen": [
        {"spullen": ["Iets anders"], "dag": "Eerste dinsdag", "adres": "Kerklaan 7"},
        {},
    ],
    "melding-current": [
        {"categorie": "Reiniging en afvalstoffen", "soort": "Klacht"},
        {"straat": "Kerklaan", "nummer": "7", "postcode": "1234 AB"},
        {"omschrijving": "Drie zakken naast de container.\nEn een doos.", "datum": "14-06-2026"},
        {"toestemming": "ja", "bijlage": "foto.jpg"},
        {"naam": "S. Testman", "telefoon": "06 12 34 56 78", "email": "sam@voorbeeld.nl"},
        {},
    ],
    "melding-redesign": [
        {"wat": "Afval naast een container", "waar": "naast de speeltuin aan de Lindelaan"},
        {},
        {},
    ],
    "schuldhulp-current": [
        {
            "documenten": [
                "Kopie identiteitsbewijs",
                "Loonstroken of uitkeringsspecificaties van de laatste 3 maanden",
                "Bankafschriften van alle rekeningen van de laatste 3 maanden",
                "Huurovereenkomst of hypotheekspecificatie",
                "Polisblad zorgverzekering",
                "Beschikkingen van de Belastingdienst over toeslagen",
                "Jaarafrekening energie en water",
                "Aanslag gemeentelijke belastingen",
                "Overzicht van alle schuldeisers met dossiernummers",
                "Brieven van deurwaarders en incassobureaus",
            ]
        },
        {
            "naam": "S. Testman",
            "geboortedatum": "31-12-1980",
            "telefoon": "0612345678",
            "email": "sam@voorbeeld.nl",
        },
        {"inkomen": "1400", "schuld": "9000", "schuldeisers": "4 tot en met 10", "verklaring": "ja"},
        {},
    ],
    "schuldhulp-redesign": [
        {"naam": "Sam", "telefoon": "0612345678", "moment": "In de avond"},
        {},
    ],
    "verhuizing": [
        {"postcode": "1234AB", "nummer": "7", "datum": "1-7-2026"},
        {"wie": "Alleen ik"},
        {},
    ],
}


class Showing:
    """Everybody sees one version; `asked` are the (path, experiment) that were asked for: the exposures."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.asked: set[tuple[str, str]] = set()

    def init_app(self, app: Flask) -> None:
        app.jinja_env.globals.update(variant=self.current_variant, klantreis_script=Markup)

    def current_variant(self, name: str) -> str:
        self.asked.add((request.path, name))
        return self.version


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the tests read answers, not logs."""


@contextmanager
def served(version: str) -> Iterator[str]:
    """The address of the site in one version, on a free port."""
    server = make_server("127.0.0.1", 0, create_site(experiments=Showing(version)), request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def parsed(text: str) -> LexborHTMLParser:
    return LexborHTMLParser(text)


def seen(text: str, selector: str) -> list[str]:
    """The texts of what matches, as a visitor reads them."""
    return [" ".join(node.text().split()) for node in parsed(text).css(selector)]
