# SPDX-License-Identifier: EUPL-1.2
"""The modules of admission as machine code, where they were compiled: `make compiled` does it.

mypyc makes C of the very sources that Python interprets. What it made lies in `build/compiled/`, in a folder
named after a digest of those sources, of what they import of this room (machine code relies on its types), of
how they are compiled, of mypy's version and of the interpreter. So whoever changes any of it is interpreted
again until they are compiled anew: nothing stale can be taken. Without a compiler nothing is different but
the time that a beacon takes.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import find_spec, spec_from_file_location
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
# What those import, however far; and how they are compiled.
BESIDE = (
    "address",
    "arrival",
    "bots",
    "case_numbers",
    "compiling",
    "day",
    "errors",
    "event",
    "keys",
    "personal_numbers",
    "personal_words",
    "readable",
    "scrub",
    "site",
    "store_client",
    "wire",
)
VARIABLE = "KLANTREIS_COMPILED"  # `no` has everything interpreted
ROOM = Path(__file__).parent


def place_of(room: Path) -> Path:
    """Where machine code of this room lies: with what else a checkout has built, else with the byte code."""
    beside = room.parent / "build" if (room.parent / "pyproject.toml").is_file() else room / "__pycache__"
    return beside / "compiled"


PLACE = place_of(ROOM)


def folder() -> Path:
    """Where the machine code of these sources for this Python lies, or would."""
    digest = hashlib.sha256(f"{sys.version}\0{EXTENSION_SUFFIXES[0]}\0".encode() + _version_of_mypy())
    for module in (*MODULES, *BESIDE):
        digest.update(b"\0" + (ROOM / f"{module}.py").read_bytes())
    return PLACE / digest.hexdigest()[:16]


def _version_of_mypy() -> bytes:
    """What mypy says of itself, read and not imported, since every start asks; nothing where it is not."""
    mypy = find_spec("mypy")
    file = Path(mypy.origin).with_name("version.py") if mypy is not None and mypy.origin else None
    return file.read_bytes() if file is not None and file.is_file() else b""


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
    if is_used() or is_unwanted() or not PLACE.is_dir():
        return
    found, suffix = folder(), EXTENSION_SUFFIXES[0]
    files = {
        ".".join(file.relative_to(found).parts).removesuffix(suffix): file
        for file in found.glob(f"**/*{suffix}")
    }
    if files:
        sys.meta_path.insert(0, _Finder(files))


def is_unwanted() -> bool:
    """Whether the settings say that nothing is to be compiled."""
    return os.environ.get(VARIABLE) == "no"


def is_used() -> bool:
    """Whether this process takes beacons with compiled modules."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)
