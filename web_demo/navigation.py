# SPDX-License-Identifier: EUPL-1.2
"""Finding the way: breadcrumb, top tasks, and the words of the page shell in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from web_demo.content import Content, Page

TOP_TASKS_SHOWN = 8


def sent_on(path: str, *queries: str) -> str:
    """Where to send a visitor on to, with the queries that are not empty.

    What his address said of where he came from, such as the code of a letter, goes along: else the visitors
    of the version that sends on seem to have come straight to it.
    """
    query = "&".join(filter(None, queries))
    return f"{path}?{query}" if query else path


WORDS: dict[str, dict[str, str]] = {
    "nl": {
        "municipality": "Gemeente Voorbeeldstad",
        "home": "Home",
        "home_path": "/",
        "search": "Zoeken",
        "search_label": "Zoeken op deze website",
        "search_path": "/zoeken",
        "skip": "Naar de inhoud",
        "main_navigation": "Hoofdmenu",
        "breadcrumb": "U bent hier",
        "contact": "Contact",
        "contact_path": "/contact",
        "other_language": "English",
        "other_path": "/en",
        "other_code": "en",
        "feedback": "Hebt u gevonden wat u zocht?",
        "yes": "Ja",
        "partly": "Een beetje",
        "no": "Nee",
        "thanks_title": "Bedankt",
        "thanks": "Bedankt voor uw antwoord. Zo maken wij deze website beter.",
        "not_found": "Deze pagina bestaat niet",
        "related": "Zie ook",
        "question": "Hebt u nog een vraag?",
    },
    "en": {
        "municipality": "Municipality of Voorbeeldstad",
        "home": "Home",
        "home_path": "/en",
        "search": "Search",
        "search_label": "Search this website",
        "search_path": "/en/search",
        "skip": "Go to content",
        "main_navigation": "Main menu",
        "breadcrumb": "You are here",
        "contact": "Contact",
        "contact_path": "/en/contact",
        "other_language": "Nederlands",
        "other_path": "/",
        "other_code": "nl",
        "feedback": "Did you find what you were looking for?",
        "yes": "Yes",
        "partly": "Partly",
        "no": "No",
        "thanks_title": "Thank you",
        "thanks": "Thank you for your answer. It helps us to improve this website.",
        "not_found": "This page does not exist",
        "related": "See also",
        "question": "Do you have another question?",
    },
}


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb."""

    title: str
    path: str


def breadcrumb(content: Content, section: str, language: str) -> list[Crumb]:
    """The way from the home page down to a section; the page itself is not part of it."""
    words = WORDS[language]
    crumbs = [Crumb(words["home"], words["home_path"])]
    if section in content.sections and section != words["home_path"]:
        crumbs.append(Crumb(content.sections[section].title, section))
    elif section in content.pages:
        crumbs += [Crumb(page.short, page.path) for page in content.pages[section].values()]
    return crumbs


def top_tasks(content: Content, language: str, variant_of: Callable[[str], str]) -> list[Page]:
    """The tasks on the home page as one visitor sees them: the first of the list that this visitor has."""
    return content.listed(content.top_tasks[language], variant_of)[:TOP_TASKS_SHOWN]


def common_top_tasks(content: Content, language: str) -> list[Page]:
    """The top tasks that are the same for everybody: help on an empty results page is no exposure."""
    return [content.pages[path][""] for path in content.top_tasks[language] if "" in content.pages[path]]
