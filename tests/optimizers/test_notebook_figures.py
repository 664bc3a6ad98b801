"""What chapter 2's figures are drawn from: the committed sweep, and the numbers that are computed for a picture."""

import statistics

import numpy as np
import pytest

from dl_helpers.landscapes import bowl
from dl_helpers.optimizers import adagrad_step, adam_step, momentum_step, nesterov_step, sgd_step
from dl_helpers.plots.optimizers import (
    arriving_rates,
    bias_correction,
    effective_rate,
    fewest_steps,
    line_cost,
    line_gradient,
    sweep,
)
from dl_helpers.races import METHODS, RULES, descend, digits_run


def test_the_committed_sweep_reaches_the_bars_of_the_chapter() -> None:
    accuracy = {method: entry["test_accuracy"] for method, entry in sweep()["digits"]["methods"].items()}
    assert set(accuracy) == set(METHODS)
    assert accuracy["sgd"] <= 0.88
    assert accuracy["momentum"] >= 0.92
    assert accuracy["adam"] >= 0.95


@pytest.mark.parametrize("method", METHODS)
def test_the_best_rate_is_the_best_of_the_sweep_and_not_at_its_edge(method: str) -> None:
    entry = sweep()["digits"]["methods"][method]
    medians = [statistics.median(tried["train_accuracy"]) for tried in entry["sweep"]]
    best = int(np.argmax(medians))
    assert entry["sweep"][best]["rate"] == entry["rate"]
    assert 0 < best < len(medians) - 1


def test_a_run_of_the_sweep_can_be_repeated() -> None:
    entry = sweep()["digits"]["methods"]["sgd"]
    (tried,) = [tried for tried in entry["sweep"] if tried["rate"] == entry["rate"]]
    run = digits_run("sgd", sgd_step, entry["rate"], seed=0)
    # Sums are rounded otherwise by another BLAS, and a picture on the border may change sides: 3 of 360.
    assert run.test_accuracy == pytest.approx(tried["test_accuracy"][0], abs=3.5 / 360)


def test_the_line_fit_has_its_minimum_where_the_gradient_is_zero() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(1, 1, (2, 50))
    cost = line_cost(x, y, start=(0.0, 0.0))
    # Rounding of a mean of fifty terms of size 1.
    np.testing.assert_allclose(line_gradient(cost.minima[0], x, y), 0, atol=1e-12)
    point, step = np.array([0.3, -0.7]), 1e-6
    numerical = [(cost.value(point + step * axis) - cost.value(point - step * axis)) / (2 * step) for axis in np.eye(2)]
    # A quadratic has no truncation error in a central difference; rounding leaves about 1e-10.
    np.testing.assert_allclose(line_gradient(point, x, y), numerical, atol=1e-8)
    np.testing.assert_allclose(cost.gradient(point), line_gradient(point, x, y), rtol=1e-12)


def test_the_effective_rate_of_adagrad_is_the_rate_over_the_root_of_the_sum() -> None:
    gradients = np.array([3.0, -4.0, 12.0])
    # The parameters move by differences that are subtracted again: relative rounding of about 1e-14.
    np.testing.assert_allclose(effective_rate(adagrad_step, gradients, 0.5), [0.5 / 3, 0.5 / 5, 0.5 / 13], rtol=1e-8)


def test_adams_steps_are_as_long_as_the_rate_and_uncorrected_as_the_algebra_says() -> None:
    corrected, plain = bias_correction(adam_step, gradient=3.0, steps=50)
    t = np.arange(1, 51)
    # ε = 1e-8 beside a root of 3 shortens a step by 3e-9 of it.
    np.testing.assert_allclose(corrected, 1, rtol=1e-8)
    # m = (1 − β₁^t) g and √v = √(1 − β₂^t) |g|, to rounding.
    np.testing.assert_allclose(plain, (1 - 0.9**t) / np.sqrt(1 - 0.999**t), rtol=1e-10)


def test_the_fewest_steps_are_those_of_the_best_rate() -> None:
    # On the round bowl gradient descent at rate 1 is there in one step; at 0.5 the height, 2.5, falls to a quarter a
    # step, and 2.5 / 4^6 < 0.001.
    assert fewest_steps(bowl(1), "sgd", sgd_step, np.array([0.5])) == (6, 0.5)
    assert fewest_steps(bowl(1), "sgd", sgd_step, np.array([0.1, 0.5, 1.0, 1.5])) == (1, 1.0)
    with pytest.raises(ValueError, match="rates holds none"):
        fewest_steps(bowl(1), "sgd", sgd_step, np.array([1e-6]), budget=10)


def test_rates_arrive_inside_the_window_that_the_text_names() -> None:
    rates = np.geomspace(0.001, 0.1, 60)
    for step, method in ((momentum_step, "momentum"), (nesterov_step, "nesterov")):
        arrived = arriving_rates(bowl(100), method, step, rates, momentum=0.8)
        assert 0 < len(arrived) < len(rates)
        assert set(arrived) <= set(rates)
    assert len(arriving_rates(bowl(100), "nesterov", nesterov_step, rates, momentum=0.7)) == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_rule_that_works_in_place_draws_the_same_path_and_leaves_the_landscape_alone(method: str) -> None:
    def in_place(parameters, gradient, state, rate):  # type: ignore[no-untyped-def]
        new, remembered = RULES[method](parameters.copy(), gradient, state, rate)
        parameters[...] = new
        if isinstance(state, np.ndarray):
            state[...] = remembered
            return parameters, state
        if state is None:
            return parameters, None
        for kept, array in zip(state[:2], remembered[:2], strict=True):
            kept[...] = array
        return parameters, (*state[:2], *remembered[2:])

    landscape = bowl(10)
    start = landscape.start.copy()
    path = descend(landscape, method, in_place, 0.05, 12)
    np.testing.assert_array_equal(landscape.start, start)
    np.testing.assert_array_equal(path, descend(bowl(10), method, RULES[method], 0.05, 12))
