# SPDX-License-Identifier: EUPL-1.2
"""The shell of the console: one page layout, two languages, notations, error pages and safe headers.

A room's blueprint extends `shell.html` (blocks `title`, `head`, `main`) and may pass `language` itself.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from analysis import notation
from analysis.pages import asked_language

#: What a page of the console may load: its own stylesheets and pictures, and nothing from elsewhere.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

_NAVIGATION = (
    ("/reports/", {"nl": "Uitslagen", "en": "Reports"}),
    ("/experiments/", {"nl": "Proeven", "en": "Experiments"}),
    ("/journeys/", {"nl": "Klantreizen", "en": "Journeys"}),
    ("/journeys/trends", {"nl": "Trends", "en": "Trends"}),
)

_WORDS = {
    "nl": {
        "product": "klantreis",
        "skip": "Naar de inhoud",
        "navigation": "Hoofdmenu",
        "language": "Taal",
        "footer": "Vrije software voor gemeenten, onder de EUPL-1.2. Er wordt niets van elders geladen.",
    },
    "en": {
        "product": "klantreis",
        "skip": "To the content",
        "navigation": "Main menu",
        "language": "Language",
        "footer": "Free software for municipalities, under the EUPL-1.2. Nothing is loaded from elsewhere.",
    },
}

_ENDONYMS = {"nl": "Nederlands", "en": "English"}

_ERRORS = {
    404: {
        "nl": ("Deze pagina is er niet", "Misschien is het adres verkeerd getypt, of is de pagina verhuisd."),
        "en": ("There is no such page", "The address may have been mistyped, or the page has moved."),
    },
    500: {
        "nl": (
            "Er ging iets mis",
            "Dat ligt aan ons, niet aan u. Probeer het later nog eens. In het logboek staat wat er gebeurde.",
        ),
        "en": (
            "Something went wrong",
            "That is our fault, not yours. Try again later. The log says what happened.",
        ),
    },
}


def init_shell(app: Flask) -> None:
    """Give `app` the layout `shell.html`, its assets under /static/klantreis/, filters and error pages.

    Filters take the language: `{{ 1490 | number(language) }}`; they are those of `analysis.notation`.
    """
    app.register_blueprint(
        Blueprint(
            "klantreis",
            __name__,
            template_folder="templates",
            static_folder="static",
            static_url_path="/static/klantreis",
        )
    )
    app.jinja_env.filters.update(
        number=notation.number,
        quantity=notation.quantity,
        percentage=notation.percentage,
        duration=notation.duration,
        day=notation.day,
        moment=notation.moment,
    )
    app.context_processor(lambda: _context(app))
    app.register_error_handler(NotFound, _error_page)
    app.register_error_handler(InternalServerError, _error_page)
    app.after_request(_headers)


def _context(app: Flask) -> dict[str, Any]:
    """What every page may use; a page's own `language` goes before this one."""
    present = {rule.rule for rule in app.url_map.iter_rules()}
    path = request.path
    above = (address for address, _ in _NAVIGATION if path.startswith(address))
    return {
        "shell_here": max(above, key=len, default=""),
        "language": asked_language(),
        "shell_words": _WORDS,
        "shell_languages": _ENDONYMS,
        "shell_navigation": [entry for entry in _NAVIGATION if entry[0] in present],
    }


def _error_page(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    language = asked_language()
    title, explanation = _ERRORS[code if code in _ERRORS else 500][language]
    page = render_template("error.html", language=language, page_title=title, explanation=explanation)
    return page, HTTPStatus(code)


def _headers(response: Response) -> Response:
    """Safe headers on every answer; a view that set its own policy keeps it."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    return response
