# SPDX-License-Identifier: EUPL-1.2
"""A block of lines of an access log as a table, all lines at once.

Nearly every line of the Combined Log Format has the same shape: quotes part it into seven, spaces the pieces
before and between. Those are cut by column. A line of any other shape (an escaped quote, a name with a space,
JSON, damage) is read by itself, so that what a line says never depends on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from tracker.imports.access_log_json import columns_of_json
from tracker.imports.access_log_line import Fields, MalformedLine, fields_of, text_of

COLUMNS = {
    "at": pl.UInt32,  # position of the line in its block
    "client": pl.String,
    "minute": pl.String,  # such as 22/Nov/2026:08:00 +0100; empty where `time` says it all
    "time": pl.Int64,  # milliseconds, in the minute or since 1970
    "request": pl.String,
    "status": pl.String,
    "referrer": pl.String,
    "agent": pl.String,
}
LAST_MS = 7_258_118_400_000  # of 2199: what is later, or before 1970, is looked at one by one
SECONDS = {f":{second:02d}": min(second, 59) * 1000 for second in range(61)}  # a leap second is told as :60
# Client, two names and the time, parted by spaces and nothing else. What begins with a brace is JSON.
_HEAD = (
    r"^[!-z|-~][!-~]* [!-~]+ [!-Z^-~]+ "
    r"\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\] $"
)


def table_of_lines(lines: Sequence[bytes], malformed: Callable[[int, str], None]) -> pl.DataFrame:
    """The well-formed lines with the columns of `COLUMNS`, in order; texts as they stand in the log.

    `malformed(position, why)` is told of the others.
    """
    json = columns_of_json(lines)
    ordinary = _ordinary(_texts(lines)) if json is None else _ordinary_json(json)
    if ordinary.height == len(lines):
        return ordinary
    known = set(ordinary["at"])
    rows = []
    for at, line in enumerate(lines):
        if at not in known:
            try:
                rows.append((at, *_row(fields_of(text_of(line)))))
            except MalformedLine as error:
                malformed(at, str(error))
    others = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    return pl.concat([ordinary, others]).sort("at")


def _ordinary(texts: pl.Series) -> pl.DataFrame:
    """The lines of the usual shape. Everything that `access_log_line` demands is demanded here too."""
    pieces = pl.col("text").str.split_exact('"', 7).struct.rename_fields(
        ["head", "request", "middle", "referrer", "between", "agent", "tail", "more"]
    )  # fmt: skip
    head, tail = pl.col("head").str, pl.col("tail").str
    return (
        pl.DataFrame({"text": texts})
        .with_row_index("at")
        .select("at", "text", pieces.alias("pieces"))
        .unnest("pieces")
        .filter(
            ~pl.col("text").str.contains("\\", literal=True),
            pl.col("more").is_null(),
            head.contains(_HEAD),
            pl.col("middle").str.contains("^ [0-9]{3} (?:[0-9]+|-) $"),
            pl.col("between") == " ",
            (pl.col("tail") == "") | tail.starts_with(" ") | (pl.col("tail") == "\r"),
        )
        .select(
            "at",
            client=head.split_exact(" ", 1).struct.field("field_0"),
            minute=head.slice(-28, 17) + head.slice(-8, 6),
            time=head.slice(-11, 3).replace_strict(SECONDS, default=None, return_dtype=pl.Int64),
            request="request",
            status=pl.col("middle").str.slice(1, 3),
            referrer="referrer",
            agent="agent",
        )
        .filter(pl.col("time").is_not_null())
    )


def _ordinary_json(said: Mapping[str, Sequence[str | None]]) -> pl.DataFrame:
    """The same of lines of JSON whose time is one of nginx's two notations and whose status is one."""
    table = pl.DataFrame(said, schema=dict.fromkeys(said, pl.String)).with_row_index("at")
    times = _times_of_json(table.select(pl.col("when").drop_nulls().unique()))
    return (
        table.filter(
            pl.col("client") != "",
            pl.col("request") != "",
            pl.col("status").str.contains("^[0-9]{3}$"),
            pl.col("referrer").is_not_null(),
            pl.col("agent").is_not_null(),
        )
        .join(times, on="when", how="inner", maintain_order="left")
        .select(*COLUMNS)
    )


def _times_of_json(times: pl.DataFrame) -> pl.DataFrame:
    """Those of different times (`when`) that are in one of the two notations, as `minute` and `time`."""
    when = pl.col("when").str
    local = times.filter(
        when.contains(r"^[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}$")
    ).with_columns(
        minute=when.slice(0, 17) + when.slice(20),
        time=when.slice(17, 3).replace_strict(SECONDS, default=None, return_dtype=pl.Int64),
    )
    iso = times.filter(
        when.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9][+-][0-9]{2}:[0-9]{2}$")
    ).with_columns(
        minute=pl.lit(""),
        time=when.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_unit="ms", strict=False).dt.epoch("ms"),
    )
    return pl.concat([
        local.filter(pl.col("time").is_not_null()), iso.filter(pl.col("time").is_between(0, LAST_MS))
    ])  # fmt: skip


def _row(fields: Fields) -> tuple[str, str, int, str, str, str, str]:
    when = fields.when
    if isinstance(when, int):
        minute, time = "", when
    else:
        minute, time = when[:17] + when[20:], SECONDS.get(when[17:20], -1)
        if time < 0:
            raise MalformedLine(f'its time is "{when[:40]}", expected one like 22/Nov/2026:08:00:00 +0100')
    return fields.client, minute, time, fields.request, fields.status, fields.referrer, fields.user_agent


def _texts(lines: Sequence[bytes]) -> pl.Series:
    """The lines as text, all at once where that can be done."""
    try:
        return pl.Series("text", lines, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:  # one of them is no UTF-8
        return pl.Series("text", [text_of(line) for line in lines], dtype=pl.String)
