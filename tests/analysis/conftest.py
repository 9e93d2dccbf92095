# SPDX-License-Identifier: EUPL-1.2
"""What holds for every test of the analysis."""

from __future__ import annotations

import pytest

from analysis import compiled


@pytest.fixture(autouse=True)
def _rows_of_this_test_alone() -> None:
    """The rows of earlier tests decide neither which form this one tries nor whether it waits for a compiler.

    The compiled form is tried on purpose, beside the interpreted one, in `test_cascade.py`.
    """
    compiled._done.clear()
