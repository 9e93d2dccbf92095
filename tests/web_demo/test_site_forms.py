# SPDX-License-Identifier: EUPL-1.2
"""Forms take what residents fill in, say what is wrong, and keep nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.web_demo.showing import FILLED, VERSIONS, Showing, parsed, seen
from web_demo.errors import FormDefinitionError
from web_demo.forms import LONGEST_TEXT, Field, Step, check, load_forms, read_form
from web_demo.site import create_site

GOALS = {
    "afspraak": "afspraak_gemaakt",
    "grofvuil-ophalen": "grofvuil_afgesproken",
    "melding": "melding_verzonden",
    "schuldhulp": "aanmelding_verzonden",
    "verhuizing": "verhuizing_doorgegeven",
}
EVERY_FORM = [(path, version) for path in GOALS for version in VERSIONS]


def client_of(version: str) -> FlaskClient:
    return create_site(experiments=Showing(version)).test_client()


def answers_for(path: str, version: str) -> list[dict[str, object]]:
    return FILLED.get(path) or FILLED[f"{path}-{version}"]


@pytest.mark.parametrize(("path", "version"), EVERY_FORM)
def test_a_form_can_be_filled_in_to_its_goal(path: str, version: str) -> None:
    client = client_of(version)
    steps = answers_for(path, version)
    for number, answers in enumerate(steps, start=1):
        text = client.get(f"/{path}/stap-{number}").text
        form = parsed(text).css_first("form[data-kr-form]")
        assert form is not None
        assert form.attributes["data-kr-step"] == str(number)
        assert ("data-kr-last" in form.attributes) == (number == len(steps))
        answer = client.post(form.attributes["action"] or "", data=answers)
        assert answer.status_code == 303
    assert answer.location == f"/{path}/bedankt"
    goal = parsed(client.get(answer.location).text).css_first("[data-kr-goal]")
    assert goal is not None
    assert goal.attributes["data-kr-goal"] == GOALS[path]


def test_the_two_journeys_are_as_long_as_their_stories() -> None:
    forms = load_forms()
    assert {v: len(form.steps) for v, form in forms["melding"].items()} == {"current": 6, "redesign": 3}
    assert {v: len(form.steps) for v, form in forms["schuldhulp"].items()} == {"current": 4, "redesign": 2}
    (papers,) = (field for field in forms["schuldhulp"]["current"].steps[0].fields if field.all_required)
    assert len(papers.options) == 10


@pytest.mark.parametrize(("path", "version"), EVERY_FORM)
def test_an_empty_step_is_sent_back_with_every_error_linked_to_its_field(path: str, version: str) -> None:
    text = client_of(version).post(f"/{path}/stap-1").text
    page = parsed(text)
    links = page.css(".utrecht-alert--error a")
    invalid = page.css("form[data-kr-form] [aria-invalid=true]")
    assert seen(text, "title")[0].startswith("Fout: ")
    assert len(links) == len(invalid) > 0
    for link in links:
        target = page.css_first(str(link.attributes["href"]))
        assert target is not None, link.html
        assert target.tag in ("input", "select", "textarea")
    for field in invalid:
        told = [page.css_first(f"#{one}") for one in str(field.attributes["aria-describedby"]).split()]
        assert any("Fout:" in note.text() for note in told if note is not None)


def test_what_was_filled_in_stays_when_something_else_is_wrong() -> None:
    client = client_of("redesign")
    text = client.post("/melding/stap-1", data={"waar": "bij de <vijver>"}).text
    assert parsed(text).css_first("input[name=waar]").attributes["value"] == "bij de <vijver>"
    assert len(parsed(text).css("[aria-invalid=true]")) == 1


def test_the_summary_shows_the_answers_with_a_way_back() -> None:
    client = client_of("redesign")
    for number, answers in enumerate(answers_for("melding", "redesign")[:2], start=1):
        client.post(f"/melding/stap-{number}", data=answers)
    text = client.get("/melding/stap-3").text
    assert "naast de speeltuin aan de Lindelaan" in seen(text, "dd")
    assert "Niet ingevuld" in seen(text, "dd")
    assert [a.attributes["href"] for a in parsed(text).css("section a")][:2] == [
        "/melding/stap-1",
        "/melding/stap-2",
    ]
    again = client.get("/melding/stap-1").text
    assert (
        parsed(again).css_first("input[name=wat][checked]").attributes["value"] == "Afval naast een container"
    )


def test_a_step_cannot_be_skipped() -> None:
    client = client_of("current")
    assert client.get("/melding/stap-4").location == "/melding/stap-1"
    client.post("/melding/stap-1", data=answers_for("melding", "current")[0])
    assert client.get("/melding/stap-6").location == "/melding/stap-2"
    assert client.post("/melding/stap-6").location == "/melding/stap-2"
    assert client.get("/melding/bedankt").location == "/melding/stap-1"


def test_answers_of_one_version_are_not_carried_into_the_other() -> None:
    showing = Showing("redesign")
    client = create_site(experiments=showing).test_client()
    client.post("/melding/stap-1", data=answers_for("melding", "redesign")[0])
    showing.version = "current"
    assert client.get("/melding/stap-2").location == "/melding/stap-1"


def test_nothing_personal_outlives_the_form(tmp_path: Path) -> None:
    client = create_site(experiments=Showing("redesign"), data_dir=tmp_path).test_client()
    for number, answers in enumerate(answers_for("schuldhulp", "redesign"), start=1):
        answer = client.post(f"/schuldhulp/stap-{number}", data=answers)
    assert [file.name for file in tmp_path.iterdir()] == ["site-key"]
    with client.session_transaction() as session:
        assert dict(session) == {"sent": "schuldhulp"}
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    first = answers_for("schuldhulp", "redesign")[0]
    over_https = client.post("/schuldhulp/stap-1", data=first, base_url="https://localhost")
    assert "Secure" in over_https.headers["Set-Cookie"]


def test_processes_on_one_data_folder_read_each_others_cookie(tmp_path: Path) -> None:
    keys = {str(create_site(data_dir=tmp_path / "new" / "folder").secret_key) for _ in range(3)}
    assert len(keys) == 1
    assert (tmp_path / "new" / "folder" / "site-key").stat().st_mode & 0o077 == 0


def test_the_longest_answers_fit_in_one_cookie() -> None:
    client = client_of("current")
    long = {"omschrijving": "ë" * 600, "straat": "ü" * 100, "nummer": "é" * 100, "naam": "ï" * 100}
    for number, answers in enumerate(answers_for("melding", "current")[:5], start=1):
        answer = client.post(f"/melding/stap-{number}", data={k: long.get(k, v) for k, v in answers.items()})
        assert answer.status_code == 303
        assert len(answer.headers["Set-Cookie"]) < 4000


CHECKS = {
    "required, empty": (Field("a", "Naam", missing="Vul uw naam in."), [], "Vul uw naam in."),
    "required, spaces": (Field("a", "Naam", missing="Vul uw naam in."), ["   "], "Vul uw naam in."),
    "optional, empty": (Field("a", "Naam", required=False), [""], None),
    "optional, wrong": (Field("a", "E-mail", "email", required=False), ["x"], "e-mailadres"),
    "telephone": (Field("a", "Telefoon", "tel"), ["06-12345678"], None),
    "telephone abroad": (Field("a", "Telefoon", "tel"), ["+31 6 12 34 56 78"], None),
    "telephone too short": (Field("a", "Telefoon", "tel"), ["0612"], "telefoonnummer"),
    "e-mail": (Field("a", "E-mail", "email"), ["sam@voorbeeld.nl"], None),
    "postcode small": (Field("a", "Postcode", "postcode"), ["1234ab"], None),
    "postcode with zero": (Field("a", "Postcode", "postcode"), ["0234 AB"], "postcode"),
    "date": (Field("a", "Datum", "date"), ["1-7-2026"], None),
    "date backwards": (Field("a", "Datum", "date"), ["2026-07-01"], "datum"),
    "month thirteen": (Field("a", "Datum", "date"), ["01-13-2026"], "datum"),
    "30 February": (Field("a", "Datum", "date"), ["30-02-2026"], "datum"),
    "choice": (Field("a", "Kies", "radio", options=("x", "y")), ["x"], None),
    "no such choice": (Field("a", "Kies", "radio", options=("x", "y")), ["z"], "Kies"),
    "two radio buttons": (Field("a", "Kies", "radio", options=("x", "y")), ["x", "y"], "één antwoord"),
    "all of them": (
        Field("a", "Kies", "checkboxes", options=("x", "y"), all_required=True),
        ["x", "y"],
        None,
    ),
    "one missing": (Field("a", "Kies", "checkboxes", options=("x", "y"), all_required=True), ["x"], "Kies"),
    "too long": (Field("a", "Naam"), ["a" * (LONGEST_TEXT + 1)], "te lang"),
    "file": (Field("a", "Foto", "file"), ["geheim.pdf"], None),
}


@pytest.mark.parametrize("case", CHECKS)
def test_checking_one_answer(case: str) -> None:
    field, values, told = CHECKS[case]
    answers, errors = check(Step("Stap", (field,)), {"a": values})
    assert (errors == {}) if told is None else told in errors["a"]
    if field.kind == "file":
        assert answers == {}  # not even the name of a file is kept


BROKEN = {
    "no TOML": ("steps = [", "is no form"),
    "no steps": ('name = "x"', "steps"),
    "unknown kind": (
        'steps = [{title = "a", fields = [{name = "b", label = "c", kind = "colour"}]}]',
        "colour",
    ),
    "no options": (
        'steps = [{title = "a", fields = [{name = "b", label = "c", kind = "radio"}]}]',
        "options",
    ),
    "unknown key": ('colour = "red"\nsteps = [{title = "a"}]', "colour"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_form_is_named_with_what_is_wrong(case: str, tmp_path: Path) -> None:
    text, told = BROKEN[case]
    file = tmp_path / "kapot.toml"
    file.write_text(text)
    with pytest.raises(FormDefinitionError, match=told) as caught:
        read_form(file)
    assert "kapot.toml" in str(caught.value)
