"""The judge on plain values: what is equal, what is not, and what is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.exercise import Case, Exercise, Group, Misconception
from autograder.judge import assess, difference, signature_problem
from autograder.values import Other, Raised, Tensor


def scale(values: np.ndarray, factor: float) -> np.ndarray:
    """The reference of these tests."""
    return values * factor


def added(values: np.ndarray, factor: float) -> np.ndarray:
    return values + factor


EXERCISE = Exercise(
    scale,
    learned="You scaled.",
    further="",
    stars=1,
    minutes=1,
    points=3,
    draw=lambda generator: [Case(generator.normal(size=2), 2.0)],
    hints=("one", "two"),
    misconceptions=(Misconception("the sum of values and factor.", added),),
)
CASES = [Case(np.array([1.0, 2.0]), 3.0), Case(np.array([0.5, -1.0]), 2.0)]
EXPECTED = [np.array([3.0, 6.0]), np.array([1.0, -2.0])]
WRONG = {"added": [np.array([4.0, 5.0]), np.array([2.5, 1.0])]}


def judge(*outcomes, public=True, exercise=EXERCISE, cases=CASES, answer="", **more):
    got = {"definition": None, "outcomes": list(outcomes), "changed": [], "warnings": [], **more}
    return assess(exercise, cases, EXPECTED, lambda: WRONG, got, answer, public=public)


def test_right_values_earn_all_points_and_say_what_was_learned():
    verdict = judge(*EXPECTED)
    assert (verdict.kind, verdict.points, verdict.explanation) == ("right", 3, "You scaled.")


def test_a_misconception_is_named_in_secret_and_in_public():
    for public in (True, False):
        verdict = judge(*WRONG["added"], public=public)
        assert verdict.misconception == "added"
        assert "Your numbers match the sum" in verdict.explanation
        assert verdict.points == 0


def test_numbers_that_differ_are_shown_in_public_only():
    public = judge(np.array([3.0, 6.5]), EXPECTED[1])
    assert "Case 1" in public.detail and "result[1] = 6, got 6.5" in public.detail
    secret = judge(np.array([3.0, 6.5]), EXPECTED[1], public=False)
    assert not any(digit in " ".join(secret.sentences()) for digit in ("6.5", "result["))
    assert secret.detail == "1 of 2 secret cases differ."


@pytest.mark.parametrize(
    ("wrong", "kind", "sentence"),
    [
        (None, "type", "every path through your function end in return"),
        ([3.0, 6.0], "type", "np.array"),
        (Tensor(np.array([3.0, 6.0])), "type", "Stay with NumPy"),
        (Other("numpy.matrix"), "type", "numpy.matrix"),
        (np.array([[3.0, 6.0]]), "shape", "shape (2,), yours has (1, 2)"),
        (np.array([3.0, np.nan]), "not finite", "result[1] is NaN"),
        (np.array([np.inf, 6.0]), "not finite", "infinite"),
        (np.array([3.0, 6.0]) + 0j, "type", "real numbers, yours holds complex"),
        ("3, 6", "type", "a text"),
        (2**200, "type", "a number"),
        ({"a": 1}, "type", "a dict"),
    ],
)
def test_each_kind_of_wrong_result_has_its_sentence(wrong, kind, sentence):
    verdict = judge(wrong, EXPECTED[1])
    assert verdict.kind == kind
    assert sentence in verdict.detail
    assert verdict.points == 0


def test_an_exception_shows_the_learners_line_and_in_secret_not_its_message():
    error = Raised("ValueError", "the values were 3.25", 7, "return values.reshape(9)")
    answer = "\n" * 6 + "    return values.reshape(9)"
    public, secret = judge(error, error, answer=answer), judge(error, error, answer=answer, public=False)
    assert "line 7" in public.explanation and "3.25" in public.explanation
    assert "line 7" in secret.explanation and "3.25" not in " ".join(secret.sentences())


def test_a_helper_of_another_cell_is_to_be_moved():
    error = Raised("NameError", "name 'helper' is not defined", 2, "return helper(values)")
    verdict = judge(error, error, answer="def scale(values, factor):\n    return helper(values)")
    assert "move helper into the answer cell" in verdict.explanation


def test_a_wrong_signature_is_said():
    error = Raised("TypeError", "scale() takes 1 positional argument but 2 were given", None, "")
    verdict = judge(error, error, answer="def scale(values):\n    return values")
    assert "takes (values, factor); yours takes (values)" in verdict.explanation
    assert signature_problem(EXERCISE, "def scale(values, factor): return 0") is None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Raised("SyntaxError", "invalid syntax", 1, "def scale("), "SyntaxError: invalid syntax, in line 1"),
        (Raised("NotDefined", "", None, ""), "keep the name that was given"),
    ],
)
def test_an_answer_that_does_not_run_says_why(error, sentence):
    verdict = judge(definition=error, answer="def scale(")
    assert verdict.kind == "definition"
    assert sentence in verdict.explanation


def test_what_only_the_learners_process_saw_is_advice_and_costs_nothing():
    verdict = judge(*EXPECTED, changed=[[0], []], warnings=["overflow encountered in exp"])
    assert verdict.right and verdict.points == 3
    assert "argument values in place" in verdict.advice[0]
    assert "overflow" in verdict.advice[1]


@pytest.mark.parametrize("outcomes", [None, 3, [], [EXPECTED[0]], EXPECTED * 2, {"0": 1}])
def test_a_forged_reply_of_another_form_is_worth_nothing(outcomes):
    got = {"definition": None, "outcomes": outcomes, "changed": "yes", "warnings": 3}
    assert assess(EXERCISE, CASES, EXPECTED, lambda: WRONG, got, "", public=False).points == 0


def test_groups_give_part_of_the_points_with_the_reason():
    groups = {"small": Group(1, "Small values."), "large": Group(2, "Large values overflow.")}
    exercise = Exercise(**{**vars(EXERCISE), "groups": groups})
    cases = [Case(*CASES[0].args, group="small"), Case(*CASES[1].args, group="large")]
    verdict = judge(EXPECTED[0], np.array([1.0, 2.0]), exercise=exercise, cases=cases)
    assert verdict.points == 1
    assert any("Large values overflow." in sentence for sentence in verdict.sentences())


numbers = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.none(),
    hnp.arrays(
        hnp.scalar_dtypes().filter(lambda d: d.kind in "biufc" and d.itemsize <= 16), hnp.array_shapes(max_side=3)
    ),
)
values = st.recursive(
    numbers,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)),
    max_leaves=6,
)


@given(values)
def test_everything_equals_itself(value):
    assert difference(value, value, 0.0, 0.0) is None


@given(values, values)
def test_any_pair_is_judged_without_an_error(expected, got):
    found = difference(expected, got, 1e-6, 1e-9)
    assert found is None or found.sentence


@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1))
def test_python_numbers_numpy_scalars_and_0d_arrays_are_one_kind(value, step):
    for have in (value, np.float64(value), np.array(value)):
        assert difference(value, np.asarray(have), 1e-9, 1e-9) is None
        assert difference(np.array(value), have, 1e-9, 1e-9) is None
    wrong = value + step * max(1.0, abs(value))
    assert difference(value, wrong, 1e-9, 1e-9) is not None


def test_single_precision_passes_where_double_is_expected_and_half_a_percent_does_not():
    expected = np.linspace(1, 2, 7)
    assert difference(expected, expected.astype(np.float32), 1e-9, 1e-12) is None
    assert difference(expected, (expected * 1.005).astype(np.float32), 1e-9, 1e-12) is not None


def test_whole_numbers_pass_for_reals_not_reals_for_whole_numbers():
    assert difference(2.0, 2, 1e-9, 1e-9) is None
    assert difference(2, 2.0, 1e-9, 1e-9) is not None
    assert difference(True, 1, 1e-9, 1e-9) is not None


def test_numbers_that_six_digits_do_not_tell_apart_are_shown_in_full():
    found = difference(np.array([1.0]), np.array([1.0 + 1e-8]), 1e-12, 1e-12)
    assert found is not None and "1.00000001" in found.sentence
