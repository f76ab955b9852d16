"""Answers: refused without a trace, or found again in every file just as they were given."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cookiecutter.exceptions import FailedHookException, OutputDirExistsException
from cookiecutter.main import cookiecutter
from cookiecutter.utils import create_env_with_context
from hypothesis import given, settings
from hypothesis import strategies as st

from proof import matrix
from proof.generation import context, generate, load_hook, make_quick, user_settings
from proof.reading import read_project

if TYPE_CHECKING:
    from collections.abc import Callable


QUESTIONS = matrix.read_questions()

posix = pytest.mark.skipif(os.name != "posix", reason="Windows makes no such folder")

# Answers that nothing else in a project says, so that every place of theirs can be found.
MARKERS = {
    "project_name": "Nominal Marker",
    "project_slug": "slug-marker",
    "description": "A described marker.",
    "author_name": "Author Marker",
    "author_email": "email@marker.example",
}

FREE_TEXTS = ["project_name", "description", "author_name"]

REFUSED_TEXTS = [
    "",
    "   ",
    "\u00a0",
    "a" * 201,
    'say "hello"',
    '"""',
    "back\\slash",
    "trailing\\",
    "C:\\new\\table",
    "line\nbreak",
    "carriage\rreturn",
    "both\r\n",
    "tab\tstop",
    "nul\0",
    "bell\a",
    "escape\x1b[31m",
    "delete\x7f",
    "next\x85line",
    "line\u2028separator",
    "paragraph\u2029separator",
    "bidi\u202eoverride",
    "isolate\u2066",
    "mark\u200f",
    "byte order\ufeffmark",
    "not a character\uffff",
    "lone \ud83d surrogate",
    "{{ 7*7 }}",
    "{% raw %}",
    "{# comment #}",
    "#% if true",
    "  #% endif",
]

REFUSED_SLUGS = [
    "1abc",
    "My-Service",
    "my_service",
    "my service",
    "my--service",
    "-service",
    "service-",
    "a" * 49,
    "Прилад",
    "ﬁx",
    "rocket-🚀",
    "class",
    "import",
    "json",
    "asyncio",
    "email",
    "test",
    "app",
    "tests",
    "migrations",
    "fastapi",
    "flask",
    "alembic",
    "sqlalchemy",
    "pydantic",
    "pydantic-settings",
    "pytest",
    "~",
    "a b;touch c",
    "$(touch c)",
]

# Windows itself makes no such folders, or does not let go of them.
REFUSED_FOLDERS = [
    "   ",
    "service\n",
    "con",
    "nul",
    "aux",
    "com1",
    "lpt9",
    "../escaped",
    "../../escaped",
    "a/b",
    "a/b/c",
]

REFUSED_EMAILS = [
    "not-an-email",
    "@example.org",
    "me@",
    "me@localhost",
    "a@b@example.org",
    "a b@example.org",
    ".a@example.org",
    "a..b@example.org",
    "me@exa mple.org",
    'a"b@example.org',
    "a" * 200 + "@example.org",
    "Zoë@example.org",
]

REFUSED = [
    *((question, value) for question in FREE_TEXTS for value in REFUSED_TEXTS),
    *(("project_slug", value) for value in REFUSED_SLUGS),
    *(pytest.param("project_slug", value, marks=posix) for value in REFUSED_FOLDERS),
    *(("author_email", value) for value in REFUSED_EMAILS),
]

ACCEPTED_TEXTS = [
    "O'Brien & Söhne",
    "`backticks`, $HOME, ${HOME} and $(id)",
    "# not a comment",
    "key: value, [a], {b}",
    "100 % sure, 50% off %s %(name)s",
    "'''triple'''",
    "</script><script>",
    "- item",
    "! & * | > @ ?",
    "yes",
    "null",
    "3.10",
    "0x1F",
    "~",
    "  surrounded by blanks  ",
    "日本語 Прилад العربية",
    "👩\u200d🚀 🚀",
    "{ braces } %} }} #}",
    "a" * 200,
]

ACCEPTED_EMAILS = ["O'Brien@x.org", "a+b@x.org", "a.b-c_d@mail.example.co.uk", "{a}@x.org"]

ACCEPTED = [
    *((question, text) for question in FREE_TEXTS for text in ACCEPTED_TEXTS),
    *(("author_email", email) for email in ACCEPTED_EMAILS),
    *(("project_slug", slug) for slug in ("a", "a1-b2", "match", "type", "a" * 48)),
]


def snapshot(folder: Path) -> dict[Path, bytes | None]:
    """Return everything below a folder."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    """Return a folder with something in it, whose subfolder `out` takes projects."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("notes", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("question", "answer"), REFUSED)
def test_a_bad_answer_is_refused_without_a_trace(
    question: str, answer: str, template: Path, parent: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(parent)
    # Cookiecutter fails to remove the folder of a slug such as `a/b`, which is gone already.
    with pytest.raises((FailedHookException, FileNotFoundError)):
        generate(template, parent / "out", {question: answer})
    assert snapshot(parent) == before
    told = capfd.readouterr().err
    assert told.isascii()
    assert len(told.splitlines()) <= 5
    assert f"{question} = {ascii(answer)[:60]}: " in told


@pytest.mark.parametrize("slug", ["", ".", "..", "a" * 300])
def test_cookiecutter_itself_refuses_what_is_no_new_folder(
    slug: str, template: Path, parent: Path
) -> None:
    before = snapshot(parent)
    with pytest.raises((OutputDirExistsException, OSError)):
        generate(template, parent / "out", {"project_slug": slug})
    assert snapshot(parent) == before


@pytest.mark.parametrize("question", matrix.choices(QUESTIONS))
def test_an_answer_off_the_list_is_refused(question: str, template: Path, parent: Path) -> None:
    before = snapshot(parent)
    with pytest.raises(ValueError, match=question):
        generate(template, parent / "out", {question: "moon"})
    assert snapshot(parent) == before


def replay(template: str, output: Path, answers: dict[str, Any]) -> Path:
    """Generate a project from a replay file."""
    make_quick()
    file = output.parent / "replay.json"
    file.write_text(json.dumps({"cookiecutter": answers}), encoding="utf-8")
    with user_settings() as settings:
        project = cookiecutter(
            template, replay=str(file), output_dir=str(output), config_file=str(settings)
        )
    return Path(project)


@pytest.fixture(params=["folder", "archive", "repository"])
def source(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> str:
    """Return the template as cookiecutter may be given it."""
    if request.param == "folder":
        return str(template)
    if request.param == "archive":
        return shutil.make_archive(str(tmp_path / "zip"), "zip", template.parent, template.name)
    repository = shutil.copytree(template, tmp_path / "repository.git")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", str(repository), *command], check=True)
    return repository.as_uri()


# What was edited in a replay file, and what is said of it.
EDITED = [
    ({"framework": "django"}, "framework = 'django': choose one of fastapi, flask"),
    ({"framework": "flask"}, "__async = 'yes': the template sets this itself, here to 'no'"),
    ({"frame": "flask"}, "frame = 'flask': there is no such question; did you mean framework?"),
    ({"fram\u00e9work\x1b": "flask"}, "fram\\xe9work\\x1b = 'flask': there is no such question"),
    ({"_copy_without_render": []}, "_copy_without_render = []: the template sets this itself"),
]


@pytest.mark.parametrize(("edited", "told"), EDITED)
def test_a_replay_file_that_contradicts_the_template_is_refused(
    edited: dict[str, Any],
    told: str,
    source: str,
    parent: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = snapshot(parent / "out")
    with pytest.raises(FailedHookException):
        replay(source, parent / "out", context(matrix.ROOT)["cookiecutter"] | edited)
    assert snapshot(parent / "out") == before
    assert told in capfd.readouterr().err


def test_a_replay_file_gives_the_same_project(source: str, template: Path, parent: Path) -> None:
    project = replay(source, parent / "out", context(template)["cookiecutter"])
    assert (project / "pyproject.toml").is_file()


def test_a_variable_that_follows_from_the_answers_cannot_be_given(
    bake: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FailedHookException):
        bake(framework="flask", __async="yes")
    assert "__async = 'yes': the template sets this itself, here to 'no'" in capfd.readouterr().err


def test_a_demo_of_what_is_not_asked_is_refused() -> None:
    given = [
        "--verbose",
        "project_name=A",
        "auth=none",
        "frame=flask",
        "framework=django",
        "x",
        "__async=no",
    ]
    assert list(matrix.wrong_answers(given, QUESTIONS)) == [
        "frame: there is no such question; did you mean framework?",
        "framework = 'django': choose one of fastapi, flask",
        "x: there is no such question",
        "__async: there is no such question",
    ]


def test_every_package_that_a_service_installs_is_refused_as_a_slug(template: Path) -> None:
    hook = load_hook(template, "pre_gen_project", context(template))
    (source,) = template.glob("*/uv.lock")
    lock = source.read_text("utf-8")
    asked = set(re.findall(r"cookiecutter\.(\w+)", lock))
    distinct = {}
    for combination in matrix.product(QUESTIONS):
        answered = context(template, combination.answers)
        distinct[tuple(answered["cookiecutter"][question] for question in asked)] = answered
    assert len(distinct) > 1
    for answered in distinct.values():
        for name in packages_of(lock, answered) - {"my-service"}:
            assert hook.slug_rule(name), name


def packages_of(lock: str, answered: dict[str, Any]) -> set[str]:
    """Return the names in the lock file that these answers get."""
    rendered = create_env_with_context(answered).from_string(lock).render(**answered)
    return {package["name"] for package in tomllib.loads(rendered)["package"]}


def test_the_template_is_found_when_it_is_a_relative_path(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = context(template)
    answered["cookiecutter"] |= {"_repo_dir": template.name, "_output_dir": str(tmp_path)}
    hook = load_hook(template, "pre_gen_project", answered)
    monkeypatch.setenv("PWD", str(template.parent))
    assert "sqlalchemy" in hook.dependencies()


def test_a_template_that_is_not_found_is_refused(template: Path, tmp_path: Path) -> None:
    answered = context(template)
    answered["cookiecutter"] |= {"_repo_dir": "gone", "_output_dir": str(tmp_path)}
    (refusal,) = load_hook(template, "pre_gen_project", answered).refusals()
    assert refusal == "'gone': give the absolute path of the template's folder"


def test_cruft_which_does_not_say_where_the_template_is_can_generate(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = context(template)
    del answered["cookiecutter"]["_repo_dir"], answered["_cookiecutter"]
    for name in ("project", "PWD"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("PWD", str(tmp_path / "PWD"))
    assert load_hook(template, "pre_gen_project", answered).refusals() == []


def test_a_folder_with_something_in_it_is_refused(
    template: Path, parent: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (parent / "out" / "taken").mkdir()
    (parent / "out" / "taken" / "mine.txt").write_text("mine", encoding="utf-8")
    before = snapshot(parent)
    with pytest.raises(OutputDirExistsException):
        generate(template, parent / "out", {"project_slug": "taken"})
    with pytest.raises(FailedHookException):
        generate(template, parent / "out", {"project_slug": "taken"}, overwrite=True)
    assert "project_slug = 'taken': the folder of this name is not empty" in capfd.readouterr().err
    assert snapshot(parent) == before


def test_an_empty_folder_can_be_filled(template: Path, parent: Path) -> None:
    (parent / "out" / "taken").mkdir()
    project = generate(template, parent / "out", {"project_slug": "taken"}, overwrite=True)
    assert (project / "pyproject.toml").is_file()


def test_many_bad_answers_are_told_in_five_lines(
    bake: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FailedHookException):
        bake(**dict.fromkeys(MARKERS, "{{"))
    assert len(capfd.readouterr().err.splitlines()) == 5


def read_files(project: Path) -> dict[str, object]:
    """Return what the files of a project say, but for its secrets and the order of packages."""
    files = {name: said for name, said in read_project(project).items() if name != ".env"}
    packages = str(files["uv.lock"]).split("\n[[package]]\n")
    return files | {"uv.lock": dict.fromkeys(packages)}


@pytest.fixture(scope="module")
def marked(bake_session: Callable[..., Path]) -> dict[str, object]:
    """Return what the files of a project say whose answers are the markers."""
    return read_files(bake_session(**MARKERS))


def expected(marked: object, answers: dict[str, str]) -> object:
    """Return what the files say when the given answers stand where the markers stood."""
    match marked:
        case str():
            pattern = "|".join(map(re.escape, MARKERS.values()))
            given = {marker: answers[question] for question, marker in MARKERS.items()}
            return re.sub(pattern, lambda found: given[found[0]], marked)
        case dict():
            return {expected(k, answers): expected(v, answers) for k, v in marked.items()}
        case list():
            return [expected(element, answers) for element in marked]
        case _:
            return marked


@pytest.mark.parametrize(("question", "answer"), ACCEPTED)
def test_a_strange_but_good_answer_is_found_again_everywhere(
    question: str, answer: str, bake: Callable[..., Path], marked: dict[str, object]
) -> None:
    answers = MARKERS | {question: answer}
    assert read_files(bake(**answers)) == expected(marked, answers)


ANY_TEXT = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\"\\\n`'$#:%{}"), max_size=30
)
GOOD_TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\')
    | st.sampled_from("'`$#:%{}[]&*!|>-, "),
    max_size=60,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    answers=st.fixed_dictionaries(dict.fromkeys(FREE_TEXTS, GOOD_TEXT))
    | st.fixed_dictionaries(dict.fromkeys(FREE_TEXTS, ANY_TEXT))
)
def test_any_answer_is_refused_without_a_trace_or_found_again(
    answers: dict[str, str],
    template: Path,
    marked: dict[str, object],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    answers = MARKERS | answers
    folder = tmp_path_factory.getbasetemp() / "any"  # the same, so that Jinja knows the paths
    folder.mkdir()
    try:
        files = read_files(generate(template, folder, answers))
    except FailedHookException:
        assert not snapshot(folder)
    else:
        assert files == expected(marked, answers)
    finally:
        shutil.rmtree(folder)
