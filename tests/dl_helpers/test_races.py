"""Races against hand computation, torch autograd and landscapes with a known outcome."""

import numpy as np
import pytest
import torch

from dl_helpers.landscapes import bowl, saddle
from dl_helpers.races import (
    METHODS,
    RULES,
    descend,
    digits_loss_and_gradient,
    digits_parameters,
    digits_run,
    digits_scores,
    initial_state,
    rotated,
    steps_to,
)


def test_gradient_descent_takes_the_path_worked_by_hand() -> None:
    # Exact decimals up to rounding.
    np.testing.assert_allclose(
        descend(bowl(10), "sgd", RULES["sgd"], 0.1, 3), [[1, -2], [0.9, 0], [0.81, 0], [0.729, 0]], atol=1e-15
    )


def test_options_reach_the_rule_and_nesterov_gets_a_function() -> None:
    # With γ = 0 both are gradient descent.
    plain = descend(bowl(10), "sgd", RULES["sgd"], 0.05, 5)
    for method in ("momentum", "nesterov"):
        np.testing.assert_allclose(descend(bowl(10), method, RULES[method], 0.05, 5, momentum=0.0), plain, atol=1e-15)


def test_a_path_that_flees_ends_early_and_never_arrives() -> None:
    path = descend(bowl(10), "sgd", RULES["sgd"], 1.0, 100)
    assert len(path) < 101
    assert steps_to(bowl(10), path, 100) is None


def test_steps_are_counted_to_where_the_path_stays_below() -> None:
    landscape = bowl(1)
    # J = ½x² along the path: it dips below 0.1 at step 1, leaves, and is back for good at step 3.
    path = np.array([[2.0, 0], [0.1, 0], [1.0, 0], [0.2, 0], [0.1, 0]])
    assert steps_to(landscape, path, 4, tolerance=0.1) == 3
    assert steps_to(landscape, path[:3], 2, tolerance=0.1) is None
    assert steps_to(landscape, path[3:], 1, tolerance=0.1) == 0


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0])
def test_a_turned_landscape_is_the_same_landscape(degrees: float) -> None:
    original, turned = bowl(7), rotated(bowl(7), degrees)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.random.default_rng(0).normal(size=(5, 2))
    moved = np.array([turn @ point for point in points])
    # Rotation rounds in the last digits.
    np.testing.assert_allclose(turned.value(moved), original.value(points), rtol=1e-12)
    np.testing.assert_allclose(turned.gradient(moved), [turn @ g for g in original.gradient(points)], atol=1e-12)
    np.testing.assert_allclose(turned.start, turn @ original.start, atol=1e-12)


def test_turning_changes_nothing_for_gradient_descent_and_much_for_adagrad() -> None:
    straight, turned = bowl(100), rotated(bowl(100), 30)
    assert steps_to(straight, descend(straight, "sgd", RULES["sgd"], 0.0178, 500), 500) == steps_to(
        turned, descend(turned, "sgd", RULES["sgd"], 0.0178, 500), 500
    )
    axis_aligned = steps_to(straight, descend(straight, "adagrad", RULES["adagrad"], 1.78, 500), 500)
    tilted = steps_to(turned, descend(turned, "adagrad", RULES["adagrad"], 1.78, 500), 500)
    assert axis_aligned is not None and tilted is not None and tilted > 10 * axis_aligned


def test_the_gradient_of_the_digits_network_is_torchs() -> None:
    generator = np.random.default_rng(1)
    parameters, X, y = digits_parameters(generator), generator.random((9, 64)), generator.integers(0, 10, 9)
    loss, gradient = digits_loss_and_gradient(parameters, X, y)
    theta = torch.tensor(parameters, requires_grad=True)
    w1, b1, w2, b2 = torch.split(theta, [64 * 64, 64, 640, 10])
    hidden = torch.relu(torch.tensor(X) @ w1.reshape(64, 64).T + b1)
    scores = hidden @ w2.reshape(10, 64).T + b2
    expected = torch.nn.functional.cross_entropy(scores, torch.tensor(y))
    expected.backward()
    # Both in float64; sums in another order.
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, theta.grad, atol=1e-12)
    np.testing.assert_allclose(digits_scores(parameters, X), scores.detach(), atol=1e-12)


def test_runs_of_one_seed_are_equal_and_a_diverging_run_ends() -> None:
    first, second = (digits_run("momentum", RULES["momentum"], 0.3, seed=2) for _ in range(2))
    assert first.losses == second.losses and len(first.losses) == 46
    assert first.test_accuracy == second.test_accuracy > 0.85
    assert digits_run("sgd", RULES["sgd"], 1e6).test_accuracy < 0.3


def test_a_schedule_is_asked_once_an_epoch() -> None:
    asked: list[int] = []

    def rate(epoch: int) -> float:
        asked.append(epoch)
        return 0.1

    digits_run("sgd", RULES["sgd"], rate, epochs=3)
    assert sorted(set(asked)) == [0, 1, 2]


@pytest.mark.parametrize("method", METHODS)
def test_every_rule_walks_from_its_initial_state(method: str) -> None:
    landscape = saddle()
    path = descend(landscape, method, RULES[method], 0.1, 20)
    assert path.shape == (21, 2)
    assert landscape.value(path[-1]) < landscape.value(path[0])


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="method is 'newton', must be one of sgd, momentum"):
        initial_state("newton", np.zeros(2))
