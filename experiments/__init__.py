# SPDX-License-Identifier: EUPL-1.2
"""What was promised beforehand: definitions, assignment, exposure, lifecycle."""
