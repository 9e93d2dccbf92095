# SPDX-License-Identifier: EUPL-1.2
"""Real people looking for a known page: Wikispeedia's finished paths, rebuilt as journeys.

    python benchmarks/wikispeedia.py ../shared/data/wikispeedia

The folder holds `paths_finished_unique.tsv` and `links.tsv` (West & Leskovec, WWW 2012; West, Pineau &
Precup, IJCAI 2009). Every path becomes the page views of one visitor, `<` a return to the page before;
nothing but the reconstruction counts its pages, its different pages and its returns (a link back to an
earlier page is one too). How far people had to go comes from the graph of links. Printed are the shares that
are known of the data, and lostness by how hard people found it.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from analysis.lostness import smith
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
    """The page views that a tracker would have kept. Only the seconds of a whole path are known, so they are
    spread evenly over its steps, and cut where they would make a silence that ends a session."""
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
            rows.append((visitor, start + visitor + place * pause_ms, view, f"/wiki/{trail[-1]}", before))
            before = view
    frame = pd.DataFrame(rows, columns=["visitor", "time", "page_view", "path", "origin"])
    return frame.assign(site=SITE.name, kind="view", index=np.int16(0))


def fewest_pages(folder: Path, known: pd.DataFrame) -> np.ndarray:
    """The fewest pages from the start of each path to its end, both counted."""
    links = pd.read_csv(folder / "links.tsv", sep="\t", comment="#", names=["source", "target"])
    ends = pd.DataFrame({"source": known["tokens"].str[0], "target": known["tokens"].str[-1]})
    names = pd.Index(pd.unique(pd.concat([links["source"], links["target"], ends["source"], ends["target"]])))
    source, target = names.get_indexer(links["source"]), names.get_indexer(links["target"])
    graph = csr_array((np.ones(len(links), np.int8), (source, target)), shape=(len(names), len(names)))
    first, place = np.unique(names.get_indexer(ends["source"]), return_inverse=True)
    steps = shortest_path(graph, unweighted=True, indices=first)
    return np.asarray(steps[place, names.get_indexer(ends["target"])] + 1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    known = paths(folder)
    events = as_events(known)
    tables = reconstruct(events, tasks={}, experiments={}, day=DAY, sites=Sites([SITE]))
    questions = tables["questions"].sort_values("visitor", ignore_index=True)
    length = known["tokens"].str.len()
    backs = known["tokens"].map(lambda tokens: tokens.count("<"))
    print(f"{len(known):,} paths, {len(events):,} page views; {len(questions):,} questions")
    print(f"  use back {(backs > 0).mean():.2%}; mean tokens {length.mean():.4f}")
    returned, pages = (questions["backtracks"] > 0).mean(), questions["pages"].mean()
    print(f"  rebuilt: return {returned:.2%}; mean pages {pages:.4f}")
    views = questions["pages"].to_numpy()
    found = smith(views, questions["distinct_pages"], fewest_pages(folder, known))
    print(f"  {known['rating'].notna().sum():,} rated; lostness by rating, with 95 % intervals:")
    for rating, rows in pd.Series(found).groupby(known["rating"]):
        half = _Z * rows.std() / np.sqrt(len(rows))
        low, high = rows.mean() - half, rows.mean() + half
        print(f"    {rating:.0f}  {rows.mean():.3f}  ({low:.3f} to {high:.3f}), {len(rows):,} paths")


if __name__ == "__main__":
    main()
