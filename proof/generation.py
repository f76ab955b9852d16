"""Generating projects as a user's cookiecutter does, apart from this machine's settings."""

from __future__ import annotations

import contextlib
import json
import runpy
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import jinja2
from cookiecutter import hooks
from cookiecutter.exceptions import FailedHookException
from cookiecutter.generate import generate_context
from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config
from cookiecutter.utils import create_env_with_context

from proof import matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def copy_template(destination: Path) -> Path:
    """Copy what git knows of the template, and return the copy."""
    return _copy(matrix.template_files(), destination)


def copy_clone(destination: Path) -> Path:
    """Copy what a clone holds into a repository of its own, and return that."""
    _copy(matrix.clone_files(), destination)
    subprocess.run(["git", "init", "--quiet"], cwd=destination, check=True)
    return destination


def _copy(paths: Iterable[Path], destination: Path) -> Path:
    for path in paths:
        copy = destination / path.relative_to(matrix.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return destination


@cache
def make_quick() -> None:
    """Spare, in this process, what cookiecutter would do anew for each project.

    Jinja compiles each source once, and hooks run here instead of in an interpreter each.
    The matrix compares what comes of it with what the command itself makes.
    """
    compile_source = cast("Any", jinja2.Environment.compile)
    compiled: dict[tuple[object, ...], object] = {}

    def compile_once(self: Any, source: Any, *args: Any, **kwargs: Any) -> object:
        key = (self.line_statement_prefix, source, args, *sorted(kwargs.items()))
        if key not in compiled:
            compiled[key] = compile_source(self, source, *args, **kwargs)
        return compiled[key]

    def run_here(script: str, cwd: str = ".") -> None:
        try:
            with contextlib.chdir(cwd):
                runpy.run_path(script, run_name="__main__")
        except SystemExit as stop:
            if stop.code:
                print(stop.code, file=sys.stderr)
                raise FailedHookException(stop.code) from stop

    jinja2.Environment.compile = compile_once  # type: ignore[method-assign,assignment]
    hooks.run_script = run_here


def generate(
    template: Path, output: Path, answers: dict[str, str], *, overwrite: bool = False
) -> Path:
    """Generate a project and return its folder. An answer means what it would when typed."""
    make_quick()
    with user_settings() as settings:
        project = cookiecutter(
            str(template),
            no_input=True,
            extra_context=typed(template, answers),
            output_dir=str(output),
            overwrite_if_exists=overwrite,
            config_file=str(settings),
        )
    return Path(project)


@contextmanager
def user_settings() -> Iterator[Path]:
    """Yield settings of cookiecutter's for a user who has none, in a home that does not last."""
    with TemporaryDirectory() as home:
        settings = Path(home, "settings.yaml")
        settings.write_text(json.dumps({"cookiecutters_dir": home, "replay_dir": home}), "utf-8")
        yield settings


def typed(template: Path, answers: dict[str, str]) -> dict[str, str]:
    """Return the answers so that cookiecutter, which renders them, yields them unchanged."""
    questions = matrix.read_questions(template)
    if unknown := answers.keys() - questions.keys():
        message = f"cookiecutter.json does not ask for {', '.join(sorted(unknown))}"
        raise ValueError(message)
    return {
        question: answer if isinstance(questions[question], list) else f"{{{{ {answer!a} }}}}"
        for question, answer in answers.items()
    }


def context(template: Path, answers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return all that cookiecutter hands to templates and hooks."""
    asked = generate_context(
        str(template / "cookiecutter.json"), extra_context=typed(template, answers or {})
    )
    questions = {q: a for q, a in asked["cookiecutter"].items() if not q.startswith("_")}
    answered = prompt_for_config(asked, no_input=True)
    answered["_repo_dir"] = str(template)
    return {"cookiecutter": answered, "_cookiecutter": questions}


def load_hook(template: Path, name: str, context: dict[str, Any]) -> ModuleType:
    """Return a hook as a module, rendered just as cookiecutter renders it."""
    path = template / "hooks" / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    rendered = create_env_with_context(context).from_string(source).render(**context)
    module = ModuleType(name)
    exec(compile(rendered, path, "exec"), vars(module))  # noqa: S102 -- it is our own code
    return module
