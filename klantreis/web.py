# SPDX-License-Identifier: EUPL-1.2
"""Everything people see, in one WSGI application: reports, journeys, the register, and the demo site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, redirect
from flask.typing import ResponseReturnValue

from analysis.journey_pages import blueprint as journeys_blueprint
from analysis.pages import blueprint as reports_blueprint
from analysis.rendering.hint_section import hint_section
from analysis.trend_pages import blueprint as trends_blueprint
from experiments.pages import blueprint as experiments_blueprint
from klantreis.settings import Settings
from klantreis.shell import init_shell

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from experiments.register import Register

#: Addresses that belong to the console, also where the demo site answers everything else.
CONSOLE = ("/reports", "/experiments", "/journeys", "/static/klantreis")


def create_console(settings: Settings, register: Register) -> Flask:
    """The pages for web teams, analysts and everyone who wants to see which experiments run."""
    app = Flask("klantreis.console", static_folder=None, template_folder=None)
    init_shell(app)
    app.register_blueprint(reports_blueprint(settings.reports))
    app.register_blueprint(experiments_blueprint(register))
    app.register_blueprint(journeys_blueprint(settings.journeys, [hint_section(settings.hints)]))
    app.register_blueprint(trends_blueprint(settings.trends))

    @app.get("/")
    def home() -> ResponseReturnValue:
        return redirect("/reports/")

    return app


def beside(site: WSGIApplication, console: WSGIApplication) -> WSGIApplication:
    """One application: the console under its own addresses, the site everywhere else."""

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: Any = environ.get("PATH_INFO", "")
        ours = any(path == prefix or path.startswith(prefix + "/") for prefix in CONSOLE)
        return (console if ours else site)(environ, start_response)

    return choose
