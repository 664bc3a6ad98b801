"""Optimizers: mini-batches, update rules, averages, learning-rate schedules and the loop that joins them.

Every update rule has one interface::

    parameters, state = rule(parameters, gradient, state, rate, ...)

``parameters`` and ``gradient`` are arrays of one shape, ``state`` is what the rule remembers between steps (its
docstring says what; SGD remembers nothing and hands back what it was given) and ``rate`` is the learning rate η. Rules
are pure: they return new arrays and never change the ones they were given. A rule starts from zeros: arrays of the
parameters' shape, and no steps taken. Only ``nesterov_step`` takes the gradient as a function, because it asks for it
away from the parameters; ``nesterov_look_ahead_step`` takes the same path with an array.

Symbols: θ parameters, g = ∇J(θ) gradient of the cost J, η rate, γ momentum, β, β₁, β₂ and ρ decay of an average,
ε epsilon. All operations are elementwise. Updates subtract.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np


def sgd_step(parameters: np.ndarray, gradient: np.ndarray, state: object, rate: float) -> tuple[np.ndarray, object]:
    """One step of gradient descent, against the gradient: θ ← θ − ηg.

    The same rule is batch, mini-batch or stochastic gradient descent: that depends on the examples behind the gradient.

    parameters: θ, any shape.
    gradient:   g = ∇J(θ), the same shape.
    state:      anything: this rule remembers nothing, and hands back the state it was given.
    rate:       η, at least 0.

    Returns (parameters, state): the new θ, and the given state.
    Raises ValueError for unequal shapes or a negative rate.
    """
    if np.shape(gradient) != np.shape(parameters):
        raise ValueError(f"gradient has shape {np.shape(gradient)}, must be {np.shape(parameters)} as parameters")
    if not rate >= 0:
        raise ValueError(f"rate is {rate}, must be at least 0")
    # θ ← θ − η g
    return parameters - rate * gradient, state


def minibatches(
    X: np.ndarray, y: np.ndarray, batch_size: int, generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All examples once, in a new random order, in batches: one epoch.

    X:          examples in rows, shape (m, ...).
    y:          their targets, shape (m, ...): row i of y belongs to row i of X.
    batch_size: examples in a batch, at least 1. The last batch is shorter if m is no multiple of it.
                1 gives stochastic, m gives batch gradient descent.
    generator:  draws the order, and is the only source of chance: the next call with the same generator gives
                another order, a generator made anew from the same seed gives the same order again.

    Yields (X_batch, y_batch), of shapes (n, ...) and (n, ...) with n = batch_size, except that the last may be shorter.
    Raises ValueError, when the first batch is asked for, for unequal numbers of rows or a batch size below 1.
    """
    if len(X) != len(y):
        raise ValueError(f"y has {len(y)} rows, must have {len(X)} as X")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, must be at least 1")
    order = generator.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        yield X[rows], y[rows]


def momentum_step(
    parameters: np.ndarray, gradient: np.ndarray, velocity: np.ndarray, rate: float, momentum: float = 0.9
) -> tuple[np.ndarray, np.ndarray]:
    """One step of gradient descent with momentum, in the accumulating convention (Polyak 1964).

    v ← γv + ηg, then θ ← θ − v with the new v.

    The gradient enters v with the weight η, not 1 − γ, and v is subtracted as it is. Other texts average the gradients,
    v ← γv + (1 − γ)g and θ ← θ − αv: at constant rates that is the same path if η = α(1 − γ).

    parameters: θ, any shape.
    gradient:   g = ∇J(θ), the same shape.
    velocity:   v, the same shape; zeros before the first step.
    rate:       η, at least 0.
    momentum:   γ in [0, 1).

    Returns (parameters, velocity), both new.
    Raises ValueError for unequal shapes, a negative rate or a momentum outside [0, 1).
    """
    if not np.shape(parameters) == np.shape(gradient) == np.shape(velocity):
        raise ValueError(
            f"gradient and velocity have shapes {np.shape(gradient)} and {np.shape(velocity)}, "
            f"must be {np.shape(parameters)} as parameters"
        )
    if not (rate >= 0 and 0 <= momentum < 1):
        raise ValueError(f"rate is {rate}, must be at least 0; momentum is {momentum}, must lie in [0, 1)")
    # v ← γ v + η g
    velocity = momentum * velocity + rate * gradient
    # θ ← θ − v
    return parameters - velocity, velocity


def nesterov_step(
    parameters: np.ndarray,
    gradient: Callable[[np.ndarray], np.ndarray],
    velocity: np.ndarray,
    rate: float,
    momentum: float = 0.9,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of Nesterov's accelerated gradient: momentum that asks for the gradient where the velocity leads.

    v ← γv + η∇J(θ − γv), with the old v on the right, then θ ← θ − v with the new v (Nesterov 1983; in this form
    Sutskever et al. 2013, equations 3 and 4, with the sign of v turned).

    parameters: θ, any shape.
    gradient:   the function ∇J: it takes an array like θ and returns an array of the same shape.
    velocity:   v, the same shape; zeros before the first step.
    rate:       η, at least 0.
    momentum:   γ in [0, 1).

    Returns (parameters, velocity), both new; parameters are θ itself, not the look-ahead point.
    Raises ValueError for unequal shapes, a negative rate or a momentum outside [0, 1); TypeError if gradient is no
    function.
    """
    if not callable(gradient):
        raise TypeError(f"gradient is of type {type(gradient).__name__}, must be a function of the parameters")
    if np.shape(velocity) != np.shape(parameters):
        raise ValueError(f"velocity has shape {np.shape(velocity)}, must be {np.shape(parameters)} as parameters")
    if not (rate >= 0 and 0 <= momentum < 1):
        raise ValueError(f"rate is {rate}, must be at least 0; momentum is {momentum}, must lie in [0, 1)")
    # v ← γ v + η ∇J(θ − γ v)
    velocity = momentum * velocity + rate * gradient(parameters - momentum * velocity)
    # θ ← θ − v
    return parameters - velocity, velocity


def nesterov_look_ahead_step(
    look_ahead: np.ndarray, gradient: np.ndarray, velocity: np.ndarray, rate: float, momentum: float = 0.9
) -> tuple[np.ndarray, np.ndarray]:
    """One step of Nesterov's accelerated gradient, told by the look-ahead points φ = θ − γv instead of θ.

    A training loop has the gradient at the point it stores. Store φ, and that is the gradient Nesterov asks for:
    v ← γv + ηg, then φ is the new θ, moved on by the new velocity: θ − γv. Write it with φ, g and v alone
    (Bengio, Boulanger-Lewandowski and Pascanu 2013, section 3.5). torch.optim.SGD(nesterov=True) stores φ too.

    look_ahead: φ, any shape. Before the first step v = 0, so φ = θ.
    gradient:   g = ∇J(φ), the same shape.
    velocity:   v, the same shape; zeros before the first step.
    rate:       η, at least 0.
    momentum:   γ in [0, 1).

    Returns (look_ahead, velocity), both new.
    Raises ValueError for unequal shapes, a negative rate or a momentum outside [0, 1).
    """
    if not np.shape(look_ahead) == np.shape(gradient) == np.shape(velocity):
        raise ValueError(
            f"gradient and velocity have shapes {np.shape(gradient)} and {np.shape(velocity)}, "
            f"must be {np.shape(look_ahead)} as look_ahead"
        )
    if not (rate >= 0 and 0 <= momentum < 1):
        raise ValueError(f"rate is {rate}, must be at least 0; momentum is {momentum}, must lie in [0, 1)")
    # v' = γ v + η g
    velocity = momentum * velocity + rate * gradient
    # φ' = θ' − γ v' = (θ − v') − γ v' = (φ + γ v − v') − γ v' = φ − η g − γ v'
    return look_ahead - rate * gradient - momentum * velocity, velocity


def adagrad_step(
    parameters: np.ndarray, gradient: np.ndarray, squares: np.ndarray, rate: float = 0.01, epsilon: float = 1e-8
) -> tuple[np.ndarray, np.ndarray]:
    """One step of Adagrad (Duchi, Hazan and Singer 2011): each parameter's rate shrinks with its own past gradients.

    G ← G + g², then θ ← θ − η g / √(G + ε) with the new G. Here ε stands inside the root; torch has it outside.

    parameters: θ, any shape.
    gradient:   g = ∇J(θ), the same shape.
    squares:    G, the same shape: the sum of the squared gradients so far; zeros before the first step.
    rate:       η, at least 0.
    epsilon:    ε, at least 0.

    Returns (parameters, squares), both new.
    Raises ValueError for unequal shapes, a negative rate or a negative epsilon.
    """
    if not np.shape(parameters) == np.shape(gradient) == np.shape(squares):
        raise ValueError(
            f"gradient and squares have shapes {np.shape(gradient)} and {np.shape(squares)}, "
            f"must be {np.shape(parameters)} as parameters"
        )
    if not (rate >= 0 and epsilon >= 0):
        raise ValueError(f"rate is {rate}, must be at least 0; epsilon is {epsilon}, must be at least 0")
    # G ← G + g²
    squares = squares + gradient**2
    # θ ← θ − η g / √(G + ε)
    return parameters - rate * gradient / np.sqrt(squares + epsilon), squares


def exponentially_weighted_average(values: np.ndarray, decay: float, bias_correction: bool = True) -> np.ndarray:
    """The running average of a series in which older values fade exponentially.

    v_t = βv_{t−1} + (1 − β)x_t for t = 1, 2, ..., T, from v_0 = 0. So early averages lean toward 0; with
    ``bias_correction`` each result is v_t / (1 − β^t) instead. The recursion itself goes on with the uncorrected v_t.

    values:          x_1 ... x_T along the first axis, shape (T, ...).
    decay:           β in [0, 1): about the last 1/(1 − β) values count.
    bias_correction: whether results are divided by 1 − β^t.

    Returns the averages after each value, the shape of values, as floats also where values are whole numbers.
    Raises ValueError for a decay outside [0, 1) or values without a first axis.
    """
    if np.ndim(values) == 0:
        raise ValueError(f"values is the single number {values}, must have a first axis, the series")
    if not 0 <= decay < 1:
        raise ValueError(f"decay is {decay}, must lie in [0, 1)")
    averages = np.empty(np.shape(values))
    average = 0.0
    for t, value in enumerate(values, start=1):
        # v_t = β v_{t−1} + (1 − β) x_t
        average = decay * average + (1 - decay) * value
        # v̂_t = v_t / (1 − β^t)
        averages[t - 1] = average / (1 - decay**t) if bias_correction else average
    return averages


def rmsprop_step(
    parameters: np.ndarray,
    gradient: np.ndarray,
    squares: np.ndarray,
    rate: float = 0.001,
    decay: float = 0.9,
    epsilon: float = 1e-8,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of RMSprop (Tieleman and Hinton 2012): Adagrad with an average in place of the sum, so that it forgets.

    E[g²] ← βE[g²] + (1 − β)g², then θ ← θ − η g / √(E[g²] + ε) with the new average. There is no bias correction.
    Here ε stands inside the root; torch has it outside.

    parameters: θ, any shape.
    gradient:   g = ∇J(θ), the same shape.
    squares:    E[g²], the same shape: the running average of squared gradients; zeros before the first step.
    rate:       η, at least 0.
    decay:      β in [0, 1).
    epsilon:    ε, at least 0.

    Returns (parameters, squares), both new.
    Raises ValueError for unequal shapes, a negative rate or epsilon, or a decay outside [0, 1).
    """
    if not np.shape(parameters) == np.shape(gradient) == np.shape(squares):
        raise ValueError(
            f"gradient and squares have shapes {np.shape(gradient)} and {np.shape(squares)}, "
            f"must be {np.shape(parameters)} as parameters"
        )
    if not (rate >= 0 and epsilon >= 0):
        raise ValueError(f"rate is {rate}, must be at least 0; epsilon is {epsilon}, must be at least 0")
    if not 0 <= decay < 1:
        raise ValueError(f"decay is {decay}, must lie in [0, 1)")
    # E[g²] ← β E[g²] + (1 − β) g²
    squares = decay * squares + (1 - decay) * gradient**2
    # θ ← θ − η g / √(E[g²] + ε)
    return parameters - rate * gradient / np.sqrt(squares + epsilon), squares


def adadelta_step(
    parameters: np.ndarray,
    gradient: np.ndarray,
    averages: tuple[np.ndarray, np.ndarray],
    rate: float = 1.0,
    decay: float = 0.95,
    epsilon: float = 1e-6,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """One step of Adadelta (Zeiler 2012, algorithm 1): the size of past steps takes the place of the learning rate.

    With RMS[x] = √(E[x²] + ε), in this order:
    E[g²] ← ρE[g²] + (1 − ρ)g²; Δ = −g RMS[Δ] / RMS[g], with the old E[Δ²] and the new E[g²];
    E[Δ²] ← ρE[Δ²] + (1 − ρ)Δ²; θ ← θ + ηΔ. The paper has no η: that is η = 1. E[Δ²] is of Δ, not of ηΔ, as in torch.

    parameters: θ, any shape.
    gradient:   g = ∇J(θ), the same shape.
    averages:   the tuple (E[g²], E[Δ²]), each of the same shape; zeros before the first step.
    rate:       η, at least 0.
    decay:      ρ in [0, 1).
    epsilon:    ε, above 0: without it the first step would be 0, and every later one.

    Returns (parameters, averages), averages again the tuple (E[g²], E[Δ²]); all arrays new.
    Raises ValueError for unequal shapes, a negative rate, a decay outside [0, 1) or an epsilon that is not positive.
    """
    if not np.shape(parameters) == np.shape(gradient) == np.shape(averages[0]) == np.shape(averages[1]):
        raise ValueError(
            f"gradient and the two averages have shapes {np.shape(gradient)}, {np.shape(averages[0])} and "
            f"{np.shape(averages[1])}, must be {np.shape(parameters)} as parameters"
        )
    if not (rate >= 0 and epsilon > 0):
        raise ValueError(f"rate is {rate}, must be at least 0; epsilon is {epsilon}, must be above 0")
    if not 0 <= decay < 1:
        raise ValueError(f"decay is {decay}, must lie in [0, 1)")
    squares, square_steps = averages
    # E[g²] ← ρ E[g²] + (1 − ρ) g²
    squares = decay * squares + (1 - decay) * gradient**2
    # Δ = −g √(E[Δ²] + ε) / √(E[g²] + ε)
    step = -gradient * np.sqrt(square_steps + epsilon) / np.sqrt(squares + epsilon)
    # E[Δ²] ← ρ E[Δ²] + (1 − ρ) Δ²
    square_steps = decay * square_steps + (1 - decay) * step**2
    # θ ← θ + η Δ
    return parameters + rate * step, (squares, square_steps)


def adam_step(
    parameters: np.ndarray,
    gradient: np.ndarray,
    moments: tuple[np.ndarray, np.ndarray, int],
    rate: float = 0.001,
    mean_decay: float = 0.9,
    square_decay: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, int]]:
    """One step of Adam (Kingma and Ba 2015, algorithm 1): momentum and RMSprop, both corrected for starting at 0.

    t ← t + 1; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
    m̂ = m / (1 − β₁^t), v̂ = v / (1 − β₂^t); θ ← θ − η m̂ / (√v̂ + ε). Here ε stands outside the root, as in torch.

    parameters:   θ, any shape.
    gradient:     g = ∇J(θ), the same shape.
    moments:      the tuple (m, v, t): two arrays of the same shape, zeros before the first step, and the number of
                  steps taken before this one, 0 before the first.
    rate:         η, at least 0.
    mean_decay:   β₁ in [0, 1).
    square_decay: β₂ in [0, 1).
    epsilon:      ε, at least 0.

    Returns (parameters, moments), moments again the tuple (m, v, t): m and v uncorrected, t one more than given.
    Raises ValueError for unequal shapes, a negative rate, epsilon or t, or a decay outside [0, 1).
    """
    if not np.shape(parameters) == np.shape(gradient) == np.shape(moments[0]) == np.shape(moments[1]):
        raise ValueError(
            f"gradient, m and v have shapes {np.shape(gradient)}, {np.shape(moments[0])} and {np.shape(moments[1])}, "
            f"must be {np.shape(parameters)} as parameters"
        )
    if not (rate >= 0 and epsilon >= 0 and moments[2] >= 0):
        raise ValueError(f"rate is {rate}, epsilon is {epsilon}, t is {moments[2]}, must each be at least 0")
    if not (0 <= mean_decay < 1 and 0 <= square_decay < 1):
        raise ValueError(f"mean_decay is {mean_decay}, square_decay is {square_decay}, must lie in [0, 1)")
    mean, square, t = moments
    t = t + 1
    # m ← β₁ m + (1 − β₁) g
    mean = mean_decay * mean + (1 - mean_decay) * gradient
    # v ← β₂ v + (1 − β₂) g²
    square = square_decay * square + (1 - square_decay) * gradient**2
    # m̂ = m / (1 − β₁^t), v̂ = v / (1 − β₂^t)
    corrected_mean = mean / (1 - mean_decay**t)
    corrected_square = square / (1 - square_decay**t)
    # θ ← θ − η m̂ / (√v̂ + ε)
    return parameters - rate * corrected_mean / (np.sqrt(corrected_square) + epsilon), (mean, square, t)


def adamw_step(
    parameters: np.ndarray,
    gradient: np.ndarray,
    moments: tuple[np.ndarray, np.ndarray, int],
    rate: float = 0.001,
    weight_decay: float = 0.01,
    mean_decay: float = 0.9,
    square_decay: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, int]]:
    """One step of AdamW (Loshchilov and Hutter 2019, algorithm 2): Adam, and weight decay beside it.

    θ ← θ − η (m̂ / (√v̂ + ε) + λθ), with the old θ on the right; m̂ and v̂ as in ``adam_step``, of the gradient g alone.
    Here λ is multiplied by η, as in torch; the paper multiplies it by the schedule's factor only.

    parameters:   θ, any shape.
    gradient:     g = ∇J(θ), the same shape, of the cost without the penalty.
    moments:      the tuple (m, v, t) of ``adam_step``.
    rate:         η, at least 0.
    weight_decay: λ, at least 0.
    mean_decay, square_decay, epsilon: β₁, β₂, ε of ``adam_step``.

    Returns (parameters, moments), as ``adam_step``.
    Raises ValueError for a negative weight_decay, and what ``adam_step`` raises.
    """
    if not weight_decay >= 0:
        raise ValueError(f"weight_decay is {weight_decay}, must be at least 0")
    stepped, moments = adam_step(parameters, gradient, moments, rate, mean_decay, square_decay, epsilon)
    # θ ← θ − η m̂ / (√v̂ + ε) − η λ θ
    return stepped - rate * weight_decay * parameters, moments


def inverse_time_decay(rate: float, epoch: int, decay: float) -> float:
    """The learning rate of an epoch when it falls as 1/t: η_t = η₀ / (1 + d·t).

    rate:  η₀, the rate of epoch 0, at least 0.
    epoch: t = 0, 1, 2, ...
    decay: d, at least 0: after 1/d epochs the rate has halved.

    Returns η_t. Raises ValueError for a negative rate, epoch or decay.
    """
    if not (rate >= 0 and epoch >= 0 and decay >= 0):
        raise ValueError(f"rate is {rate}, epoch is {epoch}, decay is {decay}, must each be at least 0")
    # η_t = η₀ / (1 + d t)
    return rate / (1 + decay * epoch)


def step_decay(rate: float, epoch: int, factor: float, every: int) -> float:
    """The learning rate of an epoch when it is multiplied by a factor at regular intervals and constant in between.

    rate:   η₀, the rate of the first ``every`` epochs, at least 0.
    epoch:  t = 0, 1, 2, ...
    factor: in (0, 1]: what the rate is multiplied by at epochs every, 2·every, 3·every, ...
    every:  epochs between two drops, at least 1.

    Returns η_t. Raises ValueError for a negative rate or epoch, a factor outside (0, 1] or an interval below 1.
    """
    if not (rate >= 0 and epoch >= 0):
        raise ValueError(f"rate is {rate}, epoch is {epoch}, must each be at least 0")
    if not every >= 1:
        raise ValueError(f"every is {every}, must be at least 1")
    if not 0 < factor <= 1:
        raise ValueError(f"factor is {factor}, must lie in (0, 1]")
    # η_t = η₀ factor^⌊t / every⌋
    return rate * factor ** (epoch // every)


def exponential_decay(rate: float, epoch: int, factor: float) -> float:
    """The learning rate of an epoch when every epoch multiplies it by the same factor: η_t = η₀ · factor^t.

    Other texts write it η₀e^{−kt}: that is factor = e^{−k}.

    rate:   η₀, the rate of epoch 0, at least 0.
    epoch:  t = 0, 1, 2, ...
    factor: in (0, 1], for instance 0.95.

    Returns η_t. Raises ValueError for a negative rate or epoch, or a factor outside (0, 1].
    """
    if not (rate >= 0 and epoch >= 0):
        raise ValueError(f"rate is {rate}, epoch is {epoch}, must each be at least 0")
    if not 0 < factor <= 1:
        raise ValueError(f"factor is {factor}, must lie in (0, 1]")
    # η_t = η₀ factor^t
    return rate * factor**epoch


def cosine_decay(rate: float, epoch: int, epochs: int, minimum: float = 0.0) -> float:
    """The learning rate of an epoch when it falls along half a cosine wave (Loshchilov and Hutter 2017, equation 5).

    η_t = η_min + ½(η₀ − η_min)(1 + cos(πt/T)): slowly at first, fastest in the middle, slowly at the end.

    rate:    η₀, the rate of epoch 0.
    epoch:   t = 0, 1, ..., T.
    epochs:  T, at least 1: the epoch at which the minimum is reached.
    minimum: η_min, from 0 to η₀.

    Returns η_t. Raises ValueError for epochs below 1, an epoch outside [0, epochs] or a minimum outside [0, rate].
    """
    if not (epochs >= 1 and 0 <= epoch <= epochs):
        raise ValueError(f"epochs is {epochs}, must be at least 1; epoch is {epoch}, must lie in [0, epochs]")
    if not 0 <= minimum <= rate:
        raise ValueError(f"minimum is {minimum}, must lie in [0, rate], and rate is {rate}")
    # η_t = η_min + ½ (η₀ − η_min) (1 + cos(π t / T))
    return minimum + 0.5 * (rate - minimum) * (1 + math.cos(math.pi * epoch / epochs))


def train(
    parameters: np.ndarray,
    loss_and_gradient: Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]],
    step: Callable[..., tuple[np.ndarray, object]],
    state: object,
    rate: Callable[[int], float],
    X: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    epochs: int,
    generator: np.random.Generator,
) -> tuple[np.ndarray, list[float]]:
    """Mini-batch training with any update rule: the loop behind every network.

    For each epoch, for each batch of ``minibatches``: the loss and gradient of that batch at the current parameters,
    one step of the rule with its state and this epoch's rate, the loss noted.

    parameters:        θ before the first step.
    loss_and_gradient: (parameters, X_batch, y_batch) -> (loss, gradient); loss is a number, gradient like parameters.
    step:              the rule: (parameters, gradient, state, rate) -> (parameters, state).
    state:             the rule's state before the first step; what one step returns is what the next one receives.
    rate:              a function: rate(epoch) is the learning rate of that epoch; epochs are counted from 0.
    X, y:              examples in rows, shape (m, ...), and their targets, shape (m, ...).
    batch_size:        examples in a batch.
    epochs:            passes over all examples, at least 0.
    generator:         draws every epoch's order; hand it to ``minibatches`` once per epoch.

    Returns (parameters, losses): θ after the last step, and a list with one loss per step (not one per epoch), taken
    before that step.
    Raises ValueError for a negative number of epochs, and what ``minibatches`` and the functions raise.
    """
    if epochs < 0:
        raise ValueError(f"epochs is {epochs}, must be at least 0")
    losses = []
    for epoch in range(epochs):
        for X_batch, y_batch in minibatches(X, y, batch_size, generator):
            loss, gradient = loss_and_gradient(parameters, X_batch, y_batch)
            parameters, state = step(parameters, gradient, state, rate(epoch))
            losses.append(loss)
    return parameters, losses
