# SPDX-License-Identifier: EUPL-1.2
"""Who is at the other end: a resident's browser, or a program that fetches pages by itself.

Three kinds of evidence, joined into one compiled pattern:

- the names kept by the maintainers of `crawler-user-agents`;
- words of our own, by what a program *does* (crawls, checks, previews, runs without a screen) and what it is
  made with, because a list of names is always a little behind;
- the shape: a resident's browser names an engine and a device, a program mostly names just itself.

A resident taken for a bot is worse than a bot taken for a resident: it bends every figure, and nobody sees
it. Hence the entries of the list that people's browsers say too are left out, each with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

NOT_BOTS = {
    "Viber": "the messaging app opens links in a browser of its own",
    "MetaIAB Facebook": "the browser inside Facebook's app",
    r"AP3A\.240617\.008": "a build number of Android 15",
    "Sonic": "a part of many product names",
    "Fluid": "a browser for one site, used by people",
    r"Fetch\/": "the end of other names",
    r"Code\/1\.": "an editor in which people open pages",
    r"Trae\/": "an editor in which people open pages",
    "TSM-turingos": "a mark of a managed computer in an otherwise ordinary Chrome",
}

_DEEDS = (
    r"(?<!cu)bots?(?![a-z])", "crawl", "spider", "scrap(?:e|ing|y)", "slurp", "harvest", "extract",
    "exractor", "headless", "phantomjs", "selenium", "webdriver", "puppeteer", "playwright", "cypress",
    "synthetic", r"(?<!cam)scanner", "fuzz", "nuclei", "nikto", "sqlmap", "collaborator", "medusa", "torrent",
    "clamav", "check(?:er|ing)?(?![a-z])", "health-?check", "healthservice", "probe", "monit", "uptime",
    "munin", "pingdom", "site24x7", "prometheus", "xymon", "bbtest", "observatory", "webmaster",
    "valid(?:ator|ation)", "verification", r"\bdcv\b", "inspector", "analy[sz](?:er|is)", "classifier",
    "archiver", "preview", "expander", "transcoder", "weblight", "pageburst", "pagespeed", "page speed",
    "webcollage", "snapshot", "screenshot", "browsershots", "thumbor", "thumbnail", r"\bproxy\b",
    "imageproxy", "emailproxy", r"rss(?=[ /]|owl|$)", "feedd?ler", "feed ?(?:fetch|pars|read)", "fetcher",
    "readkit", "^reeder/", "podcast (?!republic)", "castro", "downcast", "episode", "parser", "callback",
    "search console", "adwords", "mediapartners", "semantic", "scheduler", "cloud-tasks", "logic-apps",
    r"\bcron\b", r"(?<!user[ -])(?<!edge )agent(?=/|\s\d)", "early hints", r"cdn/",
)  # fmt: skip

_TOOLS = (
    r"\bcurl\b", r"\bwget\b", "httpie", "python[-/ ]", "urllib", "aiohttp", r"\bhttpx\b", "okhttp",
    "go-http", r"^go \d", "guzzle", "^php/", r"\bperl\b", r"\blwp[ :/-]", "^java/", "httpclient",
    "http-client", "http-kit", "scalaj", "resty", "^axios", r"^node(?:js|-fetch)?\b", "undici",
    "request-promise", r"\brest-?(?:client|sharp)", r"\bruby\b", "grpc-", "postman", "insomnia", "winhttp",
    "cryptoapi", "swcd", "apachebench", "amaya/", "openai/", "fake_?user_?agent", "default_user_agent",
    r"useragent\b", "devtools",
)  # fmt: skip

# Programs of good manners carry an address to write to or to read more at.
_ADDRESSES = (r"https?:/", r"\+www\.", r"[\w.+-]@[\w-]+\.[a-z]{2,}", r"\bat\b[^)]{1,40}\bdot\b")

_SHAPES = (
    "^-?$",
    r"^mozilla/[\d.]+[^(]*$",  # no device at all
    # A name where the device belongs; a mere language (`(en-us)`) is an old browser's.
    r"^mozilla/[\d.]+ \((?![a-z]{2}-[a-z]{2}\))(?:[\w./-]+|compatible; [\w.-]+/v?[\d.]+)\)",
    r"^(?!amiga)[\w .:-]+(?:/v?\d{1,6}(?:\.\d{1,6}){0,3}[a-z]?)?$",  # a name, perhaps with its version
    "^anonymous",
)

# The longest user agents of people's browsers are those of in-app browsers, about 500 characters.
_LONGEST = 600


# Most listed names hold no sign of a regular expression: as plain text they are found ten times as fast,
# which matters when a stranger invents a user agent for every request.
_PLAIN_NAME = re.compile(r"(?:[^\\.^$*+?{}\[\]|()]|\\[^a-zA-Z0-9])+")
_PLAIN_DEEDS = tuple(deed for deed in _DEEDS if deed.isalpha())


class _Evidence(NamedTuple):
    """What gives a program away, ready to be looked for in a user agent in lower case."""

    own: re.Pattern[str]
    listed: re.Pattern[str]
    names: tuple[str, ...]


@lru_cache(maxsize=1)
def _known() -> _Evidence:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # 300 kB of JSON, read at the first question

    listed = [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if entry["pattern"] not in NOT_BOTS]
    patterns = [name for name in listed if not _PLAIN_NAME.fullmatch(name)]
    names = {re.sub(r"\\(.)", r"\1", name).lower() for name in listed if _PLAIN_NAME.fullmatch(name)}
    needed = sorted(name for name in names if not any(deed in name for deed in _PLAIN_DEEDS))
    own = "|".join((*_DEEDS, *_TOOLS, *_ADDRESSES, *_SHAPES))
    return _Evidence(
        re.compile(own),
        # A listed name counts from where a word starts: `NING/` isn't to be found in `Lightning/`.
        re.compile(rf"(?<![a-z])(?:{'|'.join(patterns)})", re.IGNORECASE),
        tuple(needed),
    )


def evidence(user_agent: str) -> str | None:
    """What gives a program away in its user agent, or None where it looks like a resident's browser.

    >>> evidence("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)")
    'bot'
    >>> evidence("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0") is None
    True
    """
    known, text = _known(), user_agent[:_LONGEST].lower()
    if found := known.own.search(text) or known.listed.search(text):
        return found.group()
    return next((name for name in known.names if name in text and _starts_a_word(name, text)), None)


def _starts_a_word(name: str, text: str) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(name)}", text) is not None


def is_bot(user_agent: str) -> bool:
    """True where the user agent is that of a program. A missing one ("" or "-") is a program's."""
    return _is_bot(user_agent[:_LONGEST])


# Visitors share a few thousand user agents; the memory of them is bounded, in number and length, and tied to
# nobody.
@lru_cache(maxsize=8192)
def _is_bot(user_agent: str) -> bool:
    return evidence(user_agent.strip()) is not None


def is_program(headers: Mapping[str, str]) -> bool:
    """The same from all headers (lower-case names): also a browser that owns to have no screen, or no user.

    A headless Chromium with a borrowed user agent still names itself in its client hints, and only crawlers
    of good manners send `From` (RFC 9110, section 10.1.2).

    >>> is_program({"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    False
    """
    brands = headers.get("sec-ch-ua")
    if brands is not None and "headless" in brands.lower():
        return True
    return "from" in headers or is_bot(headers.get("user-agent", ""))
