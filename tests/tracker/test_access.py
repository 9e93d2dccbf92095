# SPDX-License-Identifier: EUPL-1.2
"""What is the operators' own opens for them and for nobody who says that they are."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest

from tracker.access import Operators, TokenError

TOKEN = "0123456789abcdefghij"
PROXY = (ip_network("10.0.0.0/8"),)
HERE = (ip_network("127.0.0.0/8"),)


def status(operators: Operators, peer: str, **headers: str) -> int:
    answer = operators.refusal(peer, {name.replace("_", "-"): value for name, value in headers.items()})
    return 200 if answer is None else answer.status


@pytest.mark.parametrize(
    ("given", "peer", "headers", "expected"),
    [
        pytest.param({}, "127.0.0.1", {}, 200, id="the machine itself"),
        pytest.param({}, "::1", {}, 200, id="itself, IPv6"),
        pytest.param({}, "::ffff:127.0.0.1", {}, 200, id="itself, on a socket for both"),
        pytest.param({}, "192.0.2.7", {}, 403, id="a stranger"),
        pytest.param({}, "", {}, 403, id="nobody (a unix socket)"),
        pytest.param({}, "127.0.0.1\n", {}, 403, id="no address"),
        pytest.param({}, "10.0.0.1", {}, 403, id="private, but not named"),
        pytest.param(
            {}, "127.0.0.1", {"x_forwarded_for": "192.0.2.7"}, 403, id="a proxy here that nobody named"
        ),
        pytest.param({}, "127.0.0.1", {"x_forwarded_for": "127.0.0.1"}, 403, id="and a stranger who lies"),
        pytest.param({}, "127.0.0.1", {"forwarded": "for=192.0.2.7"}, 403, id="another header of proxies"),
        pytest.param({}, "127.0.0.1", {"x_real_ip": "127.0.0.1"}, 403, id="nginx's own header"),
        pytest.param(
            {"trusted_proxies": HERE}, "127.0.0.1", {"x_forwarded_for": "192.0.2.7"}, 403, id="by our proxy"
        ),
        pytest.param(
            {"trusted_proxies": HERE},
            "127.0.0.1",
            {"x_forwarded_for": "127.0.0.1, 192.0.2.7"},
            403,
            id="who lies to it",
        ),
        pytest.param({"trusted_proxies": HERE}, "127.0.0.1", {}, 200, id="the proxy's own machine"),
        pytest.param(
            {"trusted_proxies": HERE},
            "127.0.0.1",
            {"via": "1.1 x"},
            403,
            id="a proxy that doesn't say for whom",
        ),
        pytest.param(
            {"trusted_proxies": HERE}, "127.0.0.1", {"x_forwarded_for": ""}, 403, id="or says nothing"
        ),
        pytest.param(
            {"networks": (ip_network("198.51.100.0/24"),), "trusted_proxies": PROXY},
            "10.0.0.1",
            {"x_forwarded_for": "6.6.6.6, 198.51.100.9:50123"},
            200,
            id="an operator by our proxy",
        ),
        pytest.param({"networks": ()}, "127.0.0.1", {}, 403, id="no network at all"),
        pytest.param({"token": TOKEN}, "192.0.2.7", {}, 401, id="no token shown"),
        pytest.param(
            {"token": TOKEN}, "192.0.2.7", {"authorization": f"Bearer {TOKEN}"}, 200, id="the token"
        ),
        pytest.param(
            {"token": TOKEN}, "192.0.2.7", {"authorization": f"bearer  {TOKEN} "}, 200, id="loosely spaced"
        ),
        pytest.param(
            {"token": TOKEN}, "192.0.2.7", {"authorization": f"Bearer {TOKEN[:-1]}"}, 401, id="a part of it"
        ),
        pytest.param(
            {"token": TOKEN}, "192.0.2.7", {"authorization": f"Basic {TOKEN}"}, 401, id="another scheme"
        ),
        pytest.param(
            {"token": TOKEN}, "192.0.2.7", {"authorization": "Bearer é\udcff"}, 401, id="strange signs"
        ),
        pytest.param({"token": TOKEN}, "127.0.0.1", {}, 200, id="the machine itself needs none"),
        pytest.param(
            {"token": TOKEN}, "127.0.0.1", {"authorization": "Bearer x"}, 401, id="but a wrong one is wrong"
        ),
        pytest.param({}, "192.0.2.7", {"authorization": "Bearer "}, 403, id="a token where none is set"),
        pytest.param(
            {}, "127.0.0.1", {"authorization": "Basic x"}, 200, id="something for a proxy before us"
        ),
    ],
)
def test_opens_for(given: dict[str, Any], peer: str, headers: dict[str, str], expected: int) -> None:
    assert status(Operators(**given), peer, **headers) == expected


def test_a_refusal_is_a_problem_that_says_how_to_mend_it() -> None:
    answer = Operators(token=TOKEN).refusal("192.0.2.7", {})
    assert answer is not None
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("www-authenticate") == 'Bearer realm="klantreis"'
    assert answer.header("cache-control") == "no-store"
    assert json.loads(answer.body)["status"] == 401
    assert TOKEN.encode() not in answer.body


@pytest.mark.parametrize("token", ["", "short", "é" * 30, "x" * 19, "x" * 30 + "\n"])
def test_a_token_that_is_easy_to_guess_is_refused(token: str) -> None:
    with pytest.raises(TokenError, match="expected at least 20"):
        Operators(token=token)
