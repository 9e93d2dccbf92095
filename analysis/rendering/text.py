# SPDX-License-Identifier: EUPL-1.2
"""The report for a terminal: plain text of at most 80 columns, the verdict first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill, wrap

from analysis import wording
from analysis.phrases.second import SECOND
from analysis.rendering import sections
from analysis.rendering.progress_figure import progress
from analysis.rendering.second import seconds
from analysis.rendering.second_figures import flow_difference, steps
from analysis.rendering.sections import Table
from analysis.report import Report, Result, Status

WIDTH = 80
_GAP = 2
_NARROWEST = 9
_INDENT = " " * 4
_NAME = 20  # longest name of a version that stands above a column


def shorten(words: str, room: int) -> str:
    """`words` in at most `room` characters."""
    return words if len(words) <= room else words[: room - 1] + "…"


def render(report: Report, language: str) -> str:
    """The report in `language` (nl or en), ended by a line break.

    Raises:
        LanguageError: neither nl nor en.
    """
    words = sections.labels(language)
    parts = [
        "\n".join(
            [
                _plain(wording.verdict_label(report.verdict.code, language)).upper(),
                _paragraph(report.verdict.sentence.get(language, "")),
            ]
        ),
        "\n".join(_about(report, language)),
        _results(words["results"], sections.main_results(report), report, language),
        _results(words["guardrails"], sections.guardrail_results(report), report, language),
        _results(words["segments"], sections.segment_results(report), report, language),
        *_seconds(report, language),
        _section(words["checks"], _checks(report, language)),
        _section(words["set_aside"], sections.set_aside_table(report, language)),
        _listing(words["caveats"], sections.caveats(report, language)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(report: Report, language: str) -> Iterable[str]:
    words = sections.labels(language)
    yield _paragraph(report.question)
    period = sections.period_text(report, language)
    yield _paragraph(f"{words['experiment']} {report.experiment}" + (f", {period}" if period else ""))
    counts = ", ".join(
        f"{wording.short_variant_name(one.name, language)} {wording.number(one.units, language)}"
        for one in report.variants
    )
    if counts:
        yield _paragraph(f"{words['visitors']}: {counts}")


def _results(heading: str, results: Sequence[Result], report: Report, language: str) -> str:
    """Per result a line with both values, and below it the difference and how sure that is."""
    if not results:
        return ""
    words = sections.labels(language)
    old = shorten(_plain(wording.short_variant_name(report.control, language)), _NAME)
    names = list(dict.fromkeys(wording.short_variant_name(one.variant, language) for one in results))
    new = shorten(_plain(names[0]), _NAME) if len(names) == 1 else words["outcome"].lower()
    values = [
        [wording.value_text(one, value, language) for value in one.values or ()] or ["–", "–"]
        for one in results
    ]
    sizes = [
        max(12, len(name), *(len(pair[place]) for pair in values)) for place, name in enumerate((old, new))
    ]
    first = max(_NARROWEST, WIDTH - sum(sizes) - 2 * _GAP)
    lines = [f"{heading:<{first}}  {old:>{sizes[0]}}  {new:>{sizes[1]}}", "─" * WIDTH]
    for one, pair in zip(results, values, strict=True):
        label = sections.metric_label(one, language)
        if one.segment is not None:
            label += f", {wording.segment_name(one.segment, language)}"
        if len(names) > 1:
            label += f" ({wording.short_variant_name(one.variant, language)})"
        named = wrap(_plain(label), first) or [""]
        lines.append(f"{named[0]:<{first}}  {pair[0]:>{sizes[0]}}  {pair[1]:>{sizes[1]}}")
        lines.extend(named[1:])
        lines.append(_paragraph(_told_difference(report, one, language), first=_INDENT, rest=_INDENT))
    return "\n".join(lines)


def _told_difference(report: Report, result: Result, language: str) -> str:
    sure = sections.how_sure(report, result, language)
    if result.estimate is not None:
        difference = wording.difference_text(result, result.estimate, language)
        sure = f"{difference} ({wording.interval_text(result, language)}): {sure}"
    if result.margin is not None:
        sure += f"; {sections.labels(language)['limit'].lower()}: {sections.margin_text(result, language)}"
    return sure


def _checks(report: Report, language: str) -> Table:
    words = sections.labels(language)
    rows = tuple(
        (sections.status_mark(check.status), _told(check.name, check.status, language, check.sentence))
        for check in report.checks
    )
    return Table(words["checks"], (), rows)


def _told(name: str, status: Status, language: str, sentence: dict[str, str]) -> str:
    known = wording.check_name(name, language)
    return f"{known}: {sentence.get(language) or wording.status_name(status, language)}"


def _seconds(report: Report, language: str) -> Iterable[str]:
    """What stands beside the verdict: figures in a sentence, the rest as tables."""
    told = [made(report, language) for made in (progress, steps, flow_difference)]
    yield _listing(
        SECOND[language]["title"],
        [f"{one.title.removesuffix('?')}: {one.sentence}" for one in told if one is not None],
    )
    found = seconds(report, language)
    for _, note, table in found.tables if found else ():
        yield f"{_heading(table.caption)}\n{_paragraph(note)}\n{_rows(table, language)}"


def _rows(table: Table, language: str) -> str:
    """A wide table as people read it on a narrow terminal: a name, and below it what belongs to it."""
    words = sections.labels(language)
    between, of = words["range"], words["difference"].lower()
    lines = []
    for row in table.rows:
        lines.append(_paragraph(row[0]))
        pairs = [
            f"{header[0].lower()}{header[1:]}: {cell}"
            for header, cell in zip(table.headers[1:], row[1:], strict=True)
            if cell != "–" and header != between
        ]
        if between in table.headers and (ends := row[table.headers.index(between)]) != "–":
            place = next(place for place, pair in enumerate(pairs) if pair.startswith(of))
            pairs[place] += f" ({ends})"
        lines += [_paragraph(pair, first=_INDENT, rest=f"{_INDENT}  ") for pair in pairs]
    return "\n".join(lines)


def _section(heading: str, table: Table) -> str:
    return f"{_heading(heading)}\n{draw(table)}" if table.rows else ""


def _listing(heading: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return "\n".join([_heading(heading), *(_paragraph(line, first="- ", rest="  ") for line in lines)])


def _heading(words: str) -> str:
    return f"{words}\n{'─' * min(len(words), WIDTH)}"


def _paragraph(words: str, *, first: str = "", rest: str = "") -> str:
    return fill(_plain(words), WIDTH, initial_indent=first, subsequent_indent=rest)


def _plain(words: str) -> str:
    """Without line breaks and control characters, so that a name cannot steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in words)


def draw(table: Table, width: int = WIDTH) -> str:
    """Aligned columns within `width`: figures to the right, words wrapped in their own column."""
    lines = [*([table.headers] if table.headers else []), *table.rows]
    cells = [[[_plain(part) for part in cell.split("\n")] for cell in line] for line in lines]
    widths = _widths(cells, width)
    wrapped = [
        [
            [piece for part in cell for piece in (wrap(part, widths[place]) or [""])]
            for place, cell in enumerate(row)
        ]
        for row in cells
    ]
    return "\n".join(_row(row, widths, table.figures) for row in wrapped)


def _row(cells: Sequence[Sequence[str]], widths: Sequence[int], figures: frozenset[int]) -> str:
    lines = []
    for depth in range(max(len(cell) for cell in cells)):
        pieces = [cell[depth] if depth < len(cell) else "" for cell in cells]
        placed = [
            piece.rjust(size) if place in figures else piece.ljust(size)
            for place, (piece, size) in enumerate(zip(pieces, widths, strict=True))
        ]
        lines.append((" " * _GAP).join(placed).rstrip())
    return "\n".join(lines)


def _widths(cells: Sequence[Sequence[Sequence[str]]], width: int) -> list[int]:
    """As wide as the words need; while that is too wide, the widest column gives way."""
    columns = range(len(cells[0]))
    widths = [max(1, *(len(part) for row in cells for part in row[place])) for place in columns]
    room = width - _GAP * (len(widths) - 1)
    while sum(widths) > room:
        widest = max(columns, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths
