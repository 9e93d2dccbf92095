# SPDX-License-Identifier: EUPL-1.2
"""`make script`: makes the `k.js` that is served of `source/k.js`, with a pinned terser.

It needs Node, so what it makes is kept in the repository; `k.json` says of which source and by which tool,
and a test compares. Without Node the test looks at these digests, with it terser runs again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE / "source" / "k.js"
BUILT = HERE / "k.js"
RECORD = HERE / "k.json"
TERSER = "terser@5.44.1"
OPTIONS = ("--compress", "passes=3,unsafe_arrows,ecma=2021", "--mangle", "--ecma", "2021")


def minified(*, offline: bool = False) -> bytes:
    """What terser makes of the source; `offline` takes it from npm's cache alone.

    Raises `subprocess.CalledProcessError` where terser cannot be had or refuses the source, and
    `FileNotFoundError` where there is no npx.
    """
    where = ("--offline",) if offline else ()
    command = ("npx", "--yes", *where, TERSER, str(SOURCE), *OPTIONS)
    return subprocess.run(command, capture_output=True, check=True).stdout.strip()  # noqa: S603


def record_of(built: bytes) -> dict[str, object]:
    """What `k.json` has to say when `built` is made of the present source."""
    return {
        "tool": TERSER,
        "options": list(OPTIONS),
        "source": hashlib.sha256(SOURCE.read_bytes()).hexdigest(),
        "built": hashlib.sha256(built).hexdigest(),
    }


def main() -> int:
    try:
        built = minified()
    except FileNotFoundError:
        print("There is no npx here, which runs terser. Install Node 18 or newer.", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"{TERSER} did not succeed: {error.stderr.decode().strip()}", file=sys.stderr)
        return 1
    BUILT.write_bytes(built)
    RECORD.write_text(json.dumps(record_of(built), indent=2) + "\n", encoding="utf-8")
    print(f"{BUILT.name}: {len(built):,} bytes; its digest stands in {RECORD.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
