# SPDX-License-Identifier: EUPL-1.2
"""The report for people: as text for a terminal, and as one HTML file with pictures."""
