"""The files of the target, and what they say of the service."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from proof.formats.cloudformation import Templates
from proof.targets import Deployment

if TYPE_CHECKING:
    from pathlib import Path

    from proof.formats.cloudformation import Object

DATA, NETWORK, PIPELINE, SERVICE, TASK = (
    f"deploy/{name}.yaml" for name in ("data", "network", "pipeline", "service", "task")
)
ACTIVATE, PARAMETERS, RUN = "deploy/activate", "deploy/parameters.conf", "deploy/run"
WORKFLOW = ".github/workflows/release.yml"
BALANCING = "AWS::ElasticLoadBalancingV2"


def deployment(project: Path) -> Deployment:
    """Return how the target runs the service."""
    stacks = Templates(project / "deploy")
    app = container(stacks)
    migrate = re.search(r"sh deploy/run (.+?);", text(project, ACTIVATE))
    check = " ".join(app.get("HealthCheck", {}).get("Command", []))
    ready = stacks.only(f"{BALANCING}::TargetGroup").get("HealthCheckPath", "/")
    return Deployment(
        serve=app["Command"],
        migrate=shlex.split(migrate[1]) if migrate else [],
        settings=settings(stacks),
        secrets=set(secrets(stacks)),
        probes={ready, *re.findall(r"/health/?\w*", check)},
        instances=stacks.only("AWS::ApplicationAutoScaling::ScalableTarget")["MinCapacity"],
        kill_seconds=app.get("StopTimeout", 30),
    )


def container(stacks: Templates) -> Object:
    """Return the container of the service."""
    containers = stacks.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    app: Object = next(one for one in containers if one["Name"] == "app")
    return app


def settings(stacks: Templates) -> dict[str, str]:
    """Return the environment of the service, without what is secret."""
    return {pair["Name"]: str(pair["Value"]) for pair in container(stacks)["Environment"]}


def secrets(stacks: Templates) -> dict[str, str]:
    """Return the names of the secrets, and what each refers to."""
    return {pair["Name"]: pair["ValueFrom"] for pair in container(stacks)["Secrets"]}


def network(stacks: Templates) -> Object:
    """Return where the tasks are, and in which groups."""
    configuration: Object = stacks.only("AWS::ECS::Service")["NetworkConfiguration"]
    awsvpc: Object = configuration["AwsvpcConfiguration"]
    return awsvpc


def attributes(stacks: Templates, kind: str) -> dict[str, str]:
    """Return the attributes of the `LoadBalancer` or of the `TargetGroup`."""
    pairs = stacks.only(f"{BALANCING}::{kind}")[f"{kind}Attributes"]
    return {pair["Key"]: pair["Value"] for pair in pairs}


def listed(said: Any) -> list[Any]:
    """Return a list, where one value may stand for a list of one."""
    return said if isinstance(said, list) else [said]


def text(project: Path, name: str) -> str:
    """Return what a file says."""
    return (project / name).read_text(encoding="utf-8")


def scripts(project: Path) -> dict[str, str]:
    """Return what the scripts say, and the page with the commands."""
    paths = sorted(path for path in (project / "deploy").iterdir() if not path.suffix)
    page = project / "docs" / "deploy.md"
    return {
        path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
        for path in [*paths, page]
        if path.exists()
    }
