"""The sources of services, and of what is laid over them, before anything is rendered."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proof import matrix
from proof.generation import context, load_hook
from proof.plumbing import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTIONS = matrix.read_questions()
SERVICE = matrix.ROOT / "{{cookiecutter.project_slug}}"
LAID = [SERVICE, OWNER]
PYTHON_SOURCES = [path for path in matrix.clone_files(*map(str, LAID)) if path.suffix == ".py"]


def shown(path: Path) -> str:
    """Return a source's path as a short test id."""
    (folder,) = (folder for folder in LAID if folder in path.parents)
    return path.relative_to(folder if folder is SERVICE else matrix.ROOT).as_posix()


@pytest.fixture(scope="module")
def facts_of_combinations(template: Path) -> list[set[str]]:
    """Return the facts, those of private variables included, of every combination."""
    answered = [
        context(template, combination.answers)
        for combination in matrix.product(QUESTIONS)
        if not combination.refused_because
    ]
    hook = load_hook(template, "post_gen_project", answered[0])
    return [hook.facts(given["cookiecutter"]) for given in answered]


def condition(folder: Path) -> set[str]:
    """Return the condition that a folder is named for."""
    return set(folder.name.split(","))


def option_folders() -> list[Path]:
    """Return the folders of options that git knows."""
    return sorted({folder for folder, _ in option_files()})


def option_files() -> Iterator[tuple[Path, Path]]:
    """Yield the folder of each file of options that git knows, and its path in a service."""
    for path in matrix.clone_files(*map(str, LAID)):
        place, options, inside = path.as_posix().partition("/_options/")
        if options:
            folder, _, name = inside.partition("/")
            yield Path(place, "_options", folder), Path(name)


# Rule 1: Python sources hold no Jinja.


@pytest.mark.parametrize("source", PYTHON_SOURCES, ids=shown)
def test_python_sources_hold_no_jinja(source: Path) -> None:
    assert not re.findall(r"\{\{|\{%|#%", source.read_text(encoding="utf-8"))


def test_no_blank_line_is_lost_after_a_line_of_jinja() -> None:
    """Jinja takes it along, so one that shall stay stands before that line."""
    lost = re.compile(r"^.+\n[ \t]*#% .*\n(?=\n)", re.MULTILINE)
    texts = [path for path in matrix.template_files() if SERVICE in path.parents]
    found = {
        shown(path): match[0]
        for path in texts
        if (match := lost.search(path.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize("place", LAID, ids=lambda place: place.name)
@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_accepts_the_sources_before_rendering(command: list[str], place: Path) -> None:
    caches = list(place.rglob(".ruff_cache"))
    settings = ["--config", str(SERVICE / "pyproject.toml")]
    settings += ["--config", 'lint.isort.known-first-party = ["app", "tests"]']
    # Folders of options hold parts of packages.
    parts = ["--extend-ignore", "INP001"] if command == ["check"] else []
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache", *settings, *parts, place],
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert list(place.rglob(".ruff_cache")) == caches


# Rule 3: a folder is named for a condition that some answers fulfil.


@pytest.mark.parametrize("folder", option_folders(), ids=lambda folder: folder.name)
def test_a_folder_states_at_most_two_conditions(folder: Path) -> None:
    assert len(condition(folder)) <= 2
    assert folder.name == ",".join(sorted(condition(folder)))


@pytest.mark.parametrize("folder", option_folders(), ids=lambda folder: folder.name)
def test_some_answers_choose_the_folder(
    folder: Path, facts_of_combinations: list[set[str]], template: Path
) -> None:
    one_for_all = [
        load_hook(template, "post_gen_project", answered).facts(answered["cookiecutter"])
        for question in matrix.ONE_FOR_ALL
        for answer in QUESTIONS[question]
        for answered in [context(template, {question: answer})]
    ]
    assert any(condition(folder) <= facts for facts in facts_of_combinations + one_for_all)


def test_of_the_chosen_folders_with_the_same_file_one_is_the_narrowest(
    facts_of_combinations: list[set[str]], template: Path
) -> None:
    hook = load_hook(template, "post_gen_project", context(template))
    holders: dict[Path, list[set[str]]] = {}
    for folder, path in option_files():
        implied = set().union(*map(hook.implied, folder.name.split(",")))
        holders.setdefault(path, []).append(implied)
    for facts in facts_of_combinations:
        for path, conditions in holders.items():
            chosen = [implied for implied in conditions if implied <= facts]
            narrowest = max(chosen, key=len, default=set())
            assert chosen.count(narrowest) <= 1, path
            assert all(implied <= narrowest for implied in chosen), path


# Rule 4: what the hook makes of a source needs no formatter.


def drop_tokens(source: str) -> str:
    """Return the source without its async and await tokens, and the blank after each."""
    lines = io.StringIO(source).readlines()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = [token for token in tokens if token.string in {"async", "await"} and token.type == 1]
    for token in reversed(found):
        row, start, end = token.start[0] - 1, token.start[1], token.end[1]
        lines[row] = lines[row][:start] + lines[row][end + 1 :]
    return "".join(lines)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tokenize is blind in older f-strings")
@pytest.mark.parametrize("source", PYTHON_SOURCES, ids=shown)
def test_the_hook_drops_async_just_as_a_tokenizer_would(source: Path, template: Path) -> None:
    hook = load_hook(template, "post_gen_project", context(template))
    text = source.read_text(encoding="utf-8")
    assert hook.without_async(text) == drop_tokens(text)


@pytest.mark.parametrize("source", PYTHON_SOURCES, ids=shown)
def test_no_parentheses_are_left_where_an_await_was(source: Path) -> None:
    """`(await x).y` would become `(x).y`, which no linter objects to: name it first."""
    text = source.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w\])])\(await ", text)


# The questions.


def test_the_lock_file_holds_what_uv_writes_of_the_public_registry() -> None:
    lock = (SERVICE / "uv.lock").read_text(encoding="utf-8")
    files = [line for line in lock.splitlines() if "url = " in line]
    written = re.compile(
        r'(sdist =|   ) \{ url = "https://files\.pythonhosted\.org/packages/[^"]+", '
        r'hash = "sha256:[0-9a-f]{64}", size = \d+, upload-time = "[^"]+" \},?'
    )
    assert [line for line in files if not written.fullmatch(line)] == []
    assert set(re.findall(r"source = (.+)", lock)) == {
        '{ editable = "." }',
        '{ registry = "https://pypi.org/simple" }',
    }


def test_every_question_has_a_prompt_and_every_answer_a_label() -> None:
    prompts = QUESTIONS["__prompts__"]
    asked = [question for question in QUESTIONS if not question.startswith("_")]
    assert list(prompts) == asked
    for question, answers in matrix.choices(QUESTIONS).items():
        assert list(prompts[question]) == ["__prompt__", *answers]


def test_combinations_have_names_of_their_own() -> None:
    names = [combination.id for combination in matrix.product(QUESTIONS)]
    assert len(names) == len(set(names))


def test_every_impossible_pair_names_answers_that_are_offered() -> None:
    offered = {f"{q}={a}" for q, answers in matrix.choices(QUESTIONS).items() for a in answers}
    for row in QUESTIONS["_impossible"]:
        assert set(row["if"]) <= offered
        assert row["because"].isascii()


def test_the_readme_lists_the_questions_and_their_answers_in_order() -> None:
    readme = (matrix.ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?`) \| (.+) \|$", readme, re.MULTILINE)
    listed = {question: re.findall(r"`(.+?)`", answers) for question, answers in rows}
    offered = matrix.choices(QUESTIONS)
    assert {f"`{question}`": answers for question, answers in offered.items()}.items() <= (
        listed.items()
    )
    texts = [q for q in QUESTIONS if not q.startswith("_") and q not in offered]
    assert ", ".join(f"`{question}`" for question in texts) in listed
