# SPDX-License-Identifier: EUPL-1.2
"""The browsers residents use, and the crawlers that come by as well.

User agents as these browsers send them in autumn 2026: desktop systems and Android's version are frozen by
the makers, so a version number is all that differs. Addresses come from the ranges set apart for
benchmarks and documentation (RFC 2544, RFC 3849), which belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CHROME = "(KHTML, like Gecko) Chrome/{v}.0.0.0"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " + _CHROME
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"

# (user agent, versions, share)
_MOBILE = (
    (_IPHONE + " Version/26.{v} Mobile/15E148 Safari/604.1", (1, 2, 3), 0.42),
    (_ANDROID + " Chrome/{v}.0.0.0 Mobile Safari/537.36", (153, 154, 155, 156), 0.40),
    (_ANDROID + " SamsungBrowser/{v}.0 Chrome/136.0.0.0 Mobile Safari/537.36", (28, 29), 0.12),
    ("Mozilla/5.0 (Android 15; Mobile; rv:{v}.0) Gecko/{v}.0 Firefox/{v}.0", (154, 155, 156), 0.06),
)
_DESKTOP = (
    (_WINDOWS + " Safari/537.36", (154, 155, 156), 0.46),
    (_WINDOWS + " Safari/537.36 Edg/{v}.0.0.0", (154, 155, 156), 0.22),
    (_MAC + " AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.{v} Safari/605.1.15", (1, 2), 0.13),
    (_MAC + " AppleWebKit/537.36 " + _CHROME + " Safari/537.36", (155, 156), 0.08),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0", (154, 155), 0.11),
)
_MOBILE_SCREENS = ((360, 780), (375, 812), (390, 844), (393, 852), (412, 915), (430, 932))
_DESKTOP_SCREENS = ((820, 1180), (1280, 720), (1366, 768), (1440, 900), (1536, 864), (1920, 1080))
_LANGUAGES = (
    ("nl-NL,nl;q=0.9,en;q=0.8", 0.78),
    ("nl,en-US;q=0.7,en;q=0.3", 0.14),
    ("en-GB,en;q=0.9,nl;q=0.6", 0.08),
)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
_CRAWLERS = (
    CRAWLER,
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
)


@dataclass(frozen=True, slots=True)
class Device:
    """One browser on one screen: CSS pixels wide and high. `opts_out` sends `Sec-GPC: 1`."""

    user_agent: str
    width: int
    height: int
    mobile: bool
    accept_language: str
    address: str
    opts_out: bool = False
    keeps_cookies: bool = True

    @property
    def viewport(self) -> str:
        """The class of k.js: s below 640 pixels, m below 1024, else l."""
        return "s" if self.width < 640 else "m" if self.width < 1024 else "l"


def draw_device(random: np.random.Generator, *, mobile_share: float, gpc: float, refuses: float) -> Device:
    """The browser of one resident."""
    mobile = bool(random.random() < mobile_share)
    screens = _MOBILE_SCREENS if mobile else _DESKTOP_SCREENS
    width, height = screens[int(random.integers(len(screens)))]
    return Device(
        user_agent=_user_agent(random, _MOBILE if mobile else _DESKTOP),
        width=width,
        height=height,
        mobile=mobile,
        accept_language=_LANGUAGES[pick(random, [share for _, share in _LANGUAGES])][0],
        address=_address(random),
        opts_out=bool(random.random() < gpc),
        keeps_cookies=bool(random.random() >= refuses),
    )


def draw_crawler(random: np.random.Generator) -> Device:
    """A crawler that runs scripts: it would send beacons like anybody."""
    name = _CRAWLERS[int(random.integers(len(_CRAWLERS)))]
    return Device(name, 1280, 720, False, "en", _address(random))


def pick(random: np.random.Generator, weights: list[float]) -> int:
    """A place in `weights`, each as often as its weight says."""
    left = float(random.random()) * sum(weights)
    for place, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return place
    return len(weights) - 1


def _user_agent(random: np.random.Generator, kinds: tuple[tuple[str, tuple[int, ...], float], ...]) -> str:
    shape, versions, _ = kinds[pick(random, [share for *_, share in kinds])]
    return shape.format(v=versions[int(random.integers(len(versions)))])


def _address(random: np.random.Generator) -> str:
    host = int(random.integers(1, 1 << 17))
    if random.random() < 0.35:
        return f"2001:db8:{host >> 8:x}:{host & 255:x}::{int(random.integers(1, 1 << 16)):x}"
    return f"198.{18 + (host >> 16)}.{host >> 8 & 255}.{host & 255}"
