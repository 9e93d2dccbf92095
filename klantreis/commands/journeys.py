# SPDX-License-Identifier: EUPL-1.2
"""`klantreis journeys`: what residents came for, and how it went."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from klantreis.commands import data_option, days_options, out_option, where_of, where_options, write_out
from klantreis.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

    from analysis.journeys import Journeys
    from analysis.scheduling import Where
    from analysis.tasks import Tasks
    from klantreis.settings import Settings

EPILOG = """\b
Examples:
  klantreis journeys
  klantreis journeys --from 2026-06-01 --to 2026-06-07 --by entry --format csv
  klantreis journeys --format json | python -m json.tool
  klantreis journeys --truth var/truth.parquet
  klantreis journeys --sensitivity
  klantreis journeys --scheduler tcp://10.0.0.5:8786
"""
#: Unless days are asked for, no more of the archive is read than this many bytes: all is held in memory, some
#: five GB for ten million events in 90 MB.
READ_BYTES = 100_000_000
TITLES = {
    "overview": "What was seen",
    "ranking": "Which task to improve first (questions without an answer: abandoned, phoned or mailed)",
    "questions": "Questions",
    "outcomes": "How questions ended",
    "lost": "How much further people went than they had to (of those who were answered)",
    "entries": "How visitors arrived",
    "paths": "Most common paths of a session",
    "grouping": "Page views put with the right question (B-cubed F1; baseline: a session is a question)",
    "right": "Outcomes that fit what really happened",
    "confusion": "How questions really ended, and the outcomes they got",
    "bias": "Visitors who were answered, in truth and as a report measures it, and how far that is off",
    "asked": "What residents said of their question, and whether it seemed to have been a success",
    "contacts": "What the contact centre wrote down, and what its call codes fitted",
    "answers": "What surveys said, and what their call codes fitted",
    "sensitivity": "The same days under other definitions (experiment and variant empty: everyone)",
    "tasks": "How the questions of each task ended, under each of those definitions",
    "words": "What visitors typed (words of fewer than 5 visitors are in 'other')",
}


@click.command(epilog=EPILOG)
@days_options()
@click.option(
    "--by", default="task", show_default=True, metavar="COLUMN", help="Column to group questions by."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="csv and parquet hold the questions by COLUMN; table and json everything.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What simulated visitors really wanted: says how right the questions are.",
)
@click.option(
    "--links",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Links between pages (CSV: source, target), instead of those that five visitors took.",
)
@click.option(
    "--sensitivity",
    is_flag=True,
    help="The same days with other silences between sessions and other definitions of an answer.",
)
@where_options
@out_option
@data_option
def journeys(
    first: datetime | None,
    last: datetime | None,
    by: str,
    form: str,
    truth: Path | None,
    links: Path | None,
    sensitivity: bool,
    processes: int | None,
    scheduler: str,
    out: Path | None,
    data: Path,
) -> None:
    """Which questions residents came with, and how those ended.

    Read from the archive while its events are there, and from the day tables after that. Bots and load
    tests are counted apart. All days, or the last ones where many come; --from and --to name others.
    """
    from analysis import journeys as shown
    from analysis import ranking
    from analysis.lostness import read_links
    from klantreis.settings import load

    settings = load(data)
    between = (first.date() if first else None, last.date() if last else None)
    where = where_of(processes, scheduler)
    if truth is not None:
        frames = _accuracy(settings, truth, between)
        write_out(_as_json(frames) if form == "json" else _as_text(frames), out)
        return
    if sensitivity:
        frames = _sensitivity(settings, between, where)
        if form in ("csv", "parquet"):
            _write_frame(frames["sensitivity"], form, out)
        else:
            write_out(_as_json(frames) if form == "json" else _as_text(frames), out)
        return
    found = _read(settings, *between, where)
    if form in ("csv", "parquet"):
        _write_frame(shown.summary(found, by), form, out)
        return
    frames = {
        "overview": shown.overview(found),
        "ranking": ranking.frame(found.questions, found.moves),
        "questions": shown.summary(found, by),
        "outcomes": shown.outcomes(found),
        "lost": shown.lost(found, by, read_links(links) if links else None),
        "entries": shown.entries(found),
        "paths": shown.paths(found),
    }
    for name, told in {
        "asked": shown.asked(found), "contacts": shown.contacts(found), "answers": shown.answers(found)
    }.items():  # fmt: skip
        if len(told):
            frames[name] = told
    if found.words is not None:
        frames["words"] = shown.words(found)
    write_out(_as_json(frames) if form == "json" else _as_text(frames), out)


def _sensitivity(
    settings: Settings, between: tuple[date | None, date | None], where: Where
) -> dict[str, pd.DataFrame]:
    """Sessions, questions and success under every definition, and how those of each task ended."""
    from analysis.journey_sensitivity import sensitivity
    from klantreis.jobs import now_ms_of

    days = _archived(settings, *between)
    if not days:
        raise SettingsError(
            f"There are no events in {settings.archive} for those days, and day tables know one definition. "
            "Ask while the events are there, or bring some with: klantreis demo --once"
        )
    found = sensitivity(
        settings.archive,
        days,
        sites=settings.registry(),
        tasks=_tasks(settings),
        where=where,
        now_ms=now_ms_of(settings),
    )
    return {"sensitivity": found.figures, "tasks": found.tasks}


def _archived(settings: Settings, first: date | None, last: date | None) -> list[date]:
    """The days between those that the archive still has."""
    from tracker.archive_reader import days

    found = days(settings.archive) if settings.archive.exists() else []
    return [day for day in found if (first or day) <= day <= (last or day)]


def _tasks(settings: Settings) -> dict[str, Tasks]:
    from klantreis.jobs import tasks_of

    return {site.name: tasks_of(settings, site.name) for site in settings.sites}


def _read(settings: Settings, first: date | None, last: date | None, where: Where) -> Journeys:
    """The days that are there, from the archive where it still has them."""
    from analysis.day_tables import closed_days
    from analysis.journeys import from_archive, from_day_tables
    from klantreis.jobs import now_ms_of

    archived = _archived(settings, first, last)
    if archived:
        if first is None and last is None:
            archived = _last_ones(settings, archived)
        sites, tasks = settings.registry(), _tasks(settings)
        return from_archive(
            settings.archive, archived, sites=sites, tasks=tasks, where=where, now_ms=now_ms_of(settings)
        )
    known = closed_days(settings.tables) if settings.tables.exists() else []
    closed = [day for day in known if (first or day) <= day <= (last or day)]
    if closed:
        return from_day_tables(settings.tables, closed)
    raise SettingsError(
        f"There is no day with visits in {settings.data}"
        + (" between those dates" if first or last else "")
        + ". Bring some with: klantreis demo --once, or klantreis import access-log FILE"
    )


def _last_ones(settings: Settings, days: list[date]) -> list[date]:
    """As many of the last days as may be read at once, and a sentence where others are left out."""
    from tracker.archive_files import bytes_of

    chosen, size = list[date](), 0
    for day in reversed(days):
        size += bytes_of(settings.archive, day)
        if chosen and size > READ_BYTES:
            click.echo(
                f"Only {chosen[0]} to {chosen[-1]} are read, since all {len(days)} days would take much "
                "memory. Name others with --from and --to, or see four weeks on the pages /journeys/.",
                err=True,
            )
            break
        chosen.insert(0, day)
    return chosen


def _accuracy(
    settings: Settings, truth: Path, between: tuple[date | None, date | None]
) -> dict[str, pd.DataFrame]:
    """How right the questions are, as promised and with the thresholds tuned on other citizens."""
    import pandas as pd

    from analysis.accuracy import measure_accuracy
    from analysis.thresholds import DEFAULTS, TUNED
    from klantreis.jobs import defined_experiments

    try:
        wanted = pd.read_parquet(truth)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{truth} cannot be read as Parquet ({error}). Give the citizens' truth."
        ) from None
    days, tasks = _archived(settings, *between), _tasks(settings)
    names = {"as promised": DEFAULTS, "tuned": TUNED}
    measured = {
        name: measure_accuracy(
            settings.archive,
            wanted,
            sites=settings.registry(),
            tasks=tasks,
            experiments=defined_experiments(settings),
            days=days,
            thresholds=thresholds,
        )
        for name, thresholds in names.items()
    }
    right = [
        {
            "thresholds": name,
            "read_s": names[name].read_s,
            "questions": len(accuracy.questions),
            "share_right": accuracy.share_right(),
        }
        for name, accuracy in measured.items()
    ]
    promised = measured["as promised"]
    return {
        "grouping": promised.grouping,
        "right": pd.DataFrame(right),
        "confusion": promised.confusion(),
        "bias": promised.bias,
    }


def _as_json(frames: dict[str, pd.DataFrame]) -> str:
    """camelCase, as all JSON for others; a figure that does not exist is null."""
    whole = {name: json.loads(_camel(frame).to_json(orient="records")) for name, frame in frames.items()}
    if "overview" in whole:
        whole["overview"] = whole["overview"][0]
    return json.dumps({"schemaVersion": 1, **whole}, ensure_ascii=False, indent=2)


def _camel(frame: pd.DataFrame) -> pd.DataFrame:
    def name(column: str) -> str:
        head, *tail = column.split("_")
        return head + "".join(part.title() for part in tail)

    return frame.rename(columns=name)


def _as_text(frames: dict[str, pd.DataFrame]) -> str:
    from klantreis.terminal import table

    parts = []
    for name, frame in frames.items():
        rows = frame.T.reset_index() if name == "overview" else frame
        head = ["", ""] if name == "overview" else list(rows.columns)
        cells = [[_cell(column, value) for column, value in zip(head, row, strict=True)]
                 for row in rows.itertuples(index=False, name=None)]  # fmt: skip
        parts.append(f"{TITLES[name]}\n{table(head, cells)}")
    return "\n\n".join(parts)


def _cell(column: str, value: object) -> str:
    if isinstance(value, float):
        if value != value:  # NaN: there is no such figure
            return "–"
        if column in ("f1", "baseline", "lostness", "low", "high"):
            return f"{value:.3f}"
        return f"{value:.1%}" if column.startswith("share") else f"{value:.1f}"
    return str(value) if value != "" else "(none)"


def _write_frame(frame: pd.DataFrame, form: str, out: Path | None) -> None:
    from analysis.exports import as_csv, as_parquet

    if form == "csv":
        write_out(as_csv(frame).rstrip("\n"), out)
        return
    if out is None:
        raise SettingsError("Parquet is not for a terminal. Give a file with --out journeys.parquet")
    try:
        out.write_bytes(as_parquet(frame))
    except OSError as error:
        raise SettingsError(f"{out} cannot be written ({error.strerror}). Give another file.") from None
    click.echo(f"Written: {out}", err=True)
