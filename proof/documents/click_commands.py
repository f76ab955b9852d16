"""The subcommands and options of the service's own program, read from its sources."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = "src/app/commands/"


@dataclass
class Verb:
    """A command of click's.

    Attributes:
        options: their names, each with whether it takes a value.
        required: the options that must be given.
        arguments: for each, whether it must be given; None if any number can.
        verbs: its subcommands by name.
    """

    options: dict[str, bool] = field(default_factory=lambda: {"--help": False})
    required: set[str] = field(default_factory=set)
    arguments: list[bool | None] = field(default_factory=list)
    verbs: dict[str, Verb] = field(default_factory=dict)
    alone: bool = True


def program(files: Mapping[str, str]) -> Verb:
    """Return the program `app` with all its commands."""
    return _program(
        files.get("src/app/cli.py", ""),
        tuple(
            (name.removeprefix(FOLDER).removesuffix(".py"), text)
            for name, text in files.items()
            if name.startswith(FOLDER) and name.endswith(".py")
        ),
    )


@cache
def _program(cli: str, modules: tuple[tuple[str, str], ...]) -> Verb:
    symbols = {name: _verbs(text) for name, text in modules}
    for name, text in modules:
        for parent, owner, child in _additions(text):
            known, source = symbols[name], symbols.get(owner, symbols[name])
            if parent in known and child in source:
                known[parent][1].verbs[source[child][0]] = source[child][1]
    main = _verbs(cli).get("main", ("app", Verb()))[1]
    main.verbs = {
        name.replace("_", "-"): verbs["command"][1]
        for name, verbs in symbols.items()
        if not name.startswith("_") and "command" in verbs
    }
    return main


def _verbs(source: str) -> dict[str, tuple[str, Verb]]:
    """Return the commands of a module by the names of their functions."""
    verbs: dict[str, tuple[str, Verb]] = {}
    for function in ast.parse(source).body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        verb, name, parent = Verb(), "", None
        for call, of, kind in _decorators(function):
            if kind in {"command", "group"}:
                names = [*map(_text, call.args), _text(_keyword(call, "name"))]
                name = next(filter(None, names), function.name.replace("_", "-"))
                parent = of if of != "click" else None
                verb.alone = (
                    kind == "command" or _keyword(call, "invoke_without_command") is not None
                )
            elif kind == "option":
                _add_option(verb, call)
            elif kind == "argument":
                many = _keyword(call, "nargs") is not None
                optional = _keyword(call, "default") or _keyword(call, "required")
                verb.arguments.append(None if many else optional is None)
            elif kind == "version_option":
                verb.options["--version"] = False
        if name:
            verbs[function.name] = (name, verb)
            if parent in verbs:
                verbs[parent][1].verbs[name] = verb
    return verbs


def _decorators(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[tuple[ast.Call, str, str]]:
    """Yield the decorators that are calls such as `click.option(...)`, in their parts."""
    for call in function.decorator_list:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            yield call, ast.unparse(call.func.value), call.func.attr


def _add_option(verb: Verb, call: ast.Call) -> None:
    names = [name for name in map(_text, call.args) if name.startswith("-")]
    flag = _keyword(call, "is_flag") is not None or any("/" in name for name in names)
    for name in names:
        verb.options |= dict.fromkeys(name.split("/"), not flag)
    if ast.unparse(_keyword(call, "required") or ast.Constant(value=False)) == "True":
        verb.required.add(names[-1])


def _additions(source: str) -> Iterator[tuple[str, str, str]]:
    """Yield group, module (or nothing) and function of each `group.add_command(...)`."""
    for node in ast.parse(source).body:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".add_command"):
            owner, _, child = ast.unparse(call.args[0]).rpartition(".")
            yield ast.unparse(call.func).rpartition(".")[0], owner, child


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
