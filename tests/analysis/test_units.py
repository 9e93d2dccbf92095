# SPDX-License-Identifier: EUPL-1.2
"""Units, bucket table, times, flows and heartbeats: what an experiment keeps of a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from analysis.frames import conform
from analysis.tables import BUCKETS, TIMES
from experiments.assignment import variant_for
from experiments.definition import Better, Experiment, Metric, Variant
from tests.analysis.stories import SITE, Story
from tracker.event import Kind


def experiment(task: str | None = "zwerfvuil", name: str = "zwerfvuil") -> Experiment:
    return Experiment(
        name=name,
        site=SITE.name,
        question="Is de nieuwe versie beter?",
        pages=("/**",),
        variants=(Variant("current", 0.5), Variant("redesign", 0.5)),
        primary=Metric("answered", Better.HIGHER),
        planned_size=100,
        starts=date(2026, 6, 1),
        ends=date(2026, 6, 30),
        approved_by="N. Testman",
        roll_back="stop",
        task=task,
    )


ONE = experiment()
BUCKET = 417
SHOWN = variant_for(ONE, BUCKET)
OTHER = "current" if SHOWN == "redesign" else "redesign"


def met(
    first: bool = True, bucket: int | None = BUCKET, variant: str | None = SHOWN, **more: Any
) -> dict[str, Any]:
    """Fields of a page on which the experiment was seen."""
    shown = f"zwerfvuil={variant}" if variant else ""
    return {"bucket": bucket, "exposures": shown, "first": "zwerfvuil" if first else "", **more}


def tables(story: Story, *experiments: Experiment) -> dict[str, pd.DataFrame]:
    return story.tables(experiments={each.name: each for each in experiments or (ONE,)})


def report(story: Story, page: str, at: float, **fields: Any) -> str:
    """Litter is reported: form and goal."""
    form = story.page("/melding/stap-1", at, came=page, **fields)
    story.on(form, Kind.FORM, at + 5, action="start", step=1)
    story.on(form, Kind.FORM, at + 20, action="submit", step=1)
    thanks = story.page("/melding/bedankt", at + 21, came=form, **fields)
    story.on(thanks, Kind.GOAL, at + 21, goal="melding_verzonden")
    return thanks


def test_a_unit_is_a_browser_at_its_first_exposure() -> None:
    story = Story()
    home = story.page("/", 0, viewport="s", referrer="https://www.google.nl/", **met())
    report(story, home, 30, viewport="s", **met(first=False))
    unit = tables(story)["units"].iloc[0]
    assert (unit["bucket"], unit["variant"], unit["viewport"], unit["entry"]) == (
        BUCKET,
        SHOWN,
        "s",
        "search_engine",
    )
    assert (unit["answered"], unit["contacted"], unit["started"], unit["submitted"]) == (1, 0, 1, 1)
    assert (unit["first_answered"], unit["questions"], unit["pages"], unit["searches"]) == (1, 1, 3, 0)
    assert (unit["time_s"], unit["cause"]) == (51, "answered")


def test_only_questions_from_the_exposure_on_count() -> None:
    story = Story()
    before = story.page("/grofvuil", 0)
    story.page("/melding/stap-1", 100, referrer="https://www.google.nl/", came=before)
    story.page("/afval/zwerfvuil-melden", 9000, **met())
    unit = tables(story)["units"].iloc[0]
    assert (unit["questions"], unit["pages"]) == (1, 2)  # one question: it goes on after the exposure

    later = Story()
    page = report(later, "", 0)
    later.page("/afval/zwerfvuil-melden", 9000, **met(), came=page)
    unit = tables(later)["units"].iloc[0]
    assert unit["answered"] == 1  # what follows an answer by a link belongs to that question

    apart = Story()
    report(apart, "", 0)
    apart.page("/afval/zwerfvuil-melden", 9000, **met())
    unit = tables(apart)["units"].iloc[0]
    assert (unit["answered"], unit["questions"]) == (0, 1)


def test_only_questions_of_the_task_count() -> None:
    story = Story()
    story.page("/paspoort", 0, seen=60, **met())
    unit = tables(story)["units"].iloc[0]
    assert (unit["answered"], unit["questions"], unit["first_answered"]) == (0, 0, -1)
    assert (unit["time_s"], unit["cause"]) == (0, "abandoned")
    everything = experiment(task=None)
    assert tables(story, everything)["units"]["answered"].item() == 1


def test_a_call_counts_as_contact() -> None:
    story = Story()
    page = story.page("/afval/zwerfvuil-melden", 0, **met())
    story.on(page, Kind.CONTACT, 5, channel="tel")
    unit = tables(story)["units"].iloc[0]
    assert (unit["contacted"], unit["answered"], unit["cause"]) == (1, 0, "channel_shift")


REFUSED = {
    "the hash says otherwise": (met(variant=OTHER), "variant differs from the hash of the bucket"),
    "no bucket": (met(bucket=None), "exposure without a bucket"),
    "no variant": (met(variant=None), "first exposure without a variant"),
}


@pytest.mark.parametrize(("fields", "reason"), REFUSED.values(), ids=REFUSED)
def test_an_exposure_that_does_not_count_is_set_aside(fields: dict[str, Any], reason: str) -> None:
    story = Story()
    story.page("/afval/zwerfvuil-melden", 0, **fields)
    made = tables(story)
    aside = made["set_aside"]
    assert len(made["units"]) == 0
    assert aside[aside["table"] == "units"][["experiment", "reason", "rows"]].values.tolist() == [
        ["zwerfvuil", reason, 1]
    ]
    assert made["buckets"]["all_questions"].sum() == 0


def test_an_unknown_experiment_and_one_of_another_site_are_set_aside() -> None:
    story = Story()
    story.page("/", 0, **{**met(), "first": "iets", "exposures": "iets=a"})
    aside = tables(story)["set_aside"]
    assert aside["reason"].tolist() == ["unknown experiment"]
    elsewhere = Story()
    elsewhere.page("/", 0, **met(), site="anderstad")
    reasons = elsewhere.tables(experiments={"zwerfvuil": ONE})["set_aside"]["reason"].tolist()
    assert reasons == ["experiment of another site"]


def test_a_first_exposure_in_two_tabs_is_one_unit() -> None:
    story = Story()
    story.page("/", 0, **met())
    story.page("/", 1, **met())
    made = tables(story)
    assert len(made["units"]) == 1
    assert made["set_aside"][["reason", "rows"]].values.tolist() == [["first exposure sent twice", 1]]


def test_a_cleared_cookie_is_another_unit() -> None:
    other = next(b for b in range(1000) if b != BUCKET and variant_for(ONE, b) == SHOWN)
    story = Story()
    story.page("/", 0, visitor=1, **met())
    story.page("/", 100, visitor=2, **met(bucket=other))
    assert sorted(tables(story)["units"]["bucket"]) == sorted([BUCKET, other])


def test_a_return_is_no_unit_but_its_questions_count() -> None:
    story = Story()
    page = story.page("/afval/zwerfvuil-melden", 0, **met(first=False))
    story.on(page, Kind.CONTACT, 5, channel="tel")
    made = tables(story)
    assert len(made["units"]) == 0
    row = made["buckets"].query("segment == ''").iloc[0]
    assert (row["units"], row["all_questions"], row["question_contact_sum"]) == (0, 1, 1)


def busy_day() -> Story:
    """Browsers of a few buckets: some succeed, some call, some do nothing; two return."""
    story = Story()
    for visitor in range(24):
        bucket = (visitor % 6) * 150
        fields: dict[str, Any] = {"visitor": visitor, "viewport": "sml"[visitor % 3]}
        shown = met(first=visitor % 8 != 7, bucket=bucket, variant=variant_for(ONE, bucket))
        page = story.page("/afval/zwerfvuil-melden", visitor * 60, **fields, **shown)
        shown["first"] = ""
        if visitor % 3 == 0:
            report(story, page, visitor * 60 + 7 + visitor, **fields, **shown)
        elif visitor % 3 == 1:
            story.on(page, Kind.CONTACT, visitor * 60 + 9, channel="tel")
    return story


def test_the_bucket_table_is_the_sum_of_its_units() -> None:
    made = tables(busy_day())
    units, buckets, times = made["units"], made["buckets"], made["times"]
    conform(buckets, BUCKETS)
    conform(times, TIMES)
    everyone = buckets[buckets["segment"] == ""]
    assert everyone["units"].sum() == len(units) == 21
    for measure in ("answered", "contacted", "pages"):
        assert everyone[f"{measure}_sum"].sum() == units[measure].sum()
        assert everyone[f"{measure}_squares"].sum() == (units[measure] ** 2).sum()
    assert everyone["first_questions"].sum() == (units["first_answered"] >= 0).sum()
    assert everyone["all_questions"].sum() == 24
    for prefix in ("viewport=", "entry=", "daypart="):
        part = buckets[buckets["segment"].str.startswith(prefix)]
        assert part["units"].sum() == len(units)
        assert part["all_questions"].sum() == 24
    assert times[times["segment"] == ""]["units"].sum() == len(units)
    assert not buckets.duplicated(["experiment", "variant", "bucket", "segment"]).any()


def test_times_are_whole_seconds_rounded_up() -> None:
    story = Story()
    page = story.page("/afval/zwerfvuil-melden", 0, **met())
    story.on(page, Kind.CONTACT, 5.2, channel="tel")
    times = tables(story)["times"].query("segment == ''")
    assert times[["time_s", "cause", "units"]].values.tolist() == [[6, "channel_shift", 1]]


def test_flows_run_from_the_start_to_the_outcome() -> None:
    story = Story()
    page = story.search("zwerfvuil", 0, **met())
    page = story.page("/afval/zwerfvuil-melden", 10, came=page, **met(first=False))
    page = story.page("/afval/zwerfvuil-melden", 12, came=page, **met(first=False))
    story.on(page, Kind.CONTACT, 20, channel="tel")
    flows = tables(story)["flows"].query("experiment == 'zwerfvuil'")
    assert flows[["order", "source", "target", "questions"]].values.tolist() == [
        [0, "start", "search", 1],
        [1, "search", "/afval/zwerfvuil-melden", 1],
        [2, "/afval/zwerfvuil-melden", "tel", 1],
        [3, "tel", "channel_shift", 1],
    ]


def test_transitions_are_the_flows_by_bucket_without_their_order() -> None:
    made = tables(busy_day())
    flows, moved = made["flows"].query("experiment != ''"), made["transitions"]
    keys = ["experiment", "variant", "source", "target"]
    summed = flows.groupby(keys)["questions"].sum()
    assert moved.groupby(keys)["times"].sum().to_dict() == summed.to_dict()
    assert "order" not in moved


def test_what_flows_in_flows_out() -> None:
    flows = tables(busy_day())["flows"].query("experiment != ''")
    starts = flows[flows["source"] == "start"]["questions"].sum()
    ends = flows[flows["target"].isin(["answered", "channel_shift", "abandoned"])]["questions"].sum()
    assert starts == ends == 24
    for order in range(1, int(flows["order"].max()) + 1):
        into = flows[(flows["order"] == order - 1)].groupby("target")["questions"].sum().to_dict()
        out = flows[flows["order"] == order].groupby("source")["questions"].sum().to_dict()
        assert all(into[touchpoint] == count for touchpoint, count in out.items())


def test_a_visitor_counts_once_for_a_target_from_whichever_source() -> None:
    """The same visitor comes to the form second, in two questions and from two pages."""
    story = Story()
    for at, path in ((0, "/afval/zwerfvuil-melden"), (5000, "/afval/zwerfvuil")):
        page = story.page(path, at, **met(first=at == 0))
        report(story, page, at + 10, **met(first=False))
    flows = tables(story)["flows"].query("experiment == '' and order == 1")
    assert flows[["source", "target", "questions", "visitors"]].values.tolist() == [
        ["/afval/zwerfvuil", "/melding/stap-1", 1, 1],
        ["/afval/zwerfvuil-melden", "/melding/stap-1", 1, 0],
    ]


def test_heartbeats_are_counted_by_the_phase_of_their_place_and_giver() -> None:
    story = Story()
    page = story.page("/melding/stap-1", 0, **met())
    story.on(page, Kind.FORM, 5, action="error", step=1)
    story.on(page, Kind.FEEDBACK, 9, heartbeat=1)
    beats = tables(story)["heartbeats"]
    assert beats[["phase", "given", "heartbeat", "touchpoints"]].values.tolist() == [
        ["uitvoering", False, -1, 1],
        ["uitvoering", True, 1, 1],
    ]


def test_a_report_and_the_map_of_a_task_have_a_mark_in_one_phase() -> None:
    """Reactions on the page read, the form, what came after it, and a page that was never seen opened."""
    story = Story()
    page = story.page("/afval/zwerfvuil-melden", 0, **met())
    story.on(page, Kind.FEEDBACK, 5, heartbeat=0)
    thanks = report(story, page, 30, **met(first=False))
    story.on(story.events[-3].page_view, Kind.FEEDBACK, 40, heartbeat=-1)
    story.on(thanks, Kind.FEEDBACK, 60, heartbeat=1)
    story.event(Kind.FEEDBACK, 45, page_view="elders000000", index=1, path="/elders", heartbeat=1)
    made = tables(story)
    counted = made["touchpoints"].query("experiment != '' and given > 0").groupby("phase")["given"].sum()
    beats = made["heartbeats"].query("given").groupby("phase")["touchpoints"].sum()
    assert beats.to_dict() == counted.to_dict()
    assert beats.to_dict() == {"oriëntatie": 1, "uitvoering": 1, "afronding": 1, "evaluatie": 1}


def test_exposures_are_those_met_by_the_end_of_a_question() -> None:
    story = Story()
    story.page("/paspoort", 0, bucket=BUCKET)
    story.page("/afval/zwerfvuil-melden", 9000, **met())
    assert story.tables()["questions"]["exposures"].tolist() == ["", f"zwerfvuil={SHOWN}"]
