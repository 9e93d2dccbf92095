# SPDX-License-Identifier: EUPL-1.2
"""The report as one HTML file: nothing is fetched, nothing runs, and it prints."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis import wording
from analysis.rendering import sections
from analysis.rendering.figures import figures
from analysis.rendering.second import seconds
from analysis.report import Report, Status, VerdictCode

TEMPLATES = Path(__file__).parents[1] / "templates" / "reports"

#: What a browser may do with the file: show it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

_MARKS = {
    VerdictCode.BETTER: "▲",
    VerdictCode.WORSE: "▼",
    VerdictCode.NO_CLEAR_DIFFERENCE: "≈",
    VerdictCode.NOT_ENOUGH_DATA: "…",
    VerdictCode.DO_NOT_USE: "✕",
}


def render(report: Report, language: str) -> str:
    """A whole page in `language` (nl or en); it links to `EXPERIMENT.OTHER.html` beside it.

    Raises:
        LanguageError: neither nl nor en.
    """
    words = sections.labels(language)
    other = next(name for name in wording.LANGUAGES if name != language)
    return (
        _templates()
        .get_template("file.html")
        .render(
            report=report,
            language=language,
            other=other,
            other_file=quote(f"{report.experiment}.{other}.html", safe=""),
            words=words,
            policy=POLICY,
            style=Markup(style()),  # noqa: S704  our own stylesheet
            verdict_label=wording.verdict_label(report.verdict.code, language),
            csv_file=quote(f"{report.experiment}.csv", safe=""),
            body=body(report, language),
        )
    )


def body(report: Report, language: str) -> Markup:
    """The report without a page around it, for a page that links `report.css`; it has no style attribute.

    Raises:
        LanguageError: neither nl nor en.
    """
    words = sections.labels(language)
    written = (
        _templates()
        .get_template("body.html")
        .render(
            report=report,
            words=words,
            period=sections.period_text(report, language),
            verdict_mark=_MARKS[report.verdict.code],
            verdict_label=wording.verdict_label(report.verdict.code, language),
            verdict_sentence=report.verdict.sentence.get(language, ""),
            attention=_attention(report, language),
            facts=_facts(report, language),
            figures=figures(report, language),
            results=sections.results_table(
                sections.main_results(report), report, language, caption=words["results"]
            ),
            segments=sections.results_table(
                sections.segment_results(report), report, language, caption=words["segments"]
            ),
            seconds=seconds(report, language),
            guardrails=sections.guardrails_table(report, language),
            checks=sections.checks_table(report, language),
            promised=sections.promised(report, language),
            set_aside=sections.set_aside_table(report, language),
            caveats=sections.caveats(report, language),
            methods=sections.methods_table(report, language),
            meanings=sections.meanings(report, language),
        )
    )
    return Markup(written)  # noqa: S704  the template escapes what it is given


def notebook(report: Report, language: str = "nl") -> str:
    """The report as a cell of a notebook: its own looks, and nothing around it.

    Raises:
        LanguageError: neither nl nor en.
    """
    return f"<style>{style()}</style>{body(report, language)}"


def style() -> str:
    """The stylesheet of a report."""
    return (TEMPLATES / "report.css").read_text(encoding="utf-8")


def _attention(report: Report, language: str) -> list[dict[str, str]]:
    """Checks that did not pass: they stand right under the verdict."""
    return [
        {
            "status": check.status.value,
            "name": wording.check_name(check.name, language),
            "outcome": wording.status_name(check.status, language),
            "sentence": check.sentence.get(language, ""),
        }
        for check in report.checks
        if check.status is not Status.PASS
    ]


def _facts(report: Report, language: str) -> list[tuple[str, str]]:
    words = sections.labels(language)
    found = [
        (wording.short_variant_name(one.name, language).capitalize(), _visitors(one.units, language))
        for one in report.variants
    ]
    planned = report.definitions.get("plannedSize")
    if isinstance(planned, int):
        found.append((words["planned"], wording.number(planned, language)))
    if created := sections.created_text(report, language):
        found.append((words["computed"], created))
    return found


def _visitors(units: int, language: str) -> str:
    return f"{wording.number(units, language)} {sections.labels(language)['visitors'].lower()}"


_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|min|u|h|uur|points|procentpunt)(?!\w))")


def unbroken(words: str) -> str:
    """Keeps a number and its unit on one line."""
    return _UNIT.sub("\u00a0", words)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment
