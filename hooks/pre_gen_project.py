"""Refuse answers that no finished project could carry, before a file of it is written.

Cookiecutter renders this source with Jinja before running it, so an opening bracket of
Jinja may stand nowhere but around the answers. They arrive as data, never as code: what
`tojson` writes holds no apostrophe, so it cannot end the string that it stands in.
"""

from __future__ import annotations

import json
import keyword
import os
import re
import sys
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

# fmt: off
ANSWERS: dict[str, Any] = json.loads(r'''{{ cookiecutter | tojson }}''')
# fmt: on

LONGEST_TEXT = 200

# What TOML, YAML, JSON, .env and Python do not all write alike between double quotes:
# the quote and the backslash, C0 and C1 controls, separators of lines and paragraphs,
# bidirectional controls, lone surrogates, and the characters that YAML forbids.
UNSAFE = re.compile(
    r'["\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069'
    r"\ud800-\udfff\ufeff\ufffe\uffff]"
)
JINJA = re.compile(r"^\s*#%|[{](?=[%#{])")

ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
EMAIL = re.compile(rf"{ATOM}(\.{ATOM})*@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
SLUG = re.compile(r"(?=.{1,48}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")

FOLDERS = {"app", "migrations", "test", "tests"}
PORTS = {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
DEVICES = PORTS | {"aux", "con", "nul", "prn"}


@cache
def template() -> Path | None:
    """Return the template's folder, or None.

    Cookiecutter hands on a relative folder as it was typed, without saying relative to
    what; the shell's folder and those around the output are tried.
    """
    output = Path(ANSWERS.get("_output_dir", "."))
    for start in (Path(os.environ.get("PWD", ".")), output, *output.parents):
        folder = Path(start, ANSWERS.get("_repo_dir", ""))
        if any(folder.glob("*cookiecutter.project_slug*/uv.lock")):
            return folder
    return None


@cache
def questions() -> dict[str, Any]:
    """Return the template's cookiecutter.json, which a replay file can contradict.

    Cruft does not say where the template is; it takes no replay file either.
    """
    folder = template()
    if folder is None:
        return ANSWERS
    read: dict[str, Any] = json.loads((folder / "cookiecutter.json").read_text("utf-8"))
    return read


def dependencies() -> set[str]:
    """Return the normalised names (PEP 503) of all packages that some service installs."""
    folder = template()
    locks = folder.glob("*cookiecutter.project_slug*/uv.lock") if folder else ()
    texts = [lock.read_text(encoding="utf-8") for lock in locks]
    return {name for text in texts for name in re.findall(r'^name = "(.+)"', text, re.MULTILINE)}


def slug_rule(value: str) -> str | None:
    """Return the rule that a name for machines breaks."""
    if not SLUG.fullmatch(value):
        return "use up to 48 lower-case letters, digits and single hyphens, a letter first"
    if keyword.iskeyword(value) or value in sys.stdlib_module_names:
        return "this is a word or a module of Python"
    if value in FOLDERS | DEVICES:
        return "this name is reserved by the project's own folders or by Windows"
    if value in dependencies():
        return "this is the name of a package that the service installs"
    if any(Path.cwd().iterdir()):
        return "the folder of this name is not empty"
    return None


def text_rule(value: str) -> str | None:
    """Return the rule that a free text breaks."""
    if not value.strip():
        return "this must not be blank"
    if len(value) > LONGEST_TEXT:
        return f"this must have at most {LONGEST_TEXT} characters"
    if UNSAFE.search(value):
        return "double quotes, backslashes, line breaks and control characters are refused"
    if JINJA.search(value):
        return "what opens a Jinja expression is refused"
    return None


def email_rule(value: str) -> str | None:
    """Return the rule that an e-mail address breaks."""
    return text_rule(value) or (
        None if EMAIL.fullmatch(value) else "use an address such as you@example.com"
    )


def broken_rule(question: str, value: Any) -> str | None:
    """Return the rule that an answer breaks, or None."""
    if question not in questions():
        meant = get_close_matches(question, questions(), n=1)
        return "there is no such question" + "".join(f"; did you mean {name}?" for name in meant)
    choices = questions()[question]
    if isinstance(choices, list):
        return None if value in choices else f"choose one of {', '.join(choices)}"
    rule = {"project_slug": slug_rule, "author_email": email_rule}.get(question, text_rule)
    return rule(str(value))


def set_value(variable: str) -> Any:
    """Return what the template sets a variable to, with the given answers."""
    stated = questions()[variable]
    if variable.startswith("__") and isinstance(stated, str):
        return Environment().from_string(stated).render(cookiecutter=ANSWERS)  # noqa: S701 -- no HTML
    return stated


def refusals() -> list[str]:
    """Return a line for each answer, and each set of answers, that cannot be."""
    if template() is None and "_repo_dir" in ANSWERS:
        return [f"{ANSWERS['_repo_dir']!a}: give the absolute path of the template's folder"]
    asked = {question: value for question, value in ANSWERS.items() if question[:1] != "_"}
    facts = {f"{question}={value}" for question, value in asked.items()}
    broken = ((question, value, broken_rule(question, value)) for question, value in asked.items())
    return [
        *(
            f"{ascii(question)[1:-1]} = {ascii(value)[:60]}: {rule}"
            for question, value, rule in broken
            if rule
        ),
        *(
            f"{' with '.join(row['if'])}: {row['because']}"
            for row in ANSWERS.get("_impossible", ())
            if facts.issuperset(row["if"])
        ),
    ] or [
        f"{variable} = {ascii(ANSWERS[variable])[:60]}: the template sets this itself, here to "
        f"{ascii(set_value(variable))[:60]}"
        for variable in questions()
        if variable[0] == "_" and variable in ANSWERS and ANSWERS[variable] != set_value(variable)
    ]


def remove_the_way(project: Path, output: Path) -> None:
    """Remove the empty folders on the way to a slug such as `a/b`: cookiecutter forgets them."""
    way = [folder for folder in project.parents if folder not in (output, *output.parents)]
    for folder in (project, *way) if way else ():
        with suppress(OSError):
            folder.rmdir()


def main() -> None:
    """Refuse with at most five lines, or say nothing."""
    if lines := refusals():
        remove_the_way(Path.cwd(), Path(ANSWERS.get("_output_dir", "..")).resolve())
        sys.exit("\n".join(lines[:5]))


if __name__ == "__main__":
    main()
