"""Every exercise of every chapter: right answers pass, known slips are named, nothing is confused."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from autograder import source
from autograder.chapters import chapters
from autograder.exercise import Case, Chapter, Exercise, Misconception
from autograder.expectation import PUBLIC, Expectation
from autograder.judge import Verdict
from autograder.running import ask, run
from autograder.values import decode, encode, plain

SECRETS = [PUBLIC, b"\x01" * 32, b"\x02" * 32]
EXERCISES = [(chapter, exercise) for chapter in chapters() for exercise in chapter.exercises]
IDS = [f"{chapter.slug}-{exercise.name}" for chapter, exercise in EXERCISES]
every_exercise = pytest.mark.parametrize(("chapter", "exercise"), EXERCISES, ids=IDS)
MISCONCEPTIONS = [(c, e, m) for c, e in EXERCISES for m in e.misconceptions]
ACCEPTED = [
    (chapter, chapter.item(name), text)
    for chapter in chapters()
    for name, texts in importlib.import_module(f"tests.{chapter.topic}.accepted").ACCEPTED.items()
    for text in texts
]


def verdict_on_text(chapter: Chapter, exercise: Exercise, text: str, secret: bytes) -> Verdict:
    """As a check and a grading do it: text, setup and references in, values over the wire, verdict."""
    expectation = Expectation(chapter, exercise, secret)
    references = [source.reference_text(chapter.topic, name) for name in exercise.uses]
    request = decode(encode(plain(expectation.request(source.setup_text(chapter.topic), references, text))))
    assert isinstance(request, dict)
    return expectation.assess(decode(encode(plain(run(request)))), text)  # type: ignore[arg-type]


def verdict_on_object(chapter: Chapter, exercise: Exercise, answer: Any, secret: bytes) -> Verdict:
    expectation = Expectation(chapter, exercise, secret)
    return expectation.assess({"definition": None, **ask(answer, exercise.probe, expectation.questions)}, "")


@every_exercise
@pytest.mark.parametrize("secret", SECRETS, ids=["public", "secret 1", "secret 2"])
def test_the_reference_is_right_as_a_text_in_an_answer_cell(chapter, exercise, secret):
    verdict = verdict_on_text(chapter, exercise, source.reference_text(chapter.topic, exercise.name), secret)
    assert verdict.right, verdict.sentences()
    assert verdict.points == exercise.points
    assert not verdict.advice, f"the reference itself earns advice: {verdict.advice}"


@every_exercise
def test_the_stub_is_not_written_yet(chapter, exercise):
    verdict = verdict_on_text(chapter, exercise, source.stub_text(chapter.topic, exercise), PUBLIC)
    assert verdict.kind == "unanswered"
    assert verdict.points == 0


@pytest.mark.parametrize(
    ("chapter", "exercise", "misconception"),
    MISCONCEPTIONS,
    ids=[f"{c.slug}-{e.name}-{m.name}" for c, e, m in MISCONCEPTIONS],
)
@pytest.mark.parametrize("secret", SECRETS, ids=["public", "secret 1", "secret 2"])
def test_a_misconception_is_called_by_its_own_name(
    chapter: Chapter, exercise: Exercise, misconception: Misconception, secret: bytes
) -> None:
    verdict = verdict_on_object(chapter, exercise, misconception.wrong, secret)
    assert not verdict.right, "the cases do not tell it from the reference"
    assert verdict.misconception == misconception.name, "the cases do not tell it from another misconception"
    assert verdict.points < exercise.points or exercise.points == 0
    assert verdict.explanation == f"Your numbers match {misconception.sentence}"


@pytest.mark.parametrize(
    ("chapter", "exercise", "text"), ACCEPTED, ids=[f"{c.slug}-{e.name}-{i}" for i, (c, e, _) in enumerate(ACCEPTED)]
)
@pytest.mark.parametrize("secret", SECRETS, ids=["public", "secret 1", "secret 2"])
def test_an_accepted_variant_passes(chapter, exercise, text, secret):
    verdict = verdict_on_text(chapter, exercise, text, secret)
    assert verdict.right, verdict.sentences()


@every_exercise
def test_each_exercise_has_an_accepted_variant(chapter, exercise):
    accepted = importlib.import_module(f"tests.{chapter.topic}.accepted").ACCEPTED
    assert accepted.get(exercise.name), f"tests/{chapter.topic}/accepted.py has no variant of {exercise.name}"


@every_exercise
def test_cases_are_drawn_reproducibly_and_differ_with_the_secret(chapter, exercise):
    first, again, other = (Expectation(chapter, exercise, secret) for secret in (PUBLIC, PUBLIC, b"\x03" * 32))
    assert encode(plain(first.questions)) == encode(plain(again.questions))
    assert encode(plain(first.expected)) == encode(plain(again.expected)), "the reference is not reproducible"
    assert encode(plain(first.questions)) != encode(plain(other.questions)), "nothing is drawn: answers could be copied"


@every_exercise
def test_every_group_has_drawn_cases(chapter, exercise):
    drawn = {case.group for case in exercise.draw(np.random.default_rng(0))}
    assert not exercise.groups or drawn == set(exercise.groups)
    assert all(isinstance(case, Case) for case in exercise.cases(np.random.default_rng(0)))


@every_exercise
def test_hints_and_sentences_give_no_code(chapter, exercise):
    lines = [line for line in source.solution_lines(chapter.topic, exercise) if len(line) > 20]
    spoken = [*exercise.hints, *(m.sentence for m in exercise.misconceptions), exercise.learned, exercise.further]
    for line in lines:
        assert not any(line in sentence for sentence in spoken), f"{line!r} is given away"
    assert all(misconception.sentence.endswith(".") for misconception in exercise.misconceptions)


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.slug)
def test_a_chapter_carries_points_where_they_teach(chapter):
    assert 8 <= sum(exercise.points > 0 for exercise in chapter.exercises) <= 15
