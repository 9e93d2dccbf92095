# SPDX-License-Identifier: EUPL-1.2
"""The numbers of the citizens' behaviour, in one place. None of them knows a page or a variant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Parameters of who visits and of what a page asks of them.

    Shares are 0-1. Effort is counted in one unit for patience and cost alike: about what looking at one
    page that has nothing to do with the question costs.
    """

    # Who comes
    mobile_share: float = 0.61  # Utrecht, 2023: 61 % of visits on mobile
    gpc_share: float = 0.04
    refuses_cookies_share: float = 0.01
    bot_share: float = 0.02  # bots beside the citizens, as a share of their number
    prefers_phone_share: float = 0.2
    second_question_share: float = 0.14
    interleaves_share: float = 0.45  # of those with two questions; the others ask one after the other
    only_looking_share: float = 0.24  # of those with something to do: not today, they only wanted to see
    returns_share: float = 0.22  # of unanswered questions, on one of the next days
    returning_patience: float = 0.8  # part of the patience that is left for a second try
    feedback_share: float = 0.06

    # How they come
    search_engine_share: float = 0.46
    letter_share: float = 0.10
    social_share: float = 0.05  # the others come directly, to the start page
    engine_misses_share: float = 0.2  # the search engine lands on its second or third choice

    # What they can do
    patience_median: float = 19.0
    patience_sigma: float = 0.95
    patience_of_the_day: float = 0.2  # how much the same person differs from question to question
    words_per_minute_median: float = 230.0
    words_per_minute_sigma: float = 0.3
    official_known: tuple[float, float] = (2.6, 1.9)  # Beta: share of official words someone knows
    searches_first: tuple[float, float] = (2.0, 2.6)  # Beta: how readily someone searches
    document_ready: tuple[float, float] = (2.2, 1.6)  # Beta: chance to have one document at hand
    misspelling_share: float = 0.09
    misspelling_mobile_share: float = 0.13
    slip_share: float = 0.035  # chance per field to fill it in wrongly
    slip_unfamiliar_share: float = 0.08  # added where the label is not in their words

    # What a page costs
    page_cost: float = 0.4
    stale_cost: float = 0.75  # added where the page does not smell of the question at all
    words_cost: float = 0.0016  # per word read before the answer or the way on
    search_cost: float = 0.35
    no_results_cost: float = 1.1
    back_cost: float = 0.4
    step_cost: float = 0.4  # each form step
    steps_announced_cost: float = 0.08  # each step beyond the third that a form announces
    field_cost: float = 0.11
    optional_field_cost: float = 0.05
    long_text_cost: float = 0.35
    sensitive_cost: float = 0.3  # a field that asks what people rather keep to themselves
    unfamiliar_cost: float = 0.25  # a label or choice that is not in their words
    paper_ready_cost: float = 0.12  # a document that lies at hand
    paper_fetch_cost: float = 0.2  # one that they have to look for
    paper_found_share: float = 0.93  # chance to find it then
    ticks_anyway_share: float = 0.6  # say that all is there when it is not
    optional_filled_share: float = 0.35
    document_listed_cost: float = 0.08  # each document that a page says they need
    error_cost: float = 1.1
    quits_mildly_share: float = 0.009  # per page: the doorbell, the bus stop

    # How they choose
    snippet_view: float = 0.55  # how much the text beside a search result counts, against its title
    action_view: float = 0.8  # how much of a page's scent a button such as "meld" or "start" has
    rank_loss: float = 0.12  # each place further down the results
    tried_view: float = 0.25  # what was tried before attracts this much
    search_pull: float = 0.35  # how much the search box attracts those who least like to search
    search_again: float = 0.85  # and what is left of it after each search
    official_query_shares: tuple[float, float] = (0.3, 0.6)  # of insiders: at first, and when that failed
    form_pull: float = 0.4  # a form that fits stands out from links
    link_floor: float = 0.2  # scent below which a link is not worth a click
    noise: float = 0.12  # scale of the Gumbel noise on a choice
    navigation_view: float = 0.8  # how well links outside the main text are seen
    footer_view: float = 0.35
    mobile_first_links: int = 12  # links that a telephone shows without much scrolling
    mobile_below_view: float = 0.75  # how well the links beyond them are seen
    text_view: float = 0.75  # how much of a page's scent is in its running text
    trail_kept: float = 0.85  # how much of a link's scent people still trust on the page behind it
    back_pull: float = 0.22  # how much going back attracts on a page that does not smell of the question
    home_pull: float = 0.15  # and starting again from the start page
    form_floor: float = 0.2  # page scent below which people do not take its form for theirs
    skim_words: float = 420.0  # words that people skim; three times as many before the answer lose 2 of 3
    misread_share: float = 0.07  # do not understand the answer when they see it
    calls_below: float = 0.35  # those who prefer the phone call when this part of patience is left
    calls_exhausted_share: float = 0.14  # the others, when nothing is left

    # Pace, in seconds
    skims_faster: float = 2.5  # than reading word by word
    answer_s: float = 48.0  # to read an answer that was found
    page_turn_s: float = 1.2
    field_s: float = 6.0
    long_text_s: float = 32.0
    file_s: float = 28.0
    typing_s: float = 5.5
