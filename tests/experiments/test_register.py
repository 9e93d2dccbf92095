# SPDX-License-Identifier: EUPL-1.2
"""The lifecycle of an experiment and its audit trail, on an embedded Valkey and on a real Redis."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
import redis

from experiments.definition import Better, Experiment, Looks, Metric
from experiments.errors import ExperimentsError, RefusedError
from experiments.lifecycle import State, changed_fields, day_at, digest
from experiments.register import AMSTERDAM, FixedRegister, Register
from tests.experiments.definitions import DEBTS, LITTER, NOON, litter
from tests.servers import free_port
from tracker.keys import Keys


def now_and_here(job: Callable[[], None]) -> None:
    job()


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def register(stores: redis.Redis, prefix: str) -> Register:
    return Register(stores, Keys(prefix), spawn=now_and_here)


class TestStart:
    def test_what_is_started_runs_and_is_kept_as_promised(self, register: Register) -> None:
        record = register.start(LITTER, "N. Testman", NOON)
        assert register.running(NOON) == {"zwerfvuil": LITTER}
        assert register.all() == {"zwerfvuil": record}
        assert (record.experiment, record.started_at, record.started_by) == (LITTER, NOON, "N. Testman")
        assert record.digest == digest(LITTER)

    def test_it_runs_between_its_days(self, register: Register) -> None:
        """DAY turns at 04:00 in Amsterdam, 02:00 UTC in summer."""
        register.start(LITTER, "N. Testman", datetime(2026, 5, 1, tzinfo=UTC))
        first, end = datetime(2026, 6, 1, 2, tzinfo=UTC), datetime(2026, 6, 15, 2, tzinfo=UTC)
        second = timedelta(seconds=1)
        assert [bool(register.running(at)) for at in (first - second, first, end - second, end)] == [
            False, True, True, False,
        ]  # fmt: skip
        states = [
            register.all()["zwerfvuil"].state(day_at(at, AMSTERDAM)) for at in (first - second, first, end)
        ]
        assert states == [State.SCHEDULED, State.RUNNING, State.ENDED]

    @pytest.mark.parametrize(
        ("experiment", "now", "says"),
        [
            (litter(approved_by=" "), NOON, "approved_by is empty"),
            (litter(roll_back=""), NOON, "roll_back is empty"),
            (litter(ends=date(2026, 6, 2)), NOON, "Its last day, 2026-06-02, is over (today is 2026-06-03)"),
        ],
    )
    def test_refusals(self, register: Register, experiment: Experiment, now: datetime, says: str) -> None:
        with pytest.raises(RefusedError) as caught:
            register.start(experiment, "N. Testman", now)
        assert says in str(caught.value)
        assert register.all() == {}

    def test_all_reasons_come_together(self, register: Register) -> None:
        with pytest.raises(RefusedError) as caught:
            register.start(litter(approved_by="", roll_back="", ends=date(2026, 6, 2)), "", NOON)
        assert len(caught.value.reasons) == 4

    @pytest.mark.parametrize(
        ("again", "says"),
        [
            (LITTER, "It is already running: nothing needs to be done."),
            (litter(coverage=0.5), "raise its coverage with `klantreis experiment ramp zwerfvuil`"),
            (
                litter(planned_size=9, primary=Metric("pages", Better.LOWER)),
                "the definition has changed since (primary, planned_size)",
            ),
            (litter(site="elders"), "the definition has changed since (site)"),
        ],
    )
    def test_a_running_test_keeps_its_promise(self, register: Register, again: Experiment, says: str) -> None:
        register.start(LITTER, "N. Testman", NOON)
        with pytest.raises(RefusedError) as caught:
            register.start(again, "N. Testman", NOON)
        assert says in str(caught.value)
        assert register.running(NOON) == {"zwerfvuil": LITTER}

    def test_a_used_name_stays_used(self, register: Register) -> None:
        """The cookies and the hash hang on the name: a second run would count first exposures twice."""
        register.start(LITTER, "N. Testman", NOON)
        register.stop("zwerfvuil", "N. Testman", NOON, "Klaar.")
        with pytest.raises(RefusedError, match=r'A test of this name has stopped.* such as "zwerfvuil-2"'):
            register.start(LITTER, "N. Testman", NOON)

    def test_of_two_that_start_at_once_one_does(self, stores: redis.Redis, prefix: str) -> None:
        everyone, outcomes = threading.Barrier(8), []

        def start(who: int) -> None:
            own = Register(stores, Keys(prefix))
            everyone.wait()
            try:
                own.start(litter(planned_size=who), f"N. Testman {who}", NOON)
                outcomes.append("done")
            except RefusedError:
                outcomes.append("refused")

        threads = [threading.Thread(target=start, args=(who,)) for who in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["done"] + ["refused"] * 7
        register = Register(stores, Keys(prefix))
        done = [entry for entry in register.history("zwerfvuil") if entry.result == "done"]
        assert len(done) == 1
        assert done[0].actor == register.all()["zwerfvuil"].started_by


class TestRamp:
    def test_coverage_grows_and_its_history_is_kept(self, register: Register) -> None:
        small, later = litter(coverage=0.1), NOON + timedelta(days=1)
        register.start(small, "N. Testman", NOON)
        record = register.ramp("zwerfvuil", 0.5, "D. Proef", later)
        assert register.running(later)["zwerfvuil"] == replace(small, coverage=0.5)
        assert [(ramp.at, ramp.coverage) for ramp in record.ramps] == [(NOON, 0.1), (later, 0.5)]
        assert record.digest == digest(small)

    @pytest.mark.parametrize("coverage", [0.05, 0.1, 1.01, float("nan")])
    def test_coverage_does_not_shrink_or_burst(self, register: Register, coverage: float) -> None:
        register.start(litter(coverage=0.1), "N. Testman", NOON)
        with pytest.raises(RefusedError, match=r"expected more than 0\.1"):
            register.ramp("zwerfvuil", coverage, "N. Testman", NOON)
        assert register.running(NOON)["zwerfvuil"].coverage == 0.1

    def test_what_does_not_run_has_no_coverage(self, register: Register) -> None:
        with pytest.raises(RefusedError, match="it was never started"):
            register.ramp("zwerfvuil", 0.5, "N. Testman", NOON)


class TestStop:
    def test_after_a_stop_nobody_takes_part(self, register: Register) -> None:
        register.start(LITTER, "N. Testman", NOON)
        record = register.stop("zwerfvuil", "D. Proef", NOON, " Het formulier hapert. ")
        assert register.running(NOON) == {}
        assert (record.stopped_by, record.stop_reason) == ("D. Proef", "Het formulier hapert.")
        assert record.experiment == LITTER

    def test_a_stop_needs_a_reason_and_a_running_test(self, register: Register) -> None:
        with pytest.raises(RefusedError, match=r"it was never started.*No reason is given.*Nobody is named"):
            register.stop("zwerfvuil", " ", NOON, " ")
        register.start(LITTER, "N. Testman", NOON)
        register.stop("zwerfvuil", "N. Testman", NOON, "Klaar.")
        with pytest.raises(RefusedError, match="it is stopped"):
            register.stop("zwerfvuil", "N. Testman", NOON, "Nog eens.")


class TestAudit:
    def test_every_attempt_leaves_the_fields_of_bio2(self, register: Register) -> None:
        register.start(LITTER, "N. Testman", NOON)
        register.start(DEBTS, "D. Proef", NOON)
        with pytest.raises(RefusedError):
            register.ramp("zwerfvuil", 1.0, "D. Proef", NOON)
        register.stop("zwerfvuil", "F. Voorbeeld", NOON + timedelta(hours=1), "Klaar.", origin="web-1")
        told = [
            (one.action, one.object, one.result, one.origin, one.actor, one.timestamp)
            for one in register.history("zwerfvuil")
        ]
        assert told == [
            ("start", "zwerfvuil", "done", "command line", "N. Testman", "2026-06-03T10:00:00.000Z"),
            ("ramp", "zwerfvuil", "refused", "command line", "D. Proef", "2026-06-03T10:00:00.000Z"),
            ("stop", "zwerfvuil", "done", "web-1", "F. Voorbeeld", "2026-06-03T11:00:00.000Z"),
        ]
        assert [one.detail for one in register.history("zwerfvuil")][2] == "Klaar."
        assert register.history("zwerfvuil")[1].detail.startswith("All browsers take part already")
        assert len(register.history()) == 4

    def test_a_moment_without_a_time_zone_is_refused(self, register: Register) -> None:
        with pytest.raises(ValueError, match="has no time zone"):
            register.start(LITTER, "N. Testman", NOON.replace(tzinfo=None))


class TestReading:
    """`running` is asked by every page: fast, and never in the way."""

    def test_what_others_change_is_seen_when_the_cache_is_old(self, stores: redis.Redis, prefix: str) -> None:
        hand = Hand()
        reader = Register(stores, Keys(prefix), cache_s=5, monotonic=hand, spawn=now_and_here)
        assert reader.running(NOON) == {}
        Register(stores, Keys(prefix)).start(LITTER, "N. Testman", NOON)
        hand.seconds = 4.9
        assert reader.running(NOON) == {}
        hand.seconds = 5
        assert reader.running(NOON) == {"zwerfvuil": LITTER}

    def test_an_old_cache_is_renewed_aside(self, stores: redis.Redis, prefix: str) -> None:
        hand, jobs = Hand(), list[Callable[[], None]]()
        reader = Register(stores, Keys(prefix), cache_s=5, monotonic=hand, spawn=jobs.append)
        reader.running(NOON)
        Register(stores, Keys(prefix)).start(LITTER, "N. Testman", NOON)
        hand.seconds = 6
        assert [reader.running(NOON) for _ in range(3)] == [{}, {}, {}]
        assert len(jobs) == 1  # one goes for news, nobody waits
        jobs[0]()
        assert reader.running(NOON) == {"zwerfvuil": LITTER}

    def test_after_a_quiet_hour_nobody_sees_what_was_stopped(self, stores: redis.Redis, prefix: str) -> None:
        hand, jobs = Hand(), list[Callable[[], None]]()
        reader = Register(stores, Keys(prefix), cache_s=5, monotonic=hand, spawn=jobs.append)
        reader.start(LITTER, "N. Testman", NOON)
        Register(stores, Keys(prefix)).stop("zwerfvuil", "D. Proef", NOON, "Het formulier hapert.")
        hand.seconds = 3600
        assert reader.running(NOON) == {}
        assert jobs == []

    def test_while_redis_is_away_the_last_known_goes_on(
        self, stores: redis.Redis, prefix: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        hand = Hand()
        reader = Register(stores, Keys(prefix), cache_s=5, monotonic=hand, spawn=now_and_here)
        reader.start(LITTER, "N. Testman", NOON)
        reader._client = redis.Redis(port=free_port(), retry=None, socket_timeout=0.2)  # nobody answers there
        hand.seconds = 6
        assert reader.running(NOON) == {"zwerfvuil": LITTER}
        assert "what was last known goes on" in caplog.text
        assert reader.running(datetime(2026, 6, 20, tzinfo=UTC)) == {}  # its last day holds all the same
        jobs = list[Callable[[], None]]()
        reader._spawn = jobs.append
        hand.seconds = 3600
        assert reader.running(NOON) == {"zwerfvuil": LITTER}
        assert len(jobs) == 1  # no request waits for a store that is away

    def test_a_register_that_was_never_read_knows_that_it_knows_nothing(self) -> None:
        reader = Register(redis.Redis(port=free_port(), retry=None, socket_timeout=0.2), spawn=now_and_here)
        assert reader.running(NOON) == {}
        assert not reader.known

    def test_a_record_that_cannot_be_read_takes_no_other_off_the_air(
        self, register: Register, stores: redis.Redis, prefix: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        stores.hset(Keys(prefix).experiments, "kapot", b'{"experiment": 3}')
        register.start(LITTER, "N. Testman", NOON)
        assert register.running(NOON) == {"zwerfvuil": LITTER}
        assert 'The record of "kapot" in the register cannot be read' in caplog.text
        with pytest.raises(ExperimentsError, match="upgrade, or put it back from a backup"):
            register.all()

    def test_a_client_that_decodes_answers_is_as_good(self, stores: redis.Redis, prefix: str) -> None:
        at = stores.connection_pool.connection_kwargs
        decoding = redis.Redis(host=at["host"], port=at["port"], decode_responses=True)
        register = Register(decoding, Keys(prefix), spawn=now_and_here)
        register.start(litter(coverage=0.5), "N. Testman", NOON)
        register.ramp("zwerfvuil", 1.0, "N. Testman", NOON)
        assert register.running(NOON) == {"zwerfvuil": LITTER}
        assert [entry.action for entry in register.history()] == ["start", "ramp"]
        decoding.close()


def test_the_record_is_readable_json(store: redis.Redis, prefix: str) -> None:
    Register(store, Keys(prefix)).start(LITTER, "N. Testman", NOON)
    written = msgspec.json.decode(store.hget(Keys(prefix).experiments, "zwerfvuil") or b"")
    assert written["started_at"] == "2026-06-03T10:00:00Z"
    assert written["experiment"]["variants"][0] == {"name": "current", "weight": 0.5}
    assert written["experiment"]["ends"] == "2026-06-14"


def test_a_fixed_register_runs_between_dates() -> None:
    fixed = FixedRegister([LITTER])
    assert fixed.running(NOON) == {"zwerfvuil": LITTER}
    assert fixed.running(datetime(2026, 6, 15, 2, tzinfo=UTC)) == {}


def test_what_is_left_at_its_default_changes_no_fingerprint() -> None:
    """A key that a later version adds must not make another promise of a test that runs."""
    plain = digest(LITTER)
    assert digest(replace(LITTER, looks=Looks.END, adjusted=False, secondary=(), coverage=0.3)) == plain
    assert digest(replace(LITTER, primary=replace(LITTER.primary, cap=None))) == plain


@pytest.mark.parametrize(
    "change",
    [
        {"looks": Looks.DAILY},
        {"adjusted": True},
        {"task": None},
        {"primary": replace(LITTER.primary, cap=20.0)},
        {"planned_size": 1201},
        {"guardrails": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_promised_otherwise_has_another_fingerprint(change: dict[str, Any]) -> None:
    assert digest(replace(LITTER, **change)) != digest(LITTER)


def test_a_record_of_an_earlier_version_is_the_same_definition() -> None:
    """What was stored before a key existed is read with that key at its default: nothing has changed."""
    stored = msgspec.to_builtins(LITTER)
    for later in ("looks", "adjusted"):
        del stored[later]
    del stored["primary"]["cap"]
    earlier = msgspec.convert(stored, Experiment)
    assert changed_fields(LITTER, earlier) == ()
    assert digest(earlier) == digest(LITTER)
