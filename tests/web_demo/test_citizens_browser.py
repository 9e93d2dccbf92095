# SPDX-License-Identifier: EUPL-1.2
"""The browser without a screen: cookies, tabs, redirects, opting out, and when beacons leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from web_demo.citizens.actions import Back, Contact, FillIn, Follow, Leave, Open, Read, Submit
from web_demo.citizens.browser import Browser, BrowserError
from web_demo.citizens.devices import Device
from web_demo.citizens.exchange import Beacon, Request, Response
from web_demo.citizens.page import Link
from web_demo.citizens.parsing import Reader

DEVICE = Device("a browser", 390, 800, True, "nl", "198.18.0.9")
SCRIPT = '<script src="/k.js" data-b="417" data-x="zwerfvuil=redesign" data-f="zwerfvuil" defer></script>'
PAGE = f'<!doctype html><html lang="nl"><title>Pagina</title>{SCRIPT}<main><h1>Pagina</h1></main></html>'
FORM = f"""<html lang="nl"><title>Formulier</title>{SCRIPT}<main>
<form method="post" action="/klaar" data-kr-form="f" data-kr-last><input type="hidden" name="teken" value="t">
<input name="naam" required><button name="doe" value="ja">Ja</button></form></main></html>"""
BUCKET = ("set-cookie", "kr_b=417.zwerfvuil; Max-Age=600; Path=/; SameSite=Lax")
HOME = Link("/", "Home")


class Site:
    """Answers by path; remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Response]) -> None:
        self.answers = answers
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answers.get(request.target, Response(200, (BUCKET,), PAGE.encode()))


class Visit:
    """A browser on a site, and what it sent."""

    def __init__(self, device: Device = DEVICE, **answers: Response) -> None:
        self.site = Site({f"/{name}": answer for name, answer in answers.items()})
        self.beacons: list[Beacon] = []
        self.browser = Browser(
            device,
            origin="https://www.voorbeeldstad.nl",
            send=self.site,
            post=self.beacons.append,
            reader=Reader(),
            random=np.random.default_rng(0),
            loading_ms=(100, 100),
        )

    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(beacon.body) for beacon in self.beacons]

    def kinds(self) -> list[list[str]]:
        """Kinds of event, beacon by beacon."""
        return [[event["k"] for event in beacon["e"]] for beacon in self.sent()]


def moved(to: str) -> Response:
    return Response(302, (("location", to), ("set-cookie", "onderweg=1; Path=/")), b"")


def shows(page: str) -> Response:
    return Response(200, (BUCKET,), page.encode())


def test_a_page_tells_itself_at_once_and_the_rest_when_it_is_left() -> None:
    visit = Visit()
    visit.browser.do(Open("/"), 0)
    visit.browser.do(Read(1.0, 40), 100)
    visit.browser.do(Leave(), 1100)
    assert visit.kinds() == [["view"], ["engage"]]
    assert visit.sent()[1]["e"][0] == {"i": 1, "k": "engage", "s": 1.0, "y": 40, "d": 0}
    assert [beacon.at_ms for beacon in visit.beacons] == [100, 1100]


def test_an_event_waits_two_seconds_for_company() -> None:
    visit = Visit()
    visit.browser.do(Open("/"), 0)
    visit.browser.do(Contact(Link("tel:140999", "Bel", contact="tel")), 1_000)
    visit.browser.do(Leave(), 10_000)
    assert visit.kinds() == [["view"], ["contact"], ["engage"]]
    assert visit.beacons[1].at_ms == 3_000
    assert visit.sent()[1]["e"][0]["d"] == 2_000


def test_the_next_page_knows_the_page_before_in_the_same_tab_only() -> None:
    visit = Visit()
    visit.browser.do(Open("/"), 0)
    visit.browser.do(Follow(Link("/volgende", "Volgende")), 500)
    visit.browser.do(Open("/", tab=1), 900)
    first, second, third = (beacon for beacon in visit.sent() if beacon["e"][0]["k"] == "view")
    assert "o" not in first
    assert second["o"] == first["p"]
    assert second["r"] == "https://www.voorbeeldstad.nl/"
    assert "o" not in third


def test_a_tab_behind_another_is_not_being_read() -> None:
    visit = Visit()
    visit.browser.do(Open("/"), 0)
    visit.browser.do(Open("/", tab=1), 5_100)
    visit.browser.do(Read(60.0, tab=1), 5_200)
    visit.browser.do(Read(1.0), 65_200)
    visit.browser.do(Leave(), 66_200)
    sent = visit.sent()
    of_the_first = [event for beacon in sent if beacon["p"] == sent[0]["p"] for event in beacon["e"]]
    seconds = [event["s"] for event in of_the_first if event["k"] == "engage"]
    assert seconds == [5.0, 6.0]


def test_a_first_exposure_is_told_once_per_tab() -> None:
    visit = Visit()
    visit.browser.do(Open("/"), 0)
    visit.browser.do(Follow(HOME), 500)
    views = [beacon for beacon in visit.sent() if beacon["e"][0]["k"] == "view"]
    assert [beacon.get("f") for beacon in views] == [["zwerfvuil"], None]
    assert all(beacon["x"] == {"zwerfvuil": "redesign"} and beacon["b"] == 417 for beacon in views)


def test_who_opts_out_asks_so_and_sends_no_beacon() -> None:
    visit = Visit(replace(DEVICE, opts_out=True))
    view = visit.browser.do(Open("/"), 0)
    visit.browser.do(Leave(), 5000)
    assert visit.beacons == []
    assert view is not None
    assert (view.id, view.exposures) == (None, "")
    assert visit.site.asked[0].headers["Sec-GPC"] == "1"


def test_without_cookies_nobody_takes_part_in_an_experiment() -> None:
    visit = Visit(replace(DEVICE, keeps_cookies=False))
    visit.browser.do(Open("/"), 0)
    view = visit.browser.do(Follow(HOME), 500)
    assert view is not None
    assert view.exposures == ""
    assert not any({"b", "x", "f", "o"} & beacon.keys() for beacon in visit.sent())
    assert all("Cookie" not in request.headers for request in visit.site.asked)


def test_cookies_are_kept_along_redirects_and_session_cookies_end_with_the_session() -> None:
    visit = Visit(oud=moved("/nieuw"))
    view = visit.browser.do(Open("/oud"), 0)
    assert view is not None
    assert view.path == "/nieuw"
    assert visit.site.asked[1].headers["Cookie"] == "onderweg=1"
    visit.browser.close()
    visit.browser.do(Open("/"), 86_400_000)
    assert visit.site.asked[2].headers["Cookie"] == "kr_b=417.zwerfvuil"


def test_back_returns_to_the_page_before_with_its_own_referrer() -> None:
    visit = Visit()
    visit.browser.do(Open("/een", "https://www.google.com/"), 0)
    visit.browser.do(Follow(Link("/twee", "Twee")), 500)
    visit.browser.do(Back(), 900)
    views = [beacon for beacon in visit.sent() if beacon["e"][0]["k"] == "view"]
    assert [beacon["u"][-4:] for beacon in views] == ["/een", "twee", "/een"]
    assert views[2]["r"] == "https://www.google.com/"
    assert views[2]["o"] == views[1]["p"]


def test_a_form_that_the_browser_itself_refuses_goes_nowhere() -> None:
    visit = Visit(formulier=shows(FORM))
    view = visit.browser.do(Open("/formulier"), 0)
    assert view is not None
    form = view.page.forms[0]
    visit.browser.do(FillIn(form), 200)
    assert visit.browser.do(Submit(form, {}), 300) is view
    visit.browser.do(Submit(form, {"naam": ("Noor",)}), 400)
    assert [request.method for request in visit.site.asked] == ["GET", "POST"]
    assert visit.site.asked[1].body == b"teken=t&naam=Noor&doe=ja"
    actions = [e["a"] for beacon in visit.sent() for e in beacon["e"] if e["k"] == "form"]
    assert actions == ["start", "error", "submit"]


def test_a_form_left_half_way_is_told_as_abandoned() -> None:
    visit = Visit(formulier=shows(FORM))
    view = visit.browser.do(Open("/formulier"), 0)
    assert view is not None
    visit.browser.do(FillIn(view.page.forms[0]), 200)
    visit.browser.do(Leave(), 900)
    assert [e.get("a", e["k"]) for e in visit.sent()[1]["e"]] == ["start", "abandon", "engage"]


def test_a_site_that_redirects_in_a_circle_is_told() -> None:
    visit = Visit(rond=moved("/rond"))
    with pytest.raises(BrowserError, match="redirects more than"):
        visit.browser.do(Open("/rond"), 0)


def test_an_action_without_a_page_is_told() -> None:
    with pytest.raises(BrowserError, match="Open one first"):
        Visit().browser.do(Follow(HOME), 0)
