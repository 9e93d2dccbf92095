# SPDX-License-Identifier: EUPL-1.2
"""Where a visitor came from: a closed list of entries, told from the referrer and the campaign parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from analysis.globs import tidy
from tracker.address import search_words
from tracker.site import Site


class Entry(StrEnum):
    """How someone arrived; the first that holds, in this order, is the entry."""

    INTERNAL = "internal"
    SEARCH_ENGINE = "search_engine"
    CAMPAIGN = "campaign"
    SOCIAL = "social"
    REFERRAL = "referral"
    DIRECT = "direct"


#: Entries that come from outside and begin something, other than an address typed or kept.
OUTSIDE = (Entry.SEARCH_ENGINE, Entry.CAMPAIGN, Entry.SOCIAL, Entry.REFERRAL)

_ENGINE_NAMES = """aol ask baidu bing brave dogpile duckduckgo ecosia google ilse kagi lycos mojeek naver
qwant seznam startpage swisscows vinden yahoo yandex"""
_SOCIAL_NAMES = """bsky facebook fb instagram linkedin lnkd mastodon nextdoor pinterest reddit snapchat t
telegram threads tiktok twitter whatsapp x youtube"""
_OTHER_NAMES = "accounts calendar classroom docs drive groups mail meet news plus sites translate"
_ENGINES = frozenset(_ENGINE_NAMES.split())
_SOCIAL = frozenset(_SOCIAL_NAMES.split())
#: Hosts of the same names that are no search: a mail with a link is a referral.
_NO_SEARCH = frozenset(_OTHER_NAMES.split())
_SECOND_LEVEL = frozenset(["ac", "co", "com", "gov", "net", "org"])


@dataclass(frozen=True, slots=True)
class Arrival:
    """One referrer read: the entry it means, its page, its host, the words of a search engine."""

    entry: Entry
    path: str | None = None
    host: str = ""
    words: str = ""


def read_referrer(referrer: str | None, site: Site) -> Arrival:
    """What a referrer says; campaigns are told apart by `has_campaign`.

    >>> read_referrer("https://www.google.nl/search?q=zwerfvuil+melden", Site("a", frozenset())).words
    'zwerfvuil melden'
    >>> str(read_referrer("https://mail.google.com/", Site("a", frozenset())).entry)
    'referral'
    """
    if not referrer:
        return Arrival(Entry.DIRECT)
    try:
        parts = urlsplit(referrer)
        host = (parts.hostname or "").lower()
    except ValueError:
        return Arrival(Entry.REFERRAL)
    if host in site.hosts or (not host and referrer.startswith("/")):
        return Arrival(Entry.INTERNAL, tidy(parts.path), host)
    if _is_engine(host):
        words = search_words(host, parts.query)
        return Arrival(Entry.SEARCH_ENGINE, host=host, words=words[1] if words else "")
    name = registered_name(host)
    if name == "t" and host != "t.co":
        name = ""
    return Arrival(Entry.SOCIAL if name in _SOCIAL else Entry.REFERRAL, tidy(parts.path), host)


def has_campaign(parameters: str, site: Site) -> bool:
    """Whether the address carried a campaign or a short code."""
    return bool(parameters) and not set(site.campaign_parameters).isdisjoint(
        parse_qs(parameters, keep_blank_values=False)
    )


def _is_engine(host: str) -> bool:
    if host.startswith("com.google.android.googlequicksearchbox"):  # the search bar of a phone
        return True
    return registered_name(host) in _ENGINES and host.split(".")[0] not in _NO_SEARCH


def registered_name(host: str) -> str:
    """The name that someone registered.

    >>> registered_name("www.google.co.uk")
    'google'
    """
    labels = host.split(".")
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL:
        return labels[-3]
    return labels[-2] if len(labels) > 1 else ""
