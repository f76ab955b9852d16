"""Response times of rejected credentials: unknown accounts and keys against known ones.

Prints, for each kind of credential, the ratio of the medians of pairs measured in turn.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from benchmarks.results import tell
from proof.commands import users_environment
from proof.generation import copy_template, generate
from proof.machines.postgres import free_port
from proof.machines.serving import answers

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = 60
WARM_UP = 10

# Run in the service: well-formed keys with the given id, and as many with ids of their own.
WRONG_KEYS = """
import json, sys
from app.auth.keys import Key, make_key
made = [make_key() for _ in range(int(sys.argv[2]))]
known = [Key(sys.argv[1], key.secret).text for key in made]
print(json.dumps({"known": known, "unknown": [key.text for key in made]}))
"""


def refusal_seconds(url: str, headers: dict[str, str], body: object = None) -> float:
    """Return how long the server takes to answer 401."""
    content = None if body is None else json.dumps(body).encode()
    request = Request(url, content, {"Content-Type": "application/json", **headers})  # noqa: S310 -- our own address
    start = time.perf_counter()
    try:
        urlopen(request, timeout=30).close()  # noqa: S310
    except HTTPError as error:
        error.close()
        if error.code == 401:  # noqa: PLR2004
            return time.perf_counter() - start
        raise
    message = "a bad credential was accepted"
    raise AssertionError(message)


def ratio(known: Callable[[int], float], unknown: Callable[[int], float]) -> float:
    """Return the median time of the one over that of the other, measured in turn."""
    pairs = [(known(number), unknown(number)) for number in range(WARM_UP + PAIRS)][WARM_UP:]
    first, second = zip(*pairs, strict=True)
    medians: tuple[float, float] = statistics.median(first), statistics.median(second)
    return medians[0] / medians[1]


def printed(command: list[str], project: Path, environment: dict[str, str], typed: str = "") -> str:
    """Return what a command prints in a project."""
    return subprocess.run(
        ["uv", "run", "--quiet", *command],
        cwd=project,
        env=environment,
        check=True,
        input=typed,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def measure(framework: str, folder: Path) -> dict[str, float]:
    """Return the ratios for one framework, in a service that takes both credentials."""
    template = copy_template(folder / "template")
    answered = {"framework": framework, "auth": "jwt+api_key", "database": "sqlite"}
    project = generate(template, folder / "projects", answered)
    environment = users_environment() | {"RATE_LIMIT__ENABLED": "false"}
    port = free_port()
    api = f"http://127.0.0.1:{port}/api/v1"
    account = ["--email", "ada@example.org"]
    printed(["app", "users", "create-admin", *account], project, environment, "a long password\n")
    key = ["--name", "bench", "--scope", "items:read", "--user", "ada@example.org"]
    made = printed(["app", "api-keys", "create", *key], project, environment)
    _, key_id, _ = made.strip().split("_")
    wrong = ["python", "-c", WRONG_KEYS, key_id, str(WARM_UP + PAIRS)]
    keys = json.loads(printed(wrong, project, environment))
    app = ["uv", "run", "--quiet", "app"]
    process = subprocess.Popen([*app, "serve", "--port", str(port)], cwd=project, env=environment)
    try:
        if not answers(f"http://127.0.0.1:{port}/health/ready", process):
            message = "the service did not start"
            raise RuntimeError(message)

        def log_in(email: str) -> float:
            body = {"email": email, "password": "a wrong password"}
            return refusal_seconds(f"{api}/auth/login", {}, body)

        def send_key(key: str) -> float:
            return refusal_seconds(f"{api}/items", {"X-API-Key": key})

        return {
            "login": ratio(
                lambda _: log_in("ada@example.org"), lambda n: log_in(f"nobody{n}@example.org")
            ),
            "api_key": ratio(
                lambda n: send_key(keys["known"][n]), lambda n: send_key(keys["unknown"][n])
            ),
        }
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Print the ratios as JSON."""
    with TemporaryDirectory() as folder:
        ratios = {
            framework: measure(framework, Path(folder, framework))
            for framework in ("fastapi", "flask")
        }
    tell("timing", pairs=PAIRS, ratios=ratios)


if __name__ == "__main__":
    main()
