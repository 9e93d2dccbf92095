# SPDX-License-Identifier: EUPL-1.2
"""`/metrics`: what a Prometheus reads, made when it asks.

Two kinds of series, so that nothing is counted twice. Those with the label `worker` say what one process did
since it started; add them up over workers and machines. Those without say what the installation as a whole
holds (streams, ledger, silent sites); every collector tells the same, so take one or the highest. Only the
spool is the machine's: add it up over machines.
Labels come from closed lists: workers, reasons, types, statuses, partitions, names of sites. No page, no
visitor and no word of a resident is ever one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector as Source

from tracker import ledger
from tracker.arrival import Reason
from tracker.scrub import Mark
from tracker.spool_room import Occupancy
from tracker.worker import Distribution, Snapshot

_REFUSED_DROPS = frozenset(
    {
        Reason.MALFORMED,
        Reason.TOO_LARGE,
        Reason.WRONG_METHOD,
        Reason.WRONG_TYPE,
        Reason.RATE_LIMITED,
    }
)


class Installation(msgspec.Struct, frozen=True):
    """What the store says of the installation as a whole.

    `streams` are entries not archived yet, by partition; `lag_s` is the age of the oldest; `unbalanced` is
    how many beacons of today the ledger cannot account for; `silent` tells of each site whether it fell
    silent, and `silent_pages` how many of its busiest pages did, as of `silence_checked_at` (s since 1970).
    """

    streams: Sequence[int]
    lag_s: float
    unbalanced: int
    silent: Mapping[str, bool] = {}
    silent_pages: Mapping[str, int] = {}
    silence_checked_at: float | None = None


def exposition(
    workers: Iterable[Snapshot],
    installation: Installation | None,
    accept: str,
    *,
    is_up: bool,
    spool: Occupancy | None,
) -> tuple[str, bytes]:
    """Content type and text in the format that `accept` (the request's header) asks for.

    `installation` is None where the store cannot be read; it `is_up` where it would take a beacon. `spool` is
    that of this machine; None where there is none.
    """
    registry = CollectorRegistry()
    ordered = sorted(workers, key=lambda one: one.worker)
    registry.register(_Families(ordered, installation, is_up=is_up, spool=spool))
    encode, content_type = choose_encoder(accept)
    return content_type, encode(registry)


class _Families(Source):
    def __init__(
        self,
        workers: Sequence[Snapshot],
        installation: Installation | None,
        *,
        is_up: bool,
        spool: Occupancy | None,
    ) -> None:
        self._workers = workers
        self._installation = installation
        self._is_up = is_up
        self._spool = spool

    def collect(self) -> Iterator[Metric]:
        yield from _of_workers(self._workers)
        yield from _of_beacons(self._workers)
        text = "1 where the store would take a beacon, and as many replicas have it as must."
        yield GaugeMetricFamily("klantreis_store_up", text, value=int(self._is_up))
        if self._spool is not None:
            yield from _of_spool(self._spool)
        if self._installation is not None:
            yield from _of_installation(self._installation)


def _of_beacons(workers: Sequence[Snapshot]) -> Iterator[Metric]:
    for name, field, text in (
        ("received", ledger.IN, "Beacons whose fate is known: stored or dropped."),
        ("stored", ledger.STORED, "Beacons that the store acknowledged."),
    ):
        yield _counter(f"klantreis_beacons_{name}", text, ((w, (), w.ledger.get(field, 0)) for w in workers))
    yield _counter(
        "klantreis_beacons_dropped",
        "Beacons dropped, by reason.",
        ((w, (reason,), w.ledger.get(ledger.dropped(reason), 0)) for w in workers for reason in Reason),
        "reason",
    )
    yield _counter(
        "klantreis_events_stored",
        "Events that the store acknowledged.",
        ((w, (), w.ledger.get(ledger.EVENTS, 0)) for w in workers),
    )
    yield _counter(
        "klantreis_redactions",
        "Personal data taken out before storing, by type.",
        ((w, (mark,), w.ledger.get(ledger.redacted(mark), 0)) for w in workers for mark in Mark),
        "type",
    )
    yield _counter(
        "klantreis_answers",
        "Answers by HTTP status: 204 to beacons, and every one of 400 and above.",
        ((w, (str(status),), count) for w in workers for status, count in answers(w).items()),
        "status",
    )


def answers(worker: Snapshot) -> dict[int, int]:
    """Answers by status: a 204 is a beacon that was stored, or dropped by policy."""
    fine = [ledger.STORED, *(ledger.dropped(reason) for reason in Reason if reason not in _REFUSED_DROPS)]
    found = {204: sum(worker.ledger.get(field, 0) for field in fine)}
    return found | dict(sorted(worker.refused.items()))


def _of_workers(workers: Sequence[Snapshot]) -> Iterator[Metric]:
    for name, text, value in (
        ("klantreis_events_waiting", "Events that wait for the store.", lambda w: w.events_waiting),
        (
            "klantreis_process_resident_memory_bytes",
            "Resident memory of the worker.",
            lambda w: w.memory_bytes,
        ),
        (
            "klantreis_process_start_time_seconds",
            "When the worker started, since 1970.",
            lambda w: w.started_at,
        ),
    ):
        gauge = GaugeMetricFamily(name, text, labels=["worker"])
        for worker in workers:
            gauge.add_metric([str(worker.worker)], value(worker))  # type: ignore[no-untyped-call]
        yield gauge
    yield _counter("klantreis_process_cpu_seconds", "Processor time.", ((w, (), w.cpu_s) for w in workers))
    yield _counter(
        "klantreis_store_failures",
        "Groups of beacons that the store did not take.",
        ((w, (), w.store_failures) for w in workers),
    )
    yield _histogram(
        "klantreis_group_events", "Events written in one go.", ((w.worker, w.groups) for w in workers)
    )
    yield _histogram(
        "klantreis_store_seconds",
        "From writing a group to its acknowledgement.",
        ((w.worker, w.store_s) for w in workers),
    )


def _of_spool(found: Occupancy) -> Iterator[Metric]:
    for name, text, value in (
        ("klantreis_spool_bytes", "On disk, of beacons that wait for the store.", found.bytes),
        ("klantreis_spool_damaged_files", "Segments with beacons that nobody could read.", found.damaged),
    ):
        yield GaugeMetricFamily(name, text, value=value)


def _of_installation(found: Installation) -> Iterator[Metric]:
    streams = GaugeMetricFamily("klantreis_stream_entries", "Events not archived yet.", labels=["partition"])
    for partition, length in enumerate(found.streams):
        streams.add_metric([str(partition)], length)
    yield streams
    yield GaugeMetricFamily(
        "klantreis_archive_lag_seconds", "Age of the oldest event not archived.", value=found.lag_s
    )
    yield GaugeMetricFamily(
        "klantreis_ledger_unbalanced_beacons",
        "Beacons of today neither stored nor dropped, by the ledger.",
        value=found.unbalanced,
    )
    if found.silence_checked_at is None:
        return
    for name, text, values in (
        ("klantreis_site_silent", "1 where a site that used to send fell silent.", found.silent),
        ("klantreis_pages_silent", "Busiest pages of a site that fell silent.", found.silent_pages),
    ):
        gauge = GaugeMetricFamily(name, text, labels=["site"])
        for site, value in sorted(values.items()):
            gauge.add_metric([site], int(value))
        yield gauge
    yield GaugeMetricFamily(
        "klantreis_silence_checked_timestamp_seconds",
        "When silence was last looked for, since 1970.",
        value=found.silence_checked_at,
    )


def _counter(
    name: str, text: str, values: Iterable[tuple[Snapshot, tuple[str, ...], float]], *labels: str
) -> Metric:
    family = CounterMetricFamily(name, text, labels=["worker", *labels])
    for worker, named, value in values:
        family.add_metric([str(worker.worker), *named], value)
    return family


def _histogram(name: str, text: str, values: Iterable[tuple[int, Distribution]]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=["worker"])
    for worker, found in values:
        below, buckets = 0, list[tuple[str, float]]()
        for bound, count in zip([*found.bounds, float("inf")], found.counts, strict=True):
            below += count
            buckets.append(("+Inf" if bound == float("inf") else str(float(bound)), below))
        family.add_metric([str(worker)], buckets, found.total)
    return family
