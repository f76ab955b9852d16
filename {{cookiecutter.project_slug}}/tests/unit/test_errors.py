from __future__ import annotations

from app import errors
from app.api.problems import problem_for_invalid, problem_for_status, problem_of


def subclasses(kind: type[errors.AppError]) -> list[type[errors.AppError]]:
    children = kind.__subclasses__()
    return children + [found for child in children for found in subclasses(child)]


def test_every_error_has_a_title_and_a_code_of_its_own() -> None:
    kinds = subclasses(errors.AppError)
    assert {kind.status for kind in kinds} <= set(errors.TITLES)
    codes = [kind.code for kind in kinds]
    assert len(codes) == len(set(codes))


def test_an_error_says_what_it_was_told_to() -> None:
    error = errors.NotFoundError("No such chair.", headers={"X-A": "1"})
    assert problem_of(error)["detail"] == str(error) == "No such chair."
    assert error.headers == {"X-A": "1"}


def test_an_error_that_can_be_retried_says_when() -> None:
    assert errors.UnavailableError(retry_after=7).headers == {"Retry-After": "7"}
    assert errors.TooManyRequestsError(retry_after=0).headers == {"Retry-After": "1"}


def test_a_status_without_a_title_is_a_problem_all_the_same() -> None:
    problem = problem_for_status(418)
    assert (problem["status"], problem["title"]) == (418, "Error")


def test_a_name_that_the_caller_chose_is_cut() -> None:
    invalid = {"loc": ("body", "x" * 10_000, 0), "msg": "m", "type": "t", "input": "s"}
    (error,) = problem_for_invalid([invalid])["errors"]
    assert error == {"loc": ["body", "x" * 100, 0], "msg": "m", "type": "t"}
