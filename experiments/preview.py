# SPDX-License-Identifier: EUPL-1.2
"""Looking at a variant without being counted: `?kr_variant=NAME:VARIANT`.

The choice stays for the browser session in the cookie `kr_preview`; `?kr_variant=` ends it. While it lasts
every other experiment shows its control and nothing is measured. A name that does not exist shows the
control as well, likewise unmeasured: who looks is staff, even with a typing error in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.definition import Experiment

PREVIEW_PARAMETER = "kr_variant"
PREVIEW_COOKIE = "kr_preview"


@dataclass(frozen=True, slots=True)
class Preview:
    """What somebody looks at. `keep`: a value for the cookie, '' to delete it, None to leave it."""

    active: bool = False
    name: str = ""
    variant: str = ""
    keep: str | None = None


def previewed(parameter: str | None, cookie: str | None, known: Mapping[str, Experiment]) -> Preview:
    """The preview that the address (`kr_variant`, None where absent) and the cookie ask for."""
    if parameter is not None:
        if not parameter:
            return Preview(keep="" if cookie else None)
        if choice := _choice(parameter, known):
            return Preview(True, *choice, keep=parameter if parameter != cookie else None)
        return Preview(active=True)
    if cookie is None:
        return Preview()
    if choice := _choice(cookie, known):
        return Preview(True, *choice)
    return Preview(keep="")


def _choice(text: str, known: Mapping[str, Experiment]) -> tuple[str, str] | None:
    name, _, variant = text.partition(":")
    if name in known and variant in (one.name for one in known[name].variants):
        return name, variant
    return None
