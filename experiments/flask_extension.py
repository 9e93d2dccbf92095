# SPDX-License-Identifier: EUPL-1.2
"""Experiments on the pages of a Flask site, in one line of a template each.

    {% if variant("zwerfvuil") == "redesign" %} … {% else %} … {% endif %}
    {{ klantreis_script() }}      once per page, in the layout; before or after `variant`, both are right

Asking for a variant is what makes the page an exposure. So ask only where what the visitor sees depends on
it, and at the first such place on the visitor's way.

A resident's page never breaks because of us: an experiment that does not run, does not apply to the page or
is unknown shows the control (in debug mode an unknown name raises, so that a typing error is found at once);
while Redis is away what was last known goes on.

**First exposures can get lost.** The page that tells k.js "this browser meets zwerfvuil for the first time"
also sets the cookie that says it has been met. If the beacon of that page never arrives (script blocked, tab
closed within the first moments, connection lost), later exposures of that browser are no longer first, and
it is missing from the primary comparison. That makes the sample smaller. It biases the comparison only if
one variant loses more than the other, which is what the sample ratio check on first exposures looks for. The
other order, marking the browser after the beacon arrived, would count a browser twice whenever the answer
gets lost: worse, since those rows would not be independent. What we can do we do: the mark is set only by a
response whose body really carries the script with the exposure; a redirect, an error page or a fragment
without the script leaves the browser unmet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from random import Random
from secrets import token_hex
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, has_request_context, request
from markupsafe import Markup, escape

from experiments.definition import Experiment
from experiments.errors import UnknownExperimentError
from experiments.exposure import COOKIE, opted_out
from experiments.preview import PREVIEW_COOKIE, PREVIEW_PARAMETER, previewed
from experiments.register import AMSTERDAM
from experiments.visit import CookieChange, Visit

LOG = logging.getLogger(__name__)
VARY = ("Cookie", "Sec-GPC", "DNT")
#: In the environment of a request: its `Visit`, and whether the answer left before one was begun.
_VISIT, _LEFT = "klantreis.visit", "klantreis.left"


class Running(Protocol):
    """What the extension needs of a register (`experiments.register.Register`)."""

    @property
    def known(self) -> bool:
        """False while it is not known what runs."""

    def running(self, now: datetime) -> Mapping[str, Experiment]:
        """The experiments that run at `now`, by name."""


class Experiments:
    """The extension: `variant` and `klantreis_script` in templates, cookie and caching headers on answers.

    Args:
        register: tells what runs.
        clock: this moment, with its time zone.
        random: draws buckets (`random.SystemRandom()` in production).
        app: the application; None, and `init_app` later.
        definitions: every experiment that the templates may name, so that drafts can be previewed and the
            name of their control is known while nothing runs (or Redis is away).
        site: name of the site, where one register serves several.
        zone: time zone in which an experiment's days turn.
        script: address of k.js.
        script_attributes: further attributes of its tag, such as `{"data-to": "https://collector/e"}`.
    """

    def __init__(
        self,
        register: Running,
        *,
        clock: Callable[[], datetime],
        random: Random,
        app: Flask | None = None,
        definitions: Iterable[Experiment] = (),
        site: str | None = None,
        zone: ZoneInfo = AMSTERDAM,
        script: str = "/k.js",
        script_attributes: Mapping[str, str] | None = None,
    ) -> None:
        self._register = register
        self._clock = clock
        self._random = random
        self._definitions = {experiment.name: experiment for experiment in definitions}
        self._site = site
        self._zone = zone
        self._script = {"src": script, **(script_attributes or {})}
        # A layout prints the script before the page has asked for its variants, so what it prints is a tag
        # without data that is exchanged for the real one when the page is complete. Nobody can guess it.
        self._placeholder = self._tag({"data-kr-late": token_hex(8)})
        self._told: set[tuple[str | None, ...]] = set()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Add the template globals `variant(name)` and `klantreis_script()`, and look after every answer."""
        app.extensions["klantreis"] = self
        app.jinja_env.globals.update(variant=self.current_variant, klantreis_script=self.script)
        app.after_request(self._finish)

    def current_variant(self, name: str) -> str:
        """The variant that this browser sees on this page; asking makes the page an exposure.

        The control where the experiment does not run or apply, and where the browser takes no part. A name
        that nobody knows: '' and a line in the log; in debug mode `UnknownExperimentError`.
        """
        if not has_request_context():
            return self._definitions[name].control.name if name in self._definitions else ""
        visit = self._visit()
        try:
            shown = visit.variant(name)
        except UnknownExperimentError as error:
            if current_app.debug:
                raise
            self._tell(("unknown", name), str(error))
            return ""
        if visit.closed:
            self._tell(
                ("late", name, request.endpoint),
                f'variant("{name}") was asked on {request.path} after the answer had left (streamed?): the '
                "control is shown, uncounted. Ask before streaming starts.",
            )
        if not visit.applies(name):
            self._tell(
                ("pages", name, request.endpoint),
                f'variant("{name}") is asked by {request.endpoint} for {request.path}, not one of the '
                "experiment's pages: the control is shown, uncounted. Add the page to the definition, or do "
                "not ask.",
            )
        return shown

    def script(self) -> Markup:
        """The script tag of k.js with this page's bucket and exposures; nothing while somebody previews."""
        if not has_request_context():
            return self._tag({})
        if self._visit().closed:  # a streamed body: too late for exposures
            return self._tag({})
        return self._placeholder

    def _visit(self) -> Visit:
        visit = cast("Visit | None", request.environ.get(_VISIT))
        if visit is None:
            running = {
                name: one
                for name, one in self._register.running(self._clock()).items()
                if self._site is None or one.site == self._site
            }
            visit = request.environ[_VISIT] = Visit(
                path=request.script_root + request.path,
                cookie=request.cookies.get(COOKIE),
                opted_out=opted_out(request.headers.get("Sec-GPC"), request.headers.get("DNT")),
                preview=previewed(
                    request.args.get(PREVIEW_PARAMETER),
                    request.cookies.get(PREVIEW_COOKIE),
                    {**self._definitions, **running},
                ),
                running=running,
                definitions=self._definitions,
                random=self._random,
            )
            visit.closed = _LEFT in request.environ
        return visit

    def _finish(self, response: Response) -> Response:
        visit = cast("Visit | None", request.environ.get(_VISIT))
        if visit is None:
            request.environ[_LEFT] = True
            return response
        reported = self._put_script(response, visit)
        change = visit.leave(
            reported=reported, known=self._register.known, now=self._clock(), zone=self._zone
        )
        if request.method != "HEAD":  # nobody sees a page
            self._set_cookies(response, visit.preview.keep, change)
        if visit.varies or change is not None or visit.preview.keep is not None:
            _keep_private(response)
        return response

    def _put_script(self, response: Response, visit: Visit) -> bool:
        """Exchange the placeholder for the real tag; whether the body now carries one with exposures."""
        placeholder = self._placeholder.encode()
        if response.direct_passthrough or not (response.mimetype or "").startswith("text/html"):
            return False
        body = response.get_data()  # a streamed page is completed first: its script must know what came later
        if placeholder not in body:
            return False
        data = visit.script_data()
        tag = b"" if data is None else self._tag(data).encode()
        before, _, after = body.partition(placeholder)
        response.set_data(before + tag + after.replace(placeholder, b""))
        return data is not None

    def _set_cookies(self, response: Response, preview: str | None, change: CookieChange | None) -> None:
        secure = request.is_secure
        if change is not None:
            # Not HttpOnly: k.js looks whether the browser took it, and reads the bucket on cached pages.
            response.set_cookie(
                COOKIE, change.value, max_age=change.max_age_s, path="/", secure=secure, samesite="Lax"
            )
        if preview:
            response.set_cookie(
                PREVIEW_COOKIE, preview, path="/", secure=secure, httponly=True, samesite="Lax"
            )
        elif preview is not None:
            response.delete_cookie(PREVIEW_COOKIE, path="/", secure=secure, httponly=True, samesite="Lax")

    def _tag(self, data: Mapping[str, str]) -> Markup:
        attributes = {**self._script, **data}
        written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
        return Markup(f"<script{written} defer></script>")  # noqa: S704  every value is escaped

    def _tell(self, what: tuple[str | None, ...], sentence: str) -> None:
        """Say it to the author of the page, once."""
        if what not in self._told:
            self._told.add(what)
            LOG.warning("%s", sentence)


def _keep_private(response: Response) -> None:
    """No shared cache may keep this page, and the browser's own must ask again before showing it.

    An address that looks the same would otherwise replay another browser's bucket, or a first exposure twice.
    """
    stricter = "no-store" in response.headers.get("Cache-Control", "")
    response.headers["Cache-Control"] = "private, no-store" if stricter else "private, no-cache"
    response.vary.update(VARY)
    for validator in ("ETag", "Last-Modified", "Expires"):  # of the page without what we put in
        response.headers.pop(validator, None)
