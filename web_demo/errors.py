# SPDX-License-Identifier: EUPL-1.2
"""What can be wrong with the demo site: its contents, its forms, its folder."""

from __future__ import annotations


class WebDemoError(Exception):
    """Root of the errors of this room. The message says what came, what was expected and how to mend it."""


class ContentError(WebDemoError):
    """A page, a section or an answer on disk does not say what the site needs."""


class FormDefinitionError(WebDemoError):
    """A form on disk cannot be asked of anyone."""
