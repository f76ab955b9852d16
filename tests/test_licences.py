"""The licence of a project, and licences that are not what they say."""

from __future__ import annotations

import re
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from proof import matrix
from proof.licences import complaints
from proof.targets import Mutation

if TYPE_CHECKING:
    from collections.abc import Callable

LICENSES = matrix.choices(matrix.read_questions())["license"]

# Errors in a project under MIT.
WRONG = [
    Mutation("LICENSE", "without restriction, ", "", r"^LICENSE is not the text of MIT$"),
    Mutation("LICENSE", "MIT License\n", "ISC License\n", r"^LICENSE is not the text of MIT$"),
    Mutation("LICENSE", "(c) Your Name", "(c) [fullname]", r"the copyright is that of .*fullname"),
    Mutation("LICENSE", "Copyright (c) Your Name\n", "", r"the copyright is that of \[\]"),
    Mutation("pyproject.toml", 'license = "MIT"', 'license = "BSD-3-Clause"', "license is BSD-3"),
    Mutation("pyproject.toml", 'license = "MIT"\n', "", "license is None, not MIT"),
    Mutation("pyproject.toml", 'license = "MIT"', "license = MIT", "license is None, not MIT"),
    Mutation("README.md", "# My Service\n", "# My Service\nLicense: Apache 2.0\n", "README.md:2"),
    Mutation("README.md", "# My Service\n", "Proprietary software of ours.\n", "README.md:1"),
    Mutation("src/app/main.py", '"""', "# SPDX-License-Identifier: GPL-3.0\n", "main.py:1"),
]


@pytest.mark.parametrize("author", ["Your Name", "ACME Inc.", "MIT & Zoë's friends"])
@pytest.mark.parametrize("answer", LICENSES)
def test_the_text_is_that_of_the_licence_and_names_the_author(
    answer: str, author: str, texts_of: Callable[..., dict[str, str]]
) -> None:
    assert list(complaints(texts_of(license=answer, author_name=author), answer)) == []


@pytest.mark.parametrize(("answer", "other"), list(permutations(LICENSES, 2)))
def test_the_text_of_another_licence_is_noticed(
    answer: str, other: str, texts_of: Callable[..., dict[str, str]]
) -> None:
    files = texts_of(license=answer) | {"LICENSE": texts_of(license=other)["LICENSE"]}
    assert list(complaints(files, answer)) == [f"LICENSE is not the text of {answer}"]


@pytest.mark.parametrize("mutation", WRONG, ids=lambda mutation: mutation.complaint)
def test_an_error_in_a_licence_is_noticed(
    mutation: Mutation, texts_of: Callable[..., dict[str, str]]
) -> None:
    files = dict(texts_of())
    assert mutation.before in files[mutation.file]
    files[mutation.file] = files[mutation.file].replace(mutation.before, mutation.after, 1)
    assert re.search(mutation.complaint, "\n".join(complaints(files, "MIT")), re.MULTILINE)
