"""``python -m tests.mutation.run [chapter ...]``: grade every mutant, print the table and the survivors."""

from __future__ import annotations

import importlib
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.chapters import chapter as find_chapter
from autograder.chapters import chapters
from autograder.exercise import Chapter
from autograder.grading import Grader, Settings, Task, student_edition
from autograder.sandbox.limits import Limits
from tests.mutation.mutants import mutants

# A mutant that never ends is noticed as well as one that ends wrong; it should not cost long.
SETTINGS = Settings(limits=Limits(cpu_seconds_per_request=3, cpu_seconds=30, wall_seconds=30))


@dataclass(frozen=True)
class Outcome:
    """What grading made of an exercise's mutants; ``survivors`` hold the edits that still earn full marks."""

    exercise: str
    total: int
    survivors: tuple[str, ...]


def outcomes(chapter: Chapter, secret: bytes) -> Iterator[Outcome]:
    """Grade every mutant of a chapter in the sandbox."""
    with student_edition(chapter) as edition, Grader(chapter, edition, secret, SETTINGS) as grader:
        for exercise in chapter.exercises:
            candidates = list(mutants(chapter, exercise))
            survivors = [
                mutant.edit
                for mutant in candidates
                if grader.grade(Task("mutant", {exercise.name: mutant.text}))[exercise.name].right
            ]
            yield Outcome(exercise.name, len(candidates), tuple(survivors))


def reasons(chapter: Chapter) -> dict[str, dict[str, str]]:
    """Why a survivor is as right as the reference, by exercise and edit."""
    return importlib.import_module(f"tests.{chapter.topic}.survivors").SURVIVORS


def main(names: list[str]) -> int:
    unexplained = 0
    for chapter in [find_chapter(name) for name in names] or chapters():
        explained = reasons(chapter)
        total = killed = 0
        print(f"\n{chapter.slug}\n{'exercise':34} {'mutants':>8} {'rejected':>9}")
        for outcome in outcomes(chapter, secrets.token_bytes(32)):
            total += outcome.total
            killed += outcome.total - len(outcome.survivors)
            print(f"{outcome.exercise:34} {outcome.total:8} {outcome.total - len(outcome.survivors):9}")
            for edit in outcome.survivors:
                reason = explained.get(outcome.exercise, {}).get(edit)
                unexplained += reason is None
                print(f"    {edit}\n        {reason or 'NO REASON'}")
        print(f"{'all':34} {total:8} {killed:9}   score {killed / max(total, 1):.1%}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
