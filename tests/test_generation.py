"""What comes out, for every combination of answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from proof import matrix, projects
from proof.generation import context, load_hook
from proof.leftovers import leftovers, words_of_other_answers
from proof.reading import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


# The matrix generates the others with network and programs forbidden to its process.
WITHOUT_NETWORK = [
    c
    for c in matrix.product(matrix.read_questions())
    if c.answers["deploy"] == "none" and c.answers["ci"] == "none"
]


@pytest.mark.parametrize("auth", matrix.choices(matrix.read_questions())["auth"])
def test_only_the_secrets_differ_between_two_generations(
    auth: str, bake: Callable[..., Path]
) -> None:
    once, again = (contents(bake(auth=auth)) for _ in range(2))
    example = once[".env.example"]
    assert (once.pop(".env") == again.pop(".env")) == (b"=change-me" not in example)
    assert once == again


def test_what_leaves_nothing_to_other_programs_is_held_to_it() -> None:
    guarded = projects.isolation()
    with guarded(), pytest.raises(PermissionError, match=r"socket\."):
        socket.create_connection(("127.0.0.1", 9))
    with guarded(), pytest.raises(PermissionError, match=r"subprocess\.Popen"):
        subprocess.run(["true"], check=False)
    assert subprocess.run([sys.executable, "-c", ""], check=False).returncode == 0


def test_secrets_are_fresh_and_for_the_owner_alone(bake: Callable[..., Path]) -> None:
    env = bake(auth="jwt") / ".env"
    (secret,) = re.findall(
        r"^AUTH__SECRET_KEY=(.*)$", env.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert re.fullmatch(r"[\w-]{43}", secret)
    if os.name == "posix":
        assert stat.S_IMODE(env.stat().st_mode) == 0o600


def test_only_the_gateway_of_flask_projects_holds_async(bake: Callable[..., Path]) -> None:
    modules = bake(framework="flask").rglob("*.py")
    found = [m.name for m in modules if re.search(r"\b(async|await) ", m.read_text("utf-8"))]
    assert found == ["gateway.py"]


def test_the_next_steps_are_told_in_ascii(
    bake: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    bake(project_name="Zoë's Café")
    told = capfd.readouterr().out
    assert "cd zoe-s-cafe" in told
    assert told.isascii()


def run_cookiecutter(
    template: Path,
    output: Path,
    *answers: str,
    env: dict[str, str] | None = None,
    out: int = subprocess.PIPE,
    err: int = subprocess.PIPE,
) -> subprocess.CompletedProcess[str]:
    """Run the command itself, in an environment of its own."""
    settings = output.parent / "settings.yaml"
    home = str(output.parent)
    settings.write_text(json.dumps({"cookiecutters_dir": home, "replay_dir": home}), "utf-8")
    command = [sys.executable, "-m", "cookiecutter", "--config-file", str(settings)]
    return subprocess.run(
        [*command, str(template), "--no-input", "-o", str(output), *answers],
        env=os.environ | (env or {}),
        check=False,
        stdout=out,
        stderr=err,
        encoding="utf-8",
        errors="surrogateescape",
    )


def can_cut_the_network() -> bool:
    """Return whether this machine lets a process give up its network."""
    try:
        return subprocess.run(["unshare", "-rn", "true"], check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not can_cut_the_network(), reason="CANNOT CUT THE NETWORK ON THIS MACHINE")
def test_generation_needs_no_network(template: Path, tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from proof import generation
for name, answers in {[(c.id, c.answers) for c in WITHOUT_NETWORK]!r}:
    generation.generate(Path({str(template)!r}), Path({str(tmp_path)!r}, name), answers)
"""
    subprocess.run(["unshare", "-rn", sys.executable, "-c", program], cwd=matrix.ROOT, check=True)
    assert len(list(tmp_path.glob("*/my-service/pyproject.toml"))) == len(WITHOUT_NETWORK)


def test_generation_needs_neither_git_nor_uv(template: Path, tmp_path: Path) -> None:
    run = run_cookiecutter(template, tmp_path / "out", env={"PATH": ""})
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["cp1252", "C"],
)
def test_an_old_console_gets_a_whole_project_or_none(
    env: dict[str, str], template: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    run = run_cookiecutter(template, output, "author_name=Zoë", "project_slug=zoe", env=env)
    if run.returncode:
        assert "author_name" in run.stderr
        assert not list(output.iterdir())
    else:
        assert "Zoë" in (output / "zoe" / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    """Give the writing end of a pipe whose reader has gone, as `head` goes."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def test_a_closed_pipe_does_not_undo_a_project(
    closed_pipe: int, template: Path, tmp_path: Path
) -> None:
    run = run_cookiecutter(template, tmp_path / "out", out=closed_pipe)
    assert (run.returncode, run.stderr) == (0, "")
    assert (tmp_path / "out" / "my-service" / ".env").exists()


def test_a_closed_pipe_does_not_let_a_refused_answer_through(
    closed_pipe: int, template: Path, tmp_path: Path
) -> None:
    answer = "project_slug=class"
    run = run_cookiecutter(template, tmp_path / "out", answer, out=closed_pipe, err=closed_pipe)
    assert run.returncode
    assert not list((tmp_path / "out").iterdir())


def test_windows_line_ends_in_a_checkout_do_not_reach_the_project(
    bake: Callable[..., Path], template: Path, tmp_path: Path
) -> None:
    origin, checkout = tmp_path / "origin", tmp_path / "checkout"
    shutil.copytree(template, origin)
    shutil.copy(matrix.ROOT / ".gitattributes", origin)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", str(origin), *command], check=True)
    clone = ["git", "-c", "core.autocrlf=true", "clone", "-q", str(origin), str(checkout)]
    subprocess.run(clone, check=True)
    files = contents(bake(checkout))
    assert not [name for name, content in files.items() if b"\r" in content]


# The hook, apart from this template's own options.


def test_narrower_folders_win_and_sums_satisfy_their_parts(template: Path, tmp_path: Path) -> None:
    hook = load_hook(template, "post_gen_project", context(template))
    for condition in ("auth=jwt", "auth=jwt,framework=flask", "auth=oidc", "x=yes"):
        folder = tmp_path / "_options" / condition
        folder.mkdir(parents=True)
        (folder / "told_by.txt").write_text(condition, encoding="utf-8")
        (folder / condition).touch()
    known = hook.facts({"framework": "flask", "auth": "jwt+api_key", "__x": "yes", "_y": []})
    hook.lay_options(tmp_path, known)
    assert sorted(contents(tmp_path)) == [
        "auth=jwt",
        "auth=jwt,framework=flask",
        "told_by.txt",
        "x=yes",
    ]
    assert (tmp_path / "told_by.txt").read_text("utf-8") == "auth=jwt,framework=flask"


def test_folders_that_no_option_fills_are_removed(template: Path, tmp_path: Path) -> None:
    hook = load_hook(template, "post_gen_project", context(template))
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "c").touch()
    hook.remove_empty_folders(tmp_path)
    assert list(contents(tmp_path)) == ["c"]


# Adding an answer.


def test_a_deploy_target_is_a_folder_and_a_word(
    bake: Callable[..., Path], template_copy: Path
) -> None:
    questions = matrix.read_questions(template_copy)
    questions["deploy"].append("moon")
    questions["__prompts__"]["deploy"]["moon"] = "The moon"
    (template_copy / "cookiecutter.json").write_text(json.dumps(questions), encoding="utf-8")
    (folder,) = template_copy.glob("*/_options")
    (folder / "deploy=moon").mkdir()
    (folder / "deploy=moon" / "rocket.txt").write_text("up\n", encoding="utf-8")

    combinations = [c for c in matrix.product(questions) if c.answers["deploy"] == "moon"]
    project = bake(template_copy, **combinations[0].answers)
    assert (project / "rocket.txt").read_text(encoding="utf-8") == "up\n"
    texts = {name: content.decode() for name, content in contents(project).items()}
    assert not leftovers(texts, combinations[0].answers)
    assert not (bake(template_copy, deploy="none") / "rocket.txt").exists()


def test_a_secret_may_spell_another_answer() -> None:
    line = "AUTH__SECRET_KEY=2LkMqhkVqpyO-AWS18l9V5QVs8YKLldb1TmfgM0MonQ\n"
    assert not [*words_of_other_answers({".env": line}, {"deploy": "fly"})]
    assert [*words_of_other_answers({".env.example": line}, {"deploy": "fly"})]


def test_an_impossible_pair_is_refused_with_its_reason(template_copy: Path, tmp_path: Path) -> None:
    questions = matrix.read_questions(template_copy)
    questions["_impossible"] = [
        {"if": ["deploy=compose", "database=sqlite"], "because": "the disk does not last"}
    ]
    (template_copy / "cookiecutter.json").write_text(json.dumps(questions), encoding="utf-8")

    refused = [c for c in matrix.product(questions) if c.refused_because]
    assert {c.answers["deploy"] for c in refused} == {"compose"}
    run = run_cookiecutter(template_copy, tmp_path / "out", "deploy=compose", "database=sqlite")
    assert run.returncode == 1
    assert "deploy=compose with database=sqlite: the disk does not last" in run.stderr
    assert not list((tmp_path / "out").iterdir())
