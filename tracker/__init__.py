# SPDX-License-Identifier: EUPL-1.2
"""What the browser said: event, wire, admission, collector, stream, archive."""

from tracker import compiled

compiled.prefer()
