# SPDX-License-Identifier: EUPL-1.2
"""The front door: one command line, one server that puts the rooms together.

In a notebook: `from klantreis import open_data`.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "open_data"]


def __getattr__(name: str) -> Any:
    """`open_data` is fetched when it is asked for, so that the command line answers at once."""
    if name == "open_data":
        from klantreis.notebook import open_data

        return open_data
    raise AttributeError(f"module 'klantreis' has no attribute {name!r}")
