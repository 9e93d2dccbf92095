# SPDX-License-Identifier: EUPL-1.2
"""Recorded and simulated journeys at peak rates, with Locust."""
