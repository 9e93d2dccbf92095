# SPDX-License-Identifier: EUPL-1.2
"""A municipal site in a current and a redesigned version, and the citizens who visit it."""
