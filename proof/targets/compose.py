"""Docker Compose: one machine, behind Caddy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from proof.formats.dockerfile import read_stages
from proof.machines import caddy
from proof.surroundings import wrong_or_missing
from proof.targets import Deployment, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

VARIABLE = re.compile(r"\$\{(\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
UNITS = {"ms": 0.001, "s": 1, "m": 60}
MARGIN_SECONDS = 2
# From the process to its first answer, with room for a slow machine.
START_SECONDS = 5
# What may slip through the header of a slow client (OWASP: slow HTTP).
LONGEST_HEADER_SECONDS = 10

SECRETS = re.compile(r"SECRET_KEY$|PASSWORD$|TOKEN$")
PUBLISHED = {"caddy": {"80:80", "443:443", "443:443/udp"}}
CAPABILITIES = {"caddy": {"NET_BIND_SERVICE"}}
# Where the image has a healthcheck, or where none is needed, since it ends.
IMAGES_OWN = {"app": ["image"], "migrate": ["image"]}
# The images of others that do not run as root by themselves, or that we tell not to.
ROOT = {"caddy"}

MUTATIONS = [
    Mutation("compose.yaml", "cap_drop: [ALL]", "cap_drop: [NET_RAW]", r"keeps capabilities"),
    Mutation("compose.yaml", "read_only: true", "read_only: false", r"writable root"),
    Mutation("compose.yaml", "no-new-privileges:true", "label:disable", r"gain privileges"),
    Mutation("compose.yaml", "  mem_limit: 512m\n", "", r"no mem_limit"),
    Mutation("compose.yaml", "  pids_limit: 256\n", "", r"no pids_limit"),
    Mutation("compose.yaml", "  tmpfs: [/tmp]\n", "", r"nowhere to write"),
    Mutation("compose.yaml", "    user: redis", '    ports: ["6379:6379"]', r"redis publishes"),
    Mutation("compose.yaml", "    user: redis\n", "", r"redis runs as root"),
    Mutation("compose.yaml", "    internal: true", "    internal: false", r"reaches the internet"),
    Mutation(
        "compose.yaml", "    networks: [edge]", "    networks: [edge, data]", r"caddy .* data"
    ),
    Mutation(
        "compose.yaml", "./releases:/etc/caddy:ro", "/var/run/docker.sock:/s", r"docker\.sock"
    ),
    Mutation("compose.yaml", "_SECONDS: 20", "_SECONDS: 20\n    X_PASSWORD: a", r"X_PASSWORD"),
    Mutation("compose.yaml", "${DOMAIN:?set it in .env.production}", "${DOMAIN}", r"DOMAIN.*empty"),
    Mutation("compose.yaml", "redis:8.10.1@", "redis:8.10.1 #", r"no digest"),
    Mutation(
        "compose.yaml", "stop_grace_period: 30s  # draining", "init: true  #", r"killed after 10"
    ),
    Mutation("compose.yaml", "DRAIN_SECONDS: 3", "DRAIN_SECONDS: 1", r"connection that .* closing"),
    Mutation("compose.yaml", "    profiles: [release]\n", "", r"every `up`"),
    Mutation("compose.yaml", '["app", "migrate"]', '["app"]', r"does not migrate"),
    Mutation("compose.yaml", "ENVIRONMENT: production", "ENVIRONMENT: staging", r"production"),
    Mutation("compose.yaml", "TRUSTED_PROXIES: $", "TRUSTED_PROXIES: 0.0.0.0/0 # $", r"trusts"),
    Mutation(
        "compose.yaml", '["CMD", "redis-cli", "ping"]', '["NONE"]', r"redis has no healthcheck"
    ),
    Mutation("deploy/Caddyfile", "lb_try_duration 30s", "lb_try_duration 9s", r"gives up after 9"),
    Mutation("deploy/Caddyfile", "read_header 10s", "read_header 10m", r"slow clients"),
    Mutation("deploy/Caddyfile", "request_buffers 1MiB", "", r"slow clients .* bodies"),
    Mutation("deploy/Caddyfile", "read_body 30s\n", "\n", r"slow clients .*read_body"),
    Mutation("deploy/Caddyfile", "app:8000", "app:8080", r"app:8080"),
    Mutation("deploy/Caddyfile", "{$DOMAIN}", "{$NAME}", r"reads NAME"),
    Mutation("deploy/Caddyfile", "keepalive", "keepaliev", r"keepaliev"),
    Mutation("compose.yaml", "caddy/current/", "caddy/", r"does not see its Caddyfile"),
    Mutation("deploy/activate", "run --rm -T migrate", "version", r"does not migrate"),
    Mutation("deploy/activate", "caddy validate", "caddy version", r"not validated"),
]


def complaints(project: Path) -> Iterator[str]:
    """Yield a line for everything in the target's own files that is wrong."""
    return wrong_or_missing(_complaints(project))


def _complaints(project: Path) -> Iterator[str]:
    compose = _read(project)
    for name, service in compose["services"].items():
        yield from _about_rights(project, name, service)
        yield from _about_networks(name, service)
        yield from _about_values(name, service)
        health = service.get("healthcheck", {"test": IMAGES_OWN.get(name, ["NONE"])})
        if health["test"] == ["NONE"]:
            yield f"compose.yaml: {name} has no healthcheck"
    if not compose["networks"]["data"].get("internal"):
        yield "compose.yaml: what is on the network data reaches the internet"
    for name, secret in compose.get("secrets", {}).items():
        if secret != {"file": f".env.secrets/{name}"}:
            yield f"compose.yaml: the secret {name} is not where git ignores it"
    yield from _about_the_app(project, compose)
    yield from _about_migrations(project, compose["services"]["migrate"])
    yield from _about_caddy(project, compose)


def _about_rights(project: Path, name: str, service: dict[str, Any]) -> Iterator[str]:
    """Yield what CIS Docker 5.4, 5.5, 5.11, 5.13, 5.26, 5.29 and 5.32 ask for and is not there."""
    where = f"compose.yaml: {name}"
    if service.get("cap_drop") != ["ALL"]:
        yield f"{where} keeps capabilities"
    for capability in set(service.get("cap_add", [])) - CAPABILITIES.get(name, set()):
        yield f"{where} takes the capability {capability}"
    if not service.get("read_only"):
        yield f"{where} has a writable root"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield f"{where} may gain privileges"
    for limit in {"mem_limit", "pids_limit"} - service.keys():
        yield f"{where} has no {limit}"
    for right in {"privileged", "pid", "ipc", "userns_mode", "devices"} & service.keys():
        yield f"{where} is given {right}"
    if any("docker.sock" in volume for volume in service.get("volumes", [])):
        yield f"{where} holds docker.sock, which makes it root on the machine"
    yield from _about_image(project, name, service)


def _about_image(project: Path, name: str, service: dict[str, Any]) -> Iterator[str]:
    where = f"compose.yaml: {name}"
    if service["image"].startswith(f"{_read(project)['name']}:"):
        if service.get("pull_policy") != "never":
            yield f"{where} may pull an image of that name from a registry"
        if "/tmp" not in service.get("tmpfs", []):  # noqa: S108 -- the container's
            yield f"{where} has nowhere to write temporary files"
    else:
        if not re.search(r"@sha256:[0-9a-f]{64}$", service["image"]):
            yield f"{where}: its image has no digest"
        if name not in ROOT and "user" not in service:
            yield f"{where} runs as root"


def _about_networks(name: str, service: dict[str, Any]) -> Iterator[str]:
    published = set(service.get("ports", []))
    for port in sorted(published - PUBLISHED.get(name, set())):
        yield f"compose.yaml: {name} publishes {port}"
    wanted = {"caddy": {"edge"}, "app": {"edge", "data"}}.get(name, {"data"})
    for network in sorted(wanted ^ set(service.get("networks", ["default"]))):
        yield f"compose.yaml: {name} and the network {network} do not go together"


def _about_values(name: str, service: dict[str, Any]) -> Iterator[str]:
    for variable, value in service.get("environment", {}).items():
        text = str(value)
        if SECRETS.search(variable) or re.search(r"://[^/\s]*:[^/\s]+@", text):
            yield f"compose.yaml: {name} shows {variable} to `docker inspect`; make it a secret"
        for found in VARIABLE.finditer(text):
            if found["kind"] is None:
                yield f"compose.yaml: {found[1]} may be empty, and nobody is told"


def _about_the_app(project: Path, compose: dict[str, Any]) -> Iterator[str]:
    app = compose["services"]["app"]
    settings = deployment(project).settings
    if settings.get("ENVIRONMENT") != "production":
        yield "compose.yaml: ENVIRONMENT is not production"
    drain, shutdown = float(settings["DRAIN_SECONDS"]), float(settings["SHUTDOWN_SECONDS"])
    given = _grace(app)
    if drain + shutdown + MARGIN_SECONDS > given:
        yield f"compose.yaml: an app that needs {drain + shutdown:g} s is killed after {given:g} s"
    (edge,) = compose["networks"]["edge"]["ipam"]["config"]
    if settings.get("TRUSTED_PROXIES") != _resolved(edge["subnet"], {}):
        yield f"compose.yaml: trusts {settings.get('TRUSTED_PROXIES')}, not Caddy's network alone"
    if not settings.get("RATE_LIMIT__STORAGE_URL", "").startswith("redis://redis:"):
        yield "compose.yaml: each worker counts calls for itself"
    database = settings.get("DATABASE__URL", "")
    if database.startswith("postgresql://") != ("postgres" in compose["services"]):
        yield f"compose.yaml: nothing is at {database}"
    if database.startswith("sqlite:") and "data:/data" not in app.get("volumes", []):
        yield "compose.yaml: the database is on no volume, and gone with its container"
    secrets = compose.get("secrets", {}).keys()
    for name in sorted(secrets ^ set(app.get("secrets", []))):
        yield f"compose.yaml: the secret {name} does not reach the app, or is from nowhere"
    if secrets and settings.get("SECRETS_DIRECTORY") != "/run/secrets":
        yield "compose.yaml: the app does not look for its secrets where they are"


def _about_migrations(project: Path, migrate: dict[str, Any]) -> Iterator[str]:
    if migrate["command"] != ["app", "migrate"]:
        yield "compose.yaml: migrate does not migrate"
    if not migrate.get("profiles") or migrate.get("restart") != "no":
        yield "compose.yaml: the database is migrated by every `up`, or again and again"
    activate = (project / "deploy" / "activate").read_text(encoding="utf-8")
    before, serves, _ = activate.partition('if ! serve "$version"')
    if not serves or "run --rm -T migrate" not in before:
        yield "deploy/activate: does not migrate before the new version serves"
    if "caddy validate" not in before:
        yield "deploy/activate: the Caddyfile is not validated before Caddy reloads it"


def _about_caddy(project: Path, compose: dict[str, Any]) -> Iterator[str]:
    caddyfile = project / "deploy" / "Caddyfile"
    service = compose["services"]["caddy"]
    environment = {**service["environment"], "DOMAIN": "service.example.com"}
    config = "/etc/caddy/current/deploy/Caddyfile"
    if "./releases:/etc/caddy:ro" not in service["volumes"] or config not in service["command"]:
        yield "compose.yaml: Caddy does not see its Caddyfile, or the next release's"
    text = caddyfile.read_text(encoding="utf-8")
    options = {
        name: seconds(value)
        for name, value in re.findall(r"^\s*(\w+) (\d\w*)$", text, re.MULTILINE)
    }
    if options.get("grace_period", 9e9) + MARGIN_SECONDS > _grace(service):
        yield "deploy/Caddyfile: Caddy is killed before it has finished"
    if not 0 < options.get("read_header", 0) <= LONGEST_HEADER_SECONDS:
        yield "deploy/Caddyfile: slow clients may hold connections for ever (read_header)"
    yield from caddy.about_bodies(text)
    settings = deployment(project).settings
    if options.get("keepalive", 9e9) >= float(settings["DRAIN_SECONDS"]):
        yield "deploy/Caddyfile: a request may take a connection that the app is closing"
    waits = options.get("lb_try_duration", 0)
    if waits < float(settings["SHUTDOWN_SECONDS"]) + START_SECONDS:
        yield f"deploy/Caddyfile: Caddy gives up after {waits:g} s, while the app is replaced"
    for upstream in re.findall(r"reverse_proxy (\S+)", text):
        if upstream != "app:8000":
            yield f"deploy/Caddyfile: nothing listens at {upstream}"
    yield from caddy.complaints(
        caddyfile, {name: environment[name] for name in service["environment"]}
    )


def deployment(project: Path) -> Deployment:
    """Return how the target runs the service."""
    compose = _read(project)
    app = compose["services"]["app"]
    example = (project / ".env.production.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    image = read_stages(project / "Dockerfile")[-1]
    health = next(i.words for i in image.instructions if i.name == "HEALTHCHECK")
    activate = (project / "deploy" / "activate").read_text(encoding="utf-8")
    return Deployment(
        serve=[_resolved(word, given) for word in app["command"]],
        migrate=compose["services"]["migrate"]["command"],
        settings={k: _resolved(v, given) for k, v in app["environment"].items()},
        secrets=set(app.get("secrets", [])),
        probes=set(re.findall(r"127\.0\.0\.1:8000(/[\w/]+)", health + activate)),
        instances=1,
        kill_seconds=_grace(app),
    )


def seconds(duration: str) -> float:
    """Return how long a duration such as `1m30s` is."""
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|s|m)", duration))


def _grace(service: Mapping[str, Any]) -> float:
    return seconds(service.get("stop_grace_period", "10s"))


def _resolved(value: object, given: Mapping[str, str]) -> str:
    """Return a value as Compose reads it, with these variables set."""

    def chosen(found: re.Match[str]) -> str:
        default = found["rest"] if found["kind"] == "-" else found[0]
        return given.get(found[1], default)

    return VARIABLE.sub(chosen, str(value))


def _read(project: Path) -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load((project / "compose.yaml").read_text("utf-8"))
    return compose
