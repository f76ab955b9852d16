"""AWS: ECS Fargate behind a load balancer, with RDS and ElastiCache, by CloudFormation.

A module for each subject that something can be wrong about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proof.formats.cloudformation import Templates
from proof.targets.aws import data, network, rights, scripts, service
from proof.targets.aws.mutations import MUTATIONS
from proof.targets.aws.reading import deployment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MUTATIONS", "complaints", "deployment"]


def complaints(project: Path) -> Iterator[str]:
    """Yield a line for everything in the target's own files that is wrong."""
    stacks = Templates(project / "deploy")
    refused = [f"deploy/{line}" for line in stacks.refused()]
    yield from refused
    if refused:
        return
    yield from scripts.complaints(project, stacks)
    yield from rights.complaints(stacks)
    yield from data.complaints(stacks)
    yield from network.complaints(stacks)
    yield from service.complaints(project, stacks)
