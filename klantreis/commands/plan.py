# SPDX-License-Identifier: EUPL-1.2
"""`klantreis experiment plan`: how many browsers a test takes, and how long that is on this site."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from klantreis.commands import data_option, out_option, write_out

if TYPE_CHECKING:
    from analysis.traffic import Traffic
    from experiments.definition import Experiment, Looks
    from experiments.planning import Plan, Question

EPILOG = """\b
Examples:
  klantreis experiment plan zwerfvuil --effect 0.05
  klantreis experiment plan zwerfvuil --effect 0.05 --format html --out plan.html
  klantreis experiment plan --baseline 0.50 --effect 0.05 --browsers-per-day 50
  klantreis experiment plan --baseline 0.50 --effect 0.05 --browsers-per-day 200 --looks daily --curve
  klantreis experiment plan --baseline 6 --effect -0.5 --spread 4 --browsers-per-day 100
"""


@click.command(epilog=EPILOG)
@click.argument("name", required=False)
@click.option(
    "--baseline", type=float, help="Share that succeeds today; with --spread a mean. With NAME: as recorded."
)
@click.option("--effect", type=float, required=True, help="Smallest difference worth seeing, such as 0.05.")
@click.option(
    "--browsers-per-day", type=float, help="Browsers that reach the pages on a day. With NAME: as recorded."
)
@click.option("--spread", type=float, help="Standard deviation, where the metric is a mean.")
@click.option("--power", type=float, default=0.8, show_default=True)
@click.option("--alpha", type=float, default=0.05, show_default=True)
@click.option("--guardrails", type=int, help="How many there will be; by default those of NAME, or none.")
@click.option("--variants", type=click.IntRange(2), help="Control included; by default those of NAME, or 2.")
@click.option("--coverage", type=float, help="Share that takes part; by default that of NAME, or all.")
@click.option(
    "--looks",
    type=click.Choice(["end", "daily", "any-time"]),
    help="When a verdict may be given; by default as NAME says, or at the end.",
)
@click.option("--curve", is_flag=True, help="Also the chance to see smaller and larger differences.")
@click.option(
    "--weeks", type=click.IntRange(1), default=12, show_default=True, help="Longest that it may run."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "html", "json"]), default="text", show_default=True
)
@out_option
@data_option
def plan(
    name: str | None,
    effect: float,
    looks: str | None,
    curve: bool,
    form: str,
    out: Path | None,
    data: Path,
    **given: Any,
) -> None:
    """How many browsers an experiment needs, and how long that takes at this site's traffic.

    With NAME, traffic and baseline come from the days that were recorded, and versions, guardrails and
    coverage from its definition.
    """
    from analysis.rendering import plans
    from analysis.traffic import commoner, designs
    from experiments.definition import Looks

    experiment, traffic, question = _asked(name, effect, data, given)
    chosen = Looks(looks or (experiment.looks.value if experiment else "end"))
    made = designs(question)
    others: dict[str, Plan] = {}
    pooled: Plan | None = None
    if experiment is not None and traffic is not None and not made[chosen].possible:
        others = commoner(experiment, traffic, question, chosen)
        pooled = _pooled(experiment, question, data, chosen)
    told = plans.Planned(
        name=name or "",
        metric=experiment.primary.name if experiment else "",
        days=traffic.days if traffic else 0,
        chosen=chosen,
        designs=made,
        commoner=others,
        pooled=pooled,
        curve=curve,
    )
    write_out(plans.render(told, form=form), out)


def _asked(
    name: str | None, effect: float, data: Path, given: dict[str, Any]
) -> tuple[Experiment | None, Traffic | None, Question]:
    from experiments.planning import Question

    told = {key: value for key, value in given.items() if value is not None}
    told["max_weeks"] = told.pop("weeks")
    if "variants" in told:
        told["weights"] = (1.0,) * told.pop("variants")
    if name is None:
        missing = [option for option in ("baseline", "browsers_per_day") if option not in told]
        if missing:
            options = " and ".join("--" + option.replace("_", "-") for option in missing)
            raise click.UsageError(
                f"Give {options}, or the NAME of an experiment: then both come from what was recorded."
            )
        return None, None, Question(effect=effect, **told)
    from analysis.traffic import question_of, recorded
    from klantreis.commands.experiment import written
    from klantreis.settings import load

    settings = load(data)
    experiment = written(settings, name)
    traffic = recorded(settings.tables, experiment)
    return experiment, traffic, replace(question_of(experiment, traffic, effect), **told)


def _pooled(experiment: Experiment, question: Question, data: Path, looks: Looks) -> Plan | None:
    """The same test over all tasks of its pages, looked at in the same way; None where that does not fit
    either."""
    from dataclasses import replace

    from analysis.traffic import planned, recorded
    from klantreis.settings import load

    if experiment.task is None or question.spread is not None:
        return None
    together = recorded(load(data).tables, replace(experiment, task=None))
    share = together.metrics[experiment.primary.name].value
    effect = question.effect / question.baseline * share
    if not (0 < share < 1 and 0 < share + effect < 1):
        return None
    asked = replace(question, baseline=share, effect=effect, browsers_per_day=together.browsers_per_day)
    found = planned(asked, looks)
    return found if found.possible else None
