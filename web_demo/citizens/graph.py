# SPDX-License-Identifier: EUPL-1.2
"""The site as a graph that citizens walk: a page is rendered and read once per version, then remembered.

`simulate` takes this in the place of the site itself. Which version a browser sees, what its script tag says
and which cookie it gets is decided for every request by the same `experiments.visit` as on the real site;
only pages are remembered, by address and by the variants that they asked for. Half-filled forms are kept here
under a number instead of in a signed cookie. A test compares both ways event by event.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

from flask import Flask, session
from markupsafe import Markup
from werkzeug.formparser import parse_form_data

from experiments.assignment import variant_for
from experiments.definition import Experiment
from experiments.exposure import COOKIE, draw_bucket, parse
from experiments.preview import Preview
from experiments.scope import applies_to
from experiments.visit import Visit
from web_demo.citizens.exchange import Request, Response, Send
from web_demo.citizens.page import Page, Script
from web_demo.citizens.parsing import Reader
from web_demo.citizens.wsgi import caller
from web_demo.content import load_content
from web_demo.form_pages import FormViews
from web_demo.forms import Form, check, first_open_step, load_forms
from web_demo.navigation import sent_on
from web_demo.site import CONTROL, create_site, written_variants

_FORM_COOKIE = "vs_formulier"
_SCRIPT = Markup('<script src="/k.js" defer></script>')
_ADDRESS = "198.18.0.2"
_MOST_NODES = 50_000  # of misspelt queries there is no end


@dataclass(frozen=True, slots=True)
class Node:
    """What the site answers to a request; `asked` are the variants that it asked for on the way."""

    asked: tuple[tuple[str, str], ...]
    location: str | None = None
    page: Page | None = None
    has_script: bool = False


@dataclass(slots=True)
class _Draft:
    """One browser's half-filled forms by name, each with its variant; and the form that it sent last."""

    forms: dict[str, tuple[str | None, dict[str, str]]] = field(default_factory=dict)
    sent: str | None = None


class _Recorder:
    """The site's experiments while a page is rendered: told what to show, it notes what was asked."""

    def __init__(self) -> None:
        self.shown: Mapping[str, str] = {}
        self.asked: dict[str, str] = {}

    def init_app(self, app: Flask) -> None:
        app.jinja_env.globals.update(variant=self.current_variant, klantreis_script=lambda: _SCRIPT)

    def current_variant(self, name: str) -> str:
        variant = self.asked[name] = self.shown.get(name, CONTROL)
        return variant


class _Drawn(Random):
    """Gives the bucket that was drawn already."""

    bucket = 0

    def randrange(self, *_: Any) -> int:
        return self.bucket


class Graph:
    """The demo site for `simulate`: sends requests and reads pages as `wsgi.caller` and `Reader` do.

    Args:
        experiments: those that run.
        clock: this moment, with its time zone.
        random: draws the buckets.
        host: host name of the site.
        zone: time zone in which an experiment's days turn.
    """

    def __init__(
        self,
        experiments: Sequence[Experiment],
        *,
        clock: Callable[[], datetime],
        random: Random,
        host: str,
        zone: ZoneInfo,
    ) -> None:
        self._clock, self._zone = clock, zone
        self._drawn = _Drawn(0)
        self._recorder = _Recorder()
        self._app = create_site(experiments=self._recorder)
        self._render = caller(self._app.wsgi_app, host=host)(_ADDRESS)
        self._reader = Reader()
        self._nodes: dict[Hashable, list[Node]] = {}
        self._drafts: list[_Draft] = []
        self._answered: dict[bytes, tuple[Page, Script | None]] = {}
        self._answers = 0
        self._applying: dict[str, frozenset[str]] = {}
        self._shown: dict[tuple[frozenset[str], int | None], Mapping[str, str]] = {}
        self.restart(experiments, random)
        content, forms = load_content(), load_forms()
        written = written_variants(content, forms)

        def variant_of(name: str) -> str:
            variant = self._recorder.current_variant(name)
            return variant if variant in written.get(name, {variant}) else CONTROL

        self._variant_of = variant_of
        self._forms: dict[str, tuple[Mapping[str, Form], FormViews]] = {
            next(iter(versions.values())).path: (versions, FormViews(versions, content, variant_of))
            for versions in forms.values()
        }

    def restart(self, experiments: Sequence[Experiment], random: Random) -> None:
        """Other browsers, perhaps other experiments, on the same site: what was read of it stays known."""
        self._running = {one.name: one for one in experiments}
        self._random = random
        for kept in (self._drafts, self._answered, self._applying, self._shown):
            kept.clear()
        if len(self._nodes) > _MOST_NODES:
            self._nodes.clear()

    def from_address(self, _address: str) -> Send:
        """What sends requests from an address; the site does not look at it."""
        return self.send

    def read(self, body: bytes) -> tuple[Page, Script | None]:
        """The page that came with an answer's body, and its script tag; once for each answer."""
        return self._answered.pop(body)

    def send(self, request: Request) -> Response:
        """The site's answer: redirects and cookies as on the real site, and a body that `read` knows."""
        path = unquote(request.target.partition("?")[0])
        cookies = dict(pair.split("=", 1) for pair in request.headers.get("Cookie", "").split("; ") if pair)
        received, opted_out = cookies.get(COOKIE), request.headers.get("Sec-GPC") == "1"
        applying = self._applies(path)
        own = parse(received)
        bucket = own.bucket if own else None
        if bucket is None and applying and not opted_out and path not in self._forms:
            bucket = draw_bucket(self._random)  # the address of a form only sends on to its first step
        self._drawn.bucket = bucket or 0
        visit = Visit(
            path=path,
            cookie=received,
            opted_out=opted_out,
            preview=Preview(),
            running=self._running,
            definitions={},
            random=self._drawn,
        )
        self._recorder.shown = self.shows(applying, None if opted_out else bucket)
        drafted = cookies.get(_FORM_COOKIE)
        kept = drafted
        form_path = path.rpartition("/")[0]
        if path in self._forms:
            node = Node((), location=sent_on(f"{path}/stap-1", request.target.partition("?")[2]))
        elif form_path in self._forms and path != form_path:
            node, kept = self._of_form(request, form_path, path, drafted)
        else:
            node = self._node(
                (request.method, request.target, received is not None),
                lambda: self._rendered(request, received),
            )
        headers = [] if node.location is None else [("location", node.location)]
        if kept is not None and kept != drafted:
            headers.append(("set-cookie", f"{_FORM_COOKIE}={kept}; Path=/"))
        return self._answer(node, visit, headers)

    def _applies(self, path: str) -> frozenset[str]:
        """The experiments that this page lies in."""
        if path not in self._applying:
            names = (name for name, one in self._running.items() if applies_to(one, path))
            self._applying[path] = frozenset(names)
        return self._applying[path]

    def shows(self, applying: frozenset[str], bucket: int | None) -> Mapping[str, str]:
        """The variant of every experiment; the control where a browser or a page takes no part."""
        if (applying, bucket) not in self._shown:
            self._shown[applying, bucket] = {
                name: (name in applying and bucket is not None and variant_for(one, bucket))
                or one.control.name
                for name, one in self._running.items()
            }
        return self._shown[applying, bucket]

    def _answer(self, node: Node, visit: Visit, headers: list[tuple[str, str]]) -> Response:
        """As `experiments.flask_extension` finishes an answer."""
        for name, _ in node.asked:
            if name in self._running:
                visit.variant(name)
        data = visit.script_data() if node.has_script else None
        if node.asked or node.has_script:
            change = visit.leave(reported=data is not None, known=True, now=self._clock(), zone=self._zone)
            if change is not None:
                headers.append(("set-cookie", f"{COOKIE}={change.value}; Max-Age={change.max_age_s}; Path=/"))
        if node.page is None:
            return Response(302, tuple(headers), b"")
        self._answers += 1
        body = str(self._answers).encode()
        self._answered[body] = node.page, None if data is None else _script(data)
        return Response(200, tuple(headers), body)

    def _node(self, key: Hashable, make: Callable[[], Node]) -> Node:
        """The node that was made under the same variants, of those that it asked for; else a new one."""
        nodes = self._nodes.setdefault(key, [])
        shown = self._recorder.shown
        for node in nodes:
            if all(shown.get(name, CONTROL) == variant for name, variant in node.asked):
                return node
        self._recorder.asked = {}
        node = make()
        nodes.append(node)
        return node

    def _rendered(self, request: Request, received: str | None) -> Node:
        """Of a page outside forms, rendered by the site itself."""
        cookie = {} if received is None else {"Cookie": f"{COOKIE}={received}"}
        response = self._render(Request(request.method, request.target, cookie, request.body))
        asked = tuple(self._recorder.asked.items())
        location = response.header("location") if 300 <= response.status < 400 else None
        if location is not None:
            return Node(asked, location)
        page, script = self._reader.read(response.body)
        return Node(asked, page=page, has_script=script is not None)

    def _of_form(
        self, request: Request, form_path: str, path: str, drafted: str | None
    ) -> tuple[Node, str | None]:
        """What `form_pages.FormViews` answers, and the number of the draft that the browser keeps."""
        versions, views = self._forms[form_path]
        experiment = next(iter(versions.values())).experiment
        self._recorder.asked = {}
        form = versions[self._variant_of(experiment) if experiment else ""]
        asked = tuple(self._recorder.asked.items())
        draft = self._drafts[int(drafted)] if drafted is not None else _Draft()
        if path == form.thanks_path:
            if draft.sent != form.name:
                return Node(asked, form.step_path(1)), drafted
            return self._node((path,), lambda: self._thanks(views, form)), drafted
        number = int(path.rpartition("-")[2])
        variant, answers = draft.forms.get(form.name, (form.variant, {}))
        if variant != form.variant:
            answers = {}
        first_open = first_open_step(form, answers)
        if number > first_open:
            return Node(asked, form.step_path(first_open)), drafted
        if request.method == "GET":
            return self._step(views, form, number, answers, {}), drafted
        given, errors = check(form.steps[number - 1], _posted(request))
        answers = {**answers, **given}
        if errors:
            return self._step(views, form, number, answers, errors), drafted
        if drafted is None:
            drafted = str(len(self._drafts))
            self._drafts.append(draft)
        if number < len(form.steps):
            draft.forms[form.name] = form.variant, answers
            return Node(asked, form.step_path(number + 1)), drafted
        draft.forms.pop(form.name, None)
        draft.sent = form.name
        return Node(asked, form.thanks_path), drafted

    def _step(
        self, views: FormViews, form: Form, number: int, answers: Mapping[str, str], errors: Mapping[str, str]
    ) -> Node:
        """A step shows its own answers; the last one, without questions, all of them."""
        fields = form.steps[number - 1].fields
        seen = {one.name: answers.get(one.name, "") for one in fields} if fields else dict(answers)
        key = (form.path, form.variant, number, tuple(sorted(seen.items())), tuple(errors.items()))

        def make() -> Node:
            with self._app.test_request_context(form.step_path(number)):
                if form.experiment:
                    self._variant_of(form.experiment)
                return self._read(views._show(form, number, answers, errors))

        return self._node(key, make)

    def _thanks(self, views: FormViews, form: Form) -> Node:
        with self._app.test_request_context(form.thanks_path):
            session["sent"] = form.name
            return self._read(str(views.thanks()))

    def _read(self, html: str) -> Node:
        page, script = self._reader.read(html.encode())
        return Node(tuple(self._recorder.asked.items()), page=page, has_script=script is not None)


@lru_cache(maxsize=4096)
def _script_of(bucket: str | None, shown: str, first: str) -> Script:
    pairs = (part.partition("=") for part in shown.split(",") if part)
    return Script(
        bucket=None if bucket is None else int(bucket),
        shown=tuple((name, variant) for name, _, variant in pairs),
        first=tuple(part for part in first.split(",") if part),
    )


def _script(data: Mapping[str, str]) -> Script:
    """What the tag would say."""
    return _script_of(data.get("data-b"), data.get("data-x", ""), data.get("data-f", ""))


def _posted(request: Request) -> Mapping[str, list[str]]:
    """The answers of a form that was posted, as the site reads them."""
    kind = request.headers.get("Content-Type", "")
    if not kind.startswith("multipart/"):
        return parse_qs(request.body.decode(), keep_blank_values=True)
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": BytesIO(request.body),
    }
    found: dict[str, list[str]] = parse_form_data(environ)[1].to_dict(flat=False)
    return found
