"""The inputs of a combination: files of the template, found without generating."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from proof import matrix, modes, store
from proof.generation import context, load_hook
from proof.ledger import LEDGER

if TYPE_CHECKING:
    from pathlib import Path

    from proof.matrix import Combination


class Template:
    """A clean copy of the template, and fingerprints of it and its parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (self.project,) = (path.parent for path in folder.glob("*/_options"))
        options = self.project / "_options"
        self.hook = load_hook(folder, "post_gen_project", context(folder))
        files = [path for path in folder.rglob("*") if path.is_file()]
        base = [path for path in files if options not in path.parents]
        self.fingerprint = store.digest_of_files(files, folder)
        ledger = store.digest_of_files([LEDGER], matrix.ROOT)
        self.mechanism = store.digest(store.tools(), ledger, store.digest_of_files(base, folder))
        deciding = [folder / "cookiecutter.json", *(folder / "hooks").rglob("*.py")]
        self._facts_key = store.digest(
            "facts", store.tools(), store.digest_of_files(deciding, folder)
        )
        self._facts: dict[str, list[str]] = store.read(self._facts_key) or {}
        self._wrong_modes = {
            path: "not executable" if modes.has_shebang(path) else "executable, and no script"
            for path in sorted(self.project.rglob("*"))
            if path.is_file() and not modes.WINDOWS
            if modes.has_shebang(path) != bool(modes.mode(path))
        }
        self._folders = {
            option: (
                set().union(*map(self.hook.implied, option.name.split(","))),
                store.digest_of_files((p for p in option.rglob("*") if p.is_file()), folder),
            )
            for option in sorted(options.iterdir())
        }

    def wrong_modes(self, combination: Combination) -> list[str]:
        """Return what is wrong with the modes of a combination's files in the template itself.

        The hook mends them, for templates that come as an archive; a clone must be right.
        """
        laid = self._laid(combination)
        return [
            f"{path.relative_to(folder).as_posix()} of {folder.name}: {problem} in the template"
            for folder in (self.project, *laid)
            for path, problem in self._wrong_modes.items()
            if path.is_relative_to(folder)
            and (folder is not self.project or self.project / "_options" not in path.parents)
        ]

    def _laid(self, combination: Combination) -> list[Path]:
        """Return the folders of options that are laid over the base."""
        facts = self.facts(combination)
        return [option for option, (condition, _) in self._folders.items() if condition <= facts]

    def facts(self, combination: Combination) -> set[str]:
        """Return the facts of a combination, those of private variables included."""
        if combination.id not in self._facts:
            answered = context(self.folder, combination.answers)
            self._facts[combination.id] = sorted(self.hook.facts(answered["cookiecutter"]))
        return set(self._facts[combination.id])

    def keep_facts(self) -> None:
        """Keep the facts for the next run: to find them takes seconds for all."""
        store.keep(self._facts_key, self._facts)

    def key(self, combination: Combination) -> str:
        """Return the fingerprint of all that decides what a combination looks like."""
        laid = [self._folders[option][1] for option in self._laid(combination)]
        return store.digest(combination.id, combination.answers, self.mechanism, laid)

    def tree(self, combination: Combination) -> tuple[str, ...]:
        """Return the answers that decide what the checks of Python read."""
        return tuple(combination.answers[question] for question in self.questions_of_python())

    @cache  # noqa: B019 -- there is one template a run
    def questions_of_python(self) -> list[str]:
        """Return the questions whose answers change what the checks of Python read."""
        asked = matrix.choices(matrix.read_questions(self.folder))
        changing = {
            fact.partition("=")[0]
            for option in self._folders
            if any(option.rglob("*.py"))
            for fact in option.name.split(",")
        }
        return [question for question in asked if question in changing]
