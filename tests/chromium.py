# SPDX-License-Identifier: EUPL-1.2
"""Find a Chromium for the browser tests, or get one where that is allowed.

`python -m tests.chromium` (`make browser`) tries in turn: the system's own, `apt-get install chromium` as
root, Playwright's. Without any it says so loudly, and fails only under `CI=true`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL_LIMIT_S = 600

LAUNCH_ARGUMENTS = (
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),  # Chromium refuses its sandbox to root
    "--disable-gpu",
    "--disable-dev-shm-usage",  # /dev/shm of a container is too small for it
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def in_ci() -> bool:
    """Whether a pipeline runs this: there, a missing browser or server is a failure."""
    return os.environ.get("CI", "").lower() in {"true", "1"}


def system_chromium() -> Path | None:
    """The system's own Chromium or Chrome, or None."""
    found = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in found if path), None)


def playwrights_chromium() -> Path | None:
    """The Chromium that Playwright once downloaded for itself, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def obtain() -> Path | None:
    """A Chromium, installed if need be; None when none can be had."""
    found = system_chromium() or playwrights_chromium()
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Chromium here; installing the system's with apt ...", flush=True)
        if _run("apt-get", "-qq", "update") and _run("apt-get", "-qq", "install", "-y", "chromium"):
            return system_chromium()
    print("No Chromium here; asking Playwright for its own ...", flush=True)
    _run(sys.executable, "-m", "playwright", "install", "chromium")
    return playwrights_chromium()


def _run(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environment, timeout=INSTALL_LIMIT_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[0]}: {error}", file=sys.stderr)
        return False


def main() -> int:
    found = obtain()
    if found:
        print(f"Browser tests use {found}")
        return 0
    print(
        "\n*** NO BROWSER: no Chromium could be found or installed, so the browser tests WILL NOT RUN.\n"
        "*** Mend it with: apt-get install chromium   or: .venv/bin/python -m playwright install chromium\n",
        file=sys.stderr,
    )
    return 1 if in_ci() else 0


if __name__ == "__main__":
    sys.exit(main())
