# SPDX-License-Identifier: EUPL-1.2
"""The report for people: as text for a terminal, and as one HTML file with pictures."""

from __future__ import annotations

from analysis.errors import AnalysisError
from analysis.report import Report, to_json


def render(report: Report, *, form: str, language: str) -> str:
    """The report as text, html, csv or json; JSON and CSV are the same in both languages.

    Raises:
        LanguageError: neither nl nor en.
        AnalysisError: another form.
    """
    if form == "json":
        return to_json(report).decode() + "\n"
    if form == "csv":
        from analysis.report_frames import to_csv

        return to_csv(report)
    if form == "html":
        from analysis.rendering import html  # templates are read only where they are used

        return html.render(report, language)
    if form != "text":
        raise AnalysisError(f"a report can be had as text, html, csv or json, not as {form!r}")
    from analysis.rendering import text

    return text.render(report, language)
