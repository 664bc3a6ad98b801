"""Graded cases notice small edits of the solution; what they do not notice has a reason in writing."""

from __future__ import annotations

import secrets

import pytest

from autograder.chapters import chapters
from tests.mutation.run import outcomes, reasons

pytestmark = pytest.mark.slow
LEAST = 0.95


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.slug)
def test_edits_of_the_solutions_are_noticed(chapter):
    explained = reasons(chapter)
    results = list(outcomes(chapter, secrets.token_bytes(32)))
    survivors = {outcome.exercise: set(outcome.survivors) for outcome in results}
    unexplained = {
        f"{name}: {edit}" for name, edits in survivors.items() for edit in edits if edit not in explained.get(name, {})
    }
    assert not unexplained, "draw cases that separate them, or say why they are right in survivors.py"
    stale = {f"{name}: {edit}" for name, edits in explained.items() for edit in edits if edit not in survivors[name]}
    assert not stale, "these no longer survive"
    total = sum(outcome.total for outcome in results)
    assert total > 0
    assert all(outcome.total for outcome in results), "an exercise without mutants"
