# SPDX-License-Identifier: EUPL-1.2
"""The plan of an experiment for people: a sentence, what each way of looking takes, and the power curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from markupsafe import Markup, escape

from analysis import notation, wording
from analysis.phrases.plans import PLANS
from analysis.rendering.comparison_pictures import power
from analysis.rendering.html import POLICY, style
from analysis.rendering.panels import WIDTHS
from analysis.rendering.pictures import Caption
from experiments.definition import Looks
from experiments.planning import Plan

LANGUAGES = ("nl", "en")


@dataclass(frozen=True, slots=True)
class Planned:
    """All that was found; `commoner` and `pooled` are ways out where the plan does not fit the time."""

    name: str
    metric: str
    days: int  # recorded, 0 where the traffic was given
    chosen: Looks
    designs: Mapping[Looks, Plan]
    commoner: Mapping[str, Plan] = field(default_factory=dict)
    pooled: Plan | None = None
    curve: bool = False

    @property
    def plan(self) -> Plan:
        return self.designs[self.chosen]


def render(planned: Planned, *, form: str) -> str:
    """The plan as text (both languages), html (Dutch, then English) or json."""
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(_as_json(planned)), indent=2).decode() + "\n"
    if form == "html":
        return _page(planned)
    return "\n\n".join("\n".join(_told(planned, language)) for language in LANGUAGES) + "\n"


def sentences(planned: Planned, language: str) -> list[str]:
    """The answer, on what it stands, and what would fit where it does not."""
    words, found = PLANS[language], planned.plan
    told = [found.sentences[language]]
    if planned.days:
        told.append(
            words["recorded"].format(
                days=notation.number(planned.days, language),
                browsers=notation.number(found.question.browsers_per_day, language),
                metric=wording.metric_name(planned.metric, language),
                today=_today(found, language),
            )
        )
    else:
        told.append(words["given"])
    if found.inflation > 1:
        told.append(
            words["inflation"].format(more=notation.percentage(found.inflation - 1, language, decimals=1))
        )
    for name, other in planned.commoner.items():
        told.append(
            words["commoner"].format(
                metric=wording.metric_name(name, language), weeks=_weeks(other, language)
            )
        )
    if planned.pooled is not None:
        told.append(words["pooled"].format(weeks=_weeks(planned.pooled, language)))
    return told


def _told(planned: Planned, language: str) -> list[str]:
    words = PLANS[language]
    lines = [
        *sentences(planned, language),
        "",
        f"{words['looks']:<34}{words['size']:>12}{words['weeks']:>10}",
    ]
    for looks, one in planned.designs.items():
        size, weeks = notation.number(one.total, language), notation.number(one.days // 7, language)
        lines.append(f"{words[looks.value]:<34}{size:>12}{weeks:>10}")
    if planned.curve:
        lines += ["", f"{words['difference']:>12}{words['chance']:>24}"]
        for difference, chance in planned.plan.curve:
            shown = _difference(planned.plan, difference, language)
            lines.append(f"{shown:>12}{notation.percentage(chance, language):>24}")
    return lines


def _page(planned: Planned) -> str:
    """A stand-alone page: the answer, the ways of looking, and the power curve with its numbers."""
    parts = []
    for language in LANGUAGES:
        words, found = PLANS[language], planned.plan
        first, *others = sentences(planned, language)
        caption = Caption(f"power-{language}", words["curve"], words["curve_note"])
        drawn = Markup("").join(
            power(
                found.curve,
                found.question.effect,
                found.question.power,
                caption,
                width=width,
                format_x=partial(_difference, found, language=language),
                format_y=partial(notation.percentage, language=language),
            )
            for width in WIDTHS
        )
        rows = [
            (
                words[looks.value],
                notation.number(one.total, language),
                notation.number(one.days // 7, language),
            )
            for looks, one in planned.designs.items()
        ]
        curve = [
            (_difference(found, difference, language), notation.percentage(chance, language))
            for difference, chance in found.curve
        ]
        told = Markup("").join(Markup("<p>{}</p>").format(one) for one in others)
        parts.append(
            Markup('<section lang="{}"><h1>{}</h1><p class="sentence">{}</p>{}').format(
                language, words["title"].format(name=planned.name).strip(), first, told
            )
            + _table((words["looks"], words["size"], words["weeks"]), rows, words["looks"])
            + Markup("<figure><figcaption><h2>{}</h2><p>{}</p></figcaption>{}</figure>").format(
                words["curve"], words["curve_note"], drawn
            )
            + _table((words["difference"], words["chance"]), curve, words["curve"])
            + Markup("</section>")
        )
    title = PLANS["nl"]["title"].format(name=planned.name).strip()
    return (
        '<!doctype html>\n<html lang="nl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(title)}</title><style>{style()}\nbody {{ margin: 0; }} "
        ".page { max-width: 60rem; margin: 0 auto; padding: 1rem; } .sentence { font-size: 1.25rem; }</style>"
        f'</head><body><main class="page kr-report">{Markup("").join(parts)}</main></body></html>\n'
    )


def _table(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]], caption: str) -> Markup:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(one) for one in headers)
    body = Markup("").join(
        Markup("<tr>{}{}</tr>").format(
            Markup('<th scope="row">{}</th>').format(row[0]),
            Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:]),
        )
        for row in rows
    )
    return Markup("<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
        caption, head, body
    )


def _as_json(planned: Planned) -> dict[str, Any]:
    found = planned.plan
    question = found.question
    return {
        "experiment": planned.name,
        "metric": planned.metric,
        "recordedDays": planned.days,
        "baseline": question.baseline,
        "spread": question.spread,
        "effect": question.effect,
        "browsersPerDay": question.browsers_per_day,
        "power": question.power,
        "alpha": question.alpha,
        "looks": planned.chosen.value,
        "possible": found.possible,
        "detectable": found.detectable,
        "sentence": {language: " ".join(sentences(planned, language)) for language in LANGUAGES},
        "designs": {
            looks.value: {
                "total": one.total,
                "sizes": list(one.sizes),
                "weeks": one.days // 7,
                "possible": one.possible,
                "inflation": one.inflation,
            }
            for looks, one in planned.designs.items()
        },
        "curve": [{"difference": difference, "chance": chance} for difference, chance in found.curve],
        "commoner": {name: one.days // 7 for name, one in planned.commoner.items()},
        "pooledWeeks": None if planned.pooled is None else planned.pooled.days // 7,
    }


def _today(found: Plan, language: str) -> str:
    if found.question.spread is None:
        return notation.percentage(found.question.baseline, language, decimals=1)
    return notation.quantity(found.question.baseline, language)


def _difference(found: Plan, value: float, language: str) -> str:
    if found.question.spread is None:
        return notation.number(100 * value, language, decimals=1, signed=True)
    return notation.quantity(value, language, signed=True)


def _weeks(found: Plan, language: str) -> str:
    weeks = found.days // 7
    count = notation.number(weeks, language)
    return f"{count} {PLANS[language]['week' if weeks == 1 else 'many_weeks']}"
