"""Permissions: the statements of IAM."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from proof.formats.cloudformation import nodes
from proof.targets.aws import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proof.formats.cloudformation import Object, Resource, Templates

ONE_RELEASER = re.compile(r"repo:[^*]+:environment:production|project_path:[^*]+:tag:ref:v\*")


def complaints(stacks: Templates) -> Iterator[str]:
    """Yield a line for every right that goes too far."""
    for resource in stacks.resources():
        for statement in nodes(resource.properties):
            if "Effect" in statement:
                yield from _about_a_statement(resource, statement)


def _about_a_statement(resource: Resource, statement: Object) -> Iterator[str]:
    actions = reading.listed(statement["Action"])
    resources = reading.listed(statement.get("Resource", "-"))
    yield from (f"{resource} allows {action}" for action in actions if "*" in action)
    for action in actions:
        if "*" in resources and "*" not in action and _has_narrower(action):
            yield f"{resource} allows {action} on everything, which it need not"
    principal = statement.get("Principal")
    if principal in ("*", {"AWS": "*"}) and actions != ["s3:GetObject"]:
        yield f"{resource} allows anybody {', '.join(actions)}"
    if isinstance(principal, dict):
        conditions = dict(
            pair for test in statement.get("Condition", {}).values() for pair in test.items()
        )
        if "Service" in principal and "aws:SourceAccount" not in conditions:
            yield f"{resource}: the service may act for other accounts"
        if "Federated" in principal:
            yield from _about_a_federation(resource, conditions)


def _about_a_federation(resource: Resource, conditions: dict[str, str]) -> Iterator[str]:
    claims = {name.rpartition(":")[2]: value for name, value in conditions.items()}
    if "aud" not in claims:
        yield f"{resource}: takes tokens that are for other audiences"
    if not ONE_RELEASER.fullmatch(claims.get("sub", "*")):
        yield f"{resource}: stands for {claims.get('sub', 'everybody')}"


def _has_narrower(action: str) -> bool:
    """Return whether an action can be allowed on something less than everything."""
    service, _, name = action.partition(":")
    return "Resources" in _known_actions()[service]["Actions"][name.lower()]


@cache
def _known_actions() -> Object:
    actions: Object = load_resource(AdditionalSpecs, "Policies.json")
    return actions
