# SPDX-License-Identifier: EUPL-1.2
"""A collector with the demo site behind it: `python -m tests.loadtests.server STORE_URL PORT PREFIX SITE`.

SITE is `measured`, `unmeasured` for one whose pages do not load k.js, or `guarded` where even this machine
needs the operators' token.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from random import SystemRandom

import uvicorn
from a2wsgi import WSGIMiddleware

from tests.web_demo.running_site import running_site
from tracker.access import Operators
from tracker.collector import Collector, CollectorSettings
from tracker.keys import Keys
from tracker.site import Site, Sites
from web_demo.site import create_site

TOKEN = "a secret of the tests"
OPERATOR_TOKEN = "the operators' secret of the tests"


def main(url: str, port: int, prefix: str, kind: str) -> None:
    """Serve until told to stop."""
    site = Site("voorbeeldstad", frozenset({"127.0.0.1", "localhost"}))
    pages = create_site() if kind == "unmeasured" else running_site(lambda: datetime.now(UTC), SystemRandom())
    operators = Operators(networks=(), token=OPERATOR_TOKEN) if kind == "guarded" else Operators()
    collector = Collector(
        CollectorSettings(sites=Sites([site]), store_url=url, run_token=TOKEN, operators=operators),
        keys=Keys(prefix),
        fallback=WSGIMiddleware(pages.wsgi_app, workers=4),  # type: ignore[arg-type]
    )
    uvicorn.run(collector, port=port, log_level="warning", access_log=False)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
