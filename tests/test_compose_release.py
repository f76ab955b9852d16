"""Releases of the compose target: the real scripts, and a Docker that keeps what it is told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the scripts are for Linux")

SECONDS = 30

# Options that the real commands know; those with True take a value.
DOCKER = """#!{python}
import gzip, json, os, re, sys, time
from pathlib import Path

KNOWN = {
    "build": {"--tag": True},
    "compose": {"--project-directory": True, "--env-file": True, "--file": True},
    "compose exec": {"-T": False},
    "compose kill": {"--signal": True},
    "compose logs": {"--tail": True},
    "compose run": {"--rm": False, "-T": False, "--no-deps": False},
    "compose up": {"--detach": False, "--remove-orphans": False, "--wait": False,
                   "--wait-timeout": True},
    "image inspect": {},
    "image ls": {"--format": True},
    "image rm": {},
    "load": {},
    "save": {},
}

def options(command, words):
    given = {}
    while words and words[0].startswith("-"):
        word = words.pop(0)
        given[word] = words.pop(0) if KNOWN[command][word] else True
    return given

state = Path(os.environ["DOCKER_STATE"])
known = json.loads(state.read_text())
words = sys.argv[1:]
command = words.pop(0)
release = ""
if command == "compose":
    given = options(command, words)
    home = Path(given["--project-directory"])
    assert (home / given["--env-file"]).is_file()
    settings = Path(given["--file"]).read_text()
    image = re.search(r'my-service:([^"$]+)"', settings)[1]
    release = f"[{image}] "
if command in {"compose", "image"}:
    command += " " + words.pop(0)
given = options(command, words)
line = f"{command} {release}{' '.join(words)}".strip()
with open(state.with_name("calls"), "a") as calls:
    calls.write(line + chr(10))
paused = state.with_name("paused")
if re.search(os.environ.get("PAUSE", "^$"), line):
    paused.touch()
    while paused.exists():
        time.sleep(0.02)
if command in {"compose run", "compose up"}:
    print("progress", file=sys.stderr, flush=True)
if re.search(os.environ.get("FAIL", "^$"), line):
    sys.exit(1)
if command == "build":
    known["images"] = sorted({*known["images"], given["--tag"]})
elif command == "image inspect":
    sys.exit(words[0] not in known["images"])
elif command == "image ls":
    assert given["--format"] == "json"
    for name in known["images"]:
        repository, _, tag = name.partition(":")
        row = {"Repository": repository, "Size": "1MB", "Tag": tag}
        print(json.dumps(row, separators=(",", ":")))
elif command == "image rm":
    known["images"].remove(words[0])
elif command == "save":
    print(words[0])
elif command == "load":
    (loaded,) = gzip.decompress(sys.stdin.buffer.read()).decode().split()
    known["images"] = sorted({*known["images"], loaded})
elif command == "compose up":
    assert "my-service:" + image in known["images"]
    assert "--wait-timeout" in given
    known["running"] = {"image": image, "settings": settings}
elif command == "compose kill":
    known["caddy"] = (home / "releases/current/deploy/Caddyfile").read_text()
elif command == "compose exec":
    print(json.dumps({"version": known["running"]["image"]}), flush=True)
if command not in {"image inspect", "save"}:
    state.write_text(json.dumps(known))
"""

# The command has a session of its own, as on another machine: it outlives a client that is killed,
# but nobody reads its output then.
SSH = """#!{python}
import os, subprocess, sys

words = sys.argv[1:]
while words[0] in {"-o", "-i"}:
    del words[:2]
command = ["sh", "-c", " ".join(words[1:])]
remote = subprocess.Popen(
    command, cwd=os.environ["SSH_HOME"], start_new_session=True,
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
)
for line in remote.stdout:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
sys.exit(remote.wait())
"""

SECRETS = ("AUTH__SECRET_KEY", "DATABASE__PASSWORD")

# The calls of Docker at which a release can be interrupted.
STEPS = [
    r"^compose run .* caddy validate",
    r"^compose run .* migrate$",
    r"^compose up",
    r"^compose kill",
    r"^compose exec",
]
# Those that write to the output, and fail if it is closed.
WRITING = STEPS[:3]


def at_v2(step: str) -> str:
    """Return a pattern for a step of the release of v2, and not of the fallback."""
    return rf"(?=.*\[v2-){step}"


@dataclass
class Server:
    """A machine with a project on it.

    Attributes:
        home: the folder with .env.production.
        clone: the sources.
    """

    folder: Path
    home: Path
    clone: Path

    def start(self, script: str, *arguments: str, **variables: str) -> Process:
        """Start a script of the project."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        told = {"PATH": path, "DOCKER_STATE": str(self.folder / "state"), "READY_SECONDS": "0"}
        return subprocess.Popen(
            ["sh", f"deploy/{script}", *arguments],
            cwd=self.clone if script == "release" else self.home,
            env={**os.environ, **told, "SSH_HOME": str(self.home.parent), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, script: str, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run a script of the project; return its exit code and what it said."""
        process = self.start(script, *arguments, **variables)
        said, _ = process.communicate(timeout=SECONDS)
        return process.returncode, said

    @contextmanager
    def paused(self, script: str, *arguments: str, at: str, **variables: str) -> Iterator[Process]:
        """Run a script until it calls Docker with these words, and give its process."""
        process = self.start(script, *arguments, PAUSE=at, **variables)
        paused = self.folder / "paused"
        end = time.monotonic() + SECONDS
        while not paused.exists():
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        try:
            yield process
        finally:
            paused.unlink()

    def wait_for_releases(self) -> None:
        """Wait until no release is in progress."""
        lock = self.home / "releases" / "lock"
        subprocess.run(["flock", lock, "true"], check=True, timeout=SECONDS)

    def change(self, settings: str) -> None:
        """Change the sources: their compose.yaml ends with a comment."""
        file = self.clone / "compose.yaml"
        kept = file.read_text(encoding="utf-8").partition("\n# settings")[0]
        file.write_text(f"{kept}\n# settings {settings}\n", encoding="utf-8")
        caddyfile = self.clone / "deploy" / "Caddyfile"
        kept = caddyfile.read_text(encoding="utf-8").partition("\n# settings")[0]
        caddyfile.write_text(f"{kept}\n# settings {settings}\n", encoding="utf-8")

    def release(self, version: str, **variables: str) -> tuple[int, str]:
        """Release a version whose settings differ from those of others."""
        self.change(version)
        return self.run("release", version, **variables)

    def state(self) -> dict[str, Any]:
        """Return what Docker knows."""
        state: dict[str, Any] = json.loads((self.folder / "state").read_text(encoding="utf-8"))
        return state

    def calls(self) -> list[str]:
        """Return the calls of Docker since this was asked last."""
        log = self.folder / "calls"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    def history(self) -> list[str]:
        """Return the versions that can serve again, the present one last."""
        return (self.home / "releases" / "history").read_text(encoding="utf-8").split()

    def serves(self, version: str) -> bool:
        """Return whether image, settings and Caddyfile are those of a version."""
        state, ending = self.state(), f"# settings {version}\n"
        return (
            state["running"]["image"].startswith(f"{version}-")
            and state["running"]["settings"].endswith(ending)
            and state["caddy"].endswith(ending)
            and (self.home / "releases" / "current").readlink().name == version
        )


type Process = subprocess.Popen[str]


@pytest.fixture(scope="module")
def project(bake_session: Callable[..., Path]) -> Path:
    """Return a project with every secret."""
    return bake_session(deploy="compose")


@pytest.fixture
def target(request: pytest.FixtureRequest) -> str:
    """Return where a release is started: on the server, or elsewhere."""
    return str(getattr(request, "param", "here"))


@pytest.fixture
def server(project: Path, tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Return a server with its settings, and nothing on it yet."""
    clone = shutil.copytree(project, tmp_path / "clone")
    home = clone
    if target == "ssh":
        home = tmp_path / "home" / "my-service"
        home.mkdir(parents=True)
        monkeypatch.setenv("DEPLOY_TARGET", "deploy@server")
    settings = (clone / ".env.production.example").read_text(encoding="utf-8")
    (home / ".env.production").write_text(settings.replace("change-me", "x.org"), "utf-8")
    (home / ".env.secrets").mkdir()
    for name in SECRETS:
        (home / ".env.secrets" / name).write_text("secret\n", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    for name, text in (("docker", DOCKER), ("ssh", SSH)):
        program = text.replace("{python}", sys.executable)
        (tmp_path / "bin" / name).write_text(program, encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "state").write_text('{"images": [], "running": {}, "caddy": ""}', encoding="utf-8")
    return Server(tmp_path, home, clone)


@pytest.fixture
def upgraded(server: Server) -> Server:
    """Return a server that runs v1, after v0."""
    for version in ("v0", "v1"):
        code, said = server.release(version)
        assert code == 0, said
    server.calls()
    return server


anywhere = pytest.mark.parametrize("target", ["here", "ssh"], indirect=True)
elsewhere = pytest.mark.parametrize("target", ["ssh"], indirect=True)


@anywhere
def test_a_version_is_migrated_to_once_and_then_runs(upgraded: Server) -> None:
    code, said = upgraded.release("v2")

    assert code == 0, said
    assert upgraded.serves("v2")
    assert upgraded.history() == ["v0", "v1", "v2"]
    calls = [call for call in upgraded.calls() if call.startswith("compose")]
    assert [call.split()[1] for call in calls] == ["run", "run", "up", "kill", "exec"]
    assert calls[0].endswith("caddy validate --config /etc/caddy/v2/deploy/Caddyfile")
    assert calls[1].endswith(" migrate")


def test_a_failed_release_leaves_the_healthy_version_however_often_it_is_tried(
    upgraded: Server,
) -> None:
    for step in (*STEPS, STEPS[-1]):
        code, said = upgraded.release("v2", FAIL=at_v2(step))
        assert code == 1
        assert "v2 is not ready; v1 is running again" in said
        assert upgraded.serves("v1")
        assert upgraded.history() == ["v0", "v1"]
    assert upgraded.run("activate", "--rollback")[0] == 0
    assert upgraded.serves("v0")


def test_a_release_told_to_stop_returns_to_the_healthy_version(upgraded: Server) -> None:
    for step in STEPS:
        upgraded.change("v2")
        with upgraded.paused("release", "v2", at=at_v2(step)) as process:
            os.killpg(process.pid, signal.SIGTERM)
            said, _ = process.communicate(timeout=SECONDS)
        assert "v1 is running again" in said
        assert upgraded.serves("v1")
    assert upgraded.run("activate", "--rollback")[0] == 0
    assert upgraded.serves("v0")


@pytest.mark.parametrize("step", STEPS)
def test_a_release_whose_output_is_closed_leaves_a_healthy_version(
    upgraded: Server, step: str
) -> None:
    upgraded.change("v2")
    with upgraded.paused("release", "v2", at=at_v2(step)) as process:
        assert process.stdout
        process.stdout.close()
    process.wait(timeout=SECONDS)
    assert upgraded.serves(upgraded.history()[-1])
    assert upgraded.run("activate", "--rollback")[0] == 0


@elsewhere
def test_a_release_that_loses_its_connection_leaves_a_healthy_version(upgraded: Server) -> None:
    for step in STEPS:
        upgraded.change("v2")
        with upgraded.paused("release", "v2", at=at_v2(step)) as process:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        upgraded.wait_for_releases()
        assert upgraded.serves(upgraded.history()[-1])
        if step in WRITING:
            assert upgraded.history() == ["v0", "v1"]


def test_a_killed_release_can_be_repeated(upgraded: Server) -> None:
    for step in STEPS:
        upgraded.change("v2")
        with upgraded.paused("release", "v2", at=at_v2(step)) as process:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        _, said = upgraded.release("v2", FAIL=at_v2("^compose up"))
        assert "v1 is running again" in said
        assert upgraded.serves("v1")
    assert upgraded.release("v2")[0] == 0
    assert upgraded.serves("v2")
    assert upgraded.run("activate", "--rollback")[0] == 0
    assert upgraded.serves("v1")


def test_a_killed_release_is_undone_by_a_rollback(upgraded: Server) -> None:
    upgraded.change("v2")
    with upgraded.paused("release", "v2", at=at_v2("^compose kill")) as process:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert upgraded.run("activate", "--rollback")[0] == 0
    assert upgraded.serves("v1")
    assert upgraded.history() == ["v0", "v1"]


@anywhere
def test_there_is_one_release_at_a_time(upgraded: Server) -> None:
    upgraded.change("v2")
    with upgraded.paused("release", "v2", at=at_v2("^compose up")) as first:
        code, said = upgraded.release("v3")
        rolled_back = upgraded.run("activate", "--rollback")
    first.communicate(timeout=SECONDS)
    assert (code, rolled_back[0]) == (1, 1)
    assert "another release is in progress" in said
    assert first.returncode == 0
    assert upgraded.serves("v2")


def test_the_same_version_can_be_released_again_but_not_with_other_sources(
    upgraded: Server,
) -> None:
    assert upgraded.release("v1")[0] == 0
    assert upgraded.history() == ["v0", "v1"]
    upgraded.change("other")
    code, said = upgraded.run("release", "v1")
    assert code == 1
    assert "v1 was active with other sources" in said
    assert upgraded.serves("v1")
    code, said = upgraded.release("v1", FAIL=r"^compose up")
    assert code == 1
    assert "neither is v1" in said


@anywhere
def test_the_last_three_versions_stay_and_can_return(upgraded: Server) -> None:
    for version in ("v2", "v3"):
        assert upgraded.release(version)[0] == 0
    kept = {path.name for path in (upgraded.home / "releases").iterdir() if path.is_dir()}
    assert kept == {"v1", "v2", "v3", "current"}
    images = [image.partition(":")[2].partition("-")[0] for image in upgraded.state()["images"]]
    assert images == ["v1", "v2", "v3"]

    assert upgraded.run("activate", "--rollback", "v1")[0] == 0
    assert upgraded.serves("v1")
    assert "migrate" not in "".join(upgraded.calls()[-3:])
    for none in ([], ["v0"], ["v3"]):
        code, said = upgraded.run("activate", "--rollback", *none)
        assert code == 1
        assert "is not there; these are: v1" in said
    assert upgraded.serves("v1")


def test_a_rollback_that_fails_returns_to_the_healthy_version(upgraded: Server) -> None:
    code, said = upgraded.run("activate", "--rollback", FAIL=r"^compose exec \[v0-")
    assert code == 1
    assert "v0 is not ready; v1 is running again" in said
    assert upgraded.serves("v1")
    assert upgraded.history() == ["v0", "v1"]


def test_the_first_version_has_none_to_return_to(server: Server) -> None:
    code, said = server.release("v0", FAIL=r"^compose up")
    assert code == 1
    assert "no other version to switch back to" in said
    assert server.release("v0")[0] == 0
    assert server.serves("v0")


def test_an_image_that_is_not_there_is_not_activated(server: Server) -> None:
    code, said = server.run("activate", "v3", "v3-tag")
    assert (code, said) == (1, "deploy/activate: there is no image my-service:v3-tag\n")


@pytest.mark.parametrize("version", ["current", "history", "lock"])
def test_a_version_is_not_called_like_a_file_beside_it(server: Server, version: str) -> None:
    code, said = server.release(version)
    assert code == 1
    assert "is not a valid version name" in said


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_is_named(server: Server, name: str) -> None:
    (server.home / ".env.secrets" / name).write_text("", encoding="utf-8")
    code, said = server.release("v0")
    assert code == 1
    assert f".env.secrets/{name} first" in said
    assert not [call for call in server.calls() if call.startswith("compose")]


def test_placeholders_are_refused(server: Server) -> None:
    (server.home / ".env.production").write_text("DOMAIN=change-me\n", encoding="utf-8")
    code, said = server.release("v0")
    assert code == 1
    assert ".env.production first" in said
    assert not [call for call in server.calls() if call.startswith("compose")]


def test_compose_has_the_settings_of_the_version_that_runs(upgraded: Server) -> None:
    upgraded.change("v2")
    assert upgraded.run("compose", "logs", "app")[0] == 0
    assert upgraded.run("compose", "logs", "app", RELEASE="v0")[0] == 0
    one, other = upgraded.calls()
    assert one.startswith("compose logs [v1-")
    assert other.startswith("compose logs [v0-")
