"""A `kubectl kustomize` for machines without kubectl, which no package brings.

Knows what our kustomizations use, and refuses the rest. `tests.test_kustomize` holds it
equal to kubectl where that exists.
"""

from __future__ import annotations

import copy
import hashlib
import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

type Object = dict[str, Any]

KINDS = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}

# Names of ConfigMaps are in the `name` of what these hold.
REFERENCES = {"configMap", "configMapRef", "configMapKeyRef"}

# Hashes have no vowels and nothing that looks like one, so that they spell no word.
SPELLED = str.maketrans("013ae", "ghkmt")


class UnknownError(Exception):
    """A kustomization that kubectl may take, but this module does not know."""


def render(folder: Path) -> list[Object]:
    """Return the objects that a kustomization makes."""
    objects, generated = _accumulate(folder)
    for config_map in generated:
        name = config_map["metadata"]["name"]
        config_map["metadata"]["name"] = hashed = f"{name}-{_digest(config_map)}"
        for node in _walk(objects):
            for key in REFERENCES & node.keys():
                if isinstance(node[key], dict) and node[key].get("name") == name:
                    node[key]["name"] = hashed
    return objects


def _accumulate(folder: Path) -> tuple[list[Object], list[Object]]:
    """Return all objects of a kustomization, and those of them that were generated."""
    kustomization = _only(
        yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8")),
        {*KINDS, "resources", "namespace", "labels", "configMapGenerator", "patches", "images"},
    )
    if KINDS | kustomization != kustomization | KINDS:
        message = f"{folder} holds no Kustomization of {KINDS['apiVersion']}"
        raise UnknownError(message)
    objects: list[Object] = []
    generated: list[Object] = []
    for resource in kustomization["resources"]:
        path = folder / resource
        if path.is_dir():
            inner, made = _accumulate(path)
            objects += inner
            generated += made
        else:
            objects += filter(None, yaml.safe_load_all(path.read_text(encoding="utf-8")))
    for generator in kustomization.get("configMapGenerator", []):
        _generate(_only(generator, {"name", "behavior", "literals"}), objects, generated)
    for patch in kustomization.get("patches", []):
        _patch(_only(patch, {"target", "patch"}), objects)
    if namespace := kustomization.get("namespace"):
        for item in objects:
            item["metadata"]["namespace"] = namespace
    for labels in kustomization.get("labels", []):
        _label(_only(labels, {"pairs", "includeTemplates"}), objects)
    for image in kustomization.get("images", []):
        _set_image(_only(image, {"name", "newName", "digest"}), objects)
    return objects, generated


def _only(node: Object, known: set[str]) -> Object:
    if unknown := node.keys() - known:
        message = f"kustomize has {', '.join(sorted(unknown))}, which this module does not know"
        raise UnknownError(message)
    return node


def _generate(generator: Object, objects: list[Object], generated: list[Object]) -> None:
    data = {}
    for literal in generator["literals"]:
        key, equals, value = literal.partition("=")
        if not equals or value[:1] in {"'", '"'}:
            message = f"{literal} is a literal that kustomize may read otherwise"
            raise UnknownError(message)
        data[key] = value
    if generator.get("behavior", "create") == "create":
        config_map = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": generator["name"]},
            "data": data,
        }
        objects.append(config_map)
        generated.append(config_map)
    elif generator["behavior"] == "merge":
        (base,) = (item for item in generated if item["metadata"]["name"] == generator["name"])
        base["data"] |= data
    else:
        message = f"behavior: {generator['behavior']}"
        raise UnknownError(message)


def _patch(patch: Object, objects: list[Object]) -> None:
    target = _only(patch["target"], {"kind", "name"})
    operations = yaml.safe_load(patch["patch"])
    # What begins with a bracket, kustomize wants to be JSON.
    if not isinstance(operations, list) or patch["patch"].lstrip().startswith("["):
        message = "a patch that is no list of operations (RFC 6902) in YAML's dashes"
        raise UnknownError(message)
    chosen = [
        item
        for item in objects
        if target.get("kind", item["kind"]) == item["kind"]
        and target.get("name", item["metadata"]["name"]) == item["metadata"]["name"]
    ]
    if not chosen:
        message = f"a patch of {target}, which nothing is"
        raise UnknownError(message)
    for item in chosen:
        for operation in operations:
            _operate(_only(operation, {"op", "path", "value"}), item)


def _operate(operation: Object, item: Object) -> None:
    """Replace or add one value (RFC 6902); the path is a pointer (RFC 6901)."""
    *parents, last = (
        token.replace("~1", "/").replace("~0", "~") for token in operation["path"].split("/")[1:]
    )
    node: Any = item
    for token in parents:
        node = node[int(token) if isinstance(node, list) else token]
    key: Any = int(last) if isinstance(node, list) else last
    replaces = operation["op"] == "replace" and (isinstance(node, list) or key in node)
    adds = operation["op"] == "add" and isinstance(node, dict)
    if not (replaces or adds):
        message = f"{operation['op']} {operation['path']}"
        raise UnknownError(message)
    node[key] = copy.deepcopy(operation["value"])


def _label(labels: Object, objects: list[Object]) -> None:
    for item in objects:
        item["metadata"].setdefault("labels", {}).update(labels["pairs"])
        if labels.get("includeTemplates") and "template" in item.get("spec", {}):
            metadata = item["spec"]["template"].setdefault("metadata", {})
            metadata.setdefault("labels", {}).update(labels["pairs"])


def _set_image(image: Object, objects: list[Object]) -> None:
    for node in _walk(objects):
        for container in [*node.get("containers", []), *node.get("initContainers", [])]:
            name = container["image"].partition("@")[0]
            if name == image["name"] or name.startswith(f"{image['name']}:"):
                container["image"] = f"{image['newName']}@{image['digest']}"


def _walk(node: object) -> Iterator[Object]:
    if isinstance(node, dict):
        yield node
    if isinstance(node, (dict, list)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _walk(child)


def _digest(config_map: Object) -> str:
    """Return what kustomize appends to the name: made of the data, in Go's JSON."""
    content = {"data": config_map["data"], "kind": "ConfigMap", "name": ""}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(SPELLED)
