# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong at the front door."""

from __future__ import annotations


class KlantreisError(Exception):
    """Root of this room: one sentence that says what came, what was expected and how to mend it."""


class SettingsError(KlantreisError):
    """The settings file or a KLANTREIS_ variable cannot be used."""


class StoreError(KlantreisError):
    """The store cannot be had or used."""


class ServingError(KlantreisError):
    """The server cannot start."""
