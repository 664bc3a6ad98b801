"""Exercises cut out of module text, and what cannot be cut."""

from __future__ import annotations

import ast
import sys

import numpy as np
import pytest

from autograder import source
from autograder.chapters import chapter
from autograder.exercise import Case, Chapter, Exercise, Misconception

MODULE = '''"""A topic."""

import math
from collections.abc import Callable

import numpy as np

SLOPE = 2


def double(x: np.ndarray, /, times: int = 2) -> np.ndarray:
    """Twice x."""
    if times < 0:
        raise ValueError("times must not be negative")
    if not isinstance(times, int):
        raise TypeError("times must be whole")
    # y = 2 x
    y = x * SLOPE

    return y


def gray(x):
    # no docstring, an equation first
    return double(x) + len([v for v in x])


def needy(x):
    """Uses what nobody has."""
    return hidden(x) + double(x)


def given_away(x):
    """Nothing to write."""


def single(x): return x


@np.vectorize
def decorated(x):
    """A decorated one."""
    return x


class Counter:
    """Counts."""

    step = 1

    def __init__(self, start: int) -> None:
        super().__init__()
        self.count = start

    def up(self) -> int:
        """One more."""
        self.count += self.step
        return self.count

    def __repr__(self) -> str:
        return f"{self.count}"
'''


@pytest.fixture(autouse=True)
def topic(tmp_path, monkeypatch):
    """A module ``dl_helpers.topic_of_this_test`` that lives for one test."""
    import dl_helpers

    (tmp_path / "topic_of_this_test.py").write_text(MODULE)
    monkeypatch.setattr(dl_helpers, "__path__", [*dl_helpers.__path__, str(tmp_path)])
    source.module.cache_clear()
    yield
    sys.modules.pop("dl_helpers.topic_of_this_test", None)
    source.module.cache_clear()


def exercise(name: str, uses: tuple[str, ...] = (), given: tuple[str, ...] = ()) -> Exercise:
    def reference(x):
        return x

    reference.__name__ = name
    return Exercise(
        reference, "", "", 1, 1, 1, draw=lambda g: [Case(1.0)], hints=("a", "b"), uses=uses, given=given,
        misconceptions=(Misconception("zero.", np.zeros_like),),
    )  # fmt: skip


def selected(*items: Exercise) -> Chapter:
    return Chapter(99, "topic_of_this_test", "", items)


def solution(item: Exercise) -> str:
    return source.solution_text("topic_of_this_test", item)


def test_the_setup_is_the_imports_and_constants():
    setup = source.setup_text("topic_of_this_test")
    assert setup.splitlines() == [
        "import math",
        "from collections.abc import Callable",
        "import numpy as np",
        "SLOPE = 2",
    ]


def test_signature_docstring_and_checks_are_given_and_the_rest_is_the_region():
    text = solution(exercise("double"))
    begin, end = text.index(source.BEGIN), text.index(source.END)
    assert "raise TypeError" in text[:begin] and "# y = 2 x" in text[begin:end] and "return y" in text[begin:end]
    stub = source.stub_text("topic_of_this_test", exercise("double"))
    assert "raise TypeError" in stub and "SLOPE" not in stub and "y = 2 x" not in stub
    assert stub.splitlines()[-1] == f"    {source.STUB}"


def test_without_markers_the_solution_is_the_reference_itself():
    for name in ("double", "gray", "decorated", "Counter"):
        lines = [
            line for line in solution(exercise(name)).splitlines() if line.strip() not in (source.BEGIN, source.END)
        ]
        assert "\n".join(lines) == source.reference_text("topic_of_this_test", name)


def test_each_method_that_is_not_given_has_a_region():
    text = solution(exercise("Counter", given=("__repr__",)))
    assert text.count(source.BEGIN) == 2
    assert text.index("super().__init__()") < text.index(source.BEGIN), "the base class's call is given"
    stub = source.stub_text("topic_of_this_test", exercise("Counter", given=("__repr__",)))
    assert 'return f"{self.count}"' in stub and "self.count = start" not in stub
    ast.parse(stub)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("given_away", "no body to write"),
        ("single", "stands on one line"),
        ("absent", "defines no 'absent'"),
    ],
)
def test_what_cannot_be_cut_says_why(name, sentence):
    with pytest.raises(source.SourceError, match=sentence):
        solution(exercise(name))


def test_a_class_of_given_methods_leaves_nothing():
    with pytest.raises(source.SourceError, match="every method is given"):
        solution(exercise("Counter", given=("__init__", "up", "__repr__")))


def test_a_name_that_no_learner_has_is_named_with_its_exercise():
    double, needy = exercise("double"), exercise("needy")
    with pytest.raises(source.SourceError, match="needy uses double, hidden"):
        source.check_names(selected(double, needy), needy)
    source.check_names(selected(double, gray := exercise("gray", uses=("double",))), gray)


def test_the_student_module_refuses_every_exercise_and_keeps_the_rest():
    namespace: dict[str, object] = {}
    exec(source.student_module(selected(exercise("double"), exercise("Counter", given=("__repr__",)))), namespace)
    with pytest.raises(Exception, match="answer cell") as caught:
        namespace["double"](np.ones(2))  # type: ignore[operator]
    assert type(caught.value).__name__ == source.OWN_REFERENCE
    assert namespace["SLOPE"] == 2
    assert "x * SLOPE" not in source.student_module(selected(exercise("double")))


def test_a_changed_line_of_a_reference_changes_stub_solution_and_grade_together(monkeypatch, tmp_path):
    before = solution(exercise("double"))
    path = tmp_path / "topic_of_this_test.py"
    path.write_text(
        MODULE.replace("y = x * SLOPE", "y = x * SLOPE + 1").replace('"""Twice x."""', '"""Twice x, and one."""')
    )
    source.module.cache_clear()
    assert "SLOPE + 1" in solution(exercise("double")) and "SLOPE + 1" not in before
    assert "and one" in source.stub_text("topic_of_this_test", exercise("double"))
    assert "SLOPE + 1" in source.reference_text("topic_of_this_test", "double")


def test_the_course_s_own_references_pass_the_name_check():
    for selected_chapter in (chapter("01_backprop"),):
        for item in selected_chapter.exercises:
            source.check_names(selected_chapter, item)
