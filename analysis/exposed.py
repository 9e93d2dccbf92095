# SPDX-License-Identifier: EUPL-1.2
"""Who was exposed to what: every exposure checked against the hash of its bucket.

What a page reports and the hash does not give is set aside and counted: the report refuses its verdict where
that happens too often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.aside import Aside
from analysis.counting import alike
from analysis.events import Coded, Events, Flags, Floats, Ints, K
from analysis.exposures import parse
from analysis.frames import texts
from analysis.groups import Groups, grouped
from analysis.questions import Questions
from experiments.assignment import BUCKETS, assignments
from experiments.definition import Experiment

UNKNOWN_EXPERIMENT = "unknown experiment"
OTHER_SITE = "experiment of another site"
NO_BUCKET = "exposure without a bucket"
NO_VARIANT = "first exposure without a variant"
MISMATCH = "variant differs from the hash of the bucket"
AGAIN = "first exposure sent twice"
NOT_EXPOSED = "question under an exposure that does not count"

#: In place of a variant: what was shown does not name the experiment, names it without a variant, or with one
#: that it does not have; a bucket takes no part.
_ABSENT, _SILENT, _STRANGE, _NONE = -1, -2, -3, -4


@dataclass(frozen=True, slots=True)
class FirstExposures:
    """One place per unit, ordered by partition, experiment and time."""

    experiment: tuple[str, ...]
    variant: tuple[str, ...]
    row: Ints
    bucket: Ints


def first_exposures(events: Events, experiments: Mapping[str, Experiment], aside: Aside) -> FirstExposures:
    """Views that say that a browser met an experiment for the first time; others are set aside."""
    shown, names = events.text["exposures"], [*experiments]
    variants: dict[str, int] = {}
    row, experiment, variant = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for name, rows in _announced(events):
        met = experiments.get(name)
        if met is None:
            aside.add("units", name, UNKNOWN_EXPERIMENT, events.partition[events.visitor[rows]])
            continue
        said = _said(met, shown.texts)[shown.codes[rows]]
        elsewhere = np.array([site != met.site for site in events.site.texts])[events.site.codes[rows]]
        refused = _refused(met, events.number["bucket"][rows], said) | {OTHER_SITE: elsewhere}
        counts = np.ones(len(rows), bool)
        for reason in (OTHER_SITE, NO_BUCKET, NO_VARIANT, MISMATCH):  # the first that holds
            held = counts & refused[reason]
            aside.add("units", name, reason, events.partition[events.visitor[rows[held]]])
            counts &= ~held
        places = [variants.setdefault(each.name, len(variants)) for each in met.variants]
        row.append(rows[counts])
        experiment.append(np.full(len(row[-1]), names.index(name)))
        variant.append(np.array(places, np.int64)[said[counts]])
    return _each_once(
        events, names, [*variants], *map(np.concatenate, (row, experiment, variant)), aside=aside
    )


def _announced(events: Events) -> Iterator[tuple[str, Ints]]:
    """Experiments with views that say that these met them for the first time; a name can come up again."""
    firsts = events.text["first"]
    met = np.array([bool(text) for text in firsts.texts] + [False])
    rows = np.flatnonzero((events.kind == K.VIEW) & met[firsts.codes])
    rows = rows[np.argsort(firsts.codes[rows], kind="stable")]
    different, starts = np.unique(firsts.codes[rows], return_index=True)
    for code, same in zip(different.tolist(), np.split(rows, starts[1:]), strict=False):
        for name in filter(None, firsts.texts[code].split(",")):
            yield name, same


def _said(experiment: Experiment, texts: Sequence[str]) -> Ints:
    """Per text of exposures the variant of the experiment in it, as a place in its variants; the last place
    is no text."""
    places = {variant.name: place for place, variant in enumerate(experiment.variants)} | {"": _SILENT}
    shown = [dict(parse(text)).get(experiment.name) for text in (*texts, "")]
    return np.array([_ABSENT if each is None else places.get(each, _STRANGE) for each in shown], np.int64)


def _refused(experiment: Experiment, bucket: Floats | Ints, said: Ints) -> dict[str, Flags]:
    """Where an exposure cannot count, by reason; `said` as places in the experiment's variants."""
    places = {variant.name: place for place, variant in enumerate(experiment.variants)}
    drawn = np.array([places.get(name or "", _NONE) for name in assignments(experiment)], np.int64)
    known = (bucket >= 0) & (bucket < BUCKETS)  # nor is NaN
    return {
        NO_BUCKET: ~known,
        NO_VARIANT: (said == _ABSENT) | (said == _SILENT),
        MISMATCH: drawn[np.where(known, bucket, 0).astype(np.int64)] != said,
    }


def _each_once(
    events: Events,
    names: Sequence[str],
    variants: Sequence[str],
    row: Ints,
    experiment: Ints,
    variant: Ints,
    *,
    aside: Aside,
) -> FirstExposures:
    """By partition, experiment and time; a browser that was first twice is so once."""
    alphabet = np.argsort(np.argsort(names)) if names else np.empty(0, np.int64)
    order = np.lexsort((row, alphabet[experiment], events.partition[events.visitor[row]]))
    row, experiment, variant = row[order], experiment[order], variant[order]
    partition = events.partition[events.visitor[row]]
    bucket = events.number["bucket"][row].astype(np.int64)
    kept = np.sort(alike(experiment, events.visitor[row], bucket)[1])
    again = np.ones(len(row), bool)
    again[kept] = False
    for number, name in enumerate(names):
        aside.add("units", name, AGAIN, partition[again & (experiment == number)])
    return FirstExposures(
        experiment=tuple(names[place] for place in experiment[kept].tolist()),
        variant=tuple(variants[place] for place in variant[kept].tolist()),
        row=row[kept],
        bucket=bucket[kept],
    )


def bucket_of_visitors(events: Events, count: int) -> Ints:
    """The first bucket of every visitor, -1 where it has none."""
    rows = np.flatnonzero(~np.isnan(events.number["bucket"]))[::-1]
    bucket = np.full(count, -1, np.int64)
    bucket[events.visitor[rows]] = events.number["bucket"][rows].astype(np.int64)
    return bucket


def exposed_questions(
    events: Events,
    questions: Questions,
    task: Coded,
    shown: Coded,
    bucket: Ints,
    experiments: Sequence[Experiment],
    aside: Aside,
) -> Groups:
    """Questions of an experiment's task by browsers exposed to it, returns included: groups by experiment,
    variant and bucket.

    `task` and `shown` are those of every question: the task it is about, and what its visitor was shown by
    its end. `bucket` is the one of every visitor, -1 where it has none.
    """
    question, version = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    versions: list[tuple[str, str]] = []
    for experiment in experiments:
        said = _said(experiment, shown.texts)[shown.codes]
        mine = np.flatnonzero((said != _ABSENT) & _of_task(experiment, events.site.texts, questions, task))
        refused = _refused(experiment, bucket[questions.visitor[mine]], said[mine])
        counts = ~np.logical_or.reduce([*refused.values()])
        partition = events.partition[questions.visitor[mine[~counts]]]
        aside.add("questions", experiment.name, NOT_EXPOSED, partition)
        question.append(mine[counts])
        version.append(said[mine[counts]] + len(versions))
        versions += [(experiment.name, variant.name) for variant in experiment.variants]
    of, shown_to = np.concatenate(question), np.concatenate(version)
    number = bucket[questions.visitor[of]]
    group, first = alike(shown_to, number)
    return grouped(
        pl.DataFrame(
            {
                "experiment": texts(shown_to[first], [name for name, _ in versions]),
                "variant": texts(shown_to[first], [variant for _, variant in versions]),
                "bucket": pl.Series(number[first], dtype=pl.Int16),
            }
        ),
        of,
        group,
        questions.visitor[of],
    )


def _of_task(experiment: Experiment, sites: Sequence[str], questions: Questions, task: Coded) -> Flags:
    """Questions on the experiment's site about its task; about any, where it names none."""
    here = np.array([site == experiment.site for site in sites])[questions.site]
    if experiment.task is None:
        return here
    about: Flags = np.array([name == experiment.task for name in (*task.texts, "")])[task.codes]
    return here & about


def groups_of_tasks(questions: Questions, task: Coded, exposed: Groups, sites: Sequence[str]) -> Groups:
    """Groups by site, task, experiment and variant: every question of a task once for everyone (experiment
    and variant empty), and once for each variant that its visitor was exposed to."""
    asked = np.flatnonzero(task.codes >= 0)
    versions: dict[tuple[str, ...], int] = {("", ""): 0}
    met = [
        versions.setdefault(pair, len(versions))
        for pair in exposed.names.select("experiment", "variant").iter_rows()
    ]
    question = np.concatenate([asked, exposed.question])
    version = np.concatenate([np.zeros_like(asked), np.array(met, np.int64)[exposed.group]])
    site, about = questions.site[question], task.codes[question]
    group, first = alike(version, site, about)
    experiments, variants = zip(*versions, strict=True)
    names = pl.DataFrame(
        {
            "site": texts(site[first], sites),
            "task": texts(about[first], task.texts),
            "experiment": texts(version[first], experiments),
            "variant": texts(version[first], variants),
        }
    )
    return grouped(names, question, group, questions.visitor[question])
