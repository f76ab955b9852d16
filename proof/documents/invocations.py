"""Invocations of programs: commands, options, and the things that they name."""

from __future__ import annotations

import re
from functools import cache
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from proof.documents.programs import COMMANDS, INTERPRETERS, PLAIN, RUNNERS, TOOLS, UNITS, VALUED
from proof.documents.project import PLACEHOLDER, name_of
from proof.documents.shell import ASSIGNMENT, commands
from proof.reading import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from proof.documents.click_commands import Verb
    from proof.documents.project import Project

USAGE = re.compile(r"usage: deploy/\S+((?: [^}\"']+)?)")


def problems(project: Project, words: list[str]) -> Iterator[str]:
    """Yield what is wrong with a program and its arguments."""
    if not words or words[0].startswith("$"):
        return
    program, arguments = _program_of(words[0]), words[1:]
    if program == "app":
        yield from misuses(project.app, "app", arguments)
    elif "/" in program:
        yield from _script(project, program.removeprefix("./"), arguments)
    elif program in COMMANDS:
        yield from _subcommand(program, arguments)
    elif program not in PLAIN | ASKED.keys() and not (
        TOOLS.get(program, program) in project.development or PLACEHOLDER.search(program)
    ):
        yield f"there is no program {program}"
    if program in ASKED:
        yield from ASKED[program](project, arguments)


def after_options(words: list[str]) -> list[str]:
    """Return the words from the first that is no option, value of one, or assignment."""
    rest = list(words)
    while rest and (rest[0].startswith("-") or ASSIGNMENT.fullmatch(rest[0])):
        if rest.pop(0) in VALUED and rest:
            rest.pop(0)
    return rest


def _program_of(word: str) -> str:
    """Return a program's name; a script of the project keeps its path."""
    if found := re.search(r"(?:^|/)(deploy/[\w-]+)$", word):
        return found[1]
    return PurePosixPath(word).name if re.match(r"/(usr|opt|bin)/", word) else word


def _names(words: list[str]) -> list[str]:
    return [word for word in words if not word.startswith("-") and not PLACEHOLDER.search(word)]


def _subcommand(program: str, arguments: list[str]) -> Iterator[str]:
    rest = after_options(arguments)
    while program in COMMANDS and rest:
        word = rest[0]
        if word not in COMMANDS[program] and not PLACEHOLDER.search(word):
            yield f"{program} has no command {word}"
            return
        program, rest = f"{program} {word}", after_options(rest[1:])


def misuses(verb: Verb, name: str, arguments: list[str]) -> Iterator[str]:
    """Yield what a command of the service's does not take, or misses."""
    rest, given, values = list(arguments), set(), []
    while rest:
        word = rest.pop(0)
        if word.startswith("-"):
            option, _, value = word.partition("=")
            given.add(option)
            if option not in verb.options:
                yield f"{name} has no option {option}"
            elif verb.options[option] and not value and not (rest and rest.pop(0)):
                yield f"{name} {option} wants a value"
        elif word in verb.verbs:
            yield from misuses(verb.verbs[word], f"{name} {word}", rest)
            return
        elif verb.verbs:
            yield f"{name} has no command {word}"
            return
        else:
            values.append(word)
    if given.isdisjoint({"--help", "--version"}):
        yield from _missing(verb, name, given, values)


def _missing(verb: Verb, name: str, given: set[str], values: list[str]) -> Iterator[str]:
    if verb.verbs and not verb.alone:
        yield f"{name} wants a command"
    for option in sorted(verb.required - given):
        yield f"{name} wants {option}"
    if len(values) < verb.arguments.count(True):
        yield f"{name} wants an argument"
    elif len(values) > len(verb.arguments) and None not in verb.arguments:
        yield f"{name} takes no {values[-1]}"


def _script(project: Project, path: str, arguments: list[str]) -> Iterator[str]:
    """Yield what a script of the project does not take."""
    source = project.files.get(path)
    if source is None:
        if not PLACEHOLDER.search(path) and not path.startswith(("/", "~", "$")):
            yield f"there is no script {path}"
    elif not source.startswith("#!"):
        yield f"{path} is no script"
    elif path == "deploy/compose":
        yield from _compose(project, arguments)
    elif "COMMAND" in _usage(source) or path == "deploy/run":
        yield from problems(project, arguments)
    else:
        yield from _arguments(project, path, source, arguments)


def _usage(source: str) -> str:
    """Return the arguments that a script asks for when it misses one."""
    return max((found.strip() for found in USAGE.findall(source)), key=len, default="")


def _arguments(project: Project, path: str, source: str, arguments: list[str]) -> Iterator[str]:
    usage = _usage(source).split()
    given = [word for word in arguments if not word.startswith("-")]
    options = [word for word in arguments if word.startswith("-")]
    for option in options:
        read = rf"= \"?{option}\"? |^\s*{option}\)|usage: .*{option}"
        if not re.search(read, source, re.MULTILINE):
            yield f"{path} knows no {option}"
    names = [name.strip("[]") for name in usage if not name.startswith("[-")]
    for name, word in zip_longest(names, given):
        if word and re.fullmatch(r"[A-Za-z]+", word) and word.upper() != word:
            template = f"deploy/{word}.yaml"
            if template not in project.files if name == "NAME" else word not in project.deployed:
                yield f"no file says what {word} is"
    if not usage:
        if given and not re.search(r"\$(\{?[1@*]|#)", source):
            yield f"{path} takes no arguments"
        return
    wanted = [word for word in usage if not word.startswith("[")]
    most = len([word for word in usage if not word.startswith("[-")])
    if len(given) < len(wanted) and not options:
        yield f"{path} wants {' '.join(usage)}"
    elif len(given) > most and "..." not in usage[-1]:
        yield f"{path} takes no more than {' '.join(usage)}"


def _run(project: Project, arguments: list[str]) -> Iterator[str]:
    yield from problems(project, after_options(arguments))


def _sh(project: Project, arguments: list[str]) -> Iterator[str]:
    if "-c" in arguments[:-1]:
        for command in commands(arguments[arguments.index("-c") + 1]):
            yield from problems(project, command.words)


def _uv(project: Project, arguments: list[str]) -> Iterator[str]:
    match after_options(arguments):
        case ["run", *words]:
            yield from _uv_run(project, after_options(words))
        case ["remove", *words]:
            for word in _names(words):
                if name_of(word) not in project.development:
                    yield f"{word} is no dependency"


def _uv_run(project: Project, words: list[str]) -> Iterator[str]:
    tool = words[0] if words else ""
    if tool in project.pyproject["project"]["scripts"]:
        yield from misuses(project.app, tool, words[1:])
    elif TOOLS.get(tool, tool) in project.development:
        yield from _subcommand(tool, words[1:])
    elif tool and tool not in INTERPRETERS and not project.has(tool):
        yield f"uv run finds no {tool}"


def _docker(project: Project, arguments: list[str]) -> Iterator[str]:
    match after_options(arguments):
        case ["run", *words]:
            image, *inner = after_options(words) or [""]
            yield from _image(project, image)
            yield from problems(project, inner)
        case ["images", *words]:
            for word in _names(words):
                yield from _image(project, word)
        case ["compose", *words]:
            yield from _compose(project, words)


def _image(project: Project, image: str) -> Iterator[str]:
    """Yield when no file names an image."""
    name, _, _ = image.partition(":")
    named = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    if "$" not in image and not any(map(named.search, project.others.values())):
        yield f"no file names the image {name}"


def _compose(project: Project, words: list[str]) -> Iterator[str]:
    """Yield when a file or a service of Compose's is not there."""
    named = [words[at + 1] for at, word in enumerate(words[:-1]) if word in {"-f", "--file"}]
    services: dict[str, Any] = {}
    for file in named or ["compose.yaml"]:
        if file not in project.files:
            yield f"there is no {file}"
            return
        services |= services_of(file, project.files[file])
    command, *rest = after_options(words) or [""]
    asked = after_options(rest)
    if command in {"exec", "run"}:
        yield from problems(project, asked[1:])
        asked = asked[:1]
    if command in {"exec", "logs", "restart", "run", "start", "stop", "up"}:
        for word in _names(asked):
            if word not in services:
                yield f"Compose has no service {word}"


@cache
def services_of(name: str, text: str) -> dict[str, Any]:
    """Return the services of a Compose file."""
    (document,) = cast("list[dict[str, Any]]", parse(name, text))
    return dict(document["services"])


def _kubectl(project: Project, arguments: list[str]) -> Iterator[str]:
    manifests = [text for file, text in project.files.items() if file.startswith("deploy/")]
    for word in arguments:
        if found := re.fullmatch(r"(deployment|job|cronjob|service|ingress)/([a-z-]+)", word):
            object_of = rf"(?i)kind: {found[1]}\b(?:(?!\n---).)*?name: \"?{found[2]}\b"
            if not any(re.search(object_of, text, re.DOTALL) for text in manifests):
                yield f"no manifest has {word}"
    if "secret" in arguments[:-1]:
        kinds = COMMANDS["kubectl create secret"]
        named = _names(arguments[arguments.index("secret") + 1 :])
        for word in [word for word in named if word not in kinds - {"tls"}][:1]:
            if not _is_deployed(project, word):
                yield f"no manifest knows the secret {word}"
    if "exec" in arguments and "--" in arguments:
        yield from problems(project, arguments[arguments.index("--") + 1 :])


def _gcloud(project: Project, arguments: list[str]) -> Iterator[str]:
    """Yield the names of secrets, jobs and services that no file has."""
    if {"jobs", "secrets", "services"}.isdisjoint(arguments[:2]):
        return
    for word in arguments:
        ours = re.fullmatch(rf"{project.slug}(-[a-z-]+)?", word)
        if ours and not _is_deployed(project, word):
            yield f"no file deploys {word}"


def _is_deployed(project: Project, name: str) -> bool:
    """Return whether a file in `deploy/` has a name, hyphens being part of it."""
    whole = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    return any(whole.search(t) for file, t in project.files.items() if file.startswith("deploy/"))


def _fly(project: Project, arguments: list[str]) -> Iterator[str]:
    if "-C" in arguments[:-1]:
        for command in commands(arguments[arguments.index("-C") + 1]):
            yield from problems(project, command.words)


def _systemctl(project: Project, arguments: list[str]) -> Iterator[str]:
    ours = {PurePosixPath(name).stem for name in project.files if name.startswith("deploy/")}
    for word in _names(after_options(arguments)[1:]):
        unit = word.removesuffix(".service").removesuffix(".socket")
        if unit not in ours | UNITS:
            yield f"there is no unit {word}"


def _sed(project: Project, arguments: list[str]) -> Iterator[str]:
    """Yield when there would be nothing to replace."""
    expression, *files = after_options(arguments) or [""]
    if found := re.fullmatch(r"s(.)(.*?)\1.*", expression, re.DOTALL):
        for file in files:
            if found[2] not in project.files.get(file, ""):
                yield f"{file} does not hold {found[2]}"


ASKED: dict[str, Callable[[Project, list[str]], Iterator[str]]] = {
    **dict.fromkeys(RUNNERS, _run),
    "docker": _docker,
    "fly": _fly,
    "flyctl": _fly,
    "gcloud": _gcloud,
    "kubectl": _kubectl,
    "sed": _sed,
    "sh": _sh,
    "systemctl": _systemctl,
    "uv": _uv,
}
PROGRAMS = frozenset(PLAIN | ASKED.keys() | {name.split()[0] for name in COMMANDS})
