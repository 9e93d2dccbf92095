# SPDX-License-Identifier: EUPL-1.2
"""The examples in the docstrings are true, in every room."""

from __future__ import annotations

import doctest
import importlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("tracker", "experiments", "analysis", "web_demo", "loadtests", "klantreis")
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if "    >>> " in path.read_text(encoding="utf-8")
)


def _interpreted(name: str) -> ModuleType:
    """The module of its source: what was compiled has no examples to be found."""
    module = importlib.import_module(name)
    path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
    if not path.is_file() or Path(module.__file__ or "") == path:
        return module
    spec = spec_from_file_location(f"{name}_interpreted", path)
    assert spec is not None
    assert spec.loader is not None
    source = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(source)
    return source


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name: str) -> None:
    found = doctest.testmod(_interpreted(name))
    assert found.attempted > 0
    assert found.failed == 0
