# SPDX-License-Identifier: EUPL-1.2
"""What stands beside the verdict, from day tables to the report: and that it never decides by itself."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis import balance, exposure_checks, journey_tests
from analysis.bucket_table import BucketTable
from analysis.evaluate import evaluate, evaluate_tables
from analysis.phrases.checks import OWN_ADDRESSES
from analysis.rendering import render
from analysis.report import Report, Status, VerdictCode, from_json, to_json
from analysis.report_frames import to_csv
from analysis.second_readings import asked_readings
from analysis.second_views import Reading, View
from analysis.tables import EXPOSED
from experiments.definition import Better, Experiment, Looks, Metric
from tests.analysis.day_table_samples import EXPERIMENT, FIRST_DAY, browsers, tables_of, write
from tests.analysis.sample_reports import not_enough_data
from tests.analysis.sample_reports import report as sample

NOW = datetime(2026, 6, 20, tzinfo=UTC)
BETTER = {"redesign": 0.6}


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here hangs on how often the variants are drawn again."""
    monkeypatch.setattr(journey_tests, "DRAWS", 19)


def evaluated(experiment: Experiment, units: pd.DataFrame, **tables: pd.DataFrame) -> Report:
    made = tables_of(units) | tables
    return evaluate_tables(experiment, made, now=NOW, days=["2026-06-01", "2026-06-02"])


def explained_by_landing(seed: int = 3) -> pd.DataFrame:
    """Whoever lands on /afval finds it far more often; the redesign adds ten points."""
    units, rng = browsers(EXPERIMENT, 4000, seed), np.random.default_rng(seed)
    chance = np.where(units["landing"] == "/afval", 0.8, 0.1) + 0.1 * (units["variant"] == "redesign")
    return units.assign(answered=rng.random(len(units)) < chance)


def reading(report: Report, view: View) -> Reading:
    return next(one for one in report.second.readings if one.view is view)


class TestAdjusted:
    def test_what_was_known_beforehand_takes_noise_away_and_decides_nothing(self) -> None:
        report = evaluated(EXPERIMENT, explained_by_landing())
        assert "CUPED" not in report.results[0].method
        plain = report.results[0]
        for view in (View.ADJUSTED, View.STRATIFIED):
            found = reading(report, view)
            assert found.ci is not None
            assert plain.ci is not None
            assert found.ci[0] < 0.1 < found.ci[1]
            assert found.ci[1] - found.ci[0] < 0.8 * (plain.ci[1] - plain.ci[0])
            assert found.explained is not None
            assert found.explained > 0.4

    def test_what_hangs_on_the_variant_was_not_known_beforehand(self) -> None:
        """A redesign with an address of its own: taking it as known would take its effect away."""
        units = browsers(EXPERIMENT, 4000, 4, answered=BETTER)
        own = (units["variant"] == "redesign") & units["answered"]
        units["landing"] = np.where(own, "/nieuw", units["landing"])
        report = evaluated(EXPERIMENT, units)
        plain, found = report.results[0], reading(report, View.ADJUSTED)
        assert found.estimate == pytest.approx(plain.estimate, abs=0.01)
        unlike = next(one for one in report.checks if one.name == "kindsOfVisit")
        assert unlike.status is Status.WARN
        assert "not used: landing" in unlike.detail

    def test_versions_that_send_on_to_an_address_of_their_own_have_the_same_visits(self) -> None:
        """Which page it is hangs on the variant, who comes in there does not."""
        units = browsers(EXPERIMENT, 4000, 4)
        units["landing"] = units["landing"].mask(
            units["landing"] == units["landing"].iloc[0], "/" + units["variant"]
        )
        found = balance.checks(tables_of(units)["strata"], ["current", "redesign"])
        assert [one.status for one in found] == [Status.PASS]
        assert "not used: landing" in found[0].detail
        assert found[0].sentence == OWN_ADDRESSES

    def test_a_version_that_loses_the_code_of_a_letter_is_told(self) -> None:
        units = browsers(EXPERIMENT, 4000, 4)
        lost = (units["variant"] == "redesign") & (units["entry"] == "search_engine")
        found = balance.checks(
            tables_of(units.assign(entry=units["entry"].mask(lost, "direct")))["strata"],
            ["current", "redesign"],
        )
        assert [one.status for one in found] == [Status.WARN]

    def test_a_draw_makes_visits_alike(self) -> None:
        found = balance.chances(tables_of(browsers(EXPERIMENT, 4000, 5))["strata"], ["current", "redesign"])
        assert set(balance.fair(found)) == {"viewport", "entry", "daypart", "landing"}

    def test_where_it_was_promised_it_decides_and_the_plain_one_stands_beside_it(self) -> None:
        promised = replace(EXPERIMENT, adjusted=True)
        report = evaluated(promised, explained_by_landing())
        assert "CUPED" in report.results[0].method
        assert report.definitions["adjusted"] is True
        assert "Miettinen" in reading(report, View.PLAIN).method

    def test_a_metric_that_cannot_be_adjusted_says_so(self) -> None:
        timed = replace(EXPERIMENT, primary=Metric("time_s", Better.LOWER))
        found = reading(evaluated(timed, browsers(EXPERIMENT, 1000, 6)), View.ADJUSTED)
        assert (found.estimate, (found.reason or "").partition(":")[0]) == (None, "unmeasured")


class TestCaps:
    LONG = replace(EXPERIMENT, primary=Metric("pages", Better.LOWER))

    def wild(self) -> pd.DataFrame:
        """A handful of browsers with thousands of pages, all in one variant."""
        units = browsers(EXPERIMENT, 3000, 7)
        wild = units.index[units["variant"] == "redesign"][:3]
        return units.assign(pages=units["pages"].where(~units.index.isin(wild), 9000))

    def test_a_few_browsers_do_not_decide_a_mean(self) -> None:
        assert (evaluated(self.LONG, self.wild()).results[0].reason or "").startswith("heavyTail")

    def test_an_agreed_cap_cuts_them_and_is_printed(self) -> None:
        capped = replace(self.LONG, primary=Metric("pages", Better.LOWER, cap=20))
        report = evaluated(capped, self.wild())
        primary = report.results[0]
        mine = self.wild().groupby("variant")["pages"].apply(lambda pages: pages.clip(upper=20).mean())
        assert primary.values == pytest.approx((mine["current"], mine["redesign"]))
        assert primary.cap == 20
        assert report.definitions["primary"] == {"metric": "pages", "better": "lower", "cap": 20}
        found = next(one for one in report.checks if one.name == "cap")
        assert found.status is Status.PASS
        assert "pages cut at 20 in 3 of" in found.detail
        assert "afgekapt op 20" in render(report, form="html", language="nl")


class TestOtherDefinitions:
    def values(self, units: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
        import polars as pl

        from analysis.values import values_table

        made, other = (pl.from_pandas(tables_of(one)["units"]) for one in (units, others))
        return values_table(made, other.with_columns(definition=pl.lit("softAnswers"))).to_pandas()

    @pytest.mark.parametrize(
        ("answered", "status"), [({"redesign": 0.6}, Status.PASS), ({"redesign": 0.5}, Status.WARN)]
    )
    def test_a_verdict_that_hangs_on_a_definition_is_flagged(
        self, answered: dict[str, float], status: Status
    ) -> None:
        units = browsers(EXPERIMENT, 3000, 1, answered=BETTER)
        values = self.values(units, browsers(EXPERIMENT, 3000, 1, answered=answered))
        report = evaluated(EXPERIMENT, units, values=values)
        found = next(one for one in report.checks if one.name == "sensitivity")
        assert found.status is status
        assert [one.definition for one in report.second.alternatives] == ["", "softAnswers"]
        assert report.verdict.code is VerdictCode.BETTER
        told = report.second.alternatives[0]
        assert (told.estimate, told.ci) == (report.results[0].estimate, report.results[0].ci)

    def test_a_time_is_made_of_value_counts_too(self) -> None:
        timed = replace(EXPERIMENT, primary=Metric("time_s", Better.LOWER))
        units = browsers(EXPERIMENT, 2000, 8)
        report = evaluated(timed, units, values=self.values(units, units))
        first, other = report.second.alternatives
        assert other.values == pytest.approx(first.values)
        assert other.ci == pytest.approx(first.ci)


class TestExposures:
    def exposed(self, *rows: tuple[str, int, int, int]) -> pd.DataFrame:
        names = ["variant", "visitors", "unmarked", "both"]
        frame = pd.DataFrame(rows, columns=names).assign(experiment="zwerfvuil", day=FIRST_DAY.isoformat())
        return frame[[*EXPOSED, "day"]]

    @pytest.mark.parametrize(
        ("current", "redesign", "status"),
        [
            ((1000, 10), (1000, 12), Status.PASS),
            ((1000, 90), (1000, 92), Status.WARN),
            ((1000, 10), (1000, 60), Status.FAIL),
        ],
        ids=["few", "many of both", "more of one"],
    )
    def test_first_exposures_that_got_lost(
        self, current: tuple[int, int], redesign: tuple[int, int], status: Status
    ) -> None:
        rows = self.exposed(("current", *current, 0), ("redesign", *redesign, 0))
        (found,) = exposure_checks.lost(EXPERIMENT, rows)
        assert found.status is status

    def test_a_return_on_a_later_day_is_no_loss(self) -> None:
        rows = self.exposed(("current", 100, 90, 0), ("redesign", 100, 5, 0)).assign(day="2026-06-02")
        assert exposure_checks.lost(EXPERIMENT, rows) == ()

    @pytest.mark.parametrize(("both", "status"), [(0, Status.PASS), (5, Status.WARN), (50, Status.FAIL)])
    def test_visitors_with_two_versions(self, both: int, status: Status) -> None:
        (found,) = exposure_checks.two_versions(
            self.exposed(("current", 1000, 0, 0), ("redesign", 1000, 0, both))
        )
        assert found.status is status


class TestAsked:
    def table(self) -> BucketTable:
        made = tables_of(browsers(EXPERIMENT, 2000, 9))
        return BucketTable.of(made["buckets"], made["times"])

    def test_what_visitors_said_puts_the_inference_right(self) -> None:
        """The clicks miss a fifth of those who found it with the redesign, and nobody with the control."""
        rows = [("current", 1, 1)] * 60 + [("current", 0, 0)] * 60
        rows += [("redesign", 1, 1)] * 48 + [("redesign", 0, 1)] * 12 + [("redesign", 0, 0)] * 60
        answers = pd.DataFrame(rows, columns=["variant", "inferred", "asked"])
        table = self.table()
        found = asked_readings(EXPERIMENT, table, answers)[0]
        seen = table.total("answered_sum", "redesign") / table.units("redesign")
        assert found.values is not None
        assert found.values[1] == pytest.approx(seen / 0.8)
        assert found.n == (120, 120)

    def test_where_nobody_was_asked_it_says_so(self) -> None:
        found = asked_readings(
            EXPERIMENT, self.table(), pd.DataFrame({"variant": [], "inferred": [], "asked": []})
        )
        assert [(one.reason or "").partition(":")[0] for one in found] == ["unmeasured", "unmeasured"]


def test_the_step_that_did_it_holds_the_difference() -> None:
    units = browsers(EXPERIMENT, 4000, 10, answered={"current": 0.4, "redesign": 0.4})
    rng = np.random.default_rng(10)
    units["arrived"] = units["answered"] | (rng.random(len(units)) < 0.3)
    lifted = units["arrived"] & (units["variant"] == "redesign") & (rng.random(len(units)) < 0.5)
    units["answered"] |= lifted
    (found,) = evaluated(EXPERIMENT, units).second.steps
    assert found.success is not None
    assert sum(part.part for part in found.parts) == pytest.approx(found.success[1] - found.success[0])
    most = max(found.parts, key=lambda part: part.part)
    assert (most.source, most.target) == ("arrived", "answered")
    assert most.ci[0] > 0


@pytest.mark.parametrize("looks", Looks)
def test_the_way_to_the_end_shows_outcomes_only_where_one_may_look(looks: Looks, tmp_path: Path) -> None:
    units = browsers(EXPERIMENT, 3000, 11, answered={"redesign": 0.65})
    report = evaluate(replace(EXPERIMENT, looks=looks), write(tmp_path, units), now=NOW)
    (way,) = report.second.progress
    assert [point.n for point in way.points][-1] == len(units)
    assert all((point.z is None) == (looks is Looks.END) for point in way.points)
    crossed = [p.day for p in way.points if p.z is not None and p.bound is not None and abs(p.z) >= p.bound]
    assert way.decided == next(iter(crossed), None)
    assert (way.decided is not None) == (looks is not Looks.END)


def test_times_within_which_a_share_had_its_answer() -> None:
    report = evaluated(EXPERIMENT, browsers(EXPERIMENT, 2000, 12, answered={"current": 0.7, "redesign": 0.7}))
    found = {
        one.metric: one for one in report.results if one.metric.startswith("time_") and one.segment is None
    }
    assert found["time_quarter"].values is not None
    assert found["time_half"].values is not None
    assert found["time_quarter"].values[0] < found["time_half"].values[0]
    assert (found["time_most"].reason or "").startswith("notReached")


class TestForOthers:
    def test_the_csv_holds_every_figure_once(self) -> None:
        rows = list(csv.DictReader(io.StringIO(to_csv(sample()))))
        parts = [row["part"] for row in rows]
        assert parts.count("results") == len(sample().results)
        beside = {"readings", "beliefs", "alternatives", "steps", "progress", "mixtures", "curves"}
        pictures = {"time_to_answer", "flows", "heartbeats"}
        assert {*beside, *pictures, "transitions"} <= set(parts)
        primary = next(row for row in rows if row["part"] == "results")
        assert (primary["values_control"], primary["ci_high"]) == ("0.5", "0.11")
        cis = sample().results[0].value_cis
        assert cis is not None
        assert [float(primary[f"value_ci_{end}_variant"]) for end in ("low", "high")] == list(cis[1])

    def test_every_part_of_the_json_that_holds_figures_is_a_table(self) -> None:
        report = sample()
        holders = (report, report.pictures, report.second)
        parts = {
            field.name
            for holder in holders
            for field in msgspec.structs.fields(holder)
            if str(field.type).startswith("tuple") and field.name not in ("caveats", "caveat_sentences")
        }
        assert parts == set(report.frames)

    def test_what_the_pictures_are_drawn_from_is_in_the_tables(self) -> None:
        pictures, frames = sample().pictures, sample().frames
        points, curve = frames["time_to_answer"], pictures.time_to_answer[0]
        own = points[points["variant"] == curve.variant]
        assert own["time_s"].tolist() == list(curve.time_s)
        assert own["answered"].tolist() == list(curve.answered)
        assert len(points) == sum(len(one.time_s) for one in pictures.time_to_answer)
        assert frames["flows"]["questions"].sum() == sum(flow.questions for flow in pictures.flows)
        beat, row = pictures.heartbeats[0], frames["heartbeats"].iloc[0]
        assert (row["counts_bad"], row["counts_neutral"], row["counts_good"]) == beat.counts
        assert row["mean"] == beat.mean

    @pytest.mark.parametrize("name", ["=1+1", "+A1", "-2", "@sum", "\tx"])
    def test_no_cell_is_a_formula(self, name: str) -> None:
        rows = csv.DictReader(io.StringIO(to_csv(sample(experiment=name))))
        assert next(rows)["experiment"] == f"'{name}"

    def test_a_notebook_shows_the_report_and_its_tables(self) -> None:
        report = from_json(to_json(sample()))
        shown = report._repr_html_()
        assert "De nieuwe versie is beter" in shown
        assert "<script" not in shown
        results = report.frames["results"]
        assert isinstance(results, pd.DataFrame)
        assert results.loc[0, "estimate"] == pytest.approx(0.07)

    def test_an_early_report_has_no_chance_to_be_better_on_its_page(self) -> None:
        changes: dict[str, Any] = {"code": VerdictCode.NOT_ENOUGH_DATA}
        early = sample(
            verdict=type(sample().verdict)(sentence={"nl": "Nog niet.", "en": "Not yet."}, **changes)
        )
        for form in ("html", "text"):
            told = render(early, form=form, language="nl")
            assert "Kans dat deze versie beter is".lower() not in told.lower()
            assert "wacht tot genoeg bezoekers" in told


class TestPartsAndCurves:
    def test_mix_and_rate_add_up_to_the_difference_that_nearly_all_is_rate(self) -> None:
        report = evaluated(EXPERIMENT, explained_by_landing())
        difference = report.results[0].estimate
        assert difference is not None
        assert {one.known for one in report.second.mixtures} >= {"landing", "viewport"}
        for one in report.second.mixtures:
            assert one.mix is not None
            assert one.rate is not None
            assert one.mix + one.rate == pytest.approx(difference)
            assert abs(one.mix) < 0.03 < one.rate

    def test_curves_are_compared_as_a_whole(self) -> None:
        report = evaluated(EXPERIMENT, browsers(EXPERIMENT, 3000, 4, answered=BETTER))
        (found,) = report.second.curves
        assert (found.variant, found.control) == ("redesign", "current")
        assert found.z is not None
        assert found.p_value is not None
        assert found.z > 3
        assert found.p_value < 0.01

    @pytest.mark.parametrize(
        ("language", "told"),
        [
            (
                "nl",
                [
                    "Andere bezoekers, of dezelfde beter geholpen?",
                    "Bij dezelfde bezoekers",
                    "+6,8 procentpunt",
                ],
            ),
            ("en", ["Other visitors, or the same ones better served?", "entry page", "+6.8 points"]),
        ],
    )
    def test_both_are_told_in_words(self, language: str, told: list[str]) -> None:
        page = render(sample(), form="html", language=language)
        assert "log-rank" in page
        for words in told:
            assert words in page.replace("\u00a0", " ")

    def test_a_chance_is_not_told_before_there_is_a_verdict(self) -> None:
        assert "log-rank" not in render(not_enough_data(), form="html", language="nl")
