# SPDX-License-Identifier: EUPL-1.2
"""How a citizen pursues one question: look at the page, choose what smells best, stop when fed up.

After SNIF-ACT (Fu & Pirolli, *Human-Computer Interaction* 22(4), 2007): links compete by scent with noise,
and leaving competes with all of them as the page and the patience run dry. Nothing here knows a page, a
path or a variant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial

from web_demo.citizens.actions import Action, Back, Contact, Follow, Part, Read, Search, View
from web_demo.citizens.form_visit import fill_in
from web_demo.citizens.page import Link, Page
from web_demo.citizens.persona import misspell_query
from web_demo.citizens.question import Ending, Mind
from web_demo.citizens.words import Kind

_HOME = "/"
_MOST_PAGES = 40  # nobody looks further, and a loop in a site ends here


@dataclass(frozen=True, slots=True)
class _Option:
    utility: float
    act: Callable[[], Part]


def pursue(mind: Mind, view: View) -> Part:
    """Go on from a page until the question has an ending; returns the page that is on the screen then."""
    question = mind.question
    question.saw(view)
    while question.ending is None:
        smell = _scent_of_page(mind, view.page)
        if (yield from _looked(mind, view, smell)):
            question.ending = Ending.FOUND
        elif mind.chance(mind.behaviour.quits_mildly_share) or question.pages > _MOST_PAGES:
            question.ending = Ending.INTERRUPTED
        elif mind.fed_up:
            view = yield from give_up(mind, view)
        else:
            view = yield from _choose(mind, view, smell)
    return view


def give_up(mind: Mind, view: View) -> Part:
    """Call, where that is this citizen's way and a number can be found, or just stop."""
    calls = mind.persona.prefers_phone or mind.chance(mind.behaviour.calls_exhausted_share)
    number = _number(view.page)
    if calls and number is None:
        ways = (link for link in view.page.links if mind.vocabulary.help.count(link.text))
        contact = next((link for link in ways if not link.contact), None)
        if contact is not None:
            view = yield Follow(contact)
            mind.question.saw(view)
            number = _number(view.page)
    if calls and number is not None:
        yield Read(4.0 + 6.0 * mind.random.random(), 100)
        view = yield Contact(number)
        mind.question.ending = Ending.CALLED
    else:
        mind.question.ending = mind.question.ending or Ending.GAVE_UP
    return view


def _number(page: Page) -> Link | None:
    return next((link for link in page.links if link.contact == "tel"), None)


def _scent_of_page(mind: Mind, page: Page) -> float:
    if page.results is not None:
        return max((_scent_of_link(mind, link, 0.0) for link in page.links if link.rank), default=0.0)
    own = mind.smell(page.opening)
    return max(own, mind.behaviour.text_view * mind.smell(page.text), mind.behaviour.trail_kept * mind.trail)


def _looked(mind: Mind, view: View, smell: float) -> Generator[Action, View, bool]:
    """Read the page; True where the answer was in it and was seen."""
    behaviour, page = mind.behaviour, view.page
    place = _answer_at(mind, page)
    seen = place is not None and mind.chance(
        (1.0 - behaviour.misread_share) * math.exp(-place / (3.0 * behaviour.skim_words))
    )
    words = float(page.words if place is None or not seen else place)
    words = min(words, behaviour.skim_words)
    mind.spend(behaviour.page_cost + behaviour.stale_cost * (1.0 - smell) * (not seen))
    mind.spend(behaviour.words_cost * words)
    if page.results is not None and page.results.count == 0:
        mind.spend(behaviour.no_results_cost)
    if mind.wish.kind is Kind.DO:
        listed = mind.vocabulary.documents.count(" ".join(b.text for b in page.blocks if b.listed))
        mind.spend(behaviour.document_listed_cost * listed * (not mind.papers_ready))
    skimming = 60.0 * words / (behaviour.skims_faster * mind.persona.words_per_minute)
    seconds = behaviour.page_turn_s + skimming * (0.5 + mind.random.random())
    if seen:
        slowness = behaviour.words_per_minute_median / mind.persona.words_per_minute
        seconds += behaviour.answer_s * (0.4 + 1.2 * mind.random.random() * slowness)
    depth = min(100, int(100 * words / page.words)) if page.words else 100
    yield Read(round(seconds, 1), max(depth, 15))
    return seen


def _answer_at(mind: Mind, page: Page) -> int | None:
    if mind.wish.kind is Kind.DO:
        return None
    said = (block for block in page.blocks if mind.wish.answered_by(f"{block.under} {block.text}"))
    if page.results is not None:  # what stands under a result that is not worth a click answers nothing
        said = (block for block in said if mind.smell(block.under) >= mind.behaviour.link_floor)
    return next((block.before for block in said), None)


def _choose(mind: Mind, view: View, smell: float) -> Part:
    options = [*_forms(mind, view, smell), *_links(mind, view, smell), *_elsewhere(mind, view, smell)]
    if not options:
        return (yield from give_up(mind, view))
    view = yield from max(options, key=lambda option: option.utility).act()
    return view


def _forms(mind: Mind, view: View, smell: float) -> list[_Option]:
    if mind.wish.kind is not Kind.DO or smell < mind.behaviour.form_floor:
        return []
    return [
        _Option(mind.behaviour.form_pull + smell + mind.noise(), partial(fill_in, mind, view, form))
        for form in view.page.forms
        if f"form {form.action}" not in mind.tried
    ]


def _links(mind: Mind, view: View, smell: float) -> list[_Option]:
    behaviour, options = mind.behaviour, []
    mobile = mind.persona.device.mobile
    for place, link in enumerate(view.page.links):
        if link.contact or link.href.startswith(("#", "mailto:", "tel:")) or "://" in link.href:
            continue
        scent = _scent_of_link(mind, link, smell)
        if scent < behaviour.link_floor:
            continue
        if link.part != "main":
            scent *= behaviour.footer_view if link.part == "footer" else behaviour.navigation_view
        elif mobile and place > behaviour.mobile_first_links:
            scent *= behaviour.mobile_below_view
        if link.rank:
            scent /= 1.0 + behaviour.rank_loss * (link.rank - 1)
        if link.href in mind.tried:
            scent *= behaviour.tried_view
        scent += mind.noise()
        if scent >= behaviour.link_floor:
            options.append(_Option(scent, partial(_follow, mind, link, smell)))
    return options


def _scent_of_link(mind: Mind, link: Link, smell: float) -> float:
    """Scent of the words of a link; a button that says what people want to do borrows the page's scent."""
    missed = 1.0 - mind.smell(link.text)
    if link.about:
        missed *= 1.0 - mind.behaviour.snippet_view * mind.smell(link.about)
    if link.part == "main" and mind.wish.kind is Kind.DO and mind.vocabulary.actions.count(link.text):
        missed *= 1.0 - mind.behaviour.action_view * smell
    return 1.0 - missed


def _elsewhere(mind: Mind, view: View, smell: float) -> list[_Option]:
    page, behaviour, options = view.page, mind.behaviour, []
    stale = 1.0 - smell  # nobody walks away from a page that promises something
    if page.search is not None and (words := _next_query(mind)):
        least, again = behaviour.search_pull, behaviour.search_again ** len(mind.queries)
        eager = (least + (1.0 - least) * mind.persona.searches_first) * stale * again
        options.append(_Option(eager + mind.noise(), partial(_search, mind, words)))
    if mind.depth > 0:
        options.append(_Option(behaviour.back_pull * stale + mind.noise(), partial(_back, mind)))
    home = next((link for link in page.links if link.href == _HOME), None)
    if home is not None and home.href not in mind.tried and view.path != _HOME:
        options.append(_Option(behaviour.home_pull * stale + mind.noise(), partial(_follow, mind, home, 0.0)))
    return options


def _next_query(mind: Mind) -> str | None:
    """Words not tried yet: mostly the common ones, official words only by who knows them."""
    left = [query for query in mind.wish.queries if query not in mind.queries]
    insiders = [query for query in mind.wish.official_queries if query not in mind.queries]
    shares = mind.behaviour.official_query_shares
    official = mind.persona.official_known * shares[bool(mind.queries)]
    if insiders and mind.knows_official and mind.chance(official):
        return insiders[0]
    # The list runs from common to rare: a squared draw takes the first ones more often.
    return left[int(len(left) * float(mind.random.random()) ** 2)] if left else None


def _follow(mind: Mind, link: Link, smell: float) -> Part:
    mind.tried.add(link.href)
    mind.trail = _scent_of_link(mind, link, smell)
    mind.depth += 1
    view = yield Follow(link)
    mind.question.saw(view)
    return view


def _search(mind: Mind, words: str) -> Part:
    mind.queries.append(words)
    mind.spend(mind.behaviour.search_cost)
    mind.trail = 0.0
    mind.depth += 1
    typed = misspell_query(words, mind.random) if mind.chance(mind.persona.misspells) else words
    yield Read(round(mind.behaviour.typing_s * (0.6 + mind.random.random()), 1), 0)
    view = yield Search(typed)
    mind.question.saw(view)
    if view.page.results is not None and view.page.results.count == 0 and typed != words:
        mind.spend(mind.behaviour.no_results_cost)
        view = yield Search(words)  # they see the typing error and mend it
        mind.question.saw(view)
    return view


def _back(mind: Mind) -> Part:
    mind.spend(mind.behaviour.back_cost)
    mind.trail = 0.0
    mind.depth -= 1
    view = yield Back()
    mind.question.saw(view)
    return view
