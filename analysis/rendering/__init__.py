# SPDX-License-Identifier: EUPL-1.2
"""The report for people: as text for a terminal, and as one HTML file with pictures."""

from __future__ import annotations

from typing import Literal

from analysis.report import Report, to_json


def render(report: Report, *, form: Literal["text", "html", "json"], language: str) -> str:
    """The report in one of its forms; JSON holds both languages.

    Raises:
        LanguageError: neither nl nor en.
    """
    if form == "json":
        return to_json(report).decode() + "\n"
    if form == "html":
        from analysis.rendering import html  # templates are read only where they are used

        return html.render(report, language)
    from analysis.rendering import text

    return text.render(report, language)
