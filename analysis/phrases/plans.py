# SPDX-License-Identifier: EUPL-1.2
"""What a plan says."""

from __future__ import annotations

from collections.abc import Mapping

PLANS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "title": "Plan van de proef {name}",
        "recorded": "Dit steunt op {days} gemeten dagen: gemiddeld {browsers} bezoekers per dag op deze "
        "pagina's, en ‘{metric}’ is nu {today}. Wie op een andere dag terugkomt, is daarin opnieuw geteld; "
        "een "
        "proef telt die één keer. Reken dus op iets meer weken.",
        "given": "Tel een browser die op meer dagen komt maar één keer: een proef doet dat ook. Anders "
        "zijn dit te weinig weken.",
        "inflation": "Tussendoor oordelen kost {more} meer bezoekers dan één keer oordelen aan het eind.",
        "commoner": "Wel haalbaar met een maat die vaker voorkomt: ‘{metric}’, in {weeks}, bij een even "
        "groot "
        "verschil naar verhouding.",
        "pooled": "Wel haalbaar als vragen over alle onderwerpen op deze pagina's meetellen: in {weeks}.",
        "looks": "Wanneer er geoordeeld wordt",
        "size": "bezoekers",
        "weeks": "weken",
        "end": "één keer, aan het eind",
        "daily": "na elke dag, met vaste grenzen",
        "any-time": "op elk moment",
        "difference": "verschil",
        "chance": "kans om het te zien",
        "curve": "Hoe groot is de kans om een verschil te zien?",
        "curve_note": "Bij dit aantal bezoekers. Een kleiner verschil blijft vaker verborgen.",
        "week": "week",
        "many_weeks": "weken",
    },
    "en": {
        "title": "Plan of the experiment {name}",
        "recorded": "This stands on {days} recorded days: {browsers} visitors a day on these pages, and "
        "‘{metric}’ is {today} now. Whoever comes again on another day is counted again in that; an "
        "experiment counts them once. So reckon with some more weeks.",
        "given": "Count a browser that comes on several days only once, as an experiment does. Else these "
        "are too few weeks.",
        "inflation": "Judging on the way takes {more} more visitors than judging once at the end.",
        "commoner": "It can be done by a metric that occurs more often: ‘{metric}’, in {weeks}, for a "
        "difference of the same proportion.",
        "pooled": "It can be done if questions about all tasks on these pages count: in {weeks}.",
        "looks": "When it is judged",
        "size": "visitors",
        "weeks": "weeks",
        "end": "once, at the end",
        "daily": "after every day, fixed boundaries",
        "any-time": "at any time",
        "difference": "difference",
        "chance": "chance to see it",
        "curve": "How large is the chance to see a difference?",
        "curve_note": "With this number of visitors. A smaller difference stays hidden more often.",
        "week": "week",
        "many_weeks": "weeks",
    },
}
