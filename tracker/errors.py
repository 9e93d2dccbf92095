# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong in this room; every message says what came, what was expected and how to mend it."""

from __future__ import annotations


class TrackerError(Exception):
    """Root of this room's errors; its text is one sentence for a person."""


class MismatchError(TrackerError):
    """The settings disagree with what lies in the store."""


class StoreAwayError(TrackerError):
    """Redis cannot be reached, or answers that it cannot write."""


class UndecodableError(TrackerError):
    """A stream entry that isn't of the shape `tracker.stream` writes."""


class UnknownWordError(UndecodableError):
    """A stream entry has a code that the store's dictionary doesn't (yet) hold."""
