# SPDX-License-Identifier: EUPL-1.2
"""`klantreis compare`: variants in any table that a team already has."""

from __future__ import annotations

from pathlib import Path

import click

from klantreis.commands import Form, data_option, language_option, out_option, write_out

EPILOG = """\b
Examples:
  klantreis compare visitors.csv --unit visitor --variant version --outcome answered
  klantreis compare ramp.csv --unit visitor --variant version --outcome answered --split current=9,redesign=1
  klantreis compare visitors.parquet --unit visitor --variant version --outcome seconds \\
      --observed finished --better lower --control current --format json
"""


class SplitType(click.ParamType[dict[str, float]]):
    """`NAME=WEIGHT,NAME=WEIGHT`; a name may hold an equals sign, not a comma."""

    name = "NAME=WEIGHT,…"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, float]:
        split: dict[str, float] = {}
        for part in value.split(","):
            name, _, weight = map(str.strip, part.rpartition("="))
            try:
                split[name] = float(weight)
            except ValueError:
                name = ""
            if not name:
                self.fail(f'"{part}" is no variant with its weight. Write current=9,redesign=1.', param, ctx)
        return split


@click.command(epilog=EPILOG)
@click.argument("table", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--unit", required=True, metavar="COL", help="Who was randomised, such as the visitor.")
@click.option("--variant", required=True, metavar="COL", help="Which version this unit saw.")
@click.option("--outcome", required=True, metavar="COL", help="What is compared: 0/1, a number or a time.")
@click.option("--per", metavar="COL", help="Denominator of a ratio, such as the number of questions.")
@click.option("--observed", metavar="COL", help="1 where a time ended, 0 where it was cut off.")
@click.option(
    "--control",
    metavar="NAME",
    help="The current version; without it one named control, current, huidig, …, else the first by name.",
)
@click.option(
    "--kind",
    type=click.Choice(["auto", "proportion", "mean", "ratio", "time"]),
    default="auto",
    show_default=True,
    help="What the outcome is.",
)
@click.option(
    "--better",
    type=click.Choice(["higher", "lower"]),
    help="Which way is better; without it lower for a time, else higher.",
)
@click.option("--by", metavar="COL", help="Compare within each value of this column too.")
@click.option("--cap", type=float, help="Cut outcomes of a mean off here, as agreed on beforehand.")
@click.option(
    "--split",
    type=SplitType(),
    help="How the units were to be divided, such as current=9,redesign=1; without it equally, where the "
    "table looks like that.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "html", "json"]), default="text", show_default=True
)
@language_option
@out_option
@data_option
def compare(
    table: Path,
    unit: str,
    variant: str,
    outcome: str,
    per: str | None,
    observed: str | None,
    control: str | None,
    kind: str,
    better: str | None,
    by: str | None,
    cap: float | None,
    split: dict[str, float] | None,
    form: Form,
    language: str,
    out: Path | None,
    data: Path,  # noqa: ARG001  every command takes it
) -> None:
    """Compare the variants in TABLE (CSV or Parquet) and say which is better, and how sure that is.

    Rows of one unit are added up. Exact duplicates, units seen in two variants and values that are no
    numbers are set aside and counted by reason; nothing is cleaned silently.
    """
    from analysis.compare import compare as compare_table
    from analysis.rendering import render

    report = compare_table(
        table,
        unit=unit,
        variant=variant,
        outcome=outcome,
        per=per,
        observed=observed,
        control=control,
        kind=kind,
        better=better,
        by=by,
        cap=cap,
        split=split,
    )
    write_out(render(report, form=form, language=language), out)
