"""Optimizers set side by side: on landscapes of two parameters, and on the digits.

A race takes the update rules of ``dl_helpers.optimizers`` or a learner's, by the method's name, because the name tells
which state a rule starts from and whether it takes the gradient as a function.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dl_helpers import optimizers
from dl_helpers.datasets import digits
from dl_helpers.landscapes import Landscape
from dl_helpers.training import accuracy, initial_network

METHODS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam")
TITLES = {
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "adagrad": "Adagrad",
    "rmsprop": "RMSprop",
    "adadelta": "Adadelta",
    "adam": "Adam",
    "adamw": "AdamW",
}
# On a landscape there are no examples to sample: the gradient is the full one.
LANDSCAPE_TITLES = TITLES | {"sgd": "gradient descent"}
RULES: dict[str, Callable[..., Any]] = {method: getattr(optimizers, f"{method}_step") for method in TITLES}

INPUTS, HIDDEN, CLASSES = 64, 64, 10
FAR = 1e6


def initial_state(method: str, parameters: np.ndarray) -> Any:
    """What the rule called ``method`` remembers before its first step at ``parameters``.

    Raises ValueError for a method that the course does not know.
    """
    if method == "sgd":
        return None
    if method in ("momentum", "nesterov", "adagrad", "rmsprop"):
        return np.zeros_like(parameters)
    # Two arrays: a rule that works in place would otherwise write both into one.
    if method == "adadelta":
        return np.zeros_like(parameters), np.zeros_like(parameters)
    if method in ("adam", "adamw"):
        return np.zeros_like(parameters), np.zeros_like(parameters), 0
    raise ValueError(f"method is {method!r}, must be one of {', '.join(TITLES)}")


def rotated(landscape: Landscape, degrees: float) -> Landscape:
    """The same landscape, start and minima included, turned about the origin: the same race seen from another angle."""
    angle = np.radians(degrees)
    # A row (x, y) times this matrix is the point turned counterclockwise; times its transpose, turned back.
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return replace(
        landscape,
        name=f"{landscape.name}, turned {degrees:g}°",
        value=lambda points: landscape.value(points @ turn.T),
        gradient=lambda points: landscape.gradient(points @ turn.T) @ turn,
        minima=landscape.minima @ turn,
        start=landscape.start @ turn,
    )


def descend(
    landscape: Landscape, method: str, step: Callable[..., Any], rate: float, steps: int, **options: float
) -> np.ndarray:
    """The path of an update rule on a landscape, from its start.

    method:  the rule's name: "nesterov" is handed the gradient as a function.
    step:    the rule, with the interface of ``dl_helpers.optimizers``.
    rate:    its learning rate η, the same in every step.
    steps:   how many are taken.
    options: further arguments of the rule, such as ``momentum=0.5``.

    Returns the points θ_0 ... θ_steps, shape (steps + 1, 2), or (steps + 1, ..., 2) where ``landscape.start`` holds
    several points. Paths end early, and so are shorter, where a coordinate leaves for good (beyond a million). A rule
    that works in place changes neither the landscape nor the path behind it.
    """
    point = landscape.start.copy()
    state = initial_state(method, point)
    path = [point.copy()]
    for _ in range(steps):
        gradient = landscape.gradient if method == "nesterov" else landscape.gradient(point)
        point, state = step(point, gradient, state, rate, **options)
        if not np.abs(point).max() < FAR:
            break
        path.append(point.copy())
    return np.array(path)


def steps_to(landscape: Landscape, path: np.ndarray, steps: int, tolerance: float = 1e-3) -> int | None:
    """After how many steps a path is within ``tolerance`` of the lowest value and stays there.

    path:  points, shape (k, 2), as ``descend`` returns them.
    steps: how many were asked for: a path that ended early never arrives.

    Returns the number of steps, or None if the path does not arrive.
    """
    above = np.flatnonzero(landscape.value(path) - landscape.lowest >= tolerance)
    first_below = int(above[-1]) + 1 if len(above) else 0
    return None if len(path) <= steps or first_below == len(path) else first_below


def digits_parameters(generator: np.random.Generator) -> np.ndarray:
    """The first weights and biases of a 64-64-10 network, in one row: W1, b1, W2, b2, shape (4810,)."""
    (first, second), (first_bias, second_bias) = initial_network([INPUTS, HIDDEN, CLASSES], generator)
    return np.concatenate([first.ravel(), first_bias, second.ravel(), second_bias])


def _layers(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    first, first_bias, second, second_bias = np.split(
        parameters, np.cumsum([HIDDEN * INPUTS, HIDDEN, CLASSES * HIDDEN])
    )
    return first.reshape(HIDDEN, INPUTS), first_bias, second.reshape(CLASSES, HIDDEN), second_bias


def digits_scores(parameters: np.ndarray, X: np.ndarray) -> np.ndarray:
    """The network's logits, shape (m, 10), for pictures X, shape (m, 64). The hidden layer is a ReLU layer."""
    first, first_bias, second, second_bias = _layers(parameters)
    return np.maximum(X @ first.T + first_bias, 0) @ second.T + second_bias


def digits_loss_and_gradient(parameters: np.ndarray, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean cross-entropy of the digits network on a batch, and its gradient.

    parameters: shape (4810,), as ``digits_parameters`` lays them out.
    X:          pictures, shape (m, 64).
    y:          labels 0 to 9, shape (m,).

    Returns (loss, gradient), the gradient of shape (4810,).
    """
    first, first_bias, second, second_bias = _layers(parameters)
    hidden = X @ first.T + first_bias
    activations = np.maximum(hidden, 0)
    scores = activations @ second.T + second_bias
    scores = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    # δ = (p − y) / m
    delta = np.exp(log_probabilities)
    delta[rows, y] -= 1
    delta /= len(y)
    # δ of the hidden layer = δ W2 ⊙ ReLU'(z)
    hidden_delta = (delta @ second) * (hidden > 0)
    gradient = [
        (hidden_delta.T @ X).ravel(),
        hidden_delta.sum(axis=0),
        (delta.T @ activations).ravel(),
        delta.sum(axis=0),
    ]
    return -float(log_probabilities[rows, y].mean()), np.concatenate(gradient)


@dataclass(frozen=True, eq=False)
class DigitsRun:
    """What came of one training on the digits.

    losses:                        of every step, on its batch, before the step.
    train_accuracy, test_accuracy: after the last step, shares from 0 to 1.
    """

    losses: list[float]
    train_accuracy: float
    test_accuracy: float


def digits_run(
    method: str,
    step: Callable[..., Any],
    rate: float | Callable[[int], float],
    *,
    seed: int = 0,
    epochs: int = 2,
    batch_size: int = 64,
    train: Callable[..., tuple[np.ndarray, list[float]]] = optimizers.train,
) -> DigitsRun:
    """Train the digits network with one update rule.

    method:     the rule's name, for the state that it starts from. A loop has the gradient as an array, so the rule
                for "nesterov" is ``nesterov_look_ahead_step``.
    step:       the rule.
    rate:       the learning rate η, or a schedule: a function of the epoch, counted from 0.
    seed:       of the split, the first weights and the order of the examples: all rules meet the same.
    epochs, batch_size: passes over the training part of 1437 examples, examples in a step.
    train:      the loop, with the interface of ``optimizers.train``.

    A run that diverges ends with the accuracy it has, about 0.1.
    """
    split, generator = digits(seed), np.random.default_rng(seed)
    parameters = digits_parameters(generator)
    # Too large a rate overflows; the accuracy tells.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        parameters, losses = train(
            parameters,
            digits_loss_and_gradient,
            step,
            initial_state(method, parameters),
            rate if callable(rate) else lambda epoch: rate,
            split.train_inputs,
            split.train_labels,
            batch_size,
            epochs,
            generator,
        )
        return DigitsRun(
            losses,
            accuracy(digits_scores(parameters, split.train_inputs), split.train_labels),
            accuracy(digits_scores(parameters, split.test_inputs), split.test_labels),
        )


def smooth(values: Iterable[float], decay: float = 0.8) -> np.ndarray:
    """A noisy curve made readable: its exponentially weighted average, corrected for its start."""
    return optimizers.exponentially_weighted_average(np.array(list(values)), decay)
