"""Landscapes: cost functions of two parameters on which update rules can be watched.

A point is an array whose last axis holds (x, y); functions take any number of points at once, shape (..., 2). Each
landscape knows its minima, a start from which a race is instructive, and the window in which a picture shows both.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Landscape:
    """A cost function of two parameters.

    name:     for titles.
    value:    points (..., 2) -> J, shape (...).
    gradient: points (..., 2) -> ∇J, shape (..., 2).
    minima:   the points of lowest value, shape (k, 2).
    start:    where a race begins, shape (2,).
    window:   (left, right, bottom, top), the part to draw.
    """

    name: str
    value: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]
    minima: np.ndarray
    start: np.ndarray
    window: tuple[float, float, float, float]

    @property
    def lowest(self) -> float:
        """J at its minima."""
        return float(self.value(self.minima[0]))

    def grid(self, count: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The window as x, y and J for a contour plot, each of shape (count, count); count is at least 2."""
        if count < 2:
            raise ValueError(f"count is {count}, must be at least 2")
        left, right, bottom, top = self.window
        x, y = np.meshgrid(np.linspace(left, right, count), np.linspace(bottom, top, count))
        return x, y, self.value(np.stack([x, y], axis=-1))


def bowl(condition: float = 10.0) -> Landscape:
    """An ill-conditioned bowl, J = ½(x² + κy²), with its minimum 0 at (0, 0).

    condition: κ, at least 1: how much steeper the bowl is along y than along x, the condition number of its Hessian.
               1 is a round bowl, and a large κ a ravine along x.

    Raises ValueError for a condition below 1.
    """
    if not condition >= 1:
        raise ValueError(f"condition is {condition}, must be at least 1")
    curvature = np.array([1.0, condition])

    def value(points: np.ndarray) -> np.ndarray:
        # J = ½ (x² + κ y²)
        return 0.5 * (curvature * points**2).sum(axis=-1)

    def gradient(points: np.ndarray) -> np.ndarray:
        # ∇J = (x, κ y)
        return curvature * points

    return Landscape(
        f"bowl, condition number {condition:g}",
        value,
        gradient,
        minima=np.array([[0.0, 0.0]]),
        start=np.array([1.0, -2.0]),
        window=(-2.4, 2.4, -2.4, 2.4),
    )


def rosenbrock() -> Landscape:
    """Rosenbrock's banana valley (1960), J = (1 − x)² + 100(y − x²)², with its minimum 0 at (1, 1).

    The bent floor falls gently between steep walls: the direction that helps turns all the way.
    """

    def value(points: np.ndarray) -> np.ndarray:
        x, y = points[..., 0], points[..., 1]
        # J = (1 − x)² + 100 (y − x²)²
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def gradient(points: np.ndarray) -> np.ndarray:
        x, y = points[..., 0], points[..., 1]
        # ∂J/∂x = −2 (1 − x) − 400 x (y − x²), ∂J/∂y = 200 (y − x²)
        return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=-1)

    return Landscape(
        "Rosenbrock",
        value,
        gradient,
        minima=np.array([[1.0, 1.0]]),
        start=np.array([-1.2, 1.0]),
        window=(-2.0, 2.0, -1.0, 3.0),
    )


def beale() -> Landscape:
    """Beale's function (1958), with its minimum 0 at (3, ½): plateaus and sharp ridges.

    J = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)².
    """
    powers = np.array([1, 2, 3])
    constants = np.array([1.5, 2.25, 2.625])

    def residuals(points: np.ndarray) -> np.ndarray:
        x, y = points[..., :1], points[..., 1:]
        # r_k = c_k − x + x y^k
        return constants - x + x * y**powers

    def value(points: np.ndarray) -> np.ndarray:
        # J = Σ r_k²
        return (residuals(points) ** 2).sum(axis=-1)

    def gradient(points: np.ndarray) -> np.ndarray:
        x, y = points[..., :1], points[..., 1:]
        # ∂J/∂x = Σ 2 r_k (y^k − 1), ∂J/∂y = Σ 2 r_k k x y^(k−1)
        along_x = 2 * residuals(points) * (y**powers - 1)
        along_y = 2 * residuals(points) * powers * x * y ** (powers - 1)
        return np.stack([along_x.sum(axis=-1), along_y.sum(axis=-1)], axis=-1)

    return Landscape(
        "Beale",
        value,
        gradient,
        minima=np.array([[3.0, 0.5]]),
        start=np.array([1.0, 1.5]),
        window=(-0.5, 4.5, -1.0, 2.0),
    )


def saddle() -> Landscape:
    """A saddle at (0, 0) between two minima, J = ½x² − ½y² + ¼y⁴, lowest (−¼) at (0, 1) and (0, −1).

    Along x the origin is a minimum, along y a maximum. The start lies almost on the ridge y = 0, where the gradient
    leads to the saddle and the way out is hardly to be felt.
    """

    def value(points: np.ndarray) -> np.ndarray:
        x, y = points[..., 0], points[..., 1]
        # J = ½ x² − ½ y² + ¼ y⁴
        return 0.5 * x**2 - 0.5 * y**2 + 0.25 * y**4

    def gradient(points: np.ndarray) -> np.ndarray:
        x, y = points[..., 0], points[..., 1]
        # ∇J = (x, y³ − y)
        return np.stack([x, y**3 - y], axis=-1)

    return Landscape(
        "saddle",
        value,
        gradient,
        minima=np.array([[0.0, 1.0], [0.0, -1.0]]),
        start=np.array([1.5, 0.001]),
        window=(-2.0, 2.0, -1.6, 1.6),
    )
