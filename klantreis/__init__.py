# SPDX-License-Identifier: EUPL-1.2
"""The front door: one command line, one server that puts the rooms together."""

__version__ = "0.1.0"
