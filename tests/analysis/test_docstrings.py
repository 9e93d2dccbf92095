# SPDX-License-Identifier: EUPL-1.2
"""The examples in the docstrings of the inference are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "allocation",
    "results",
    *(f"estimates.{name}" for name in ("mean", "multiplicity", "proportion", "ratio", "survival")),
]


@pytest.mark.parametrize("name", ["estimates", *MODULES])
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"analysis.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
