# SPDX-License-Identifier: EUPL-1.2
"""`klantreis experiment`: what is promised, what runs, and who started and stopped what."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from klantreis.commands import data_option
from klantreis.commands.plan import plan
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


experiment.add_command(plan)


@experiment.command()
@click.argument("name")
@click.option("--actor", help="Who does this; by default the user of this machine.")
@data_option
def start(name: str, actor: str | None, data: Path) -> None:
    """Start the experiment NAME as it is written down now."""
    from klantreis.jobs import now, register_of, task_digests
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    chosen = written(settings, name)
    with open_store(settings.data, settings.redis_url) as store:
        record = register_of(store).start(
            chosen,
            actor=actor or getpass.getuser(),
            now=now(),
            tasks=task_digests(settings, chosen.site),
        )
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
    from experiments.definition import Looks
    from experiments.lifecycle import day_at
    from klantreis.jobs import now, register_of
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        record = register_of(store).stop(name, actor=actor or getpass.getuser(), now=now(), reason=reason)
    click.echo(f"{name} is stopped; everybody sees the current version. How it went: klantreis report {name}")
    promised = record.experiment
    day = day_at(now(), settings.site(promised.site).zone)
    if promised.looks is Looks.END and day < promised.ends:
        click.echo(
            f"Its last day, {promised.ends}, was not over, so the report has figures and no verdict. A test "
            'that may be stopped at a good result is one with looks = "daily".'
        )


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


def written(settings: Settings, name: str) -> Experiment:
    """The definition of that name; raises `SettingsError` where there is none."""
    from experiments.errors import did_you_mean
    from klantreis.jobs import defined_experiments

    found = defined_experiments(settings)
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        hint = did_you_mean(name, sorted(found))
        raise SettingsError(
            f'There is no experiment "{name}" among the definitions of {settings.data}. {hint} '
            f"Written down: {known}."
        )
    return found[name]
