"""Fly.io: two machines behind its proxy, their database and Redis elsewhere."""

from __future__ import annotations

import re
import shlex
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proof.formats import json_schema
from proof.formats.dockerfile import read_stages
from proof.targets import Deployment, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = Path(__file__).with_name("fly.schema.json")

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
MARGIN_SECONDS = 2
LONGEST_KILL_SECONDS = 300
# How long /health/ready may take to say that the database is away.
READY_SECONDS = 2
# Where Fly's proxy connects from.
PROXY = ip_network("172.16.0.0/12")

SECRETS = {"AUTH__SECRET_KEY", "DATABASE__PASSWORD", "DATABASE__URL", "RATE_LIMIT__STORAGE_URL"}

MUTATIONS = [
    Mutation("fly.toml", "release_command", "release_comand", r"release_comand"),
    Mutation("fly.toml", 'kill_timeout = "40s"', "kill_timeout = 40", r"kill_timeout"),
    Mutation("fly.toml", 'kill_timeout = "40s"', 'kill_timeout = "25s"', r"is killed after 25 s"),
    Mutation("fly.toml", 'kill_signal = "SIGTERM"', 'kill_signal = "SIGINT"', r"SIGINT"),
    Mutation("fly.toml", '"app migrate"', '"true"', r"does not migrate"),
    Mutation("fly.toml", '"bluegreen"', '"immediate"', r"immediate"),
    Mutation("fly.toml", "[env]", '[env]\n  DATABASE__URL = "x"', r"DATABASE__URL is no secret"),
    Mutation("fly.toml", "[env]", '[env]\n  X = "redis://:s3cret@r"', r"X holds a password"),
    Mutation("fly.toml", '"172.16.0.0/12"', '"0.0.0.0/0"', r"trusts 0\.0\.0\.0/0"),
    Mutation("fly.toml", 'path = "/health/ready"', 'path = "/health"', r"no .*/health/ready"),
    Mutation("fly.toml", 'path = "/health/live"', 'path = "/"', r"no .*/health/live"),
    Mutation("fly.toml", 'interval = "5s"', 'interval = "30s"', r"notices .* draining"),
    Mutation("fly.toml", "force_https = true", "force_https = false", r"plain HTTP"),
    Mutation("fly.toml", "min_machines_running = 2", "min_machines_running = 1", r"1 machine"),
    Mutation("fly.toml", "hard_limit = 1", "hard_limit = 9", r"hard_limit"),
    Mutation("fly.toml", 'memory = "512mb"', "", r"memory"),
    Mutation("fly.toml", "internal_port = 8000", "internal_port = 8080", r"port 8080"),
    Mutation("deploy/release", "--signal SIGTERM ", "", r"SIGINT"),
    Mutation("deploy/release", "--deploy-retries 0", "", r"again"),
    Mutation("deploy/release", "TRUSTED_PROXIES=$proxies", "X=1", r"own addresses"),
    Mutation("deploy/release", "RATE_LIMIT__STORAGE_URL", "RATE", r"not ask for .*RATE_LIMIT"),
]


def complaints(project: Path) -> Iterator[str]:
    """Yield a line for everything in the target's own files that is wrong."""
    refused = json_schema.refused("--schemafile", str(SCHEMA), str(project / "fly.toml"))
    if refused:
        yield from (f"fly.toml: {line}" for line in refused)
        return
    fly = _read(project)
    yield from _about_stopping(fly)
    yield from _about_releases(project, fly)
    yield from _about_settings(project, fly)
    yield from _about_traffic(project, fly)
    for vm in fly["vm"]:
        for limit in {"cpus", "memory"} - vm.keys():
            yield f"fly.toml: [[vm]] does not say how much {limit} a machine has"


def _about_stopping(fly: dict[str, Any]) -> Iterator[str]:
    env = fly["env"]
    if fly["kill_signal"] != "SIGTERM":
        yield f"fly.toml: the service drains on SIGTERM, not on {fly['kill_signal']}"
    needed = float(env["DRAIN_SECONDS"]) + float(env["SHUTDOWN_SECONDS"]) + MARGIN_SECONDS
    given = seconds(fly["kill_timeout"])
    if not needed <= given <= LONGEST_KILL_SECONDS:
        yield f"fly.toml: a machine that needs {needed:g} s to stop is killed after {given:g} s"


def _about_releases(project: Path, fly: dict[str, Any]) -> Iterator[str]:
    release = (project / "deploy" / "release").read_text(encoding="utf-8")
    if shlex.split(fly["deploy"]["release_command"]) != ["app", "migrate"]:
        yield "fly.toml: the release command does not migrate the database"
    strategy = fly["deploy"]["strategy"]
    if strategy != "bluegreen":
        yield f"fly.toml: {strategy} takes machines away before their successors are ready"
    if "--signal SIGTERM" not in release:
        yield "deploy/release: without --signal, the old machines are stopped with SIGINT"
    if "--deploy-retries 0" not in release:
        yield "deploy/release: a release that failed would migrate again by itself"
    if '--env "TRUSTED_PROXIES=$proxies"' not in release:
        yield "deploy/release: the app's own addresses are not trusted, so each client is the app"
    for name in sorted(_needed_secrets(project) - _secrets(project)):
        yield f"deploy/release: does not ask for the secret {name}"


def _about_settings(project: Path, fly: dict[str, Any]) -> Iterator[str]:
    env = fly["env"]
    if env.get("ENVIRONMENT") != "production":
        yield "fly.toml: ENVIRONMENT is not production"
    for name, value in env.items():
        if name in SECRETS:
            yield f"fly.toml: {name} is no secret there; use fly secrets"
        elif re.search(r"://[^/\s]*:[^/\s]+@", value):
            yield f"fly.toml: {name} holds a password"
    for network in env.get("TRUSTED_PROXIES", "::/0").split(","):
        if ip_network(network) != PROXY:
            yield f"fly.toml: trusts {network}, where anybody may be, or nobody is"
    for name in sorted(_needed_secrets(project) & env.keys()):
        yield f"fly.toml: {name} is in a file"


def _about_traffic(project: Path, fly: dict[str, Any]) -> Iterator[str]:
    service = fly["http_service"]
    if not service["force_https"]:
        yield "fly.toml: the service answers plain HTTP"
    command = deployment(project).serve
    if str(service["internal_port"]) != _option(command, "--port", "8000"):
        yield f"fly.toml: nothing listens on port {service['internal_port']}"
    if _option(command, "--host", "127.0.0.1") != "0.0.0.0":  # noqa: S104 -- the proxy is outside
        yield "fly.toml: the server does not listen where the proxy connects to"
    running = service.get("min_machines_running", 0)
    if running < 2:  # noqa: PLR2004 -- one may always be away
        yield f"fly.toml: {running} machine is not enough: Fly moves machines, and hosts fail"
    stops = service.get("auto_stop_machines", "off") != "off"
    if stops != service.get("auto_start_machines", True):
        yield "fly.toml: machines are stopped and never started, or the reverse"
    yield from _about_limits(project, service["concurrency"])
    yield from _about_checks(fly)


def _about_limits(project: Path, limits: dict[str, Any]) -> Iterator[str]:
    if limits["type"] != "requests":
        yield "fly.toml: concurrency counts connections, which the proxy shares among requests"
    if limits["soft_limit"] >= limits["hard_limit"]:
        yield "fly.toml: soft_limit leaves no time to start another machine before hard_limit"
    options = (project / "src/app/core/server.py").read_text(encoding="utf-8")
    threads = re.search(r"THREADS: Final = (\d+)", options)
    most = int(threads[1]) - 1 if threads else 200
    if limits["hard_limit"] > most:
        yield f"fly.toml: a hard_limit above {most} queues requests in a busy machine"


def _about_checks(fly: dict[str, Any]) -> Iterator[str]:
    ready = [c for c in fly["http_service"]["checks"] if c["path"] == "/health/ready"]
    if not ready:
        yield "fly.toml: no check of the service asks /health/ready, so the proxy routes anywhere"
    for check in ready:
        if seconds(check["timeout"]) <= READY_SECONDS:
            yield f"fly.toml: /health/ready may take {READY_SECONDS} s to say what is wrong"
        noticed = seconds(check["interval"]) + seconds(check["timeout"])
        if noticed > float(fly["env"]["DRAIN_SECONDS"]):
            yield f"fly.toml: the proxy notices a draining machine after {noticed:g} s only"
    if not any(c["path"] == "/health/live" for c in fly.get("checks", {}).values()):
        yield "fly.toml: no check asks /health/live, which tells the process from its database"


def deployment(project: Path) -> Deployment:
    """Return how the target runs the service."""
    fly = _read(project)
    image = read_stages(project / "Dockerfile")[-1]
    command = next(i.exec_form for i in reversed(image.instructions) if i.name == "CMD")
    if "processes" in fly:
        command = shlex.split(fly["processes"]["app"])
    checks = [*fly["http_service"]["checks"], *fly.get("checks", {}).values()]
    return Deployment(
        serve=command,
        migrate=shlex.split(fly["deploy"]["release_command"]),
        settings=fly["env"],
        secrets=_secrets(project),
        probes={check["path"] for check in checks},
        instances=fly["http_service"].get("min_machines_running", 0),
        kill_seconds=seconds(fly["kill_timeout"]),
    )


def seconds(duration: str) -> float:
    """Return how long a duration such as `1m30s` is."""
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|s|m|h)", duration))


def _read(project: Path) -> dict[str, Any]:
    return tomllib.loads((project / "fly.toml").read_text(encoding="utf-8"))


def _option(command: list[str], name: str, default: str) -> str:
    return command[command.index(name) + 1] if name in command else default


def _secrets(project: Path) -> set[str]:
    """Return the names that the release command asks Fly's store for."""
    release = (project / "deploy" / "release").read_text(encoding="utf-8")
    asked = re.search(r"^for secret in (.*); do$", release, re.MULTILINE)
    return set(asked[1].split()) if asked else set()


def _needed_secrets(project: Path) -> set[str]:
    own_key = re.search(
        "^AUTH__SECRET_KEY=", (project / ".env.example").read_text("utf-8"), re.MULTILINE
    )
    return {"DATABASE__URL", "RATE_LIMIT__STORAGE_URL"} | (
        {"AUTH__SECRET_KEY"} if own_key else set()
    )
