"""Checks of documents, examples and ignore files: they are correct.

Everything is decided from the texts of a project; no command is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proof.documents import addresses, commands, databases, ignored, places, settings
from proof.documents.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# `commands` comes first, since it notes the files that commands make.
CHECKS = (
    commands.verdicts,
    places.links,
    places.paths,
    places.layout,
    places.names,
    places.code,
    settings.named,
    settings.table,
    settings.repeated,
    settings.examples,
    addresses.verdicts,
    databases.verdicts,
    ignored.verdicts,
)

# Without these there is nothing to compare.
WANTED = (
    ".env.example",
    ".gitignore",
    "AGENTS.md",
    "README.md",
    "pyproject.toml",
    "src/app/commands/serve.py",
    "src/app/core/settings/model.py",
)


def complaints(files: Mapping[str, str], answers: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each thing that is wrong with a project's documents.

    Args:
        files: the texts of all its files by path.
        answers: the answers that it was generated with.
    """
    yield from dict.fromkeys(filter(None, verdicts(files)))
    if "README.md" in files:
        yield from _untold(files, answers)


def verdicts(files: Mapping[str, str]) -> Iterator[str | None]:
    """Yield for each statement what is wrong with it, or None."""
    missing = [f"there is no {file}" for file in WANTED if file not in files]
    yield from missing
    project = Project(files)
    for check in CHECKS if not missing else ():
        yield from check(project)


def _untold(files: Mapping[str, str], answers: Mapping[str, str]) -> Iterator[str]:
    """Yield what the pages of such a project have to say, and do not."""
    pipelines = {"github": ".github/workflows/ci.yml", "gitlab": ".gitlab-ci.yml"}
    wanted = ["](AGENTS.md)", "uv run app", "uv run pytest"]
    wanted += [f"`{pipelines[ci]}`"] if (ci := answers.get("ci")) in pipelines else []
    wanted += ["](docs/deploy.md)"] if answers.get("deploy", "none") != "none" else []
    if answers.get("database") == "postgresql":
        wanted += ["\nDATABASE__URL=postgresql://", "TEST_DATABASE_URL=postgresql://"]
    for words in wanted:
        if words not in files["README.md"]:
            yield f"README.md does not have {words.strip()}"
    project = Project(files)
    for name in project.app.verbs:
        if f"app {name}" not in files["README.md"]:
            yield f"README.md does not tell of the command {name}"
