# SPDX-License-Identifier: EUPL-1.2
"""What is too old goes and is seen to be gone; a visitor can be deleted; a back-up brings all back."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner

from klantreis.append_only import Needle, rewrite
from klantreis.append_only_files import found_in, paths
from klantreis.backup import BackupError, back_up, counts_of, differences, restore_files, restore_store
from klantreis.cli import cli
from klantreis.jobs import archive_once, archiver_of
from klantreis.keeping import RecordError, SpoolWaitingError, deletions_of, forget_visitor, records, retain
from klantreis.settings import Settings
from klantreis.store import Store, open_store
from tracker.archive_files import BusyError, files_of
from tracker.archive_reader import days, read_events
from tracker.contacts import SideTable, recorded_days
from tracker.day import day_bounds
from tracker.event import Event, Kind
from tracker.forgetting import forget
from tracker.imports.side_files import import_contacts, import_surveys
from tracker.keys import Keys
from tracker.leases import holders
from tracker.site import Site
from tracker.spool import Spool
from tracker.stream import encode

SITE = Site("voorbeeldstad", frozenset({"www.voorbeeldstad.nl"}))
TODAY = date(2026, 11, 22)
NOON = datetime.fromtimestamp(day_bounds(TODAY, SITE.zone)[0] / 1000, UTC) + timedelta(hours=8)
KEYS = Keys()
VISITOR = -5_208_153_413_498_116_811
BASE = 1_000_000_000_000_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", sites=(SITE,), partitions=4)


@pytest.fixture
def installation(settings: Settings) -> Iterator[Store]:
    """The built-in store on a data folder of its own."""
    with open_store(settings.data) as opened:
        yield opened


def event(number: int, *, days_ago: int = 0, **other: Any) -> Event:
    facts = {
        "site": SITE.name, "visitor": number, "page_view": f"{days_ago:03d}page{number:05d}", "index": 0,
        "time": int((NOON - timedelta(days=days_ago)).timestamp() * 1000) + number % 1000, "kind": Kind.VIEW,
        "path": "/afval",
    }  # fmt: skip
    return Event(**{**facts, **other})


def send(store: Store, *events: Event) -> None:
    client = store.client()
    for one in events:
        client.xadd(KEYS.events(one.visitor % 4), encode(one))


def test_raw_events_and_salts_go_and_are_seen_to_be_gone(settings: Settings, installation: Store) -> None:
    send(installation, *(event(number, days_ago=ago) for ago in (0, 1, 31, 32, 40) for number in range(8)))
    archive_once(settings, installation)
    client = installation.client()
    salts = {ago: secrets.token_bytes(32) for ago in (-1, 0, 1, 2)}
    for ago, salt in salts.items():
        client.set(KEYS.salt(TODAY - timedelta(days=ago)), salt, ex=48 * 3600)
    client.expire(KEYS.salt(TODAY - timedelta(days=2)), 0)  # one that ended by itself

    done = retain(settings, installation, moment=NOON)

    assert [(one.day, one.events) for one in done.days] == [
        (TODAY - timedelta(days=40), 8), (TODAY - timedelta(days=32), 8),
    ]  # fmt: skip
    assert days(settings.archive) == [TODAY - timedelta(days=ago) for ago in (31, 1, 0)]
    assert done.salts == ["kr:salt:2026-11-21"]
    assert (done.rewrite.rewritten, done.rewrite.searched, done.rewrite.left) == (True, True, 0)
    assert [bool(needle.before) for needle in done.rewrite.needles] == [True] * 9, "it would have been found"
    assert found_in(paths(client), list(salts.values())) == [1, 1, 0, 0]
    record = json.loads(done.record.read_text())
    assert record["appendOnlyFile"]["foundBefore"] == 9
    assert (record["appendOnlyFile"]["foundAfter"], record["removedBefore"]) == (0, "2026-10-22")


def test_a_ledger_goes_with_the_events_it_accounts_for(settings: Settings, installation: Store) -> None:
    client = installation.client()
    ledgers = {ago: KEYS.ledger(TODAY - timedelta(days=ago)) for ago in (0, 1, 31, 32, 400)}
    for name in ledgers.values():
        client.hset(name, mapping={"in": 2, "stored": 1, "dropped:bot": 1, "lane:0123456789abcdef": 7})

    done = retain(settings, installation, moment=NOON)

    assert {ago for ago, name in ledgers.items() if client.exists(name)} == {0, 1, 31}
    assert client.hget(ledgers[31], "in") == b"2"
    assert (done.ledgers, json.loads(done.record.read_text())["ledgersRemoved"]) == (2, 2)


def test_contacts_answers_and_abandoned_imports_go_with_the_events(
    settings: Settings, installation: Store, tmp_path: Path
) -> None:
    calls, asked = tmp_path / "kcc.csv", tmp_path / "enquete.csv"
    moments = [NOON - timedelta(days=ago) for ago in (31, 32, 40)]
    calls.write_text(
        "Tijdstip;Onderwerp;Kanaal\n" + "".join(f"{at.isoformat()};Afval;telefoon\n" for at in moments)
    )
    asked.write_text("Tijdstip;Cijfer\n" + "".join(f"{at.isoformat()};4\n" for at in moments[:2]))
    import_contacts([calls], site=SITE, archive_root=settings.archive)
    import_surveys([asked], site=SITE, archive_root=settings.archive, scale="1..5")
    journal = settings.archive / "imports" / "halverwege.unfinished"
    journal.write_text("{}")
    os.utime(journal, times=(NOON.timestamp() - 49 * 3600,) * 2)

    done = retain(settings, installation, moment=NOON)

    assert done.side_records == {SideTable.CONTACTS: 2, SideTable.SURVEYS: 1}
    kept = TODAY - timedelta(days=31)
    assert [recorded_days(settings.archive, table) for table in SideTable] == [[kept], [kept]]
    assert not journal.exists()
    record = json.loads(done.record.read_text())
    assert (record["sideRecordsRemoved"], record["importsForgotten"]) == ({"contacts": 2, "surveys": 1}, 1)


def test_a_visitor_is_not_deleted_while_events_wait_in_the_spool(
    settings: Settings, installation: Store
) -> None:
    spool = Spool(settings.data / "spool", 1 << 20)
    spool.append(b"a group of events")
    with pytest.raises(SpoolWaitingError, match="1 files with events wait"):
        forget_visitor(settings, installation, VISITOR)
    assert spool.read(1 << 20) == [b"a group of events"]
    spool.forget()
    deletion, _, _ = forget_visitor(settings, installation, VISITOR)
    assert deletion.left == 0
    spool.close()


def test_tomorrow_s_and_today_s_salt_stay_until_nobody_can_need_them(
    settings: Settings, installation: Store
) -> None:
    turn = datetime.fromtimestamp(day_bounds(TODAY, SITE.zone)[1] / 1000, UTC)
    client = installation.client()
    client.set(KEYS.salt(TODAY), b"t" * 32)
    assert retain(settings, installation, moment=turn + timedelta(minutes=59)).salts == []
    assert retain(settings, installation, moment=turn + timedelta(minutes=61)).salts == ["kr:salt:2026-11-22"]


def test_the_file_is_rewritten_without_what_was_removed(stores: redis.Redis, prefix: str) -> None:
    """On the embedded server and on a real one; entries removed from the middle of a stream too."""
    stream, gone = f"{prefix}events", secrets.token_hex(16).encode()
    for number in range(10):
        stores.xadd(stream, {"p": gone if number == 5 else f"other{number}"})
    stores.xdel(stream, stores.xrange(stream)[5][0])
    done = rewrite(stores, [Needle("entry", gone)], mark_key=f"{prefix}mark")
    assert (done.rewritten, done.searched) == (True, True)
    assert [(needle.before > 0, needle.after) for needle in done.needles] == [(True, 0)]
    assert stores.config_get("aof-use-rdb-preamble") == {"aof-use-rdb-preamble": "yes"}
    assert not stores.exists(f"{prefix}mark")
    stores.delete(stream)


def test_what_is_still_there_is_said(stores: redis.Redis, prefix: str) -> None:
    here = secrets.token_hex(16).encode()
    stores.set(f"{prefix}here", here)
    assert rewrite(stores, [Needle("a key that lives", here)], mark_key=f"{prefix}mark").left == 1
    stores.delete(f"{prefix}here")


def test_a_visitor_is_deleted_everywhere_and_others_stay(settings: Settings, installation: Store) -> None:
    old = [event(VISITOR, page_view=f"gone{n:08d}", index=n, time=event(0).time + n) for n in range(3)]
    yesterday = event(VISITOR, days_ago=1, page_view="gonebefore_1")
    neighbour = event(VISITOR + 4, page_view="stays_here_1")
    send(installation, *old, yesterday, neighbour)
    archive_once(settings, installation)
    for one in files_of(settings.archive, TODAY) + files_of(settings.archive, TODAY - timedelta(days=1)):
        os.utime(one, (1_000, 1_000))
    waiting = event(VISITOR, page_view="gonewaiting1")
    send(installation, waiting, event(VISITOR + 8, page_view="stays_here_2"))

    deletion, done, path = forget_visitor(settings, installation, VISITOR)

    assert (deletion.events, deletion.from_stream, deletion.left) == (5, 1, 0)
    assert sorted((one.events_before, one.events_after) for one in deletion.files) == [(1, 0), (4, 1)]
    rows = [row for day in days(settings.archive) for row in read_events(settings.archive, day).to_pylist()]
    assert sorted(row["page_view"] for row in rows) == ["stays_here_1", "stays_here_2"]
    assert [bool(one.before) for one in done.needles] == [True] * len(done.needles)
    assert (done.searched, done.left) == (True, 0)
    changed = [one.stat().st_mtime for one in files_of(settings.archive, TODAY)]
    assert max(changed) > 1_000, "so the DAY is closed again, without this visitor"
    text = path.read_text()
    assert str(VISITOR) not in text
    assert "gone" not in text
    assert deletions_of(settings.data, VISITOR) == [path]
    assert deletions_of(settings.data, VISITOR + 4) == []
    again, _, _ = forget_visitor(settings, installation, VISITOR)
    assert (again.events, len(deletions_of(settings.data, VISITOR))) == (0, 2)


def test_a_deletion_is_handed_the_partition_by_a_working_archiver(
    settings: Settings, installation: Store
) -> None:
    send(installation, *(event(number) for number in range(8)))
    client = installation.client()
    staying, deleting = (archiver_of(settings, installation) for _ in range(2))
    staying.work()
    send(installation, event(5, index=1))
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        staying.work()

    deletion = forget(client, settings.archive, deleting, 5, partitions=4, pause=pause)
    assert (deletion.events, deletion.from_stream, deletion.left, len(pauses)) == (2, 1, 0, 1)
    staying.work()
    assert set(holders(client, KEYS, 4).values()) == {staying.leases.name}
    with pytest.raises(BusyError, match="does not hand it over"):
        forget(client, settings.archive, deleting, 5, partitions=4, pause=pauses.append, patience_s=1)


def test_a_deletion_reaches_joined_damaged_and_unreadable_files(
    settings: Settings, installation: Store
) -> None:
    from tracker.compaction import compact

    send(installation, *(event(number) for number in range(8)))
    archive_once(settings, installation)
    compact(settings.archive, TODAY)
    damaged = settings.archive / "damaged" / f"day={TODAY}" / "partition=00-03" / "joined-1.parquet"
    elsewhere = settings.archive / "damaged" / f"day={TODAY}" / "partition=02" / "1-0-2-0.parquet"
    for one in (damaged, elsewhere):
        one.parent.mkdir(parents=True)
        one.write_bytes(b"who knows")
    installation.client().xadd(KEYS.events(1), {"v": "5", "of": "another version"})
    installation.client().xadd(KEYS.events(1), {"v": "9", "of": "another version"})
    archive_once(settings, installation)
    deletion, _, _ = forget_visitor(settings, installation, 5)
    assert (deletion.events, deletion.left, deletion.unreadable) == (1, 0, 1)
    assert read_events(settings.archive, TODAY)["visitor"].to_pylist() == [0, 1, 2, 3, 4, 6, 7]
    assert (damaged.exists(), elsewhere.exists()) == (False, True)
    (kept,) = settings.archive.glob("unreadable/*/*.jsonl")
    assert len(kept.read_text().splitlines()) == 1


def test_a_record_that_was_changed_or_taken_out_is_noticed(settings: Settings, installation: Store) -> None:
    send(installation, event(1), event(2))
    kept = [forget_visitor(settings, installation, number)[2] for number in (1, 2)]
    assert [path for path, _ in records(settings.data / "deletions")] == kept
    said = kept[0].read_text()
    kept[0].write_text(said.replace('"eventsLeft": 0', '"eventsLeft": 1'))
    with pytest.raises(RecordError, match="is not what was written"):
        list(records(settings.data / "deletions"))
    kept[0].unlink()
    with pytest.raises(RecordError, match="a record before it is missing"):
        list(records(settings.data / "deletions"))


def test_a_backup_restores_to_equal_counts(settings: Settings, installation: Store, tmp_path: Path) -> None:
    send(installation, *(event(number, days_ago=number % 3) for number in range(40)))
    archive_once(settings, installation)
    send(installation, *(event(number) for number in range(40, 47)))
    client = installation.client()
    client.hset(KEYS.ledger(TODAY), mapping={"in": 47, "stored": 47})
    client.xadd(KEYS.audit, {"action": "start", "object": "zwerfvuil"})
    client.set(KEYS.salt(TODAY), secrets.token_bytes(32), ex=3600)
    (settings.data / "klantreis.toml").write_text("partitions = 4\n")
    made = back_up(settings, installation, tmp_path / "backup")
    assert sum(made.events.values()) == 40

    target = Settings(data=tmp_path / "restored", sites=(SITE,), partitions=4)
    manifest = restore_files(tmp_path / "backup", target.data)
    with open_store(target.data) as store:
        restore_store(tmp_path / "backup", store)
        found = counts_of(target, store)
        assert (differences(manifest, found), found) == ([], made)
        assert store.client().hgetall(KEYS.ledger(TODAY)) == {b"in": b"47", b"stored": b"47"}
        assert not store.client().exists(KEYS.salt(TODAY)), "a backup keeps no pseudonym alive"
        for number in range(4):
            stream = KEYS.events(number)
            assert store.client().xrange(stream) == client.xrange(stream)
            ids = [one.xinfo_stream(stream)["last-generated-id"] for one in (client, store.client())]
            assert ids[0] == ids[1], "new entries come after the old ones"
        archive_once(target, store)
    archive_once(settings, installation)
    for day in days(settings.archive):
        assert read_events(target.archive, day).equals(read_events(settings.archive, day))


def test_a_backup_that_was_changed_is_not_restored(
    settings: Settings, installation: Store, tmp_path: Path
) -> None:
    send(installation, event(1))
    archive_once(settings, installation)
    back_up(settings, installation, tmp_path / "backup")
    (path,) = files_of(tmp_path / "backup" / "data" / "archive", TODAY)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupError, match="is missing or not what was backed up"):
        restore_files(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_restoring_over_something_is_refused(settings: Settings, installation: Store, tmp_path: Path) -> None:
    send(installation, event(1))
    back_up(settings, installation, tmp_path / "backup")
    with pytest.raises(BackupError, match="is not empty"):
        restore_files(tmp_path / "backup", settings.data)
    with pytest.raises(BackupError, match=r"has keys, such as kr:\{1\}:events"):
        restore_store(tmp_path / "backup", installation)
    with pytest.raises(BackupError, match="lies in the data folder itself"):
        back_up(settings, installation, settings.data / "backup")
    with pytest.raises(BackupError, match="exists already"):
        back_up(settings, installation, tmp_path / "backup")


def test_the_commands_say_what_they_did(settings: Settings, installation: Store, tmp_path: Path) -> None:
    data = str(settings.data)
    (settings.data / "klantreis.toml").write_text('partitions = 4\n[site.voorbeeldstad]\nhosts = ["a.nl"]\n')
    send(installation, *(event(BASE + number) for number in range(6)))
    archive_once(settings, installation)

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli, [*words], env={"KLANTREIS_DATA": data})
        return result.exit_code, result.output

    code, said = run("forget", str(BASE + 5))
    assert (code, "removed 1 events: 0 from the stream of partition 1" in said) == (0, True)
    assert run("forget", "--check", str(BASE + 5))[1].endswith("events in the archive: 0\n")
    assert run("forget", "--check", str(BASE + 4))[0] == 1
    assert run("forget", "--", str(VISITOR))[0] == 0
    code, said = run("retain")
    assert (code, "append-only file: rewritten" in said) == (0, True)
    code, said = run("archive", "--check")
    assert (code, said.startswith("4 files read, 0 damaged")) == (0, True)
    code, said = run("backup", str(tmp_path / "backup"))
    assert (code, said.startswith("5 events of 1 days")) == (0, True)
    code, said = run("restore", str(tmp_path / "backup"), "--data", str(tmp_path / "restored"))
    assert (code, said.startswith("5 events of 1 days")) == (0, True)
    code, said = run("restore", str(tmp_path / "backup"), "--data", str(tmp_path / "restored"))
    assert (code, "is not empty" in said) == (2, True)


def test_what_was_kept_or_removed_is_in_the_log(
    settings: Settings, installation: Store, tmp_path: Path
) -> None:
    """Each action once, with the fields of BIO2, and nothing in it of whom it was about."""
    (settings.data / "klantreis.toml").write_text('partitions = 4\n[site.voorbeeldstad]\nhosts = ["a.nl"]\n')
    send(installation, *(event(BASE + number) for number in range(6)))
    archive_once(settings, installation)
    told = []
    for words in (
        ("forget", str(BASE + 5)),
        ("retain",),
        ("backup", str(tmp_path / "backup")),
        ("restore", str(tmp_path / "backup"), "--data", str(tmp_path / "restored")),
    ):
        environment = {"KLANTREIS_DATA": str(settings.data), "KLANTREIS_LOG": "json"}
        result = CliRunner().invoke(cli, words, env=environment)
        assert result.exit_code == 0, result.output
        (line,) = [json.loads(line) for line in result.stderr.splitlines()]
        assert line["origin"].startswith(f"{socket.gethostname()}/{words[0]}[")
        told.append((line["action"], line["object"], line["result"], line["actor"]))
        assert str(BASE + 5) not in result.stderr
        if words[0] == "forget":
            (path,) = settings.data.glob("deletions/*.json")
            record = json.loads(path.read_text())
            assert (line["record"], line["origin"]) == (path.name, record["origin"])
            assert (line["events"], line["left"]) == (1, 0)
    assert told == [
        ("forget", "events of one pseudonym", "ok", "system"),
        ("retain", "events", "ok", "system"),
        ("backup", "data and store", "ok", "system"),
        ("restore", "data and store", "ok", "system"),
    ]


def test_a_record_says_where_events_were_looked_for(settings: Settings, installation: Store) -> None:
    """A store of your own takes events of other machines, whose spools nobody sees from here."""
    host = socket.gethostname()
    _, _, path = forget_visitor(settings, installation, VISITOR)
    record = json.loads(path.read_text())
    own = f"spool of {host}: {settings.data / 'spool'}"
    assert (record["eventsLeft"], record["lookedIn"]) == (0, ["stream", "archive", own])
    assert record["notLookedIn"] == []
    shared = dataclasses.replace(settings, redis_url=installation.url, spool=settings.data.parent / "spool")
    _, _, path = forget_visitor(shared, installation, VISITOR)
    record = json.loads(path.read_text())
    assert record["lookedIn"][2] == f"spool of {host}: {shared.spool}"
    assert record["notLookedIn"] == [f"spools of collectors on other machines than {host}"]
    assert [found for found, _ in records(settings.data / "deletions")] == deletions_of(
        settings.data, VISITOR
    )
    environment = {"KLANTREIS_DATA": str(settings.data), "KLANTREIS_REDIS_URL": installation.url}
    (settings.data / "klantreis.toml").write_text('partitions = 4\n[site.voorbeeldstad]\nhosts = ["a.nl"]\n')
    result = CliRunner().invoke(cli, ["forget", "--", str(VISITOR)], env=environment)
    assert f"not looked in: spools of collectors on other machines than {host}" in result.output
