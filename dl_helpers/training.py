"""Training loops that take the functions a learner wrote, and show their progress."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from dl_helpers.datasets import Split

Arrays = list[np.ndarray]
Forward = Callable[[np.ndarray, Arrays, Arrays], tuple[Arrays, Arrays]]
Backward = Callable[[Arrays, Arrays, Arrays, np.ndarray, str], tuple[Arrays, Arrays]]
Step = Callable[[Arrays, Arrays, float], Arrays]
Cost = Callable[[np.ndarray, np.ndarray], float]


@dataclass
class NetworkHistory:
    """A trained network and how it got there.

    weights, biases: of the layers, after the last step.
    costs:           the training cost after each epoch.
    train_accuracy:  share of training examples classified right, after each epoch, from 0 to 1.
    test_accuracy:   the same for the test examples.
    """

    weights: Arrays
    biases: Arrays
    costs: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)


def initial_network(sizes: Sequence[int], generator: np.random.Generator) -> tuple[Arrays, Arrays]:
    """Weights and biases of a network with ``sizes[0]`` inputs and ``sizes[1:]`` units in its layers.

    Weights of shape (n_out, n_in) are normal with mean 0 and standard deviation 1/√n_in; biases are zeros (n_out,).

    Raises ValueError if there are fewer than two sizes or one is below 1.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be at least two numbers from 1 on, not {list(sizes)}")
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [generator.normal(0.0, 1 / np.sqrt(n_in), (n_out, n_in)) for n_out, n_in in shapes]
    return weights, [np.zeros(n_out) for n_out, _ in shapes]


def train_network(
    split: Split,
    forward: Forward,
    backward: Backward,
    gradient_descent_step: Step,
    cost: Cost,
    *,
    generator: np.random.Generator,
    loss: str = "softmax_cross_entropy",
    hidden: Sequence[int] = (64,),
    epochs: int = 40,
    batch_size: int = 32,
    rate: float = 2.0,
    progress: bool = True,
) -> NetworkHistory:
    """Train a network of sigmoid layers to classify, by mini-batch gradient descent.

    The functions have the signatures of ``dl_helpers.backprop``; they may be a learner's.

    split:                 inputs (m, n) and labels from 0 to k − 1.
    forward, backward:     as ``backprop.forward`` and ``backprop.backward``.
    gradient_descent_step: as ``backprop.gradient_descent_step``.
    cost:                  takes z of the last layer and the labels, gives the cost to be recorded, as
                           ``backprop.softmax_cross_entropy`` does.
    generator:             draws the first weights and the order of the examples.
    loss:                  what ``backward`` differentiates; targets are one-hot rows.
    hidden:                units of the hidden layers.
    epochs, batch_size:    passes over the training data, examples in a step; at least 1. The last batch
                           of an epoch is short where the numbers ask for it.
    rate:                  the learning rate.
    progress:              show a bar.

    Returns the history. An example is classified by the largest output.
    Raises ValueError if epochs or batch_size is below 1.
    """
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be at least 1, not {epochs} and {batch_size}")
    classes = int(split.train_labels.max()) + 1
    targets = np.eye(classes)[split.train_labels]
    weights, biases = initial_network([split.train_inputs.shape[1], *hidden, classes], generator)
    history = NetworkHistory(weights, biases)
    # `disable` is only passed to switch the bar off, so that TQDM_DISABLE keeps its meaning.
    bar = tqdm(range(epochs), desc="training", unit="epoch", file=sys.stdout, **({} if progress else {"disable": True}))
    for _ in bar:
        order = generator.permutation(len(targets))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            pre_activations, activations = forward(split.train_inputs[rows], weights, biases)
            gradients = backward(pre_activations, activations, weights, targets[rows], loss)
            weights = gradient_descent_step(weights, gradients[0], rate)
            biases = gradient_descent_step(biases, gradients[1], rate)
        logits = forward(split.train_inputs, weights, biases)[0][-1]
        history.costs.append(cost(logits, split.train_labels))
        history.train_accuracy.append(accuracy(logits, split.train_labels))
        test_logits = forward(split.test_inputs, weights, biases)[0][-1]
        history.test_accuracy.append(accuracy(test_logits, split.test_labels))
        bar.set_postfix(cost=f"{history.costs[-1]:.3f}", test=f"{history.test_accuracy[-1]:.1%}")
    history.weights, history.biases = weights, biases
    return history


def accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    """The share of rows of ``scores`` (m, k) whose largest entry stands at the row's label, from 0 to 1.

    Raises ValueError if there is not one label per row.
    """
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or len(labels) == 0:
        raise ValueError(f"scores must be (m, k) and labels (m,) with m above 0, not {scores.shape} and {labels.shape}")
    return float(np.mean(scores.argmax(axis=1) == labels))


@dataclass
class StepHistory:
    """The losses of a training counted in steps.

    losses:      of every step, on its batch, as the step returned them.
    interrupted: whether the learner stopped it before its last step.
    """

    losses: list[float] = field(default_factory=list)
    interrupted: bool = False


def run_steps(
    step: Callable[[np.ndarray], float],
    examples: int,
    *,
    steps: int,
    batch_size: int,
    generator: np.random.Generator,
    progress: bool = True,
    description: str = "training",
) -> StepHistory:
    """Call ``step`` on one batch after another, in a new random order each epoch.

    step:       takes the row numbers of a batch, shape (batch_size,), and returns its loss. What it trains, it changes
                in place.
    examples:   how many rows there are.
    steps:      how many batches, at least 1; an epoch is cut off where they end.
    batch_size: from 1 to examples. The last batch of an epoch is short where the numbers ask for it.
    generator:  draws the orders: the same seed gives the same batches.
    progress:   show a bar with the loss.

    Interrupting it (Ctrl-C, or the stop button of a notebook) ends the training and keeps what was learned.
    Returns the history. Raises ValueError if steps or batch_size is outside its range.
    """
    if steps < 1 or not 1 <= batch_size <= examples:
        raise ValueError(
            f"steps must be at least 1 and batch_size from 1 to {examples}, the number of examples, "
            f"not {steps} and {batch_size}"
        )
    history = StepHistory()
    bar = tqdm(total=steps, desc=description, unit="step", **({} if progress else {"disable": True}))
    with bar:
        try:
            while len(history.losses) < steps:
                order = generator.permutation(examples)
                for start in range(0, examples, batch_size):
                    if len(history.losses) == steps:
                        break
                    history.losses.append(step(order[start : start + batch_size]))
                    bar.update()
                    if len(history.losses) % 50 == 0:
                        bar.set_postfix(loss=f"{np.mean(history.losses[-50:]):.3f}", refresh=False)
        except KeyboardInterrupt:
            history.interrupted = True
    return history
