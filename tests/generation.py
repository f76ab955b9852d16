"""Generating projects as a user's cookiecutter does, apart from this machine's settings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from cookiecutter.generate import generate_context
from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config
from cookiecutter.utils import create_env_with_context

from tests import matrix


def copy_template(destination: Path) -> Path:
    """Copy what git knows of the template, and return the copy."""
    for path in matrix.template_files():
        copy = destination / path.relative_to(matrix.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return destination


def generate(
    template: Path, output: Path, answers: dict[str, str], *, overwrite: bool = False
) -> Path:
    """Generate a project and return its folder. An answer means what it would when typed."""
    with TemporaryDirectory() as home:
        settings = Path(home, "settings.yaml")
        settings.write_text(json.dumps({"cookiecutters_dir": home, "replay_dir": home}), "utf-8")
        project = cookiecutter(
            str(template),
            no_input=True,
            extra_context=typed(template, answers),
            output_dir=str(output),
            overwrite_if_exists=overwrite,
            config_file=str(settings),
        )
    return Path(project)


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
