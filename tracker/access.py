# SPDX-License-Identifier: EUPL-1.2
"""Who may read what is the operators' own: the ledger, load-test runs, metrics.

By default only the machine itself may. Others come in from a network that the settings name, or with the
operators' token (`Authorization: Bearer …`).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from ipaddress import ip_network

from tracker.answers import Answer, problem
from tracker.errors import TrackerError
from tracker.networks import Network, address_of, within

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
SHORTEST_TOKEN = 20

#: Headers by which a proxy says that it asks for somebody else.
ON_BEHALF = ("x-forwarded-for", "forwarded", "x-real-ip", "via")

UNAUTHORISED = problem(
    401,
    "A token is needed",
    "Send the operators' token as Authorization: Bearer TOKEN, or ask from one of the operators' networks.",
    headers=((b"www-authenticate", b'Bearer realm="klantreis"'), (b"vary", b"authorization")),
)
FORBIDDEN = problem(
    403,
    "For operators only",
    "Ask from this machine itself, or from a network that the settings name as the operators'.",
)


class TokenError(TrackerError):
    """A token that is too easy to guess."""


class Operators:
    """Tells operators from strangers.

    `networks` are where operators are, `token` is what they may show instead (None: there is none),
    `trusted_proxies` the networks from which `X-Forwarded-For` is believed.
    """

    __slots__ = ("_digest", "_networks", "_trusted")

    def __init__(
        self,
        networks: tuple[Network, ...] = LOOPBACK,
        *,
        token: str | None = None,
        trusted_proxies: tuple[Network, ...] = (),
    ) -> None:
        """Raises `TokenError` for a token shorter than `SHORTEST_TOKEN` or with other signs than ASCII's."""
        if token is not None and (
            len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable()
        ):
            raise TokenError(
                f"The operators' token has {len(token)} signs; expected at least {SHORTEST_TOKEN} printable "
                "ones of ASCII. Make one with: python -c 'import secrets; print(secrets.token_urlsafe())'."
            )
        self._networks = networks
        self._digest = sha256(token.encode()).digest() if token is not None else None
        self._trusted = trusted_proxies

    def refusal(self, peer: str, headers: Mapping[str, str]) -> Answer | None:
        """The answer to a stranger, or None for an operator; `headers` have lower-case names.

        `peer` is the address of the other end of the connection. A token that is shown must be right, also
        from within the networks: a wrong one is a mistake that its owner wants to hear of.
        """
        shown = headers.get("authorization")
        if shown is not None and self._digest is not None:
            return None if self._is_right(shown) else UNAUTHORISED
        asker = self._asker(peer, headers)
        if asker is not None and within(asker, self._networks):
            return None
        return FORBIDDEN if self._digest is None else UNAUTHORISED

    def _is_right(self, shown: str) -> bool:
        scheme, _, token = shown.partition(" ")
        # Digests are of one length, so that the time tells nothing of the token's.
        digest = sha256(token.strip().encode("latin-1", "replace")).digest()
        right = hmac.compare_digest(digest, self._digest or b"")
        return right and scheme.lower() == "bearer"

    def _asker(self, peer: str, headers: Mapping[str, str]) -> str | None:
        """Who asks, or None where that can't be told: a proxy that nobody vouched for asks for a stranger."""
        if not within(peer, self._trusted):
            return None if any(name in headers for name in ON_BEHALF) else peer
        forwarded = headers.get("x-forwarded-for")
        if forwarded is None:
            return None if any(name in headers for name in ON_BEHALF) else peer
        asker = peer
        for hop in reversed(forwarded.split(",")):
            if not within(asker, self._trusted):
                break
            asker = address_of(hop)
        return asker
