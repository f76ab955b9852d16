"""Kubernetes: kustomize overlays, checked as they are applied."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from kubernetes_validate import SchemaNotFoundError, ValidationError, latest_version, utils

from proof.commands import tools_environment
from proof.formats import kustomize
from proof.formats.dockerfile import SECRET, last, read_stages
from proof.formats.pod_security import breaches, containers_of
from proof.targets import Deployment, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proof.formats.pod_security import Object

ENVIRONMENTS = ("production", "staging")

# The oldest Kubernetes that docs/deploy.md asks for, and the newest that is known.
VERSIONS = ("1.32", latest_version())

# deploy/release puts the image, by its digest, in this place.
PLACEHOLDER = "registry.invalid/"
UNSET = re.compile(r"set-by-overlay|192\.0\.2\.[\d/]+")
PASSWORD_IN_URL = re.compile(r"://[^/\s]*:[^/\s]+@")

MARGIN_SECONDS = 5
# PostgreSQL takes 100 connections unless told otherwise; some are for its owner.
CONNECTIONS = 90
POOL_SIZE = 10
MOST_TRIES = 3

ANYWHERE = {"0.0.0.0/0", "::/0"}
PRIVATE = {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
# What a pipeline that only releases has no use for.
POWERS = {"*", "pods/exec", "rolebindings", "roles", "secrets", "serviceaccounts/token"}

APP, MIGRATION, POLICIES = (
    f"deploy/base/{name}.yaml" for name in ("app", "migration", "network-policies")
)
REDIS, SCALING, TRAFFIC = (f"deploy/base/{name}.yaml" for name in ("redis", "scaling", "traffic"))
BASE = "deploy/base/kustomization.yaml"
PRODUCTION = "deploy/overlays/production/kustomization.yaml"
REFERENCE = "valueFrom: {secretKeyRef: {name: secrets, key: DATABASE__PASSWORD}}"
CONTAINERS = "      containers:\n"
MIGRATING = "      initContainers:\n        - {name: first, image: x, args: [app, migrate]}\n"

MUTATIONS = [
    Mutation(APP, "readinessProbe:", "readynessProbe:", r"readynessProbe"),
    Mutation(APP, "containerPort: 8000", 'containerPort: "8000"', r"'8000' is not"),
    Mutation(SCALING, "kind: PodDisruptionBudget", "kind: DisruptionBudget", r"no schema"),
    Mutation(APP, "path: /health/ready", "path: /health", r"no readinessProbe of /health/ready"),
    Mutation(APP, 'limits: {cpu: "1", memory: 512Mi}', 'limits: {cpu: "1"}', r"limit of memory"),
    Mutation(REDIS, "requests: {cpu: 50m, ", "requests: {", r"request of cpu"),
    Mutation(APP, "PeriodSeconds: 40", "PeriodSeconds: 33", r"killed after 33 s"),
    Mutation(BASE, "DRAIN_SECONDS=10", "DRAIN_SECONDS=30", r"killed after 40 s"),
    Mutation(APP, REFERENCE, "value: hunter2", r"DATABASE__PASSWORD is in a file"),
    Mutation(MIGRATION, REFERENCE, "value: hunter2", r"migrates with other settings"),
    Mutation(BASE, "redis://redis", "redis://:hunter2@redis", r"URL holds a password"),
    Mutation(BASE, "redis://redis", "redis://cache", r"no Service cache"),
    Mutation(APP, "runAsNonRoot: true", "runAsNonRoot: false", r"may run as root"),
    Mutation(MIGRATION, "drop: [ALL]", "drop: [NET_RAW]", r"Job migrate .*keeps capabilities"),
    Mutation(REDIS, "RuntimeDefault", "Unconfined", r"Deployment redis .*any system call"),
    Mutation(REDIS, "emptyDir: {sizeLimit: 16Mi}", "hostPath: {path: /}", r"type hostPath"),
    Mutation(APP, "RootFilesystem: true", "RootFilesystem: false", r"may write to its image"),
    Mutation(MIGRATION, "automount", "# automount", r"Job migrate gets a token"),
    Mutation(REDIS, "@sha256:", " # ", r"redis:8\S* is not pinned"),
    Mutation(TRAFFIC, "targetPort: http", "targetPort: https", r"no port https"),
    Mutation(TRAFFIC, "component: app}\n  ports", "component: api}\n  ports", r"selects no pods"),
    Mutation(TRAFFIC, "secretName: tls", "secretName:", r"without TLS"),
    Mutation(POLICIES, "podSelector: {}", "podSelector: {matchLabels: {a: b}}", r"not covered"),
    Mutation(POLICIES, "{port: 8000}", "{port: 80}", r"nobody may call port 8000"),
    Mutation(POLICIES, "{port: 5432}", "{port: 3306}", r"may not call port 5432"),
    Mutation(PRODUCTION, "10.20.0.0/16", "0.0.0.0/0", r"database lets traffic go anywhere"),
    Mutation(PRODUCTION, "value: traefik}", "value: set-by-overlay}", r"set-by-overlay is left"),
    Mutation(PRODUCTION, "ENVIRONMENT=production", "ENVIRONMENT=staging", r"calls itself staging"),
    Mutation(PRODUCTION, "10.244.0.0/16", "0.0.0.0/0", r"trusts everybody"),
    Mutation(SCALING, "kind: Deployment, name: app", "kind: Deployment, name: api", r"no Deploym"),
    Mutation(SCALING, "minReplicas: 2", "minReplicas: 1", r"1 replica is"),
    Mutation(SCALING, "maxReplicas: 4", "maxReplicas: 20", r"400 connections"),
    Mutation(SCALING, "maxUnavailable: 1", "maxUnavailable: 2", r"all pods at once"),
    Mutation(APP, "maxUnavailable: 0", "maxUnavailable: 1", r"before its successor"),
    Mutation(MIGRATION, "args: [app, migrate]", "args: [app, config]", r"nothing migrates"),
    Mutation(MIGRATION, "  activeDeadlineSeconds: 600\n", "", r"for ever"),
    Mutation(MIGRATION, "component: migration", "component: app", r"Job migrate is taken for"),
    Mutation(APP, CONTAINERS, MIGRATING + CONTAINERS, r"each replica migrates"),
    Mutation("deploy/namespaces.yaml", "enforce: restricted", "enforce: baseline", r"restricted"),
]

# It looks up the same for each object.
utils.all_versions = cache(utils.all_versions)
utils.schema_contents = cache(utils.schema_contents)


@dataclass(frozen=True)
class Workload:
    """Something that makes pods."""

    kind: str
    name: str
    spec: Object

    @property
    def pod(self) -> Object:
        """Return how its pods are."""
        spec: Object = self.spec["template"]["spec"]
        return spec

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels of its pods."""
        labels: dict[str, str] = self.spec["template"]["metadata"]["labels"]
        return labels

    def __str__(self) -> str:
        """Return what people call it."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Overlay:
    """All that an overlay applies."""

    objects: list[Object]

    @cached_property
    def named(self) -> dict[str, dict[str, Object]]:
        """Return the objects by kind and name."""
        named: dict[str, dict[str, Object]] = defaultdict(dict)
        for item in self.objects:
            named[item["kind"]][item["metadata"]["name"]] = item
        return named

    @cached_property
    def workloads(self) -> list[Workload]:
        """Return all that makes pods."""
        return [
            Workload(item["kind"], item["metadata"]["name"], item["spec"])
            for item in self.objects
            if "template" in item.get("spec", {})
        ]

    @property
    def app(self) -> Workload:
        """Return what serves."""
        return next(w for w in self.workloads if (w.kind, w.name) == ("Deployment", "app"))

    def settings(self, workload: Workload) -> dict[str, str]:
        """Return what a workload gets from ConfigMaps."""
        settings: dict[str, str] = {}
        for source in workload.pod["containers"][0].get("envFrom", []):
            name = source.get("configMapRef", {}).get("name")
            settings |= self.named["ConfigMap"].get(name, {}).get("data", {})
        return settings


def complaints(project: Path) -> Iterator[str]:
    """Yield a line for everything in the target's own files that is wrong."""
    namespaces = set()
    for environment in ENVIRONMENTS:
        try:
            overlay = Overlay(rendered(project / "deploy" / "overlays" / environment))
        except kustomize.UnknownError as error:
            yield f"{environment}: {error}"
            continue
        namespaces |= {item["metadata"].get("namespace") for item in overlay.objects}
        found = list(_refused(overlay.objects)) or _complaints_of(overlay, environment, project)
        yield from (f"{environment}: {line}" for line in found)
    yield from _about_namespaces(project / "deploy" / "namespaces.yaml", namespaces)


def deployment(project: Path) -> Deployment:
    """Return how the target runs the service."""
    overlay = Overlay(rendered(project / "deploy" / "overlays" / "production"))
    container = overlay.app.pod["containers"][0]
    default = last(read_stages(project / "Dockerfile")[-1], "CMD")
    (migration,) = overlay.named["Job"].values()
    return Deployment(
        serve=container.get("args") or (default.exec_form if default else []),
        migrate=migration["spec"]["template"]["spec"]["containers"][0]["args"],
        settings=overlay.settings(overlay.app),
        secrets={v["name"] for v in container["env"] if "secretKeyRef" in v["valueFrom"]},
        probes={
            probe["httpGet"]["path"] for name, probe in container.items() if name.endswith("Probe")
        },
        instances=overlay.named["HorizontalPodAutoscaler"]["app"]["spec"]["minReplicas"],
        kill_seconds=overlay.app.pod["terminationGracePeriodSeconds"],
    )


@cache
def kubectl() -> str | None:
    """Return where kubectl is; say so if it is nowhere."""
    found = shutil.which("kubectl")
    if not found:
        print("NO KUBECTL: proof/formats/kustomize.py renders in its place", file=sys.stderr)
    return found


def rendered(folder: Path) -> list[Object]:
    """Return the objects of a kustomization.

    Raises:
        UnknownError: the kustomization cannot be rendered.
    """
    if not (program := kubectl()):
        return kustomize.render(folder)
    made = subprocess.run(
        [program, "kustomize", folder],
        env=tools_environment(),
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    if made.returncode:
        raise kustomize.UnknownError(made.stderr.strip())
    return list(yaml.load_all(made.stdout, yaml.CSafeLoader))


def _refused(objects: list[Object]) -> Iterator[str]:
    """Yield what some version of Kubernetes would not take; a kind without a schema is refused."""
    for item, version in product(objects, VERSIONS):
        what = f"{item['kind']} {item['metadata']['name']}"
        try:
            utils.validate(item, version, strict=True)
        except SchemaNotFoundError:
            yield f"{what}: Kubernetes {version} has no schema of that kind"
        except ValidationError as error:
            where = ".".join(map(str, error.absolute_path))
            yield f"{what}: {where}: {error.message} (Kubernetes {version})"


def _complaints_of(overlay: Overlay, environment: str, project: Path) -> Iterator[str]:
    for found in sorted(set(UNSET.findall(json.dumps(overlay.objects)))):
        yield f"{found} is left in its place"
    for workload in overlay.workloads:
        for breach in breaches(workload.spec["template"]):
            yield f"{workload} {breach}"
        yield from _about_pods(workload)
    if "app" not in overlay.named["Deployment"]:
        yield "there is no Deployment app"
        return
    yield from _about_probes(overlay.app)
    yield from _about_secrets(overlay, project)
    yield from _about_settings(overlay, environment)
    yield from _about_stopping(overlay)
    yield from _about_replicas(overlay)
    yield from _about_migrations(overlay)
    yield from _about_services(overlay)
    yield from _about_ingresses(overlay)
    yield from _about_policies(overlay)


def _about_pods(workload: Workload) -> Iterator[str]:
    if workload.pod.get("automountServiceAccountToken") is not False:
        yield f"{workload} gets a token of the cluster's API"
    for container in containers_of(workload.pod):
        image = container["image"]
        if not image.startswith(PLACEHOLDER) and "@sha256:" not in image:
            yield f"{image} is not pinned by its digest"
        if not container.get("securityContext", {}).get("readOnlyRootFilesystem"):
            yield f"{workload} may write to its image"
        resources = container.get("resources", {})
        for kind, resource in product(("request", "limit"), ("cpu", "memory")):
            if resource not in resources.get(f"{kind}s", {}):
                yield f"{workload} has no {kind} of {resource}"
        if workload.kind == "Deployment":
            for probe in {"livenessProbe", "readinessProbe"} - container.keys():
                yield f"{workload} has no {probe}"


def _about_probes(app: Workload) -> Iterator[str]:
    container = app.pod["containers"][0]
    ports = {port["name"] for port in container.get("ports", [])}
    for name, path in {
        "startupProbe": "/health/live",
        "livenessProbe": "/health/live",
        "readinessProbe": "/health/ready",
    }.items():
        request = container.get(name, {}).get("httpGet", {})
        if request.get("path") != path:
            yield f"{app} has no {name} of {path}"
        elif request["port"] not in ports:
            yield f"{app} has no port {request['port']}, which its {name} asks"


def _about_secrets(overlay: Overlay, project: Path) -> Iterator[str]:
    yield from (f"Secret {name} is in a file" for name in overlay.named["Secret"])
    for config_map in overlay.named["ConfigMap"].values():
        for name, value in config_map["data"].items():
            if SECRET.search(name):
                yield f"{name} is in a file"
            if PASSWORD_IN_URL.search(value):
                yield f"the {name} holds a password"
    for workload in overlay.workloads:
        for container in containers_of(workload.pod):
            for variable in container.get("env", []):
                if "value" in variable and SECRET.search(" ".join(variable.values())):
                    yield f"{variable['name']} is in a file"
    yield from _about_references(overlay.app, project)


def _about_references(app: Workload, project: Path) -> Iterator[str]:
    needed = {"DATABASE__PASSWORD"}
    if re.search("^AUTH__SECRET_KEY=", (project / ".env.example").read_text("utf-8"), re.MULTILINE):
        needed.add("AUTH__SECRET_KEY")
    if {v["name"] for v in app.pod["containers"][0].get("env", [])} != needed:
        yield f"the app needs {' and '.join(sorted(needed))} by name, and no more"


def _about_settings(overlay: Overlay, environment: str) -> Iterator[str]:
    settings = overlay.settings(overlay.app)
    if settings.get("ENVIRONMENT") != environment:
        yield f"{environment} calls itself {settings.get('ENVIRONMENT')}"
    if not settings.get("TRUSTED_PROXIES"):
        yield "nobody is trusted to tell the clients' addresses"
    elif ANYWHERE & set(settings["TRUSTED_PROXIES"].split(",")):
        yield "TRUSTED_PROXIES trusts everybody"
    redis = urlsplit(settings.get("RATE_LIMIT__STORAGE_URL", ""))
    service = overlay.named["Service"].get(redis.hostname or "", {}).get("spec", {"ports": []})
    if redis.port not in {port["port"] for port in service["ports"]}:
        yield f"there is no Service {redis.hostname} with port {redis.port} to share rate limits"


def _about_stopping(overlay: Overlay) -> Iterator[str]:
    settings = overlay.settings(overlay.app)
    needed = int(settings.get("DRAIN_SECONDS", 0)) + int(settings.get("SHUTDOWN_SECONDS", 20))
    given = overlay.app.pod.get("terminationGracePeriodSeconds", 30)
    if given <= needed + MARGIN_SECONDS:
        yield f"a pod that may need {needed} s to stop is killed after {given} s"
    strategy = overlay.app.spec.get("strategy", {}).get("rollingUpdate", {})
    if strategy.get("maxUnavailable") != 0:
        yield "a release takes a pod away before its successor is ready"


def _about_replicas(overlay: Overlay) -> Iterator[str]:
    scaled = set()
    for scaler in overlay.named["HorizontalPodAutoscaler"].values():
        spec = scaler["spec"]
        target = spec["scaleTargetRef"]
        if target["name"] not in overlay.named[target["kind"]]:
            yield f"there is no {target['kind']} {target['name']} to scale"
        scaled.add((target["kind"], target["name"]))
        if spec.get("minReplicas", 1) < 2:  # noqa: PLR2004 -- one may always be away
            yield f"{spec.get('minReplicas', 1)} replica is not enough: nodes are drained, and fail"
        # As many may be ending during a release.
        held = 2 * spec["maxReplicas"] * POOL_SIZE
        if held > CONNECTIONS:
            yield f"all replicas hold up to {held} connections, and the database takes 100"
    if ("Deployment", "app") not in scaled:
        yield "nothing scales the app"
    elif "replicas" in overlay.app.spec:
        yield "a release undoes what the autoscaler has done: replicas"
    budgets = [
        budget["spec"]
        for budget in overlay.named["PodDisruptionBudget"].values()
        if _selects(budget["spec"]["selector"], overlay.app.labels)
    ]
    if not budgets:
        yield "no disruption budget is for the app"
    for budget in budgets:
        if budget.get("maxUnavailable") != 1:
            yield "draining nodes may take all pods at once, or none: maxUnavailable"


def _about_migrations(overlay: Overlay) -> Iterator[str]:
    jobs = [w for w in overlay.workloads if w.kind == "Job"]
    if [w.pod["containers"][0].get("args") for w in jobs] != [["app", "migrate"]]:
        yield "nothing migrates the database, or more than one Job"
    for job in jobs:
        mine, theirs = job.pod["containers"][0], overlay.app.pod["containers"][0]
        if any(mine.get(key) != theirs.get(key) for key in ("image", "env", "envFrom")):
            yield f"{job} migrates with other settings, secrets or another image than the app's"
        yield from _about_job(job, overlay)
    for workload in overlay.workloads:
        for container in containers_of(workload.pod):
            words = {*container.get("command", []), *container.get("args", [])}
            if workload.kind != "Job" and words & {"migrate", "alembic"}:
                yield f"{workload}: each replica migrates the database"


def _about_job(job: Workload, overlay: Overlay) -> Iterator[str]:
    if not 0 <= job.spec.get("backoffLimit", 6) <= MOST_TRIES:
        yield f"{job} goes on trying: backoffLimit"
    if "activeDeadlineSeconds" not in job.spec:
        yield f"{job} may run for ever: activeDeadlineSeconds"
    if "ttlSecondsAfterFinished" not in job.spec:
        yield f"{job} is never tidied away: ttlSecondsAfterFinished"
    for other in overlay.workloads:
        if other.kind != "Job" and _selects(other.spec["selector"], job.labels):
            yield f"{job} is taken for a pod of {other}"


def _about_services(overlay: Overlay) -> Iterator[str]:
    for name, service in overlay.named["Service"].items():
        chosen = [
            w
            for w in overlay.workloads
            if _selects({"matchLabels": service["spec"]["selector"]}, w.labels)
        ]
        if not chosen:
            yield f"Service {name} selects no pods"
        for workload in chosen:
            ports = workload.pod["containers"][0].get("ports", [])
            known = {port["containerPort"] for port in ports} | {port["name"] for port in ports}
            for port in service["spec"]["ports"]:
                if port.get("targetPort", port["port"]) not in known:
                    yield f"{workload} has no port {port['targetPort']} for Service {name}"


def _about_ingresses(overlay: Overlay) -> Iterator[str]:
    if not overlay.named["Ingress"]:
        yield "nothing brings requests to the app: there is no Ingress"
    for name, ingress in overlay.named["Ingress"].items():
        spec = ingress["spec"]
        if not spec.get("ingressClassName"):
            yield f"Ingress {name} is for no controller: ingressClassName"
        certified = [tls["hosts"] for tls in spec.get("tls", []) if tls.get("secretName")]
        for rule in spec["rules"]:
            if not any(rule.get("host") in hosts for hosts in certified):
                yield f"Ingress {name} serves {rule.get('host', 'all hosts')} without TLS"
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                service = overlay.named["Service"].get(backend["name"], {"spec": {"ports": []}})
                if backend["port"] not in [{"name": p["name"]} for p in service["spec"]["ports"]]:
                    yield f"Ingress {name} leads to a port that Service {backend['name']} lacks"


def _about_policies(overlay: Overlay) -> Iterator[str]:
    policies = [policy["spec"] for policy in overlay.named["NetworkPolicy"].values()]
    for kind in ("Ingress", "Egress"):
        if not any(kind in p["policyTypes"] for p in policies if not p["podSelector"]):
            yield f"{kind} of a pod that no policy names is not covered: there is no default"
    for name, policy in overlay.named["NetworkPolicy"].items():
        yield from (f"NetworkPolicy {name} {line}" for line in _openings(policy["spec"]))
        if not any(_selects(policy["spec"]["podSelector"], w.labels) for w in overlay.workloads):
            yield f"NetworkPolicy {name} selects no pods"
    yield from _about_traffic(overlay, policies)


def _about_traffic(overlay: Overlay, policies: list[Object]) -> Iterator[str]:
    for workload in overlay.workloads:
        for port in workload.pod["containers"][0].get("ports", []):
            if port["containerPort"] not in _allowed(policies, "ingress", workload):
                yield f"nobody may call port {port['containerPort']} of {workload}"
    settings = overlay.settings(overlay.app)
    database, redis = (
        urlsplit(settings.get(name, "")).port
        for name in ("DATABASE__URL", "RATE_LIMIT__STORAGE_URL")
    )
    calling = {workload.name: {53, database} for workload in overlay.workloads}
    calling |= {"app": {53, database, redis}, "redis": set()}
    for workload in overlay.workloads:
        for number in calling[workload.name] - _allowed(policies, "egress", workload):
            yield f"{workload} may not call port {number}"


def _openings(policy: Object) -> Iterator[str]:
    """Yield where a policy allows more than it names."""
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in policy.get(direction, []):
            ports = [port.get("port") for port in rule.get("ports", [])]
            if not ports or None in ports:
                yield f"opens all ports for {direction}"
            if not rule.get(side):
                yield f"lets traffic go anywhere: {direction} without {side}"
            for peer in rule.get(side, []):
                block = peer.get("ipBlock", {"cidr": None})
                # Hosts on the internet have no fixed addresses, but TLS, and no private ones.
                public = ports == [443] and set(block.get("except", [])) >= PRIVATE
                if block["cidr"] in ANYWHERE and not public:
                    yield f"lets traffic go anywhere: {direction} {side} {block['cidr']}"


def _allowed(policies: list[Object], direction: str, workload: Workload) -> set[Any]:
    """Return the ports that some policy opens for the pods of a workload."""
    return {
        port.get("port")
        for policy in policies
        if _selects(policy["podSelector"], workload.labels)
        for rule in policy.get(direction, [])
        for port in rule.get("ports", [])
    }


def _selects(selector: Object, labels: dict[str, str]) -> bool:
    return (selector.get("matchLabels", {}).items() <= labels.items()) and all(
        expression["operator"] == "In" and labels.get(expression["key"]) in expression["values"]
        for expression in selector.get("matchExpressions", [])
    )


def _about_namespaces(path: Path, used: set[str]) -> Iterator[str]:
    objects = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    yield from (f"{path.name}: {line}" for line in _refused(objects))
    labelled = {
        item["metadata"]["name"]: item["metadata"].get("labels", {})
        for item in objects
        if item["kind"] == "Namespace"
    }
    for name in sorted(used):
        if labelled.get(name, {}).get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{path.name}: namespace {name} does not enforce the restricted profile"
    for item in objects:
        if item["kind"] == "Secret" and {"data", "stringData"} & item.keys():
            yield f"{path.name}: Secret {item['metadata']['name']} is in a file"
        for rule in item.get("rules", []):
            for power in sorted(POWERS & {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}):
                yield f"{path.name}: {item['kind']} {item['metadata']['name']} may use {power}"
