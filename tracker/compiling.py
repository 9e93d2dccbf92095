# SPDX-License-Identifier: EUPL-1.2
"""Makes what `tracker.compiled` takes: `python -m tracker.compiling`.

A machine without a compiler is told so in one line, and is no worse.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from tracker.compiled import MODULES, PLACE, ROOM, VARIABLE, folder

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
PATIENCE_S = 600


def main() -> int:
    """Compile unless that was done; 0 also where it cannot be done."""
    wanted = folder()
    if os.environ.get(VARIABLE) == "no":
        print(f"Nothing is compiled, as {VARIABLE}=no says.")
    elif wanted.is_dir():
        print(f"Compiled already: {wanted}")
    elif reason := _compile(wanted):
        print(f"Not compiled ({reason}); the collector works all the same, interpreted.")
    else:
        print(f"Compiled {len(MODULES)} modules of the collector into {wanted}")
    return 0


def _compile(wanted: Path) -> str | None:
    """Why it could not be done, or None."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"no C compiler {compiler}"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "Python's headers are not installed"
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE, prefix="making-") as making:
        settings = f"--config-file={ROOM.parent / 'pyproject.toml'}"
        sources = [str(ROOM / f"{module}.py") for module in MODULES]
        command = [sys.executable, "-c", _BUILD, making, settings, *sources]
        environment = {**os.environ, "PYTHONPATH": str(ROOM.parent), VARIABLE: "no", "CFLAGS": "-w"}
        try:
            done = subprocess.run(  # noqa: S603  our own program
                command, cwd=making, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
            )
        except subprocess.TimeoutExpired:
            return f"it took more than {PATIENCE_S} s"
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip().splitlines()
            return f"the build failed: {said[-1] if said else done.returncode}"
        with contextlib.suppress(OSError):  # another one was faster
            Path(making, "lib").rename(wanted)
    for older in PLACE.iterdir():
        if older != wanted:
            shutil.rmtree(older, ignore_errors=True)
    return None


if __name__ == "__main__":
    sys.exit(main())
