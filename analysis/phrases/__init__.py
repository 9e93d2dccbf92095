# SPDX-License-Identifier: EUPL-1.2
"""The words of the report in Dutch and English: data only, one entry per thing that can be said.

`analysis.naming` and `analysis.wording` make names and sentences of them.
"""
