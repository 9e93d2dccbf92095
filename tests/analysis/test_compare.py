# SPDX-License-Identifier: EUPL-1.2
"""Any table of visitors: what is set aside is counted, what is wrong is said in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import visitor_table
from analysis.compare import compare
from analysis.errors import AnalysisError
from analysis.report import Report, VerdictCode, from_json, to_json
from analysis.visitor_table import Columns

NAMED: dict[str, Any] = {"unit": "visitor", "variant": "version", "outcome": "answered"}


def visitors(n: int = 2000, seed: int = 1, rates: tuple[float, ...] = (0.5, 0.6)) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    version = np.arange(n) % len(rates)
    answered = rng.random(n) < np.array(rates)[version]
    return pd.DataFrame(
        {
            "visitor": [f"v{number}" for number in range(n)],
            "version": np.array(["current", "redesign", "short"])[version],
            "answered": answered.astype(int),
            "pages": 1 + rng.poisson(3, n),
            "questions": 1 + rng.poisson(1, n),
            "seconds": rng.exponential(np.where(version == 0, 200, 150)).round(1),
            "finished": (rng.random(n) < 0.9).astype(int),
            "device": rng.choice(["phone", "computer"], n),
        }
    )


def csv(folder: Path, text: str, name: str = "visitors.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def set_aside(report: Report) -> dict[str, int]:
    return {one.reason: one.rows for one in report.set_aside}


def reconciles(report: Report) -> bool:
    return report.definitions["rowsIn"] == report.definitions["rowsUsed"] + sum(set_aside(report).values())


# --- kinds -----------------------------------------------------------------------------------------------

KINDS = [
    pytest.param({"outcome": "answered"}, "proportion", "higher", id="zeros and ones"),
    pytest.param({"outcome": "pages"}, "mean", "higher", id="numbers"),
    pytest.param({"outcome": "pages", "per": "questions"}, "ratio", "higher", id="with a denominator"),
    pytest.param(
        {"outcome": "seconds", "observed": "finished"}, "time", "lower", id="with an observed column"
    ),
    pytest.param({"outcome": "answered", "kind": "mean"}, "mean", "higher", id="as told"),
]


@pytest.mark.parametrize(("named", "kind", "better"), KINDS)
def test_the_kind_follows_from_the_columns(named: dict[str, Any], kind: str, better: str) -> None:
    report = compare(visitors(), **{**NAMED, **named})
    assert {(one.kind, one.better) for one in report.results} == {(kind, better)}
    assert report.results[0].estimate is not None
    assert report.control == "current"


def test_a_planted_effect_is_better_and_survives_json(tmp_path: Path) -> None:
    path = tmp_path / "toptaak.parquet"
    visitors(3000).to_parquet(path)
    report = compare(path, **NAMED)
    assert report.experiment == "toptaak"
    assert report.verdict.code is VerdictCode.BETTER
    assert to_json(from_json(to_json(report))) == to_json(report)


def test_faster_is_better_for_a_time() -> None:
    report = compare(
        visitors(3000), unit="visitor", variant="version", outcome="seconds", observed="finished"
    )
    assert report.verdict.code is VerdictCode.BETTER
    assert report.results[0].estimate is not None
    assert report.results[0].estimate < 0
    assert [curve.variant for curve in report.pictures.time_to_answer] == ["current", "redesign"]
    (whole,) = report.second.curves
    assert (whole.variant, whole.control) == ("redesign", "current")
    assert (whole.reason or "").startswith("beyondFollowUp")  # 9 % was censored before the horizon


def test_csv_parquet_and_frames_give_one_report(tmp_path: Path) -> None:
    frame = visitors()
    frame.to_csv(tmp_path / "table.csv", index=False)
    frame.to_parquet(tmp_path / "table.parquet")
    tables = [tmp_path / "table.csv", tmp_path / "table.parquet", frame, pl.from_pandas(frame)]
    reports = [compare(table, **NAMED) for table in tables]
    assert len({to_json(report).replace(report.created_at.encode(), b"") for report in reports}) == 1


def test_three_variants_are_corrected_and_segments_explored() -> None:
    report = compare(visitors(3000, rates=(0.5, 0.6, 0.5)), **NAMED, by="device")
    primary = [one for one in report.results if one.segment is None]
    assert [one.variant for one in primary] == ["redesign", "short"]
    assert primary[0].p_adjusted == pytest.approx(2 * (primary[0].p_value or 0))
    assert {one.segment for one in report.results} == {None, "device=computer", "device=phone"}


# --- what is set aside -----------------------------------------------------------------------------------


def test_every_row_set_aside_is_counted_under_its_reason(tmp_path: Path) -> None:
    good = "".join(f"g{n},{'ab'[n % 2]},{n % 3}\n" for n in range(60))
    bad = (
        "g1,b,1\n"  # again, exactly
        ",a,1\n"
        "x1,,1\n"
        "x2,a,\n"
        "x3,a,NA\n"
        "x4,b,veel\n"
        "x5,b,NaN\n"
        "x6,a,inf\n"
        "x7,a,-inf\n"
        "both,a,1\n"
        "both,b,2\n"
    )
    report = compare(csv(tmp_path, "id,v,n\n" + good + bad), unit="id", variant="v", outcome="n")
    assert set_aside(report) == {
        "exact duplicate row": 1,
        "missing unit": 1,
        "missing variant": 1,
        "unit in two variants": 2,
        "missing outcome": 2,
        "outcome is text": 1,
        "outcome is not a number": 1,
        "outcome is infinite": 2,
    }
    assert report.definitions["rowsIn"] == 71
    assert reconciles(report)


SPOILED = [
    pytest.param("answered", "proportion", {}, 2, "outcome is neither 0 nor 1", id="a two among shares"),
    pytest.param(
        "seconds", "time", {"observed": "finished"}, -1, "outcome is negative", id="a negative time"
    ),
    pytest.param(
        "questions",
        "ratio",
        {"outcome": "pages", "per": "questions"},
        -1,
        "per is negative",
        id="denominator",
    ),
    pytest.param(
        "finished",
        "time",
        {"outcome": "seconds", "observed": "finished"},
        3,
        "observed is neither 0 nor 1",
        id="observed",
    ),
]


@pytest.mark.parametrize(("column", "kind", "named", "value", "reason"), SPOILED)
def test_values_that_cannot_be_are_set_aside(column, kind, named, value, reason) -> None:
    frame = visitors()
    frame.loc[7, column] = value
    report = compare(frame, **{**NAMED, "outcome": column, "kind": kind, **named})
    assert set_aside(report) == {reason: 1}
    assert reconciles(report)


def test_rows_of_one_unit_are_added_up_and_any_answer_counts() -> None:
    frame = pd.DataFrame(
        {
            "visitor": ["a", "a", "b", "c", "c", "c"],
            "version": ["x", "x", "y", "y", "y", "y"],
            "day": [1, 2, 1, 1, 2, 3],
            "answered": [0, 1, 0, 1, 0, 1],
            "pages": [2, 3, 4, 1, 1, 1],
            "finished": [1, 0, 1, 1, 1, 1],
        }
    )

    def rows(kind: str, **named: str) -> dict[str, dict[str, object]]:
        columns = Columns("visitor", "version", named.pop("outcome"), **named)
        return {
            row["unit"]: row
            for row in visitor_table.units(pl.from_pandas(frame), columns, kind).frame.to_dicts()
        }

    assert {unit: row["outcome"] for unit, row in rows("proportion", outcome="answered").items()} == {
        "a": 1,
        "b": 0,
        "c": 1,
    }
    assert {unit: row["outcome"] for unit, row in rows("mean", outcome="pages").items()} == {
        "a": 5,
        "b": 4,
        "c": 3,
    }
    timed = rows("time", outcome="pages", observed="finished")
    assert {unit: (row["outcome"], row["observed"]) for unit, row in timed.items()} == {
        "a": (5, 0),
        "b": (4, 1),
        "c": (3, 1),
    }


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "b", "c", "d", "e"]),
            st.sampled_from(["", "x", "y", "NA"]),
            st.sampled_from(["0", "1", "2.5", "", "NaN", "inf", "veel", " 3 "]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_rows_in_are_rows_used_and_rows_set_aside_whatever_comes(rows: list[tuple[str, str, str]]) -> None:
    frame = pl.DataFrame(rows, schema=["unit", "variant", "outcome"], orient="row")
    try:
        found = visitor_table.units(frame, Columns("unit", "variant", "outcome"), "mean")
    except AnalysisError:
        return
    assert found.rows_in == len(rows) == found.rows_used + sum(one.rows for one in found.set_aside)
    assert found.frame["unit"].is_unique().all()
    assert found.frame["outcome"].is_finite().all()


def test_row_order_changes_nothing() -> None:
    frame = pd.concat([visitors(), visitors().head(3)])
    left, right = compare(frame, **NAMED), compare(frame.sample(frac=1, random_state=1), **NAMED)
    assert left.results == right.results
    assert left.set_aside == right.set_aside


# --- files as they come ----------------------------------------------------------------------------------

FILES = [
    pytest.param("id;v;n\n{};3,5\n", ";", b"", id="semicolons and decimal commas"),
    pytest.param("id\tv\tn\n{}\t3.5\n", "\t", b"", id="tabs"),
    pytest.param("id,v,n\n{},3.5\n", ",", b"\xef\xbb\xbf", id="byte order mark"),
]


@pytest.mark.parametrize(("shape", "separator", "mark"), FILES)
def test_files_of_other_programs_are_read(tmp_path: Path, shape: str, separator: str, mark: bytes) -> None:
    header, row = shape.splitlines()
    rows = [row.replace("{}", separator.join([f"u{n}", "ab"[n % 2]])).replace("3", str(n)) for n in range(40)]
    path = tmp_path / "export.csv"
    path.write_bytes(mark + "\n".join([header, *rows]).encode())
    report = compare(path, unit="id", variant="v", outcome="n")
    assert not report.set_aside
    assert report.results[0].values == pytest.approx((19.5, 20.5))


def test_names_in_the_windows_code_page_are_read(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(
        b"id,versie,n\n"
        + "".join(f"u{n},{'één' if n % 2 else 'twee'},{n}\n" for n in range(40)).encode("cp1252")
    )
    report = compare(path, unit="id", variant="versie", outcome="n", control="één")
    assert report.control == "één"


# --- the division ----------------------------------------------------------------------------------------


def divided(first: int, second: int) -> pd.DataFrame:
    n = first + second
    version = np.repeat(["current", "redesign"], [first, second])
    return pd.DataFrame({"visitor": range(n), "version": version, "answered": np.arange(n) % 2})


DIVISIONS = [
    pytest.param(1000, 1010, "pass", VerdictCode.NO_CLEAR_DIFFERENCE, id="equal"),
    pytest.param(1000, 1200, "fail", VerdictCode.DO_NOT_USE, id="nearly equal, but chance does not do that"),
    pytest.param(1800, 200, "warn", VerdictCode.NO_CLEAR_DIFFERENCE, id="9 to 1: a plan we do not know"),
]


@pytest.mark.parametrize(("first", "second", "expected", "code"), DIVISIONS)
def test_the_division_is_tested_as_far_as_the_plan_shows(first, second, expected, code) -> None:
    report = compare(divided(first, second), **NAMED)
    assert report.checks[0].name == "sampleRatio"
    assert report.checks[0].status.value == expected
    assert report.verdict.code is code


def test_too_many_rows_set_aside_void_the_comparison() -> None:
    frame = visitors()
    frame.loc[frame["answered"] == 0, "answered"] = None  # only finishers were kept: the classic mistake
    report = compare(frame, **NAMED)
    assert report.verdict.code is VerdictCode.DO_NOT_USE
    assert reconciles(report)


def test_everybody_alike_is_do_not_use_with_the_reason() -> None:
    report = compare(visitors(rates=(1.0, 1.0)), **NAMED)
    assert report.verdict.code is VerdictCode.DO_NOT_USE
    assert report.results[0].p_value is None
    assert (report.results[0].reason or "").startswith("noVariation")


def test_the_control_can_be_named() -> None:
    assert compare(visitors(), **NAMED, control="redesign").control == "redesign"


# --- what cannot be used ---------------------------------------------------------------------------------


def text(content: str) -> Callable[[Path], Path]:
    return lambda folder: csv(folder, content)


def binary(content: bytes) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        (folder / "table").write_bytes(content)
        return folder / "table"

    return made


HEADER = "visitor,version,answered\n"
WRONG = [
    pytest.param(text(""), {}, "is empty", id="empty file"),
    pytest.param(text(HEADER), {}, "no rows", id="header only"),
    pytest.param(lambda folder: folder / "gone.csv", {}, "cannot be read", id="no such file"),
    pytest.param(lambda folder: folder, {}, "cannot be read", id="a folder"),
    pytest.param(binary(b"PK\x03\x04 and more"), {}, "spreadsheet", id="a spreadsheet"),
    pytest.param(binary(b"PAR1 but no more"), {}, "no table that can be read", id="a broken Parquet file"),
    pytest.param(
        text(HEADER + "a,b,1,2,3\n"), {}, "no table that can be read", id="more fields than the header"
    ),
    pytest.param(
        text("visitor,verison,answered\na,x,1\n"), {}, 'Did you mean "verison"', id="column misspelt"
    ),
    pytest.param(text("a,b,c\n1,2,3\n"), {}, "Known here: a, b, c", id="other columns"),
    pytest.param(text(HEADER + "a,x,1\nb,x,0\n"), {}, "Only one variant", id="one variant"),
    pytest.param(text(HEADER + "a,x,ja\nb,y,nee\n"), {}, 'such as "ja"', id="text where numbers belong"),
    pytest.param(
        text(HEADER + "a,x,1\nb,X,0\n"), {}, "but for capitals", id="a treatment named like the control"
    ),
    pytest.param(text(HEADER + "a,x,1\nb,y,\n"), {}, "Only one variant", id="a metric in one variant only"),
    pytest.param(text(HEADER + "a,x,1\nb,y,0\n"), {"cap": 5.0}, "--kind mean", id="a cap on a proportion"),
    pytest.param(
        text(HEADER + "a,x,1\nb,y,7\n"), {"cap": float("nan")}, "is a number", id="a cap that is no number"
    ),
    pytest.param(text(HEADER + "a,x,1\na,y,1\n"), {}, "Nothing is left", id="every unit in two variants"),
    pytest.param(text(HEADER + "a,x,1\nb,y,0\n"), {"control": "z"}, "No unit saw", id="unknown control"),
    pytest.param(text(HEADER + "a,x,1\nb,y,0\n"), {"kind": "ratio"}, "--per", id="ratio without denominator"),
    pytest.param(text(HEADER + "a,x,1\nb,y,0\n"), {"kind": "median"}, "no kind", id="unknown kind"),
    pytest.param(
        text(HEADER + "a,x,1\nb,y,0\n"), {"outcome": "visitor"}, "more than once", id="column named twice"
    ),
    pytest.param(
        text(HEADER + "".join(f"u{n},v{n},1\n" for n in range(50))),
        {},
        "50 different values",
        id="not a variant",
    ),
]


@pytest.mark.parametrize(("table", "named", "message"), WRONG)
def test_what_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, table, named, message) -> None:
    with pytest.raises(AnalysisError, match=message) as raised:
        compare(table(tmp_path), **{**NAMED, **named})
    assert "\n" not in str(raised.value)


def test_a_cap_agreed_on_lets_a_heavy_tail_be_compared_and_says_how_many_it_cut() -> None:
    rng = np.random.default_rng(5)
    frame = visitors(1200).assign(seconds=rng.lognormal(3, 2.0, 1200))
    frame.loc[frame["version"] == "redesign", "seconds"] *= 0.8
    named = {"unit": "visitor", "variant": "version", "outcome": "seconds", "kind": "mean"}
    wide = compare(frame, **named)
    capped = compare(frame, **named, cap=100.0)
    assert (wide.results[0].reason or "").startswith("heavyTail") or wide.results[0].ci is not None
    assert capped.results[0].ci is not None
    assert capped.definitions["cap"] == 100.0
    assert capped.definitions["capped"] == int((frame["seconds"] > 100).sum())
    assert max(capped.results[0].values or ()) < 100


def test_segments_are_tested_for_a_difference_before_they_are_read() -> None:
    frame = visitors(4000, rates=(0.5, 0.5))
    phone = (frame["device"] == "phone") & (frame["version"] == "redesign")
    better = phone & (np.random.default_rng(6).random(4000) < 0.4)
    alike = compare(frame, **NAMED, by="device")
    unlike = compare(frame.assign(answered=frame["answered"] | better), **NAMED, by="device")
    status = {
        name: next(check.status.value for check in report.checks if check.name == "segments")
        for name, report in {"alike": alike, "unlike": unlike}.items()
    }
    assert status == {"alike": "pass", "unlike": "warn"}
