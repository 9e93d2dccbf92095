# SPDX-License-Identifier: EUPL-1.2
"""The website of Gemeente Voorbeeldstad as a Flask application, in the versions of its experiments."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from flask import Flask, Response, render_template, request
from flask.sessions import SecureCookieSessionInterface
from markupsafe import Markup

from web_demo.content import Content, load_content
from web_demo.form_pages import form_blueprint
from web_demo.forms import Form, load_forms
from web_demo.navigation import WORDS
from web_demo.page_views import PageViews

CONTROL = "current"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STATIC_AGE_S = 3600
LARGEST_POST = 64 * 1024


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


class _FormCookie(SecureCookieSessionInterface):
    """The cookie that carries a half-filled form: only over HTTPS where the page came that way."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002
        return request.is_secure


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
    app.session_interface = _FormCookie()
    app.config.update(
        SECRET_KEY=_secret(data_dir),
        SESSION_COOKIE_NAME="vs_formulier",
        SESSION_COOKIE_SAMESITE="Lax",  # other sites' forms cannot send it: our guard against forged requests
        SESSION_COOKIE_HTTPONLY=True,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_AGE_S,
        MAX_CONTENT_LENGTH=LARGEST_POST,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(words=WORDS)
    content, forms = load_content(), load_forms()
    versions = experiments or ControlOnly()
    versions.init_app(app)
    written = written_variants(content, forms)

    def variant_of(name: str) -> str:
        variant = versions.current_variant(name)
        # A variant that nobody wrote a page for, as of an experiment that is not known, shows the control.
        return variant if variant in written.get(name, {variant}) else CONTROL

    app.register_blueprint(PageViews(content, variant_of).blueprint())
    app.register_blueprint(form_blueprint(forms, content, variant_of))
    app.register_error_handler(404, _not_found)
    app.after_request(_protect)
    return app


def written_variants(content: Content, forms: Mapping[str, Mapping[str, Form]]) -> dict[str, set[str]]:
    """The variants that pages and forms were written for, by experiment."""
    versioned: Iterable[tuple[str | None, str | None]] = [
        *((page.experiment, page.variant) for page in content.every_page()),
        *((form.experiment, form.variant) for versions in forms.values() for form in versions.values()),
    ]
    written: dict[str, set[str]] = {}
    for experiment, variant in versioned:
        if experiment and variant:
            written.setdefault(experiment, set()).add(variant)
    return written


def _not_found(error: Exception) -> tuple[str, int]:  # noqa: ARG001
    language = "en" if request.path.startswith("/en/") else "nl"
    title = WORDS[language]["not_found"]
    return render_template("voorbeeldstad/not_found.html", language=language, title=title, crumbs=[]), 404


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


def _secret(data_dir: Path | None) -> bytes:
    """The key of the form cookie, made once and shared by all processes on this data folder."""
    if data_dir is None:
        return secrets.token_bytes(32)
    data_dir.mkdir(parents=True, exist_ok=True)
    file = data_dir / "site-key"
    own = data_dir / f"site-key.{secrets.token_hex(8)}"
    own.touch(mode=0o600)
    own.write_bytes(secrets.token_bytes(32))
    try:
        file.hardlink_to(own)  # appears whole, and only for the first of several processes
    except FileExistsError:
        pass
    finally:
        own.unlink()
    return file.read_bytes()
