# SPDX-License-Identifier: EUPL-1.2
"""The contents of the site: pages, sections and short answers, read once when the site starts.

A page is a file `pages/SECTION/NAME.html`: TOML between two lines `+++`, then the text in plain HTML. A page
with versions is `NAME.VARIANT.html` and names its experiment. What differs by variant is derived from these
files, never repeated in code, so that the site can tell exactly where an experiment is seen.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

from markupsafe import Markup

from web_demo.errors import ContentError

PAGES = Path(__file__).parent / "pages"

_CLASSES = {
    "a": "utrecht-link utrecht-link--html-a",
    "blockquote": "utrecht-blockquote",
    "caption": "utrecht-table__caption",
    "dd": "utrecht-data-list__item-value",
    "dl": "utrecht-data-list utrecht-data-list--html-dl",
    "dt": "utrecht-data-list__item-key",
    "h2": "utrecht-heading-2",
    "h3": "utrecht-heading-3",
    "li": "utrecht-list__item",
    "ol": "utrecht-ordered-list utrecht-ordered-list--html-content",
    "p": "utrecht-paragraph",
    "table": "utrecht-table utrecht-table--html-table",
    "tbody": "utrecht-table__body",
    "td": "utrecht-table__cell",
    "th": "utrecht-table__header-cell",
    "thead": "utrecht-table__header",
    "tr": "utrecht-table__row",
    "ul": "utrecht-unordered-list utrecht-unordered-list--html-content",
}
_OPENING = re.compile(rf"<({'|'.join(sorted(_CLASSES, key=len, reverse=True))})(?=[\s>])(?![^>]*\sclass=)")
_BLOCK_END = re.compile(r"(?<![.!?:;\s])\s*</(?:p|li|h2|h3|caption|td|th)>")
_INLINE = re.compile(r"</?(?:a|strong|em)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
_SPACE = re.compile(r"\s+")
_REQUIRED = {"title", "summary"}
_KEYS = _REQUIRED | {
    "keywords", "upl", "related", "experiment", "counterpart", "kind", "short", "translation",
    "findable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one version. `experiment` and `variant` are None where everybody sees the same.

    `short` is the title in menus, `kind` is product or information; a page that is not `findable` is reached
    from its own product page only, never by searching.
    """

    path: str
    title: str
    summary: str
    body: Markup
    text: str
    language: str
    section: str
    kind: str
    short: str
    keywords: tuple[str, ...] = ()
    upl: str | None = None
    related: tuple[str, ...] = ()
    experiment: str | None = None
    variant: str | None = None
    counterpart: str | None = None
    translation: str | None = None
    findable: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A subject of the site, with its pages in the order in which residents need them."""

    path: str
    title: str
    summary: str
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A fact that the results page gives at once when a query has all words of one of `words`."""

    words: tuple[frozenset[str], ...]
    title: str
    body: Markup
    page: str
    language: str


@dataclass(frozen=True, slots=True)
class Content:
    """Everything there is to read. `pages` maps a path to its versions by variant ("" for all)."""

    pages: Mapping[str, Mapping[str, Page]]
    sections: Mapping[str, Section]
    top_tasks: Mapping[str, tuple[str, ...]]
    answers: tuple[Answer, ...] = field(default=())

    def experiment_of(self, path: str) -> str | None:
        """The experiment in which this page has versions, if any."""
        versions = self.pages.get(path)
        return next(iter(versions.values())).experiment if versions else None

    def page(self, path: str, variant_of: Callable[[str], str]) -> Page | None:
        """The page as one visitor sees it; None where this visitor's variant has no such page."""
        versions = self.pages.get(path)
        if versions is None:
            return None
        experiment = next(iter(versions.values())).experiment
        return versions.get("") if experiment is None else versions.get(variant_of(experiment))

    def listed(self, paths: Iterable[str], variant_of: Callable[[str], str]) -> list[Page]:
        """The pages of a list as one visitor sees them, in its order."""
        return [page for path in paths if (page := self.page(path, variant_of)) is not None]

    def counterpart(self, path: str) -> str | None:
        """Where a visitor is sent whose variant lacks this page."""
        versions = self.pages.get(path)
        return next(iter(versions.values())).counterpart if versions else None

    def any_version(self, path: str) -> Page | None:
        """The page in whichever variant has it, the control's first."""
        return next(iter(self.pages.get(path, {}).values()), None)

    def every_page(self) -> Iterable[Page]:
        for versions in self.pages.values():
            yield from versions.values()


def load_content(root: Path = PAGES) -> Content:
    """Read every page, section and answer under `root`.

    Raises:
        ContentError: a file misses a key, has an unknown one, or points to a page that does not exist.
    """
    pages: dict[str, dict[str, Page]] = {}
    for file in sorted(root.glob("**/*.html")):
        page = read_page(file, root)
        pages.setdefault(page.path, {})[page.variant or ""] = page
    table = _table(root / "sections.toml")
    sections = {
        entry["path"]: Section(entry["path"], entry["title"], entry["summary"], tuple(entry["pages"]))
        for entry in table["section"]
    }
    top_tasks = {language: tuple(paths) for language, paths in table["top_tasks"].items()}
    answers = tuple(
        Answer(
            words=tuple(frozenset(words.split()) for words in entry["words"]),
            title=entry["title"],
            body=dress(entry["body"]),
            page=entry["page"],
            language=entry.get("language", "nl"),
        )
        for entry in _table(root / "answers.toml")["answer"]
    )
    content = Content(pages=pages, sections=sections, top_tasks=top_tasks, answers=answers)
    _check(content)
    return content


def read_page(file: Path, root: Path) -> Page:
    """One page from its file; the path on the site is the path of the file."""
    head, _, body = file.read_text(encoding="utf-8").removeprefix("+++\n").partition("\n+++\n")
    if not body:
        raise ContentError(f"{file.name} has no text after its heading (TOML between two lines '+++').")
    try:
        entry = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"The heading of {file.name} is no TOML: {error}.") from error
    unknown = entry.keys() - _KEYS
    missing = _REQUIRED - entry.keys()
    if unknown or missing:
        raise ContentError(f"{file.name}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}.")
    name, _, variant = file.stem.partition(".")
    if bool(variant) != ("experiment" in entry):
        raise ContentError(f"{file.name}: a version of a page has both NAME.VARIANT.html and an experiment.")
    folder = file.parent.relative_to(root).as_posix()
    language = "en" if folder == "en" else "nl"
    section = "" if folder == "." else f"/{folder}"
    return Page(
        path=f"{section}/{name}",
        title=entry["title"],
        summary=entry["summary"],
        body=dress(body),
        text=plain(body),
        language=language,
        section=section,
        kind=entry.get("kind", "product"),
        short=entry.get("short", entry["title"]),
        keywords=tuple(entry.get("keywords", ())),
        upl=entry.get("upl"),
        related=tuple(entry.get("related", ())),
        experiment=entry.get("experiment"),
        variant=variant or None,
        counterpart=entry.get("counterpart"),
        translation=entry.get("translation"),
        findable=entry.get("findable", True),
    )


def dress(body: str) -> Markup:
    """Give plain HTML the class names of the design system, so that authors need not write them."""
    # The text comes from this repository, never from a visitor.
    dressed = _OPENING.sub(lambda tag: f'<{tag[1]} class="{_CLASSES[tag[1]]}"', body.strip())
    return Markup(dressed)  # noqa: S704


def plain(body: str) -> str:
    """The words of a text without its tags, for the search index; every block ends like a sentence."""
    sentences = _BLOCK_END.sub(". ", _INLINE.sub("", body))
    return _SPACE.sub(" ", unescape(_TAG.sub(" ", sentences))).strip()


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ContentError(f"{file.name} cannot be read: {error}.") from error


def _check(content: Content) -> None:
    known = content.pages.keys() | content.sections.keys()
    listed = {path for section in content.sections.values() for path in section.pages}
    listed |= {path for paths in content.top_tasks.values() for path in paths}
    listed |= {answer.page for answer in content.answers}
    for page in content.every_page():
        listed |= {*page.related, *filter(None, (page.counterpart, page.translation))}
        if page.section not in content.sections and page.kind == "product":
            raise ContentError(f"{page.path} lies in {page.section}, which sections.toml does not name.")
        alike = (None, page.experiment)
        differing = [path for path in page.related if content.experiment_of(path) not in alike]
        if differing:
            raise ContentError(
                f"{page.path} lists {differing} as related: their titles differ by variant, which would make "
                "this page part of the experiment. Link to them in the text, in words that are alike for all."
            )
    if listed - known:
        raise ContentError(f"These pages are pointed to and do not exist: {sorted(listed - known)}.")
