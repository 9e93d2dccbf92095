# SPDX-License-Identifier: EUPL-1.2
"""One ASGI application out of the rooms; `klantreis.serving` serves it.

The collector stands in front, since it is on the way of every page; Flask answers behind it, in threads.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from klantreis.errors import KlantreisError
from tracker.happenings import happened

if TYPE_CHECKING:
    from flask import Flask

    from klantreis.settings import Settings
    from klantreis.store import Store
    from tracker.collector import Collector
    from tracker.worker import Workers

LOG = logging.getLogger(__name__)

#: Of an archiver that ended by itself: how soon that is seen, and the pause before it is started again.
LOOK_S, PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0, 300.0

ASGI = Any  # an ASGI 3 callable; its type is as wide as the protocol


class PortError(KlantreisError):
    """The address to listen on cannot be had."""


def create_collector(
    settings: Settings, store_url: str, *, fallback: ASGI | None = None, workers: Workers | None = None
) -> Collector:
    """The collector of this installation, also for Matomo's clients; the rest goes to `fallback`."""
    from klantreis.settings import make_folder, matomo_token, run_token
    from tracker.collector import Collector, CollectorSettings
    from tracker.matomo_endpoint import MatomoEndpoint
    from tracker.spool_room import MIB

    def archived(run: str) -> Collection[tuple[str, str, int]]:
        from tracker.archive_reader import identities_of_run

        return identities_of_run(settings.archive, run)

    spool = settings.spool if settings.spool_mb else None
    if spool is not None:
        make_folder(spool, 0o700)
    matomo = MatomoEndpoint(token=matomo_token(), keep_days=settings.retention_days, fallback=fallback)
    collector = Collector(
        CollectorSettings(
            sites=settings.registry(),
            store_url=store_url,
            partitions=settings.partitions,
            trusted_proxies=settings.trusted_proxies,
            staff_networks=settings.staff_networks,
            run_token=run_token(settings.data),
            operators=settings.operators(),
            cases=settings.case_numbers,
            rate=settings.rate,
            linger_s=0.004,  # nobody waits for a beacon, and on a quiet site it halves what one costs
            replicas=settings.replicas,
            spool=spool,
            spool_bytes=settings.spool_mb * MIB,
        ),
        archived=archived,
        fallback=matomo,
        workers=workers,
    )
    matomo.serve(collector)
    return collector


def tell_of_no_site(settings: Settings) -> None:
    """One line in the log where nothing can be measured: whoever looks only at the pages would not know."""
    from klantreis.settings import FILE

    if not settings.sites:
        happened(
            LOG,
            "No site is named, so every beacon is dropped as of an unknown site. "
            f"Write [site.NAME] with hosts into {settings.data / FILE}, and start again.",
            action="start",
            object="sites",
            result="refused",
        )


def create_demo_site(
    settings: Settings, store: Store, *, clock: Any = None, chance: random.Random | None = None
) -> Flask:
    """The municipal site with the running experiments wired in."""
    from experiments.flask_extension import Experiments
    from klantreis.jobs import defined_experiments, now, register_of
    from web_demo.site import create_site

    extension = Experiments(
        register_of(store),
        clock=clock or now,
        random=chance or random.SystemRandom(),
        definitions=defined_experiments(settings).values(),
    )
    return create_site(experiments=extension, data_dir=settings.data)


def create_app(settings: Settings, store: Store, *, demo_site: bool) -> Collector:
    """Collector in front; reports, register and, for the demo, the municipal site behind it."""
    from a2wsgi import WSGIMiddleware

    from klantreis.jobs import register_of
    from klantreis.web import beside, create_console

    pages: Any = create_console(settings, register_of(store))
    if demo_site:
        pages = beside(create_demo_site(settings, store), pages)
    return create_collector(settings, store.url, fallback=WSGIMiddleware(pages, workers=8))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, or one sentence that says why there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise PortError(
            f"Cannot listen on {host}:{port} ({reason}). "
            f"Give a free port with --port, such as --port {port % 64000 + 1}."
        ) from None
    return listener


@contextmanager
def archiver_beside(settings: Settings, store: Store, *, every_s: float = 10.0) -> Iterator[None]:
    """`klantreis archive` as a process of its own while we serve, so that it costs no page anything.

    Started again where it ends by itself: without it the store would fill.
    """
    command = [
        sys.executable,
        "-m",
        "klantreis",
        "archive",
        "--every",
        str(every_s),
        "--data",
        str(settings.data),
    ]
    environment = {**os.environ, **({"KLANTREIS_REDIS_URL": store.url} if settings.redis_url else {})}
    with kept_running(command, environment):
        yield


@contextmanager
def kept_running(
    command: Sequence[str], environment: Mapping[str, str], *, pause_s: float = PAUSE_S
) -> Iterator[None]:
    """The archiver, started again after a pause whenever it ends before the block does; the pause doubles, up
    to five minutes, while it ends soon."""
    stopping = threading.Event()
    process = subprocess.Popen(command, env=environment)  # noqa: S603  our own program
    keeper = threading.Thread(
        target=_keep_running, args=(process, command, environment, stopping, pause_s), name="archiver-keeper"
    )
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join()


def _keep_running(
    process: subprocess.Popen[bytes],
    command: Sequence[str],
    environment: Mapping[str, str],
    stopping: threading.Event,
    pause_s: float,
) -> None:
    pause = pause_s
    while True:
        began = time.monotonic()
        while process.poll() is None:
            if stopping.wait(LOOK_S):
                _end(process)
                return
        if time.monotonic() - began > LONGEST_PAUSE_S:
            pause = pause_s
        if stopping.wait(pause):
            return
        happened(
            LOG,
            f"The archiver had ended by itself (exit {process.returncode}); it is started again.",
            action="restart",
            object="archiver",
            result="failed",
            exit=process.returncode,
        )
        pause = min(2 * pause, LONGEST_PAUSE_S)
        with suppress(OSError):  # such as too many processes: then the next time
            process = subprocess.Popen(command, env=environment)  # noqa: S603


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
