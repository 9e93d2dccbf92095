# SPDX-License-Identifier: EUPL-1.2
"""What a team's own table must hold before its comparison counts: how it was divided, how much was left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis import allocation, wording
from analysis.estimates import Refused
from analysis.estimates.heterogeneity import interaction
from analysis.promises import alike, check
from analysis.report import Check, Result, Status
from analysis.visitor_table import Units

#: Units this near to an equal division were meant to be divided equally: an allocation that fails the test
#: there voids the comparison. Further off the plan is not known, and a note is all that can be given.
NEARLY_EQUAL = 0.10

#: Share of the rows set aside (repeats apart) above which a reader is warned, and above which nothing stands.
MANY_ASIDE = 0.01
TOO_MANY_ASIDE = 0.20


def checks(
    units: Units,
    sizes: Mapping[str, int],
    primary: Sequence[Result],
    segments: Sequence[Result],
    split: Mapping[str, float] | None = None,
) -> tuple[Check, ...]:
    """The checks on a table: `sizes` are the units of each variant, the control first; `split` is how they
    were meant to be divided, None where nobody said so."""
    names = list(sizes)
    division = _division(sizes, split)
    return (division, _few_aside(units), *_possible(primary), *_alike(segments, names))


def _division(sizes: Mapping[str, int], split: Mapping[str, float] | None) -> Check:
    """Whether units were divided as was meant; equally, if it looks like that and nobody said otherwise."""
    found = allocation.sample_ratio(sizes, split or dict.fromkeys(sizes, 1.0))
    seen = ", ".join(f"{name} {count}" for name, count in sizes.items())
    if isinstance(found, Refused):
        return check("sampleRatio", Status.WARN, str(found), sentence=_too_few_to_tell())
    if split is not None:
        meant = ", ".join(f"{name} {share:.1%}" for name, share in split.items())
        status = Status.PASS if found.sound else Status.FAIL
        return check("sampleRatio", status, f"units {seen}, meant to be {meant}", p_value=found.p_value)
    if found.sound:
        detail = f"units against an equal division: {seen}"
        return check("sampleRatio", Status.PASS, detail, p_value=found.p_value)
    equal = sum(sizes.values()) / len(sizes)
    if max(abs(count / equal - 1) for count in sizes.values()) <= NEARLY_EQUAL:
        detail = f"nearly but not equally divided: {seen}; chance does not do that"
        return check("sampleRatio", Status.FAIL, detail, p_value=found.p_value)
    detail = f"not divided equally: {seen}; the table does not say how they were meant to be"
    sentence = {
        "nl": "De bezoekers zijn niet gelijk verdeeld. Was dat wel de bedoeling, gebruik dit dan niet; "
        "zo niet, noem de verdeling met --split.",
        "en": "The visitors were not divided equally. If they were meant to be, do not use this; "
        "if not, name the division with --split.",
    }
    return check("sampleRatio", Status.WARN, detail, p_value=found.p_value, sentence=sentence)


def _too_few_to_tell() -> dict[str, str]:
    return {
        "nl": "Er zijn te weinig bezoekers om de verdeling te toetsen.",
        "en": "There are too few visitors to test how they were divided.",
    }


def _few_aside(units: Units) -> Check:
    rows = sum(one.rows for one in units.set_aside if one.reason != "exact duplicate row")
    share = rows / units.rows_in
    status = Status.FAIL if share > TOO_MANY_ASIDE else Status.WARN if share > MANY_ASIDE else Status.PASS
    return check("setAside", status, f"{rows} of {units.rows_in} rows set aside, repeats apart ({share:.1%})")


def _possible(primary: Sequence[Result]) -> tuple[Check, ...]:
    """A failed check where no variant could be compared at all."""
    reasons = [one.reason for one in primary if one.reason is not None]
    if len(reasons) < len(primary):
        return ()
    sentence = {
        "nl": f"Vergelijken is niet mogelijk: {wording.refusal(reasons[0], 'nl')}.",
        "en": f"A comparison is not possible: {wording.refusal(reasons[0], 'en')}.",
    }
    return (check("estimate", Status.FAIL, reasons[0], sentence=sentence),)


def _alike(segments: Sequence[Result], names: Sequence[str]) -> tuple[Check, ...]:
    """Whether the segments differ in what a variant does: asked before anyone reads it off."""
    found = {}
    for name in names[1:]:
        mine = [one for one in segments if one.variant == name and one.ci is not None]
        differences = [one.estimate for one in mine if one.estimate is not None]
        errors = [(one.ci[1] - one.ci[0]) / (2 * 1.959964) for one in mine if one.ci is not None]
        tested = interaction(differences, errors)
        if not isinstance(tested, Refused):
            found[name] = tested.p_value
    return alike("segments", found, "one difference in all segments")
