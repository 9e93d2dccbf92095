# SPDX-License-Identifier: EUPL-1.2
"""An address belongs to a network however it is written, and nonsense belongs to none."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.familiar import MOST_PROXIES, Familiar
from tracker.networks import address_of, within

STAFF = (ip_network("198.51.100.0/24"), ip_network("2001:db8:5::/48"))


@pytest.mark.parametrize(
    ("ip", "inside"),
    [
        pytest.param("198.51.100.0", True, id="the first"),
        pytest.param("198.51.100.255", True, id="the last"),
        pytest.param("198.51.101.0", False, id="one beyond"),
        pytest.param("2001:db8:5::", True, id="IPv6, the first"),
        pytest.param("2001:DB8:5:ffff:ffff:ffff:ffff:ffff", True, id="IPv6, the last, in capitals"),
        pytest.param("2001:db8:6::", False, id="IPv6, one beyond"),
        pytest.param("::ffff:198.51.100.9", True, id="mapped"),
        pytest.param("::FFFF:198.51.100.9", True, id="mapped, in capitals"),
        pytest.param("::ffff:c633:6409", True, id="mapped, in hex"),
        pytest.param("0:0:0:0:0:ffff:198.51.100.9", True, id="mapped, in full"),
        pytest.param("::198.51.100.9", False, id="an IPv6 address that only looks mapped"),
        pytest.param("198.51.100.09", False, id="an octal trap"),
        pytest.param("198.51.100", False, id="too short"),
        pytest.param("3325256713", False, id="as one number"),
        pytest.param("198.51.100.9 ", False, id="a space behind"),
        pytest.param("198.51.100.9\0", False, id="a NUL behind"),
        pytest.param("198.51.100.9, 10.0.0.1", False, id="two"),
        pytest.param("unknown", False, id="a word"),
        pytest.param("", False, id="nothing"),
        pytest.param("é\udcff", False, id="strange signs"),
    ],
)
def test_within(ip: str, inside: bool) -> None:
    assert within(ip, STAFF) is inside


@settings(deadline=None)  # the machine may be busy
@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 128))
def test_agrees_with_the_standard_library(one: object, other: object, length: int) -> None:
    network = ip_network(f"{other}/{min(length, ip_address(str(other)).max_prefixlen)}", strict=False)
    address = ip_address(str(one))
    mapped = getattr(address, "ipv4_mapped", None) or address
    assert within(str(one), (network,)) == (mapped in network)


@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_takes_any_text(text: str) -> None:
    within(address_of(text), STAFF)


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:50123", "2001:db8::7"),
        ("", ""),
        ("[", ""),
        (":", ""),
    ],
)
def test_address_of_a_hop(hop: str, address: str) -> None:
    assert address_of(hop) == address


def test_proxies_are_remembered_in_bounds() -> None:
    familiar = Familiar()
    for number in range(5 * MOST_PROXIES):
        familiar.remember_proxy(str(number))
        assert str(number) in familiar.proxies
        assert len(familiar.proxies) <= MOST_PROXIES
