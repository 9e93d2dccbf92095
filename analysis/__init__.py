# SPDX-License-Identifier: EUPL-1.2
"""What was concluded: sessions, questions, measures, inference, report."""
