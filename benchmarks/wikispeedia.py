# SPDX-License-Identifier: EUPL-1.2
"""Real people looking for a known page: Wikispeedia's finished paths, rebuilt as journeys.

    python benchmarks/wikispeedia.py ../shared/data/wikispeedia

The folder holds `paths_finished_unique.tsv` and `links.tsv` (West & Leskovec, WWW 2012; West, Pineau &
Precup, IJCAI 2009). Every path becomes the page views of one visitor, `<` a return to the page before;
nothing but the reconstruction counts its pages and its returns (a link back to an earlier page is one too),
and nothing but `analysis.lostness` how much further it went than the graph of links asks for. Printed are
the shares that are known of the data, and lostness by how hard people found it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.lostness import Links, as_links, lostness
from analysis.reconstruct import reconstruct
from tracker.day import day_bounds
from tracker.site import Site, Sites

DAY = date(2026, 6, 10)
SITE = Site("wikispeedia", frozenset({"www.wikispeedia.example"}))
_Z = 1.959963984540054


def paths(folder: Path) -> pd.DataFrame:
    """One row a path: tokens (articles and `<`), seconds, rating (NaN where none was given)."""
    table = pd.read_csv(folder / "paths_finished_unique.tsv", sep="\t", na_values=["NULL"])
    return pd.DataFrame(
        {
            "tokens": table["path"].str.split(";"),
            "seconds": table["durationInSec"].astype(float),
            "rating": table["rating"].astype(float),
        }
    )


def as_events(known: pd.DataFrame) -> pd.DataFrame:
    """The page views that a tracker would have kept, and that the last one was what was looked for. Only the
    seconds of a whole path are known, so they are spread evenly over its steps, and cut where they would make
    a silence that ends a session."""
    start = day_bounds(DAY, SITE.zone)[0]
    rows = []
    for visitor, (tokens, seconds) in enumerate(zip(known["tokens"], known["seconds"], strict=True)):
        pause_ms = int(1000 * min(seconds / max(len(tokens) - 1, 1), 600))
        trail: list[str] = []
        before = None
        for place, token in enumerate(tokens):
            if token == "<":
                trail.pop()
            else:
                trail.append(token)
            view = f"{visitor:06d}{place:06d}"
            at, path = start + visitor + place * pause_ms, f"/wiki/{trail[-1]}"
            rows.append((visitor, at, view, path, before, "view", 0, None))
            before = view
        rows.append((visitor, at, view, path, None, "goal", 1, "found"))
    columns = ["visitor", "time", "page_view", "path", "origin", "kind", "index", "goal"]
    return pd.DataFrame(rows, columns=columns).astype({"index": "int16"}).assign(site=SITE.name)


def links(folder: Path) -> Links:
    """Where one can go from each article."""
    table = pd.read_csv(folder / "links.tsv", sep="\t", comment="#", names=["source", "target"])
    return as_links(zip("/wiki/" + table["source"], "/wiki/" + table["target"], strict=True))


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of the data, and what the reconstruction made of it. `lostness` is of each path."""

    paths: int
    questions: int
    use_back: float
    returned: float
    pages: float  # mean of a path, as rebuilt
    lostness: pd.Series[float]

    def by_rating(self, rating: pd.Series[float]) -> dict[int, pd.Series[float]]:
        """The lostness of the paths of each rating, 1 (easy) to 5."""
        return {each: self.lostness[rating == each] for each in range(1, 6)}


def figures(folder: Path, known: pd.DataFrame) -> Figures:
    """The paths rebuilt as journeys, all of whom found their article, and how lost they were on their way."""
    tables = reconstruct(as_events(known), tasks={}, experiments={}, day=DAY, sites=Sites([SITE]))
    questions = tables["questions"].sort_values("visitor", ignore_index=True)
    found = lostness(questions, tables["moves"], links=links(folder))
    keys = ["day", "partition", "question"]
    return Figures(
        paths=len(known),
        questions=len(questions),
        use_back=known["tokens"].map(lambda tokens: "<" in tokens).mean(),
        returned=(questions["backtracks"] > 0).mean(),
        pages=questions["pages"].mean(),
        lostness=questions[keys].merge(found, on=keys, how="left", validate="1:1")["lostness"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    known = paths(folder)
    found = figures(folder, known)
    tokens = known["tokens"].str.len()
    print(f"{found.paths:,} paths, {tokens.sum():,} page views; {found.questions:,} questions")
    print(f"  use back {found.use_back:.2%}; mean tokens {tokens.mean():.4f}")
    print(f"  rebuilt: return {found.returned:.2%}; mean pages {found.pages:.4f}")
    print(f"  {known['rating'].notna().sum():,} rated; lostness by rating, with 95 % intervals:")
    for rating, rows in found.by_rating(known["rating"]).items():
        half = _Z * rows.std() / np.sqrt(len(rows))
        low, high = rows.mean() - half, rows.mean() + half
        print(f"    {rating}  {rows.mean():.3f}  ({low:.3f} to {high:.3f}), {len(rows):,} paths")


if __name__ == "__main__":
    main()
