# SPDX-License-Identifier: EUPL-1.2
"""The way in: what a visitor meets at the public address, with every proxy and cache in between.

A few malformed beacons are sent, which the ledger counts as such; nothing is stored.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import time
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime

from klantreis.doctor.finding import Finding, doubtful, graded, well, wrong
from klantreis.doctor.machine import SKEW_FAIL_S, SKEW_WARN_S
from klantreis.doctor.visitor import Address, Page
from tracker import probe
from tracker.matomo_endpoint import MAX_BODY_BYTES as MATOMO_MAX_BYTES
from tracker.networks import Network
from tracker.wire import MAX_BYTES

FORGED = "198.51.100.77"  # of a network for documentation (RFC 5737): nobody's
INSIDE = ("/v1/ledger", "/metrics", "/readyz")
SIDE_SCRIPTS = {"/feedback.js": "question for feedback", "/call-code.js": "call code"}
CONSOLE = ("/experiments/", "/reports/", "/journeys/")


def look(
    url: str,
    *,
    token: str | None,
    proxies: Sequence[Network],
    pages: Sequence[str] = (),
    source: str | None = None,
) -> Iterator[Finding]:
    """Everything about the way in at `url`; `pages` are paths of which variants may be shown."""
    try:
        address = Address(url, source)
    except ValueError as error:
        yield wrong("address", f"{error}.", "Give the address at which residents visit you with --url.")
        return
    if not address.secure and address.host not in {"localhost", "127.0.0.1", "::1"}:
        yield doubtful(
            "address", "It is not https, so that anybody on the way can read and change it.", "Give https://…"
        )
    try:
        script = address.ask("/k.js")
        yield of_script(script)
        yield from of_date(script.headers.get("date"), time.time())
        yield from _of_beacons(address)
        for path, use in SIDE_SCRIPTS.items():
            yield of_side_script(path, use, address.ask(path))
        yield from _of_matomo(address)
        for path in CONSOLE:
            yield of_console(path, address.ask(path))
        for path in INSIDE:
            yield of_inside(path, address.ask(path))
        yield _of_forwarding(address, token, proxies)
        for path in dict.fromkeys([address.path, *pages]):
            yield of_page(path, address.ask(path, cookie="kr_b=0"))
    except (OSError, http.client.HTTPException) as error:
        yield wrong(
            "address",
            f"{address.host} does not answer ({type(error).__name__}: {error}).",
            "See that its proxy runs, that its certificate is valid, and that this machine may reach it.",
        )


def of_script(page: Page) -> Finding:
    """The rule on `/k.js`."""
    if _is_script(page):
        return well("/k.js", "The script is served.")
    return wrong(
        "/k.js",
        f"It answers {page.status}, not our script; nothing is measured.",
        "Let the proxy lead /k.js to the collector, as in docs/examples/nginx.conf.",
    )


def of_date(date: str | None, now_s: float) -> Iterator[Finding]:
    """The rule on the header `Date`, which has whole seconds: the clock at the other end against ours."""
    try:
        skew_s = now_s - parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError):
        return  # it told none
    yield graded(
        "clock there",
        f"This clock and that of the address differ by {abs(skew_s):.0f} s.",
        "Let chrony or systemd-timesyncd keep the clocks of both machines.",
        warn=abs(skew_s) > SKEW_WARN_S + 1,
        fail=abs(skew_s) > SKEW_FAIL_S,
    )


def _is_script(page: Page) -> bool:
    return page.status == 200 and "javascript" in page.headers.get("content-type", "") and _ours(page)


def of_side_script(path: str, use: str, page: Page) -> Finding:
    """The rule on a script that not every site uses."""
    if _is_script(page):
        return well(path, "The script is served.")
    return doubtful(
        path,
        f"It answers {page.status}, not our script; no page can show the {use}.",
        f"Let the proxy lead {path} to the collector, as in docs/examples/nginx.conf.",
    )


def _of_matomo(address: Address) -> Iterator[Finding]:
    path, kind = "/matomo.php", "application/json"
    empty = address.ask(path)
    if empty.status != 400 or not _ours(empty):
        yield doubtful(
            path,
            f"It answers {empty.status}, not our collector; Matomo's clients that send here are not "
            "measured, and what they send may stand in a log.",
            "Where such clients send here, lead it to the collector without a log, as in "
            "docs/examples/nginx.conf.",
        )
        return
    yield well(path, "Hits of Matomo's clients reach the collector.")
    large = address.ask(path, method="POST", body=b"{" * MATOMO_MAX_BYTES, content_type=kind)
    if large.status != 400:
        yield doubtful(
            f"{path} size",
            f"A request of {MATOMO_MAX_BYTES:,} bytes is answered {large.status}; large ones would be lost.",
            "Let the proxy take bodies of 1 MB there (nginx: client_max_body_size 1m).",
        )


def of_console(path: str, page: Page) -> Finding:
    """The rule on pages for people: they may be kept from some, but nothing else may answer there."""
    if page.status in {401, 403}:
        return well(path, f"Not for this machine ({page.status}).")
    if page.status == 200 and b"/static/klantreis/" in page.body:
        return well(path, "The page is served.")
    return doubtful(
        path,
        f"It answers {page.status}, not klantreis' page.",
        f"Let the proxy lead {path} to klantreis serve, as in docs/examples/nginx.conf; or to nobody at all.",
    )


def _of_beacons(address: Address) -> Iterator[Finding]:
    kind = "text/plain;charset=UTF-8"
    empty = address.ask("/e", method="POST", body=b"", content_type=kind)
    if empty.status != 400 or not _ours(empty):
        yield wrong(
            "/e",
            f"An empty beacon is answered {empty.status}, expected the collector's 400; nothing is measured.",
            "Let the proxy lead POST /e to the collector, with its body and its headers.",
        )
        return
    leave = address.ask("/e", method="OPTIONS")
    yield (
        well("/e", "Beacons reach the collector.")
        if leave.status == 204
        else doubtful(
            "/e",
            f"Beacons reach the collector; OPTIONS is answered {leave.status}, so other hosts cannot send.",
            "Let the proxy pass OPTIONS /e too.",
        )
    )
    large = address.ask("/e", method="POST", body=b"{" * MAX_BYTES, content_type=kind)
    if large.status != 400:
        yield wrong(
            "/e size",
            f"A beacon of {MAX_BYTES} bytes is answered {large.status}; long visits would be lost.",
            "Let the proxy take bodies of 64 kB (nginx: client_max_body_size 64k).",
        )


def of_inside(path: str, page: Page) -> Finding:
    """The rule on what is for operations only."""
    if page.status == 200 and _ours(page):
        return wrong(
            path,
            "Anybody can read it; it is for operations.",
            f"Let the proxy answer 404 for {path}, and ask the collector itself on its own port.",
        )
    return well(path, f"Not public ({page.status}).")


def _of_forwarding(address: Address, token: str | None, proxies: Sequence[Network]) -> Finding:
    asked = probe.question(token or "", int(time.time() * 1000))
    page = address.ask(f"/e.gif?{probe.PARAMETER}={asked}", x_forwarded_for=FORGED)
    try:
        seen = str(json.loads(page.body)["address"]) if page.status == 200 else None
    except (ValueError, KeyError, TypeError):
        seen = None
    return of_forwarding(seen, address.local, proxies)


def of_forwarding(seen: str | None, local: str, proxies: Sequence[Network]) -> Finding:
    """The rule on whom the collector took us for (`seen`) while we said to be `FORGED`.

    `local` is our own address on the way to it.
    """
    subject = "X-Forwarded-For"
    if seen is None:
        return doubtful(
            subject,
            "The collector did not tell which address it saw, so whether it tells visitors apart is unknown.",
            "Let the proxy pass /e.gif, keep the clocks equal, and give collector and doctor one "
            "KLANTREIS_RUN_TOKEN.",
        )
    ours = ipaddress.ip_address(local) if local else None
    if ours and any(ours in network for network in proxies):
        return doubtful(
            subject,
            "This machine is itself a trusted proxy, so what it says is believed and shows nothing.",
            "Run doctor --url on another machine.",
        )
    if seen == FORGED:
        return wrong(
            subject,
            "An address that a visitor made up is believed, so anybody can pass for many visitors.",
            "Let trusted_proxies name your own proxies alone, and let the outermost set the header anew.",
        )
    if seen != local and not _is_global(seen):
        inside = ours is not None and not ours.is_global  # then something between us may translate addresses
        return graded(
            subject,
            f"The collector takes us for {seen}, an address of an inner network, so perhaps every visitor.",
            "Add that proxy to trusted_proxies, and let it set X-Forwarded-For; or look from outside.",
            warn=inside,
            fail=not inside,
        )
    return well(subject, "The collector sees visitors' own addresses, and believes no made-up one.")


def of_page(path: str, page: Page) -> Finding:
    """The rule on a page that may differ by variant: no cache may hand one visitor's to another."""
    control, vary = page.headers.get("cache-control", "").lower(), page.headers.get("vary", "").lower()
    subject = f"page {path}"
    if "cookie" not in vary:
        return well(subject, "It does not differ by cookie, so it shows no variants.")
    if page.headers.get("age", "0") != "0" or "hit" in page.headers.get("x-cache", "").lower():
        return wrong(
            subject,
            "It differs by cookie and came out of a shared cache, so visitors may see one another's variant.",
            "Let the cache heed Cache-Control: private.",
        )
    if "private" not in control and "no-store" not in control:
        return wrong(
            subject,
            f'It differs by cookie and says "{control}", so a shared cache may keep one variant for all.',
            "Let no proxy replace Cache-Control: private.",
        )
    return well(subject, "It differs by cookie, and no shared cache may keep it.")


def _ours(page: Page) -> bool:
    metrics = page.headers.get("content-type", "").startswith("text/plain; version")
    return metrics or "api-version" in page.headers


def _is_global(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
