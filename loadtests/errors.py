# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with a load test before it has a result."""

from __future__ import annotations


class LoadTestError(Exception):
    """Root of this room: one sentence that says what came, what was expected and how to mend it."""


class ScenarioError(LoadTestError):
    """A scenario file cannot be used."""


class HostRefusedError(LoadTestError):
    """The scenario does not allow this host, or nobody answers there."""


class GeneratorError(LoadTestError):
    """The process that makes the load ended without a result."""
