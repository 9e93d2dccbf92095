# SPDX-License-Identifier: EUPL-1.2
"""The pages of the analysis as the console shows them: inside the shell, and on a port for a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Flask
from werkzeug.serving import make_server

from klantreis.shell import init_shell


def console(*pages: Blueprint) -> Flask:
    """An application of the shell and those pages."""
    app = Flask("console", static_folder=None, template_folder=None)
    init_shell(app)
    for each in pages:
        app.register_blueprint(each)
    return app


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of an application on a free port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
