# SPDX-License-Identifier: EUPL-1.2
"""What a phrase is: the same thing said in Dutch and in English.

Dutch is plain (level B1) and speaks of "bezoekers", since a browser is counted and not a person.
"""

from __future__ import annotations

from collections.abc import Mapping

Texts = Mapping[str, str]

Phrases = Mapping[str, Texts]
