"""The tasks: how they are made, set, started, and stopped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proof.formats.cloudformation import nodes
from proof.targets.aws import reading
from proof.targets.aws.reading import BALANCING, DATA, NETWORK, SERVICE, TASK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proof.formats.cloudformation import Templates

MARGIN_SECONDS = 2
# The most that Fargate waits between SIGTERM and SIGKILL.
LONGEST_KILL_SECONDS = 120
SECRET_LENGTH = 32
PASSWORD_IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def complaints(project: Path, stacks: Templates) -> Iterator[str]:
    """Yield a line for everything that is wrong with the tasks."""
    yield from _about_the_task(stacks)
    yield from _about_settings(project, stacks)
    yield from _about_stopping(stacks)
    yield from _about_the_service(stacks)


def _about_the_task(stacks: Templates) -> Iterator[str]:
    for container in stacks.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]:
        name = f"{TASK}: {container['Name']}"
        if container.get("ReadonlyRootFilesystem") is not True:
            yield f"{name} may write to its image"
        if not re.match(r"[1-9]\d*", container.get("User", "")):
            yield f"{name} runs as root"
        capabilities = container.get("LinuxParameters", {}).get("Capabilities", {})
        if capabilities != {"Drop": ["ALL"]}:
            yield f"{name} keeps capabilities"
        if container["Image"] != "${Image}":
            yield f"{name} is not of the image that is released"
    if "@sha256:[0-9a-f]{64}" not in stacks.parameters("task.yaml")["Image"]["AllowedPattern"]:
        yield f"{TASK}: Image may be any that has the tag when a task starts"
    check = reading.container(stacks).get("HealthCheck", {}).get("Command", [])
    if "/health/live" not in " ".join(check):
        yield f"{TASK}: there is no check of /health/live, so a process that hangs stays"


def _about_settings(project: Path, stacks: Templates) -> Iterator[str]:
    settings, secrets = reading.settings(stacks), reading.secrets(stacks)
    example = reading.text(project, ".env.example")
    needed = {"DATABASE__PASSWORD", *re.findall(r"^(AUTH__SECRET_KEY)=", example, re.MULTILINE)}
    for name in sorted(needed - secrets.keys()):
        yield f"{TASK}: the service does not get {name}"
    for name in sorted(needed & settings.keys()):
        yield f"{TASK}: {name} is in a file"
    for name, value in settings.items():
        if PASSWORD_IN_URL.search(value):
            yield f"{TASK}: {name} holds a password"
    if not re.search(r"sslmode=(require|verify-full)", settings["DATABASE__URL"]):
        yield f"{TASK}: DATABASE__URL allows plain text"
    if not settings["RATE_LIMIT__STORAGE_URL"].startswith("rediss://"):
        yield f"{TASK}: RATE_LIMIT__STORAGE_URL allows plain text"
    public = stacks.only(f"{BALANCING}::LoadBalancer")["Subnets"]
    proxies = {
        subnet.properties["CidrBlock"]
        for subnet in stacks.resources("AWS::EC2::Subnet")
        if f"${{{subnet.name}}}" in public
    }
    for network in sorted(set(settings["TRUSTED_PROXIES"].split(",")) ^ proxies):
        trusted = "does not trust" if network in proxies else "trusts"
        yield f"{TASK}: {trusted} {network}"
    yield from _about_secrets(stacks, secrets)


def _about_secrets(stacks: Templates, secrets: dict[str, str]) -> Iterator[str]:
    readable = {
        resource
        for role in stacks.resources("AWS::IAM::Role")
        if role.name == "ExecutionRole"
        for statement in nodes(role.properties)
        if "secretsmanager:GetSecretValue" in reading.listed(statement.get("Action", []))
        for resource in reading.listed(statement["Resource"])
    }
    references = {}
    for secret in stacks.resources("AWS::SecretsManager::Secret"):
        made = secret.properties.get("GenerateSecretString", {})
        key = made.get("GenerateStringKey")
        references[f"${{{secret.name}}}" + (f":{key}::" if key else "")] = f"${{{secret.name}}}"
        if made.get("PasswordLength", 0) < SECRET_LENGTH:
            yield f"{secret} has {made.get('PasswordLength', 0)} characters"
    for name, reference in secrets.items():
        if reference not in references:
            yield f"{TASK}: {name} is {reference}, which is no secret, or not the part that is"
        elif references[reference] not in readable:
            yield f"{DATA}: ECS may not read {references[reference]}"


def _about_stopping(stacks: Templates) -> Iterator[str]:
    settings = reading.settings(stacks)
    needed = int(settings["DRAIN_SECONDS"]) + int(settings["SHUTDOWN_SECONDS"])
    given = reading.container(stacks).get("StopTimeout", 30)
    if not needed + MARGIN_SECONDS <= given <= LONGEST_KILL_SECONDS:
        yield f"{TASK}: a task that needs {needed} s to stop is killed after {given} s"
    target = reading.attributes(stacks, "TargetGroup")
    delay = int(target.get("deregistration_delay.timeout_seconds", 300))
    if delay < needed:
        yield f"{NETWORK}: requests in progress have {needed} s, but are cut off after {delay} s"
    balancer = reading.attributes(stacks, "LoadBalancer")
    idle = int(balancer.get("idle_timeout.timeout_seconds", 60))
    kept = int(settings["KEEP_ALIVE_SECONDS"])
    if not idle < kept:
        yield f"{NETWORK}: connections are used for {idle} s, which the app closes after {kept} s"


def _about_the_service(stacks: Templates) -> Iterator[str]:
    service = stacks.only("AWS::ECS::Service")
    if "DesiredCount" in service:
        yield f"{SERVICE}: DesiredCount undoes what scaling has decided"
    deployment = service.get("DeploymentConfiguration", {})
    if deployment.get("DeploymentCircuitBreaker") != {"Enable": True, "Rollback": True}:
        yield f"{SERVICE}: no circuit breaker brings the old version back"
    if deployment.get("MinimumHealthyPercent") != 100:  # noqa: PLR2004 -- all of them
        yield f"{SERVICE}: tasks end before their successors are ready"
    if reading.network(stacks).get("AssignPublicIp") != "DISABLED":
        yield f"{SERVICE}: AssignPublicIp is not DISABLED"
    (balanced,) = service["LoadBalancers"]
    app = reading.container(stacks)
    (mapping,) = app["PortMappings"]
    if [balanced["ContainerName"], balanced["ContainerPort"]] != [
        app["Name"],
        mapping["ContainerPort"],
    ]:
        yield f"{SERVICE}: there is no {balanced['ContainerName']}:{balanced['ContainerPort']}"
    scaling = stacks.only("AWS::ApplicationAutoScaling::ScalableTarget")
    if scaling["ResourceId"] != f"service/{service['Cluster']}/${{Service.Name}}":
        yield f"{SERVICE}: scales {scaling['ResourceId']}, which is not the service"
    least = min(
        scaling["MinCapacity"], stacks.parameters("service.yaml")["MinTasks"].get("MinValue", 0)
    )
    if least < 2:  # noqa: PLR2004 -- one may always be away
        yield f"{SERVICE}: {least} task is not enough: ECS moves tasks, and zones fail"
