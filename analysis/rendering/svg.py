# SPDX-License-Identifier: EUPL-1.2
"""A small writer of SVG. Every text and attribute is escaped here, and nowhere else.

Looks come from classes that the page's stylesheet defines, so that a picture follows light, dark and print,
and needs no style attribute that a strict content security policy would refuse.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

#: Nominal width of a character as a part of the font size; labels are laid out with it.
CHARACTER = 0.56

#: Characters that XML has no place for, shown as what they are: unreadable.
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), "\ufffd")


def element(name: str, *children: Markup | str, **attributes: str | float | None) -> Markup:
    """One element. Attribute names: `class_` is class, and `_` stands for `-`; None leaves one out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_written(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(child if isinstance(child, Markup) else _written(child) for child in children)
    drawn = f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>"
    return Markup(drawn)  # noqa: S704  the one place that escapes: attributes and texts are, just above


def text(x: float, y: float, words: str, class_: str = "", *, anchor: str = "start") -> Markup:
    at = None if anchor == "start" else anchor
    return element("text", words, x=x, y=y, class_=class_ or None, text_anchor=at)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(points: Sequence[tuple[float, float]], class_: str, *, closed: bool = False) -> Markup:
    """Straight lines through `points`."""
    drawn = "M" + "L".join(f"{_written(x)},{_written(y)}" for x, y in points) + ("Z" if closed else "")
    return element("path", d=drawn, class_=class_)


def marker(shape: int, x: float, y: float, class_: str, *, size: float = 6.0) -> Markup:
    """A mark whose shape tells variants apart without colour: circle, diamond, triangle, square."""
    kind = shape % 4
    if kind == 0:
        return element("circle", cx=x, cy=y, r=size, class_=class_)
    corners = {
        1: [(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
        2: [(0.0, -1.25), (1.2, 0.95), (-1.2, 0.95)],
        3: [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)],
    }[kind]
    return path([(x + dx * size, y + dy * size) for dx, dy in corners], class_, closed=True)


def picture(
    width: float, height: float, name: str, title: str, description: str, *children: Markup, class_: str = ""
) -> Markup:
    """The whole picture with its title and description for those who cannot see it.

    `name` makes the ids of title and description unique in the page.
    """
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-description"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_written(width)} {_written(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{name}-title {name}-description",
        class_=f"picture {class_}".strip(),
    )


def shorten(words: str, room: float, font_size: float) -> str:
    """`words`, cut in front where they do not fit: the end of a path says most."""
    fit = max(3, int(room / (font_size * CHARACTER)))
    if len(words) <= fit:
        return words
    if words.startswith("/"):
        return "…" + words[-(fit - 1) :]
    return words[: fit - 1].rstrip() + "…"


def in_two(words: str, room: float, font_size: float) -> tuple[str, ...]:
    """`words` on one line where they fit, else on two, cut at a space; what is still too long is shortened.

    >>> in_two("tijd waarin 1 op de 4 antwoord had", 150, 14)
    ('tijd waarin 1 op', 'de 4 antwoord had')
    """
    if width_of(words, font_size) <= room or " " not in words:
        return (shorten(words, room, font_size),)
    spaces = [place for place, letter in enumerate(words) if letter == " "]
    middle = min(spaces, key=lambda place: abs(place - len(words) / 2))
    parts = words[:middle], words[middle + 1 :]
    return tuple(shorten(part, room, font_size) for part in parts)


def width_of(words: str, font_size: float) -> float:
    """About how wide `words` are."""
    return len(words) * font_size * CHARACTER


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return str(escape(value.translate(_CONTROLS)))
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
