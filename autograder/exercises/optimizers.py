"""Exercises of chapter 02_optimizers.

Cases give arguments by position, and all of them but where the defaults make a first case short enough to be shown with
a message. In the wrong answers theta, g, eta, lam, gamma, rho and epsilon are the chapter's θ, g, η, λ, γ, ρ and ε.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from autograder.exercise import Case, Chapter, Choice, Exercise, Group, Misconception, Quiz, Written
from autograder.probes.optimizers import (
    bowl_gradient,
    double_well_gradient,
    epochs_of_batches,
    falling_rate,
    heavy_ball,
    squared_error,
    tiring_descent,
    trained,
)
from autograder.values import named
from dl_helpers import optimizers

Array = np.ndarray
Step = tuple[Array, Array]
Batches = Iterator[tuple[Array, Array]]

# A vector and a matrix: rules are elementwise, whatever the shape.
SHAPES = ((3,), (2, 3))


# --- sgd_step -------------------------------------------------------------------------------------------------------


def draw_sgd(generator: np.random.Generator) -> Iterator[Case]:
    for shape in SHAPES:
        for _ in range(3):
            yield Case(*generator.normal(size=(2, *shape)), None, generator.uniform(0.02, 0.6))
    # Whatever the state is, it comes back.
    yield Case(*generator.normal(size=(2, 2)), generator.normal(size=2), generator.uniform(0.02, 0.6))


def uphill(theta: Array, g: Array, state: object, eta: float) -> tuple[Array, object]:
    return theta + eta * g, state


def without_the_rate(theta: Array, g: Array, state: object, eta: float) -> tuple[Array, object]:
    return theta - g, state


def only_the_change(theta: Array, g: Array, state: object, eta: float) -> tuple[Array, object]:
    return -eta * g, state


def state_lost(theta: Array, g: Array, state: object, eta: float) -> tuple[Array, object]:
    return theta - eta * g, None


SGD_STEP = Exercise(
    reference=optimizers.sgd_step,
    learned="You walk downhill, and you know the interface that every rule of this chapter has.",
    further="on the bowl ½(x² + 10y²), from which rate on does y grow at every step? Write the new y as a multiple of "
    "the old one.",
    stars=1,
    minutes=2,
    points=2,
    examples=(
        Case(np.array([1.0, -2.0]), np.array([1.0, -20.0]), None, 0.1),
        Case(np.array([0.9, 0.0]), np.array([0.9, 0.0]), None, 0.1),
    ),
    draw=draw_sgd,
    outputs=("parameters", "state"),
    hints=(
        "Look at the update θ ← θ − ηg. Everything in it is an argument.",
        "The gradient points where the cost rises fastest. Which sign takes you the other way, and what makes the "
        "step short?",
        "Subtract the rate times the gradient from the parameters; return that and, after it, the state that you were "
        "given.",
    ),
    misconceptions=(
        Misconception("steps along the gradient, up the hill.", uphill),
        Misconception("steps of the whole gradient: the rate plays no part in them.", without_the_rate),
        Misconception("the change of the parameters, not the parameters after it.", only_the_change),
        Misconception("the right parameters, but the state is lost: None comes back in its place.", state_lost),
    ),
)


# --- minibatches ----------------------------------------------------------------------------------------------------


def draw_minibatches(generator: np.random.Generator) -> Iterator[Case]:
    # (examples, batch size): a rest, no rest, one by one, all at once, fewer examples than a batch holds. Never fewer
    # than 20 examples: see judge_minibatches.
    for examples, batch_size in ((23, 5), (24, 8), (20, 1), (21, 21), (22, 64), (25, 7)):
        # Each example is known by its first number, and all numbers are whole: exact in single precision too.
        X = np.column_stack([generator.permutation(examples) + 1.0, generator.integers(-9, 9, examples)])
        y = 100 * X[:, 0] + generator.integers(0, 9, examples)
        yield Case(X, y, batch_size, int(generator.integers(2**31)))
    images, labels = generator.permutation(26 * 4).reshape(26, 2, 2) + 0.0, np.eye(26)[:, ::2]
    yield Case(images, labels, 4, int(generator.integers(2**31)))


def judge_minibatches(case: Case, expected: Any, got: Any) -> str | None:
    """Any random order is right.

    False alarms: a right answer is turned down if it draws the original order, or one order twice. With m ≥ 20 examples
    each happens with probability 1/m! ≤ 1/20! < 5e-19, a case; with 7 cases and 3 comparisons less than 1e-17 in all.
    """
    X, y, batch_size, _ = case.args
    if not (isinstance(got, list | tuple) and len(got) == 3):
        return "the batches of an epoch should come one after another, as pairs (X_batch, y_batch)."
    orders = []
    for epoch in got:
        order = epoch_order(X, y, batch_size, epoch)
        if isinstance(order, str):
            return order
        orders.append(order)
    first, second, again = orders
    if sorted(range(len(X))) in orders:
        return "the examples come in the order in which they stand in X: nothing was shuffled."
    if first == second:
        return "two epochs drawn by one generator have the same order: nothing new was drawn for the second."
    if first != again:
        return "the same seed gives another order: something other than the given generator has a part in it."
    return None


def is_real_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iuf"


def epoch_order(X: Array, y: Array, batch_size: int, epoch: Any) -> list[int] | str:
    """The rows of X in the order in which an epoch meets them, or what is wrong with it."""
    examples = len(X)
    sizes = [min(batch_size, examples - start) for start in range(0, examples, batch_size)]
    if not isinstance(epoch, list | tuple) or len(epoch) != len(sizes):
        count = len(epoch) if isinstance(epoch, list | tuple) else "no"
        return f"{examples} examples in batches of {batch_size} make {len(sizes)} batches, yours are {count}."
    rows = {np.asarray(x, float).tobytes(): i for i, x in enumerate(X)}
    order: list[int] = []
    for number, (batch, size) in enumerate(zip(epoch, sizes, strict=True), start=1):
        if not (isinstance(batch, list | tuple) and len(batch) == 2 and all(map(is_real_array, batch))):
            return f"batch {number} should be a pair of arrays (X_batch, y_batch)."
        X_batch, y_batch = batch
        wanted = (size, *X.shape[1:]), (size, *y.shape[1:])
        if (X_batch.shape, y_batch.shape) != wanted:
            shapes = f"{X_batch.shape} and {y_batch.shape}"
            return f"batch {number} should have the shapes {wanted[0]} and {wanted[1]}, yours has {shapes}."
        for x, target in zip(X_batch, y_batch, strict=True):
            row = rows.get(np.asarray(x, float).tobytes())
            if row is None:
                return f"batch {number} holds a row that is no row of X."
            if not np.array_equal(np.asarray(target, float), y[row]):
                return f"batch {number} gives an example another example's target."
            order.append(row)
    if sorted(order) != list(range(examples)):
        return f"an epoch should meet each of the {examples} examples once; yours meets {len(set(order))} of them."
    return order


def short_batch_dropped(X: Array, y: Array, batch_size: int, generator: np.random.Generator) -> Batches:
    order = generator.permutation(len(X))
    for i in range(len(X) // batch_size):
        rows = order[i * batch_size : (i + 1) * batch_size]
        yield X[rows], y[rows]


def shuffled_apart(X: Array, y: Array, batch_size: int, generator: np.random.Generator) -> Batches:
    X, y = X[generator.permutation(len(X))], y[generator.permutation(len(y))]
    for start in range(0, len(X), batch_size):
        yield X[start : start + batch_size], y[start : start + batch_size]


def not_shuffled(X: Array, y: Array, batch_size: int, generator: np.random.Generator) -> Batches:
    for start in range(0, len(X), batch_size):
        yield X[start : start + batch_size], y[start : start + batch_size]


def same_order_every_epoch(X: Array, y: Array, batch_size: int, generator: np.random.Generator) -> Batches:
    return optimizers.minibatches(X, y, batch_size, np.random.default_rng(0))


def only_batches_shuffled(X: Array, y: Array, batch_size: int, generator: np.random.Generator) -> Batches:
    starts = np.arange(0, len(X), batch_size)
    for start in generator.permutation(starts):
        yield X[start : start + batch_size], y[start : start + batch_size]


def drawn_with_replacement(X: Array, y: Array, batch_size: int, generator: np.random.Generator) -> Batches:
    for start in range(0, len(X), batch_size):
        rows = generator.integers(len(X), size=min(batch_size, len(X) - start))
        yield X[rows], y[rows]


MINIBATCHES = Exercise(
    reference=optimizers.minibatches,
    learned="Every epoch meets every example once, in a new order, each with its own target.",
    further="how many steps does an epoch of 1437 digits have for batches of 1, 64 and 1437? What else grows with the "
    "batch?",
    stars=2,
    minutes=8,
    points=4,
    draw=draw_minibatches,
    probe=epochs_of_batches,
    judge=judge_minibatches,
    hints=(
        "An epoch is a random order of the row numbers 0 ... m − 1, cut into pieces of batch_size.",
        "What must be the same for X and y, so that each example keeps its target? And where does the last piece end, "
        "if m is no multiple of the batch size?",
        "Let the generator draw one permutation of the row numbers; step through it by batch_size, and yield, for each "
        "piece, those rows of X and the same rows of y. A slice that runs past the end stops there by itself.",
    ),
    misconceptions=(
        Misconception("batches without the last, short one: some examples are never met.", short_batch_dropped),
        Misconception("examples and targets shuffled apart: each has its own order.", shuffled_apart),
        Misconception("batches in the order of the data: nothing was shuffled.", not_shuffled),
        Misconception("an order from a generator made inside: it is the same in every epoch.", same_order_every_epoch),
        Misconception("fixed batches, of which only the order is shuffled.", only_batches_shuffled),
        Misconception("examples drawn with replacement: some come twice, others never.", drawn_with_replacement),
    ),
)


# --- momentum_step --------------------------------------------------------------------------------------------------


def draw_velocity_rule(generator: np.random.Generator) -> Iterator[Case]:
    for shape in SHAPES:
        for _ in range(3):
            # η ≥ 0.2 > 1 − γ: where they are equal, the averaged velocity is the accumulated one.
            rate, momentum = generator.uniform(0.2, 0.6), generator.uniform(0.85, 0.97)
            yield Case(*generator.normal(size=(3, *shape)), rate, momentum)
    yield Case(*generator.normal(size=(2, 2)), np.zeros(2), generator.uniform(0.2, 0.6), 0.5)


def averaged_momentum(theta: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + (1 - gamma) * g
    return theta - eta * v, v


def rate_applied_when_stepping(theta: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + g
    return theta - eta * v, v


def velocity_points_downhill(theta: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v - eta * g
    return theta + v, v


def velocity_added(theta: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + eta * g
    return theta + v, v


def stepped_with_old_velocity(theta: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    return theta - v, gamma * v + eta * g


def friction_on_the_gradient_too(theta: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * (v + eta * g)
    return theta - v, v


MOMENTUM_STEP = Exercise(
    reference=optimizers.momentum_step,
    learned="You built the memory.",
    further="on a bowl κ times as steep across as along, the best γ is ((√κ − 1)/(√κ + 1))². How much memory does κ = "
    "10 ask for, and how much κ = 100? Further on a slider lets you try the second.",
    stars=1,
    minutes=2,
    points=2,
    examples=(
        Case(np.array([1.0, -2.0]), np.array([1.0, -20.0]), np.array([0.0, 0.0]), 0.1, 0.9),
        Case(np.array([0.9, 0.0]), np.array([0.9, 0.0]), np.array([0.1, -2.0]), 0.1, 0.9),
    ),
    draw=draw_velocity_rule,
    outputs=("parameters", "velocity"),
    hints=(
        "Look at the first equation: vₜ = γvₜ₋₁ + ηg. It comes before the step.",
        "How much of the old velocity stays, and with which weight does the gradient enter? Which velocity is then "
        "taken off the parameters, the old or the new one?",
        "The new velocity is the momentum times the old one plus the rate times the gradient; the new parameters are "
        "the old ones less the new velocity. Return both, parameters first.",
    ),
    misconceptions=(
        Misconception(
            "the averaged convention, in which gradients are weighted by 1 − γ and the rate is applied to the "
            "velocity.",
            averaged_momentum,
        ),
        Misconception(
            "torch's convention, in which the velocity adds up gradients and the rate is applied when stepping.",
            rate_applied_when_stepping,
        ),
        Misconception(
            "the convention of a velocity that points downhill and is added to the parameters.",
            velocity_points_downhill,
        ),
        Misconception("steps in which the velocity is added: up the hill.", velocity_added),
        Misconception("steps by the velocity from before this gradient.", stepped_with_old_velocity),
        Misconception(
            "a velocity in which γ shrinks the new gradient as well as the old velocity.", friction_on_the_gradient_too
        ),
    ),
)


# --- train ----------------------------------------------------------------------------------------------------------

Rule = Callable[..., tuple[Array, Any]]
Loss = Callable[[Array, Array, Array], tuple[float, Array]]
Rate = Callable[[int], float]
Trained = tuple[Array, list[float]]


def draw_train(generator: np.random.Generator) -> Iterator[Case]:
    loss, rate = named(squared_error), named(falling_rate)
    # (examples, batch size, epochs): with a rest, without, one by one, all at once.
    for examples, batch_size, epochs in ((11, 4, 3), (12, 4, 2), (5, 1, 2), (6, 6, 4)):
        X, y = generator.normal(size=(examples, 2)), generator.normal(size=examples)
        seed = int(generator.integers(2**31))
        start, velocity = generator.normal(size=(2, 2))
        yield Case(start, loss, named(heavy_ball), velocity, rate, X, y, batch_size, epochs, seed)
        tired = (int(generator.integers(1, 4)), generator.uniform(0.2, 0.9))
        yield Case(start, loss, named(tiring_descent), tired, rate, X, y, batch_size, epochs, seed)


def whole_set_each_step(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    def of_the_whole_set(theta: Array, X_batch: Array, y_batch: Array) -> tuple[float, Array]:
        return loss(theta, data[0], data[1])

    return optimizers.train(theta, of_the_whole_set, step, state, rate, *data)


def memory_lost_every_step(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    def forgetful(theta: Array, gradient: Array, memory: Any, eta: float) -> tuple[Array, Any]:
        return step(theta, gradient, state, eta)

    return optimizers.train(theta, loss, forgetful, state, rate, *data)


def memory_lost_every_epoch(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    X, y, size, epochs, chance = data
    losses: list[float] = []
    for epoch in range(epochs):
        theta, more = optimizers.train(theta, loss, step, state, partial(later, rate, epoch), X, y, size, 1, chance)
        losses += more
    return theta, losses


def rate_of_the_step(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    steps = count()
    return optimizers.train(theta, loss, step, state, lambda _: rate(next(steps)), *data)


def epochs_from_one(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    return optimizers.train(theta, loss, step, state, partial(later, rate, 1), *data)


def later(rate: Rate, by: int, epoch: int) -> float:
    return rate(epoch + by)


def batches_drawn_once(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    X, y, size, epochs, chance = data
    losses = []
    batches = list(optimizers.minibatches(X, y, size, chance))
    for epoch in range(epochs):
        for X_batch, y_batch in batches:
            value, gradient = loss(theta, X_batch, y_batch)
            theta, state = step(theta, gradient, state, rate(epoch))
            losses.append(value)
    return theta, losses


def losses_after_the_step(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    X, y, size, epochs, chance = data
    losses = []
    for epoch in range(epochs):
        for X_batch, y_batch in optimizers.minibatches(X, y, size, chance):
            theta, state = step(theta, loss(theta, X_batch, y_batch)[1], state, rate(epoch))
            losses.append(loss(theta, X_batch, y_batch)[0])
    return theta, losses


def one_loss_an_epoch(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    epochs = data[3]
    theta, losses = optimizers.train(theta, loss, step, state, rate, *data)
    return theta, [float(np.mean(part)) for part in np.split(np.array(losses), epochs)]


def last_loss_of_each_epoch(theta: Array, loss: Loss, step: Rule, state: Any, rate: Rate, *data: Any) -> Trained:
    epochs = data[3]
    theta, losses = optimizers.train(theta, loss, step, state, rate, *data)
    return theta, [float(part[-1]) for part in np.split(np.array(losses), epochs)]


TRAIN = Exercise(
    reference=optimizers.train,
    learned="One loop, any rule: whatever you write from here on trains the digits.",
    further="count what an epoch costs: how many gradients, how many rows of X, for batches of 1, 64 and all?",
    stars=3,
    minutes=8,
    points=4,
    examples=(
        # Small enough to be shown with a message: one weight, two examples, one by one, for two epochs.
        Case(
            np.array([0.0]),
            *(named(squared_error), named(heavy_ball), np.array([0.0]), named(falling_rate)),
            *(np.array([[1.0], [2.0]]), np.array([2.0, 3.0]), 1, 2, 0),
        ),
    ),
    draw=draw_train,
    uses=("minibatches",),
    probe=trained,
    outputs=("parameters", "losses"),
    hints=(
        "Two loops stand inside each other: epochs outside, the batches of this epoch inside. Each pass through the "
        "inner one is one step of the rule.",
        "What does a step hand back that the next one needs? When are the batches drawn anew? And the rate is a "
        "function: what do you call it with to get a number?",
        "For each epoch, and each batch that minibatches draws for it: ask for loss and gradient of the batch at the "
        "current parameters, replace parameters and state by what the rule returns for this epoch's rate, and append "
        "the loss to the list. After all epochs return the parameters and the list.",
    ),
    misconceptions=(
        Misconception("training in which each step sees the whole set instead of its batch.", whole_set_each_step),
        Misconception(
            "training whose rule starts every step from the first state: it remembers nothing.", memory_lost_every_step
        ),
        Misconception("training whose rule loses its state at the start of every epoch.", memory_lost_every_epoch),
        Misconception("training in which the rate falls with every step, not with every epoch.", rate_of_the_step),
        Misconception("training in which the first epoch already has the rate of epoch 1.", epochs_from_one),
        Misconception("training on batches that were drawn once: all epochs have one order.", batches_drawn_once),
        Misconception("losses taken after their step, on the batch that was just fitted.", losses_after_the_step),
        Misconception("one mean loss for each epoch instead of one loss for each step.", one_loss_an_epoch),
        Misconception("the loss of each epoch's last step instead of one loss for each step.", last_loss_of_each_epoch),
    ),
)


# --- nesterov_step, nesterov_look_ahead_step ------------------------------------------------------------------------

Gradient = Callable[[Array], Array]


def draw_nesterov(generator: np.random.Generator) -> Iterator[Case]:
    for shape in SHAPES:
        for _ in range(3):
            theta, v = generator.normal(size=(2, *shape))
            rate, momentum = generator.uniform(0.1, 0.5), generator.uniform(0.5, 0.95)
            yield Case(theta, named(double_well_gradient), v, rate, momentum)
    # From rest the look-ahead point is θ itself.
    yield Case(generator.normal(size=3), named(double_well_gradient), np.zeros(3), generator.uniform(0.1, 0.5), 0.7)


def gradient_at_the_parameters(theta: Array, gradient: Gradient, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + eta * gradient(theta)
    return theta - v, v


def looked_backward(theta: Array, gradient: Gradient, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + eta * gradient(theta + gamma * v)
    return theta - v, v


def looked_ahead_by_the_whole_velocity(theta: Array, gradient: Gradient, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + eta * gradient(theta - v)
    return theta - v, v


def stepped_from_the_look_ahead(theta: Array, gradient: Gradient, v: Array, eta: float, gamma: float) -> Step:
    ahead = theta - gamma * v
    v = gamma * v + eta * gradient(ahead)
    return ahead - v, v


def look_ahead_point_returned(theta: Array, gradient: Gradient, v: Array, eta: float, gamma: float) -> Step:
    theta, v = optimizers.nesterov_step(theta, gradient, v, eta, gamma)
    return theta - gamma * v, v


NESTEROV_STEP = Exercise(
    reference=optimizers.nesterov_step,
    learned="Your ball looks where it is going before it pushes.",
    further="on the bowl with κ = 100, watch the first ten steps beside momentum's: on which axis does looking ahead "
    "brake?",
    stars=2,
    minutes=6,
    points=3,
    examples=(
        # η = 0.05: at η = 0.1 y is 0 after one step, and separates nothing.
        Case(np.array([1.0, -2.0]), named(bowl_gradient), np.array([0.0, 0.0]), 0.05, 0.9),
        Case(np.array([0.95, -1.0]), named(bowl_gradient), np.array([0.05, -1.0]), 0.05, 0.9),
    ),
    draw=draw_nesterov,
    outputs=("parameters", "velocity"),
    hints=(
        "Compare the two equations: vₜ = γvₜ₋₁ + η∇J(θ) for momentum, vₜ = γvₜ₋₁ + η∇J(θ − γvₜ₋₁) here. One thing "
        "differs.",
        "gradient is a function. At which point do you ask it, and from which point does the step start?",
        "Ask the gradient at the parameters less the momentum times the old velocity. The rest is momentum: the "
        "velocity is built from the old one and this gradient, and taken off the parameters themselves.",
    ),
    misconceptions=(
        Misconception("plain momentum: the gradient is asked for at the parameters.", gradient_at_the_parameters),
        Misconception("a look backward, at θ + γv, where the ball came from.", looked_backward),
        Misconception("a look ahead by the whole velocity, without γ.", looked_ahead_by_the_whole_velocity),
        Misconception(
            "steps that start from the look-ahead point: γv is taken off twice.", stepped_from_the_look_ahead
        ),
        Misconception(
            "the next look-ahead point, as torch stores it, instead of the parameters.", look_ahead_point_returned
        ),
    ),
)


def moved_as_momentum(phi: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + eta * g
    return phi - v, v


def moved_back_to_the_parameters(phi: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    return phi - eta * g, gamma * v + eta * g


def looked_ahead_from_the_look_ahead(phi: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + eta * g
    return phi - v - gamma * v, v


def gradient_left_to_the_velocity(phi: Array, g: Array, v: Array, eta: float, gamma: float) -> Step:
    v = gamma * v + eta * g
    return phi - gamma * v, v


NESTEROV_LOOK_AHEAD_STEP = Exercise(
    reference=optimizers.nesterov_look_ahead_step,
    learned="The same path, told by its look-ahead points: now Nesterov fits the loop that every rule uses.",
    further="take θ from your nesterov_step and φ from here over fifty steps; θ − γv and φ should agree to the last "
    "digits.",
    stars=2,
    minutes=8,
    points=0,
    examples=(
        Case(np.array([1.0, -2.0]), np.array([1.0, -20.0]), np.array([0.0, 0.0]), 0.1, 0.9),
        Case(np.array([0.81, 1.8]), np.array([0.81, 18.0]), np.array([0.1, -2.0]), 0.1, 0.9),
    ),
    draw=draw_velocity_rule,
    outputs=("look_ahead", "velocity"),
    hints=(
        "Start from φ = θ − γv, and write the same line for the new point: φ′ = θ′ − γv′.",
        "What is θ, said with φ and the old v? What is θ′, said with θ and the new v′?",
        "The old γv cancels. What is left: from the look-ahead point go the rate times the gradient, and the momentum "
        "times the new velocity.",
    ),
    misconceptions=(
        Misconception("plain momentum, with the look-ahead point in the place of the parameters.", moved_as_momentum),
        Misconception(
            "the parameters θ after the step, not the point that looks ahead of them.", moved_back_to_the_parameters
        ),
        Misconception(
            "a step of the whole velocity from the look-ahead point, as if that were θ, and a look ahead of it.",
            looked_ahead_from_the_look_ahead,
        ),
        Misconception(
            "a look ahead by the new velocity without the gradient's own part of the step.",
            gradient_left_to_the_velocity,
        ),
    ),
)


# --- adagrad_step ---------------------------------------------------------------------------------------------------


def draw_adagrad(generator: np.random.Generator) -> Iterator[Case]:
    for shape in SHAPES:
        for epsilon in (1e-8, 0.3, 1.5):  # the usual ε separates nothing: two large ones tell its place
            theta, g = generator.normal(size=(2, *shape))
            yield Case(theta, g, generator.uniform(0.1, 3, shape), generator.uniform(0.1, 0.8), epsilon)
    theta, g = generator.normal(size=(2, 3))
    yield Case(theta, g, np.zeros(3), generator.uniform(0.1, 0.8), 0.2)


def adagrad_epsilon_outside(theta: Array, g: Array, squares: Array, eta: float, epsilon: float) -> Step:
    squares = squares + g**2
    return theta - eta * g / (np.sqrt(squares) + epsilon), squares


def adagrad_without_root(theta: Array, g: Array, squares: Array, eta: float, epsilon: float) -> Step:
    squares = squares + g**2
    return theta - eta * g / (squares + epsilon), squares


def adagrad_old_sum(theta: Array, g: Array, squares: Array, eta: float, epsilon: float) -> Step:
    return theta - eta * g / np.sqrt(squares + epsilon), squares + g**2


def adagrad_without_memory(theta: Array, g: Array, squares: Array, eta: float, epsilon: float) -> Step:
    return theta - eta * g / np.sqrt(g**2 + epsilon), g**2


def adagrad_one_rate_for_all(theta: Array, g: Array, squares: Array, eta: float, epsilon: float) -> Step:
    squares = squares + np.sum(g**2)
    return theta - eta * g / np.sqrt(squares + epsilon), squares


def adagrad_gradients_summed(theta: Array, g: Array, squares: Array, eta: float, epsilon: float) -> Step:
    squares = squares + g
    return theta - eta * g / np.sqrt(squares + epsilon), squares


ADAGRAD_STEP = Exercise(
    reference=optimizers.adagrad_step,
    learned="Each parameter now has a rate of its own, set by its own past.",
    further="G never shrinks. After how many gradients of size 1 is the rate a tenth of the first one?",
    stars=1,
    minutes=2,
    points=2,
    examples=(
        Case(np.array([1.0, -2.0]), np.array([1.0, -20.0]), np.array([0.0, 0.0]), 0.1, 1e-8),
        Case(np.array([0.9, -1.9]), np.array([0.9, -19.0]), np.array([1.0, 400.0]), 0.1, 1e-8),
        Case(np.array([0.5]), np.array([2.0]), np.array([0.0]), 0.1, 0.5),
    ),
    draw=draw_adagrad,
    outputs=("parameters", "squares"),
    hints=(
        "Two lines: G ← G + g², then θ ← θ − ηg / √(G + ε). All of it elementwise.",
        "Which G stands under the root, the one before this gradient or after? And what stands under the root with it?",
        "Add the squared gradient to the sum. Divide the rate times the gradient by the square root of the new sum "
        "plus epsilon, and take that off the parameters.",
    ),
    misconceptions=(
        Misconception("Adagrad with ε outside the root, as torch has it.", adagrad_epsilon_outside),
        Misconception("Adagrad without the square root: the step is divided by G itself.", adagrad_without_root),
        Misconception("steps divided by the sum from before this gradient.", adagrad_old_sum),
        Misconception("a sum that forgets: only the last gradient is in it.", adagrad_without_memory),
        Misconception("one sum over all parameters, so that they share a rate.", adagrad_one_rate_for_all),
        Misconception(
            "a sum of gradients that are not squared: it can fall below 0, and its root is NaN.",
            adagrad_gradients_summed,
        ),
    ),
)


# --- exponentially_weighted_average ---------------------------------------------------------------------------------


def draw_average(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((8,), (6, 2)):
        values = generator.uniform(0.5, 4, shape)
        for decay in (generator.uniform(0.3, 0.7), generator.uniform(0.8, 0.98)):
            yield Case(values, decay, False, group="average")
            yield Case(values, decay, True, group="correction")
    # Averages of whole numbers are no whole numbers.
    whole, decay = generator.integers(1, 50, 6), generator.uniform(0.6, 0.95)
    yield Case(whole, decay, False, group="average")
    yield Case(whole, decay, True, group="correction")


def average_weights_exchanged(values: Array, decay: float, bias_correction: bool) -> Array:
    return optimizers.exponentially_weighted_average(values, 1 - decay, bias_correction)


def average_never_corrected(values: Array, decay: float, bias_correction: bool) -> Array:
    return optimizers.exponentially_weighted_average(values, decay, False)


def average_always_corrected(values: Array, decay: float, bias_correction: bool) -> Array:
    return optimizers.exponentially_weighted_average(values, decay, True)


def average_from_the_first_value(values: Array, decay: float, bias_correction: bool) -> Array:
    averages, average = [], values[0]
    for value in values:
        average = decay * average + (1 - decay) * value
        averages.append(average)
    return np.array(averages)


def correction_fed_back(values: Array, decay: float, bias_correction: bool) -> Array:
    averages, average = [], np.zeros_like(values[0])
    for t, value in enumerate(values, start=1):
        average = decay * average + (1 - decay) * value
        if bias_correction:
            average = average / (1 - decay**t)
        averages.append(average)
    return np.array(averages)


def correction_counted_from_zero(values: Array, decay: float, bias_correction: bool) -> Array:
    averages = optimizers.exponentially_weighted_average(values, decay, False)
    if bias_correction:
        for t in range(len(values)):
            averages[t] = averages[t] / (1 - decay**t)
    return averages


def averages_cut_to_the_type_of_the_values(values: Array, decay: float, bias_correction: bool) -> Array:
    averages = np.zeros_like(values)
    averages[:] = optimizers.exponentially_weighted_average(values, decay, bias_correction)
    return averages


EXPONENTIALLY_WEIGHTED_AVERAGE = Exercise(
    reference=optimizers.exponentially_weighted_average,
    learned="An average that forgets, and that is honest about its first values.",
    further="at β = 0.9, after how many steps does a value count for less than a third of what it counted at first? "
    "And at 0.99? Compare with 1/(1 − β).",
    stars=2,
    minutes=8,
    points=3,
    examples=(
        Case(np.array([10, 20, 30]), 0.9, False, group="average"),
        Case(np.array([10, 20, 30]), 0.9, True, group="correction"),
    ),
    draw=draw_average,
    hints=(
        "Two equations: vₜ = βvₜ₋₁ + (1 − β)xₜ from v₀ = 0, and v̂ₜ = vₜ / (1 − βᵗ).",
        "At t = 1, how large is v₁ beside x₁? By what must it be divided to be x₁? And which of v₁ and v̂₁ goes into "
        "v₂?",
        "Keep one running value that starts at zeros. For each new value replace it by β times itself plus 1 − β times "
        "the value; note it, or where correction is asked for, note it divided by one less β to the number of values "
        "so far. The running value itself stays uncorrected.",
    ),
    groups={
        "average": Group(2, "The recursion without correction gives other numbers."),
        "correction": Group(1, "With bias correction the numbers differ."),
    },
    misconceptions=(
        Misconception(
            "an average in which β and 1 − β have changed places: the new value counts most.", average_weights_exchanged
        ),
        Misconception("an average that is never corrected for its start at 0.", average_never_corrected),
        Misconception("an average that is corrected even where bias_correction is False.", average_always_corrected),
        Misconception("an average that starts from the first value instead of 0.", average_from_the_first_value),
        Misconception("an average whose corrected value goes into the next one.", correction_fed_back),
        Misconception(
            "a correction by 1 − βᵗ with t counted from 0: the first average is divided by 0.",
            correction_counted_from_zero,
        ),
        Misconception(
            "averages that are right, but cut to whole numbers: they were put into an array of the values' type.",
            averages_cut_to_the_type_of_the_values,
        ),
    ),
)


# --- rmsprop_step ---------------------------------------------------------------------------------------------------


def draw_rmsprop(generator: np.random.Generator) -> Iterator[Case]:
    for shape in SHAPES:
        for epsilon in (1e-8, 0.3, 1.5):
            theta, g = generator.normal(size=(2, *shape))
            squares, rate = generator.uniform(0.1, 3, shape), generator.uniform(0.1, 0.8)
            yield Case(theta, g, squares, rate, generator.uniform(0.7, 0.95), epsilon)
    theta, g = generator.normal(size=(2, 3))
    yield Case(theta, g, np.zeros(3), generator.uniform(0.1, 0.8), 0.9, 1e-8)


def rmsprop_minus(theta: Array, g: Array, squares: Array, eta: float, beta: float, epsilon: float) -> Step:
    squares = beta * squares - (1 - beta) * g**2
    return theta - eta * g / np.sqrt(squares + epsilon), squares


def rmsprop_epsilon_outside(theta: Array, g: Array, squares: Array, eta: float, beta: float, epsilon: float) -> Step:
    squares = beta * squares + (1 - beta) * g**2
    return theta - eta * g / (np.sqrt(squares) + epsilon), squares


def rmsprop_adds_up(theta: Array, g: Array, squares: Array, eta: float, beta: float, epsilon: float) -> Step:
    return optimizers.adagrad_step(theta, g, squares, eta, epsilon)


def rmsprop_weights_exchanged(theta: Array, g: Array, squares: Array, eta: float, beta: float, epsilon: float) -> Step:
    return optimizers.rmsprop_step(theta, g, squares, eta, 1 - beta, epsilon)


def rmsprop_without_root(theta: Array, g: Array, squares: Array, eta: float, beta: float, epsilon: float) -> Step:
    squares = beta * squares + (1 - beta) * g**2
    return theta - eta * g / (squares + epsilon), squares


def rmsprop_new_square_in_full(theta: Array, g: Array, squares: Array, eta: float, beta: float, epsilon: float) -> Step:
    squares = beta * squares + g**2
    return theta - eta * g / np.sqrt(squares + epsilon), squares


RMSPROP_STEP = Exercise(
    reference=optimizers.rmsprop_step,
    learned="You damp the steep direction, and you forget: the rate can recover.",
    further="start with squares of 0 and a gradient of 1. How long is the first step at β = 0.9, beside the rate?",
    stars=1,
    minutes=2,
    points=3,
    examples=(
        Case(np.array([1.0, -2.0]), np.array([1.0, -20.0]), np.array([0.0, 0.0]), 0.1, 0.9, 1e-8),
        Case(np.array([0.5]), np.array([2.0]), np.array([0.0]), 0.1, 0.9, 0.5),
    ),
    draw=draw_rmsprop,
    outputs=("parameters", "squares"),
    hints=(
        "RMSprop is Adagrad with the sum replaced by your exponentially weighted average, of g².",
        "Can a sum of squares ever be below 0? Which weight has the old average, which the new square? And does ε "
        "stand under the root or beside it?",
        "The new average is the decay times the old one plus one less the decay times the squared gradient. The step "
        "is the rate times the gradient, divided by the square root of the new average plus epsilon.",
    ),
    misconceptions=(
        Misconception(
            "RMSprop with the squared gradient taken off the average: it falls below 0, and its root is NaN.",
            rmsprop_minus,
        ),
        Misconception("RMSprop with ε outside the root, as torch has it.", rmsprop_epsilon_outside),
        Misconception("Adagrad: the squares are added up, nothing is forgotten.", rmsprop_adds_up),
        Misconception("RMSprop in which β and 1 − β have changed places.", rmsprop_weights_exchanged),
        Misconception("RMSprop without the square root.", rmsprop_without_root),
        Misconception(
            "an average whose weights do not add up to 1: the new square enters in full.", rmsprop_new_square_in_full
        ),
    ),
)


# --- adadelta_step --------------------------------------------------------------------------------------------------

Averages = tuple[Array, Array]
AdadeltaStep = tuple[Array, Averages]


def draw_adadelta(generator: np.random.Generator) -> Iterator[Case]:
    for shape in SHAPES:
        for epsilon in (1e-6, 0.2, 1.0):
            theta, g = generator.normal(size=(2, *shape))
            squares, square_steps = generator.uniform(0.1, 3, (2, *shape))
            yield Case(
                theta, g, (squares, square_steps), generator.uniform(1.5, 3), generator.uniform(0.6, 0.95), epsilon
            )
    theta, g = generator.normal(size=(2, 3))
    yield Case(theta, g, (np.zeros(3), np.zeros(3)), 1.0, 0.95, 1e-2)


def steps_never_averaged(
    theta: Array, g: Array, averages: Averages, eta: float, rho: float, epsilon: float
) -> AdadeltaStep:
    theta, (squares, _) = optimizers.adadelta_step(theta, g, averages, eta, rho, epsilon)
    return theta, (squares, averages[1])


def steps_play_no_part(
    theta: Array, g: Array, averages: Averages, eta: float, rho: float, epsilon: float
) -> AdadeltaStep:
    squares = rho * averages[0] + (1 - rho) * g**2
    step = -g / np.sqrt(squares + epsilon)
    return theta + eta * step, (squares, rho * averages[1] + (1 - rho) * step**2)


def adadelta_ratio_inverted(
    theta: Array, g: Array, averages: Averages, eta: float, rho: float, epsilon: float
) -> AdadeltaStep:
    squares = rho * averages[0] + (1 - rho) * g**2
    step = -g * np.sqrt(squares + epsilon) / np.sqrt(averages[1] + epsilon)
    return theta + eta * step, (squares, rho * averages[1] + (1 - rho) * step**2)


def adadelta_epsilon_outside(
    theta: Array, g: Array, averages: Averages, eta: float, rho: float, epsilon: float
) -> AdadeltaStep:
    squares = rho * averages[0] + (1 - rho) * g**2
    step = -g * (np.sqrt(averages[1]) + epsilon) / (np.sqrt(squares) + epsilon)
    return theta + eta * step, (squares, rho * averages[1] + (1 - rho) * step**2)


def adadelta_cannot_start(
    theta: Array, g: Array, averages: Averages, eta: float, rho: float, epsilon: float
) -> AdadeltaStep:
    squares = rho * averages[0] + (1 - rho) * g**2
    step = -g * np.sqrt(averages[1]) / np.sqrt(squares + epsilon)
    return theta + eta * step, (squares, rho * averages[1] + (1 - rho) * step**2)


def scaled_steps_averaged(
    theta: Array, g: Array, averages: Averages, eta: float, rho: float, epsilon: float
) -> AdadeltaStep:
    new, (squares, _) = optimizers.adadelta_step(theta, g, averages, eta, rho, epsilon)
    return new, (squares, rho * averages[1] + (1 - rho) * (new - theta) ** 2)


def adadelta_old_average(
    theta: Array, g: Array, averages: Averages, eta: float, rho: float, epsilon: float
) -> AdadeltaStep:
    squares, square_steps = averages
    step = -g * np.sqrt(square_steps + epsilon) / np.sqrt(squares + epsilon)
    return theta + eta * step, (rho * squares + (1 - rho) * g**2, rho * square_steps + (1 - rho) * step**2)


def adadelta_uphill(theta: Array, g: Array, averages: Averages, eta: float, rho: float, epsilon: float) -> AdadeltaStep:
    new, averages = optimizers.adadelta_step(theta, g, averages, eta, rho, epsilon)
    return 2 * theta - new, averages


ADADELTA_STEP = Exercise(
    reference=optimizers.adadelta_step,
    learned="Two averages, and no rate to choose: past steps say how long the next one is.",
    further="start both averages at 0 with ε = 1e-6. How long is the first step, whatever the gradient? Now you know "
    "why Adadelta is slow to start.",
    stars=3,
    minutes=6,
    points=4,
    examples=(
        Case(np.array([1.0]), np.array([1.0]), (np.array([0.0]), np.array([0.0])), 1.0, 0.9, 1e-6),
        Case(np.array([1.0]), np.array([2.0]), (np.array([0.5]), np.array([0.1])), 2.0, 0.9, 0.5),
    ),
    draw=draw_adadelta,
    outputs=("parameters", "averages"),
    hints=(
        "Four lines, in the docstring's order: average g², compute Δ, average Δ², step. RMS[x] is √(E[x²] + ε).",
        "When Δ is computed, which of the two averages already knows this step, and which cannot know it yet? And what "
        "does the fourth line need that the third must not contain?",
        "Average the squared gradient. Δ is minus the gradient, times the root of the old average of squared steps "
        "plus epsilon, divided by the root of the new average of squared gradients plus epsilon. Average the square "
        "of Δ in the same way. Add the rate times Δ to the parameters; return them, and the two averages as a tuple.",
    ),
    misconceptions=(
        Misconception("Adadelta whose average of squared steps is never updated.", steps_never_averaged),
        Misconception("RMSprop: the size of past steps plays no part in the new one.", steps_play_no_part),
        Misconception(
            "Adadelta with its ratio upside down: RMS of gradients over RMS of steps.", adadelta_ratio_inverted
        ),
        Misconception("Adadelta with ε outside the roots.", adadelta_epsilon_outside),
        Misconception("Adadelta without ε in the numerator: from rest it can never start.", adadelta_cannot_start),
        Misconception("Adadelta that averages the squares of ηΔ instead of Δ.", scaled_steps_averaged),
        Misconception("Adadelta that divides by the average from before this gradient.", adadelta_old_average),
        Misconception("Adadelta up the hill: the parameters move along the gradient.", adadelta_uphill),
    ),
)


# --- adam_step ------------------------------------------------------------------------------------------------------

Moments = tuple[Array, Array, int]
AdamStep = tuple[Array, Moments]


def draw_moments(generator: np.random.Generator, shape: tuple[int, ...], t: int) -> Moments:
    return generator.normal(size=shape), generator.uniform(0.1, 2, shape), t


def draw_adam(generator: np.random.Generator) -> Iterator[Case]:
    for shape in SHAPES:
        for epsilon, t in ((1e-8, 4), (0.3, 1), (1.2, 30)):
            theta, g = generator.normal(size=(2, *shape))
            decays = generator.uniform(0.7, 0.95), generator.uniform(0.96, 0.995)
            yield Case(theta, g, draw_moments(generator, shape, t), generator.uniform(0.1, 0.8), *decays, epsilon)
    theta, g = generator.normal(size=(2, 3))
    yield Case(theta, g, (np.zeros(3), np.zeros(3), 0), generator.uniform(0.1, 0.8), 0.9, 0.999, 0.1)


def adam_averages(g: Array, moments: Moments, beta1: float, beta2: float) -> Moments:
    m, v, t = moments
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2, t + 1


def adam_uncorrected(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    m, v, t = adam_averages(g, state, beta1, beta2)
    return theta - eta * m / (np.sqrt(v) + epsilon), (m, v, t)


def adam_epsilon_inside(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    m, v, t = adam_averages(g, state, beta1, beta2)
    return theta - eta * m / (1 - beta1**t) / np.sqrt(v / (1 - beta2**t) + epsilon), (m, v, t)


def adam_count_one_behind(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    m, v, t = adam_averages(g, state, beta1, beta2)
    # At t = 0 this divides by 0: NumPy gives infinity, and infinity over infinity is NaN.
    first, second = np.divide(m, 1 - beta1 ** (t - 1)), np.divide(v, 1 - beta2 ** (t - 1))
    return theta - eta * first / (np.sqrt(second) + epsilon), (m, v, t)


def adam_count_not_kept(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    theta, (m, v, _) = optimizers.adam_step(theta, g, state, eta, beta1, beta2, epsilon)
    return theta, (m, v, state[2])


def adam_correction_kept(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    theta, (m, v, t) = optimizers.adam_step(theta, g, state, eta, beta1, beta2, epsilon)
    return theta, (m / (1 - beta1**t), v / (1 - beta2**t), t)


def adam_only_mean_corrected(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    m, v, t = adam_averages(g, state, beta1, beta2)
    return theta - eta * m / (1 - beta1**t) / (np.sqrt(v) + epsilon), (m, v, t)


def adam_shortened(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    m, v, t = adam_averages(g, state, beta1, beta2)
    return theta - eta * math.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + epsilon), (m, v, t)


def adam_decays_exchanged(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    return optimizers.adam_step(theta, g, state, eta, beta2, beta1, epsilon)


def adam_without_root(
    theta: Array, g: Array, state: Moments, eta: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> AdamStep:
    m, v, t = adam_averages(g, state, beta1, beta2)
    return theta - eta * m / (1 - beta1**t) / (v / (1 - beta2**t) + epsilon), (m, v, t)


ADAM_STEP = Exercise(
    reference=optimizers.adam_step,
    learned="Momentum for the direction, RMSprop for the length, and a correction for both: that is Adam.",
    further="without the correction, how long is the very first step at β₁ = 0.9 and β₂ = 0.999, beside the rate? "
    "Work it out for one gradient g; g cancels.",
    stars=3,
    minutes=6,
    points=5,
    examples=(
        Case(np.array([1.0, -2.0]), np.array([1.0, -20.0]), (np.array([0.0, 0.0]), np.array([0.0, 0.0]), 0), 0.1),
        Case(
            np.array([1.0, -2.0]),
            np.array([2.0, -1.0]),
            (np.array([0.5, 0.5]), np.array([0.2, 0.6]), 2),
            0.1,
            0.9,
            0.99,
            0.5,
        ),
    ),
    draw=draw_adam,
    outputs=("parameters", "moments"),
    hints=(
        "Five lines: count the step, average g, average g², correct both averages, step. The docstring has them in "
        "order.",
        "β₁ᵗ at the first step: what is t there? Which of m and m̂ is handed on to the next step? And where does ε "
        "stand this time?",
        "Add one to the count. Average the gradient and its square, each with its own decay. Divide each by one less "
        "its decay to the power of the new count. Take off the rate times the first, divided by the sum of epsilon "
        "and the root of the second. Hand on the averages as they were before correction, and the new count.",
    ),
    misconceptions=(
        Misconception("Adam without bias correction.", adam_uncorrected),
        Misconception("Adam with ε inside the root.", adam_epsilon_inside),
        Misconception(
            "Adam corrected with the count from before this step: the first step divides by 0.", adam_count_one_behind
        ),
        Misconception(
            "Adam that does not hand on its count: every step is corrected as if it were the same one.",
            adam_count_not_kept,
        ),
        Misconception("Adam that hands on the corrected averages instead of the averages.", adam_correction_kept),
        Misconception("Adam that corrects m and leaves v as it is.", adam_only_mean_corrected),
        Misconception("the shortened form of Adam, whose ε is added to the root of the uncorrected v.", adam_shortened),
        Misconception("Adam with β₁ and β₂ exchanged.", adam_decays_exchanged),
        Misconception("Adam without the square root of v̂.", adam_without_root),
    ),
)


# --- adamw_step -----------------------------------------------------------------------------------------------------


def draw_adamw(generator: np.random.Generator) -> Iterator[Case]:
    for shape in SHAPES:
        for epsilon, t in ((1e-8, 4), (0.3, 1)):
            theta, g = generator.normal(size=(2, *shape))
            constants = generator.uniform(0.1, 0.5), generator.uniform(0.1, 0.6)
            yield Case(theta, g, draw_moments(generator, shape, t), *constants, 0.9, 0.99, epsilon)
    theta, g = generator.normal(size=(2, 3))
    yield Case(theta, g, (np.zeros(3), np.zeros(3), 0), 0.2, 0.3, 0.9, 0.999, 0.1)


def adamw_penalty_in_the_gradient(
    theta: Array, g: Array, moments: Moments, eta: float, lam: float, *constants: float
) -> AdamStep:
    return optimizers.adam_step(theta, g + lam * theta, moments, eta, *constants)


def adamw_decay_without_rate(
    theta: Array, g: Array, moments: Moments, eta: float, lam: float, *constants: float
) -> AdamStep:
    new, moments = optimizers.adam_step(theta, g, moments, eta, *constants)
    return new - lam * theta, moments


def adamw_decay_after_the_step(
    theta: Array, g: Array, moments: Moments, eta: float, lam: float, *constants: float
) -> AdamStep:
    new, moments = optimizers.adam_step(theta, g, moments, eta, *constants)
    return new * (1 - eta * lam), moments


def adamw_grows(theta: Array, g: Array, moments: Moments, eta: float, lam: float, *constants: float) -> AdamStep:
    new, moments = optimizers.adam_step(theta, g, moments, eta, *constants)
    return new + eta * lam * theta, moments


def adamw_is_adam(theta: Array, g: Array, moments: Moments, eta: float, lam: float, *constants: float) -> AdamStep:
    return optimizers.adam_step(theta, g, moments, eta, *constants)


def adamw_constants_kept_back(
    theta: Array, g: Array, moments: Moments, eta: float, lam: float, *constants: float
) -> AdamStep:
    new, moments = optimizers.adam_step(theta, g, moments, eta)
    return new - eta * lam * theta, moments


ADAMW_STEP = Exercise(
    reference=optimizers.adamw_step,
    learned="The decay stands beside the adaptive step: every parameter shrinks by the same factor.",
    further="put λθ into the gradient instead and give one parameter gradients a hundred times larger than another's. "
    "Which of the two is still decayed?",
    stars=2,
    minutes=6,
    points=3,
    examples=(Case(np.array([1.0]), np.array([1.0]), (np.array([0.0]), np.array([0.0]), 0), 0.1, 0.5),),
    draw=draw_adamw,
    uses=("adam_step",),
    outputs=("parameters", "moments"),
    hints=(
        "θ ← θ − η(m̂ / (√v̂ + ε) + λθ). The first part is what your adam_step does.",
        "If λθ went into the gradient, √v̂ would divide it too. Where must it stand so that nothing divides it? Which "
        "θ is it?",
        "Take one Adam step with the gradient as it is, and with all the constants you were given; from its result "
        "take off the rate times the weight decay times the parameters from before the step. Hand on Adam's moments "
        "unchanged.",
    ),
    misconceptions=(
        Misconception(
            "Adam with the L2 penalty in the gradient: the decay is divided by √v̂ like all the rest.",
            adamw_penalty_in_the_gradient,
        ),
        Misconception(
            "a decay by λ alone, as in the paper's algorithm: the rate has no part in it.", adamw_decay_without_rate
        ),
        Misconception("a decay of the parameters that Adam has already moved.", adamw_decay_after_the_step),
        Misconception("weights that grow: the decay has the wrong sign.", adamw_grows),
        Misconception("plain Adam: nothing decays.", adamw_is_adam),
        Misconception(
            "AdamW whose Adam step runs at its default β₁, β₂ and ε: those that were given are not handed on.",
            adamw_constants_kept_back,
        ),
    ),
)


# --- schedules ------------------------------------------------------------------------------------------------------


def draw_inverse_time_decay(generator: np.random.Generator) -> Iterator[Case]:
    for epoch in (0, 1, 4, 9, 40):
        yield Case(generator.uniform(0.05, 2), epoch, generator.uniform(0.05, 0.9))


def grows_with_time(rate: float, epoch: int, decay: float) -> float:
    return rate / (1 - decay * epoch)


def divided_again_every_epoch(rate: float, epoch: int, decay: float) -> float:
    return rate / (1 + decay) ** epoch


def decay_one_epoch_early(rate: float, epoch: int, decay: float) -> float:
    return rate / (1 + decay * (epoch + 1))


def falls_along_a_line(rate: float, epoch: int, decay: float) -> float:
    return rate * (1 - decay * epoch)


INVERSE_TIME_DECAY = Exercise(
    reference=optimizers.inverse_time_decay,
    learned="The rate falls fast at first, then ever more slowly, and never reaches 0.",
    further="the rates of all epochs add up without bound, their squares do not. Why would one ask for both? (Robbins "
    "and Monro 1951.)",
    stars=1,
    minutes=2,
    points=1,
    examples=(Case(1.0, 1, 0.1), Case(1.0, 2, 0.1), Case(1.0, 5, 0.1)),
    draw=draw_inverse_time_decay,
    hints=(
        "ηₜ = η₀ / (1 + d·t): look at the sign below the line.",
        "What is the denominator at epoch 0? Must it grow or shrink with t, if the rate is to fall?",
        "Divide the rate by one plus the decay times the epoch.",
    ),
    misconceptions=(
        Misconception("1/(1 − dt), which grows, is infinite at t = 1/d, and negative after that.", grows_with_time),
        Misconception(
            "a rate that is divided by 1 + d again every epoch: an exponential decay.", divided_again_every_epoch
        ),
        Misconception("a decay that counts its first epoch as 1.", decay_one_epoch_early),
        Misconception("a straight line, which ends below 0.", falls_along_a_line),
    ),
)


def draw_step_decay(generator: np.random.Generator) -> Iterator[Case]:
    for epoch, every in ((0, 3), (2, 3), (3, 3), (7, 3), (3, 5), (9, 5), (10, 5), (23, 4)):
        yield Case(generator.uniform(0.05, 2), epoch, generator.uniform(0.3, 0.8), every)


def falls_between_the_steps(rate: float, epoch: int, factor: float, every: int) -> float:
    return rate * factor ** (epoch / every)


def drops_one_epoch_early(rate: float, epoch: int, factor: float, every: int) -> float:
    return rate * factor ** ((epoch + 1) // every)


def drops_once(rate: float, epoch: int, factor: float, every: int) -> float:
    return rate * factor if epoch >= every else rate


def drops_only_at_the_step(rate: float, epoch: int, factor: float, every: int) -> float:
    return rate * factor if epoch and epoch % every == 0 else rate


def drops_halfway(rate: float, epoch: int, factor: float, every: int) -> float:
    return rate * factor ** round(epoch / every)


def drops_only_at_the_step_and_at_once(rate: float, epoch: int, factor: float, every: int) -> float:
    return rate * factor if epoch % every == 0 else rate


STEP_DECAY = Exercise(
    reference=optimizers.step_decay,
    learned="Constant for a while, then a drop: the staircase of many published training runs.",
    further="look for such drops in the loss curves of an image-classification paper: they are seen with the naked "
    "eye.",
    stars=1,
    minutes=2,
    points=0,
    examples=(Case(0.1, 9, 0.5, 10), Case(0.1, 10, 0.5, 10), Case(0.1, 25, 0.5, 10)),
    draw=draw_step_decay,
    hints=(
        "ηₜ = η₀ · factor^k, where k is the number of drops so far.",
        "With a drop every 10 epochs, how many have happened at epoch 9, at 10, at 25? Which division gives that "
        "number?",
        "Raise the factor to the whole-number quotient of epoch and interval, and multiply the rate by it.",
    ),
    misconceptions=(
        Misconception("a smooth fall: the exponent is no whole number between the steps.", falls_between_the_steps),
        Misconception("a staircase that drops one epoch early.", drops_one_epoch_early),
        Misconception("a single drop: after the first nothing more happens.", drops_once),
        Misconception("a drop that lasts for one epoch only.", drops_only_at_the_step),
        Misconception(
            "a staircase whose drops come halfway: epoch/every is rounded to the nearest whole number, not down.",
            drops_halfway,
        ),
        Misconception(
            "a drop that lasts for one epoch only, and that epoch 0 has as well.", drops_only_at_the_step_and_at_once
        ),
    ),
)


def draw_exponential_decay(generator: np.random.Generator) -> Iterator[Case]:
    for epoch in (0, 1, 3, 8, 20):
        yield Case(generator.uniform(0.05, 2), epoch, generator.uniform(0.6, 0.9))


def factor_times_epoch(rate: float, epoch: int, factor: float) -> float:
    return rate * factor * epoch


def factor_in_the_exponent(rate: float, epoch: int, factor: float) -> float:
    return rate * math.exp(-factor * epoch)


def factor_taken_off(rate: float, epoch: int, factor: float) -> float:
    return rate * (1 - factor) ** epoch


def exponential_one_epoch_early(rate: float, epoch: int, factor: float) -> float:
    return rate * factor ** (epoch + 1)


EXPONENTIAL_DECAY = Exercise(
    reference=optimizers.exponential_decay,
    learned="The same share is lost every epoch: a straight line on a logarithmic axis.",
    further="which factor halves the rate every ten epochs?",
    stars=1,
    minutes=2,
    points=0,
    examples=(Case(0.2, 1, 0.95), Case(0.2, 10, 0.95)),
    draw=draw_exponential_decay,
    hints=(
        "ηₜ = η₀ · factor^t.",
        "What is the rate at epoch 0? How often has it been multiplied at epoch t?",
        "Multiply the rate by the factor to the power of the epoch.",
    ),
    misconceptions=(
        Misconception("a rate multiplied by the epoch: it grows.", factor_times_epoch),
        Misconception("e^(−kt) with the factor in the place of k.", factor_in_the_exponent),
        Misconception("a rate that loses the share `factor` every epoch instead of keeping it.", factor_taken_off),
        Misconception("a decay that counts its first epoch as 1.", exponential_one_epoch_early),
    ),
)


def draw_cosine_decay(generator: np.random.Generator) -> Iterator[Case]:
    for epoch, epochs in ((0, 10), (1, 10), (5, 10), (8, 10), (10, 10), (7, 33)):
        rate = generator.uniform(0.5, 2)
        yield Case(rate, epoch, epochs, generator.uniform(0.1, 0.4) * rate)


def whole_wave(rate: float, epoch: int, epochs: int, minimum: float) -> float:
    return minimum + 0.5 * (rate - minimum) * (1 + math.cos(2 * math.pi * epoch / epochs))


def wave_not_halved(rate: float, epoch: int, epochs: int, minimum: float) -> float:
    return minimum + (rate - minimum) * (1 + math.cos(math.pi * epoch / epochs))


def minimum_added_on_top(rate: float, epoch: int, epochs: int, minimum: float) -> float:
    return minimum + 0.5 * rate * (1 + math.cos(math.pi * epoch / epochs))


def wave_upside_down(rate: float, epoch: int, epochs: int, minimum: float) -> float:
    return minimum + 0.5 * (rate - minimum) * (1 - math.cos(math.pi * epoch / epochs))


def quarter_wave(rate: float, epoch: int, epochs: int, minimum: float) -> float:
    return minimum + (rate - minimum) * math.cos(math.pi * epoch / (2 * epochs))


def degrees_for_radians(rate: float, epoch: int, epochs: int, minimum: float) -> float:
    return minimum + 0.5 * (rate - minimum) * (1 + math.cos(180 * epoch / epochs))


COSINE_DECAY = Exercise(
    reference=optimizers.cosine_decay,
    learned="Slow, fast, slow: half a cosine wave from the rate down to its minimum.",
    further="draw the four schedules over 50 epochs in one picture. Which spends most epochs above half its rate?",
    stars=1,
    minutes=2,
    points=2,
    examples=(Case(0.5, 0, 30, 0.02), Case(0.5, 15, 30, 0.02), Case(0.5, 30, 30, 0.02), Case(0.5, 10, 30, 0.0)),
    draw=draw_cosine_decay,
    hints=(
        "ηₜ = ηmin + ½(η₀ − ηmin)(1 + cos(πt/T)).",
        "What must the bracket with the cosine be at t = 0, and at t = T? What does the ½ do to it?",
        "To the minimum add half the distance from minimum to rate, times one plus the cosine of π times the share of "
        "epochs that have passed.",
    ),
    misconceptions=(
        Misconception("a whole wave: the rate is back at its start at the end.", whole_wave),
        Misconception("a wave without the ½: it starts at nearly twice the rate.", wave_not_halved),
        Misconception(
            "a wave from 0 to the rate with the minimum on top: it starts above the rate.", minimum_added_on_top
        ),
        Misconception("a wave upside down: the rate rises.", wave_upside_down),
        Misconception("a quarter of a wave: slow at first, and fastest at the end.", quarter_wave),
        Misconception("a wave with 180 in the place of π: the cosine counts in radians.", degrees_for_radians),
    ),
)


# --- quizzes and the written answer ---------------------------------------------------------------------------------

BATCH_SIZES = Quiz(
    "batch_sizes",
    'Which of these hold? Write all their letters, for instance "ad".',
    (
        Choice("A batch size of 1 is stochastic (online) gradient descent.", "One example, one step: yes.", right=True),
        Choice("A batch size of m is batch gradient descent: one step an epoch.", "Yes, and no noise.", right=True),
        Choice(
            "The larger the batch, the fewer epochs are needed.",
            "No. An epoch of large batches has fewer steps, each a little less noisy: as a rule it takes more epochs.",
        ),
        Choice(
            "With 1,000 examples the whole set can be one batch; with a million one takes 32 to 512.",
            "Yes: below about 2,000 examples batch descent is fine, above it powers of two from 32 to 512 are usual.",
            right=True,
        ),
    ),
    points=0.5,
)

RAVINE = Quiz(
    "ravine",
    "A prediction. The bowl ½(x² + 100y²), start (1, −2), both rules at their best constants. Gradient descent needs "
    "some hundred steps until J < 10⁻⁶. How many does momentum need?",
    (
        Choice("About as many.", "It needs far fewer: what alternates across the valley cancels, what agrees adds up."),
        Choice(
            "About a seventh.",
            "The error of gradient descent falls by (κ−1)/(κ+1) a step, that of momentum by about (√κ−1)/(√κ+1). With "
            "κ = 100 that is nearly √κ = 10 times fewer steps; the first ones, in which the velocity builds up, cost "
            "a part.",
            right=True,
        ),
        Choice("About a hundredth.", "So much only if steps counted with κ itself; they count with √κ."),
        Choice("More: it overshoots.", "It does overshoot, and is faster for it."),
    ),
)

MOMENTUM_CONVENTIONS = Quiz(
    "momentum_conventions",
    "You trained well with v ← γv + ηg, θ ← θ − v at γ = 0.9, η = 0.01. A library averages: v ← γv + (1 − γ)g, "
    "θ ← θ − αv. Which α takes the same path?",
    (
        Choice(
            "α = 0.01, the same rate", "Then every gradient counts for a tenth of what it did: η = α(1 − γ) = 0.001."
        ),
        Choice(
            "α = 0.1", "η = α(1 − γ), so α = 0.01/0.1: a rate ten times larger, on a velocity ten times smaller.", True
        ),
        Choice("α = 0.001", "The other way round: the averaged velocity is smaller, so its rate must be larger."),
        Choice("None: the two are different rules", "While rate and γ are constant the paths agree in every step."),
    ),
    points=0.5,
)

FIRST_BATCHES = Quiz(
    "first_batches",
    "A prediction. Your momentum_step (γ = 0.9) and your sgd_step train the digits network for two epochs of batches "
    "of 64, both at rate 0.1. Which has the lower loss after the 46 batches?",
    (
        Choice("They are level: two epochs are too short to tell", "Momentum is ahead after ten batches, and by much."),
        Choice(
            "Momentum, by far",
            "So it comes, but for two reasons: what agrees adds up, to 1/(1 − γ) = ten times the rate. The fair race "
            "gives each rule its own best rate: see the sweep.",
            right=True,
        ),
        Choice("Plain SGD: momentum overshoots with noisy gradients", "The noise of batches is partly averaged out."),
    ),
)

VECTOR_RATE = Quiz(
    "vector_rate",
    "A learning rate of its own for every parameter, a vector of rates: what would you say?",
    (
        Choice(
            "Overkill: one number for all is enough",
            "On the bowl one number is either too small along x or too "
            "large along y. Four of the rules in this chapter exist to mend that.",
        ),
        Choice(
            "It is what Adagrad, Adadelta, RMSprop and Adam do",
            "Each divides by a root of that parameter's own squared gradients: a vector of rates, set by the data.",
            right=True,
        ),
        Choice("It needs the second derivatives", "Newton's method does; a history of gradients costs one array."),
        Choice("Momentum does it already", "Momentum has one rate and one γ for all parameters."),
    ),
    points=0.5,
)

SADDLE = Quiz(
    "saddle_exit",
    "A prediction. On the saddle five rules start a thousandth beside the ridge, where the gradient toward the exit is "
    "nearly 0, all at rate 0.1. Which gets away first?",
    (
        Choice(
            "Gradient descent", "It is last: its step is the tiny gradient times the rate, and must grow from there."
        ),
        Choice("Momentum", "It is well ahead of gradient descent, but it too must wait for gradients to add up."),
        Choice(
            "RMSprop",
            "It divides each gradient by the root of its own square: however small the slope toward the exit, "
            "the step is about as long as the rate, or longer at first.",
            right=True,
        ),
        Choice("All at once: none feels the exit", "They feel the same slope, but do not use it alike."),
    ),
)

LOCAL_MINIMA = Quiz(
    "local_minima",
    "A network of a million parameters stands still at a high loss, its gradient nearly 0. Which is most likely?",
    (
        Choice(
            "A local minimum",
            "There the cost must curve upward in each of a million directions at once: rare while the loss is high.",
        ),
        Choice(
            "A saddle point or a plateau",
            "Some directions curve up, others down, many hardly at all: in high "
            "dimension that is the rule, and local minima matter little.",
            right=True,
        ),
        Choice("The global minimum", "Then the loss would not be high."),
    ),
    points=0.5,
)

WHICH_RULE = Written(
    "which_rule",
    'A colleague says: *"Adam everywhere, with its default rate. Then there is nothing to tune."* Answer in five to '
    "ten sentences, with at least two numbers from your own race and sweep. What is right about it, what is not, and "
    "which comparison would be fair?",
    points=2,
    model_answer="Right: Adam's steps have about the size of its rate whatever the gradient's scale, so it is good on "
    "ravines and saddles and works over a range of rates; in the sweep its best rate beats the other "
    "rules after two epochs. Not right: it has a rate, and the sweep shows that the default 0.001 is far "
    "from the best one for these two epochs; a rule judged at one fixed rate is judged for that rate. "
    "Momentum at its best rate comes close, remembers one array instead of two, and with a schedule "
    "often generalizes as well or better on images. Fair: every rule at the best rate of a sweep of "
    "equal size, the same batches, budget and seeds, measured on data that were not used to choose the "
    "rate. One point for a correct statement on the size of Adam's steps or on its rate with a number, "
    "one for a fair comparison with a number.",
)

CHAPTER = Chapter(
    2,
    "optimizers",
    "Optimizers: how a network walks downhill",
    items=(
        SGD_STEP,
        MINIBATCHES,
        BATCH_SIZES,
        RAVINE,
        MOMENTUM_STEP,
        MOMENTUM_CONVENTIONS,
        TRAIN,
        FIRST_BATCHES,
        NESTEROV_STEP,
        NESTEROV_LOOK_AHEAD_STEP,
        VECTOR_RATE,
        ADAGRAD_STEP,
        EXPONENTIALLY_WEIGHTED_AVERAGE,
        RMSPROP_STEP,
        ADADELTA_STEP,
        ADAM_STEP,
        ADAMW_STEP,
        SADDLE,
        LOCAL_MINIMA,
        INVERSE_TIME_DECAY,
        STEP_DECAY,
        EXPONENTIAL_DECAY,
        COSINE_DECAY,
        WHICH_RULE,
    ),
)
