"""The scripts and the pipeline, and whether templates have what these ask them for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proof.targets.aws import reading
from proof.targets.aws.reading import ACTIVATE, PARAMETERS, PIPELINE, RUN, TASK, WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proof.formats.cloudformation import Templates

# A template that comes from no bucket may be so long.
LONGEST_TEMPLATE = 51_200


def complaints(project: Path, stacks: Templates) -> Iterator[str]:
    """Yield a line for everything that is wrong."""
    yield from _about_names(project, stacks)
    yield from _about_parameters(project, stacks)
    yield from _about_scripts(project, stacks)
    yield from _about_the_pipeline(project, stacks)


def _about_names(project: Path, stacks: Templates) -> Iterator[str]:
    """Compare what templates and scripts expect of each other."""
    for name in sorted(stacks.imports() - stacks.exports().keys()):
        yield f"deploy: nobody exports {name}"
    for script, text in reading.scripts(project).items():
        for stack, key in re.findall(r"deploy/output ([a-z]+) (\w+)", text):
            if key not in stacks.outputs(f"{stack}.yaml"):
                yield f"{script}: deploy/{stack}.yaml tells no {key}"
    for stack, text in stacks.texts.items():
        if len(text) > LONGEST_TEMPLATE:
            yield f"deploy/{stack}: is longer than a template may be"


def _about_parameters(project: Path, stacks: Templates) -> Iterator[str]:
    given = set(re.findall(r"^(\w+)=", reading.text(project, PARAMETERS), re.MULTILINE))
    known = {name for stack in stacks.templates for name in stacks.parameters(stack)}
    for name in sorted(given - known):
        yield f"{PARAMETERS}: there is no parameter {name}"
    scripts = "\n".join(reading.scripts(project).values())
    given |= set(re.findall(r'deploy/stack \w+ "(\w+)=', scripts))
    for stack in stacks.templates:
        for name, parameter in stacks.parameters(stack).items():
            if "Default" not in parameter and name not in given:
                yield f"deploy/{stack}: nobody sets {name}"


def _about_scripts(project: Path, stacks: Templates) -> Iterator[str]:
    activate, run = reading.text(project, ACTIVATE), reading.text(project, RUN)
    steps = ['stack task "Image=$repository@$digest"', "run app migrate", "stack service"]
    places = [activate.find(f"sh deploy/{step}") for step in steps]
    if (
        reading.deployment(project).migrate != ["app", "migrate"]
        or -1 in places
        or places != sorted(places)
    ):
        yield f"{ACTIVATE}: does not migrate the database before the new version serves"
    options = reading.container(stacks)["LogConfiguration"]["Options"]
    stream = f"{options['awslogs-stream-prefix']}/{reading.container(stacks)['Name']}/"
    written = re.findall(r'--log-stream-name "([^$]+)', run)
    if written != [stream]:
        yield f"{RUN}: looks for logs in {', '.join(written)} instead of {stream}"
    groups = [logs.properties["LogGroupName"] for logs in stacks.resources("AWS::Logs::LogGroup")]
    if options["awslogs-group"] not in groups:
        yield f"{TASK}: logs to {options['awslogs-group']}, which nobody makes"


def _about_the_pipeline(project: Path, stacks: Templates) -> Iterator[str]:
    workflow, job = project / WORKFLOW, project / ".gitlab" / "release.yml"
    if workflow.exists() or job.exists():
        (role,) = (r for r in stacks.resources("AWS::IAM::Role") if r.name == "DeployRole")
        if role.properties.get("ManagedPolicyArns") != ["${ReleasePolicy}"]:
            yield f"{PIPELINE}: the pipeline may do more, or less, than release"
        provider = stacks.only("AWS::IAM::OIDCProvider")
    if workflow.exists() and "id-token: write" not in workflow.read_text(encoding="utf-8"):
        yield f"{WORKFLOW}: the pipeline cannot prove who it is"
    if job.exists():
        audience = re.search(r"aud: (\S+)", job.read_text(encoding="utf-8"))
        if not audience or provider["ClientIdList"] != [audience[1]]:
            yield f"{PIPELINE}: the pipeline's tokens are for somebody else"
