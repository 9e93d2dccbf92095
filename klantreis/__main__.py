# SPDX-License-Identifier: EUPL-1.2
"""`python -m klantreis` is the command `klantreis`."""

from klantreis.cli import main

main()
