"""A gate that is weakened is named, and the committed ledger holds the gates as they are."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, NamedTuple

import pytest

from proof import ledger, matrix
from proof.inputs import Template
from proof.ledger.__main__ import OF_PIPELINES, Tree, by_condition, trees, written
from proof.reading import contents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from proof.matrix import Combination

ALL = {c.id: c for c in matrix.product(matrix.read_questions())}
JWT = ALL["fastapi-jwt-none-postgresql-none"]
PYPROJECT, HOOKS = "pyproject.toml", ".pre-commit-config.yaml"


class Weakening(NamedTuple):
    """A change to a finished project, and a complaint about it.

    Attributes:
        file: it is made if it is not there.
        before: a text in it; at the end if empty, all of it if "*".
        after: what stands there instead; the file is removed if None.
        says: what one of the complaints begins with.
    """

    file: str
    before: str
    after: str | None
    says: str


WEAKENINGS = {
    "less coverage": Weakening(
        PYPROJECT,
        "fail_under = 80",
        "fail_under = 1",
        "new: pyproject.toml tool.coverage.report.fail_under = 1",
    ),
    "coverage of less": Weakening(
        PYPROJECT,
        "[tool.coverage.run]\n",
        '[tool.coverage.run]\nomit = ["*/api/*"]\n',
        "new: pyproject.toml tool.coverage.run.omit",
    ),
    "fewer rules": Weakening(
        PYPROJECT, 'select = ["ALL"]', 'select = ["F"]', "new: pyproject.toml tool.ruff.lint.select"
    ),
    "files not linted": Weakening(
        PYPROJECT,
        "[tool.ruff]\n",
        '[tool.ruff]\nextend-exclude = ["src"]\n',
        "new: pyproject.toml tool.ruff.extend-exclude",
    ),
    "mypy not strict": Weakening(
        PYPROJECT, "strict = true", "strict = false", "gone: pyproject.toml tool.mypy.strict = true"
    ),
    "mypy blind in one module": Weakening(
        PYPROJECT,
        "",
        '\n[[tool.mypy.overrides]]\nmodule = "app.auth.*"\nignore_errors = true\n',
        "new: pyproject.toml tool.mypy.overrides.app.auth.*.ignore_errors = true",
    ),
    "warnings pass": Weakening(
        PYPROJECT,
        'filterwarnings = ["error"]\n',
        "",
        "gone: pyproject.toml tool.pytest.filterwarnings",
    ),
    "tests not looked for": Weakening(
        PYPROJECT,
        'testpaths = ["tests"]',
        'testpaths = ["tests/unit"]',
        "new: pyproject.toml tool.pytest.testpaths",
    ),
    "a contract of imports gone": Weakening(
        PYPROJECT,
        '[[tool.importlinter.contracts]]\nname = "services do not import SQLAlchemy"',
        '[[tool.other.contracts]]\nname = "services do not import SQLAlchemy"',
        "gone: pyproject.toml tool.importlinter.contracts.services do not import SQLAlchemy.",
    ),
    "a contract of fewer modules": Weakening(
        PYPROJECT,
        '  "app.services",\n]',
        "]",
        "gone: pyproject.toml tool.importlinter.contracts.only app.api imports the web framework.",
    ),
    "a tool gone": Weakening(
        PYPROJECT,
        '  "pytest-cov>=7.1,<8",\n',
        "",
        "gone: pyproject.toml dependency-groups.dev.pytest-cov",
    ),
    "an older Python not promised": Weakening(
        PYPROJECT, '">=3.12"', '">=3.13"', "gone: pyproject.toml requires-python"
    ),
    "settings that nobody can read": Weakening(
        PYPROJECT, "", "[", "new: pyproject.toml cannot be read"
    ),
    "settings gone": Weakening(PYPROJECT, "*", None, "gone: pyproject.toml tool.ruff.lint.select"),
    "a hook gone": Weakening(
        HOOKS,
        "      - id: private-keys\n        name: no private keys committed\n",
        "      - id: nothing\n        name: nothing\n",
        "gone: .pre-commit-config.yaml repos.local.hooks.private-keys.language",
    ),
    "a hook of fewer files": Weakening(
        HOOKS,
        r"exclude: \.example$",
        "exclude: .*",
        "new: .pre-commit-config.yaml repos.local.hooks.secrets.exclude",
    ),
    "a hook with another argument": Weakening(
        HOOKS,
        "args: [--multiline]",
        "args: [--ignore-case]",
        "gone: .pre-commit-config.yaml repos.local.hooks.last-line.args",
    ),
    "hooks of fewer files": Weakening(
        HOOKS, "repos:\n", "exclude: ^src/\nrepos:\n", "new: .pre-commit-config.yaml exclude"
    ),
    "files ignored": Weakening(".gitignore", "", "src/app/api/\n", "new: .gitignore src/app/api/"),
    "ruff configured elsewhere": Weakening("ruff.toml", "", "", "new: ruff.toml exists"),
    "ruff configured in a folder": Weakening(
        "src/app/.ruff.toml", "", "", "new: src/app/.ruff.toml exists"
    ),
    "mypy configured elsewhere": Weakening("mypy.ini", "", "", "new: mypy.ini exists"),
    "pytest configured elsewhere": Weakening("pytest.ini", "", "", "new: pytest.ini exists"),
    "coverage configured elsewhere": Weakening(".coveragerc", "", "", "new: .coveragerc exists"),
    "all configured elsewhere": Weakening("setup.cfg", "", "", "new: setup.cfg exists"),
    "types stated beside a module": Weakening(
        "src/app/main.pyi", "", "", "new: src/app/main.pyi exists"
    ),
    "a module of tests gone": Weakening(
        "tests/api/test_items.py", "*", None, "gone: tests/api/test_items.py test functions"
    ),
    "a test gone": Weakening(
        "tests/api/test_items.py",
        "async def test_",
        "async def check_",
        "gone: tests/api/test_items.py test functions",
    ),
    "a test skipped": Weakening(
        "tests/api/test_items.py",
        "\n\nasync def test_",
        '\n\n@pytest.mark.skip(reason="slow")\nasync def test_',
        "new: tests/api/test_items.py pytest.mark.skip = 1",
    ),
    "a test that may fail": Weakening(
        "tests/api/test_items.py",
        "\n\nasync def test_",
        '\n\n@pytest.mark.xfail(strict=False, reason="?")\nasync def test_',
        "new: tests/api/test_items.py pytest.mark.xfail = 1",
    ),
    "a test of a module that may be missing": Weakening(
        "tests/unit/test_ids.py",
        "",
        '\npytest.importorskip("nothing")\n',
        "new: tests/unit/test_ids.py pytest.importorskip = 1",
    ),
    "modules of tests not collected": Weakening(
        "tests/conftest.py",
        "",
        '\ncollect_ignore = ["api/test_items.py"]\n',
        "new: tests/conftest.py collect_ignore = 1",
    ),
    "tests taken out by a hook of pytest": Weakening(
        "conftest.py",
        "",
        "def pytest_collection_modifyitems(items): del items[10:]\n",
        "new: conftest.py def pytest_collection_modifyitems = 1",
    ),
    "a finding suppressed": Weakening(
        "src/app/main.py", "", "import os  # noqa\n", "new: src/app/main.py # noqa = 1"
    ),
    "another finding suppressed": Weakening(
        "src/app/core/logging.py",
        "# noqa: ANN401",
        "# noqa",
        "new: src/app/core/logging.py # noqa = 1",
    ),
    "all findings in a module suppressed": Weakening(
        "src/app/main.py", "", "# ruff: noqa\n", "new: src/app/main.py # ruff: noqa = 1"
    ),
    "an error of types suppressed": Weakening(
        "src/app/main.py",
        "",
        "N: int = ''  # type: ignore[assignment]\n",
        "new: src/app/main.py # type: ignore[assignment] = 1",
    ),
    "all errors of types in a module suppressed": Weakening(
        "src/app/main.py",
        "",
        "# mypy: ignore-errors\n",
        "new: src/app/main.py # mypy: ignore-errors = 1",
    ),
    "lines that need no test": Weakening(
        "src/app/main.py", "", "# pragma: no cover\n", "new: src/app/main.py # pragma: no cover = 1"
    ),
    "a module not formatted": Weakening(
        "src/app/main.py", "", "# fmt: off\n", "new: src/app/main.py # fmt: off = 1"
    ),
    "a warning ignored": Weakening(
        "src/app/main.py",
        "",
        'warnings.simplefilter("ignore")\n',
        "new: src/app/main.py simplefilter = 1",
    ),
}


def texts(project: Path) -> dict[str, str]:
    """Return the texts of a project's files by path."""
    return {name: content.decode() for name, content in contents(project).items()}


@pytest.fixture(scope="module")
def finished(project_of: Callable[[Combination], Path]) -> dict[str, str]:
    """Return the texts of a project as it is generated."""
    return texts(project_of(JWT))


@pytest.mark.parametrize("weakening", WEAKENINGS.values(), ids=list(WEAKENINGS))
def test_a_weakened_gate_is_named(weakening: Weakening, finished: dict[str, str]) -> None:
    weakened = dict(finished)
    text = weakened.pop(weakening.file, "")
    assert weakening.before in {"", "*"} or weakening.before in text
    if weakening.after is not None:
        changed = text.replace(weakening.before, weakening.after, 1)
        weakened[weakening.file] = changed if weakening.before else text + weakening.after
    *found, how_to_renew = ledger.complaints(weakened, JWT.answers)
    assert any(complaint.startswith(weakening.says) for complaint in found), found
    assert "nox -s ledger" in how_to_renew


def test_the_ledger_holds_the_gates_of_every_tree_of_python_and_every_pipeline(
    template: Path, project_of: Callable[[Combination], Path]
) -> None:
    whole = Template(template)
    every = [*trees(whole, whole.questions_of_python()).values()]
    for combination in [*every, *trees(whole, OF_PIPELINES).values()]:
        found = list(ledger.complaints(texts(project_of(combination)), combination.answers))
        assert not found, combination.id


def test_the_ledger_says_how_many_tests_every_tree_of_python_has(template: Path) -> None:
    whole = Template(template)
    for combination in trees(whole, whole.questions_of_python()).values():
        assert ledger.count_tests(combination.answers) > 0, combination.id
        assert ledger.count_tests(combination.answers, "common") > 0, combination.id


def test_the_ledger_holds_what_the_tests_assert_that_are_laid_over_services() -> None:
    assert ledger.laid() == ledger.committed()["laid"]["all"]


def test_answers_without_a_line_have_no_tests() -> None:
    assert ledger.count_tests(JWT.answers | {"auth": "unheard-of"}) == 0


def test_a_line_stands_once_under_the_condition_of_just_its_trees() -> None:
    lines: dict[Tree, list[str]] = {
        (("framework", framework), ("auth", auth)): [
            "in all",
            *(["in one framework"] if framework == "flask" else []),
            *(["with accounts"] if "jwt" in auth else []),
            *([] if (framework, auth) == ("flask", "none") else ["in all but one"]),
        ]
        for framework in ("fastapi", "flask")
        for auth in ("jwt", "jwt+api_key", "none")
    }
    found = by_condition(lines)
    assert found == {
        "all": ["in all"],
        "auth=jwt|jwt+api_key": ["in all but one", "with accounts"],
        "framework=flask": ["in one framework"],
        "framework=fastapi,auth=none": ["in all but one"],
    }


def test_the_file_says_again_what_was_written() -> None:
    gates = {"all": ['a = "\\\\d"', "it's = 1", "it's \\d = \N{SNOWMAN}"]}
    text = written({"owner": {"auth=jwt": 3}}, gates=gates)
    assert tomllib.loads(text) == {"tests": {"owner": {"auth=jwt": 3}}, "gates": gates}
