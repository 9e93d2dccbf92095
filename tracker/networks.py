# SPDX-License-Identifier: EUPL-1.2
"""Addresses of machines as they are written in headers and settings, and the networks they belong to."""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED = b"\0" * 10 + b"\xff\xff"  # an IPv4 address as a socket for both versions shows it


def address_of(hop: str) -> str:
    """The address in one hop of `X-Forwarded-For`, without the port and brackets that some proxies add.

    >>> address_of(" 192.0.2.7:50123"), address_of("[2001:db8::1]:443"), address_of("2001:db8::1")
    ('192.0.2.7', '2001:db8::1', '2001:db8::1')
    """
    hop = hop.strip()
    if hop[:1] == "[":
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def within(ip: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies in none.

    >>> within("::ffff:10.1.2.3", (ipaddress.ip_network("10.0.0.0/8"),))
    True
    """
    # `ipaddress` takes ten times as long, and remembering its answers would mean remembering visitors.
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip)
    except (OSError, ValueError):
        return False
    if len(packed) == 16 and packed[:12] == _MAPPED:
        packed = packed[12:]
    number, size = int.from_bytes(packed, "big"), len(packed)
    return any(size == length and number & mask == first for length, first, mask in _masks(networks))


@lru_cache(maxsize=16)
def _masks(networks: tuple[Network, ...]) -> tuple[tuple[int, int, int], ...]:
    """Bytes of an address, first address and mask of each network, as integers."""
    return tuple((net.max_prefixlen // 8, int(net.network_address), int(net.netmask)) for net in networks)
