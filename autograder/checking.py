"""What a learner's notebook calls: ``check``, ``hint``, ``yours``, ``quiz``, ``reveal``.

``check`` treats an answer as grading does: the answer cell's whole text runs in a fresh namespace
of the setup cell and the references of the exercises it builds on, with the chapter's own
references out of reach, and the same judge looks at plain values. A local pass is a pass when graded.
"""

from __future__ import annotations

import html
import inspect
import linecache
import signal
import sys
import textwrap
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from IPython import get_ipython
from IPython.display import display

from autograder import running, source
from autograder.answers import chosen_letters, defines, quiz_right
from autograder.chapters import chapter
from autograder.exercise import Chapter, Exercise, Quiz
from autograder.expectation import PUBLIC, Expectation
from autograder.judge import Verdict, ended
from autograder.values import decode, encode, plain

WIDTH = 80  # nbgrader's Validate cuts lines at 87 characters
SECONDS = 20  # of one check; an honest one takes a small part of one
GREEN, BLUE, VERMILION = "#009E73", "#0072B2", "#D55E00"  # Okabe and Ito


class AnswerError(Exception):
    """A wrong answer. Renders as its message alone, without a traceback."""

    def __init__(self, headline: str, sentences: list[str]) -> None:
        super().__init__(" ".join([headline, *sentences]))
        self.lines = [headline]
        for sentence in sentences:
            for line in sentence.splitlines():
                # A line of code keeps its indent and is not wrapped.
                self.lines += (
                    [line]
                    if line.startswith(" ")
                    else textwrap.wrap(line, WIDTH, break_on_hyphens=False, subsequent_indent="  ")
                )

    def _render_traceback_(self) -> list[str]:
        return self.lines


class Desk(NamedTuple):
    """The functions of an opened chapter, in the order in which a notebook unpacks them."""

    check: Callable[[Any], None]
    hint: Callable[[Any], None]
    yours: Callable[[Any], Any]
    quiz: Callable[..., None]
    reveal: Callable[..., None]


def open_chapter(name: str) -> Desk:
    """``check, hint, yours, quiz, reveal`` for a chapter: "01_backprop" or "backprop"."""
    desk = _Desk(chapter(name))
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((NameError,), desk.explain_name_error)
    return Desk(desk.check, desk.hint, desk.yours, desk.quiz, desk.reveal)


@cache
def _expectation(owner: Chapter, exercise_name: str) -> Expectation:
    exercise = owner.item(exercise_name)
    assert isinstance(exercise, Exercise)
    return Expectation(owner, exercise, PUBLIC)


class _Desk:
    def __init__(self, owner: Chapter) -> None:
        self.chapter = owner
        self.hints_shown: dict[str, int] = {}
        self.verdicts: dict[tuple[str, str], Verdict] = {}

    def check(self, answer: Any) -> None:
        """Say whether an answer is right and, if not, what is wrong. ``check(sigmoid)``."""
        exercise = self._exercise(answer)
        verdict = self._verdict(exercise, self._text(exercise, answer))
        if verdict.right:
            self._praise(exercise, verdict)
            return
        if verdict.picture is not None:
            _show_html(_heat_map(*verdict.picture), "(a picture of the difference)")
        offer = f"hint({exercise.name}) has {len(exercise.hints)} steps."
        raise AnswerError(verdict.headline, [*verdict.sentences(), offer])

    def hint(self, answer: Any) -> None:
        """Show the next hint of an exercise, one at a time."""
        exercise = self._exercise(answer)
        number = self.hints_shown.get(exercise.name, 0)
        self.hints_shown[exercise.name] = number + 1
        position, text = number % len(exercise.hints), exercise.hints[number % len(exercise.hints)]
        _show_box(BLUE, f"Hint {position + 1} of {len(exercise.hints)}", [text])

    def yours(self, answer: Any) -> Any:
        """The learner's function once it passes its check; until then the course's reference, saying so.

        Where an exercise that it builds on does not pass yet, the course's version of that one serves it."""
        exercise = self._exercise(answer)
        text = self._text(exercise, answer)
        verdict = self._verdict(exercise, text)
        if not verdict.right:
            print(f"{exercise.name}: the course's version runs here until yours passes its check.")
            return exercise.reference
        if verdict.changed:
            # What comes after would compute with values that it has changed.
            print(
                f"{exercise.name}: the course's version runs here, since yours changes {' and '.join(verdict.changed)}."
            )
            return exercise.reference
        if all(self._stands(name) for name in exercise.uses):
            return answer
        return running.define(source.setup_text(self.chapter.topic), self._references(exercise), text, exercise.name)

    def _stands(self, name: str) -> bool:
        """Whether the notebook's own exercise passes, and all that it builds on."""
        exercise = self.chapter.item(name)
        assert isinstance(exercise, Exercise)
        shell = get_ipython()
        answer = shell.user_ns.get(name) if shell is not None else None
        verdict = self._verdict(exercise, self._text(exercise, answer)) if answer is not None else None
        if verdict is None or not verdict.right or verdict.changed:
            return False
        return all(self._stands(used) for used in exercise.uses)

    def _references(self, exercise: Exercise) -> list[str]:
        return [source.reference_text(self.chapter.topic, name) for name in exercise.uses]

    def quiz(self, **answers: Any) -> None:
        """Judge a quiz answer, ``quiz(name=name)``. A prediction (0 points) is noted, not judged."""
        question = self._quiz(answers)
        chosen = chosen_letters(question, answers[question.name])
        if chosen is None:
            last = question.lettered()[-1][0]
            sentence = f'Write a letter from "a" to "{last}" between the quotes, then run both cells.'
            raise AnswerError(f"{question.name}: no answer yet.", [sentence])
        if question.points == 0:
            _show_box(BLUE, f"{question.name}: noted.", ["Read on and see."])
            return
        if not quiz_right(question, chosen):
            raise AnswerError(f"{question.name}: not right.", _wrong_choice(question, chosen))
        _show_box(GREEN, f"{question.name}: right.", _explanations(question, chosen))

    def reveal(self, **answers: Any) -> None:
        """What is to be said to a prediction, after the experiment."""
        question = self._quiz(answers)
        chosen = chosen_letters(question, answers[question.name])
        right = quiz_right(question, chosen)
        title = "as you said" if right else "it came otherwise" if chosen else "what came out"
        sentences = _explanations(question, chosen) if chosen else []
        if not right:
            sentences += _explanations(question, question.key)
        _show_box(GREEN if right else BLUE, f"{question.name}: {title}.", sentences)

    def explain_name_error(self, shell: Any, kind: type, error: NameError, trace: Any, tb_offset: Any = None) -> None:
        """A NameError in a cell that names an exercise gets a sentence instead of a traceback."""
        known = [item.name for item in self.chapter.items]
        if error.name in known:
            error = AnswerError(  # type: ignore[assignment]
                f"{error.name}: there is nothing of this name.",
                [f"Run the answer cell above first, and keep the name {error.name} that was given."],
            )
            kind, trace = AnswerError, None
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    def _exercise(self, answer: Any) -> Exercise:
        shell = get_ipython()
        namespace = shell.user_ns if shell is not None else {}
        if isinstance(answer, str):
            raise AnswerError(
                f"{answer[:40]}: give the function, not its name.", [f"Write it without quotes: {answer[:40]}"]
            )
        own = getattr(answer, "__name__", "")
        for exercise in sorted(self.chapter.exercises, key=lambda e: e.name != own):
            if exercise.name == own or namespace.get(exercise.name) is answer:
                return exercise
        raise AnswerError(
            f"{own or type(answer).__name__}: not an exercise of {self.chapter.slug}.",
            [f"Its exercises are {', '.join(e.name for e in self.chapter.exercises)}."],
        )

    def _text(self, exercise: Exercise, answer: Any) -> str:
        """The text of the cell that defined the answer."""
        candidates = [_file_text(answer)]
        shell = get_ipython()
        if shell is not None:
            candidates += reversed(shell.user_ns.get("In", []))
        written_here = getattr(answer, "__module__", "__main__") == "__main__"
        for text in candidates if written_here else ():
            if text and defines(text, exercise.name):
                return text
        raise AnswerError(
            f"{exercise.name}: it was not written in this notebook.",
            [f"It comes from {getattr(answer, '__module__', 'elsewhere')}. Write it in its answer cell."],
        )

    def _verdict(self, exercise: Exercise, text: str) -> Verdict:
        key = (exercise.name, text)
        if key not in self.verdicts:
            expectation = _expectation(self.chapter, exercise.name)
            request = expectation.request(source.setup_text(self.chapter.topic), self._references(exercise), text)
            try:
                with _references_out_of_reach(self.chapter), _time_limit(SECONDS):
                    got = decode(encode(plain(running.run(request))))
            except TookTooLong:
                reason = f"runs longer than {SECONDS} seconds: does every loop in it end?"
                self.verdicts[key] = ended(exercise, reason, len(expectation.cases))
            else:
                assert isinstance(got, dict)
                self.verdicts[key] = expectation.assess(got, text)
        return self.verdicts[key]

    def _quiz(self, answers: dict[str, Any]) -> Quiz:
        if len(answers) != 1:
            raise TypeError("a quiz takes one answer, written name=name")
        name = next(iter(answers))
        for item in self.chapter.items:
            if item.name == name and isinstance(item, Quiz):
                return item
        raise AnswerError(
            f"{name}: no quiz of this chapter.",
            ["Its quizzes are " + ", ".join(item.name for item in self.chapter.items if isinstance(item, Quiz)) + "."],
        )

    def _praise(self, exercise: Exercise, verdict: Verdict) -> None:
        title = f"{verdict.headline} {verdict.passed} of {verdict.cases} cases."
        further = [f"Further: {exercise.further}"] if exercise.further else []
        _show_box(GREEN, title, [*verdict.sentences(), *further])


def _file_text(answer: Any) -> str:
    answer = inspect.unwrap(answer) if callable(answer) else answer
    functions = [answer, *(vars(answer).values() if isinstance(answer, type) else ())]
    for function in functions:
        code = getattr(function, "__code__", None)
        if isinstance(code, types.CodeType):
            return "".join(linecache.getlines(code.co_filename))
    return ""


@contextmanager
def _references_out_of_reach(owner: Chapter) -> Iterator[None]:
    """While an answer runs, ``dl_helpers.<topic>`` is the student edition: importing a reference of the
    answer's own chapter raises, as it does in grading."""
    name = f"dl_helpers.{owner.topic}"
    edition = types.ModuleType(name)
    exec(compile(source.student_module(owner), f"<{name}>", "exec"), vars(edition))
    package, original = sys.modules["dl_helpers"], sys.modules[name]
    sys.modules[name] = edition
    setattr(package, owner.topic, edition)
    try:
        yield
    finally:
        sys.modules[name] = original
        setattr(package, owner.topic, original)


def _wrong_choice(question: Quiz, letters: str) -> list[str]:
    """What to say to a wrong choice; where several letters belong together, how many are right and missing."""
    wrong = "".join(letter for letter in letters if letter not in question.key)
    if len(question.key) == 1:
        return _explanations(question, wrong)
    if not wrong:
        return ["What you chose belongs to the answer, but something is missing."]
    return [*_explanations(question, wrong), "Several letters may belong to the answer."]


class TookTooLong(BaseException):
    """Ends an answer that does not end by itself; an answer's own ``except Exception`` does not hold it up."""


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """Raise ``TookTooLong`` in the block after so many seconds. Only where Python can be interrupted: in the main
    thread, on systems that have timers; elsewhere a learner interrupts the kernel."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: types.FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _explanations(question: Quiz, letters: str) -> list[str]:
    return [f"({letter}) {choice.explanation}" for letter, choice in question.lettered() if letter in letters]


def _show_box(color: str, title: str, sentences: list[str]) -> None:
    body = "".join(
        f"<div style='margin-top:.3em;white-space:pre-wrap'>{html.escape(sentence)}</div>" for sentence in sentences
    )
    box = f"<div style='border-left:4px solid {color};padding:.2em .8em'><b>{html.escape(title)}</b>{body}</div>"
    _show_html(box, "\n".join([title, *sentences]))


def _show_html(rich: str, text: str) -> None:
    display({"text/html": rich, "text/plain": text}, raw=True)


def _heat_map(expected: np.ndarray, got: np.ndarray) -> str:
    """Expected, yours and their distance as three small colored tables."""
    with np.errstate(all="ignore"):
        distance = (
            np.abs(got.astype(float) - expected.astype(float)) if got.dtype.kind != "c" else np.abs(got - expected)
        )
    sizes = [np.abs(array[np.isfinite(array)]).astype(float).max(initial=0.0) for array in (expected, got, distance)]
    parts = []
    # Expected and yours share one scale, so that equal numbers have equal colors.
    for title, array, largest in (
        ("expected", expected, max(sizes[:2])),
        ("yours", got, max(sizes[:2])),
        ("distance", distance, sizes[2]),
    ):
        rows = []
        for row in array:
            cells = []
            for value in row:
                share = min(float(np.abs(value)) / (largest or 1.0), 1.0) if np.isfinite(value) else 1.0
                hue = "213,94,0" if title == "distance" or not np.isfinite(value) else "0,114,178"
                # Never opaque: the number on it must stay legible.
                color = f"background:rgba({hue},{0.6 * share:.2f})"
                cells.append(
                    f"<td style='{color};padding:1px 4px;text-align:right'>{value:.3g}</td>"
                    if array.shape[1] <= 8
                    else f"<td style='{color};padding:0;width:8px;min-width:8px;height:12px'></td>"
                )
            # JupyterLab stripes the rows of a table, which would look like values.
            rows.append(f"<tr style='background:#fff;color:#000'>{''.join(cells)}</tr>")
        table = f"<table style='border-collapse:collapse;font-size:11px'>{''.join(rows)}</table>"
        parts.append(f"<figure style='margin:0 1em 0 0'><figcaption>{title}</figcaption>{table}</figure>")
    return f"<div style='display:flex;flex-wrap:wrap'>{''.join(parts)}</div>"
