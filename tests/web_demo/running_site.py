# SPDX-License-Identifier: EUPL-1.2
"""The demo site with its three experiments running, for tests that visit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from random import Random

from flask import Flask

import web_demo
from experiments.definition import Experiment
from experiments.flask_extension import Experiments
from experiments.loading import load
from experiments.register import FixedRegister
from web_demo.site import create_site

DEFINITIONS = Path(web_demo.__file__).parent / "definitions" / "experiments"


def demo_experiments(starts: date = date(2020, 1, 1), ends: date = date(2099, 12, 31)) -> list[Experiment]:
    """The demo's experiments, running between two days."""
    return [replace(one, starts=starts, ends=ends) for one in load([DEFINITIONS]).values()]


def running_site(clock: Callable[[], datetime], random: Random) -> Flask:
    """The site at the moment that `clock` tells; `random` draws the buckets."""
    register = FixedRegister(demo_experiments())
    return create_site(experiments=Experiments(register, clock=clock, random=random))
