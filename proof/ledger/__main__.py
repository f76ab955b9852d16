"""Renew the ledger from what the template generates now."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from proof import matrix, plumbing
from proof.commands import CommandError, run
from proof.environments import installed, servers
from proof.generation import copy_template
from proof.inputs import Template
from proof.ledger import LEDGER, committed, gates, laid, meets, pipelines
from proof.machines import postgres
from proof.machines import redis as redis_server
from proof.precommit import make_repository
from proof.projects import quietly
from proof.reading import contents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from proof.matrix import Combination

HEAD = """\
# Written by `nox -s ledger`. A line that changes here is a gate that became weaker or stricter,
# or tests that came or went: read it as you would read a change of code.
"""

Tree = tuple[tuple[str, str], ...]  # pairs of question and answer


# The questions whose answers a pipeline depends on.
OF_PIPELINES = ["deploy", "database", "ci"]


def trees(template: Template, questions: list[str]) -> dict[Tree, Combination]:
    """Return one possible combination for all answers to some questions."""
    found: dict[Tree, Combination] = {}
    for combination in matrix.product(matrix.read_questions(template.folder)):
        if not combination.refused_because:
            tree = tuple((question, combination.answers[question]) for question in questions)
            found.setdefault(tree, combination)
    return found


def by_condition(lines_of: Mapping[Tree, Iterable[str]]) -> dict[str, list[str]]:
    """Return each line once, under a condition that exactly the trees with this line meet.

    Where no single condition says so, the line is repeated under several.
    """
    holders: dict[str, set[Tree]] = {}
    for tree, lines in lines_of.items():
        for line in lines:
            holders.setdefault(line, set()).add(tree)
    widest_first = _conditions(list(lines_of))
    conditions_of: dict[frozenset[Tree], list[str]] = {}
    found: dict[str, list[str]] = {condition: [] for condition in widest_first}
    for line, those in sorted(holders.items()):
        key = frozenset(those)
        if key not in conditions_of:
            conditions_of[key] = _conditions_of(key, widest_first)
        for condition in conditions_of[key]:
            found[condition].append(line)
    return {condition: lines for condition, lines in found.items() if lines}


def _conditions_of(
    those: frozenset[Tree], widest_first: Mapping[str, frozenset[Tree]]
) -> list[str]:
    """Return conditions of which each of some trees meets exactly one, and no other tree any."""
    found = []
    for condition, meeting in widest_first.items():
        if meeting <= those:
            found.append(condition)
            those -= meeting
    return found


def _conditions(every: list[Tree]) -> dict[str, frozenset[Tree]]:
    """Return all conditions and the trees that meet each, those first that most trees meet."""
    offered: dict[str, list[str]] = {}
    for question, answer in itertools.chain.from_iterable(every):
        answers = offered.setdefault(question, [])
        if answer not in answers:
            answers.append(answer)
    found = {}
    for chosen in itertools.product(*map(_some, offered.values())):
        facts = [
            f"{question}={'|'.join(answers)}"
            for (question, possible), answers in zip(offered.items(), chosen, strict=True)
            if len(answers) < len(possible)
        ]
        condition = ",".join(facts) or "all"
        if meeting := frozenset(tree for tree in every if meets(dict(tree), condition)):
            found[condition] = meeting
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _some(answers: list[str]) -> list[tuple[str, ...]]:
    """Return all choices of one or more answers."""
    sizes = range(1, len(answers) + 1)
    return [some for size in sizes for some in itertools.combinations(answers, size)]


def collected(project: Path, database: str, facts: Collection[str]) -> dict[str, int]:
    """Return how many tests pytest finds in a project, with the servers that they want.

    Returns:
        The numbers of the `owner`'s tests, and of those laid over them: `common`, `auth`.

    Raises:
        CommandError: the project cannot be installed, or a test module not be imported.
    """
    make_repository(project)
    with (
        installed(project, "shared") as environment,
        servers(database) as settings,
        plumbing.laid(project, facts) as modules,
    ):
        command = ["uv", "run", "pytest", "--collect-only", "--quiet", "--no-cov"]
        said = run(command, project, environment | settings)
    counts = Counter(re.findall(r"^(\S+\.py)::", said, re.MULTILINE))
    numbers = {
        "common": sum(counts.pop(name, 0) for name in modules.common),
        "auth": sum(counts.pop(name, 0) for name in modules.auth),
    }
    return {"owner": counts.total(), **numbers}


def written(tests: Mapping[str, Mapping[str, int]], **sections: Mapping[str, list[str]]) -> str:
    """Return the text of the file; what is in it stands in single quotes, as it is, if it can."""
    parts = [HEAD]
    for whose, numbers in tests.items():
        parts.append(f"\n[tests.{whose}]\n")
        parts += (f"{json.dumps(place)} = {number}\n" for place, number in numbers.items())
    for section, lines_of in sections.items():
        parts.append(f"\n[{section}]\n")
        for condition, lines in lines_of.items():
            texts = (json.dumps(x, ensure_ascii=False) if "'" in x else f"'{x}'" for x in lines)
            parts += (f"{json.dumps(condition)} = [\n", *(f"  {t},\n" for t in texts), "]\n")
    return "".join(parts)


def renew(*, gates_only: bool) -> None:
    """Generate each distinct tree of Python, and each pipeline, and write the file."""
    with TemporaryDirectory() as scratch:
        template = Template(copy_template(Path(scratch, "template")))
        tests: dict[str, dict[str, int]] = committed()["tests"] if gates_only else {}
        lines_of: dict[Tree, list[str]] = {}
        every = trees(template, template.questions_of_python())
        for number, (tree, combination) in enumerate(every.items(), start=1):
            project = quietly(template.folder, Path(scratch, str(number)), combination.answers)
            texts = {name: text.decode() for name, text in contents(project).items()}
            lines_of[tree] = gates(texts)
            condition = ",".join(f"{question}={answer}" for question, answer in tree)
            told = f"{number} of {len(every)}: {condition}: {len(lines_of[tree])} gates"
            if not gates_only:
                facts, database = template.facts(combination), combination.answers["database"]
                for whose, count in collected(project, database, facts).items():
                    tests.setdefault(whose, {})[condition] = count
                    told += f", {count} tests ({whose})"
            print(told, flush=True)
            shutil.rmtree(project)
        of_pipelines: dict[Tree, list[str]] = {}
        for tree, combination in trees(template, OF_PIPELINES).items():
            project = quietly(template.folder, Path(scratch, "pipeline"), combination.answers)
            texts = {name: text.decode() for name, text in contents(project).items()}
            of_pipelines[tree] = pipelines(texts)
            shutil.rmtree(project)
    text = written(
        tests,
        laid={"all": laid()},
        gates=by_condition(lines_of),
        pipelines=by_condition(of_pipelines),
    )
    LEDGER.write_text(text, encoding="utf-8", newline="\n")
    print(f"{LEDGER.relative_to(matrix.ROOT)} is renewed; read what `git diff` shows of it.")


def main(*given: str) -> None:
    """Renew the ledger."""
    parser = argparse.ArgumentParser(prog="nox -s ledger --", description=__doc__)
    parser.add_argument("--gates", action="store_true", help="keep the numbers of tests")
    if parser.parse_args(given).gates:
        renew(gates_only=True)
        return
    with postgres.server() as database, redis_server.server() as counts:
        if not (database and counts):
            sys.exit("The numbers include tests that want PostgreSQL and Redis. Start both.")
        os.environ |= {"POSTGRES_URL": database, "REDIS_URL": counts}
        try:
            renew(gates_only=False)
        except CommandError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
