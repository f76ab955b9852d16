"""Every combination of answers, read from the questions themselves.

Imports the standard library only, so that the noxfile can name the combinations
before anything is installed.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
OWNER = ROOT / "proof" / "owner"  # tests that are laid over services: see proof/plumbing.py

# Answers that change a text or an interpreter. The product takes the default; what another one
# changes is proven by variants of some combinations.
ONE_FOR_ALL = ("license", "python_version")


@dataclass(frozen=True)
class Combination:
    """One answer to each question that changes what the service is made of.

    Attributes:
        answers: the answers by question.
        refused_because: the reason, where the answers cannot be combined.
        variant: whether it has another answer to a question that multiplies nothing.
        whole: whether it is proven by all checks; a variant that is not, by those of its files.
    """

    answers: dict[str, str]
    refused_because: str | None = None
    variant: bool = False
    whole: bool = True

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


def wrong_answers(given: Iterable[str], questions: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with answers such as `framework=flask`; options are left alone."""
    asked = [question for question in questions if not question.startswith("_")]
    for question, _, answer in (word.partition("=") for word in given if word[:1] != "-"):
        if question not in asked:
            meant = "".join(f"; did you mean {q}?" for q in get_close_matches(question, asked, n=1))
            yield f"{question}: there is no such question{meant}"
        elif answer not in choices(questions).get(question, [answer]):
            offered = ", ".join(questions[question])
            yield f"{question} = {answer!r}: choose one of {offered}"


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


def variants(questions: dict[str, Any]) -> list[Combination]:
    """Return combinations with the other answers to the questions that multiply nothing.

    For each of these answers, every deploy target and every kind of pipeline occurs once; the
    first such variant is proven as a whole where the answer names an interpreter.
    """
    possible = [c for c in product(questions) if not c.refused_because]
    targets: dict[str, list[Combination]] = {}
    for combination in possible:
        others = {q: a for q, a in combination.answers.items() if q not in {"deploy", "ci"}}
        if others == {q: questions[q][0] for q in others}:
            targets.setdefault(combination.answers["deploy"], []).append(combination)
    found = []
    for question in ONE_FOR_ALL:
        for turn, answer in enumerate(questions[question][1:]):
            for number, pipelines in enumerate(targets.values()):
                chosen = pipelines[(turn + number) % len(pipelines)]
                whole = question == "python_version" and number == 0
                answers = {**chosen.answers, question: answer}
                found.append(Combination(answers, variant=True, whole=whole))
    return found


def _why_impossible(answered: dict[str, str], questions: dict[str, Any]) -> str | None:
    facts = {f"{question}={answer}" for question, answer in answered.items()}
    rows = questions["_impossible"]
    return next((row["because"] for row in rows if facts.issuperset(row["if"])), None)


def everything() -> list[Combination]:
    """Return all combinations of this template, and the variants."""
    questions = read_questions()
    return product(questions) + variants(questions)


def template_files() -> list[Path]:
    """Return what a user's clone holds of the template, so that no cache leaks into a project."""
    return clone_files("cookiecutter.json", "hooks", "{{cookiecutter.project_slug}}")


def clone_files(*places: str) -> list[Path]:
    """Return what a clone holds, in some places or all, changes not yet committed included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    listed = subprocess.run(
        [*command, *places],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    return sorted(path for name in set(listed.split("\0")) - {""} if (path := ROOT / name).exists())
