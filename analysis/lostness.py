# SPDX-License-Identifier: EUPL-1.2
"""Lostness: how much further people went than they had to (Smith, *Interacting with Computers* 8(4), 1996).

How far they had to go comes from a graph of links: the steps that at least five visitors took, each variant's
its own, or a crawl that the team supplies. Only questions that ended in an answer have a lostness, and those
are a biased group: who got lost for good is not among them. So it always stands beside the share of success.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.errors import AnalysisError

#: A link counts where so many different visitors took it.
FEWEST_VISITORS = 5
#: Above this people are called lost.
LOST = 0.5
_AT_ONCE = 1024  # starts that are walked from together: 64 of them to a word for every page
_Z = 1.959963984540054  # 97.5 % of the normal distribution

Links = Mapping[str, frozenset[str]]


def smith(views: ArrayLike, distinct: ArrayLike, fewest: ArrayLike) -> NDArray[np.float64]:
    """`sqrt((N/S - 1)^2 + (R/N - 1)^2)`: 0 is perfect, above 0.5 is lost.

    S page views (a return is a view of the page returned to), N distinct pages, R the fewest pages from the
    start to the answer, both counted.

    >>> smith([3, 6], [3, 4], [3, 2]).round(3).tolist()
    [0.0, 0.601]
    """
    s, n, r = (np.asarray(each, np.float64) for each in (views, distinct, fewest))
    return np.sqrt((n / s - 1) ** 2 + (r / n - 1) ** 2)


def read_links(path: Path) -> Links:
    """The links of a crawl: a CSV with the columns source and target, paths of pages. Raises
    `AnalysisError`."""
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise AnalysisError(f"{path} cannot be read as CSV: {error}") from None
    if not {"source", "target"} <= set(table.columns):
        raise AnalysisError(
            f"{path} has the columns {', '.join(table.columns)}; expected source and target. "
            "Write a row for each link."
        )
    return as_links(zip(table["source"], table["target"], strict=True))


def as_links(pairs: Iterable[tuple[str, str]]) -> Links:
    """Where one can go from each page."""
    found: dict[str, set[str]] = {}
    for source, target in pairs:
        found.setdefault(source, set()).add(target)
    return {source: frozenset(targets) for source, targets in found.items()}


def links_taken(questions: pd.DataFrame, moves: pd.DataFrame, *, fewest: int = FEWEST_VISITORS) -> Links:
    """The links of these questions that at least so many visitors followed."""
    keys = ["day", "partition", "question"]
    steps = moves.loc[(moves["kind"] == "view") & (moves["source"] != ""), [*keys, "source", "touchpoint"]]
    steps = steps.merge(questions[[*keys, "visitor"]], on=keys).drop(columns="question").drop_duplicates()
    visitors = steps.groupby(["source", "touchpoint"]).size()
    return as_links(visitors.index[visitors >= fewest].tolist())


def distances(links: Links, start: str) -> dict[str, int]:
    """The fewest pages from the start to every page that can be reached, both counted: 1 for the start
    itself."""
    found = {start: 1}
    queue = deque([start])
    while queue:
        page = queue.popleft()
        for target in links.get(page, ()):
            if target not in found:
                found[target] = found[page] + 1
                queue.append(target)
    return found


def fewest_pages(links: Links, starts: Sequence[str], answers: Sequence[str]) -> NDArray[np.float64]:
    """The fewest pages from each start to the answer beside it, both counted; NaN where no links lead there.

    As `distances`, for many pairs: each page has a bit for every start it was reached from.

    >>> fewest_pages(as_links([("a", "b"), ("b", "c")]), ["a", "c", "b"], ["c", "a", "b"]).tolist()
    [3.0, nan, 1.0]
    """
    ways = [(source, target) for source, targets in links.items() for target in targets]
    names = pd.Index(
        pd.unique(pd.Series([*starts, *answers, *(page for way in ways for page in way)], dtype=object))
    )
    answer = names.get_indexer(pd.Index(answers))
    start, which = np.unique(names.get_indexer(pd.Index(starts)), return_inverse=True)
    source, target = (names.get_indexer(pd.Index([way[end] for way in ways])) for end in (0, 1))
    order = np.argsort(target, kind="stable")
    reached, first = np.unique(target[order], return_index=True)
    found = np.full(len(answer), np.nan)
    for block in range(0, len(start), _AT_ONCE):
        here = np.flatnonzero((which >= block) & (which < block + _AT_ONCE))
        place = which[here] - block
        word, bit = place // 64, np.uint64(1) << (place % 64).astype(np.uint64)
        seen = np.zeros((len(names), _AT_ONCE // 64), np.uint64)
        seen[start[which[here]], word] = bit
        pages = 1
        while True:
            there = (seen[answer[here], word] & bit) != 0
            found[here[there & np.isnan(found[here])]] = pages
            if not len(ways) or not np.isnan(found[here]).any():
                break
            grown = seen[reached] | np.bitwise_or.reduceat(seen[source[order]], first, axis=0)
            if np.array_equal(grown, seen[reached]):
                break
            seen[reached] = grown
            pages += 1
    return found


def lostness(
    questions: pd.DataFrame, moves: pd.DataFrame, *, by: Sequence[str] = (), links: Links | None = None
) -> pd.DataFrame:
    """One row per question that ended in success: day, partition, question, the columns `by`, views,
    distinct, fewest, lostness, excess (views beyond the fewest), first_click (whether its first step was on a
    shortest way; NaN where the start was the answer).

    Each group of `by` (such as exposures) has its own graph, unless `links` are given. What the graph does
    not reach is NaN, and stays in the table.
    """
    groups = questions.groupby(list(by), sort=True) if by else [((), questions)]
    parts = []
    for _, group in groups:
        graph = links if links is not None else links_taken(group, moves)
        parts.append(_of_group(group, moves, graph, by))
    return pd.concat(parts, ignore_index=True) if parts else _of_group(questions, moves, {}, by)


def _of_group(questions: pd.DataFrame, moves: pd.DataFrame, links: Links, by: Sequence[str]) -> pd.DataFrame:
    keys = ["day", "partition", "question"]
    answered = questions.loc[questions["success"], [*keys, *by, "started_at", "time_s"]]
    arrival = answered["started_at"] + (answered["time_s"] * 1000).round().astype("int64")
    steps = moves.loc[moves["kind"] == "view", [*keys, "order", "at", "touchpoint"]]
    steps = steps.merge(answered.assign(arrival=arrival)[[*keys, "arrival"]], on=keys)
    steps = steps[steps["at"] <= steps["arrival"]].sort_values([*keys, "order"])
    seen = steps.groupby(keys)["touchpoint"]
    pages = seen.agg(views="size", distinct="nunique", start="first", answer="last")
    others = steps[steps["touchpoint"] != seen.transform("first")]  # the first page that is not the start
    pages["next"] = others.groupby(keys)["touchpoint"].first().reindex(pages.index).fillna("")
    rows = answered[[*keys, *by]].merge(pages.reset_index(), on=keys)
    known = fewest_pages(links, rows["start"].tolist(), rows["answer"].tolist())
    rows["fewest"] = np.minimum(known, rows["distinct"])  # who went that way shows that it can be done
    rows["lostness"] = smith(rows["views"], rows["distinct"], rows["fewest"])
    rows["excess"] = rows["views"] - rows["fewest"]
    rows["first_click"] = _first_click(rows, links)
    return rows.drop(columns=["start", "answer", "next"])


def _first_click(rows: pd.DataFrame, links: Links) -> NDArray[np.float64]:
    """1 where the first page clicked is on a shortest way, 0 where it is not."""
    clicked, answer = rows["next"].to_numpy(str), rows["answer"].to_numpy(str)
    after = fewest_pages(links, clicked.tolist(), answer.tolist())
    good = (clicked == answer) | (after + 1 <= rows["fewest"].to_numpy(float))
    unsaid = (rows["start"].to_numpy(str) == answer) | (clicked == "") | rows["fewest"].isna().to_numpy()
    return np.where(unsaid, np.nan, good.astype(float))


def summary(
    questions: pd.DataFrame, moves: pd.DataFrame, by: str = "task", *, links: Links | None = None
) -> pd.DataFrame:
    """One row per value of a column of the questions: questions, share_success, measured (answered questions
    with a known way), lostness with its 95 % interval (low, high; normal, over questions), share_lost,
    excess, share_first_click."""
    found = lostness(questions, moves, by=[by], links=links)
    rows = []
    for value, group in questions.groupby(by, sort=True):
        each = found.loc[found[by] == value]
        known = each["lostness"].dropna()
        half = _Z * known.std() / np.sqrt(len(known)) if len(known) > 1 else np.nan
        rows.append(
            {
                by: value,
                "questions": len(group),
                "share_success": group["success"].mean(),
                "measured": len(known),
                "lostness": known.mean(),
                "low": known.mean() - half,
                "high": known.mean() + half,
                "share_lost": (known > LOST).mean() if len(known) else np.nan,
                "excess": each["excess"].mean(),
                "share_first_click": each["first_click"].mean(),
            }
        )
    return pd.DataFrame(rows)
