"""Probes of chapter 02_optimizers, and the functions that its cases pass by name."""

from typing import Any

import numpy as np


def epochs_of_batches(
    answer: Any, X: np.ndarray, y: np.ndarray, batch_size: int, seed: int
) -> tuple[list[Any], list[Any], list[Any]]:
    """The batches of two epochs drawn by one generator, then those of the first epoch drawn anew from its seed."""
    generator = np.random.default_rng(seed)
    first = list(answer(X, y, batch_size, generator))
    second = list(answer(X, y, batch_size, generator))
    return first, second, list(answer(X, y, batch_size, np.random.default_rng(seed)))


def trained(
    answer: Any,
    parameters: np.ndarray,
    loss_and_gradient: Any,
    step: Any,
    state: Any,
    rate: Any,
    X: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    epochs: int,
    seed: int,
) -> Any:
    """What a training loop returns whose generator is made from ``seed``."""
    generator = np.random.default_rng(seed)
    return answer(parameters, loss_and_gradient, step, state, rate, X, y, batch_size, epochs, generator)


def bowl_gradient(parameters: np.ndarray) -> np.ndarray:
    """∇J of J = ½(x² + 10y²)."""
    return np.array([1.0, 10.0]) * parameters


def double_well_gradient(parameters: np.ndarray) -> np.ndarray:
    """∇J of J = Σ ¼θ⁴ − ½θ²: no multiple of θ, so that it matters where it is asked for."""
    return parameters**3 - parameters


def squared_error(parameters: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Half the mean squared error of the linear model Xθ, and its gradient."""
    residuals = X @ parameters - y
    return float(residuals @ residuals) / (2 * len(y)), X.T @ residuals / len(y)


def heavy_ball(
    parameters: np.ndarray, gradient: np.ndarray, velocity: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """A rule whose state is one array: what it did last goes on by four fifths."""
    velocity = 0.8 * velocity + rate * gradient
    return parameters - velocity, velocity


def tiring_descent(
    parameters: np.ndarray, gradient: np.ndarray, state: tuple[int, float], rate: float
) -> tuple[np.ndarray, tuple[int, float]]:
    """A rule whose state is a tuple: it counts its steps and makes each smaller than the one before."""
    steps, fatigue = state
    return parameters - rate * gradient / (1 + fatigue * steps), (steps + 1, fatigue)


def falling_rate(epoch: int) -> float:
    """A quarter, a sixth, an eighth, ..."""
    return 0.5 / (2 + epoch)
