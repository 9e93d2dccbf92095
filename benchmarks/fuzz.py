# SPDX-License-Identifier: EUPL-1.2
"""How long does what reads strangers' bytes hold? Coverage-guided inputs, counted and timed.

Each target runs in a process of its own, guided by `atheris` (pip install atheris), until it has tried its
number of inputs or its time is over. A crash is any exception but the target's own kind; garbage is an event
that would be stored although a text of it has personal data, control signs or more than its room. Ends with 1
where there was either. Without atheris the inputs are mutations of the same seeds, drawn blindly.

    python benchmarks/fuzz.py --runs 50000 --seconds 30
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unicodedata import category
from urllib.parse import parse_qsl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.limits import Figures

SEEDS = (
    b'{"v":1,"p":"k3j9x0q2m5Tz","u":"https://www.voorbeeldstad.nl/afval?q=x#y","r":"https://www.google.com/?q=a",'
    b'"b":4,"x":{"zwerfvuil":"redesign"},"f":["zwerfvuil"],"l":"nl","w":"s","e":[{"i":0,"k":"view","d":0,"t":"A"},'
    b'{"i":1,"k":"search","d":12,"q":"bsn 999990019","n":8},{"i":2,"k":"link","d":1,"to":"/06-12345678"}]}',
    b"https://www.voorbeeldstad.nl:8000/a%20b/1234AB%2012?q=geboren%201-2-1980&x=+31+6+12345678#NL91ABNA04171643"
    b"00",
    b"t=Afval&b=417&x=zwerfvuil%3Dredesign&f=zwerfvuil&u=https://www.voorbeeldstad.nl/&p=k3j9x0q2m5Tz",
    b"aanvraag 9999.90.019 van jan@example.nl, geboren 1 feb. 1980, Z-2026-012345",
    "\u0669\u200b9 %2539 &#57; jan [at] example.nl, 1234 AB 12".encode(),
    b"idsite=3&rec=1&url=https%3A%2F%2Fwww.voorbeeldstad.nl%2Fafval&_id=0123456789abcdef&pv_id=Ab3dE6&search=bsn+9999900"
    b"19&search_count=8&e_c=form&e_a=step&e_n=x&e_v=2&c_n=b&c_t=/a&ping=1&cdt=2026-05-01+10:00:00&urlref=http://a.nl",
    b'{"requests":["?idsite=3&rec=1&action_name=Afval&url=https://www.voorbeeldstad.nl/","?x"],"send_image":0}',
    b'192.0.2.1 - - [22/Nov/2026:08:00:00 +0100] "GET /afval?q=999990019 HTTP/1.1" 200 512 "-" "Mozilla/5.0"',
    b'{"remote_addr":"192.0.2.1","time_iso8601":"2026-11-22T08:00:00+01:00","request":"GET /a HTTP/1.1",'
    b'"status":"200"}',
    b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0, 192.0.2.7:44, [2001:db8::1]:44",
)
#: Each takes bytes, and gives how much garbage it would have stored.
Target = Callable[[bytes], int]


def targets() -> dict[str, Target]:
    """What reads strangers' bytes. Imported here, so that a guide can watch the imports."""
    import msgspec

    from tests.tracker.beacons import FIREFOX, NOON, SITES
    from tests.tracker.test_admission import events_of
    from tracker import address, bots, matomo, pixel, wire
    from tracker.admission import Rules, admit
    from tracker.arrival import Arrival, Drop
    from tracker.case_numbers import CaseNumbers
    from tracker.imports.access_log_line import MalformedLine, parse
    from tracker.networks import address_of, within
    from tracker.scrub import scrub

    rules = Rules(sites=SITES, salt=lambda _zone, _time_ms: b"salt" * 8)
    cases = CaseNumbers(["Z-####-######"])
    fields = ("path", "title", "query", "target", "form", "goal")

    def unseen(text: str) -> bool:
        """Whether a text has signs that nobody sees, but for those that join others."""
        kinds = {category(sign) for sign in text if sign not in "\u200c\u200d"}
        return not kinds.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})

    def text_of(data: bytes) -> str:
        return data.decode("utf-8", "replace")

    def wired(data: bytes) -> int:
        problems = None
        try:
            wire.decode(data)
        except wire.MalformedError as error:
            problems = error.problems
        return problems == []

    def admitted(data: bytes) -> int:
        headers = {"user-agent": FIREFOX, "accept-language": "nl"}
        outcome = admit(Arrival(data, headers, "192.0.2.7", "POST", "text/plain", NOON), rules)
        garbage = 0
        for event in () if isinstance(outcome, Drop) else events_of(outcome):
            texts = [text for name in fields if (text := getattr(event, name))]
            texts += [(event.referrer or "").partition("?")[0]]
            texts += [value for _, value in parse_qsl(event.parameters)]
            garbage += any(scrub(text)[1] or unseen(text) or len(text) > 40_000 for text in texts)
        return garbage

    def split(data: bytes) -> int:
        page = address.split(text_of(data))
        return page is not None and not page.path.startswith("/")

    def pixelled(data: bytes) -> int:
        return admitted(pixel.beacon_of(text_of(data), None))

    def hits(data: bytes) -> int:
        """Of Matomo's clients: in an address, a form, or many as JSON."""
        garbage = 0
        for query, body in ((text_of(data), b""), ("", data)):
            try:
                found = matomo.read(query, body).hits
            except matomo.NotHitsError:
                continue
            for one in found[:20]:
                context = matomo.Context(None, NOON, True, bytes, matomo.Seen())
                hit = matomo.translate(one, context)
                garbage += admitted(hit.beacon) if isinstance(hit, matomo.Hit) else not hit
        return garbage

    def log_line(data: bytes) -> int:
        try:
            found = parse(data)
        except MalformedLine as why:
            return not str(why)
        return not found.path or "?" in found.path

    def scrubbed(data: bytes) -> int:
        text = text_of(data)
        clean, _ = scrub(text, cases=cases)
        return scrub(clean, cases=cases) != (clean, ())

    def wrapped(data: bytes) -> int:
        """A good beacon with a text of anything."""
        text = text_of(data)[:1000]
        event = {"i": 0, "k": "search", "d": 0, "q": text}
        page = {"v": 1, "p": "k3j9x0q2m5Tz", "u": "https://www.voorbeeldstad.nl/" + text[:1000], "r": text}
        return admitted(msgspec.json.encode(page | {"e": [event]}))

    def headers(data: bytes) -> int:
        text = data.decode("latin-1")
        bots.is_program({"user-agent": text, "sec-ch-ua": text})
        within(address_of(text), ())
        return 0

    return {
        "wire.decode": wired,
        "admission of bytes": admitted,
        "admission of texts": wrapped,
        "address.split": split,
        "pixel": pixelled,
        "Matomo's hits": hits,
        "line of a log": log_line,
        "scrub": scrubbed,
        "headers": headers,
    }


def run_one(name: str, runs: int, seconds: int, out: Path) -> None:
    """Try one target until it has had enough, and write down what came of it."""
    result = {"tried": 0, "crashes": 0, "garbage": 0, "guided": False, "example": ""}
    end = time.monotonic() + seconds

    def one(data: bytes) -> None:
        result["tried"] += 1
        try:
            garbage = int(target(data))
        except Exception as error:  # noqa: BLE001  that is what is looked for
            garbage = 0
            result["crashes"] += 1
            result["example"] = result["example"] or f"{type(error).__name__}: {error} for {data[:300]!r}"
        if garbage:
            result["garbage"] += garbage
            result["example"] = result["example"] or f"garbage for {data[:300]!r}"
        if result["tried"] % 100 == 0 or result["tried"] >= runs:
            out.write_text(json.dumps(result))
        if result["tried"] >= runs or time.monotonic() > end:
            out.write_text(json.dumps(result))
            raise SystemExit(0)

    try:
        import atheris
    except ImportError:
        target = targets()[name]
        chance = random.Random(name)
        while True:
            one(mutated(chance))
    result["guided"] = True
    with atheris.instrument_imports(include=["tracker"]):
        target = targets()[name]
    corpus = out.with_suffix(".seeds")
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    options = [
        sys.argv[0],
        str(corpus),
        "-max_len=4096",
        f"-max_total_time={seconds}",
        f"-runs={runs}",
        "-seed=1",
    ]
    atheris.Setup([*options, "-verbosity=0", "-print_final_stats=0", f"-artifact_prefix={corpus}/"], one)
    atheris.Fuzz()


def mutated(chance: random.Random) -> bytes:
    """A seed with a few bytes changed, taken out, repeated or taken from another."""
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(data) + 1)
        how = chance.randrange(4)
        if how == 0:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif how == 1:
            del data[at : at + chance.randint(1, 9)]
        elif how == 2:
            data[at:at] = data[at : at + chance.randint(1, 40)] * chance.randint(1, 5)
        else:
            other = chance.choice(SEEDS)
            begin = chance.randrange(len(other))
            data[at:at] = other[begin : begin + chance.randint(1, 40)]
    return bytes(data)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20_000, help="inputs for each target (default 20,000)")
    parser.add_argument("--seconds", type=int, default=20, help="at most, for each target (default 20)")
    parser.add_argument("--target", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.target:
        run_one(given.target, given.runs, given.seconds, given.out)
        return 0
    with tempfile.TemporaryDirectory(prefix="klantreis-fuzz-") as folder, Figures() as figures:
        for number, name in enumerate(targets()):
            out = Path(folder) / f"{number}.json"
            command = [sys.executable, __file__, "--target", name, "--out", str(out)]
            command += ["--runs", str(given.runs), "--seconds", str(given.seconds)]
            done = subprocess.run(
                command, timeout=given.seconds * 3 + 60, check=False, capture_output=True, text=True
            )
            found = json.loads(out.read_text()) if out.exists() else {"tried": 0, "crashes": 1, "garbage": 0}
            found.setdefault("example", done.stderr[-500:])
            inputs = f"{found['tried']:,} inputs{'' if found.get('guided') else ' drawn blindly'}"
            said = f"{found['crashes']} and {found['garbage']} in {inputs}"
            if not figures.add(
                f"{name}: crashes and garbage stored",
                found["crashes"] + found["garbage"],
                at_most=0,
                said=said,
            ):
                print(f"  {found['example']}")
    return 1 if figures.missed else 0


if __name__ == "__main__":
    sys.exit(main())
