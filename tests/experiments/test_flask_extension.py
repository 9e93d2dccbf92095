# SPDX-License-Identifier: EUPL-1.2
"""What a browser gets from a page with a variant: version, script, cookie, caching headers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from flask import (
    Flask,
    Response,
    redirect,
    render_template_string,
    stream_template_string,
    stream_with_context,
)
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from experiments.assignment import shares, variant_for
from experiments.definition import Experiment
from experiments.errors import UnknownExperimentError
from experiments.flask_extension import Experiments
from experiments.register import FixedRegister
from tests.experiments.definitions import DEBTS, LITTER, NOON, litter

LAYOUT = "<html><head>{{ klantreis_script() }}</head><body>%s</body></html>"
LITTER_PAGE = LAYOUT % '{% if variant("zwerfvuil") == "redesign" %}nieuw{% else %}oud{% endif %}'
PLAIN_PAGE = LAYOUT % "gewoon"
#: Buckets whose variants are pinned in test_assignment: 1 sees the redesign, 2 the current version.
SEES = {1: "nieuw", 2: "oud"}


class Unread(FixedRegister):
    """A register that could not be read yet."""

    known = False


class Town:
    """A small site whose clock can be turned and whose experiments can change."""

    def __init__(
        self,
        running: Iterable[Experiment] = (LITTER, DEBTS),
        definitions: Iterable[Experiment] = (),
        register: type[FixedRegister] = FixedRegister,
        site: str | None = None,
    ) -> None:
        self.now = NOON
        self.register = register(running)
        self.app = Flask("town")
        self.extension = Experiments(
            self.register,
            clock=lambda: self.now,
            random=Random(7),
            app=self.app,
            definitions=definitions,
            site=site,
        )
        pages = {
            "/": LITTER_PAGE,
            "/afval/zwerfvuil": LITTER_PAGE,
            "/afval/plastic": PLAIN_PAGE,
            "/contact": PLAIN_PAGE,
            "/elders": LITTER_PAGE,
            "/zoeken": LAYOUT % '{{ variant("schuldhulp") }} {{ variant("zwerfvuil") }}',
            "/onbekend": LAYOUT % '[{{ variant("zwervuil") }}]',
        }
        for path, template in pages.items():
            self.app.add_url_rule(path, path, lambda template=template: render_template_string(template))
        self.app.add_url_rule("/afval/weg", "weg", self._away)
        self.app.add_url_rule("/afval/stroom", "stroom", self._streamed)
        self.app.add_url_rule("/afval/lang-houdbaar", "houdbaar", self._cacheable)

    def _away(self) -> Response:
        return redirect(f"/melding/{self.extension.current_variant('zwerfvuil')}")  # type: ignore[return-value]

    def _streamed(self) -> Response:
        self.extension.current_variant("zwerfvuil")
        return Response(stream_template_string(LITTER_PAGE), mimetype="text/html")

    def _cacheable(self) -> Response:
        response = Response(render_template_string(LITTER_PAGE), mimetype="text/html")
        response.cache_control.public, response.cache_control.max_age = True, 600
        response.last_modified = NOON
        response.add_etag()
        return response

    def browser(self, cookie: str | None = None) -> FlaskClient:
        client = self.app.test_client()
        if cookie is not None:
            client.set_cookie("kr_b", cookie)
        return client


@pytest.fixture
def town() -> Town:
    return Town()


def script_of(response: TestResponse) -> dict[str, str]:
    (tag,) = re.findall(r"<script [^>]*></script>", response.text)
    return dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))


def cookie_of(client: FlaskClient, name: str = "kr_b") -> str | None:
    cookie = client.get_cookie(name)
    return cookie.value if cookie else None


def set_cookies(response: TestResponse) -> list[str]:
    return response.headers.getlist("Set-Cookie")


class TestFirstVisit:
    def test_the_page_the_script_and_the_cookie_agree(self, town: Town) -> None:
        seen = Counter()
        for _ in range(300):
            client = town.browser()
            response = client.get("/")
            data = script_of(response)
            shown = variant_for(LITTER, int(data["data-b"]))
            assert data["data-x"] == f"zwerfvuil={shown}"
            assert data["data-f"] == "zwerfvuil"
            assert ("nieuw" in response.text) == (shown == "redesign")
            assert cookie_of(client) == f"{data['data-b']}.zwerfvuil"
            seen[shown] += 1
        # 300 fair draws from the real shares, within 5 standard deviations
        assert abs(seen["redesign"] - 300 * shares(LITTER)["redesign"] / 1000) < 5 * 8.7

    def test_the_script_stands_where_the_layout_wants_it(self, town: Town) -> None:
        """Before the page asks for its variant, and still it knows."""
        text = town.browser("1").get("/").text
        assert text == (
            '<html><head><script src="/k.js" data-b="1" data-x="zwerfvuil=redesign" data-f="zwerfvuil" defer>'
            "</script></head><body>nieuw</body></html>"
        )

    def test_several_experiments_on_one_page(self, town: Town) -> None:
        client = town.browser("1")
        data = script_of(client.get("/zoeken"))
        assert data["data-x"] == "schuldhulp=redesign,zwerfvuil=redesign"
        assert data["data-f"] == "schuldhulp,zwerfvuil"
        assert cookie_of(client) == "1.schuldhulp.zwerfvuil"

    @pytest.mark.parametrize(("base", "secure"), [("http://localhost", False), ("https://localhost", True)])
    def test_attributes_of_the_cookie(self, town: Town, base: str, secure: bool) -> None:
        (cookie,) = set_cookies(town.browser().get("/", base_url=base))
        parts = [part.strip() for part in cookie.split(";")]
        assert "Path=/" in parts
        assert "SameSite=Lax" in parts
        assert ("Secure" in parts) is secure
        over = datetime(2026, 6, 15, 2, tzinfo=UTC)  # 04:00 in Amsterdam, after the last DAY
        assert f"Max-Age={int((over - NOON).total_seconds())}" in parts

    def test_bucket_in_the_cookie_decides(self, town: Town) -> None:
        for bucket, sees in SEES.items():
            assert sees in town.browser(str(bucket)).get("/").text

    @pytest.mark.parametrize("garbage", ["x", "1000.zwerfvuil", "<script>", '"', "417\x7f", "a" * 5000])
    def test_a_cookie_of_garbage_is_replaced(self, town: Town, garbage: str) -> None:
        response = town.browser().get("/", headers={"Cookie": f"kr_b={garbage}"})
        assert response.status_code == 200
        assert script_of(response)["data-f"] == "zwerfvuil"
        assert re.match(r"kr_b=\d{1,3}\.zwerfvuil;", set_cookies(response)[0])


class TestReturn:
    def test_only_the_first_exposure_is_first(self, town: Town) -> None:
        client = town.browser()
        first = script_of(client.get("/"))
        town.now += timedelta(days=5)
        again = client.get("/afval/zwerfvuil")
        assert script_of(again) == {
            "src": "/k.js", "data-b": first["data-b"], "data-x": first["data-x"],
        }  # fmt: skip
        assert set_cookies(again) == []  # nothing new: its life is not prolonged

    def test_a_second_experiment_is_met_later(self, town: Town) -> None:
        client = town.browser("1.zwerfvuil")
        assert script_of(client.get("/zoeken"))["data-f"] == "schuldhulp"
        assert cookie_of(client) == "1.schuldhulp.zwerfvuil"

    def test_experiments_that_no_longer_run_are_forgotten(self, town: Town) -> None:
        client = town.browser("1.oude-proef")
        client.get("/")
        assert cookie_of(client) == "1.zwerfvuil"

    def test_the_bucket_travels_on_pages_without_a_variant(self, town: Town) -> None:
        """The pseudonym of a visitor hangs on it: without, the answer would be another visitor's."""
        client = town.browser()
        bucket = script_of(client.get("/afval/plastic"))["data-b"]  # within an experiment's pages: gets one
        assert cookie_of(client) == bucket
        assert script_of(client.get("/contact"))["data-b"] == bucket  # outside: keeps it
        assert script_of(client.get("/"))["data-b"] == bucket

    def test_after_the_last_day_the_cookie_goes(self, town: Town) -> None:
        client = town.browser("1.zwerfvuil")
        town.now = datetime(2026, 6, 16, tzinfo=UTC)
        response = client.get("/contact")
        assert cookie_of(client) is None
        assert script_of(response) == {"src": "/k.js"}
        assert "private" in response.headers["Cache-Control"]  # a shared cache must not delete everyone's

    def test_while_it_is_not_known_what_runs_the_cookie_stays(self) -> None:
        town = Town(running=(), definitions=[LITTER], register=Unread)
        client = town.browser("1.zwerfvuil")
        assert "oud" in client.get("/").text
        assert cookie_of(client) == "1.zwerfvuil"

    def test_a_cookie_whose_tests_are_over_goes_though_another_runs(self) -> None:
        town = Town(running=[DEBTS])
        client = town.browser("1.zwerfvuil")
        client.get("/contact")
        assert cookie_of(client) is None


class TestNotTakingPart:
    @pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
    def test_who_opts_out_sees_the_control_and_keeps_no_cookie(self, town: Town, header: str) -> None:
        client = town.browser("1.zwerfvuil")  # bucket 1 would see the redesign
        response = client.get("/", headers={header: "1"})
        assert "oud" in response.text
        assert script_of(response) == {"src": "/k.js"}
        assert cookie_of(client) is None
        assert "Max-Age=0" in set_cookies(response)[0]
        assert response.headers["Cache-Control"] == "private, no-cache"

    @pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
    def test_who_opts_out_gets_no_cookie(self, town: Town, header: str) -> None:
        response = town.browser().get("/", headers={header: "1"})
        assert set_cookies(response) == []
        assert "private" in response.headers["Cache-Control"]

    def test_buckets_beyond_the_coverage_see_the_control_uncounted(self) -> None:
        small = litter(coverage=0.1)
        town = Town(running=[small])
        outside = next(bucket for bucket in range(1000) if variant_for(small, bucket) is None)
        client = town.browser(str(outside))
        response = client.get("/")
        assert "oud" in response.text
        assert script_of(response) == {"src": "/k.js", "data-b": str(outside)}
        assert cookie_of(client) == str(outside)

    @pytest.mark.parametrize(
        "town",
        [
            pytest.param(Town(running=(), definitions=[LITTER]), id="not started"),
            pytest.param(Town(running=[litter(starts=date(2026, 6, 4))], definitions=[LITTER]), id="not yet"),
            pytest.param(Town(running=[litter(ends=date(2026, 6, 2))], definitions=[LITTER]), id="over"),
            pytest.param(
                Town(running=[litter(site="elders")], definitions=[LITTER], site="town"), id="elsewhere"
            ),
        ],
    )
    def test_what_does_not_run_shows_the_control(self, town: Town) -> None:
        response = town.browser().get("/")
        assert "oud" in response.text
        assert set_cookies(response) == []
        assert "Cache-Control" not in response.headers  # the page is the same for everybody

    def test_a_page_outside_shows_the_control_and_tells_the_author_once(
        self, town: Town, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(3):
            assert "oud" in town.browser("1").get("/elders").text
        assert [record.message for record in caplog.records] == [
            'variant("zwerfvuil") is asked by /elders for /elders, not one of the experiment\'s pages: '
            "the control is shown, uncounted. Add the page to the definition, or do not ask."
        ]


class TestLostFirstExposures:
    """The mark "met" is set only where the page really carries the exposure."""

    def test_a_redirect_leaves_the_browser_unmet(self, town: Town) -> None:
        client = town.browser()
        response = client.get("/afval/weg")
        assert response.status_code == 302
        bucket = cookie_of(client)
        assert bucket is not None
        assert bucket.isdigit()
        assert script_of(client.get("/"))["data-f"] == "zwerfvuil"

    def test_a_stream_that_has_asked_is_completed_first(self, town: Town) -> None:
        client = town.browser("1")
        response = client.get("/afval/stroom")
        assert "nieuw" in response.text
        assert script_of(response)["data-f"] == "zwerfvuil"
        assert cookie_of(client) == "1.zwerfvuil"

    @pytest.mark.parametrize("asked_before", [True, False])
    def test_who_asks_after_the_answer_has_left_gets_the_control(
        self, town: Town, caplog: pytest.LogCaptureFixture, asked_before: bool
    ) -> None:
        def slow() -> Iterator[str]:
            yield "kop "
            yield town.extension.current_variant("zwerfvuil")
            yield town.extension.script()

        def late() -> Response:
            if asked_before:
                town.extension.script()
            return Response(stream_with_context(slow()), mimetype="text/plain")

        town.app.add_url_rule("/afval/laat", "laat", late)
        client = town.browser("1")
        assert client.get("/afval/laat").text == 'kop current<script src="/k.js" defer></script>'
        assert "Ask before streaming starts" in caplog.text
        assert cookie_of(client) == "1"

    def test_a_head_request_meets_nothing(self, town: Town) -> None:
        response = town.browser().head("/")
        assert set_cookies(response) == []

    def test_an_error_page_after_the_question_leaves_the_browser_unmet(self, town: Town) -> None:
        def broken() -> str:
            town.extension.current_variant("zwerfvuil")
            raise RuntimeError("kapot")

        town.app.add_url_rule("/afval/kapot", "kapot", broken)
        client = town.browser("1")
        assert client.get("/afval/kapot").status_code == 500
        assert cookie_of(client) == "1"


class TestCaches:
    def test_pages_with_a_variant_are_private_and_vary(self, town: Town) -> None:
        response = town.browser().get("/")
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert set(response.vary) == {"Cookie", "Sec-GPC", "DNT"}

    def test_what_the_page_said_about_caching_is_overruled(self, town: Town) -> None:
        """A validator of the page without our part would replay a first exposure from the browser's cache."""
        response = town.browser().get("/afval/lang-houdbaar")
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert "ETag" not in response.headers
        assert "Last-Modified" not in response.headers

    def test_a_stricter_page_stays_stricter(self, town: Town) -> None:
        @town.app.after_request
        def strict(response: Response) -> Response:
            response.headers["Cache-Control"] = "no-store"
            return response

        assert town.browser().get("/").headers["Cache-Control"] == "private, no-store"

    def test_pages_outside_stay_cacheable(self, town: Town) -> None:
        response = town.browser().get("/contact")
        assert "Cache-Control" not in response.headers
        assert "Vary" not in response.headers
        assert set_cookies(response) == []

    def test_requests_do_not_share_what_they_know(self, town: Town) -> None:
        with town.app.app_context():
            assert "nieuw" in town.browser("1").get("/").text
            assert "oud" in town.browser("2").get("/").text


class TestPreview:
    def test_a_variant_is_shown_and_nothing_is_measured(self, town: Town) -> None:
        client = town.browser()
        response = client.get("/?kr_variant=zwerfvuil:redesign")
        assert "nieuw" in response.text
        assert "<script" not in response.text
        assert cookie_of(client) is None
        assert cookie_of(client, "kr_preview") == "zwerfvuil:redesign"
        assert "private" in response.headers["Cache-Control"]

    def test_it_lasts_for_the_visit_and_is_ended(self, town: Town) -> None:
        client = town.browser()
        client.get("/?kr_variant=zwerfvuil:redesign")
        assert "nieuw" in client.get("/afval/zwerfvuil").text
        assert "<script" not in client.get("/contact").text
        assert script_of(client.get("/?kr_variant="))["data-f"] == "zwerfvuil"
        assert cookie_of(client, "kr_preview") is None

    def test_its_cookie_ends_with_the_browser_session(self, town: Town) -> None:
        (cookie,) = set_cookies(town.browser().get("/?kr_variant=zwerfvuil:redesign"))
        assert "kr_preview=zwerfvuil:redesign" in cookie.replace('"', "")
        assert "Max-Age" not in cookie
        assert "Expires" not in cookie

    def test_other_experiments_show_their_control(self, town: Town) -> None:
        text = town.browser("1").get("/zoeken?kr_variant=schuldhulp:redesign").text
        assert "redesign current" in text  # bucket 1 would see both redesigns

    def test_who_takes_part_keeps_the_bucket_while_looking(self, town: Town) -> None:
        client = town.browser("2.zwerfvuil")
        assert "nieuw" in client.get("/?kr_variant=zwerfvuil:redesign").text
        assert cookie_of(client) == "2.zwerfvuil"

    def test_a_draft_can_be_looked_at_before_it_starts(self) -> None:
        town = Town(running=(), definitions=[LITTER])
        assert "nieuw" in town.browser().get("/elders?kr_variant=zwerfvuil:redesign").text

    def test_it_works_for_who_opts_out(self, town: Town) -> None:
        headers = {"Sec-GPC": "1"}
        assert "nieuw" in town.browser().get("/?kr_variant=zwerfvuil:redesign", headers=headers).text

    @pytest.mark.parametrize(
        "asked",
        ["zwervuil:redesign", "zwerfvuil:nieuw", "zwerfvuil", ":", "%00", "zwerfvuil:redesign:x", "a" * 3000],
    )
    def test_what_does_not_exist_shows_the_control_unmeasured(self, town: Town, asked: str) -> None:
        client = town.browser("1")
        response = client.get(f"/?kr_variant={asked}")
        assert response.status_code == 200
        assert "oud" in response.text
        assert "<script" not in response.text
        assert cookie_of(client, "kr_preview") is None

    def test_the_cookie_of_a_test_torn_down_is_forgotten(self, town: Town) -> None:
        client = town.browser("1")
        client.set_cookie("kr_preview", "weg:redesign")
        assert "nieuw" in client.get("/").text
        assert cookie_of(client, "kr_preview") is None


class TestUnknown:
    def test_in_production_nothing_breaks(self, town: Town, caplog: pytest.LogCaptureFixture) -> None:
        for _ in range(2):
            response = town.browser("1").get("/onbekend")
            assert response.status_code == 200
            assert "[]" in response.text
        assert [record.message for record in caplog.records] == [
            'There is no experiment "zwervuil". Did you mean "zwerfvuil"?'
        ]

    def test_in_debug_mode_it_is_told_at_once(self, town: Town) -> None:
        town.app.debug = True
        with pytest.raises(UnknownExperimentError, match='Did you mean "zwerfvuil"'):
            town.browser().get("/onbekend")

    def test_outside_a_request_the_control_is_shown(self) -> None:
        town = Town(definitions=[LITTER])
        with town.app.app_context():
            assert town.extension.current_variant("zwerfvuil") == "current"
            assert town.extension.current_variant("anders") == ""
            assert str(town.extension.script()) == '<script src="/k.js" defer></script>'


def test_attributes_are_escaped() -> None:
    app = Flask("town")
    Experiments(
        FixedRegister([LITTER]),
        clock=lambda: NOON,
        random=Random(1),
        app=app,
        script_attributes={"data-to": 'https://c.example/e?a=1&b="2"'},
    )
    app.add_url_rule("/", "home", lambda: render_template_string(LITTER_PAGE))
    text = app.test_client().get("/").text
    assert 'data-to="https://c.example/e?a=1&amp;b=&#34;2&#34;"' in text


def test_a_ramp_keeps_everybody_where_they_are() -> None:
    """Who takes part at a tenth sees the same at full coverage, and is not met a second time."""
    town = Town(running=[litter(coverage=0.1)])
    clients = [town.browser() for _ in range(200)]
    before = {client: script_of(client.get("/")) for client in clients}
    town.register._experiments["zwerfvuil"] = replace(LITTER, coverage=1.0)
    for client, was in before.items():
        is_now = script_of(client.get("/"))
        assert is_now["data-b"] == was["data-b"]
        if "data-x" in was:
            assert (is_now["data-x"], "data-f" in is_now) == (was["data-x"], False)
        else:
            assert is_now["data-f"] == "zwerfvuil"
    assert 5 < sum("data-x" in was for was in before.values()) < 45
