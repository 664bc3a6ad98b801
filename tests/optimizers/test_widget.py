"""The widgets of chapter 2, driven without a browser: start, goal, reset."""

import numpy as np
import pytest

from dl_helpers.landscapes import bowl
from dl_helpers.optimizers import momentum_step, nesterov_step, sgd_step
from dl_helpers.plots.optimizers import (
    best_constants,
    condition_counts,
    conditions,
    duel,
    duel_scene,
    race_animation,
)
from dl_helpers.widgets import Explorer

RULES = ("momentum", momentum_step), ("nesterov", nesterov_step)


@pytest.fixture
def ravine() -> Explorer:
    return conditions(sgd_step, momentum_step)


@pytest.fixture
def fight() -> Explorer:
    return duel(*RULES)


def test_the_condition_slider_reaches_its_goal_and_comes_back(ravine: Explorer) -> None:
    assert not ravine.reached
    ravine.move(kappa=100.0)
    assert not ravine.reached
    ravine.move(kappa=300.0)
    assert ravine.reached
    ravine.reset()
    assert not ravine.reached
    assert ravine.values == {"kappa": 10.0}
    assert ravine.moves == 0


@pytest.mark.parametrize("kappa", [1.0, 10.0, 1000.0])
def test_the_condition_slider_works_over_its_whole_range(ravine: Explorer, kappa: float) -> None:
    ravine.move(kappa=kappa)
    assert "data:image/png" in ravine.current.picture
    assert f"κ = {kappa:g}: to J" in ravine.current.message
    assert "gradient descent needs" in ravine.current.message


def test_the_picture_shows_no_more_steps_than_are_needed(ravine: Explorer) -> None:
    """At κ = 3 gradient descent arrives within the 25 steps that the picture has room for."""
    (slow,), (fast,) = condition_counts(np.array([3.0]), sgd_step, momentum_step)
    assert slow <= 25 and fast <= 25
    ravine.move(kappa=3.0)
    assert f"gradient descent needs {slow} steps" in ravine.current.message


def test_the_fight_is_open_at_first_can_be_won_and_can_be_reset(fight: Explorer) -> None:
    start = fight.values
    assert not fight.reached
    fight.move(left_rate=0.0316, right_rate=0.012, momentum=0.8)
    assert fight.reached
    fight.reset()
    assert fight.values == start
    assert not fight.reached


def test_the_fight_is_not_won_by_one_alone(fight: Explorer) -> None:
    fight.move(left_rate=0.0316, right_rate=0.1, momentum=0.8)
    assert not fight.reached
    assert "momentum is there after" in fight.current.message
    assert "Nesterov leaves for infinity" in fight.current.message


def test_gradient_descent_does_not_use_the_momentum_slider() -> None:
    scenes = [duel_scene(("sgd", sgd_step), RULES[0], 0.01, 0.01, momentum) for momentum in (0.2, 0.9)]
    first, second = (scene.message.split(";")[0] for scene in scenes)
    assert first == second


@pytest.mark.parametrize("kappa", [2.0, 10.0, 100.0])
def test_the_best_constants_are_the_fastest_there_are(kappa: float) -> None:
    """The step's spectral radius, from NumPy's eigenvalues, is the one theory promises and no neighbor's is smaller."""

    def radius(rate: float, momentum: float) -> float:
        # (θ, v) ↦ (θ − v', v') with v' = γv + ηhθ, for each curvature h.
        steps = [np.array([[1 - rate * h, -momentum], [rate * h, momentum]]) for h in (1.0, kappa)]
        return max(float(np.abs(np.linalg.eigvals(step)).max()) for step in steps)

    constants, root = best_constants(kappa), np.sqrt(kappa)
    # A double eigenvalue is only known to the root of the rounding error, about 1e-8.
    assert radius(constants["sgd"]["rate"], 0.0) == pytest.approx((kappa - 1) / (kappa + 1), abs=1e-6)
    best = radius(**constants["momentum"])
    assert best == pytest.approx((root - 1) / (root + 1), abs=1e-6)
    rate, momentum = constants["momentum"]["rate"], constants["momentum"]["momentum"]
    for factor in (0.9, 1.1):
        assert radius(rate * factor, momentum) > best
        assert radius(rate, momentum * factor) > best


def test_the_condition_numbers_of_the_static_figure_are_those_of_the_text() -> None:
    assert condition_counts(np.array([100, 1000]), sgd_step, momentum_step) == ([478, 5355], [72, 269])


def test_a_condition_number_beyond_the_slider_is_refused() -> None:
    def still(parameters: np.ndarray, gradient: np.ndarray, state: object, rate: float) -> tuple[np.ndarray, object]:
        return parameters, state

    with pytest.raises(ValueError, match="kappas holds 10"):
        condition_counts(np.array([10.0]), still, momentum_step)


def test_the_animation_holds_the_whole_paths_and_its_alternative_text() -> None:
    path = np.linspace([1.0, -2.0], [0.0, 0.0], 11)
    page = race_animation({"bowl": bowl(4)}, {"bowl": {"sgd": path}}, alt="one straight line")
    assert 'alt="one straight line"' in page
    points = page.split('points="')[1].split('"')[0].split()
    assert len(points) == 11
    # Straight in the landscape is straight on the picture: to half a pixel, for positions are whole pixels.
    x, y = np.array([point.split(",") for point in points], dtype=float).T
    np.testing.assert_allclose(np.diff(x), np.diff(x).mean(), atol=1.0)
    assert x[0] > x[-1] and y[0] > y[-1], "from the lower right to the upper left, with y counted from the top"
    assert 'max="10"' in page
