"""Google Cloud Run: a service of at least two instances, and a job that migrates."""

from __future__ import annotations

import json
import re
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from proof.formats import json_schema
from proof.formats.dockerfile import BuildError, last, read_stages
from proof.targets import Deployment, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = ("--schemafile", str(Path(__file__).with_name("cloud_run.schema.json")))
CLOUD_BUILD = ("--builtin-schema", "vendor.cloudbuild")
SERVICE, JOB, SKAFFOLD = "deploy/service.yaml", "deploy/migrate.yaml", "skaffold.yaml"
BUILD = "cloudbuild.yaml"

# Cloud Run's own, which nobody can change.
KILL_SECONDS = 10
LONGEST_START_SECONDS = 240
MARGIN_SECONDS = 2
# How long /health/ready may take to say that the database is away.
READY_SECONDS = 2
# Where Google's proxy connects from.
PROXY = ip_network("169.254.0.0/16")
# What the smallest database of deploy/setup takes, and what an instance keeps at most.
DATABASE_CONNECTIONS = 100
POOL_SIZE = 10
SMALLEST_MEMORY_MI = 512  # of the second generation

SECRETS = {"AUTH__SECRET_KEY", "DATABASE__PASSWORD", "RATE_LIMIT__STORAGE_URL"}
STEPS = ["build", "migrate", "deploy"]
TOO_MUCH = re.compile(r"\broles/(?:owner|editor|\S*[aA]dmin)\b|allUsers|allAuthenticatedUsers")

MUTATIONS = [
    Mutation(SERVICE, "run.googleapis.com/minScale", "run.googleapis.com/minScle", r"minScle"),
    Mutation(SERVICE, 'minScale: "2"', "minScale: 2", r"2 is not of type 'string'"),
    Mutation(SERVICE, 'minScale: "2"', 'minScale: "1"', r"1 instance"),
    Mutation(SERVICE, 'maxScale: "4"', 'maxScale: "40"', r"800 connections"),
    Mutation(SERVICE, "timeoutSeconds: 30", "timeoutSecond: 30", r"timeoutSecond\b"),
    Mutation(SERVICE, "memory: 512Mi", "memory: 256Mi", r"256Mi"),
    Mutation(SERVICE, '              cpu: "1"\n', "", r"'cpu' is a required"),
    Mutation(SERVICE, "livenessProbe", "lifenessProbe", r"lifenessProbe"),
    Mutation(SERVICE, "path: /health/ready", "path: /health", r"startup probe .* /health/ready"),
    Mutation(
        SERVICE, "path: /health/live", "path: /health/ready", r"liveness probe .*/health/live"
    ),
    Mutation(SERVICE, "failureThreshold: 24", "failureThreshold: 90", r"450 s"),
    Mutation(SERVICE, "containerPort: 8000", "containerPort: 8080", r"port 8080"),
    Mutation(SERVICE, 'value: "7"', 'value: "9"', r"needs 11 s is killed after 10 s"),
    Mutation(SERVICE, "value: 169.254.0.0/16", "value: 0.0.0.0/0", r"trusts 0\.0\.0\.0/0"),
    Mutation(SERVICE, "app@/app", "app:s3cret@/app", r"DATABASE__URL holds a password"),
    Mutation(SERVICE, 'key: "1"', "key: latest", r"latest version"),
    Mutation(
        SERVICE,
        "- name: ENVIRONMENT",
        "- name: AUTH__SECRET_KEY\n" + " " * 14 + "value: x\n" + " " * 12 + "- name: ENVIRONMENT",
        r"AUTH__SECRET_KEY is no secret",
    ),
    Mutation(SERVICE, "-runtime@", "-release@", r"service runs as .*-release"),
    Mutation(SERVICE, "private-ranges-only", "all-traffic", r"all-traffic"),
    Mutation(SERVICE, "latestRevision: true", "revisionName: x", r"newest revision"),
    Mutation(JOB, 'key: "1"', 'key: "2"', r"another version of .*-database-password"),
    Mutation(JOB, "maxRetries: 0", "maxRetries: 3", r"3 more times"),
    Mutation(JOB, "args: [migrate]", "args: [serve]", r"does not migrate"),
    Mutation(BUILD, "timeout: 1500s", "timeout: 25m", r"cloudbuild\.yaml.*25m"),
    Mutation(BUILD, " --wait", "", r"does not wait for the migration"),
    Mutation(BUILD, "- id: migrate", "- id: deploy", r"build, deploy, deploy"),
    Mutation(BUILD, "CLOUD_LOGGING_ONLY", "LEGACY", r"LEGACY"),
    Mutation(BUILD, "-release@", "-builder@", r"-builder"),
    Mutation(BUILD, "set -eu", "set -u", r"goes on after an error"),
    Mutation(BUILD, "cli:578.0.0-stable@sha256:39f4", "cli:stable#", r"is not pinned"),
    Mutation(BUILD, "gcloud run services replace", "gcloud run deploy", r"does not apply"),
    Mutation(SKAFFOLD, "withChange", "withChanges", r"withChanges"),
    Mutation(SKAFFOLD, "deploy/service.yaml", "deploy/other.yaml", r"does not deploy"),
    Mutation("deploy/fill", "REGION", "LOCATION", r"does not fill in .*REGION"),
    Mutation("deploy/release", "builds submit", "builds submit --async", r"does not wait"),
    Mutation("deploy/setup", "roles/cloudsql.client", "roles/editor", r"roles/editor"),
    Mutation("deploy/setup", "secret database-password", "secret db", r"make .*-database-password"),
    Mutation("deploy/setup", "resource.name ==", "true ||", r"any database"),
    Mutation(".gcloudignore", "!/migrations/\n", "", r"does not get migrations"),
    Mutation(".gcloudignore", "/*\n", "", r"gets whatever lies there"),
]


def complaints(project: Path) -> Iterator[str]:
    """Yield a line for everything in the target's own files that is wrong."""
    refused = [
        f"{name}: {error}"
        for name in (SERVICE, JOB, SKAFFOLD, BUILD)
        for error in _refused(CLOUD_BUILD if name == BUILD else OWN, _text(project, name))
    ]
    if refused:
        yield from refused
        return
    service, job = _read(project, SERVICE), _read(project, JOB)
    yield from _about_service(project, service)
    yield from _about_probes(service)
    yield from _about_job(job)
    yield from _about_settings(project, service, job)
    yield from _about_build(project, _read(project, BUILD))
    yield from _about_skaffold(project, _read(project, SKAFFOLD))
    yield from _about_scripts(project)
    yield from _about_rights(project, service, job)
    yield from _about_upload(project)


@cache
def _refused(schema: tuple[str, ...], text: str) -> list[str]:
    """Return what a schema has against a file. The same text comes many times."""
    return json_schema.refused("--default-filetype=yaml", *schema, "-", text=text)


def _about_service(project: Path, service: dict[str, Any]) -> Iterator[str]:
    annotations, revision = _annotations(service), service["spec"]["template"]["spec"]
    least = int(service["metadata"]["annotations"].get("run.googleapis.com/minScale", 0))
    most = int(annotations.get("autoscaling.knative.dev/maxScale", 0))
    if least < 2:  # noqa: PLR2004 -- one may always be away
        yield f"{SERVICE}: {least} instance is not enough, as one may fail"
    # While a release changes over, there are instances of both versions.
    if not least <= most <= DATABASE_CONNECTIONS / (2 * POOL_SIZE):
        needed = 2 * POOL_SIZE * most
        yield f"{SERVICE}: {most} instances may want {needed} connections of the database"
    options = (project / "src/app/core/server.py").read_text(encoding="utf-8")
    threads = re.search(r"THREADS: Final = (\d+)", options)
    if threads and revision["containerConcurrency"] >= int(threads[1]):
        yield f"{SERVICE}: {threads[1]} requests at once leave no thread for the probes"
    if service["spec"]["traffic"] != [{"latestRevision": True, "percent": 100}]:
        yield f"{SERVICE}: a release does not bring the traffic to the newest revision"
    if annotations.get("run.googleapis.com/execution-environment") != "gen2":
        yield f"{SERVICE}: the service does not run in the second generation"
    egress = annotations.get("run.googleapis.com/vpc-access-egress")
    if egress != "private-ranges-only":
        yield f"{SERVICE}: with {egress}, Cloud SQL and the internet are out of reach"
    memory = _container(service)["resources"]["limits"]["memory"]
    size, unit = re.fullmatch(r"(\d+)(\w+)", memory).groups()  # type: ignore[union-attr]
    if int(size) * {"M": 0.95, "Mi": 1, "G": 954, "Gi": 1024}[unit] < SMALLEST_MEMORY_MI:
        yield f"{SERVICE}: {memory} is less than the second generation takes"
    ports = [port["containerPort"] for port in _container(service).get("ports", [])]
    command = deployment(project).serve
    if ports != [int(_option(command, "--port", "8000"))]:
        yield f"{SERVICE}: nothing listens on port {', '.join(map(str, ports)) or 8080}"
    if _option(command, "--host", "127.0.0.1") != "0.0.0.0":  # noqa: S104 -- the proxy is outside
        yield f"{SERVICE}: the server does not listen where the proxy connects to"


def _about_probes(service: dict[str, Any]) -> Iterator[str]:
    container = _container(service)
    ports = {port["containerPort"] for port in container.get("ports", [])}
    for kind, path in (("startup", "/health/ready"), ("liveness", "/health/live")):
        probe = container.get(f"{kind}Probe", {})
        asked = probe.get("httpGet", {})
        if asked.get("path") != path:
            yield f"{SERVICE}: no {kind} probe asks {path}"
            continue
        if asked.get("port") not in {*ports, None}:
            yield f"{SERVICE}: the {kind} probe asks on another port"
        if not READY_SECONDS < probe["timeoutSeconds"] < probe["periodSeconds"]:
            yield f"{SERVICE}: the {kind} probe has no time for an answer"
    start = container.get("startupProbe", {})
    budget = start.get("periodSeconds", 10) * start.get("failureThreshold", 3)
    if budget > LONGEST_START_SECONDS:
        yield f"{SERVICE}: a start of {budget} s is longer than Cloud Run waits"


def _about_job(job: dict[str, Any]) -> Iterator[str]:
    execution = job["spec"]["template"]["spec"]
    task = execution["template"]["spec"]
    if task["maxRetries"]:
        yield f"{JOB}: a migration that fails is tried {task['maxRetries']} more times"
    if execution["taskCount"] != 1:
        yield f"{JOB}: {execution['taskCount']} tasks migrate at once"
    if _command(task["containers"][0]) != ["app", "migrate"]:
        yield f"{JOB}: the job does not migrate the database"


def _about_settings(project: Path, service: dict[str, Any], job: dict[str, Any]) -> Iterator[str]:
    settings = {"DRAIN_SECONDS": "0", "SHUTDOWN_SECONDS": "20", **_literals(service)}
    stop = float(settings["DRAIN_SECONDS"]) + float(settings["SHUTDOWN_SECONDS"]) + MARGIN_SECONDS
    if stop >= KILL_SECONDS:
        yield f"{SERVICE}: an instance that needs {stop:g} s is killed after {KILL_SECONDS} s"
    for network in settings.get("TRUSTED_PROXIES", "::/0").split(","):
        if ip_network(network) != PROXY:
            yield f"{SERVICE}: trusts {network}, where anybody may be, or nobody is"
    for name, manifest in ((SERVICE, service), (JOB, job)):
        literal = _literals(manifest)
        if literal.get("ENVIRONMENT") != "production":
            yield f"{name}: ENVIRONMENT is not production"
        socket = _annotations(manifest).get("run.googleapis.com/cloudsql-instances")
        if not literal.get("DATABASE__URL", "").endswith(f"?host=/cloudsql/{socket}"):
            yield f"{name}: DATABASE__URL does not lead to the socket of {socket}"
        for setting, value in literal.items():
            if setting in SECRETS:
                yield f"{name}: {setting} is no secret there; name one of Secret Manager"
            elif re.search(r"://[^/\s]*:[^/\s]+@", value):
                yield f"{name}: {setting} holds a password"
    yield from _about_secrets(project, _references(service), _references(job))


def _about_secrets(
    project: Path, of_service: dict[str, tuple[str, str]], of_job: dict[str, tuple[str, str]]
) -> Iterator[str]:
    own_key = re.search("^AUTH__SECRET_KEY=", _text(project, ".env.example"), re.MULTILINE)
    for setting in sorted(
        SECRETS - of_service.keys() - (set() if own_key else {"AUTH__SECRET_KEY"})
    ):
        yield f"{SERVICE}: {setting} comes from no secret"
    for secret, version in of_service.values():
        if not version.isdecimal():
            yield f"{SERVICE}: with the {version} version of {secret}, instances may differ"
    for setting, (secret, version) in of_job.items():
        if of_service.get(setting) != (secret, version):
            yield f"{JOB}: takes another version of {secret} than the service"


def _about_build(project: Path, build: dict[str, Any]) -> Iterator[str]:
    steps = build["steps"]
    for step in steps:
        if not re.search(r"@sha256:[0-9a-f]{64}$", step["name"]):
            yield f"{BUILD}: {step['name']} is not pinned by its digest"
        if not step.get("script", "").startswith("#!/bin/sh\nset -eu\n"):
            yield f"{BUILD}: the step {step['id']} goes on after an error"
        for way in {"allowFailure", "allowExitCodes", "waitFor", "secretEnv"} & step.keys():
            yield f"{BUILD}: the step {step['id']} has a way round: {way}"
    logging = build.get("options", {}).get("logging")
    if logging != "CLOUD_LOGGING_ONLY":
        yield f"{BUILD}: an account of one's own cannot log with {logging}"
    if "timeout" not in build:
        yield f"{BUILD}: a release may run for ever"
    for field in {"substitutions", "availableSecrets", "secrets"} & build.keys():
        yield f"{BUILD}: has {field}, which everybody who may see builds may read"
    image = f"/{_read(project, SERVICE)['metadata']['name']}:${{TAG_NAME}}"
    if not all(listed.endswith(image) for listed in build.get("images", [""])):
        yield f"{BUILD}: where the image comes from is not signed"
    if [step["id"] for step in steps] == STEPS:
        yield from _about_steps(project, *(step.get("script", "") for step in steps))
    else:
        yield f"{BUILD}: the steps are {', '.join(step['id'] for step in steps)}"


def _about_steps(project: Path, build: str, migrate: str, deploy: str) -> Iterator[str]:
    if "docker push" not in build or "@sha256:" not in build:
        yield f"{BUILD}: what is released is not known by its digest"
    for script, manifest, verb in ((migrate, JOB, "jobs"), (deploy, SERVICE, "services")):
        filled = Path(manifest).name
        wanted = [
            f"sh deploy/fill <{manifest} >{filled}\n",
            f"gcloud run {verb} replace {filled}\n",
        ]
        if not all(line in script for line in wanted):
            yield f"{BUILD}: does not apply {manifest}"
    name = _read(project, JOB)["metadata"]["name"]
    if f"gcloud run jobs execute {name} --wait\n" not in migrate:
        yield f"{BUILD}: does not wait for the migration {name}"


def _about_skaffold(project: Path, skaffold: dict[str, Any]) -> Iterator[str]:
    if set(skaffold["manifests"]["rawYaml"]) != {SERVICE, JOB}:
        yield f"{SKAFFOLD}: does not deploy what a release does"
    image = _container(_read(project, SERVICE))["image"]
    if [artifact["image"] for artifact in skaffold["build"]["artifacts"]] != [image]:
        yield f"{SKAFFOLD}: does not build {image}"
    hooks = skaffold["manifests"]["hooks"].get("after", [])
    if hooks != [{"host": {"command": ["sh", "deploy/fill"], "withChange": True}}]:
        yield f"{SKAFFOLD}: deploy/fill does not fill in the manifests"
    job = _read(project, JOB)["metadata"]["name"]
    migrates = ["gcloud", "run", "jobs", "execute", job, "--wait"]
    if {"command": migrates} not in skaffold["deploy"]["cloudrun"].get("hooks", {}).get(
        "after", []
    ):
        yield f"{SKAFFOLD}: does not migrate the database"


def _about_scripts(project: Path) -> Iterator[str]:
    fill, release = _text(project, "deploy/fill"), _text(project, "deploy/release")
    for name in (SERVICE, JOB):
        for placeholder in sorted(set(re.findall(r"\$\{(\w+)\}", _text(project, name)))):
            if f"s|\\${{{placeholder}}}|" not in fill:
                yield f"deploy/fill: does not fill in the {placeholder} of {name}"
        image = _container(_read(project, name))["image"]
        if f'image: \\"{image}\\"\\$|' not in fill or f'image: "{image}"' not in _text(
            project, name
        ):
            yield f"deploy/fill: does not put the image into {name}"
    if not re.search(r"gcloud builds submit \. .*TAG_NAME=\$version", release):
        yield "deploy/release: does not submit a build of the version"
    if "--async" in release:
        yield "deploy/release: does not wait for the build"


def _about_rights(project: Path, service: dict[str, Any], job: dict[str, Any]) -> Iterator[str]:
    setup = _text(project, "deploy/setup")
    for file in sorted((project / "deploy").iterdir()):
        for found in sorted(set(TOO_MUCH.findall(file.read_text(encoding="utf-8")))):
            yield f"deploy/{file.name}: {found} is more than is needed"
    runtime = service["spec"]["template"]["spec"]["serviceAccountName"].partition("@")[0]
    if job["spec"]["template"]["spec"]["template"]["spec"]["serviceAccountName"].partition("@")[
        0
    ] != runtime or not runtime.endswith("-runtime"):
        yield f"{SERVICE}: the service runs as {runtime}"
    releaser = _read(project, BUILD)["serviceAccount"].rpartition("/")[2].partition("@")[0]
    if not re.search(rf"^for account in {runtime} {releaser}; do$", setup, re.MULTILINE):
        yield f"deploy/setup: does not make the accounts {runtime} and {releaser}"
    made = set(re.findall(r"^secret ([a-z-]+) ", setup, re.MULTILINE))
    name = service["metadata"]["name"]
    for secret, _ in _references(service).values():
        if secret.removeprefix(f"{name}-") not in made:
            yield f"deploy/setup: does not make {secret}"
    annotations = _annotations(service)
    instance = annotations["run.googleapis.com/cloudsql-instances"].rpartition(":")[2]
    if f"resource.name == 'projects/$project/instances/{instance}'" not in setup:
        yield "deploy/setup: the service may connect to any database of the project"
    (network,) = json.loads(annotations["run.googleapis.com/network-interfaces"])
    for creation in (
        f"sql instances create {instance}",
        f"compute networks create {network['network']}",
        f"compute networks subnets create {network['subnetwork']}",
    ):
        if not re.search(rf"gcloud {creation}\s", setup):
            yield f"deploy/setup: no {creation}, which the service names"


def _about_upload(project: Path) -> Iterator[str]:
    lines = [line for line in _text(project, ".gcloudignore").splitlines() if line[:1] != "#"]
    if lines[0] != "/*":
        yield ".gcloudignore: Cloud Build gets whatever lies there"
    named = {line.removeprefix("!/").rstrip("/") for line in lines if line.startswith("!/")}
    needed = {"Dockerfile", ".dockerignore", "deploy"} | {
        word.partition("/")[0]
        for stage in read_stages(project / "Dockerfile")
        for instruction in stage.instructions
        if instruction.name == "COPY" and not any(flag == "from" for flag, _ in instruction.flags)
        for word in instruction.words.split()[:-1]
    }
    for name in sorted(needed - named):
        yield f".gcloudignore: Cloud Build does not get {name}"
    for name in sorted(named - needed):
        yield f".gcloudignore: Cloud Build gets {name}, which the image is not made of"


def deployment(project: Path) -> Deployment:
    """Return how the target runs the service."""
    service, job = _read(project, SERVICE), _read(project, JOB)
    container = _container(service)
    command = last(read_stages(project / "Dockerfile")[-1], "CMD")
    if command is None:
        message = "the image has no command"
        raise BuildError(message)
    probes = [probe for name, probe in container.items() if name.endswith("Probe")]
    return Deployment(
        serve=_command(container) or command.exec_form,
        migrate=_command(_container(job)),
        settings=_literals(service),
        secrets=set(_references(service)),
        probes={probe["httpGet"]["path"] for probe in probes if "httpGet" in probe},
        instances=int(service["metadata"]["annotations"].get("run.googleapis.com/minScale", 0)),
        kill_seconds=KILL_SECONDS,
    )


def _text(project: Path, name: str) -> str:
    return (project / name).read_text(encoding="utf-8")


def _read(project: Path, name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(_text(project, name))
    return read


def _annotations(manifest: dict[str, Any]) -> dict[str, str]:
    """Return what a service says of its revisions, or a job of its executions."""
    annotations: dict[str, str] = manifest["spec"]["template"]["metadata"]["annotations"]
    return annotations


def _container(manifest: dict[str, Any]) -> dict[str, Any]:
    spec = manifest["spec"]["template"]["spec"]
    container: dict[str, Any] = spec.get("template", {"spec": spec})["spec"]["containers"][0]
    return container


def _command(container: dict[str, Any]) -> list[str]:
    return [*container.get("command", []), *container.get("args", [])]


def _literals(manifest: dict[str, Any]) -> dict[str, str]:
    return {e["name"]: e["value"] for e in _container(manifest)["env"] if "value" in e}


def _references(manifest: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the settings that come from Secret Manager, with secret and version."""
    return {
        e["name"]: (e["valueFrom"]["secretKeyRef"]["name"], e["valueFrom"]["secretKeyRef"]["key"])
        for e in _container(manifest)["env"]
        if "valueFrom" in e
    }


def _option(command: list[str], name: str, default: str) -> str:
    return command[command.index(name) + 1] if name in command else default
