# SPDX-License-Identifier: EUPL-1.2
"""The files of the archive: where they lie, how they come to be there for good.

    ARCHIVE/partitions                                      the number of partitions, for ever
    ARCHIVE/day=2026-11-22/partition=03/FIRST-LAST.parquet  events of one visitor's partition on one DAY
    ARCHIVE/day=2026-11-22/partition=00-15/joined-N.parquet the same after compaction, of several partitions
    ARCHIVE/imports/NAME.json                               an import that was finished
    ARCHIVE/unreadable/partition=03/FIRST-LAST.jsonl        stream entries that nobody could read
    ARCHIVE/damaged/day=2026-11-22/partition=03/…           files found damaged, set aside as they were
    ARCHIVE/writing/                                        what is being written now

A file is written aside, fsynced, renamed into place and its folder fsynced: it is whole or not there. It is
never changed after that, only replaced as a whole.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tracker.archive_format import ENCODINGS, PARTITION, columns_for, pack, unpack
from tracker.archive_schema import ARCHIVE_VERSION, VERSION_KEY
from tracker.errors import TrackerError
from tracker.folders import make_folder, sync_folder

ASIDE = ".aside"  # ending of a file that is still being written
DAMAGED = "damaged"
ROWS_OF_A_GROUP = 1_000_000
COMPRESSION_LEVEL = 9  # of zstd, for files that stay; 15 spares another 3 % and takes three times as long
QUICK_LEVEL = 3  # for files that compaction will replace
STREAM_FILE = re.compile(r"(\d+-\d+)-(\d+-\d+)(?:~\d+)?\.parquet")
BROKEN = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowKeyError, OSError, EOFError)

ORDER = ("time", "page_view", "index")


class ArchiveError(TrackerError):
    """The archive cannot be read or written."""


class BusyError(ArchiveError):
    """Another process is rewriting the archive."""


class LeaseLostError(ArchiveError):
    """The place for writing is gone: another archiver took this partition over."""


def settle_partitions(root: Path, partitions: int) -> None:
    """Write down the number of partitions at the first time, refuse another number ever after."""
    stored = stored_partitions(root)
    if stored is None:
        write_durably(root / "partitions", lambda file: file.write(f"{partitions}\n".encode()))
    elif stored != partitions:
        raise ArchiveError(
            f"The archive {root} has {stored} partitions and the settings say {partitions}. Set partitions = "
            f"{stored}, or give another data folder with --data."
        )


def stored_partitions(root: Path) -> int | None:
    """The archive's number of partitions; None while it is empty. Raises `ArchiveError`."""
    try:
        text = (root / "partitions").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{root / 'partitions'} cannot be read ({error}). Mend its rights.") from None
    if not text.isdecimal():
        raise ArchiveError(f'{root / "partitions"} says "{text}"; expected a whole number. Put it back.')
    return int(text)


def folder_of(root: Path, day: date, partition: int) -> Path:
    return root / f"day={day.isoformat()}" / f"partition={partition:02d}"


def files_of(root: Path, day: date, partition: int | None = None) -> list[Path]:
    """The finished files of a DAY, or those that may hold events of one of its partitions, by name."""
    found = sorted((root / f"day={day.isoformat()}").glob("partition=*/*.parquet"))
    if partition is None:
        return found
    return [path for path in found if partitions_of(path)[0] <= partition <= partitions_of(path)[1]]


def bytes_of(root: Path, day: date) -> int:
    """What the finished files of a DAY take."""
    return sum(path.stat().st_size for path in files_of(root, day))


def partitions_of(path: Path) -> tuple[int, int]:
    """The first and the last partition of which a file may hold events, by its folder."""
    first, _, last = path.parent.name.removeprefix("partition=").partition("-")
    return int(first), int(last or first)


def write_table(
    path: Path, table: pa.Table, *, aside: Path | None = None, level: int = COMPRESSION_LEVEL
) -> None:
    """Put a table into place for good, after it was read back and found to be the same.

    `aside` is where it is written until then (beside it by default). Raises `ArchiveError`.
    """
    packed = pack(table)
    write_durably(
        path,
        lambda file: write_packed(file, packed, level),
        aside=aside,
        check=lambda written: _refuse_different(written, packed),
    )


def _refuse_different(written: Path, packed: pa.Table) -> None:
    try:
        with pq.ParquetFile(written, page_checksum_verification=True) as file:
            same = file.read(use_threads=False).equals(packed.replace_schema_metadata(None))
    except FileNotFoundError:  # whoever took over removed it
        raise
    except BROKEN as error:
        raise ArchiveError(f"{written} was written and cannot be read ({error}). Check the disk.") from None
    if not same:
        raise ArchiveError(f"{written} does not say what was written. Check the disk.")


def write_packed(file: BinaryIO, packed: pa.Table, level: int = COMPRESSION_LEVEL) -> None:
    """Write what `archive_format.pack` made, every page with its checksum."""
    names = packed.column_names
    with_dictionary: Any = [name for name in names if name not in ENCODINGS]
    with pq.ParquetWriter(
        file,
        packed.schema.remove_metadata(),
        compression="zstd",
        compression_level=level,
        use_dictionary=with_dictionary,
        column_encoding={name: encoding for name, encoding in ENCODINGS.items() if name in names},
        write_statistics=False,
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        writer.write_table(packed, row_group_size=ROWS_OF_A_GROUP)
        writer.add_key_value_metadata({VERSION_KEY.decode(): str(ARCHIVE_VERSION)})


def read_tables(paths: Iterable[Path], columns: Sequence[str]) -> list[pa.Table]:
    """The given columns of each file, and `partition`; a column that a file does not know is null.

    Raises `FileNotFoundError` when a file was compacted away meanwhile, `ArchiveError` when it is damaged.
    """
    return [_read_table(path, columns) for path in paths]


def _read_table(path: Path, columns: Sequence[str]) -> pa.Table:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            version = _version(path, file)
            present = set(file.schema_arrow.names)
            asked = [name for name in (*columns_for(columns, version), PARTITION.name) if name in present]
            packed: pa.Table = file.read(columns=asked)
            if not asked:  # nothing of what is wanted stands in this file, but its rows do
                packed = packed.append_column("", pa.nulls(file.metadata.num_rows))
    except FileNotFoundError:
        raise
    except BROKEN as error:
        if isinstance(error, PermissionError):
            raise ArchiveError(f"{path} cannot be read ({error.strerror}). Mend its rights.") from None
        raise ArchiveError(
            f"{path} is not a whole Parquet file ({error}). Set it aside with: klantreis archive --check; "
            "then put it back from a backup."
        ) from None
    table = unpack(packed, columns, version)
    if PARTITION.name in packed.column_names:
        return table.append_column(PARTITION, packed[PARTITION.name].cast(PARTITION.type))
    partition = pa.scalar(partitions_of(path)[0], PARTITION.type)
    return table.append_column(PARTITION, pa.repeat(partition, table.num_rows))


def _version(path: Path, file: pq.ParquetFile) -> int:
    version = (file.metadata.metadata or {}).get(VERSION_KEY, b"0")
    if not version.isdigit() or int(version) > ARCHIVE_VERSION:
        raise ArchiveError(
            f"{path} is of archive version {version.decode(errors='replace')}; this klantreis reads up to "
            f"{ARCHIVE_VERSION}. Upgrade klantreis."
        )
    return int(version)


def is_whole(path: Path) -> bool:
    """Whether every page of a file can be read and is what was written.

    Raises `FileNotFoundError` and `PermissionError`, which say nothing about what is in the file.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.metadata.num_row_groups):
                file.read_row_group(group)
    except (FileNotFoundError, PermissionError):
        raise
    except BROKEN:
        return False
    return True


def set_aside(root: Path, path: Path) -> Path:
    """Put a damaged file where no reader looks; returns the place."""
    target = root / DAMAGED / path.relative_to(root)
    while target.exists():
        target = target.with_name(f"{target.name}~")
    make_folder(target.parent)
    path.rename(target)
    sync_folder(target.parent)
    sync_folder(path.parent)
    return target


def unused(path: Path) -> Path:
    """The path itself, or the first of `NAME~2.parquet`, `NAME~3.parquet` … that no file has yet."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}~{number}{path.suffix}")
    return free


@contextmanager
def alone(root: Path, what: str) -> Iterator[None]:
    """Rewrite finished files as the only one: compaction, retention, deletion, back-up.

    Archivers go on: they only add files. The lock goes with its process. Raises `ArchiveError` where
    another one is at work.
    """
    make_folder(root)
    descriptor = os.open(root / "rewriting", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"{what} must wait: another process is rewriting the archive {root}. Try again later."
            ) from None
        yield
    finally:
        os.close(descriptor)


def write_durably(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    aside: Path | None = None,
    check: Callable[[Path], None] | None = None,
) -> None:
    """Write a file aside, and put it into place so that it survives a power cut; `check` may refuse it.

    Raises `ArchiveError`; `LeaseLostError` where the folder of a given `aside` is gone.
    """
    place = aside or path.with_name(f"{path.name}.{os.getpid()}{ASIDE}")
    try:
        make_folder(path.parent)
        with place.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if check:
            check(place)
        place.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            place.unlink(missing_ok=True)
        if aside and isinstance(error, FileNotFoundError) and not aside.parent.exists():
            raise LeaseLostError(f"{aside.parent} is gone: another archiver took this partition.") from None
        raise ArchiveError(
            f"{path} cannot be written ({error.strerror or error}). Make room on the disk, or mend its "
            "rights, and run it again."
        ) from None
