# SPDX-License-Identifier: EUPL-1.2
"""The modules of admission as machine code, where they were compiled: `make compiled` does it.

mypyc makes C of the very sources that Python interprets. What it made lies in `build/compiled/`, in a folder
named after a digest of those sources and of the interpreter. So whoever edits a source, or changes Python,
is interpreted again until they are compiled anew: nothing stale can be taken. Without a compiler nothing is
different but the time that a beacon takes.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

# On the way of every beacon, without a class that is more than Python's own: a `Struct` or an enum stays out.
# So does `site`: its nouns are sent to other processes, and those of machine code cannot be.
MODULES = (
    "admission",
    "familiar",
    "identity",
    "networks",
    "packing",
    "rate",
    "scrubber",
    "spelling",
    "stream",
    "words",
)
VARIABLE = "KLANTREIS_COMPILED"  # `no` has everything interpreted
ROOM = Path(__file__).parent
PLACE = ROOM.parent / "build" / "compiled"


def folder() -> Path:
    """Where the machine code of these sources for this Python lies, or would."""
    digest = hashlib.sha256(f"{sys.version}\0{EXTENSION_SUFFIXES[0]}".encode())
    for module in MODULES:
        digest.update(b"\0" + (ROOM / f"{module}.py").read_bytes())
    return PLACE / digest.hexdigest()[:16]


class _Finder:
    """Gives Python the compiled module where it would look for the source."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self.files.get(name)
        return None if file is None else spec_from_file_location(name, file)


def prefer() -> None:
    """Have the modules that are imported from now on compiled, where they are."""
    if is_used() or os.environ.get(VARIABLE) == "no" or not PLACE.is_dir():
        return
    found, suffix = folder(), EXTENSION_SUFFIXES[0]
    files = {
        ".".join(file.relative_to(found).parts).removesuffix(suffix): file
        for file in found.glob(f"**/*{suffix}")
    }
    if files:
        sys.meta_path.insert(0, _Finder(files))


def is_used() -> bool:
    """Whether this process takes beacons with compiled modules."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)
