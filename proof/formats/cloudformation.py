"""CloudFormation templates: what cfn-lint says of them, and what their values come to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import yaml
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

type Object = dict[str, Any]

# The same templates are for every region; not all regions have all that there is.
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2"]


@dataclass(frozen=True)
class Resource:
    """A resource of a template."""

    template: str
    name: str
    type: str
    properties: Object
    attributes: Object

    def __str__(self) -> str:
        """Return what people call it."""
        return f"{self.template}: {self.name}"


class Templates:
    """The templates of one folder, which import each other's values.

    A value that only AWS knows reads as in `Fn::Sub`: `${Database.Endpoint.Address}`.
    """

    def __init__(self, folder: Path) -> None:
        paths = sorted(folder.glob("*.yaml"))
        self.texts = {path.name: path.read_text(encoding="utf-8") for path in paths}
        self.templates = {name: _decoded(text)[0] or {} for name, text in self.texts.items()}

    def refused(self) -> Iterator[str]:
        """Yield what cfn-lint says of the templates, and what CloudFormation cannot read."""
        for name, text in self.texts.items():
            yield from (f"{name}:{line}" for line in _refused(text))
            for token in yaml.scan(text):
                if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
                    line = token.start_mark.line + 1
                    yield f"{name}:{line}: CloudFormation knows no anchors and aliases"

    def resources(self, *types: str) -> list[Resource]:
        """Return the resources of some types, or all, with their values."""
        return [
            Resource(
                template,
                name,
                resource["Type"],
                self.value(template, resource.get("Properties", {})),
                resource,
            )
            for template, said in self.templates.items()
            for name, resource in said.get("Resources", {}).items()
            if not types or resource["Type"] in types
        ]

    def only(self, kind: str) -> Object:
        """Return the properties of the one resource of a type."""
        (resource,) = self.resources(kind)
        return resource.properties

    def parameters(self, template: str) -> Object:
        """Return what a template can be told."""
        found: Object = self.templates[template].get("Parameters", {})
        return found

    def outputs(self, template: str) -> Object:
        """Return what a template tells."""
        found: Object = self.templates[template].get("Outputs", {})
        return found

    def exports(self) -> dict[str, str]:
        """Return the template that exports each name."""
        return {
            self.value(template, output["Export"]["Name"]): template
            for template in self.templates
            for output in self.outputs(template).values()
            if "Export" in output
        }

    def imports(self) -> set[str]:
        """Return the names that templates import."""
        return {
            self.value(template, node["Fn::ImportValue"])
            for template, said in self.templates.items()
            for node in nodes(said)
            if "Fn::ImportValue" in node
        }

    def value(self, template: str, said: Any) -> Any:
        """Return what a part of a template comes to, with the defaults of its parameters."""
        if isinstance(said, list):
            return [self.value(template, item) for item in said]
        if not isinstance(said, dict):
            return said
        if len(said) == 1:
            ((function, given),) = said.items()
            if function in {"Ref", "Condition"} or function.startswith("Fn::"):
                return self._call(template, function, given)
        return {key: self.value(template, item) for key, item in said.items()}

    def _call(self, template: str, function: str, given: Any) -> Any:  # noqa: PLR0911 -- a table
        match function, given:
            case "Ref", name:
                return self._named(template, name)
            case "Fn::GetAtt", path:
                return self._named(template, ".".join(path))
            case "Fn::ImportValue", name:
                return self._imported(self.value(template, name))
            case "Fn::Sub", text:
                return self._filled(template, *(text if isinstance(text, list) else [text]))
            case "Fn::Join", [separator, items]:
                return separator.join(self.value(template, items))
            case "Fn::Split", [separator, text]:
                return self.value(template, text).split(separator)
            case "Fn::Select", [index, items]:
                return self.value(template, items)[index]
            case "Fn::Cidr", [block, _, bits]:
                whole = ip_network(self.value(template, block))
                return [str(part) for part in whole.subnets(new_prefix=32 - bits)]
            case "Fn::GetAZs", _:
                return ["${Zone0}", "${Zone1}"]
        return f"${{{function}}}"

    def _named(self, template: str, name: str) -> Any:
        """Return a parameter's default, or what a resource was told of an attribute."""
        parameter = self.parameters(template).get(name)
        if parameter is not None:
            return parameter.get("Default", f"${{{name}}}")
        resource, _, attribute = name.partition(".")
        told = self.templates[template].get("Resources", {}).get(resource, {})
        if attribute in told.get("Properties", {}):
            return self.value(template, told["Properties"][attribute])
        return f"${{{name}}}"

    def _imported(self, name: str) -> Any:
        for template in self.templates:
            for output in self.outputs(template).values():
                if self.value(template, output.get("Export", {}).get("Name")) == name:
                    return self.value(template, output["Value"])
        return f"${{{name}}}"

    def _filled(self, template: str, text: str, values: Object | None = None) -> str:
        known = {name: self.value(template, value) for name, value in (values or {}).items()}

        def replace(found: re.Match[str]) -> str:
            name = found[1]
            return str(known[name] if name in known else self._named(template, name))

        return re.sub(r"\$\{([\w.:]+)\}", replace, text)


def nodes(said: Any) -> Iterator[Object]:
    """Yield every mapping in a part of a template, the outer ones first."""
    if isinstance(said, dict):
        yield said
        said = list(said.values())
    if isinstance(said, list):
        for item in said:
            yield from nodes(item)


@cache
def _decoded(text: str) -> tuple[Any, list[Any]]:
    template, errors = decode_str(text)
    return template, errors


@cache
def _runner() -> Runner:
    return Runner(ConfigMixIn(regions=REGIONS, include_checks=["I"]))


@cache
def _refused(text: str) -> list[str]:
    template, errors = _decoded(text)
    matches = errors or _runner().validate_template(template)
    return sorted({f"{match.linenumber}: {match.rule.id} {match.message}" for match in matches})
