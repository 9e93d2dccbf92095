# SPDX-License-Identifier: EUPL-1.2
"""From HTML to a `Page`.

Parsing depends on the body alone, so a page that many people see is parsed once. The script tag differs by
bucket and is read apart for that reason.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from hashlib import blake2b
from html import unescape
from typing import Protocol

from selectolax.lexbor import LexborHTMLParser, LexborNode

from web_demo.citizens.page import Block, Field, Form, Link, Page, Results, Script, SearchBox

_SCRIPT = re.compile(rb"<script\b([^>]*\bsrc=[\"'][^\"']*k\.js[\"'][^>]*)>\s*</script>")
_ATTRIBUTE = re.compile(r"([\w-]+)=\"([^\"]*)\"")
_SPACE = re.compile(r"\s+")
_BLOCKS = "h1,h2,h3,h4,p,li,dd,dt,tr,blockquote,figcaption"
_BACK_WORDS = ("vorige", "terug", "annule", "opnieuw beginnen", "stop")
_CONTROL = "input,select,textarea"


class Reads(Protocol):
    """What a browser needs to see a page: a `Reader`, or a `graph.Graph` that knows its pages already."""

    def read(self, body: bytes) -> tuple[Page, Script | None]:
        """The page and its script tag; None where k.js is not on the page."""


class Reader:
    """Parses bodies and keeps the last `size` of them."""

    def __init__(self, size: int = 2048) -> None:
        self._size = size
        self._pages: OrderedDict[bytes, Page] = OrderedDict()

    def read(self, body: bytes) -> tuple[Page, Script | None]:
        """The page and its script tag; None where k.js is not on the page."""
        script = None
        if tag := _SCRIPT.search(body):
            script = _script(tag.group(1).decode())
            body = body[: tag.start()] + body[tag.end() :]
        key = blake2b(body, digest_size=16).digest()
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = parse(body)
            if len(self._pages) > self._size:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(key)
        return page, script


def _script(attributes: str) -> Script:
    found = {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
    shown = (part.partition("=") for part in found.get("data-x", "").split(",") if part)
    return Script(
        bucket=int(found["data-b"]) if "data-b" in found else None,
        shown=tuple((name, variant) for name, _, variant in shown),
        first=tuple(part for part in found.get("data-f", "").split(",") if part),
    )


def parse(body: bytes) -> Page:
    """Read a page of UTF-8 HTML; anything hidden is left out, as a resident does not see it."""
    tree = LexborHTMLParser(body)
    root = tree.css_first("html")
    forms = [node for node in tree.css("form") if not _hidden(node)]
    search = next((box for node in forms if (box := _search_box(node))), None)
    main = tree.css_first("main") or tree.body
    results = _results(tree)
    heading = main.css_first("h1") if main else None
    # Above results stands what the visitor typed: an echo, not something the site says.
    blocks, words = _blocks(main, "" if results or not heading else _text(heading)) if main else ((), 0)
    title = tree.css_first("title")
    return Page(
        title=_text(title) if title else "",
        heading=_text(heading) if heading else "",
        language=(root.attributes.get("lang") or "") if root else "",
        links=tuple(_link(node) for node in tree.css("a[href]") if not _hidden(node)),
        blocks=blocks,
        words=words,
        opening=" ".join([_text(heading) if heading else "", *(block.text for block in blocks[:2])]),
        text=" ".join(block.text for block in blocks),
        search=search,
        results=results,
        forms=tuple(_form(node) for node in forms if _is_task(node)),
        goals=tuple(node.attributes.get("data-kr-goal") or "" for node in tree.css("[data-kr-goal]")),
        feedback=tree.css_first("form[data-kr-feedback]") is not None,
    )


def _text(node: LexborNode) -> str:
    return _SPACE.sub(" ", node.text(deep=True, separator=" ")).strip()


def _hidden(node: LexborNode) -> bool:
    above: LexborNode | None = node
    while above is not None:
        if above.tag == "template" or "hidden" in above.attributes:
            return True
        above = above.parent
    return False


def _blocks(main: LexborNode, heading: str) -> tuple[tuple[Block, ...], int]:
    found: list[Block] = []
    words, under = 0, heading
    for node in main.css(_BLOCKS):
        if _hidden(node) or (node.tag == "li" and node.css_first("p,li,h2,h3") is not None):
            continue
        if text := _text(node):
            if node.tag in ("h2", "h3", "h4"):
                under = f"{heading} {text}"
            found.append(Block(text, words, under, node.tag == "li"))
            words += text.count(" ") + 1
    return tuple(found), words


def _link(node: LexborNode) -> Link:
    attributes = node.attributes
    rank = attributes.get("data-kr-rank")
    return Link(
        href=attributes.get("href") or "",
        text=_text(node) or attributes.get("aria-label") or "",
        part=_part(node),
        about=_beside(node) if rank else "",
        rank=int(rank) if rank else None,
        contact=_contact(node),
    )


def _contact(node: LexborNode) -> str | None:
    href = node.attributes.get("href") or ""
    marked = node.attributes.get("data-kr-contact")
    return marked or ("tel" if href.startswith("tel:") else "mail" if href.startswith("mailto:") else None)


def _part(node: LexborNode) -> str:
    above = node.parent
    while above is not None:
        if above.tag in ("nav", "header"):
            return "navigation"
        if above.tag in ("footer", "main"):
            return above.tag
        above = above.parent
    return "navigation"


def _beside(node: LexborNode) -> str:
    above = node.parent
    while above is not None and above.tag not in ("li", "article", "main"):
        above = above.parent
    return _text(above).replace(_text(node), "", 1).strip() if above and above.tag != "main" else ""


def _search_box(node: LexborNode) -> SearchBox | None:
    asked = node.css_first("input[type=search]")
    if asked is None and node.attributes.get("role") == "search":
        asked = node.css_first("input[type=text], input:not([type])")
    if asked is None:
        return None
    return SearchBox(node.attributes.get("action") or "", asked.attributes.get("name") or "q")


def _results(tree: LexborHTMLParser) -> Results | None:
    node = tree.css_first("[data-kr-query]")
    if node is None:
        return None
    count = node.attributes.get("data-kr-results") or "0"
    here = tree.css_first("[data-kr-answer]") is not None
    return Results(node.attributes.get("data-kr-query") or "", int(count), here)


def _is_task(node: LexborNode) -> bool:
    if "data-kr-feedback" in node.attributes or _search_box(node) is not None:
        return False
    return (node.attributes.get("method") or "get").lower() == "post" or "data-kr-form" in node.attributes


def _form(node: LexborNode) -> Form:
    attributes = node.attributes
    hidden, fields = [], OrderedDict[str, Field]()
    labels = {label.attributes.get("for") or "": _text(label) for label in node.css("label")}
    for control in node.css(_CONTROL):
        kind = _kind(control)
        name = control.attributes.get("name") or ""
        if kind == "hidden":
            hidden.append((name, control.attributes.get("value") or ""))
        elif name and kind not in ("submit", "button", "image", "reset") and not _hidden(control):
            fields[name] = _field(control, kind, labels, fields.get(name))
    step = attributes.get("data-kr-step") or "1"
    return Form(
        action=attributes.get("action") or "",
        method=(attributes.get("method") or "get").lower(),
        fields=tuple(fields.values()),
        hidden=tuple(hidden),
        button=_button(node),
        multipart=attributes.get("enctype") == "multipart/form-data",
        validates="novalidate" not in attributes,
        name=attributes.get("data-kr-form"),
        step=int(step) if step.isdigit() else 1,
        last="data-kr-last" in attributes,
    )


def _kind(control: LexborNode) -> str:
    if control.tag != "input":
        return str(control.tag)
    return (control.attributes.get("type") or "text").lower()


def _field(control: LexborNode, kind: str, labels: dict[str, str], earlier: Field | None) -> Field:
    attributes = control.attributes
    label = labels.get(attributes.get("id") or "", "") or _text_of(_wrapping(control, "label"))
    marked: dict[str, str | None] = dict(attributes)
    options: tuple[tuple[str, str], ...] = earlier.options if earlier else ()
    value = earlier.value if earlier else ""
    if kind in ("radio", "checkbox"):
        this = attributes.get("value") or "on"
        options = (*options, (this, label))
        value = this if "checked" in attributes else value
        if (group := _wrapping(control, "fieldset")) is not None:
            label = _text_of(group.css_first("legend")) or label
            marked = {**group.attributes, **marked}
    elif kind == "select":
        options = tuple((c.attributes.get("value", _text(c)) or "", _text(c)) for c in control.css("option"))
        chosen = control.css_first("option[selected]")
        value = (chosen.attributes.get("value", _text(chosen)) or "") if chosen is not None else ""
    else:
        value = _text(control) if kind == "textarea" else attributes.get("value") or ""
    return Field(
        name=attributes.get("name") or "",
        kind=kind,
        label=label,
        required="required" in marked or marked.get("aria-required") == "true",
        invalid=marked.get("aria-invalid") == "true",
        value=value,
        options=options,
        pattern=attributes.get("pattern") or "",
        multiple="multiple" in attributes,
    )


def _wrapping(control: LexborNode, tag: str) -> LexborNode | None:
    above = control.parent
    while above is not None and above.tag not in (tag, "form"):
        above = above.parent
    return above if above is not None and above.tag == tag else None


def _text_of(node: LexborNode | None) -> str:
    return _text(node) if node is not None else ""


def _button(node: LexborNode) -> tuple[str, str] | None:
    for button in node.css("button, input[type=submit]"):
        said = (_text(button) or button.attributes.get("value") or "").lower()
        if button.attributes.get("type", "submit") != "submit" or said.startswith(_BACK_WORDS):
            continue
        if name := button.attributes.get("name"):
            return name, button.attributes.get("value") or ""
        return None
    return None
