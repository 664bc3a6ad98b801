"""The optimizers against torch.optim, closed forms, the worked numbers of the chapter, and bad input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import lfilter

from dl_helpers.landscapes import bowl
from dl_helpers.optimizers import (
    adadelta_step,
    adagrad_step,
    adam_step,
    adamw_step,
    cosine_decay,
    exponential_decay,
    exponentially_weighted_average,
    inverse_time_decay,
    minibatches,
    momentum_step,
    nesterov_look_ahead_step,
    nesterov_step,
    rmsprop_step,
    sgd_step,
    step_decay,
    train,
)

Rule = Callable[..., tuple[np.ndarray, Any]]

Shape = tuple[int, ...]

ZEROS = np.zeros(2)


def two_arrays(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(shape), np.zeros(shape)


def two_arrays_and_a_count(shape: Shape) -> tuple[np.ndarray, np.ndarray, int]:
    return np.zeros(shape), np.zeros(shape), 0


# name -> (rule, its state before the first step by the parameters' shape)
RULES: dict[str, tuple[Rule, Callable[[Shape], Any]]] = {
    "sgd": (sgd_step, lambda _: None),
    "momentum": (momentum_step, np.zeros),
    "nesterov_look_ahead": (nesterov_look_ahead_step, np.zeros),
    "adagrad": (adagrad_step, np.zeros),
    "rmsprop": (rmsprop_step, np.zeros),
    "adadelta": (adadelta_step, two_arrays),
    "adam": (adam_step, two_arrays_and_a_count),
    "adamw": (adamw_step, two_arrays_and_a_count),
}


def descend(
    rule: Rule,
    gradient: Callable[[np.ndarray], np.ndarray],
    parameters: np.ndarray,
    state: Any,
    steps: int,
    **constants: float,
) -> tuple[np.ndarray, Any]:
    for _ in range(steps):
        parameters, state = rule(parameters, gradient(parameters), state, **constants)
    return parameters, state


def descend_nesterov(
    gradient: Callable[[np.ndarray], np.ndarray], parameters: np.ndarray, steps: int, **constants: float
) -> tuple[np.ndarray, np.ndarray]:
    velocity = np.zeros_like(parameters)
    for _ in range(steps):
        parameters, velocity = nesterov_step(parameters, gradient, velocity, **constants)
    return parameters, velocity


# --- worked numbers -------------------------------------------------------------------------------------------------

WORKED = {
    "sgd": (0.729, 0.0),
    "momentum": (0.486, 1.62),
    "nesterov_look_ahead": (0.327321, 0.0),
    "adagrad": (0.78045618, -1.77582152),
    "rmsprop": (0.36918057, -1.30871787),
    "adadelta": (0.99030908, -1.99030075),
    "adam": (0.70158627, -1.70062339),
}


@pytest.mark.parametrize("name", WORKED)
def test_three_steps_on_the_bowl_by_hand(name: str) -> None:
    rule, start = RULES[name]
    constants: dict[str, float] = {"rate": 1.0, "decay": 0.9} if name == "adadelta" else {"rate": 0.1}
    parameters, _ = descend(rule, bowl().gradient, np.array([1.0, -2.0]), start((2,)), 3, **constants)
    # Worked to eight decimals.
    np.testing.assert_allclose(parameters, WORKED[name], rtol=0, atol=5e-9)


def test_three_steps_of_nesterov_by_hand() -> None:
    parameters, velocity = descend_nesterov(bowl().gradient, np.array([1.0, -2.0]), 3, rate=0.1)
    np.testing.assert_allclose(parameters, [0.51759, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(parameters - 0.9 * velocity, WORKED["nesterov_look_ahead"], rtol=0, atol=1e-12)


def test_two_steps_of_momentum_by_hand() -> None:
    parameters, velocity = momentum_step(np.array([1.0, -2.0]), np.array([1.0, -20.0]), ZEROS, 0.1)
    np.testing.assert_allclose([parameters, velocity], [[0.9, 0], [0.1, -2]], atol=1e-15)
    parameters, velocity = momentum_step(parameters, np.array([0.9, 0.0]), velocity, 0.1)
    np.testing.assert_allclose([parameters, velocity], [[0.72, 1.8], [0.18, -1.8]], atol=1e-15)


def test_rmsprop_adds_the_squared_gradient() -> None:
    parameters, squares = rmsprop_step(np.array(0.0), np.array(2.0), np.array(0.0), rate=1.0, epsilon=0.0)
    assert squares == pytest.approx(0.4)
    assert parameters == pytest.approx(-2 / 0.4**0.5)


@pytest.mark.parametrize(("epoch", "rate"), [(0, 1.0), (1, 0.9091), (2, 0.8333), (5, 0.6667)])
def test_inverse_time_decay_by_hand(epoch: int, rate: float) -> None:
    assert inverse_time_decay(1.0, epoch, 0.1) == pytest.approx(rate, abs=5e-5)


# --- torch.optim, fifty steps ---------------------------------------------------------------------------------------

MATRIX = np.random.default_rng(7).normal(size=(5, 4))
TARGET = np.random.default_rng(8).normal(size=5)
START = np.array([0.8, -1.3, 0.4, 2.1])


def cost(parameters: torch.Tensor) -> torch.Tensor:
    """Smooth, not quadratic, and no parameter independent of another."""
    residuals = torch.from_numpy(MATRIX) @ parameters - torch.from_numpy(TARGET)
    return torch.log(torch.cosh(residuals)).sum() + 0.02 * (parameters**4).sum()


def slope(parameters: np.ndarray) -> np.ndarray:
    point = torch.tensor(parameters, requires_grad=True)
    (gradient,) = torch.autograd.grad(cost(point), point)
    return gradient.numpy()


def torch_path_end(make: Callable[[list[torch.Tensor]], torch.optim.Optimizer]) -> np.ndarray:
    parameters = torch.tensor(START, requires_grad=True)
    optimizer = make([parameters])
    for _ in range(50):
        optimizer.zero_grad()
        cost(parameters).backward()
        optimizer.step()
    return parameters.detach().numpy()


O4 = np.zeros(4)
# Where torch writes ε outside the root and the chapter inside, both are 0: then the rules are one.
AGAINST_TORCH: dict[str, tuple[Rule, Any, dict[str, float], Callable[[Any], torch.optim.Optimizer]]] = {
    "sgd": (sgd_step, None, {"rate": 0.02}, lambda p: torch.optim.SGD(p, lr=0.02)),
    "momentum": (momentum_step, O4, {"rate": 0.02}, lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9)),
    "nesterov_look_ahead": (
        nesterov_look_ahead_step,
        O4,
        {"rate": 0.02, "momentum": 0.8},
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8, nesterov=True),
    ),
    "adagrad": (adagrad_step, O4, {"rate": 0.3, "epsilon": 0.0}, lambda p: torch.optim.Adagrad(p, lr=0.3, eps=0)),
    "rmsprop": (
        rmsprop_step,
        O4,
        {"rate": 0.01, "decay": 0.8, "epsilon": 0.0},
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.8, eps=0),
    ),
    "adadelta": (adadelta_step, (O4, O4), {}, lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.95, eps=1e-6)),
    "adadelta with a rate": (
        adadelta_step,
        (O4, O4),
        {"rate": 3.0, "decay": 0.7, "epsilon": 0.01},
        lambda p: torch.optim.Adadelta(p, lr=3.0, rho=0.7, eps=0.01),
    ),
    "adam": (adam_step, (O4, O4, 0), {"rate": 0.05}, lambda p: torch.optim.Adam(p, lr=0.05)),
    "adam with a large epsilon": (
        adam_step,
        (O4, O4, 0),
        {"rate": 0.05, "mean_decay": 0.8, "square_decay": 0.95, "epsilon": 0.5},
        lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=0.5),
    ),
    "adamw": (
        adamw_step,
        (O4, O4, 0),
        {"rate": 0.05, "weight_decay": 0.3, "epsilon": 0.01},
        lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.3, eps=0.01),
    ),
}


@pytest.mark.parametrize("name", AGAINST_TORCH)
def test_fifty_steps_end_where_torch_ends(name: str) -> None:
    rule, state, constants, make = AGAINST_TORCH[name]
    parameters, _ = descend(rule, slope, START, state, 50, **constants)
    # Rounding differs by about 1e-16 a step and the cost does not blow it up.
    np.testing.assert_allclose(parameters, torch_path_end(make), rtol=1e-10, atol=1e-12)


def test_fifty_steps_of_nesterov_are_torchs_seen_from_the_parameters() -> None:
    parameters, velocity = descend_nesterov(slope, START, 50, rate=0.02, momentum=0.8)
    expected = torch_path_end(lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8, nesterov=True))
    np.testing.assert_allclose(parameters - 0.8 * velocity, expected, rtol=1e-10, atol=1e-12)
    # And it is not the same point: the difference the chapter warns of.
    assert np.abs(parameters - expected).max() > 1e-6


@pytest.mark.parametrize("name", ["adagrad", "rmsprop"])
def test_with_the_usual_epsilon_its_place_hardly_matters(name: str) -> None:
    rule, state, constants, _ = AGAINST_TORCH[name]
    make = {
        "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.3, eps=1e-8),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.8, eps=1e-8),
    }[name]
    parameters, _ = descend(rule, slope, START, state, 50, **{**constants, "epsilon": 1e-8})
    # √(s + ε) and √s + ε differ by at most ε + ε/(2√s), relative to √s 1e-8 to 1e-6 for gradients down to 0.01.
    np.testing.assert_allclose(parameters, torch_path_end(make), rtol=1e-5)


@pytest.mark.parametrize("rate", [0.05, 0.02])
def test_nesterov_at_rates_that_leave_the_steep_axis_moving(rate: float) -> None:
    # At rate 0.1 y is 0 after one step and separates nothing.
    start = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([start], lr=rate, momentum=0.9, nesterov=True)
    for _ in range(7):
        optimizer.zero_grad()
        (start[0] ** 2 / 2 + 5 * start[1] ** 2).backward()
        optimizer.step()
    parameters, velocity = descend_nesterov(bowl().gradient, np.array([1.0, -2.0]), 7, rate=rate)
    np.testing.assert_allclose(parameters - 0.9 * velocity, start.detach().numpy(), rtol=1e-12)
    assert abs(parameters[1]) > 1e-3


# --- properties of the rules ----------------------------------------------------------------------------------------

shapes = st.sampled_from([(), (1,), (4,), (2, 3)])
numbers = st.floats(-5, 5, allow_subnormal=False)
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("name", RULES)
@given(shape=shapes, seed=seeds)
def test_rules_keep_the_shape_and_change_nothing_they_were_given(name: str, shape: Shape, seed: int) -> None:
    generator = np.random.default_rng(seed)
    rule, start = RULES[name]
    state = start(shape)
    parameters = generator.normal(size=shape)
    for _ in range(3):
        gradient = np.asarray(generator.normal(size=shape))
        given_arrays = [parameters, gradient, *(state if type(state) is tuple else (state,))]
        before = [np.array(array) for array in given_arrays]
        new, new_state = rule(parameters, gradient, state, rate=0.1)
        for array, copy in zip(given_arrays, before, strict=True):
            np.testing.assert_array_equal(array, copy)
        assert np.shape(new) == shape
        new_arrays = new_state if type(state) is tuple else (new_state,)
        assert [np.shape(array) for array in new_arrays] == [np.shape(array) for array in given_arrays[2:]]
        parameters, state = new, new_state


@pytest.mark.parametrize("name", RULES)
@given(parameters=arrays(float, (2, 3), elements=numbers), gradient=arrays(float, (2, 3), elements=numbers))
def test_rules_are_elementwise(name: str, parameters: np.ndarray, gradient: np.ndarray) -> None:
    rule, start = RULES[name]
    whole, _ = rule(parameters, gradient, start((2, 3)), rate=0.1)
    row, _ = rule(parameters[1], gradient[1], start((3,)), rate=0.1)
    np.testing.assert_array_equal(whole[1], row)


@given(parameters=arrays(float, 3, elements=numbers), gradient=arrays(float, 3, elements=numbers))
def test_without_momentum_all_three_are_gradient_descent(parameters: np.ndarray, gradient: np.ndarray) -> None:
    expected, _ = sgd_step(parameters, gradient, None, 0.2)
    velocity = np.zeros(3)
    np.testing.assert_array_equal(momentum_step(parameters, gradient, velocity, 0.2, 0.0)[0], expected)
    np.testing.assert_array_equal(nesterov_look_ahead_step(parameters, gradient, velocity, 0.2, 0.0)[0], expected)
    np.testing.assert_array_equal(nesterov_step(parameters, lambda _: gradient, velocity, 0.2, 0.0)[0], expected)


@given(seed=seeds, momentum=st.floats(0, 0.95))
def test_momentum_is_the_averaged_form_at_a_rate_scaled_by_one_minus_momentum(seed: int, momentum: float) -> None:
    gradients = np.random.default_rng(seed).normal(size=(20, 3))
    parameters, velocity = np.ones(3), np.zeros(3)
    averaged = np.ones(3)
    averages = exponentially_weighted_average(gradients, momentum, bias_correction=False)
    for gradient, average in zip(gradients, averages, strict=True):
        parameters, velocity = momentum_step(parameters, gradient, velocity, 0.3 * (1 - momentum), momentum)
        averaged = averaged - 0.3 * average
    np.testing.assert_allclose(parameters, averaged, rtol=1e-10, atol=1e-12)


@given(seed=seeds, momentum=st.floats(0, 0.95), rate=st.floats(0.001, 0.15))
def test_look_ahead_points_tell_nesterovs_path(seed: int, momentum: float, rate: float) -> None:
    start = np.random.default_rng(seed).normal(size=2)
    parameters, velocity = descend_nesterov(bowl().gradient, start, 10, rate=rate, momentum=momentum)
    look_ahead, same = descend(
        nesterov_look_ahead_step, bowl().gradient, start, np.zeros(2), 10, rate=rate, momentum=momentum
    )
    np.testing.assert_allclose(look_ahead, parameters - momentum * velocity, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(same, velocity, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rule", [adagrad_step, rmsprop_step, adam_step])
@given(scale=st.floats(1e-3, 1e3), seed=seeds)
def test_adaptive_rules_do_not_see_the_scale_of_the_gradient(rule: Rule, scale: float, seed: int) -> None:
    gradients = np.random.default_rng(seed).normal(size=(5, 3))
    ends = []
    for factor in (1.0, scale):
        parameters = np.zeros(3)
        state: Any = (np.zeros(3), np.zeros(3), 0) if rule is adam_step else np.zeros(3)
        for gradient in gradients:
            parameters, state = rule(parameters, factor * gradient, state, rate=0.1, epsilon=0.0)
        ends.append(parameters)
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-10, atol=1e-12)


@given(gradient=arrays(float, 4, elements=st.floats(0.01, 5) | st.floats(-5, -0.01)), rate=st.floats(1e-4, 1))
def test_the_first_step_of_adam_and_adagrad_has_the_size_of_the_rate(gradient: np.ndarray, rate: float) -> None:
    zeros = np.zeros(4)
    for step, _ in (
        adam_step(zeros, gradient, (zeros, zeros, 0), rate, epsilon=0.0),
        adagrad_step(zeros, gradient, zeros, rate, epsilon=0.0),
    ):
        np.testing.assert_allclose(step, -rate * np.sign(gradient), rtol=1e-12)


@given(seed=seeds)
def test_adamw_decays_every_parameter_by_the_same_factor(seed: int) -> None:
    generator = np.random.default_rng(seed)
    parameters, gradient, mean, square = generator.uniform(0.1, 2, size=(4, 5))
    moments = (mean, square, 3)
    without, adams = adam_step(parameters, gradient, moments, 0.1)
    decayed, adamws = adamw_step(parameters, gradient, moments, 0.1, weight_decay=0.4)
    # θ(1 − ηλ) less the Adam step: what is taken off depends on θ alone, not on the gradient.
    np.testing.assert_allclose(without - decayed, 0.1 * 0.4 * parameters, rtol=1e-10)
    for one, other in zip(adams, adamws, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_first_step_of_adadelta_is_of_the_size_of_the_root_of_epsilon() -> None:
    first, (_, square_steps) = adadelta_step(ZEROS, np.array([1.0, 100.0]), (ZEROS, ZEROS), epsilon=1e-6)
    # Δ = −√ε / √(0.05 g² + ε) · g = −√(1e-6 / 0.05) for large g.
    np.testing.assert_allclose(first, -np.sqrt(1e-6 / 0.05), rtol=1e-4)
    np.testing.assert_allclose(square_steps, 0.05 * first**2, rtol=1e-12)


@pytest.mark.parametrize("condition", [4.0, 25.0, 100.0])
def test_momentum_at_polyaks_constants_is_a_millionth_away_in_a_hundred_steps(condition: float) -> None:
    root = np.sqrt(condition)
    rate, momentum = (2 / (1 + root)) ** 2, ((root - 1) / (root + 1)) ** 2
    landscape = bowl(condition)
    parameters, _ = descend(
        momentum_step, landscape.gradient, landscape.start, ZEROS, 100, rate=rate, momentum=momentum
    )
    # Polyak: the error falls by √γ a step, 0.82 at κ = 100, up to a factor that grows with the steps.
    assert landscape.value(parameters) < 1e-6
    # Gradient descent at its best rate 2/(1 + κ) falls by (κ − 1)/(κ + 1) a step, 0.98 at κ = 100.
    plain, _ = descend(sgd_step, landscape.gradient, landscape.start, None, 100, rate=2 / (1 + condition))
    assert landscape.value(plain) > landscape.value(parameters)


# --- averages, schedules --------------------------------------------------------------------------------------------


@given(seed=seeds, decay=st.floats(0, 0.99), length=st.integers(1, 40))
def test_average_is_a_recursive_filter(seed: int, decay: float, length: int) -> None:
    values = np.random.default_rng(seed).normal(size=(length, 2))
    expected = lfilter([1 - decay], [1, -decay], values, axis=0)
    np.testing.assert_allclose(exponentially_weighted_average(values, decay, False), expected, rtol=1e-10, atol=1e-12)


@given(seed=seeds, decay=st.floats(0, 0.99), length=st.integers(1, 40))
def test_corrected_average_is_a_weighted_mean(seed: int, decay: float, length: int) -> None:
    values = np.random.default_rng(seed).normal(size=length)
    averages = exponentially_weighted_average(values, decay)
    for t in range(length):
        weights = decay ** np.arange(t, -1, -1)
        expected = np.average(values[: t + 1], weights=weights)
        # 1 − β^t loses two digits at β = 0.99.
        np.testing.assert_allclose(averages[t], expected, rtol=1e-10, atol=1e-12)


def test_average_of_whole_numbers_is_real() -> None:
    averages = exponentially_weighted_average(np.array([1, 2, 4]), 0.5)
    np.testing.assert_allclose(averages, [1, (1 + 2 * 2) / 3, (1 + 2 * 2 + 4 * 4) / 7])


def test_average_of_nothing_is_nothing() -> None:
    assert exponentially_weighted_average(np.zeros((0, 3)), 0.9).shape == (0, 3)


def torch_rates(make: Callable[[torch.optim.Optimizer], Any], epochs: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler = make(optimizer)
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_schedules_are_torchs() -> None:
    schedulers = torch.optim.lr_scheduler
    mine: dict[str, list[float]] = {
        "step": [step_decay(0.4, t, 0.3, 4) for t in range(20)],
        "exponential": [exponential_decay(0.4, t, 0.9) for t in range(20)],
        "cosine": [cosine_decay(0.4, t, 19, 0.05) for t in range(20)],
        "inverse": [inverse_time_decay(0.4, t, 0.7) for t in range(20)],
    }
    theirs: dict[str, Callable[[torch.optim.Optimizer], Any]] = {
        "step": lambda o: schedulers.StepLR(o, 4, gamma=0.3),
        "exponential": lambda o: schedulers.ExponentialLR(o, gamma=0.9),
        "cosine": lambda o: schedulers.CosineAnnealingLR(o, 19, eta_min=0.05),
        "inverse": lambda o: schedulers.LambdaLR(o, lambda t: 1 / (1 + 0.7 * t)),
    }
    for name, rates in mine.items():
        # torch multiplies rate by rate from epoch to epoch: rounding of twenty products.
        np.testing.assert_allclose(rates, torch_rates(theirs[name], 20), rtol=1e-12, err_msg=name)


@given(rate=st.floats(1e-4, 10), epoch=st.integers(0, 60))
def test_schedules_start_at_the_rate_and_never_rise(rate: float, epoch: int) -> None:
    for schedule in (
        lambda t: inverse_time_decay(rate, t, 0.2),
        lambda t: step_decay(rate, t, 0.5, 7),
        lambda t: exponential_decay(rate, t, 0.97),
        lambda t: cosine_decay(rate, t, 61, rate / 10),
    ):
        assert schedule(0) == pytest.approx(rate)
        assert 0 < schedule(epoch + 1) <= schedule(epoch) * (1 + 1e-15)


def test_cosine_ends_at_its_minimum() -> None:
    assert cosine_decay(0.5, 30, 30, 0.02) == pytest.approx(0.02)
    assert cosine_decay(0.5, 15, 30, 0.02) == pytest.approx(0.26)


# --- mini-batches and the loop --------------------------------------------------------------------------------------


@given(examples=st.integers(0, 50), batch_size=st.integers(1, 60), seed=seeds)
def test_an_epoch_meets_every_example_once_with_its_own_target(examples: int, batch_size: int, seed: int) -> None:
    X = np.column_stack([np.arange(examples), np.arange(examples) ** 2]).astype(float)
    y = 10.0 * np.arange(examples)
    batches = list(minibatches(X, y, batch_size, np.random.default_rng(seed)))
    sizes = [len(batch) for batch, _ in batches]
    full, rest = divmod(examples, batch_size)
    assert sizes == [batch_size] * full + ([rest] if rest else [])
    if examples:
        X_all, y_all = np.concatenate([b for b, _ in batches]), np.concatenate([t for _, t in batches])
        np.testing.assert_array_equal(X_all[:, 0] * 10, y_all)
        np.testing.assert_array_equal(X_all[:, 0] ** 2, X_all[:, 1])
        assert sorted(y_all) == sorted(y)


def test_epochs_differ_and_a_seed_repeats_them() -> None:
    X = np.arange(30.0)

    def epochs(seed: int) -> list[list[float]]:
        generator = np.random.default_rng(seed)
        return [[float(x) for batch, _ in minibatches(X, X, 4, generator) for x in batch] for _ in range(3)]

    first = epochs(1)
    # Two of 30! orders are equal with probability 4e-33.
    assert first[0] != first[1] != first[2] != first[0]
    assert X.tolist() not in first
    assert epochs(1) == first
    assert epochs(2) != first


def test_minibatches_leave_the_data_alone_and_keep_its_shape() -> None:
    X, y = np.arange(60.0).reshape(5, 3, 4), np.arange(10).reshape(5, 2)
    X_before, y_before = X.copy(), y.copy()
    X_batch, y_batch = next(iter(minibatches(X, y, 2, np.random.default_rng(0))))
    assert X_batch.shape == (2, 3, 4)
    assert y_batch.shape == (2, 2)
    assert y_batch.dtype == y.dtype
    X_batch += 1
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


def least_squares(parameters: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """½ the mean squared error of a linear model, and its gradient."""
    residuals = X @ parameters - y
    return 0.5 * float(residuals @ residuals) / len(y), X.T @ residuals / len(y)


def test_training_on_whole_batches_follows_the_closed_form() -> None:
    generator = np.random.default_rng(3)
    X, y, start = generator.normal(size=(12, 3)), generator.normal(size=12), np.array([1.0, -2.0, 0.5])
    parameters, losses = train(start, least_squares, sgd_step, None, lambda _: 0.3, X, y, 12, 9, generator)
    # θ_t − θ* = (I − ηH)^t (θ_0 − θ*) with H = XᵀX/m and θ* the least-squares solution.
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    contraction = np.linalg.matrix_power(np.eye(3) - 0.3 * X.T @ X / 12, 9)
    np.testing.assert_allclose(parameters, best + contraction @ (start - best), rtol=1e-10)
    assert len(losses) == 9
    assert losses[0] == pytest.approx(least_squares(start, X, y)[0])
    assert losses == sorted(losses, reverse=True)


def test_training_in_batches_is_torchs_loop() -> None:
    data = np.random.default_rng(5)
    X, y, start = data.normal(size=(23, 4)), data.normal(size=23), data.normal(size=4)
    state = (np.zeros(4), np.zeros(4), 0)
    parameters, losses = train(
        start, least_squares, adam_step, state, lambda t: 0.1 / (1 + t), X, y, 5, 4, np.random.default_rng(11)
    )

    weights = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + t))
    orders, expected = np.random.default_rng(11), []
    for _ in range(4):
        for rows in torch.from_numpy(orders.permutation(23)).split(5):
            residuals = torch.from_numpy(X)[rows] @ weights - torch.from_numpy(y)[rows]
            loss = (residuals**2).mean() / 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            expected.append(loss.item())
        scheduler.step()
    np.testing.assert_allclose(losses, expected, rtol=1e-10)
    np.testing.assert_allclose(parameters, weights.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("name", RULES)
def test_the_loop_trains_with_every_rule(name: str) -> None:
    data = np.random.default_rng(2)
    X = data.normal(size=(64, 2))
    y = X @ np.array([1.5, -0.5])
    rule, zeros = RULES[name]
    # Adadelta's first steps are of the size √ε and grow from there; a rate of 100 is none too large.
    rate = 100.0 if name == "adadelta" else 0.1
    start = np.array([0.0, 0.0])
    parameters, losses = train(start, least_squares, rule, zeros((2,)), lambda _: rate, X, y, 16, 10, data)
    assert losses[-1] < 0.5 * losses[0]
    np.testing.assert_array_equal(start, 0)
    assert parameters.shape == (2,)


def test_no_epochs_train_nothing() -> None:
    start = np.ones(2)
    parameters, losses = train(
        start, least_squares, sgd_step, None, lambda _: 0.1, np.eye(2), ZEROS, 1, 0, np.random.default_rng(0)
    )
    np.testing.assert_array_equal(parameters, start)
    assert losses == []


# --- bad input ------------------------------------------------------------------------------------------------------

P, S = np.ones(3), np.ones(2)
MOMENTS = (P, P, 0)
BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: sgd_step(P, S, None, 0.1), ValueError, r"gradient has shape \(2,\), must be \(3,\)"),
    (lambda: sgd_step(P, P, None, -0.1), ValueError, "rate is -0.1, must be at least 0"),
    (lambda: sgd_step(P, P, None, float("nan")), ValueError, "rate is nan"),
    (lambda: momentum_step(P, S, P, 0.1), ValueError, "gradient and velocity have shapes"),
    (lambda: momentum_step(P, P, S, 0.1), ValueError, "gradient and velocity have shapes"),
    (lambda: momentum_step(P, P, P, 0.1, 1.0), ValueError, r"momentum is 1.0, must lie in \[0, 1\)"),
    (lambda: momentum_step(P, P, P, -1.0), ValueError, "rate is -1.0"),
    (lambda: nesterov_step(P, P, P, 0.1), TypeError, "gradient is of type ndarray, must be a function"),  # type: ignore[arg-type]
    (lambda: nesterov_step(P, np.sin, S, 0.1), ValueError, r"velocity has shape \(2,\), must be \(3,\)"),
    (lambda: nesterov_step(P, np.sin, P, 0.1, -0.1), ValueError, "momentum is -0.1"),
    (lambda: nesterov_step(P, np.sin, P, -0.1), ValueError, "rate is -0.1"),
    (lambda: nesterov_look_ahead_step(P, S, P, 0.1), ValueError, "must be .* as look_ahead"),
    (lambda: nesterov_look_ahead_step(P, P, P, 0.1, 2.0), ValueError, "momentum is 2.0"),
    (lambda: adagrad_step(P, P, S), ValueError, "gradient and squares have shapes"),
    (lambda: adagrad_step(P, P, P, -0.1), ValueError, "rate is -0.1"),
    (lambda: adagrad_step(P, P, P, epsilon=-1e-8), ValueError, "epsilon is -1e-08"),
    (lambda: rmsprop_step(P, S, P), ValueError, "gradient and squares have shapes"),
    (lambda: rmsprop_step(P, P, P, -0.1), ValueError, "rate is -0.1"),
    (lambda: rmsprop_step(P, P, P, epsilon=-1.0), ValueError, "epsilon is -1.0"),
    (lambda: rmsprop_step(P, P, P, decay=1.0), ValueError, r"decay is 1.0, must lie in \[0, 1\)"),
    (lambda: adadelta_step(P, P, (P, S)), ValueError, "the two averages have shapes"),
    (lambda: adadelta_step(P, P, (P, P), rate=-1.0), ValueError, "rate is -1.0"),
    (lambda: adadelta_step(P, P, (P, P), epsilon=0.0), ValueError, "epsilon is 0.0, must be above 0"),
    (lambda: adadelta_step(P, P, (P, P), decay=-0.1), ValueError, "decay is -0.1"),
    (lambda: adam_step(P, P, (S, P, 0)), ValueError, "gradient, m and v have shapes"),
    (lambda: adam_step(P, P, MOMENTS, -0.1), ValueError, "rate is -0.1"),
    (lambda: adam_step(P, P, MOMENTS, epsilon=-1.0), ValueError, "epsilon is -1.0"),
    (lambda: adam_step(P, P, (P, P, -1)), ValueError, "t is -1, must each be at least 0"),
    (lambda: adam_step(P, P, MOMENTS, mean_decay=1.0), ValueError, "mean_decay is 1.0"),
    (lambda: adam_step(P, P, MOMENTS, square_decay=1.5), ValueError, "square_decay is 1.5"),
    (lambda: adamw_step(P, P, MOMENTS, weight_decay=-0.1), ValueError, "weight_decay is -0.1"),
    (lambda: adamw_step(P, S, MOMENTS), ValueError, "gradient, m and v have shapes"),
    (lambda: exponentially_weighted_average(np.array(3.0), 0.9), ValueError, "single number 3.0"),
    (lambda: exponentially_weighted_average(P, 1.0), ValueError, r"decay is 1.0, must lie in \[0, 1\)"),
    (lambda: inverse_time_decay(0.1, -1, 0.1), ValueError, "epoch is -1"),
    (lambda: inverse_time_decay(0.1, 1, -0.1), ValueError, "decay is -0.1"),
    (lambda: inverse_time_decay(-0.1, 1, 0.1), ValueError, "rate is -0.1"),
    (lambda: step_decay(0.1, -1, 0.5, 2), ValueError, "epoch is -1"),
    (lambda: step_decay(0.1, 1, 0.5, 0), ValueError, "every is 0, must be at least 1"),
    (lambda: step_decay(0.1, 1, 0.0, 2), ValueError, r"factor is 0.0, must lie in \(0, 1\]"),
    (lambda: step_decay(-0.1, 1, 0.5, 2), ValueError, "rate is -0.1"),
    (lambda: exponential_decay(0.1, -1, 0.5), ValueError, "epoch is -1"),
    (lambda: exponential_decay(0.1, 1, 1.5), ValueError, "factor is 1.5"),
    (lambda: exponential_decay(-0.1, 1, 0.5), ValueError, "rate is -0.1"),
    (lambda: cosine_decay(0.1, 11, 10), ValueError, r"epoch is 11, must lie in \[0, epochs\]"),
    (lambda: cosine_decay(0.1, 0, 0), ValueError, "epochs is 0, must be at least 1"),
    (lambda: cosine_decay(0.1, 1, 10, 0.2), ValueError, "minimum is 0.2"),
    (lambda: list(minibatches(P, S, 1, np.random.default_rng(0))), ValueError, "y has 2 rows, must have 3 as X"),
    (lambda: list(minibatches(P, P, 0, np.random.default_rng(0))), ValueError, "batch_size is 0, must be at least 1"),
    (
        lambda: train(P, least_squares, sgd_step, None, lambda _: 0.1, P, P, 1, -1, np.random.default_rng(0)),
        ValueError,
        "epochs is -1, must be at least 0",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused_by_name(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
