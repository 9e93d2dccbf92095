# SPDX-License-Identifier: EUPL-1.2
"""The cascade: which question each page view belongs to, decided in one walk over every visitor's steps.

The rules are those of `docs/journeys.md`, a function each. They know numbers only: what is text was coded,
and words were compared, before they start. So the same source is interpreted where there is little to walk
and compiled where there is much; see `analysis.compiled`. A row is a record with the fields named here. What
belongs to a question (its queries, clicks, pages, tasks) hangs on it in chains of nodes.

All of it is one module, though a long one: what was compiled is kept until this file changes, and a part of
it in another file could change unnoticed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from analysis.compiled import lent

NONE = -1

#: How a question starts, as places in `questions.STARTS`.
SITE_SEARCH, SEARCH_ENGINE, CAMPAIGN, TASK_PAGE, PROVISIONAL = range(5)
#: What can happen on a page view beside its opening.
NOTHING, SEARCH, CLICK, GOAL = range(4)
#: Places in `State.count`: the visitor at hand, that visitor's first question, and how many there are of
#: what.
VISITOR, FIRST, ASKED, OPEN, NODES, COUNTERS = range(6)
#: The chains of a question: what was typed, clicked, seen, and the tasks of what was seen.
QUERIES, CLICKS, PAGES, TASKS, CHAINS = range(5)

#: What can matter, in order: a page view opens, and/or something happens on it (`act`) with a query, a page
#: or a task (`about`). `switch` becomes the question to which the page view goes over.
STEP = ("time", "visitor", "page_view", "opens", "act", "about", "switch")
#: `outside` is how a question would start here, for who comes from outside; `hub` is the home page; `read` an
#: answer that was read. The walk adds the question at first and now, and the page view it was reached from.
VIEW = (
    *(
        "visitor",
        "site",
        "page",
        "task",
        "time",
        "session",
        "query",
        "words",
        "outside",
        "hub",
        "opened",
        "read",
    ),
    *("origin", "referrer", "first", "now", "reached"),
)
#: `at` and `session` are of its latest page view; `into` is the question that it turned out to be; `tail_of`
#: one that it only trails, unless it gets a subject. Closed: its goal was reached; settled: an answer was
#: read. Tasks of its goal, of its words (`searched`), of the answer that was read (`reading`) and of most of
#: its pages (`soft`).
QUESTION = (
    *("visitor", "site", "start", "at", "session", "into", "tail_of", "closed", "settled"),
    *("goal", "searched", "reading", "soft"),
)
#: A chain of a question (its place is question * `CHAINS` + chain): the node at its head, the one at its
#: tail.
ENDS = ("head", "tail")
#: `more` is the moment of a query, or the number of page views of a task.
NODE = ("value", "more", "following")
#: A query that is not empty is `filled`; one that says more than where to look has a `subject`.
WORDS = ("filled", "subject")
#: Two queries as lower * number of queries + higher, sorted; whether they say the same; and their likeness.
PAIR = ("key", "same", "cosine")

#: Moments, and keys of pairs; everything else fits 32 bits.
WIDE = frozenset(["time", "at", "more", "key"])

Rows = Any  # an array of records, or a list of objects
Number = Any  # of a record: an int of either kind


class Limits(NamedTuple):
    """The thresholds of the walk; times in milliseconds."""

    open_ms: int
    open_questions: int
    cosine: float
    half_life_ms: float


class State(NamedTuple):
    """What is given to the walk, and what it finds."""

    limits: Limits
    words: Rows
    tasks_of_words: Rows  # per site and query
    pairs: Rows
    steps: Rows
    views: Rows
    count: Rows
    latest: Rows  # page view per page
    open: Rows  # questions of the visitor at hand, newest last
    questions: Rows
    ends: Rows
    nodes: Rows


def walk(s: State) -> None:
    """Walk all visitors."""
    s = lent(s)
    for place in range(len(s.steps)):
        step = s.steps[place]
        if step.visitor != s.count[VISITOR]:
            next_visitor(step.visitor, s)
        if step.opens:
            arrive(step.page_view, s)
        if step.act == NOTHING or s.views[step.page_view].now < 0:
            continue
        asked = root(s.views[step.page_view].now, s)
        if step.act == SEARCH:
            search_again(place, asked, s)
        elif step.act == CLICK:
            click(step.about, asked, s)
        else:
            reach_goal(step.about, asked, s)
    next_visitor(NONE, s)


def next_visitor(visitor: int, s: State) -> None:
    """What only trailed an answered question, and never got a subject of its own, is part of it."""
    for asked in range(s.count[ASKED] - 1, s.count[FIRST] - 1, -1):
        question = s.questions[asked]
        if question.tail_of >= 0 and question.into < 0 and not has_subject(asked, s):
            question.into = root(question.tail_of, s)
    s.count[VISITOR] = visitor
    s.count[FIRST] = s.count[ASKED]
    s.count[OPEN] = 0


# -- rules: a page view opens ----------------------------------------------------------------------------


def arrive(view: int, s: State) -> None:
    before = reached_from(view, s)
    seen = s.views[view]
    if seen.query >= 0:
        asked = search(view, seen.query, seen.time, before, s)
    elif not seen.opened:
        asked = before if before >= 0 else newest(s)
    elif seen.outside >= 0 and (before < 0 or not holds(before, PAGES, seen.page, s)):
        asked = from_outside(view, s)
    elif before >= 0:
        asked = follow(view, before, s)
    else:
        asked = directly(view, s)
    seen.first = asked
    if asked >= 0:
        join(view, asked, s)


def reached_from(view: int, s: State) -> Number:
    """The question of the page view it was reached from: by `o`, else by the referrer's path."""
    seen = s.views[view]
    source = seen.origin
    if source < 0 or s.views[source].now < 0:
        source = latest_view(seen.referrer, s)
    if source < 0:
        return NONE
    seen.reached = source
    if s.views[source].now < 0:
        return NONE
    asked = root(s.views[source].now, s)
    return asked if is_open(asked, seen.time, s) else NONE


def latest_view(page: int, s: State) -> Number:
    """The visitor's latest page view of the page."""
    if page < 0:
        return NONE
    view = s.latest[page]
    return view if view >= 0 and s.views[view].visitor == s.count[VISITOR] else NONE


def from_outside(view: int, s: State) -> Number:
    """From a search engine, a campaign or another site: an open question again, or a new one."""
    seen = s.views[view]
    asked = same(seen.time, seen.words, seen.task, seen.page, s)
    if asked < 0:
        asked = new(view, seen.outside, NONE, s)
    if seen.words >= 0 and s.words[seen.words].subject:
        ask(asked, seen.words, view, seen.time, s)
    if not seen.hub:
        add_click(asked, seen.page, s)
    return asked


def directly(view: int, s: State) -> Number:
    """An address typed or kept: goes on with what is at hand in this session, else begins anew.

    The home page always does: in a second tab it is where another question begins. One that gets no subject
    there goes back to what was at hand.
    """
    task = s.views[view].task
    if task >= 0:
        asked = about_task(task, s.views[view].time, s)
        if asked >= 0:
            return asked
    hand = at_hand(view, s)
    if task < 0 and s.views[view].hub:
        return new(view, PROVISIONAL, hand, s)
    if hand >= 0 and (task < 0 or task_of(hand, s) < 0):
        return hand
    return new(view, TASK_PAGE if task >= 0 else PROVISIONAL, NONE, s)


def at_hand(view: int, s: State) -> Number:
    """The newest open question, if it is of this session."""
    asked = newest(s)
    return asked if asked >= 0 and s.questions[asked].session == s.views[view].session else NONE


def follow(view: int, before: int, s: State) -> Number:
    """By a link within the site: the question of the page it was on, unless that one is over and this page
    belongs to another task. The home page is where another one may begin."""
    seen, question = s.views[view], s.questions[before]
    task = seen.task
    if task < 0 and (question.closed or (goes_home(seen, s) and has_subject(before, s))):
        return new(view, PROVISIONAL, before, s)
    if task < 0 or task_of(before, s) < 0 or task == task_of(before, s):
        return before
    asked = about_task(task, s.views[view].time, s)
    if asked >= 0:
        return asked
    if question.closed or question.settled or question.session != seen.session:
        return new(view, TASK_PAGE, NONE, s)
    return before


def goes_home(seen: Rows, s: State) -> bool:
    """The home page, by a link of the page before: who goes back to it arrives with the referrer of old."""
    return bool(seen.hub and seen.referrer == s.views[seen.reached].page)


# -- rules: words ----------------------------------------------------------------------------------------


def search(view: int, query: int, at: int, before: int, s: State) -> Number:
    """A site search: the same question as an open one, the subject of a provisional one, or a new one."""
    if before < 0:
        before = at_hand(view, s)
    provisional = before if before >= 0 and is_provisional(before, s) else NONE
    task = task_of_words(query, view, s)
    asked = same(at, query, task, NONE, s)
    if asked >= 0 and provisional >= 0 and asked != provisional:
        asked = merge(asked, provisional, s)
    if asked < 0:
        asked = provisional
    if asked < 0 and shows_the_same(view, s):
        asked = before  # an empty query matches nothing, but may be reloaded
    if asked < 0:
        asked = new(view, SITE_SEARCH, NONE, s)
    ask(asked, query, view, at, s)
    return asked


def shows_the_same(view: int, s: State) -> bool:
    source = s.views[view].reached
    if source < 0:
        return False
    shown, seen = s.views[source], s.views[view]
    return bool(shown.page == seen.page and shown.query == seen.query)


def search_again(place: int, before: int, s: State) -> None:
    """A search without a new page (results that appear while typing)."""
    step = s.steps[place]
    asked = search(step.page_view, step.about, step.time, before, s)
    if asked != before:
        s.views[step.page_view].now = asked
        step.switch = asked
        touch(asked, step.time, s.views[step.page_view].session, s)


def ask(asked: int, query: int, view: int, at: int, s: State) -> None:
    if not s.words[query].filled:
        return
    add(asked, QUERIES, query, at, s)
    if s.questions[asked].searched < 0:
        s.questions[asked].searched = task_of_words(query, view, s)


def task_of_words(query: int, view: int, s: State) -> Number:
    """The task that the words name on the site of the page view."""
    return s.tasks_of_words[s.views[view].site * len(s.words) + query]


def same(now: int, query: int, task: int, page: int, s: State) -> Number:
    """The cascade: words, then likeness, then a task or a clicked page in common; newest first."""
    last = s.count[OPEN] - 1
    for place in range(last, max(last - s.limits.open_questions, -1), -1):
        asked = s.open[place]
        if not is_open(asked, now, s):
            continue
        if query >= 0 and s.words[query].filled and says_the_same(asked, query, now, s):
            return asked
        if task >= 0 and task_of(asked, s) == task:
            return asked
        if page >= 0 and holds(asked, CLICKS, page, s):
            return asked
    return NONE


def says_the_same(asked: int, query: int, now: int, s: State) -> bool:
    """Whether the query is one of the question's in other words, misspelled, or alike and not long after."""
    node = head(asked, QUERIES, s)
    while node >= 0:
        other = s.nodes[node]
        if other.value == query:
            return True
        pair = compared(other.value, query, s)
        if pair >= 0:
            if s.pairs[pair].same:
                return True
            if s.pairs[pair].cosine * 0.5 ** ((now - other.more) / s.limits.half_life_ms) >= s.limits.cosine:
                return True
        node = other.following
    return False


def compared(one: int, other: int, s: State) -> Number:
    """Place of the pair, by bisection; none where the two were said too far apart to be compared."""
    wanted = min(one, other) * len(s.words) + max(one, other)
    low, high = 0, len(s.pairs)
    while low < high:
        middle = (low + high) // 2
        if s.pairs[middle].key < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(s.pairs) and s.pairs[low].key == wanted else NONE


# -- rules: what else happens ----------------------------------------------------------------------------


def click(page: int, asked: int, s: State) -> None:
    """A clicked page in common makes one question of two."""
    if page < 0:
        return
    first = head(asked, QUERIES, s)
    if first >= 0 and s.nodes[first].following < 0 and task_of(asked, s) < 0:
        last = s.count[OPEN] - 1
        for place in range(last, max(last - s.limits.open_questions, -1), -1):
            other = s.open[place]
            if other != asked and is_open(other, s.questions[asked].at, s) and holds(other, CLICKS, page, s):
                asked = merge(other, asked, s)
                break
    add_click(asked, page, s)


def reach_goal(task: int, asked: int, s: State) -> None:
    if task >= 0:
        s.questions[asked].goal = task
    elif task_of(asked, s) >= 0:
        return  # a goal, but not of this task
    s.questions[asked].closed = True
    take_out(asked, s)


def new(view: int, start: int, tail_of: int, s: State) -> Number:
    """A question that starts with this page view."""
    asked = s.count[ASKED]
    s.count[ASKED] = asked + 1
    question = s.questions[asked]
    question.visitor, question.site, question.start = s.count[VISITOR], s.views[view].site, start
    question.tail_of, question.into = tail_of, NONE
    question.closed = question.settled = False
    question.at = question.session = NONE
    question.goal = question.searched = question.reading = question.soft = NONE
    for chain in range(CHAINS):
        s.ends[asked * CHAINS + chain].head = NONE
    return asked


def join(view: int, asked: int, s: State) -> None:
    """The page view is of this question, and tells what it is about."""
    seen = s.views[view]
    if seen.task >= 0:
        if task_of(asked, s) < 0:
            other = about_task(seen.task, seen.time, s)
            if other >= 0:
                asked = merge(other, asked, s)
        see(asked, seen.task, s)
        if seen.read:
            read(asked, seen.task, s)
    add(asked, PAGES, seen.page, 0, s)
    seen.now = asked
    s.latest[seen.page] = view
    touch(asked, seen.time, seen.session, s)


# -- what is known of a question -------------------------------------------------------------------------


def task_of(asked: int, s: State) -> Number:
    """What it is about: its goal, else its words, else the answer that was read, else most of its pages."""
    question = s.questions[asked]
    if question.goal >= 0:
        return question.goal
    if question.searched >= 0:
        return question.searched
    return question.reading if question.reading >= 0 else question.soft


def has_subject(asked: int, s: State) -> bool:
    return bool(head(asked, QUERIES, s) >= 0 or task_of(asked, s) >= 0)


def is_provisional(asked: int, s: State) -> bool:
    """It waits for a subject: its first search or task page will give it one."""
    question = s.questions[asked]
    return bool(not question.closed and not has_subject(asked, s) and question.start != SITE_SEARCH)


def is_open(asked: int, now: int, s: State) -> bool:
    return bool(now - s.questions[asked].at <= s.limits.open_ms)


def root(asked: int, s: State) -> Number:
    """The question that this one turned out to be."""
    while s.questions[asked].into >= 0:
        asked = s.questions[asked].into
    return asked


def see(asked: int, task: int, s: State) -> None:
    """A page of the task was seen; of two tasks seen as often, the earlier stays."""
    node = views_of_task(asked, task, s)
    if node < 0:
        node = add(asked, TASKS, task, 0, s)
    s.nodes[node].more += 1
    soft = s.questions[asked].soft
    if soft < 0 or s.nodes[node].more > s.nodes[views_of_task(asked, soft, s)].more:
        s.questions[asked].soft = task


def read(asked: int, task: int, s: State) -> None:
    """An answer was read: people stay where they wanted to be, wherever else they looked first."""
    question = s.questions[asked]
    if question.reading < 0:
        question.reading = task
    question.settled = question.settled or task == task_of(asked, s)


def views_of_task(asked: int, task: int, s: State) -> Number:
    """Where the page views of the question that belong to the task are counted."""
    node = head(asked, TASKS, s)
    while node >= 0 and s.nodes[node].value != task:
        node = s.nodes[node].following
    return node


def add_tasks(older: int, newer: int, s: State) -> None:
    """Count the newer question's page views with the older one's."""
    node = head(newer, TASKS, s)
    while node >= 0:
        following = s.nodes[node].following
        counted = views_of_task(older, s.nodes[node].value, s)
        if counted < 0:
            s.nodes[node].following = NONE
            link(older, TASKS, node, s)
        else:
            s.nodes[counted].more += s.nodes[node].more
        node = following
    most = 0
    node = head(older, TASKS, s)
    while node >= 0:
        if s.nodes[node].more > most:
            most, s.questions[older].soft = s.nodes[node].more, s.nodes[node].value
        node = s.nodes[node].following


# -- open questions --------------------------------------------------------------------------------------


def newest(s: State) -> Number:
    return s.open[s.count[OPEN] - 1] if s.count[OPEN] > 0 else NONE


def about_task(task: int, now: int, s: State) -> Number:
    """The newest open question about the task."""
    last = s.count[OPEN] - 1
    for place in range(last, max(last - s.limits.open_questions, -1), -1):
        asked = s.open[place]
        if is_open(asked, now, s) and task_of(asked, s) == task:
            return asked
    return NONE


def touch(asked: int, at: int, session: int, s: State) -> None:
    """Something of the question happened: it is the newest now."""
    s.questions[asked].at, s.questions[asked].session = at, session
    if not s.questions[asked].closed and newest(s) != asked:
        take_out(asked, s)
        s.open[s.count[OPEN]] = asked
        s.count[OPEN] += 1


def take_out(asked: int, s: State) -> None:
    """It is open no longer."""
    last = s.count[OPEN] - 1
    place = last
    while place >= 0 and s.open[place] != asked:
        place -= 1
    if place < 0:
        return
    for each in range(place, last):
        s.open[each] = s.open[each + 1]
    s.count[OPEN] = last


def merge(one: int, other: int, s: State) -> Number:
    """Two questions turn out to be one: the older takes in the newer and is returned."""
    older, newer = min(one, other), max(one, other)
    take_out(newer, s)
    kept, gone = s.questions[older], s.questions[newer]
    gone.into = older
    kept.settled = kept.settled or gone.settled
    kept.at, kept.session = max(kept.at, gone.at), max(kept.session, gone.session)
    if kept.searched < 0:
        kept.searched = gone.searched
    if kept.reading < 0:
        kept.reading = gone.reading
    for chain in (QUERIES, CLICKS, PAGES):
        join_chains(older, newer, chain, s)
    add_tasks(older, newer, s)
    return older


# -- chains: what belongs to a question, one after the other ---------------------------------------------


def head(asked: int, chain: int, s: State) -> Number:
    """The first node of the question's chain."""
    return s.ends[asked * CHAINS + chain].head


def add(asked: int, chain: int, value: int, more: int, s: State) -> Number:
    """Put a new node at the end of the question's chain."""
    node = s.count[NODES]
    s.count[NODES] = node + 1
    s.nodes[node].value, s.nodes[node].more, s.nodes[node].following = value, more, NONE
    link(asked, chain, node, s)
    return node


def link(asked: int, chain: int, node: int, s: State) -> None:
    """Put a node, or a chain that begins with it, behind the question's chain."""
    ends = s.ends[asked * CHAINS + chain]
    if ends.head < 0:
        ends.head = node
    else:
        s.nodes[ends.tail].following = node
    ends.tail = node


def join_chains(asked: int, other: int, chain: int, s: State) -> None:
    """Put the other question's chain behind this one's."""
    ends = s.ends[other * CHAINS + chain]
    if ends.head >= 0:
        link(asked, chain, ends.head, s)
        s.ends[asked * CHAINS + chain].tail = ends.tail


def add_click(asked: int, page: int, s: State) -> None:
    if not holds(asked, CLICKS, page, s):
        add(asked, CLICKS, page, 0, s)


def holds(asked: int, chain: int, wanted: int, s: State) -> bool:
    """Whether the question's chain holds the value."""
    node = head(asked, chain, s)
    while node >= 0:
        if s.nodes[node].value == wanted:
            return True
        node = s.nodes[node].following
    return False
