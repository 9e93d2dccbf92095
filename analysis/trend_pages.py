# SPDX-License-Identifier: EUPL-1.2
"""The page /journeys/trends: what a job has computed, inside the shell; nothing is estimated meanwhile."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, Response, abort, make_response, render_template, request
from markupsafe import Markup

from analysis.pages import asked_language, fresh
from analysis.rendering import html, templates
from analysis.rendering.trend_labels import LABELS

_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def blueprint(trends_dir: Path) -> Blueprint:
    """`/journeys/trends` (`?site=`), its stylesheet and `/journeys/trends/SITE.json`.

    The folder holds `SITE.json` and, as the page shows them, `SITE.nl.html` and `SITE.en.html`.
    """
    pages = Blueprint("trends", __name__, url_prefix="/journeys/trends", template_folder="templates")

    def sites() -> list[str]:
        found = (path.stem for path in trends_dir.glob("*.json")) if trends_dir.is_dir() else ()
        return sorted(name for name in found if _SITE.fullmatch(name))

    @pages.get("", strict_slashes=False)
    def page() -> Response:
        language, known = asked_language(), sites()
        shown = request.args.get("site") or (known[0] if known else "")
        if known and shown not in known:
            abort(404)
        body = (trends_dir / f"{shown}.{language}.html").read_text(encoding="utf-8") if known else ""
        written = render_template(
            "trends/page.html",
            language=language,
            page_title=LABELS[language]["title"],
            words=LABELS[language],
            sites=known,
            shown=shown,
            body=Markup(body),  # noqa: S704  our own job wrote it, and escaped it
        )
        return fresh(make_response(written))

    @pages.get("/trends.css")
    def stylesheet() -> Response:
        style = html.style() + templates.stylesheet("trends/trends.css")  # of a report, and of these pictures
        return fresh(Response(style, mimetype="text/css"))

    @pages.get("/<site>.json")
    def document(site: str) -> Response:
        if site not in sites():
            abort(404)
        return fresh(
            Response((trends_dir / f"{site}.json").read_bytes(), mimetype="application/json"), vary=False
        )

    return pages
