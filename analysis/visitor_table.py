# SPDX-License-Identifier: EUPL-1.2
"""A team's own table of visitors: read, what cannot be used set aside by name, and a row per unit left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import AnalysisError
from analysis.report import SetAside
from experiments.errors import did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: More variants than this and the column named is hardly one of variants.
MAX_VARIANTS = 20
MAX_SEGMENTS = 50

SEVERAL = "(several)"
MISSING = "(missing)"

_SEPARATORS = (",", ";", "\t", "|")
_MISSING_WORDS = ("", "na", "n/a", "null", "none")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column says what; `per` is the denominator of a ratio, `observed` 1 where a time ended."""

    unit: str
    variant: str
    outcome: str
    per: str | None = None
    observed: str | None = None
    by: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """Role to column name, of those that were given."""
        roles = ("unit", "variant", "outcome", "per", "observed", "by")
        return {role: getattr(self, role) for role in roles if getattr(self, role) is not None}


@dataclass(frozen=True, slots=True)
class Units:
    """`frame`: a row per unit with columns unit, variant, outcome, and per, observed, by where named.

    `rows_in` = `rows_used` + all rows in `set_aside`.
    """

    frame: pl.DataFrame
    kind: str
    rows_in: int
    rows_used: int
    set_aside: tuple[SetAside, ...]


def read(table: Path | str | pd.DataFrame | pl.DataFrame) -> pl.DataFrame:
    """The table as it stands: CSV columns as text, Parquet and frames with their own types.

    A CSV may be separated by comma, semicolon, tab or bar, in UTF-8 or in the Windows code page.

    Raises:
        AnalysisError: no such file, nothing in it, or no table that can be read.
    """
    import polars as pl

    if isinstance(table, pl.DataFrame):
        return table
    if not isinstance(table, (str, Path)):
        return pl.from_pandas(table, nan_to_null=False)
    path = Path(table)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AnalysisError(f"{path} cannot be read: {error.strerror}. Name a CSV or Parquet file.") from None
    if not content.strip():
        raise AnalysisError(f"{path} is empty. Expected a header line and a row per visitor.")
    if content.startswith(b"PK"):
        raise AnalysisError(f"{path} is a spreadsheet or a zip. Save it as CSV, and give that.")
    try:
        return pl.read_parquet(content) if content.startswith(b"PAR1") else _read_csv(content)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise AnalysisError(
            f"{path} is no table that can be read ({reason}). Expected CSV or Parquet."
        ) from None


def _read_csv(content: bytes) -> pl.DataFrame:
    import polars as pl

    try:
        content.decode()
    except UnicodeDecodeError:
        content = content.decode("cp1252", errors="replace").encode()
    header = content.split(b"\n", 1)[0].decode()
    separator = max(_SEPARATORS, key=header.count)
    frame = pl.read_csv(content, separator=separator, infer_schema=False)
    if separator != ";":
        return frame
    # Where a semicolon separates, a comma is the decimal sign.
    decimal = pl.col(pl.String).str.replace(r"^(\s*-?\d+),(\d+\s*)$", "$1.$2")
    return frame.with_columns(decimal)


def units(frame: pl.DataFrame, columns: Columns, kind: str = "auto") -> Units:
    """A row per unit, and every row that was set aside counted under its first reason.

    In this order: exact duplicate rows; no unit or variant; units seen in two variants (all their rows);
    values that are missing, text, not a number, infinite, negative where that cannot be, or not 0/1 where
    that is expected. What is left of a unit is added up: any for a proportion, sums otherwise; a time is
    observed only if all of it is.

    `kind` is proportion, mean, ratio, time or auto.

    Raises:
        AnalysisError: the table does not hold what was named.
    """
    import polars as pl

    _check_columns(frame, columns, kind)
    sieve = _Sieve(frame)
    sieve.drop_duplicates()
    sieve.rows = sieve.rows.select(pl.col(name).alias(role) for role, name in columns.named.items())
    for role in ("unit", "variant"):
        sieve.keep(~_is_missing(sieve.rows, role), f"missing {role}")
    sieve.rows = sieve.rows.with_columns(pl.col("variant").cast(pl.String))
    _check_variants(sieve.rows, columns)
    seen = sieve.rows.group_by("unit").agg(pl.col("variant").n_unique().alias("variants"))
    crossed = seen.filter(pl.col("variants") > 1)["unit"]
    sieve.keep(~pl.col("unit").is_in(crossed.implode()), "unit in two variants")
    for role in ("outcome", "per", "observed"):
        if role in columns.named:
            sieve.numbers(role, columns.named[role])
    kind = _kind_of(sieve.rows, columns) if kind == "auto" else kind
    for role, allowed, reason in _limits(columns, kind):
        sieve.keep(allowed, f"{role} {reason}")
    _check_variants(sieve.rows, columns)
    return Units(_per_unit(sieve.rows, kind), kind, frame.height, sieve.rows.height, tuple(sieve.aside))


class _Sieve:
    """Rows on their way, and what was set aside so far."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self.rows = rows
        self.aside: list[SetAside] = []

    def drop_duplicates(self) -> None:
        self._took("exact duplicate row", self.rows.unique(maintain_order=True))

    def keep(self, wanted: pl.Expr, reason: str) -> None:
        self._took(reason, self.rows.filter(wanted))

    def numbers(self, role: str, name: str) -> None:
        """Turn `role` into floats; what is none is set aside under its own reason."""
        import polars as pl

        self.keep(~_is_missing(self.rows, role), f"missing {role}")
        column = pl.col(role)
        number = _as_number(self.rows[role])
        if self.rows.height and number.null_count() == self.rows.height:
            example = self.rows[role].cast(pl.String)[0]
            raise AnalysisError(
                f'The column "{name}" (--{role}) holds text such as "{example}" where numbers belong. '
                "Name a column of numbers, or write 1 for yes and 0 for no."
            )
        self.rows = self.rows.with_columns(number.alias(role))
        self.keep(column.is_not_null(), f"{role} is text")
        self.keep(column.is_not_nan(), f"{role} is not a number")
        self.keep(column.is_finite(), f"{role} is infinite")

    def _took(self, reason: str, kept: pl.DataFrame) -> None:
        if kept.height < self.rows.height:
            self.aside.append(SetAside(reason=reason, rows=self.rows.height - kept.height))
        self.rows = kept


def _check_columns(frame: pl.DataFrame, columns: Columns, kind: str) -> None:
    for role, name in columns.named.items():
        if name not in frame.columns:
            raise AnalysisError(
                f'The table has no column "{name}" (--{role}). {did_you_mean(name, frame.columns)}'
            )
    named = list(columns.named.values())
    for role, name in columns.named.items():
        if named.count(name) > 1 and role != "by":
            raise AnalysisError(
                f'The column "{name}" is named more than once; --{role} needs one of its own.'
            )
    if kind == "ratio" and columns.per is None:
        raise AnalysisError("A ratio needs its denominator: name the column with --per.")
    if kind not in ("auto", "ratio") and columns.per is not None:
        raise AnalysisError(f"--per belongs to a ratio, not to --kind {kind}. Leave one of the two out.")
    if kind not in ("auto", "time") and columns.observed is not None:
        raise AnalysisError(f"--observed belongs to a time, not to --kind {kind}. Leave one of the two out.")
    if columns.per is not None and columns.observed is not None:
        raise AnalysisError("--per makes a ratio and --observed a time; give one of the two.")
    if frame.height == 0:
        raise AnalysisError("The table has a header but no rows. Expected a row per visitor.")


def _check_variants(rows: pl.DataFrame, columns: Columns) -> None:
    names = sorted(rows["variant"].unique().to_list())
    if not names:
        raise AnalysisError("Nothing is left to compare: no row has a unit, a variant and a usable outcome.")
    if len(names) == 1:
        raise AnalysisError(
            f'Only one variant is left in the column "{columns.variant}": "{names[0]}". Expected two or more.'
        )
    if len(names) > MAX_VARIANTS:
        raise AnalysisError(
            f'The column "{columns.variant}" holds {len(names)} different values, at most {MAX_VARIANTS} '
            "variants can be compared. Is it the right column?"
        )


def _is_missing(rows: pl.DataFrame, role: str) -> pl.Expr:
    import polars as pl

    column = pl.col(role)
    if rows.schema[role] == pl.String:
        return column.is_null() | column.str.strip_chars().str.to_lowercase().is_in(_MISSING_WORDS)
    if rows.schema[role].is_float() and role in ("unit", "variant"):
        return column.is_null() | column.is_nan()
    return column.is_null()


def _as_number(values: pl.Series) -> pl.Series:
    """Floats; null for text. The words true and false are 1 and 0 where a column holds nothing else."""
    import polars as pl

    if values.dtype != pl.String:
        return values.cast(pl.Float64, strict=False)
    stripped = values.str.strip_chars()
    number = stripped.cast(pl.Float64, strict=False)
    if number.null_count() < len(number):
        return number
    words = stripped.str.to_lowercase()
    truth = words.replace_strict({"true": 1.0, "false": 0.0}, default=None, return_dtype=pl.Float64)
    return number if truth.null_count() else truth


def _kind_of(rows: pl.DataFrame, columns: Columns) -> str:
    if columns.observed is not None:
        return "time"
    if columns.per is not None:
        return "ratio"
    return "proportion" if rows["outcome"].is_in([0.0, 1.0]).all() else "mean"


def _limits(columns: Columns, kind: str) -> list[tuple[str, pl.Expr, str]]:
    """What the numbers of a role must hold to, and the reason under which others are set aside."""
    import polars as pl

    limits = []
    if kind == "proportion":
        limits.append(("outcome", pl.col("outcome").is_in([0.0, 1.0]), "is neither 0 nor 1"))
    if kind == "time":
        limits.append(("outcome", pl.col("outcome") >= 0, "is negative"))
    if columns.per is not None:
        limits.append(("per", pl.col("per") >= 0, "is negative"))
    if columns.observed is not None:
        limits.append(("observed", pl.col("observed").is_in([0.0, 1.0]), "is neither 0 nor 1"))
    return limits


def _per_unit(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    import polars as pl

    outcome = pl.col("outcome")
    parts = [pl.col("variant").first(), outcome.max() if kind == "proportion" else outcome.sum()]
    if "per" in rows.columns:
        parts.append(pl.col("per").sum())
    if "observed" in rows.columns:
        parts.append(pl.col("observed").min())
    if "by" in rows.columns:
        segment = pl.col("by").cast(pl.String).fill_null(MISSING)
        parts.append(
            pl.when(segment.n_unique() > 1).then(pl.lit(SEVERAL)).otherwise(segment.first()).alias("by")
        )
    return rows.group_by("unit").agg(parts)
