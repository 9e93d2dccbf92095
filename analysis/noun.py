# SPDX-License-Identifier: EUPL-1.2
"""What every part of a report is: immutable, and camelCase for others."""

from __future__ import annotations

import msgspec


class Noun(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=False):
    """Base of the report's parts."""
