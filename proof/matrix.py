"""Every combination of answers, read from the questions themselves.

Imports the standard library only, so that the noxfile can name the combinations
before anything is installed.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

# Answers that change a text or an interpreter, so one of them stands for all.
ONE_FOR_ALL = {"license", "python_version"}


@dataclass(frozen=True)
class Combination:
    """One answer to each question that changes what the service is made of."""

    answers: dict[str, str]
    refused_because: str | None = None

    @property
    def id(self) -> str:
        """Return the name of its session, such as `flask-jwt-compose-postgresql-github`."""
        return "-".join(self.answers.values())

    @property
    def tags(self) -> list[str]:
        """Return its answers as `question=answer`, by which nox selects slices."""
        return [f"{question}={answer}" for question, answer in self.answers.items()]


def read_questions(template: Path = ROOT) -> dict[str, Any]:
    """Return cookiecutter.json: the questions, their answers and the pairs that cannot be."""
    questions: dict[str, Any] = json.loads((template / "cookiecutter.json").read_text("utf-8"))
    return questions


def choices(questions: dict[str, Any]) -> dict[str, list[str]]:
    """Return the answers to every question that offers some."""
    return {
        question: answers
        for question, answers in questions.items()
        if isinstance(answers, list) and not question.startswith("_")
    }


def product(questions: dict[str, Any]) -> list[Combination]:
    """Return all combinations, those that `_impossible` refuses with the reason."""
    offered = {
        question: answers
        for question, answers in choices(questions).items()
        if question not in ONE_FOR_ALL
    }
    combinations = []
    for answers in itertools.product(*offered.values()):
        answered = dict(zip(offered, answers, strict=True))
        combinations.append(Combination(answered, _why_impossible(answered, questions)))
    return combinations


def _why_impossible(answered: dict[str, str], questions: dict[str, Any]) -> str | None:
    facts = {f"{question}={answer}" for question, answer in answered.items()}
    rows = questions["_impossible"]
    return next((row["because"] for row in rows if facts.issuperset(row["if"])), None)


def template_files() -> list[Path]:
    """Return what a user's clone holds of the template, so that no cache leaks into a project."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    listed = subprocess.run(
        [*command, "cookiecutter.json", "hooks", "{{cookiecutter.project_slug}}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    return sorted(path for name in set(listed.split("\0")) - {""} if (path := ROOT / name).exists())
