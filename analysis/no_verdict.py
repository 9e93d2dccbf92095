# SPDX-License-Identifier: EUPL-1.2
"""What is said instead of a verdict: what it waits for and how long, or why there will be none."""

from __future__ import annotations

from datetime import date

from analysis.naming import refusal
from analysis.notation import day, number
from analysis.report import Result
from analysis.term import Term


def no_verdict(
    primary: Result | None,
    language: str,
    *,
    units: int | None,
    planned_size: int | None,
    term: Term | None = None,
) -> str:
    """One or two sentences: how many browsers took part of how many, and how many DAYs are still to go.

    Args:
        primary: result of the primary metric, whose refusal goes before all else.
        language: nl or en.
        units, planned_size: browsers that took part and were planned; None where that is not known.
        term: where the experiment is in its planned time, where the verdict waits for that.
    """
    dutch = language == "nl"
    if term is not None and term.stopped is not None:
        return _stopped(term, term.stopped, language)
    if primary is not None and primary.reason is not None:
        lead = "Nog geen oordeel mogelijk" if dutch else "No verdict is possible yet"
        return f"{lead}: {refusal(primary.reason, language)}."
    if units is None and primary is not None:
        units = sum(primary.n)
    lead = "Nog geen oordeel" if dutch else "No verdict yet"
    if units is None:
        return f"{lead}: er zijn te weinig gegevens." if dutch else f"{lead}: there is not enough data."
    count = number(units, language)
    if planned_size is None or planned_size <= units:
        told = f"{lead}: er deden {count} bezoekers mee" if dutch else f"{lead}: {count} visitors took part"
        if term is None or not term.running:
            return f"{told}."
        return f"{told}, {'genoeg' if dutch else 'enough'}. {_after(term, language)}"
    planned = number(planned_size, language)
    if term is not None and term.over:
        if dutch:
            told = f"Geen oordeel: de proef is voorbij, en er deden {count} van de {planned} geplande"
            return f"{told} bezoekers mee."
        return f"No verdict: the experiment is over, and only {count} of the {planned} planned visitors came."
    if dutch:
        told = f"{lead}: er deden {count} van de {planned} geplande bezoekers mee."
    else:
        told = f"{lead}: {count} of the {planned} planned visitors took part."
    return told if term is None else f"{told} {_runs(term, language)}"


def _stopped(term: Term, at: date, language: str) -> str:
    """A stop before the planned last DAY: what is known stays to be read, but decides nothing."""
    if language == "nl":
        return (
            f"Geen oordeel: de proef is gestopt op {day(at, language)}, vóór de afgesproken laatste dag, "
            f"{day(term.ends, language)}. De cijfers laten alleen zien wat er is gemeten."
        )
    return (
        f"No verdict: the experiment was stopped on {day(at, language)}, before its planned last day, "
        f"{day(term.ends, language)}. The figures only show what was measured."
    )


def _after(term: Term, language: str) -> str:
    ends, left = day(term.ends, language), number(term.left, language)
    if language == "nl":
        days = "dag" if term.left == 1 else "dagen"
        return f"Het oordeel komt na de laatste dag, {ends}: nog {left} {days}."
    days = "day" if term.left == 1 else "days"
    return f"The verdict comes after the last day, {ends}: {left} {days} to go."


def _runs(term: Term, language: str) -> str:
    ends, left = day(term.ends, language), number(term.left, language)
    if language == "nl":
        return f"De proef loopt nog {left} {'dag' if term.left == 1 else 'dagen'}, tot en met {ends}."
    return f"The experiment runs for {left} more {'day' if term.left == 1 else 'days'}, up to {ends}."
