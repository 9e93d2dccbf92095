# SPDX-License-Identifier: EUPL-1.2
"""The cascade as one would first write it, with objects, sets and dictionaries: what the fast one must
equal."""
