# SPDX-License-Identifier: EUPL-1.2
"""Case numbers as an installation writes them, told by masks: `Z-####-######` for Z-2026-012345.

A mask isn't a regular expression, so that nobody can write one that is slow, or that matches everything. In a
mask `#` is a digit, `@` a letter, `#+` one to twelve digits; a space or one of `-./_` is any such sign, or
several, or none, since residents don't copy those faithfully. The rest stands for itself, in either case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tracker.errors import TrackerError

MOST_MASKS = 32
LONGEST_MASK = 40
FEWEST_DIGITS = 5
_LONGEST_RUN = 12
_PIECE = re.compile(r"#\+|[#@]|[ ./_-]+|[A-Za-z0-9]")
_SIGNS = r"[\s./_+-]{0,3}"


class MaskError(TrackerError):
    """A mask that cannot be used."""


class CaseNumbers:
    """Finds case numbers in a text, in time linear in its length."""

    __slots__ = ("_pattern", "masks")

    def __init__(self, masks: Iterable[str]) -> None:
        """Raises `MaskError`, which says what is wrong with which mask."""
        self.masks = tuple(masks)
        if len(self.masks) > MOST_MASKS:
            raise MaskError(
                f"{len(self.masks)} masks of case numbers came; expected at most {MOST_MASKS}. Write what "
                "several have in common as one, with # for a digit and @ for a letter."
            )
        joined = "|".join(_translated(mask) for mask in self.masks)
        self._pattern = re.compile(joined, re.IGNORECASE | re.ASCII) if joined else None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where case numbers begin and end.

        >>> list(CaseNumbers(["Z-####-######"]).spans("over z2026 012345 graag"))
        [(5, 17)]
        """
        return (found.span() for found in self._pattern.finditer(text)) if self._pattern else iter(())


def _translated(mask: object) -> str:
    """The regular expression of one mask: no part of it can be matched in two ways, but for one run."""
    if not isinstance(mask, str) or not 1 <= len(mask) <= LONGEST_MASK:
        raise MaskError(
            f"{_shown(mask)} came as a mask of case numbers; expected 1 to {LONGEST_MASK} characters such as "
            '"Z-####-######".'
        )
    pieces = _PIECE.findall(mask)
    if "".join(pieces) != mask:
        strange = re.sub(_PIECE, "", mask)[0]
        raise MaskError(
            f"The mask {mask!r} has the sign {strange!r}; expected letters, digits, # for a digit, @ for a "
            "letter, #+ for a run of digits, and a space or one of -./_ between them."
        )
    digits = sum(piece[0] == "#" or piece.isdigit() for piece in pieces)
    if digits < FEWEST_DIGITS or "#" not in mask:
        raise MaskError(
            f"The mask {mask!r} has {digits} digits; expected at least {FEWEST_DIGITS}, one of them #. "
            "Ordinary words and years would be taken for case numbers otherwise."
        )
    if mask.count("#+") > 1:
        raise MaskError(
            f"The mask {mask!r} has several runs #+; expected one at most. Write the others out: ####."
        )
    if set(pieces) <= {"#", "@"} and len(pieces) < 8:
        raise MaskError(f"The mask {mask!r} would match any number; expected a letter or a sign in it.")
    expression = "".join(map(_expression, pieces))
    before = r"(?<!\d)" if pieces[0][0] == "#" or pieces[0].isdigit() else ""
    after = r"(?!\d)" if pieces[-1][0] == "#" or pieces[-1].isdigit() else ""
    return f"(?:{before}{expression}{after})"


def _expression(piece: str) -> str:
    if piece == "#+":
        return rf"\d{{1,{_LONGEST_RUN}}}"
    if piece[0] in " ./_-":
        return _SIGNS
    return {"#": r"\d", "@": "[a-z]"}.get(piece, piece)


def _shown(mask: object) -> str:
    text = repr(mask)
    return text if len(text) <= 60 else f"{text[:57]}..."
