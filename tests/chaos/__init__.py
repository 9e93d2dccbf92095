# SPDX-License-Identifier: EUPL-1.2
"""Everything that may happen to a store and a collector, under load: `make chaos`."""
