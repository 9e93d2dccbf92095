# SPDX-License-Identifier: EUPL-1.2
"""The files of a server's append-only file, as far as they can be read from here."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis


def paths(client: redis.Redis) -> list[Path]:
    """The files of the append-only file, as far as they can be seen from here, replaced ones included."""
    try:
        facts: dict[str, Any] = {}
        for name in ("dir", "appenddirname", "appendfilename"):
            facts |= {str(one): value for one, value in client.config_get(name).items()}
    except redis.ResponseError:
        return []
    if "dir" not in facts or "appendfilename" not in facts:
        return []
    folder, name = Path(facts["dir"]), facts["appendfilename"]
    if "appenddirname" in facts:  # Redis 7 and Valkey: several files and a list of them
        folder /= facts["appenddirname"]
    with suppress(OSError):
        return sorted(path for path in folder.glob(f"{name}*") if path.is_file())
    return []


def identities(client: redis.Redis) -> set[tuple[str, int]]:
    """Names and inodes of the files: a rewrite puts others in their place."""
    found = set()
    for path in paths(client):
        with suppress(OSError):
            found.add((path.name, path.stat().st_ino))
    return found


def has_replaced(files: Sequence[Path]) -> bool:
    """Whether files are still there that the list of Redis 7 no longer names; it removes them soon."""
    lists = [path for path in files if path.suffix == ".manifest"]
    if not lists:
        return False
    lines = [line.split() for line in lists[0].read_text(encoding="utf-8").splitlines()]
    living = {line[1] for line in lines if len(line) > 5 and line[5] in {"b", "i"}}
    return any(path.name not in living for path in files if path not in lists)


def found_in(files: Iterable[Path], secrets_: Sequence[bytes]) -> list[int]:
    """How often each text stands in the files together; 0 too where a file cannot be read."""
    found = [0] * len(secrets_)
    for path in files:
        with (
            suppress(OSError, ValueError),  # ValueError: an empty file has no map
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            for number, secret in enumerate(secrets_):
                found[number] += sum(1 for _ in re.finditer(re.escape(secret), content))
    return found
