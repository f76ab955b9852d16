"""The renderer that stands for kubectl says what kubectl says, or nothing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from proof.formats.kustomize import UnknownError, render
from proof.targets.kubernetes import ENVIRONMENTS, kubectl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RELEASE = """
resources: [deploy/overlays/production]
images:
  - name: registry.invalid/my-service
    newName: registry.example.com/my-service
    digest: sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3
patches:
  - target: {kind: Job, name: migrate}
    patch: '- {op: replace, path: /metadata/name, value: migrate-v1-2-3}'
  - target: {kind: Deployment, name: app}
    patch: '- {op: add, path: /metadata/annotations, value: {kubernetes.io/change-cause: "1.20"}}'
"""

# What JSON may write in more than one way, and a digest must not.
LITERALS = """
resources: []
configMapGenerator:
  - name: settings
    literals: ["B=<a>&b", "A=x=y", "C=Zürich 🚲 \\u2028", 'D=a "b" \\ c', "E="]
labels:
  - pairs: {a: b}
"""


def in_order(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(objects, key=lambda item: (item["kind"], item["metadata"]["name"]))


def by_kubectl(folder: Path) -> list[dict[str, Any]]:
    """Return what kubectl makes of a kustomization."""
    if not (program := kubectl()):
        pytest.skip("there is no kubectl to compare with")
    made = subprocess.run(
        [program, "kustomize", folder], check=True, capture_output=True, encoding="utf-8"
    )
    return list(yaml.safe_load_all(made.stdout))


@pytest.mark.parametrize("auth", ["jwt", "oidc"])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_overlay_is_rendered_as_kubectl_does(
    environment: str, auth: str, bake: Callable[..., Path]
) -> None:
    folder = bake(deploy="kubernetes", auth=auth) / "deploy" / "overlays" / environment
    assert in_order(render(folder)) == in_order(by_kubectl(folder))


def test_a_release_is_rendered_as_kubectl_does(bake: Callable[..., Path]) -> None:
    project = bake(deploy="kubernetes")
    (project / "kustomization.yaml").write_text(RELEASE, encoding="utf-8")
    assert in_order(render(project)) == in_order(by_kubectl(project))


def test_settings_get_the_name_that_kubectl_gives_them(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text(LITERALS, encoding="utf-8")
    assert render(tmp_path) == by_kubectl(tmp_path)


@pytest.mark.parametrize(
    "unknown",
    [
        "namePrefix: a-",
        "kind: Component",
        "labels: [{pairs: {a: b}, includeSelectors: true}]",
        "configMapGenerator: [{name: a, envs: [a.env]}]",
        "configMapGenerator: [{name: a, behavior: replace, literals: []}]",
        "configMapGenerator: [{name: a, literals: ['A=\"1\"']}]",
        "patches: [{target: {kind: Job}, patch: '[]'}]",
        "patches: [{target: {kind: Job}, patch: '- {op: add, path: /a, value: b}'}]",
        "patches: [{path: patch.yaml}]",
        "images: [{name: a, newTag: b}]",
    ],
)
def test_what_the_renderer_does_not_know_it_refuses(tmp_path: Path, unknown: str) -> None:
    text = f"resources: []\n{unknown}\n"
    (tmp_path / "kustomization.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UnknownError):
        render(tmp_path)
