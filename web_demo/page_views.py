# SPDX-License-Identifier: EUPL-1.2
"""The pages that residents read: home, sections, products, search and feedback.

A page asks for a variant only where what the visitor sees depends on it, because asking is what counts as an
exposure: the home page and a section page when their lists differ, a page that has versions, and the results
page when the results differ. Asking later than the first difference would compare the people whom one version
attracted with the people whom the other attracted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Blueprint, abort, current_app, redirect, render_template, request
from werkzeug.wrappers import Response

from experiments.exposure import COOKIE
from web_demo.content import Content, Page, Section
from web_demo.navigation import WORDS, breadcrumb, common_top_tasks, sent_on, top_tasks
from web_demo.search import SearchIndex

PRODUCT_EXPERIMENT = "aa-controle"  # two identical variants on every product page: the test of the test
ENGLISH = "/en"
MOVED = "kr_moved"  # this browser was sent here, and may not have kept the cookie it got
MOST_KEPT = 1000  # rendered pages; the site has some hundred, over all variants


class PageViews:
    """The views over one set of contents.

    Args:
        content: everything there is to read.
        variant_of: the visitor's variant of an experiment; asking marks the page as an exposure.
    """

    def __init__(self, content: Content, variant_of: Callable[[str], str]) -> None:
        self._content = content
        self._variant_of = variant_of
        self._indexes = {language: SearchIndex(content, language) for language in WORDS}
        self._languages = {page.path: page.language for page in content.every_page()}
        self._kept: dict[tuple[str, ...], str] = {}

    def blueprint(self) -> Blueprint:
        """All routes; the pages themselves are found by their path in the contents."""
        site = Blueprint("site", __name__)
        site.add_url_rule("/", "home", self.home)
        site.add_url_rule(ENGLISH, "english_home", self.english_home)
        for language, words in WORDS.items():
            defaults = {"language": language}
            site.add_url_rule(words["search_path"], f"search_{language}", self.results, defaults=defaults)
        site.add_url_rule("/feedback", "feedback", self.feedback, methods=["POST"])
        site.add_url_rule("/feedback/bedankt", "thanks", self.thanks)
        site.add_url_rule("/<path:name>", "page", self.page)
        return site

    def home(self) -> str:
        return self._home("nl", [one for one in self._content.sections.values() if one.path != ENGLISH])

    def english_home(self) -> str:
        pages = self._content.sections[ENGLISH].pages
        return self._home("en", self._content.listed(pages, self._variant_of))

    def _home(self, language: str, subjects: Iterable[Page | Section]) -> str:
        tasks = top_tasks(self._content, language, self._variant_of)
        return self._same_for_all(
            "voorbeeldstad/home.html",
            tasks,
            language=language,
            title=WORDS[language]["municipality"],
            crumbs=[],
            tasks=tasks,
            subjects=subjects,
            translation=WORDS[language]["other_path"],
        )

    def _same_for_all(self, template: str, shown: Iterable[Page], **values: object) -> str:
        """A page that looks the same to everybody who is shown these pages on it: rendered once and kept."""
        script = str(current_app.jinja_env.globals["klantreis_script"]())  # type: ignore[operator]
        key = (request.path, script, *(f"{page.path}.{page.variant}" for page in shown))
        if key not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = render_template(template, **values)
        return self._kept[key]

    def results(self, language: str) -> str:
        query = request.args.get("q", "").strip()
        results = self._indexes[language].search(query, self._variant_of)
        search = WORDS[language]["search"]
        return render_template(
            "voorbeeldstad/results.html",
            language=language,
            title=f"{search}: {query}" if query else search,
            crumbs=breadcrumb(self._content, "", language),
            query=query,
            results=results,
            tasks=[] if results.hits else common_top_tasks(self._content, language),
        )

    def page(self, name: str) -> str | Response:
        path = f"/{name}"
        if path in self._content.sections:
            return self._section(path)
        if path not in self._content.pages:
            bare = path.rstrip("/")
            if bare != path and (bare in self._content.pages or bare in self._content.sections):
                return redirect(sent_on(bare, _query()), 308)
            abort(404)
        found = self._content.page(path, self._variant_of)
        if found is None and MOVED in request.args:
            found = self._content.any_version(path)
        if found is None:
            # A browser that keeps no cookie may get another version after each redirect: it is sent on once.
            moved = "" if request.cookies.get(COOKIE) is not None else f"{MOVED}=1"
            return redirect(sent_on(self._content.counterpart(path) or "/", _query(), moved), 302)
        if found.kind == "product":
            self._variant_of(PRODUCT_EXPERIMENT)
        return self._same_for_all(
            "voorbeeldstad/page.html",
            [found],
            language=found.language,
            title=found.title,
            crumbs=breadcrumb(self._content, found.section, found.language),
            page=found,
            related=self._content.listed(found.related, self._variant_of),
            translation=found.translation,
        )

    def _section(self, path: str) -> str:
        section = self._content.sections[path]
        pages = self._content.listed(section.pages, self._variant_of)
        return self._same_for_all(
            "voorbeeldstad/section.html",
            pages,
            language="nl",
            title=section.title,
            crumbs=breadcrumb(self._content, "", "nl"),
            section=section,
            pages=pages,
        )

    def feedback(self) -> Response:
        """Where the answer lands without script: only thanked for, since the tracker does the counting."""
        page = request.form.get("page", "/")
        return redirect(f"/feedback/bedankt?page={page if page in self._languages else '/'}", 303)

    def thanks(self) -> str:
        page = request.args.get("page", "/")
        language = self._languages.get(page, "nl")
        return render_template(
            "voorbeeldstad/thanks.html",
            language=language,
            title=WORDS[language]["thanks_title"],
            crumbs=breadcrumb(self._content, "", language),
            back=page if page in self._languages else "/",
        )


def _query() -> str:
    return request.query_string.decode(errors="replace")
