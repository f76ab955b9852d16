"""systemd: units on one machine, behind Caddy, with what systemd itself says of them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from proof.commands import tools_environment
from proof.machines import caddy
from proof.surroundings import MissingError, wrong_or_missing
from proof.targets import Deployment, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterator

type Unit = dict[str, list[str]]

MARGIN_SECONDS = 2
SHUTDOWN_SECONDS = 20  # the service's own default
LONGEST_HEADER_SECONDS = 10
# `systemd-analyze security --offline` came with this version; exposure in tenths.
ANALYZE, OLDEST_SYSTEMD = "systemd-analyze", 250
EXPOSURE = 20

# What holds the service to its place; systemd's own defaults hold it to nothing.
EXACT = {
    "AmbientCapabilities": "",
    "CapabilityBoundingSet": "",
    "DevicePolicy": "closed",
    "KeyringMode": "private",
    "KillMode": "mixed",
    "KillSignal": "SIGTERM",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "PrivateUsers": "yes",
    "ProcSubset": "pid",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RemoveIPC": "yes",
    "Restart": "on-failure",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "StartLimitIntervalSec": "0",
    "StateDirectoryMode": "0700",
    "SystemCallArchitectures": "native",
    "Type": "exec",
    "UMask": "0077",
}
# Those whose values depend on answers, or on what they are for.
OTHERS = {
    *("After", "Description", "Requires", "Wants", "WantedBy"),
    *("Accept", "ListenStream"),
    *("Environment", "EnvironmentFile", "ExecStart", "IPAddressAllow", "IPAddressDeny"),
    *("LoadCredential", "LogRateLimitIntervalSec", "RestartSec", "RestrictAddressFamilies"),
    *("StateDirectory", "SystemCallErrorNumber", "SystemCallFilter", "TimeoutStopSec", "User"),
    "WorkingDirectory",
}
LIMITS = {
    "CPUWeight": r"[1-9]\d*",
    "LimitNOFILE": r"[1-9]\d{3,}",
    "MemoryMax": r"[1-9]\d*[MG]",
    "TasksMax": r"[1-9]\d*",
}
ADDRESS_FAMILIES = {"AF_UNIX", "AF_INET", "AF_INET6"}
# In this order: first what is allowed, then what is taken from that.
SYSTEM_CALLS = ["@system-service", "~@privileged @resources"]

LOOPBACK = "127.0.0.1"

SERVICE = "deploy/my-service.service"
SOCKET = "deploy/my-service.socket"

MUTATIONS = [
    Mutation(SERVICE, "MemoryMax=", "MemoryMaximum=", r"MemoryMax"),
    Mutation(SERVICE, "TasksMax=256\n", "", r"TasksMax"),
    Mutation(SERVICE, "TimeoutStopSec=30", "TimeoutStopSec=23", r"killed after 23 s"),
    Mutation(SERVICE, "KillMode=mixed", "KillMode=control-group", r"KillMode"),
    Mutation(SERVICE, "Restart=on-failure", "Restart=no", r"Restart"),
    Mutation(SERVICE, "StartLimitIntervalSec=0\n", "", r"StartLimitIntervalSec"),
    Mutation(SERVICE, "ExecStart=/opt/my-service/current/bin/app", "ExecStart=app", r"absolute"),
    Mutation(SERVICE, "--fd 3", "--port 8000", r"socket"),
    Mutation(SERVICE, "User=my-service\n", "", r"root"),
    Mutation(SERVICE, "ProtectSystem=strict", "ProtectSystem=full", r"ProtectSystem"),
    Mutation(SERVICE, "~@privileged @resources", "@privileged @resources", r"SystemCallFilter"),
    Mutation(SERVICE, "AF_INET6", "AF_INET6 AF_PACKET", r"AF_PACKET"),
    Mutation(SERVICE, "IPAddressDeny=any\n", "", r"IPAddressDeny"),
    Mutation(SERVICE, "NoNewPrivileges=yes", "NoNewPrivileges=yes\nNoSuch=1", r"NoSuch"),
    Mutation(SERVICE, "[Install]\n", "[Instal]\n", r"not enabled"),
    Mutation(
        SERVICE,
        "LoadCredential=AUTH__SECRET_KEY:/etc/my-service/credentials/AUTH__SECRET_KEY",
        "Environment=AUTH__SECRET_KEY=5b1f0c3a9d7e2468",
        r"AUTH__SECRET_KEY is in the unit",
    ),
    Mutation(SERVICE, "//my-service@", "//my-service:5b1f@", r"DATABASE__URL holds a password"),
    Mutation(SERVICE, "SECRETS_DIRECTORY=%d", "SECRETS_DIRECTORY=/etc", r"SECRETS_DIRECTORY"),
    Mutation(SERVICE, "=127.0.0.1/32", "=10.0.0.0/8", r"TRUSTED_PROXIES"),
    Mutation(SERVICE, "=production", "=test", r"ENVIRONMENT"),
    Mutation(SOCKET, "127.0.0.1:8000", "8000", r"listens"),
    Mutation(SOCKET, "127.0.0.1:8000", "127.0.0.1:8001", r"Caddyfile"),
    Mutation(SOCKET, "[Install]", "Accept=yes\n[Install]", r"Accept"),
    Mutation("deploy/Caddyfile", "reverse_proxy", "reverse_prox", r"caddy|Caddyfile"),
    Mutation("deploy/Caddyfile", "read_header 10s", "read_header 60s", r"headers"),
    Mutation("deploy/Caddyfile", "request_buffers 1MiB", "", r"slow clients .* bodies"),
    Mutation("deploy/Caddyfile", "read_body 30s\n", "\n", r"slow clients .*read_body"),
    Mutation("deploy/Caddyfile", "header_up -X_Forwarded_For\n", "\n", r"X_Forwarded_For"),
    Mutation("deploy/install", "--locked", "", r"--locked"),
    Mutation("deploy/install", 'activate "$version"\n{', "{", r"then activate"),
    Mutation("deploy/install", '"$release/deploy/run" app migrate', ":", r"migrate"),
    Mutation("deploy/install", "uv_version=", "uv_version=1", r"not that of ci\.yml"),
    Mutation("deploy/ready", "/health/ready", "/health/live", r"ready"),
]


def complaints(project: Path) -> Iterator[str]:
    """Yield a line for everything in the target's own files that is wrong."""
    return wrong_or_missing(_complaints(project))


def _complaints(project: Path) -> Iterator[str]:
    service, socket = units(project)
    for unit in (service, socket):
        for directive in sorted(read(unit).keys() - EXACT.keys() - LIMITS.keys() - OTHERS):
            yield f"{unit.name}: {directive} is no directive, or one that nothing here looks at"
    yield from _about_running(service)
    yield from _about_stopping(service)
    yield from _about_rights(project, service)
    yield from _about_secrets(project, service)
    yield from _about_addresses(project, service, socket)
    yield from _about_releases(project)
    yield from caddy.complaints(project / "deploy" / "Caddyfile", {"DOMAIN": "service.example"})
    yield from _of_systemd(service, socket)


def deployment(project: Path) -> Deployment:
    """Return how the target runs the service."""
    service = read(units(project)[0])
    deploy = project / "deploy"
    _, *arguments = shlex.split(one(service, "ExecStart")) or [""]
    migrate = re.search(r'/deploy/run" (app migrate)\b', _text(deploy / "install"))
    return Deployment(
        serve=["app", *arguments],
        migrate=shlex.split(migrate[1]) if migrate else [],
        settings=_settings(service),
        secrets=set(_credentials(service)),
        probes=set(re.findall(r"/health(?:/\w+)?", _text(deploy / "ready"))),
        instances=1,
        kill_seconds=float(one(service, "TimeoutStopSec") or 0),
    )


def units(project: Path) -> tuple[Path, Path]:
    """Return the service and its socket, which have one name."""
    (service,) = (project / "deploy").glob("*.service")
    return service, service.with_suffix(".socket")


def read(unit: Path) -> Unit:
    """Return the values of each directive; no two sections have one of the same name."""
    directives: Unit = {}
    for line in _text(unit).splitlines():
        name, assigned, value = line.partition("=")
        if assigned and name.isalnum():
            directives.setdefault(name, []).append(value)
    return directives


def one(unit: Unit, directive: str) -> str:
    """Return the value in effect, or nothing."""
    return unit.get(directive, [""])[-1]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _environment(service: Unit) -> dict[str, str]:
    return {n: value for n, _, value in (line.partition("=") for line in service["Environment"])}


def _settings(service: Unit) -> dict[str, str]:
    """Return the environment, without what is there for the command line."""
    used = re.findall(r"\$\{(\w+)\}", one(service, "ExecStart"))
    return {n: value for n, value in _environment(service).items() if n not in used}


def _credentials(service: Unit) -> dict[str, str]:
    lines = (line.partition(":") for line in service.get("LoadCredential", []))
    return {name: path for name, _, path in lines}


def _about_running(path: Path) -> Iterator[str]:
    service, name = read(path), path.stem
    program, *arguments = shlex.split(one(service, "ExecStart")) or [""]
    if program != f"/opt/{name}/current/bin/app":
        yield f"{path.name}: ExecStart is not the absolute path of the present release's app"
    if arguments[:3] != ["serve", "--fd", "3"] or one(service, "Requires") != f"{name}.socket":
        yield f"{path.name}: the service does not take the socket that waits for it"
    if one(service, "WantedBy") != "multi-user.target" or "\n[Install]\n" not in _text(path):
        yield f"{path.name}: is not enabled, so it does not start with the machine"
    if _environment(service).get("ENVIRONMENT") != "production":
        yield f"{path.name}: ENVIRONMENT is not production"
    for directive, pattern in LIMITS.items():
        if not re.fullmatch(pattern, one(service, directive)):
            yield f"{path.name}: {directive} sets no limit"


def _about_stopping(path: Path) -> Iterator[str]:
    service = read(path)
    environment = _environment(service)
    needed = float(environment.get("DRAIN_SECONDS", "0")) + MARGIN_SECONDS
    needed += float(environment.get("SHUTDOWN_SECONDS", SHUTDOWN_SECONDS))
    given = float(one(service, "TimeoutStopSec") or 0)
    if given < needed:
        yield f"{path.name}: a service that needs {needed:g} s to stop is killed after {given:g} s"


def _about_rights(project: Path, path: Path) -> Iterator[str]:
    service = read(path)
    if one(service, "User") in {"", "root", "0"}:
        yield f"{path.name}: the service runs as root"
    for directive, value in EXACT.items():
        if service.get(directive) != [value]:
            yield f"{path.name}: {directive} is not {value or 'empty'}"
    if service.get("SystemCallFilter") != SYSTEM_CALLS:
        yield f"{path.name}: SystemCallFilter is not {', then '.join(SYSTEM_CALLS)}"
    families = set(one(service, "RestrictAddressFamilies").split()) or {"any family"}
    for family in sorted(families - ADDRESS_FAMILIES):
        yield f"{path.name}: RestrictAddressFamilies allows {family}"
    calls_outside = "\nAUTH__ISSUER=" in _text(project / ".env.example")
    denied = [one(service, "IPAddressAllow"), one(service, "IPAddressDeny")]
    if denied != ([""] * 2 if calls_outside else ["localhost", "any"]):
        yield f"{path.name}: IPAddressDeny does not fit: only an identity provider is elsewhere"


def _about_secrets(project: Path, path: Path) -> Iterator[str]:
    service = read(path)
    environment, credentials = _environment(service), _credentials(service)
    needed = set(re.findall(r"^(\w+)=change-me", _text(project / ".env.example"), re.MULTILINE))
    if environment["DATABASE__URL"].startswith("postgresql:"):
        needed.add("DATABASE__PASSWORD")
    for name in sorted(needed ^ credentials.keys()):
        yield f"{path.name}: {name} is needed as a credential and is none, or the reverse"
    for name, place in credentials.items():
        if place != f"/etc/{path.stem}/credentials/{name}":
            yield f"{path.name}: the credential {name} is not where docs/deploy.md puts it"
    if environment.get("SECRETS_DIRECTORY") != ("%d" if needed else None):
        yield f"{path.name}: SECRETS_DIRECTORY is not where systemd puts credentials"
    for name, value in environment.items():
        if re.search(r"SECRET_KEY|PASSWORD", name):
            yield f"{path.name}: {name} is in the unit, which everybody may read"
        if re.search(r"://[^/\s]*:[^/\s]+@", value):
            yield f"{path.name}: {name} holds a password"


def _about_addresses(project: Path, path: Path, socket: Path) -> Iterator[str]:
    directives, caddyfile = read(socket), _text(project / "deploy" / "Caddyfile")
    address = one(directives, "ListenStream")
    host, _, port = address.rpartition(":")
    if host != LOOPBACK or not port.isdecimal():
        yield f"{socket.name}: listens on {address}, where others than Caddy may connect"
    if f"reverse_proxy {address} " not in caddyfile:
        yield f"Caddyfile: does not call {address}, where {socket.name} listens"
    if one(directives, "Accept") not in {"", "no"}:
        yield f"{socket.name}: Accept would start a process for each connection"
    if one(directives, "WantedBy") != "sockets.target" or "\n[Install]\n" not in _text(socket):
        yield f"{socket.name}: is not enabled, so it does not listen when the machine starts"
    if _environment(read(path)).get("TRUSTED_PROXIES") != f"{LOOPBACK}/32":
        yield f"{path.name}: TRUSTED_PROXIES is not Caddy alone"
    patience = re.search(r"read_header (\d+)s\n", caddyfile)
    if not patience or int(patience[1]) > LONGEST_HEADER_SECONDS:
        yield f"Caddyfile: slow headers are not given up after {LONGEST_HEADER_SECONDS} s"
    yield from caddy.about_bodies(caddyfile)
    for header in ("X_Forwarded_For", "X_Forwarded_Proto"):
        if f"header_up -{header}\n" not in caddyfile:
            yield f"Caddyfile: clients could send {header}, which some servers believe"


def _about_releases(project: Path) -> Iterator[str]:
    deploy = project / "deploy"
    install = _text(deploy / "install")
    steps = ["uv sync ", "app migrate || die", '\nactivate "$version"']
    places = [install.find(step) for step in steps]
    if -1 in places or places != sorted(places):
        yield "deploy/install: does not build, migrate and then activate"
    if not re.search(r"uv sync [^\n]*--locked", install):
        yield "deploy/install: without --locked, it installs versions that nobody has tested"
    uv = re.search(r"^uv_version=(\d+\.\d+\.\d+)$", install, re.MULTILINE)
    if uv is None:
        yield "deploy/install: takes any version of uv"
    for pipeline in (*project.glob(".github/**/*.yml"), *project.glob(".gitlab-ci.yml")):
        for version in re.findall(r'\bversion: "([\d.]+)"|\buv==([\d.]+)', _text(pipeline)):
            if uv and uv[1] not in version:
                yield f"deploy/install: uv {uv[1]} is not that of {pipeline.name}"
    if "/health/ready" not in _text(deploy / "ready"):
        yield "deploy/ready: does not ask whether the service is ready"


def _of_systemd(service: Path, socket: Path) -> Iterator[str]:
    """Yield what systemd says, of a copy whose program is there."""
    program = shutil.which("true")
    if _systemd_version() < OLDEST_SYSTEMD or program is None:
        raise MissingError(ANALYZE, f"it comes with systemd {OLDEST_SYSTEMD} or newer")
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(socket, folder)
        copy = folder / service.name
        command = re.compile(r"^ExecStart=/\S+", re.MULTILINE)
        copy.write_text(command.sub(f"ExecStart={program}", _text(service)), encoding="utf-8")
        yield from _analyzed(
            "verify", "--man=no", "--recursive-errors=no", copy, folder / socket.name
        )
        yield from _analyzed("security", "--offline=true", f"--threshold={EXPOSURE}", copy)


def _analyzed(verb: str, *arguments: str | Path) -> Iterator[str]:
    found = subprocess.run(
        [ANALYZE, "--no-pager", verb, *arguments],
        env=tools_environment(),
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    # Of units that this machine happens to have, and ours name, nothing is said.
    names = {Path(argument).name for argument in arguments if isinstance(argument, Path)}
    lines = [line for line in found.stderr.splitlines() if any(n in line for n in names)]
    if found.returncode or lines:
        told = lines or found.stdout.splitlines()[-1:] or [f"exit code {found.returncode}"]
        yield from (f"systemd-analyze {verb}: {line}" for line in told)


@cache
def _systemd_version() -> int:
    if not shutil.which(ANALYZE):
        return 0
    told = subprocess.run(
        [ANALYZE, "--version"], check=False, capture_output=True, encoding="utf-8"
    )
    number = re.match(r"systemd (\d+)", told.stdout)
    return int(number[1]) if number else 0
