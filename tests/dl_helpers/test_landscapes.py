"""The landscapes against torch's automatic differentiation of formulas written apart, and against their own claims."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dl_helpers.landscapes import Landscape, beale, bowl, rosenbrock, saddle


def torch_beale(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y * y) ** 2 + (2.625 - x + x * y * y * y) ** 2


FORMULAS: list[tuple[Landscape, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]]] = [
    (bowl(), lambda x, y: x * x / 2 + 5 * y * y),
    (bowl(300.0), lambda x, y: x * x / 2 + 150 * y * y),
    (rosenbrock(), lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2),
    (beale(), torch_beale),
    (saddle(), lambda x, y: x * x / 2 - y * y / 2 + y * y * y * y / 4),
]
LANDSCAPES = [landscape for landscape, _ in FORMULAS]
NAMES = [landscape.name for landscape in LANDSCAPES]
coordinates = st.floats(-4, 4, allow_subnormal=False)


@pytest.mark.parametrize(("landscape", "formula"), FORMULAS, ids=NAMES)
@given(x=coordinates, y=coordinates)
def test_value_and_gradient_agree_with_automatic_differentiation(
    landscape: Landscape, formula: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], x: float, y: float
) -> None:
    point = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
    value = formula(point[0], point[1])
    (gradient,) = torch.autograd.grad(value, point)
    here = np.array([x, y])
    # Terms up to 1e5 cancel in sums: 1e-10 leaves four digits above double precision's rounding of them.
    np.testing.assert_allclose(landscape.value(here), value.item(), rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(landscape.gradient(here), gradient.numpy(), rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("landscape", LANDSCAPES, ids=NAMES)
def test_minima_are_flat_and_nothing_in_the_window_is_lower(landscape: Landscape) -> None:
    np.testing.assert_allclose(landscape.gradient(landscape.minima), 0, atol=1e-12)
    np.testing.assert_allclose(landscape.value(landscape.minima), landscape.lowest, atol=1e-15)
    assert landscape.grid(401)[2].min() >= landscape.lowest


@pytest.mark.parametrize("landscape", LANDSCAPES, ids=NAMES)
def test_start_and_minima_stand_in_the_window(landscape: Landscape) -> None:
    left, right, bottom, top = landscape.window
    for x, y in [landscape.start, *landscape.minima]:
        assert left < x < right
        assert bottom < y < top
    assert landscape.value(landscape.start) > landscape.lowest + 0.1


@pytest.mark.parametrize("landscape", LANDSCAPES, ids=NAMES)
def test_many_points_at_once_are_each_point_by_itself(landscape: Landscape) -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (3, 5, 2))
    values, gradients = landscape.value(points), landscape.gradient(points)
    assert values.shape == (3, 5)
    assert gradients.shape == (3, 5, 2)
    for index in np.ndindex(3, 5):
        # The same operations on the same numbers, up to the order of a sum over three.
        np.testing.assert_allclose(values[index], landscape.value(points[index]), rtol=1e-13)
        np.testing.assert_allclose(gradients[index], landscape.gradient(points[index]), rtol=1e-12, atol=1e-12)


def test_values_known_from_the_literature() -> None:
    assert rosenbrock().value(np.array([-1.2, 1.0])) == pytest.approx(24.2)
    assert beale().value(np.array([0.0, 0.0])) == pytest.approx(1.5**2 + 2.25**2 + 2.625**2)
    assert saddle().lowest == -0.25


def test_condition_is_the_ratio_of_the_curvatures() -> None:
    landscape = bowl(37.0)
    across, along = landscape.gradient(np.array([0.0, 1.0]))[1], landscape.gradient(np.array([1.0, 0.0]))[0]
    assert across / along == 37
    assert "37" in landscape.name


def test_the_origin_of_the_saddle_is_flat_but_no_minimum() -> None:
    landscape, origin = saddle(), np.zeros(2)
    np.testing.assert_array_equal(landscape.gradient(origin), 0)
    assert landscape.value(np.array([0.1, 0.0])) > landscape.value(origin) > landscape.value(np.array([0.0, 0.1]))


def test_grid_covers_the_window_with_x_along_columns() -> None:
    landscape = rosenbrock()
    x, y, values = landscape.grid(5)
    assert (x[0, 0], x[0, -1], y[0, 0], y[-1, 0]) == landscape.window
    assert values[3, 1] == landscape.value(np.array([x[3, 1], y[3, 1]]))


@pytest.mark.parametrize("condition", [0.5, -1.0, float("nan")])
def test_a_condition_number_below_one_is_refused(condition: float) -> None:
    with pytest.raises(ValueError, match="condition is .*, must be at least 1"):
        bowl(condition)


def test_a_grid_of_one_point_is_refused() -> None:
    with pytest.raises(ValueError, match="count is 1, must be at least 2"):
        bowl().grid(1)
