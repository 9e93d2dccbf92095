# SPDX-License-Identifier: EUPL-1.2
"""What an installation is told: `klantreis.toml` in the data folder, and the KLANTREIS_ variables."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from klantreis.errors import SettingsError
from tracker.access import LOOPBACK, Operators, TokenError
from tracker.case_numbers import CaseNumbers, MaskError
from tracker.networks import Network
from tracker.rate import Rate
from tracker.site import Site, Sites

FILE = "klantreis.toml"
PARTITIONS = 16
RETENTION_DAYS = 31
SPOOL_MB = 256
_TOP = {
    "case_numbers",
    "operator_networks",
    "partitions",
    "rate",
    "redis",
    "retention_days",
    "site",
    "spool",
    "staff_networks",
    "trusted_proxies",
}
_REDIS = {"url", "replicas"}
_SPOOL = {"folder", "megabytes"}
_SITE_LISTS = ("search_parameters", "campaign_parameters", "call_code_pages")
_SITE_FILES = ("tasks", "experiments", "calendar")
_SITE = {"hosts", "timezone", *_SITE_LISTS, *_SITE_FILES}

#: Every variable that the program reads, and what it is for; `docs/operations.md` has the same table.
VARIABLES: Mapping[str, str] = {
    "KLANTREIS_COMPILED": "no: interpret admission, also where it was compiled",
    "KLANTREIS_DATA": "folder of the installation's data (as --data)",
    "KLANTREIS_LANGUAGE": "language of what people read, nl or en (as --language)",
    "KLANTREIS_LOG": "form of the log, json or text",
    "KLANTREIS_MATOMO_TOKEN": "token by which a Matomo client may name address and time",
    "KLANTREIS_OPERATOR_TOKEN": "token with which operators read the ledger, runs and metrics",
    "KLANTREIS_PARTITIONS": "number of partitions, never changed later",
    "KLANTREIS_REDIS_URL": "address of your own Redis or Valkey",
    "KLANTREIS_REPLICAS": "replicas of the store that must have an event before it counts as stored",
    "KLANTREIS_RETENTION_DAYS": "DAYs that raw events are kept",
    "KLANTREIS_RUN_TOKEN": "secret that marks load-test events",
    "KLANTREIS_SCHEDULER": "address of the Dask scheduler that rebuilds journeys (as --scheduler)",
    "KLANTREIS_SPOOL": "folder for what the store cannot have (spool in the data folder)",
    "KLANTREIS_SPOOL_MB": "megabytes that folder may have (256; 0: none)",
    "KLANTREIS_TRUSTED_PROXIES": "networks from which X-Forwarded-For is believed, with commas",
}
# Read by the tests, or by the commands' own children.
_OTHERS = {"KLANTREIS_SHARED"}


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """Where the definitions of one site lie."""

    tasks: Path | None = None
    experiments: Path | None = None
    calendar: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an installation is told; the paths under `data` are fixed by convention.

    `replicas` of the store must have an event too before it is acknowledged. What the store cannot have waits
    in the folder `spool`, in at most `spool_mb` megabytes of all collectors on that folder together.
    """

    data: Path
    sites: tuple[Site, ...] = ()
    files: Mapping[str, SiteFiles] = field(default_factory=dict)
    redis_url: str | None = None
    partitions: int = PARTITIONS
    retention_days: int = RETENTION_DAYS
    trusted_proxies: tuple[Network, ...] = ()
    staff_networks: tuple[Network, ...] = ()
    operator_networks: tuple[Network, ...] = ()
    operator_token: str | None = field(default=None, repr=False)
    case_numbers: CaseNumbers | None = None
    rate: Rate = field(default_factory=Rate)
    replicas: int = 0
    spool: Path | None = None
    spool_mb: int = SPOOL_MB

    def operators(self) -> Operators:
        """Who may read the ledger, runs and metrics: this machine, the networks named, who has the token."""
        networks = (*LOOPBACK, *self.operator_networks)
        return Operators(networks, token=self.operator_token, trusted_proxies=self.trusted_proxies)

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    @property
    def tables(self) -> Path:
        return self.data / "tables"

    @property
    def reports(self) -> Path:
        return self.data / "reports"

    @property
    def journeys(self) -> Path:
        return self.data / "journeys"

    @property
    def trends(self) -> Path:
        return self.data / "trends"

    @property
    def hints(self) -> Path:
        return self.data / "hints"

    def registry(self) -> Sites:
        """The sites, ready to be found by host name."""
        return Sites(self.sites)

    def site(self, name: str) -> Site:
        """The site of that name; a site that only an import brought is one without host names."""
        return next((site for site in self.sites if site.name == name), Site(name=name, hosts=frozenset()))


def load(data: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of the data folder; a folder without `klantreis.toml` is one without sites.

    Raises `SettingsError` naming the file and the key.
    """
    path = data / FILE
    raw: dict[str, Any] = {}
    if path.exists():
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:  # also a number or a nesting without end
            raise SettingsError(
                f"{path} is not valid TOML: {error}. Mend that place and try again."
            ) from None
    _refuse_unknown(raw, _TOP, str(path))
    sites, files = [], {}
    for name, table in _table(raw, "site", f"{path}: expected tables [site.NAME]").items():
        where = f"{path}, [site.{name}]"
        if not isinstance(table, dict):
            raise SettingsError(f"{where}: expected a table with hosts, got {table!r}.")
        _refuse_unknown(table, _SITE, where)
        for key in _SITE_FILES:
            if not isinstance(table.get(key, ""), str):
                raise SettingsError(f"{where}: {key} must be the text of a path, got {table[key]!r}.")
        sites.append(_site(name, table, where))
        files[name] = SiteFiles(**{key: data / table[key] for key in _SITE_FILES if key in table})
    store = _table(raw, "redis", f"{path}: expected a table [redis] with url")
    spool = _table(raw, "spool", f"{path}: expected a table [spool] with folder and megabytes")
    _refuse_unknown(store, _REDIS, f"{path}, [redis]")
    _refuse_unknown(spool, _SPOOL, f"{path}, [spool]")
    megabytes = environment.get("KLANTREIS_SPOOL_MB", spool.get("megabytes", SPOOL_MB))
    return Settings(
        data=data,
        sites=tuple(sites),
        files=files,
        redis_url=environment.get("KLANTREIS_REDIS_URL") or store.get("url"),
        replicas=_number("replicas", environment.get("KLANTREIS_REPLICAS", store.get("replicas", 0)), 0, 5),
        spool=data / str(environment.get("KLANTREIS_SPOOL") or spool.get("folder", "spool")),
        spool_mb=_number("the spool's megabytes", megabytes, 0, 1_000_000),
        partitions=_number(
            "partitions", environment.get("KLANTREIS_PARTITIONS", raw.get("partitions", PARTITIONS)), 1, 4096
        ),
        retention_days=_retention(environment.get("KLANTREIS_RETENTION_DAYS", raw.get("retention_days"))),
        trusted_proxies=_networks("trusted_proxies", environment.get("KLANTREIS_TRUSTED_PROXIES"), raw),
        staff_networks=_networks("staff_networks", None, raw),
        operator_networks=_networks("operator_networks", None, raw),
        operator_token=operator_token(environment),
        case_numbers=_case_numbers(raw, path),
        rate=_rate(_table(raw, "rate", f"{path}: expected a table [rate] with per_second and burst"), path),
    )


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """A sentence for each KLANTREIS_ variable that nothing reads: it is likely mistyped."""
    sentences = []
    for name in sorted(environment):
        if name.startswith("KLANTREIS_") and name not in VARIABLES and name not in _OTHERS:
            # Without what all have in common, or anything would be near.
            ends = [known.removeprefix("KLANTREIS_") for known in VARIABLES]
            near = get_close_matches(name.removeprefix("KLANTREIS_"), ends, 1)
            known_all = ", ".join(sorted(VARIABLES))
            hint = f"Did you mean KLANTREIS_{near[0]}?" if near else f"Known are: {known_all}."
            sentences.append(f"the variable {name} is set and means nothing. {hint}")
    return sentences


def run_token(data: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The secret that marks load-test events; made once and kept in the data folder for its owner's eyes."""
    if given := environment.get("KLANTREIS_RUN_TOKEN"):
        return given
    path = data / "run-token"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = secrets.token_hex(16)
        make_folder(data)
        path.touch(mode=0o600)
        path.write_text(token, encoding="ascii")
        return token


def operator_token(environment: Mapping[str, str] = os.environ) -> str | None:
    """What operators show to read the ledger, runs and metrics, or None. Raises `SettingsError`."""
    token = environment.get("KLANTREIS_OPERATOR_TOKEN") or None
    try:
        Operators(token=token)
    except TokenError as error:
        raise SettingsError(f"KLANTREIS_OPERATOR_TOKEN: {error}") from None
    return token


def matomo_token(environment: Mapping[str, str] = os.environ) -> str | None:
    """What Matomo's clients send as `token_auth` to speak for others or of the past; None: nobody may."""
    return environment.get("KLANTREIS_MATOMO_TOKEN") or None


def make_folder(path: Path, mode: int = 0o777) -> Path:
    """Make a folder that we may write, or say in one sentence why not; `mode` is for a new one."""
    try:
        path.mkdir(mode, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The folder {path} cannot be made ({error.strerror}). Give another one with --data, "
            f"or make it writable for this user."
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise SettingsError(
            f"The folder {path} cannot be written by this user. Give another one with --data, "
            f"or mend its rights with chown or chmod."
        )
    return path


def _site(name: str, table: Mapping[str, Any], where: str) -> Site:
    hosts = table.get("hosts", [])
    if not isinstance(hosts, list) or not hosts or not all(isinstance(host, str) for host in hosts):
        raise SettingsError(f'{where}: hosts must be a list of host names, such as ["www.voorbeeldstad.nl"].')
    optional = {key: tuple(table[key]) for key in _SITE_LISTS if key in table}
    site = Site(
        name=name,
        hosts=frozenset(host.lower() for host in hosts),
        timezone=table.get("timezone", Site.__dataclass_fields__["timezone"].default),
        **optional,
    )
    try:
        _ = site.zone
    except (KeyError, ValueError, TypeError, AttributeError):
        raise SettingsError(
            f'{where}: timezone "{site.timezone}" is not known. Expected a name such as "Europe/Amsterdam".'
        ) from None
    return site


def _table(raw: Mapping[str, Any], key: str, expected: str) -> dict[str, Any]:
    table = raw.get(key, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{expected}, got {key} = {table!r}.")
    return table


def _number(name: str, value: object, least: int, most: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise SettingsError(f'{name} is "{value}"; expected a whole number from {least} to {most}.')
    return number


def _retention(value: object) -> int:
    """At least two days: a DAY can be closed, and its repeats found, only beside its neighbours."""
    if value is None:
        return RETENTION_DAYS
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if not 2 <= number <= 3650:
        raise SettingsError(f'retention_days is "{value}"; expected a whole number of days from 2 to 3650.')
    return number


def _networks(key: str, given: str | None, raw: Mapping[str, Any]) -> tuple[Network, ...]:
    texts = given.split(",") if given else raw.get(key, [])
    try:
        return tuple(ip_network(text.strip()) for text in texts)
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingsError(f"{key}: {error}. Expected networks such as 10.0.0.0/8.") from None


def _case_numbers(raw: Mapping[str, Any], path: Path) -> CaseNumbers | None:
    masks = raw.get("case_numbers", [])
    if not isinstance(masks, list):
        raise SettingsError(f'{path}: case_numbers is {masks!r}; expected masks such as ["Z-####-######"].')
    try:
        return CaseNumbers(masks) if masks else None
    except MaskError as error:
        raise SettingsError(f"{path}: {error}") from None


def _rate(table: Mapping[str, Any], path: Path) -> Rate:
    where = f"{path}, [rate]"
    _refuse_unknown(table, {"per_second", "burst"}, where)
    for key, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SettingsError(f"{where}: {key} is {value!r}; expected a number.")
    try:
        return Rate(**table)
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from None


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(sorted(known))}."
            raise SettingsError(f'{where}: unknown key "{key}". {hint}')
