# SPDX-License-Identifier: EUPL-1.2
"""What really happened, beside the data: one row a question. The tracker never sees it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from web_demo.citizens.citizen import Visitor

if TYPE_CHECKING:
    import pandas as pd


def truth_frame(visitors: Iterable[Visitor]) -> pd.DataFrame:
    """One row a question that led to at least one page.

    Columns: person and visit (numbers), task, channel, started_at and ended_at (milliseconds since 1970, UTC;
    the first and the last page opened for it), pages, page_views (their ids, none where k.js did not run),
    answered (found and understood, or the form sent), ending, exposures (as the browser saw them:
    "schuldhulp=current,zwerfvuil=redesign"; empty where it takes no part), viewport, mobile, opts_out,
    prefers_phone.
    """
    import pandas as pd

    rows = [
        {
            "person": question.person,
            "visit": question.visit,
            "task": question.task,
            "channel": str(question.channel),
            "started_at": question.started_ms,
            "ended_at": question.ended_ms,
            "pages": question.pages,
            "page_views": question.page_views,
            "answered": question.answered,
            "ending": str(question.ending or "interrupted"),
            "exposures": ",".join(f"{name}={shown}" for name, shown in sorted(question.exposures.items())),
            "viewport": visitor.device.viewport,
            "mobile": visitor.device.mobile,
            "opts_out": visitor.device.opts_out,
            "prefers_phone": question.prefers_phone,
        }
        for visitor in visitors
        for question in visitor.questions
        if question.pages
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


_COLUMNS = {
    "person": "int32",
    "visit": "int8",
    "task": "str",
    "channel": "str",
    "started_at": "int64",
    "ended_at": "int64",
    "pages": "int16",
    "page_views": "object",
    "answered": "bool",
    "ending": "str",
    "exposures": "str",
    "viewport": "str",
    "mobile": "bool",
    "opts_out": "bool",
    "prefers_phone": "bool",
}


def write_truth(visitors: Iterable[Visitor], path: Path) -> None:
    """Write the truth as Parquet, aside first, so that a file that is there is whole."""
    aside = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    truth_frame(visitors).to_parquet(aside, index=False, compression="zstd")
    aside.replace(path)
