"""The vocabulary of an exercise: what a chapter's file in ``autograder/exercises`` is written in.

A chapter is a tuple of exercises, quizzes and written answers, in the order in which the notebook
meets them. An exercise is data plus small functions: the reference it is cut from, how its cases
are drawn, how an answer is asked (the probe), which wrong answers are known, and its hints.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.probes import call

Draw = Callable[[np.random.Generator], Iterable["Case"]]
DEFAULT_GROUP = "values"


class Case:
    """One set of arguments for an answer.

    ``Case(z, axis=1)`` asks ``answer(z, axis=1)``. ``group`` names the part of the points that the
    case belongs to; only an exercise with ``groups`` needs it. A callable argument is passed as
    ``named(function)``, where the function stands in the chapter's probes module.
    """

    def __init__(self, *args: Any, group: str = DEFAULT_GROUP, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs
        self.group = group

    def __repr__(self) -> str:
        parts = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"Case({', '.join(parts)})"


@dataclass(frozen=True, eq=False)
class Misconception:
    """A wrong answer that a learner would really write, and the sentence that names the slip.

    The sentence completes "Your numbers match ...": it says what was computed, never the remedy.
    ``wrong`` has the signature of the reference; it may call other references of ``dl_helpers``.
    """

    sentence: str
    wrong: Callable[..., Any]

    @property
    def name(self) -> str:
        return self.wrong.__name__


@dataclass(frozen=True)
class Group:
    """A share of an exercise's points, and the reason shown when it is lost."""

    points: float
    reason: str


@dataclass(frozen=True, eq=False)
class Exercise:
    """A function or class that the learner writes.

    reference:      the function or class of ``dl_helpers``; its name is the exercise's name.
    learned:        one sentence shown when the check passes ("You built the memory.").
    further:        one step more, offered when the check passes.
    stars:          1 to 3; asks for at least that many misconceptions.
    minutes:        what a learner should plan.
    points:         0 for practice.
    draw:           generator -> cases; called with public seeds by ``check``, secret ones in grading.
    examples:       fixed visible cases (worked numbers), asked before the drawn ones.
    hints:          two to four, shown one at a time.
    uses:           names of earlier exercises that the answer may call.
    probe:          what is done with an answer for one case; a function of ``autograder.probes``.
    outputs:        names of the parts of a tuple result, for messages ("theta", "velocity").
    relative_tolerance, absolute_tolerance: as in ``numpy.isclose``, against the expected value.
    judge:          replaces equality where many answers are right: (case, expected, got) -> None
                    when right, else a sentence saying what is wrong.
    groups:         shares of the points by case group; by default all points for all cases.
    given:          methods of a class that stay as given code.
    """

    reference: Callable[..., Any]
    learned: str
    further: str
    stars: int
    minutes: int
    points: float
    draw: Draw
    hints: tuple[str, ...]
    misconceptions: tuple[Misconception, ...]
    examples: tuple[Case, ...] = ()
    uses: tuple[str, ...] = ()
    probe: Callable[..., Any] = call
    outputs: tuple[str, ...] = ()
    relative_tolerance: float = 1e-6
    absolute_tolerance: float = 1e-9
    judge: Callable[[Case, Any, Any], str | None] | None = None
    groups: Mapping[str, Group] = field(default_factory=dict)
    given: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.reference.__name__

    def cases(self, generator: np.random.Generator) -> list[Case]:
        """The worked examples, then the drawn cases."""
        return [*self.examples, *self.draw(generator)]

    def __post_init__(self) -> None:
        problems = []
        if self.stars not in (1, 2, 3):
            problems.append(f"stars is {self.stars}, must be 1, 2 or 3")
        elif len(self.misconceptions) < self.stars:
            problems.append(f"{self.stars} stars ask for {self.stars} misconceptions, {len(self.misconceptions)} given")
        if not 2 <= len(self.hints) <= 4:
            problems.append(f"{len(self.hints)} hints, must be two to four")
        if self.points < 0 or self.minutes <= 0:
            problems.append("points must be at least 0 and minutes positive")
        if self.groups and sum(g.points for g in self.groups.values()) != self.points:
            problems.append("the groups' points must add up to the exercise's points")
        if len({m.name for m in self.misconceptions}) < len(self.misconceptions):
            problems.append("two misconceptions share a name")
        if "group" in inspect.signature(self.reference).parameters:
            problems.append("a parameter may not be called 'group': Case uses the word")
        if problems:
            raise ValueError(f"exercise {self.name}: " + "; ".join(problems))


@dataclass(frozen=True)
class Choice:
    """One answer of a quiz, and what is said to those who choose it."""

    text: str
    explanation: str
    right: bool = False


@dataclass(frozen=True)
class Quiz:
    """A question answered with a letter, a set of letters or a number, written as a literal.

    ``choices`` are lettered a, b, c ... in order. Where several are right, the learner answers with
    a string of letters ("ac"), in any order. Predictions before an experiment carry 0 points.
    """

    name: str
    question: str
    choices: tuple[Choice, ...]
    points: float = 0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"quiz {self.name!r}: the name must be a lower-case Python name")
        if not 2 <= len(self.choices) <= 8 or not any(c.right for c in self.choices):
            raise ValueError(f"quiz {self.name}: give two to eight choices, at least one of them right")

    @property
    def key(self) -> str:
        return "".join(letter for letter, choice in self.lettered() if choice.right)

    def lettered(self) -> list[tuple[str, Choice]]:
        return [("abcdefgh"[i], choice) for i, choice in enumerate(self.choices)]


@dataclass(frozen=True)
class Written:
    """A question answered in prose, graded by a person in nbgrader's formgrader."""

    name: str
    question: str
    points: float
    model_answer: str


Item = Exercise | Quiz | Written


@dataclass(frozen=True, eq=False)
class Chapter:
    """A chapter's items in the order of its notebook. ``slug`` names its folders: 01_backprop."""

    number: int
    topic: str
    title: str
    items: tuple[Item, ...]

    @property
    def slug(self) -> str:
        return f"{self.number:02d}_{self.topic}"

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return tuple(item for item in self.items if isinstance(item, Exercise))

    def item(self, name: str) -> Item:
        for candidate in self.items:
            if candidate.name == name:
                return candidate
        known = ", ".join(item.name for item in self.items)
        raise KeyError(f"{self.slug} has no exercise {name!r}; it has {known}")

    def __post_init__(self) -> None:
        seen: list[str] = []
        for item in self.items:
            if item.name in seen:
                raise ValueError(f"{self.slug}: two items are called {item.name}")
            if isinstance(item, Exercise):
                missing = [name for name in item.uses if name not in seen]
                if missing:
                    names = ", ".join(missing)
                    raise ValueError(f"{self.slug}: {item.name} uses {names}, which do not stand before it")
            seen.append(item.name)
        total = sum(item.points for item in self.items)
        quiz = sum(item.points for item in self.items if isinstance(item, Quiz))
        if quiz > 0.05 * total:
            raise ValueError(f"{self.slug}: quizzes carry {quiz} of {total} points, more than 5 %")
