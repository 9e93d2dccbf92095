# SPDX-License-Identifier: EUPL-1.2
"""The website of Gemeente Voorbeeldstad: pages, search and feedback, in the versions of the experiments.

A page asks for a variant only where what the visitor sees depends on it, because asking is what counts as an
exposure: the home page and the section pages when their lists differ, a page or form that has versions, and
the results page when the results differ. Asking later than the first difference would compare the people
whom one version attracted with the people whom the other attracted.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Protocol

from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from web_demo.content import Content, Page, load_content
from web_demo.form_pages import form_blueprint
from web_demo.forms import load_forms
from web_demo.navigation import WORDS, breadcrumb, experiments_in, top_tasks
from web_demo.search import SearchIndex

CONTROL = "current"
PRODUCT_EXPERIMENT = "aa-controle"  # two identical variants on every product page: the test of the test
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STATIC_AGE_S = 3600


class Versions(Protocol):
    """What the site needs of the experiments: `experiments.flask_extension.Experiments` gives it."""

    def init_app(self, app: Flask) -> None:
        """Add the Jinja globals `variant(name)` and `klantreis_script()`."""

    def current_variant(self, name: str) -> str:
        """The variant that this visitor sees; asking marks the page as an exposure."""


class ControlOnly:
    """No experiments: everybody sees the current version and nothing is measured."""

    def init_app(self, app: Flask) -> None:
        app.jinja_env.globals.update(variant=self.current_variant, klantreis_script=Markup)

    def current_variant(self, name: str) -> str:  # noqa: ARG002
        return CONTROL


def create_site(*, experiments: Versions | None = None, data_dir: Path | None = None) -> Flask:
    """The site as a Flask application.

    Args:
        experiments: the experiments that run; None shows everybody the current version.
        data_dir: where the key that signs the form cookie is kept, so that several processes share it; None
            makes a new key.

    Raises:
        ContentError: the pages on disk do not fit together.
        FormDefinitionError: a form on disk cannot be asked.
    """
    app = Flask("web_demo", static_url_path="/static")
    app.config.update(
        SECRET_KEY=_secret(data_dir),
        SESSION_COOKIE_NAME="vs_formulier",
        SESSION_COOKIE_SAMESITE="Lax",  # forms of other sites cannot send it: our guard against forged requests
        SESSION_COOKIE_HTTPONLY=True,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_AGE_S,
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    content = load_content()
    versions = experiments or ControlOnly()
    versions.init_app(app)
    app.jinja_env.globals.update(words=WORDS, product_experiment=PRODUCT_EXPERIMENT)
    app.register_blueprint(form_blueprint(load_forms(), content, versions.current_variant))
    app.register_blueprint(_pages(content, versions))
    app.register_error_handler(404, _not_found)
    app.after_request(_protect)
    return app


def _pages(content: Content, versions: Versions) -> Blueprint:
    site = Blueprint("site", __name__)
    indexes = {language: SearchIndex(content, language) for language in ("nl", "en")}
    by_language = {page.path: page.language for page in content.every_page()}

    @site.get("/")
    def home() -> str:
        return _home("nl")

    @site.get("/en")
    def english_home() -> str:
        return _home("en")

    def _home(language: str) -> str:
        sections = [section for path, section in content.sections.items() if path != "/en"] if language == "nl" else []
        return render_template(
            "voorbeeldstad/home.html", language=language, title=WORDS[language]["municipality"], crumbs=[],
            tasks=top_tasks(content, language, versions.current_variant), sections=sections,
            pages=content.listed(content.sections["/en"].pages, versions.current_variant) if language == "en" else [],
            translation="/en" if language == "nl" else "/",
        )

    @site.get("/zoeken")
    def search() -> str:
        return _results("nl")

    @site.get("/en/search")
    def english_search() -> str:
        return _results("en")

    def _results(language: str) -> str:
        query = request.args.get("q", "").strip()
        results = indexes[language].search(query, versions.current_variant)
        return render_template(
            "voorbeeldstad/results.html", language=language, results=results, query=query,
            title=f"{WORDS[language]['search']}: {query}" if query else WORDS[language]["search"],
            crumbs=breadcrumb(content, "", language),
            tasks=[] if results.hits else top_tasks_alike(language),
        )

    def top_tasks_alike(language: str) -> list[Page]:
        """Top tasks that are the same for everybody: help on an empty results page must not be an exposure."""
        return [
            page for path in content.top_tasks[language]
            if content.experiment_of(path) is None and (page := content.page(path, versions.current_variant))
        ]

    @site.post("/feedback")
    def feedback() -> BaseResponse:
        # Without script the answer is only thanked for; the tracker is what measures it.
        back = request.form.get("page", "/")
        return redirect(f"/feedback/bedankt?page={back if back in by_language else '/'}", 303)

    @site.get("/feedback/bedankt")
    def thanks() -> str:
        page = request.args.get("page", "/")
        language = by_language.get(page, "nl")
        return render_template(
            "voorbeeldstad/thanks.html", language=language, title=WORDS[language]["thanks_title"],
            crumbs=breadcrumb(content, "", language), back=page if page in by_language else WORDS[language]["home_path"],
        )

    @site.get("/<path:name>")
    def page(name: str) -> str | BaseResponse:
        path = f"/{name}"
        if path in content.sections:
            return _section(path)
        if path not in content.pages:
            if path.endswith("/") and path.rstrip("/") in content.pages.keys() | content.sections.keys():
                return redirect(path.rstrip("/"), 308)
            abort(404)
        found = content.page(path, versions.current_variant)
        if found is None:
            return redirect(content.counterpart(path) or "/", 302)
        if found.kind == "product":
            versions.current_variant(PRODUCT_EXPERIMENT)
        return render_template(
            "voorbeeldstad/page.html", language=found.language, title=found.title, page=found,
            crumbs=breadcrumb(content, found.section, found.language), translation=found.translation,
            related=content.listed(found.related, versions.current_variant),
        )

    def _section(path: str) -> str:
        section = content.sections[path]
        return render_template(
            "voorbeeldstad/section.html", language="nl", title=section.title, section=section,
            pages=content.listed(section.pages, versions.current_variant), crumbs=breadcrumb(content, "", "nl"),
        )

    return site


def _not_found(error: Exception) -> tuple[str, int]:  # noqa: ARG001
    language = "en" if request.path.startswith("/en/") else "nl"
    return render_template(
        "voorbeeldstad/not_found.html", language=language, title=WORDS[language]["not_found"], crumbs=[],
    ), 404


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


def _secret(data_dir: Path | None) -> bytes:
    """The key of the form cookie, made once and shared by all processes on this data folder."""
    if data_dir is None:
        return secrets.token_bytes(32)
    file = data_dir / "site-key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as new:
            file.chmod(0o600)
            new.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return file.read_bytes()
