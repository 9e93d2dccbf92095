# SPDX-License-Identifier: EUPL-1.2
"""Behind a proxy of ours; what a stranger adds on the way isn't believed."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest
import redis

from tests.tracker.under_attack import BAD, CHUNKED, Target, pages, post, served, stored


@pytest.fixture
def target(store_url: str, prefix: str) -> Iterator[Target]:
    networks = {
        "trusted_proxies": (ip_network("127.0.0.0/8"),),
        "staff_networks": (ip_network("198.51.100.0/24"),),
    }
    with served(store_url, prefix, **networks) as target:
        yield target


def visitors(store: redis.Redis, prefix: str) -> set[int]:
    return {event.visitor for event in stored(store, prefix)}


def test_a_header_behind_the_body_is_not_the_proxys(target: Target, store: redis.Redis, prefix: str) -> None:
    plain = post(BAD, "x-forwarded-for: 192.0.2.7")
    chunked = post(
        b"%x\r\n%b\r\n0\r\nx-forwarded-for: 192.0.2.8\r\nuser-agent: other\r\n\r\n" % (len(BAD), BAD),
        CHUNKED,
        "x-forwarded-for: 192.0.2.7",
        length=-1,
    )
    assert target.say(plain).startswith(b"HTTP/1.1 204")
    target.say(chunked)
    assert len(visitors(store, prefix)) == 1


def test_what_a_stranger_wrote_first_counts_for_nothing(
    target: Target, store: redis.Redis, prefix: str
) -> None:
    for lie in ("", "198.51.100.9, ", "127.0.0.1, ", "x, ", ", "):
        assert target.say(post(BAD, f"x-forwarded-for: {lie}192.0.2.7")).startswith(b"HTTP/1.1 204")
    assert len(visitors(store, prefix)) == 1


def test_staff_are_known_behind_it(target: Target, store: redis.Redis, prefix: str) -> None:
    for hop in (
        "198.51.100.9",
        "::ffff:198.51.100.9",
        "::FFFF:198.51.100.9",
        "198.51.100.9:50123",
        "::ffff:c633:6409",
    ):
        assert b"klantreis-dropped: staff" in target.say(post(BAD, f"x-forwarded-for: 6.6.6.6, {hop}")), hop
    assert pages(store, prefix) == set()


def test_a_proxy_that_names_the_port_makes_no_new_visitor_of_each_connection(
    target: Target, store: redis.Redis, prefix: str
) -> None:
    for port in (50_001, 50_002):
        target.say(post(BAD, f"x-forwarded-for: 192.0.2.7:{port}"))
    assert len(visitors(store, prefix)) == 1
