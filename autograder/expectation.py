"""The cases of an exercise and what is expected of them: drawn, asked of the reference, kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from autograder.exercise import Chapter, Exercise
from autograder.judge import Verdict, assess
from autograder.running import ask
from autograder.values import Plain, named, plain

PUBLIC = b"public"


def seed(secret: bytes, chapter: Chapter, exercise: Exercise, learner: str = "") -> list[int]:
    """The seed of an exercise's cases: HMAC-SHA256 of its name, and of the learner where variants are on.

    ``PUBLIC`` gives the cases that ``check`` uses; a secret of 32 random bytes those of a grading."""
    message = "\0".join((chapter.slug, exercise.name, learner)).encode()
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return [int.from_bytes(digest[i : i + 4], "little") for i in range(0, len(digest), 4)]


class Expectation:
    """An exercise's cases for one seed, with the reference's results and, on demand, those of each
    misconception. Everything here stays on the trusted side; only ``questions`` go to the sandbox."""

    def __init__(self, chapter: Chapter, exercise: Exercise, secret: bytes, learner: str = "") -> None:
        self.exercise = exercise
        self.public = secret == PUBLIC
        self.cases = exercise.cases(np.random.default_rng(seed(secret, chapter, exercise, learner)))
        self.questions: list[tuple[Sequence[Plain], dict[str, Plain]]] = [
            (plain(case.args), plain(case.kwargs))  # type: ignore[misc]
            for case in self.cases
        ]
        self.expected: Sequence[Plain] = self._ask(exercise.reference)

    @cached_property
    def wrong(self) -> Mapping[str, Sequence[Plain]]:
        return {m.name: self._ask(m.wrong) for m in self.exercise.misconceptions}

    def request(self, setup: str, references: Sequence[str], answer: str) -> dict[str, Any]:
        """What ``running.run`` needs to put the questions to an answer's text."""
        return {
            "setup": setup,
            "references": list(references),
            "answer": answer,
            "name": self.exercise.name,
            "probe": named(self.exercise.probe),
            "cases": [[list(positional), keywords] for positional, keywords in self.questions],
        }

    def assess(self, got: Mapping[str, Any], answer: str) -> Verdict:
        """The verdict on what an answer gave for the questions."""
        return assess(self.exercise, self.cases, self.expected, lambda: self.wrong, got, answer, public=self.public)

    def _ask(self, answer: Any) -> Sequence[Plain]:
        return ask(answer, self.exercise.probe, self.questions)["outcomes"]  # type: ignore[return-value]
