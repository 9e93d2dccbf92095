# SPDX-License-Identifier: EUPL-1.2
"""What residents said of their question, against how it was inferred to have ended.

Asked are those who answered "Hebt u gevonden wat u zocht?" on the page or in a survey that carried their call
code. The last answer in a question counts; "gedeeltelijk" says neither and is counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.estimates.misclassification import Asked
from analysis.exposures import parse

_QUESTION = ["day", "partition", "question"]
#: What was said, by the heartbeat that it is kept as.
SAID = {1: "found", 0: "partly", -1: "not found"}


def asked_outcomes(questions: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Inferred against asked: one row per experiment, variant (everyone, where both are empty), task, said
    and success, with the number of questions. `questions` and `moves` are those of day tables."""
    met = _with_variants(_asked(questions, moves))
    keys = ["experiment", "variant", "task", "said", "success"]
    counted = met.groupby(keys, as_index=False).size().rename(columns={"size": "questions"})
    return counted.astype({"questions": "int64"})


def asked_by_variant(
    questions: pd.DataFrame, moves: pd.DataFrame, experiment: str, *, tasks: Iterable[str] = ()
) -> dict[str, Asked]:
    """The same as the estimators take it, by variant of the experiment: a unit is a question, of one of the
    tasks where any are named."""
    wanted = set(tasks)
    every = _with_variants(questions)
    every = every[every["experiment"] == experiment]
    told = asked_outcomes(questions, moves)
    told = told[told["experiment"] == experiment]
    if wanted:
        every, told = every[every["task"].isin(wanted)], told[told["task"].isin(wanted)]

    def count(variant: str, said: str, success: bool) -> int:
        rows = (told["variant"] == variant) & (told["said"] == said) & (told["success"] == success)
        return int(told.loc[rows, "questions"].sum())

    return {
        str(variant): Asked(
            units=len(theirs),
            hits=int(theirs["success"].sum()),
            found_hit=count(str(variant), "found", success=True),
            found_missed=count(str(variant), "found", success=False),
            not_hit=count(str(variant), "not found", success=True),
            not_missed=count(str(variant), "not found", success=False),
        )
        for variant, theirs in every.groupby("variant")
    }


def _asked(questions: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """The questions of which somebody said how they went, with what was said last."""
    given = moves[moves["given"] & moves["heartbeat"].notna()].sort_values([*_QUESTION, "order"])
    last = given.drop_duplicates(_QUESTION, keep="last")[[*_QUESTION, "heartbeat"]]
    found = questions.merge(last, on=_QUESTION)
    return found.assign(said=found["heartbeat"].round().astype("int64").map(SAID).astype("str"))


def _with_variants(questions: pd.DataFrame) -> pd.DataFrame:
    """Every question once for everyone and once for each variant that was met."""
    pairs = questions["exposures"].map(lambda shown: [("", ""), *parse(shown)]).astype(object)
    rows = questions.assign(met=pairs).explode("met", ignore_index=True)
    names = pd.DataFrame(rows["met"].tolist(), columns=["experiment", "variant"], dtype="str")
    return pd.concat([rows.drop(columns="met"), names], axis=1)
