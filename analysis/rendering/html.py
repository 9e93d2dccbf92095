# SPDX-License-Identifier: EUPL-1.2
"""The report as one HTML file: nothing is fetched, nothing runs, and it prints."""

from __future__ import annotations

from urllib.parse import quote

from markupsafe import Markup

from analysis import wording
from analysis.rendering import sections
from analysis.rendering.figures import figures
from analysis.rendering.promised import promised
from analysis.rendering.second import seconds
from analysis.rendering.templates import filled, stylesheet
from analysis.report import Report, Status, VerdictCode

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
    return filled(
        "reports/file.html",
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


def body(report: Report, language: str) -> Markup:
    """The report without a page around it, for a page that links `report.css`; it has no style attribute.

    Raises:
        LanguageError: neither nl nor en.
    """
    words = sections.labels(language)
    return filled(
        "reports/body.html",
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
        promised=promised(report, language),
        set_aside=sections.set_aside_table(report, language),
        caveats=sections.caveats(report, language),
        methods=sections.methods_table(report, language),
        meanings=sections.meanings(report, language),
    )


def notebook(report: Report, language: str = "nl") -> str:
    """The report as a cell of a notebook: its own looks, and nothing around it.

    Raises:
        LanguageError: neither nl nor en.
    """
    return f"<style>{style()}</style>{body(report, language)}"


def style() -> str:
    """The stylesheet of a report."""
    return stylesheet("reports/report.css")


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
