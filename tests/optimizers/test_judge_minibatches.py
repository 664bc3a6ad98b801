"""The judge of ``minibatches``: any random order is right, and whatever else is said so."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.exercise import Case
from autograder.exercises.optimizers import draw_minibatches, judge_minibatches

EXAMPLES, SIZE = 22, 5
X = np.column_stack([np.arange(EXAMPLES) + 1.0, np.zeros(EXAMPLES)])
Y = 10 * X[:, 0]
CASE = Case(X, Y, SIZE, 0)

Epoch = list[tuple[np.ndarray, np.ndarray]]


def cut(order: Any, size: int = SIZE) -> Epoch:
    order = np.asarray(order)
    return [(X[order[i : i + size]], Y[order[i : i + size]]) for i in range(0, len(order), size)]


def order(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(EXAMPLES)


FIRST, SECOND = cut(order(1)), cut(order(2))


def spoiled(change: Callable[[Epoch], Any]) -> tuple[Any, Epoch, Epoch]:
    epoch = [(x.copy(), y.copy()) for x, y in FIRST]
    return change(epoch), SECOND, FIRST


def exchange_targets(epoch: Epoch) -> Epoch:
    epoch[1][1][:] = np.roll(epoch[1][1], 1)
    return epoch


def change_a_row(epoch: Epoch) -> Epoch:
    epoch[2][0][0] += 0.5
    return epoch


WRONG = {
    "nothing was shuffled": (cut(np.arange(EXAMPLES)), SECOND, cut(np.arange(EXAMPLES))),
    "two epochs drawn by one generator have the same order": (FIRST, FIRST, FIRST),
    "the same seed gives another order": (FIRST, SECOND, cut(order(3))),
    "make 5 batches, yours are 4": spoiled(lambda epoch: epoch[:-1]),
    "make 5 batches, yours are 8": spoiled(lambda _: cut(order(1), 3)),
    "make 5 batches, yours are no": spoiled(lambda _: None),
    "another example's target": spoiled(exchange_targets),
    "is no row of X": spoiled(change_a_row),
    "should have the shapes": spoiled(lambda epoch: [*epoch[:-1], epoch[0]]),
    "meets 20 of them": spoiled(lambda _: cut([*order(1)[:20], *order(1)[:2]])),
    "should be a pair of arrays": spoiled(lambda epoch: [x for x, _ in epoch]),
    "as pairs": (FIRST, SECOND),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_what_is_wrong_is_named(sentence: str) -> None:
    answer = judge_minibatches(CASE, None, WRONG[sentence])
    assert answer is not None
    assert sentence in answer


def test_any_order_is_right_as_lists_and_in_single_precision() -> None:
    assert judge_minibatches(CASE, None, (FIRST, SECOND, FIRST)) is None
    single = [[x.astype(np.float32), y.astype(np.float32)] for x, y in FIRST]
    assert judge_minibatches(CASE, None, [single, SECOND, FIRST]) is None


anything = st.recursive(
    st.none()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just(X)
    | st.just(np.array(1.0))
    | st.just(np.zeros((0, 2))),
    lambda parts: st.lists(parts, max_size=5) | st.tuples(parts, parts) | st.dictionaries(st.text(), parts, max_size=3),
)


@given(got=anything | st.tuples(anything, anything, anything))
def test_no_plain_value_breaks_the_judge(got: Any) -> None:
    assert isinstance(judge_minibatches(CASE, None, got), str)


@given(seed=st.integers(0, 2**32 - 1))
def test_drawn_cases_keep_false_alarms_improbable_and_examples_apart(seed: int) -> None:
    for case in draw_minibatches(np.random.default_rng(seed)):
        inputs, targets, batch_size, _ = case.args
        assert len(inputs) == len(targets) >= 20
        assert len({row.tobytes() for row in inputs}) == len(inputs)
        assert batch_size >= 1
        # Whole numbers below 2²⁴ are exact in single precision.
        np.testing.assert_array_equal(inputs.astype(np.float32), inputs)
        np.testing.assert_array_equal(targets.astype(np.float32), targets)
