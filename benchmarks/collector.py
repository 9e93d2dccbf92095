# SPDX-License-Identifier: EUPL-1.2
"""How the collector compares with its peers on one core, and what an event costs it.

Peers: nginx's `return 204`, the least a web server can do, and a plain Flask view with one XADD under
gunicorn. Every beacon is a view of its own visitor and page, goes through the whole admission, and is
acknowledged only when the store has it. The servers take turns on core 0; wrk and the store share core 1.
Absolute figures say something about this machine only, so look at the ratios. The store syncs every group of
beacons to its file; that file lies in memory (/dev/shm) unless `--disk` is given, since with 64 connections a
slow disk would be all that is measured. Runs are short and take turns, so that what else the machine does
hits all alike.

    python benchmarks/collector.py --seconds 1 --rounds 15

Needs `wrk` and `nginx` on the PATH, two cores, and gunicorn for the second peer (pip install gunicorn).
Exits 2 with a sentence where something is missing, 1 where something acknowledged isn't in the store.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import redis
import servers
from numpy import median
from servers import Server

from benchmarks.limits import Figures
from tracker import compiled

CORE_UNDER_TEST = 0
OTHER_CORE = 1
CONNECTIONS = 64
PARTITIONS = 16
TO_NGINX, TO_PLAIN_VIEW, SLOWEST_P99_MS, DEARER_BY = 0.15, 4.0, 30.0, 1.10

# The requests are made beforehand: what is measured is the server, not Lua. EVENTS and PAUSE_MS go before it.
WRK = """
local requests, turn = {}, 0
function init(args)
  math.randomseed(1)
  local signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  local function id()
    local s = {}
    for n = 1, 12 do local at = math.random(64); s[n] = signs:sub(at, at) end
    return table.concat(s)
  end
  for n = 1, 20000 do
    local events = {string.format('{"i":0,"k":"view","d":%d,"t":"Afval en grofvuil"}', math.random(400))}
    for i = 1, EVENTS - 1 do
      local d = math.random(400)
      events[i + 1] = string.format('{"i":%d,"k":"engage","d":%d,"s":%d,"y":%d}', i, d, i, 9 * i)
    end
    local body = string.format('{"v":1,"p":"%s","o":"%s","u":"https://www.voorbeeldstad.nl/afval/pagina-%d",'
      .. '"r":"https://www.voorbeeldstad.nl/","b":%d,"x":{"zwerfvuil":"redesign"},"l":"nl","w":"s",'
      .. '"e":[%s]}', id(), id(), math.random(500), math.random(1000) - 1, table.concat(events, ","))
    requests[n] = wrk.format("POST", "/e", {
      ["Host"] = "www.voorbeeldstad.nl", ["Content-Type"] = "text/plain;charset=UTF-8",
      ["User-Agent"] = string.format("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0",
        140 + n % 10, 140 + n % 10),
      ["Accept-Language"] = "nl,en;q=0.8", ["Origin"] = "https://www.voorbeeldstad.nl",
      ["X-Forwarded-For"] = "192.0." .. n % 256 .. "." .. math.floor(n / 256)}, body)
  end
end
function request() turn = turn % 20000 + 1; return requests[turn] end
if PAUSE_MS > 0 then function delay() return math.random(2 * PAUSE_MS) end end
function done(summary, latency)
  print(string.format('{"requests":%d,"seconds":%f,"refused":%d,"broken":%d,"p50Ms":%f,"p99Ms":%f}',
    summary.requests, summary.duration / 1e6, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=1, help="of each run (default 1)")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each server (default 15)")
    parser.add_argument("--disk", action="store_true", help="let the store write to disk instead of /dev/shm")
    parser.add_argument("--only", choices=["nginx", "workers"], help="one of the comparisons alone")
    given = parser.parse_args()
    missing = [name for name in ("wrk", "nginx") if shutil.which(name) is None]
    if missing:
        print(f"This needs {' and '.join(missing)} on the PATH (Debian: apt install wrk nginx-light).")
        return 2
    if len(os.sched_getaffinity(0)) < 2:
        print("This needs two cores: one for the server under test, one for wrk and the store.")
        return 2
    memory = Path("/dev/shm") if Path("/dev/shm").is_dir() and not given.disk else None
    with (
        tempfile.TemporaryDirectory(prefix="klantreis-benchmark-", dir=memory) as name,
        servers.store(Path(name), OTHER_CORE) as store,
        Figures() as figures,
    ):
        bench = Bench(Path(name), store, figures, seconds=given.seconds, rounds=given.rounds)
        about(store, given.seconds)
        sound = given.only == "workers" or bench.beside_peers(plain_view=given.only is None)
        if given.only is None:
            sound &= bench.in_batches()
        if given.only != "nginx":
            bench.with_workers()
    return 0 if sound else 1


class Run(NamedTuple):
    """One run of wrk against one server."""

    rate: float  # requests per second
    cost_us: float  # processor time of the server per request
    p99_ms: float
    acknowledged: int


class Bench:
    """The measurements, on one store."""

    def __init__(
        self, folder: Path, store: redis.Redis, figures: Figures, *, seconds: int, rounds: int
    ) -> None:
        self._folder, self._store, self._figures = folder, store, figures
        self._store_port = int(store.connection_pool.connection_kwargs["port"])
        self._seconds, self._rounds = seconds, rounds

    def beside_peers(self, *, plain_view: bool) -> bool:
        """Collector, nginx and the plain view in turn; whether all that was acknowledged is stored."""
        script = self._script(events=1)
        with contextlib.ExitStack() as stack:
            start = stack.enter_context
            found = {
                "collector": start(servers.collector(self._folder, self._store_port, CORE_UNDER_TEST)),
                "nginx": start(servers.nginx(self._folder, CORE_UNDER_TEST)),
            }
            if plain_view and importlib.util.find_spec("gunicorn"):
                found["flask"] = start(servers.plain_view(self._folder, self._store_port, CORE_UNDER_TEST))
            elif plain_view:
                print("gunicorn isn't installed: the plain Flask view is left out (pip install gunicorn).")
            runs, sound = self._in_turn(script, found)
        rate, cost = medians(runs, "rate"), medians(runs, "cost_us")
        p99 = median([run.p99_ms for run in runs["collector"]])
        print("median: " + ", ".join(f"{name} {rate[name]:,.0f}/s" for name in rate))
        figures, to_nginx = self._figures, rate["collector"] / rate["nginx"]
        figures.add("requests a second / those of nginx's `return 204`", to_nginx, at_least=TO_NGINX)
        by_processor = cost["nginx"] / cost["collector"]
        figures.add("the same by processor time per request, which others disturb less", by_processor)
        if "flask" in rate:
            figures.add(
                "requests a second / those of a plain Flask view with one XADD under gunicorn",
                rate["collector"] / rate["flask"],
                at_least=TO_PLAIN_VIEW,
            )
        figures.add("p99 of the collector, ms", p99, at_most=SLOWEST_P99_MS)
        return sound

    def in_batches(self) -> bool:
        """Events per second where a beacon carries ten of them."""
        with servers.collector(self._folder, self._store_port, CORE_UNDER_TEST) as server:
            runs, sound = self._in_turn(self._script(events=10), {"batches": server}, events=10)
        rate, cost = medians(runs, "rate")["batches"], medians(runs, "cost_us")["batches"]
        said = f"{10 * rate:,.0f}, {cost / 10:.1f} µs of a core each"
        self._figures.add("events a second in beacons of ten", 10 * rate, said=said)
        return sound

    def with_workers(self) -> None:
        """Processor time per event at the same offered rate, for one worker and for two, in turn."""
        script, runs = self._script(events=1, pause_ms=16), dict[str, list[Run]]()
        for _ in range(min(self._rounds, 7)):
            for workers in (1, 2):
                with servers.collector(self._folder, self._store_port, None, workers=workers) as server:
                    self._load(script, server, 1)
                    run = self._run(script, server)
                runs.setdefault(str(workers), []).append(run)
                print(f"{workers} worker(s) at {run.rate:,.0f}/s: {run.cost_us:.1f} µs per event")
        cost, rate = medians(runs, "cost_us"), medians(runs, "rate")
        what = f"processor time per event with 2 workers / with 1, at {rate['2']:,.0f} a second"
        self._figures.add(what, cost["2"] / cost["1"], at_most=DEARER_BY)

    def _in_turn(
        self, script: Path, found: dict[str, Server], *, events: int = 1
    ) -> tuple[dict[str, list[Run]], bool]:
        for server in found.values():
            self._load(script, server, 1)
        runs: dict[str, list[Run]] = {name: [] for name in found}
        sound = True
        for turn in range(self._rounds):
            for name, server in found.items():
                before = self._stored()
                run = self._run(script, server)
                runs[name].append(run)
                print(
                    f"{turn + 1}. {name:<9} {run.rate:>9,.0f}/s   {run.cost_us:>6.1f} µs of its core   "
                    f"p99 {run.p99_ms:.2f} ms"
                )
                if name in {"collector", "batches"}:
                    sound &= self._all_stored(run, self._stored() - before, events)
        return runs, sound

    def _run(self, script: Path, server: Server) -> Run:
        used = server.used_s()
        seen = self._load(script, server, self._seconds)
        cost = (server.used_s() - used) / max(seen["requests"], 1) * 1e6
        if seen["refused"] or seen["broken"]:
            print(f"   refused {seen['refused']}, broken {seen['broken']}")
        rate, acknowledged = seen["requests"] / seen["seconds"], seen["requests"] - seen["refused"]
        return Run(rate, cost, seen["p99Ms"], acknowledged)

    def _load(self, script: Path, server: Server, seconds: int) -> dict[str, Any]:
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script)]
        command.append(f"http://127.0.0.1:{server.port}/e")
        found = subprocess.run(
            servers.on_core(OTHER_CORE, command), capture_output=True, text=True, check=True
        )
        return dict(json.loads(found.stdout.splitlines()[-1]))

    def _script(self, *, events: int, pause_ms: int = 0) -> Path:
        path = self._folder / f"beacons-{events}-{pause_ms}.lua"
        path.write_text(f"local EVENTS, PAUSE_MS = {events}, {pause_ms}\n{WRK}")
        return path

    def _all_stored(self, run: Run, grown: int, events: int) -> bool:
        """What wrk saw acknowledged is stored; the rest was under way when it hung up."""
        seen, most = run.acknowledged * events, (run.acknowledged + CONNECTIONS) * events
        good = seen <= grown <= most and self._ledger_agrees()
        print(
            f"   acknowledged {seen:,} events, in the streams {grown:,} ({grown - seen} under way at the "
            f"end): {'every one stored' if good else 'NOT EVERY ONE STORED, OR NOT IN THE LEDGER'}"
        )
        return good

    def _ledger_agrees(self) -> bool:
        ledgers = self._store.scan_iter("kr:ledger:*")
        return sum(int(self._store.hget(key, "events") or 0) for key in ledgers) == self._stored()

    def _stored(self) -> int:
        time.sleep(0.2)  # what was under way when wrk hung up
        return sum(int(self._store.xlen(f"kr:{{{partition}}}:events")) for partition in range(PARTITIONS))


def about(store: redis.Redis, seconds: int) -> None:
    name = store.info("server").get("server_name", "redis")
    fsync = store.config_get("appendfsync")["appendfsync"]
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    print(
        f"{CONNECTIONS} connections, {seconds} s a run; server under test on core {CORE_UNDER_TEST}; wrk and "
        f"the store ({name}, fsync {fsync}) on core {OTHER_CORE}\n"
        f"Python {platform.python_version()}, built {'with' if optimised else 'without'} "
        f"--enable-optimizations; the collector {'compiled' if compiled.is_used() else 'interpreted'}"
    )


def medians(runs: dict[str, list[Run]], field: str) -> dict[str, float]:
    return {name: float(median([getattr(run, field) for run in found])) for name, found in runs.items()}


if __name__ == "__main__":
    sys.exit(main())
