# SPDX-License-Identifier: EUPL-1.2
"""Makes what `tracker.compiled` takes: `python -m tracker.compiling`.

A machine without a compiler is told so in one line, and is no worse.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from tracker import compiled

# Run in a process of its own, since mypyc and setuptools end the one they are in where something is amiss.
_BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup
place, *sources = sys.argv[1:]
made = mypycify(sources, target_dir=place, opt_level="2", debug_level="0")
folders = ["--build-lib", f"{place}/lib", "--build-temp", f"{place}/temp"]
setup(name="klantreis-compiled", packages=[], ext_modules=made, script_args=["-q", "build_ext", *folders])
"""
# Strictness is an affair of `make types`; here mypy only finds out types, also where no settings lie about.
_SETTINGS = "[mypy]\nignore_missing_imports = true\n"
PATIENCE_S = 600
LEFT_S = 2 * PATIENCE_S  # what is older is no build under way


def main() -> int:
    """Compile unless that was done; 0 also where it cannot be done."""
    wanted = compiled.folder()
    if compiled.is_unwanted():
        print(f"Nothing is compiled, as {compiled.VARIABLE}=no says.")
    elif wanted.is_dir():
        print(f"Compiled already: {wanted}")
    elif reason := _compile(wanted):
        print(f"Not compiled ({reason}); the collector works all the same, interpreted.")
    else:
        print(f"Compiled {len(compiled.MODULES)} modules of the collector into {wanted}")
    return 0


def _compile(wanted: Path) -> str | None:
    """Why it could not be done, or None."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"no C compiler {compiler}"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "Python's headers are not installed"
    for package in ("mypyc", "setuptools"):
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed; pip install mypy setuptools"
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        # Beside where it is to lie, so that it gets there whole, by its name alone.
        with tempfile.TemporaryDirectory(dir=wanted.parent, prefix="making-") as making:
            return _build(Path(making)) or put(Path(making, "lib"), wanted)
    except OSError as error:
        return f"{wanted.parent} cannot be written ({error.strerror})"


def _build(making: Path) -> str | None:
    """Compile into `lib`, in the folder `making`; why it could not be done, or None."""
    settings = making / "mypy.ini"
    settings.write_text(_SETTINGS)
    sources = [str(compiled.ROOM / f"{module}.py") for module in compiled.MODULES]
    command = [sys.executable, "-c", _BUILD, str(making), f"--config-file={settings}", *sources]
    ours = {"PYTHONPATH": str(compiled.ROOM.parent), compiled.VARIABLE: "no", "CFLAGS": "-w"}
    there = {**os.environ, **ours}
    try:
        done = subprocess.run(  # noqa: S603  our own program
            command,
            cwd=making,
            env=there,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {PATIENCE_S} s"
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        return f"the build failed: {said[-1] if said else done.returncode}"
    return None


def put(made: Path, wanted: Path) -> str | None:
    """Put what was made where it is wanted, and clear up what nobody takes or makes any more.

    Another build may do the same at this moment: the first one's folder stays, and neither takes away what
    the other one still needs.
    """
    try:
        made.rename(wanted)
    except OSError as error:
        if not wanted.is_dir():  # else another one was faster
            return f"{wanted} cannot be written ({error.strerror})"
    long_ago = time.time() - LEFT_S
    for other in wanted.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if other != wanted and other.stat().st_mtime < long_ago:
                shutil.rmtree(other, ignore_errors=True)
    return None


if __name__ == "__main__":
    sys.exit(main())
