# SPDX-License-Identifier: EUPL-1.2
"""`klantreis experiment`: what is promised, what runs, and who started and stopped what."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from klantreis.commands import data_option
from klantreis.errors import SettingsError

if TYPE_CHECKING:
    from experiments.definition import Experiment
    from klantreis.settings import Settings

EPILOG = """\b
Examples:
  klantreis experiment check
  klantreis experiment start zwerfvuil
  klantreis experiment stop zwerfvuil --reason "De proef is klaar."
"""


@click.group(epilog=EPILOG)
def experiment() -> None:
    """Experiments: list, check, plan, start, ramp and stop them, and read their audit trail."""


@experiment.command("list")
@data_option
def list_(data: Path) -> None:
    """What is written down and what runs."""
    from experiments.lifecycle import day_at
    from klantreis.jobs import defined_experiments, now, register_of
    from klantreis.settings import load
    from klantreis.store import open_store
    from klantreis.terminal import table

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        register = register_of(store)
        records = register.all()
        day = day_at(now(), register.zone)
    written = defined_experiments(settings)
    rows = []
    for name in sorted({*written, *records}):
        one = records[name].experiment if name in records else written[name]
        state = records[name].state(day).value if name in records else "not started"
        variants = ", ".join(f"{variant.name} {variant.weight:.0%}" for variant in one.variants)
        rows.append([name, state, f"{one.starts} – {one.ends}", variants, one.question])
    click.echo(table(["name", "state", "dates", "variants", "question"], rows))


@experiment.command()
@data_option
@click.pass_context
def check(ctx: click.Context, data: Path) -> None:
    """Read every definition and say what is wrong or worth a look. Exit 1 when something must be mended."""
    from analysis.tasks import load as load_tasks
    from experiments.checking import Severity
    from experiments.checking import check as check_all
    from experiments.lifecycle import day_at
    from klantreis.jobs import defined_experiments, now, register_of
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    written = defined_experiments(settings)
    with open_store(settings.data, settings.redis_url) as store:
        register = register_of(store)
        records = register.all()
        day = day_at(now(), register.zone)
    paths = [files.tasks for files in settings.files.values() if files.tasks]
    findings = check_all(
        written.values(),
        today=day,
        records=records,
        sites=[site.name for site in settings.sites],
        tasks=[task.name for path in paths for task in load_tasks(path)],
    )
    for finding in findings:
        click.echo(str(finding))
    wrong = [finding for finding in findings if finding.severity is Severity.ERROR]
    click.echo(f"{len(written)} experiments read, {len(wrong)} errors, {len(findings) - len(wrong)} warnings")
    ctx.exit(1 if wrong else 0)


@experiment.command(
    epilog="""\b
Examples:
  klantreis experiment plan --baseline 0.50 --effect 0.05 --browsers-per-day 50
  klantreis experiment plan --baseline 0.50 --effect 0.05 --browsers-per-day 200 --looks daily --curve
  klantreis experiment plan --baseline 6 --effect -0.5 --spread 4 --browsers-per-day 100
"""
)
@click.option(
    "--baseline", type=float, required=True, help="Share that succeeds today; with --spread a mean."
)
@click.option("--effect", type=float, required=True, help="Smallest difference worth seeing, such as 0.05.")
@click.option("--browsers-per-day", type=float, required=True, help="Browsers that reach the pages on a day.")
@click.option("--spread", type=float, help="Standard deviation, where the metric is a mean.")
@click.option("--power", type=float, default=0.8, show_default=True)
@click.option("--alpha", type=float, default=0.05, show_default=True)
@click.option("--guardrails", type=int, default=0, show_default=True, help="How many there will be.")
@click.option("--variants", type=click.IntRange(2), default=2, show_default=True, help="Control included.")
@click.option("--coverage", type=float, default=1.0, show_default=True, help="Share that takes part.")
@click.option(
    "--looks",
    type=click.Choice(["end", "daily", "any-time"]),
    default="end",
    show_default=True,
    help="When a verdict may be given.",
)
@click.option("--curve", is_flag=True, help="Also the chance to see smaller and larger differences.")
@click.option(
    "--weeks", type=click.IntRange(1), default=12, show_default=True, help="Longest that it may run."
)
@data_option
def plan(
    baseline: float,
    effect: float,
    browsers_per_day: float,
    spread: float | None,
    power: float,
    alpha: float,
    guardrails: int,
    variants: int,
    coverage: float,
    looks: str,
    curve: bool,
    weeks: int,
    data: Path,  # noqa: ARG001  every command takes it
) -> None:
    """How many browsers an experiment needs, and how long that takes at this site's traffic."""
    from experiments.definition import Looks
    from experiments.planning import Question
    from experiments.planning import plan as make_plan

    question = Question(
        baseline=baseline,
        effect=effect,
        power=power,
        alpha=alpha,
        browsers_per_day=browsers_per_day,
        spread=spread,
        guardrails=guardrails,
        weights=(1.0,) * variants,
        coverage=coverage,
        max_weeks=weeks,
    )
    found = make_plan(question)
    if looks != "end":
        from analysis.sequential_planning import inflation

        # More looks than this change the factor by less than a browser in a hundred.
        days = min(found.days, 63)
        level = 1 - alpha / (variants - 1)
        asked = 1 - (1 - power) / (guardrails + 1)
        factor = inflation(Looks(looks), days, power=asked, level=level)
        found = make_plan(question, inflation=factor)
    click.echo(found.sentences["nl"])
    click.echo(found.sentences["en"])
    if found.inflation > 1:
        click.echo(f"Looking on the way takes {found.inflation - 1:.1%} more than judging once at the end.")
    if curve:
        click.echo("difference  chance to see it")
        for difference, chance in found.curve:
            click.echo(f"{difference:>+10.4g}  {chance:>16.0%}")


@experiment.command()
@click.argument("name")
@click.option("--actor", help="Who does this; by default the user of this machine.")
@data_option
def start(name: str, actor: str | None, data: Path) -> None:
    """Start the experiment NAME as it is written down now."""
    from klantreis.jobs import now, register_of
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    chosen = _written(settings, name)
    with open_store(settings.data, settings.redis_url) as store:
        record = register_of(store).start(chosen, actor=actor or getpass.getuser(), now=now())
    click.echo(
        f"{name} is started; it runs from {chosen.starts} to {chosen.ends} (fingerprint {record.digest})."
    )


@experiment.command()
@click.argument("name")
@click.argument("coverage", type=click.FloatRange(0, 1, min_open=True))
@click.option("--actor", help="Who does this; by default the user of this machine.")
@data_option
def ramp(name: str, coverage: float, actor: str | None, data: Path) -> None:
    """Let a larger share of the buckets take part in NAME, such as 0.5."""
    from klantreis.jobs import now, register_of
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        register_of(store).ramp(name, coverage, actor=actor or getpass.getuser(), now=now())
    click.echo(f"{coverage:.0%} of the buckets take part in {name}.")


@experiment.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why; goes into the audit trail.")
@click.option("--actor", help="Who does this; by default the user of this machine.")
@data_option
def stop(name: str, reason: str, actor: str | None, data: Path) -> None:
    """Stop the experiment NAME: from now on everybody sees the current version."""
    from klantreis.jobs import now, register_of
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        register_of(store).stop(name, actor=actor or getpass.getuser(), now=now(), reason=reason)
    click.echo(f"{name} is stopped; everybody sees the current version. How it went: klantreis report {name}")


@experiment.command()
@click.argument("name", required=False)
@data_option
def history(name: str | None, data: Path) -> None:
    """The audit trail of NAME, or of all experiments."""
    from klantreis.jobs import register_of
    from klantreis.settings import load
    from klantreis.store import open_store
    from klantreis.terminal import table

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        entries = register_of(store).history(name)
    rows = [[e.timestamp, e.action, e.object, e.result, e.actor, e.origin, e.detail] for e in entries]
    click.echo(table(["timestamp", "action", "object", "result", "actor", "origin", "detail"], rows))


def _written(settings: Settings, name: str) -> Experiment:
    from experiments.errors import did_you_mean
    from klantreis.jobs import defined_experiments

    written = defined_experiments(settings)
    if name not in written:
        known = ", ".join(sorted(written)) or "none"
        hint = did_you_mean(name, sorted(written))
        raise SettingsError(
            f'There is no experiment "{name}" among the definitions of {settings.data}. {hint} '
            f"Written down: {known}."
        )
    return written[name]
