"""Chapter 1, backpropagation: its exercises and quizzes in the order of the notebook."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.exercise import Case, Chapter, Choice, Exercise, Group, Misconception, Quiz, Written
from autograder.probes import backprop as probes
from autograder.source import reference_text
from autograder.values import Plain, named
from dl_helpers import backprop
from dl_helpers.backprop import sigmoid, sigmoid_derivative

Generator = np.random.Generator
Arrays = list[np.ndarray]

# ---------------------------------------------------------------- sigmoid


def draw_sigmoid(generator: Generator) -> Iterator[Case]:
    yield Case(np.array(generator.normal()), group="ordinary z")
    yield Case(generator.normal(0, 2, 5), group="ordinary z")
    yield Case(generator.normal(0, 5, (3, 2)), group="ordinary z")
    # e^z overflows from z = 710 on. The last z is small: a step from 0 to 1 must not earn this share of the points.
    far = generator.uniform(800, 2000, 4) * [1, -1, 1, -1]
    yield Case(np.append(far, generator.uniform(0.2, 2)), group="large z")


def exponential_over_exponential(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / (1 + np.exp(z))


def mirrored(z: np.ndarray) -> np.ndarray:
    return sigmoid(-z)


def hyperbolic_tangent(z: np.ndarray) -> np.ndarray:
    return np.tanh(z)


SIGMOID = Exercise(
    reference=backprop.sigmoid,
    learned="You can turn any score into a probability, however large the score.",
    further="½ (1 + tanh(z/2)) is the same function. Show it on paper. Does it need two cases?",
    stars=1,
    minutes=5,
    points=2,
    examples=(Case(np.array([-2.0, 0.0, 2.0]), group="ordinary z"),),
    draw=draw_sigmoid,
    groups={
        "ordinary z": Group(1, "The values for moderate z are not those of the logistic function."),
        "large z": Group(1, "Far from 0 the result is not finite, or does not tend to 0 and 1."),
    },
    hints=(
        "Look at the definition of σ(z): which sign stands in the exponent?",
        "For which z does e^z leave the range of float64? And e^(−|z|)?",
        "Where z is negative, multiply numerator and denominator by e^z; where it is not, leave them as they are.",
    ),
    misconceptions=(
        Misconception("e^z / (1 + e^z), which is infinity over infinity for large z.", exponential_over_exponential),
        Misconception("σ(−z), the probability of the other class.", mirrored),
        Misconception("tanh(z), which runs from −1 to 1.", hyperbolic_tangent),
    ),
)

# ---------------------------------------------------------------- sigmoid_derivative


def draw_sigmoid_derivative(generator: Generator) -> Iterator[Case]:
    yield Case(np.array(generator.normal()))
    yield Case(generator.normal(0, 2, 6))
    yield Case(generator.normal(0, 3, (2, 3)))


def argument_as_activation(z: np.ndarray) -> np.ndarray:
    return z * (1 - z)


def derivative_at_the_activation(z: np.ndarray) -> np.ndarray:
    return sigmoid_derivative(sigmoid(z))


def one_factor_of_two(z: np.ndarray) -> np.ndarray:
    return 1 - sigmoid(z)


SIGMOID_DERIVATIVE = Exercise(
    reference=backprop.sigmoid_derivative,
    learned="You have the slope that every backward pass of this chapter multiplies by.",
    further="Its largest value is 1/4. What is left of a gradient after ten such factors?",
    stars=1,
    minutes=4,
    points=1,
    examples=(Case(np.array([-1.0, 0.0, 3.0])),),
    draw=draw_sigmoid_derivative,
    uses=("sigmoid",),
    hints=(
        "Look at the equation that writes σ' in terms of σ itself.",
        "The argument is z. What has to be computed from it before the product can be formed?",
        "Compute the activation first; multiply it by one minus the activation.",
    ),
    misconceptions=(
        Misconception("z (1 − z), as if the argument were an activation already.", argument_as_activation),
        Misconception("σ'(σ(z)), the slope taken at the activation a and not at z.", derivative_at_the_activation),
        Misconception("1 − σ(z), one of the two factors.", one_factor_of_two),
    ),
)

# ---------------------------------------------------------------- squared_error


def draw_squared_error(generator: Generator) -> Iterator[Case]:
    # With m = 2, leaving out 1/m or ½ would give the same number; with k = 2, so would a mean of all squares.
    for shape in ((3, 3), (5, 4), (4,)):
        yield Case(generator.uniform(0, 1, shape), generator.integers(0, 2, shape).astype(float))


def squared_error_summed(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float(np.sum((outputs - targets) ** 2) / 2)


def squared_error_without_half(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float(np.sum((outputs - targets) ** 2) / len(outputs))


def squared_error_over_all_entries(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean((outputs - targets) ** 2) / 2)


def mean_of_all_squares(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean((outputs - targets) ** 2))


def absolute_error(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float(np.sum(np.abs(outputs - targets)) / (2 * len(outputs)))


SQUARED_ERROR = Exercise(
    reference=backprop.squared_error,
    learned="You can say in one number how far a batch of answers is from the truth.",
    further="The ½ changes no minimum. What does it do to the derivative?",
    stars=1,
    minutes=4,
    points=0,
    examples=(Case(np.array([[0.9, 0.2, 0.4]]), np.array([[1.0, 0.0, 0.0]])),),
    draw=draw_squared_error,
    hints=(
        "Look at the two sums and the factor in front of them.",
        "How many examples does a batch of shape (m, k) hold? Is that the number of its entries?",
        "Square the differences, add them all up, and divide by twice the number of rows.",
    ),
    misconceptions=(
        Misconception("a sum over the examples, without the factor 1/m.", squared_error_summed),
        Misconception("a cost without the factor ½.", squared_error_without_half),
        Misconception("a mean over all m · k entries instead of the m examples.", squared_error_over_all_entries),
        Misconception("the mean of all m · k squares, without the factor ½.", mean_of_all_squares),
        Misconception("absolute differences in place of squares.", absolute_error),
    ),
)

# ---------------------------------------------------------------- binary_cross_entropy


def draw_binary_cross_entropy(generator: Generator) -> Iterator[Case]:
    for shape in ((3,), (4, 2), (5, 3)):
        labels = generator.integers(0, 2, shape)
        labels.flat[:2] = [0, 1]
        yield Case(generator.normal(0, 2, shape), labels, group="ordinary logits")
    sizes = generator.uniform(800, 2000, 4)
    yield Case(sizes * [1, 1, -1, -1], np.array([1.0, 0.0, 1.0, 0.0]), group="large logits")
    yield Case(sizes[:2] * [-1, 1], np.array([1, 0]), group="large logits")


def log_of_a_probability(logits: np.ndarray, labels: np.ndarray) -> float:
    a = sigmoid(logits)
    return float(-np.sum(labels * np.log(a) + (1 - labels) * np.log(1 - a)) / len(logits))


def binary_cross_entropy_summed(logits: np.ndarray, labels: np.ndarray) -> float:
    return backprop.binary_cross_entropy(logits, labels) * len(logits)


def binary_cross_entropy_over_all_entries(logits: np.ndarray, labels: np.ndarray) -> float:
    return backprop.binary_cross_entropy(logits, labels) * len(logits) / logits.size


def label_one_alone(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(np.sum(labels * np.logaddexp(0, -logits)) / len(logits))


def squared_error_of_probabilities(logits: np.ndarray, labels: np.ndarray) -> float:
    return backprop.squared_error(sigmoid(logits), labels)


def binary_logarithm(logits: np.ndarray, labels: np.ndarray) -> float:
    return backprop.binary_cross_entropy(logits, labels) / math.log(2)


def logits_as_probabilities(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.sum(labels * np.log(logits) + (1 - labels) * np.log(1 - logits)) / len(logits))


BINARY_CROSS_ENTROPY = Exercise(
    reference=backprop.binary_cross_entropy,
    learned="You measure surprise, and no logit is too large for you.",
    further="For y = 1 and z → −∞, to which number does the slope ∂J/∂z tend? And that of the squared error?",
    stars=2,
    minutes=10,
    points=3,
    examples=(
        Case(np.array([2.0, -1.0, 0.5]), np.array([1, 0, 0]), group="ordinary logits"),
        Case(np.array([-800.0]), np.array([1]), group="large logits"),
    ),
    draw=draw_binary_cross_entropy,
    uses=("sigmoid",),
    groups={
        "ordinary logits": Group(2, "The cost of moderate logits is not the mean of the binary cross-entropies."),
        "large logits": Group(1, "For logits of a thousand the cost is not finite or not exact."),
    },
    hints=(
        "Put a = σ(z) into the loss and simplify it before any number goes in: what becomes of −log σ(z)?",
        "For z = −800, σ(z) is 0 in float64. What is its logarithm, and what should it have been?",
        "One example costs log(1 + e^z) − y z. Write the logarithm with an exponent that is never positive, "
        "and add the larger of z and 0.",
    ),
    misconceptions=(
        Misconception("the logarithm of a rounded σ(z), which is log 0 once z is large.", log_of_a_probability),
        Misconception("a sum over the examples, without the factor 1/m.", binary_cross_entropy_summed),
        Misconception("a mean over all entries, not over the m examples.", binary_cross_entropy_over_all_entries),
        Misconception("the loss of the examples with label 1 alone.", label_one_alone),
        Misconception("the squared error of σ(z).", squared_error_of_probabilities),
        Misconception("a logarithm to base 2.", binary_logarithm),
        Misconception(
            "the logarithm of the logits themselves, as if they were probabilities.", logits_as_probabilities
        ),
    ),
)

# ---------------------------------------------------------------- softmax_cross_entropy


def draw_softmax_cross_entropy(generator: Generator) -> Iterator[Case]:
    for m, k in ((3, 4), (5, 2), (4, 6)):
        yield Case(generator.normal(0, 2, (m, k)), generator.integers(0, k, m), group="ordinary logits")
    # A right class far behind the largest, and two rows that are thousands apart.
    near, far = generator.uniform(1000, 2000, (2, 3)), generator.normal(-9000, 500, (1, 3))
    behind = np.array([[generator.uniform(800, 1000), 0.0, -3.0]])
    yield Case(np.vstack([near, far]), generator.integers(0, 3, 3), group="logits far apart")
    yield Case(behind, np.array([int(generator.integers(1, 3))]), group="logits far apart")


def _probabilities(logits: np.ndarray, axis: int = 1) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def overflowing_softmax(logits: np.ndarray, labels: np.ndarray) -> float:
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return float(-np.mean(np.log(p[np.arange(len(labels)), labels])))


def log_of_an_underflown_softmax(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.mean(np.log(_probabilities(logits)[np.arange(len(labels)), labels])))


def one_maximum_for_all_rows(logits: np.ndarray, labels: np.ndarray) -> float:
    shifted = logits - logits.max()
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]))


def shift_not_taken_back(logits: np.ndarray, labels: np.ndarray) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - logits[np.arange(len(labels)), labels]))


def softmax_of_the_whole_array(logits: np.ndarray, labels: np.ndarray) -> float:
    p = np.exp(logits - logits.max())
    return float(-np.mean(np.log((p / p.sum())[np.arange(len(labels)), labels])))


def rows_divided_by_the_sum_of_all(logits: np.ndarray, labels: np.ndarray) -> float:
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return float(-np.mean(np.log((p / p.sum())[np.arange(len(labels)), labels])))


def softmax_cross_entropy_summed(logits: np.ndarray, labels: np.ndarray) -> float:
    return backprop.softmax_cross_entropy(logits, labels) * len(logits)


def softmax_cross_entropy_over_all_entries(logits: np.ndarray, labels: np.ndarray) -> float:
    return backprop.softmax_cross_entropy(logits, labels) / logits.shape[1]


def softmax_over_examples(logits: np.ndarray, labels: np.ndarray) -> float:
    shifted = logits - logits.max(axis=0)
    return float(np.mean((np.log(np.exp(shifted).sum(axis=0)) - shifted)[np.arange(len(labels)), labels]))


SOFTMAX_CROSS_ENTROPY = Exercise(
    reference=backprop.softmax_cross_entropy,
    learned="You can score a choice among many classes without a single overflow.",
    further="An untrained network gives ten classes about equal logits. Which cost should its first batch show?",
    stars=2,
    minutes=10,
    points=3,
    examples=(Case(np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]]), np.array([0, 2]), group="ordinary logits"),),
    draw=draw_softmax_cross_entropy,
    groups={
        "ordinary logits": Group(2, "The cost of moderate logits is not the mean of −log p[y]."),
        "logits far apart": Group(1, "Where logits or rows lie a thousand apart, the cost is not finite or not exact."),
    },
    hints=(
        "Take the logarithm of the softmax on paper: the quotient becomes a difference. Which two terms are left?",
        "What happens to the softmax of a row when the same number is subtracted from all its logits?",
        "Subtract each row's own maximum; take the logarithm of the row's sum of exponentials, not of a quotient; "
        "subtract the shifted logit of the right class; average over the rows.",
    ),
    misconceptions=(
        Misconception("a softmax whose exponentials overflow for large logits.", overflowing_softmax),
        Misconception("the logarithm of a softmax that has underflowed to 0.", log_of_an_underflown_softmax),
        Misconception("one maximum subtracted from all rows, so that small rows underflow.", one_maximum_for_all_rows),
        Misconception("a sum over the examples, without the factor 1/m.", softmax_cross_entropy_summed),
        Misconception(
            "a mean over all m · k entries instead of the m examples.", softmax_cross_entropy_over_all_entries
        ),
        Misconception("a softmax down the columns, over the examples instead of the classes.", softmax_over_examples),
        Misconception("the shifted row's log-sum less a logit that was not shifted.", shift_not_taken_back),
        Misconception(
            "one softmax over the whole array: all rows together sum to 1, not each.", softmax_of_the_whole_array
        ),
        Misconception(
            "exponentials that are divided by their sum over the whole array, not over the row.",
            rows_divided_by_the_sum_of_all,
        ),
    ),
)

# ---------------------------------------------------------------- logistic regression


def draw_logistic_forward(generator: Generator) -> Iterator[Case]:
    for m, n in ((1, 3), (4, 2), (5, 6)):
        yield Case(generator.normal(size=(m, n)), generator.normal(size=n), _away_from_zero(generator))


def _away_from_zero(generator: Generator) -> float:
    """A number between 0.5 and 1.5 or their negatives: what is left out must be missed."""
    return float(generator.uniform(0.5, 1.5) * generator.choice([-1, 1]))


def without_the_bias(inputs: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
    return sigmoid(inputs @ weights)


def without_the_sigmoid(inputs: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
    return inputs @ weights + bias


def bias_after_the_sigmoid(inputs: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
    return sigmoid(inputs @ weights) + bias


LOGISTIC_FORWARD = Exercise(
    reference=backprop.logistic_forward,
    learned="You built one neuron: a weighted sum and a squashing.",
    further="Where in the input plane does this neuron say exactly ½? What does the bias do to that line?",
    stars=1,
    minutes=2,
    points=0,
    examples=(Case(np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([0.5, -0.25]), 1.0),),
    draw=draw_logistic_forward,
    uses=("sigmoid",),
    hints=(
        "Look at the two steps of a neuron: affine, then activation.",
        "The examples stand in the rows of x. Which product gives one number per row?",
        "Multiply the inputs by the weights as a matrix by a vector, add the bias, and pass the result through σ.",
    ),
    misconceptions=(
        Misconception("a neuron without its bias.", without_the_bias),
        Misconception("the pre-activation z, before σ.", without_the_sigmoid),
        Misconception("a bias that is added after σ.", bias_after_the_sigmoid),
    ),
)


def draw_logistic_gradients(generator: Generator) -> Iterator[Case]:
    for m, n in ((3, 2), (4, 3), (6, 4)):
        yield Case(
            generator.normal(size=(m, n)),
            generator.normal(size=n),
            _away_from_zero(generator),
            _both_labels(generator, m),
        )


def _both_labels(generator: Generator, m: int) -> np.ndarray:
    return generator.permutation([0, 1, *generator.integers(0, 2, m - 2)])


def _logistic_slip(slip: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., tuple[np.ndarray, float]]:
    """The gradients that follow from another δ(a, y)."""

    def gradients(inputs: np.ndarray, weights: np.ndarray, bias: float, labels: np.ndarray) -> tuple[np.ndarray, float]:
        delta = slip(sigmoid(inputs @ weights + bias), labels)
        return inputs.T @ delta, float(delta.sum())

    gradients.__name__ = slip.__name__
    return gradients


def ascending(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (y - a) / len(y)


def gradient_of_the_sum(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return a - y


def gradient_of_the_squared_error(a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (a - y) * a * (1 - a) / len(y)


def bias_averaged_again(
    inputs: np.ndarray, weights: np.ndarray, bias: float, labels: np.ndarray
) -> tuple[np.ndarray, float]:
    grad_w, grad_b = backprop.logistic_gradients(inputs, weights, bias, labels)
    return grad_w, grad_b / len(labels)


def gradients_without_the_bias(
    inputs: np.ndarray, weights: np.ndarray, bias: float, labels: np.ndarray
) -> tuple[np.ndarray, float]:
    return backprop.logistic_gradients(inputs, weights, 0.0, labels)


LOGISTIC_GRADIENTS = Exercise(
    reference=backprop.logistic_gradients,
    learned="You found the gradient of a whole model with one subtraction and one product.",
    further="The factor σ'(z) is nowhere to be seen. Follow the chain rule through the logarithm: where did it go?",
    stars=2,
    minutes=8,
    points=3,
    examples=(Case(np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]), np.array([0.5, -0.25]), 1.0, np.array([1, 0, 1])),),
    draw=draw_logistic_gradients,
    uses=("sigmoid", "logistic_forward"),
    outputs=("∂J/∂w", "∂J/∂b"),
    hints=(
        "Look at δ = ∂J/∂z: for one example it is prediction minus label.",
        "The cost is a mean. Where does its factor go, and how often may it appear?",
        "Form δ for all examples, divide it by m once; multiply the transposed inputs by δ; add up δ for the bias.",
    ),
    misconceptions=(
        Misconception("label minus prediction: minus the gradient.", _logistic_slip(ascending)),
        Misconception("the gradient of the summed loss, without the factor 1/m.", _logistic_slip(gradient_of_the_sum)),
        Misconception(
            "the gradient of the squared error, with its factor σ'(z).", _logistic_slip(gradient_of_the_squared_error)
        ),
        Misconception("a bias gradient that is averaged where δ should be summed.", bias_averaged_again),
        Misconception("gradients of a neuron without its bias.", gradients_without_the_bias),
    ),
)

# ---------------------------------------------------------------- forward

WORKED_INPUTS, WORKED_TARGETS = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0]])
WORKED_WEIGHTS = [np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5, 0.6], [0.7, 0.8]])]
WORKED_BIASES = [np.zeros(2), np.zeros(2)]
WORKED_PASS = backprop.forward(WORKED_INPUTS, WORKED_WEIGHTS, WORKED_BIASES)


def _network(generator: Generator, sizes: tuple[int, ...]) -> tuple[Arrays, Arrays]:
    """Weights and biases of order 1, so that σ is far from linear and every term counts."""
    shapes = zip(sizes[1:], sizes[:-1], strict=True)
    weights = [generator.normal(0, 1, shape) for shape in shapes]
    return weights, [generator.uniform(0.5, 1.5, n) for n in sizes[1:]]


def draw_forward(generator: Generator) -> Iterator[Case]:
    for m, sizes in ((4, (3, 2)), (2, (3, 4, 2)), (5, (2, 3, 4, 3))):
        weights, biases = _network(generator, sizes)
        yield Case(generator.normal(size=(m, sizes[0])), weights, biases)


def forward_without_biases(inputs: np.ndarray, weights: Arrays, biases: Arrays) -> tuple[Arrays, Arrays]:
    return backprop.forward(inputs, weights, [0 * b for b in biases])


def last_layer_without_sigmoid(inputs: np.ndarray, weights: Arrays, biases: Arrays) -> tuple[Arrays, Arrays]:
    z, a = backprop.forward(inputs, weights, biases)
    return z, [*a[:-1], z[-1]]


def activations_without_inputs(inputs: np.ndarray, weights: Arrays, biases: Arrays) -> tuple[Arrays, Arrays]:
    z, a = backprop.forward(inputs, weights, biases)
    return z, a[1:]


def pre_activations_handed_on(inputs: np.ndarray, weights: Arrays, biases: Arrays) -> tuple[Arrays, Arrays]:
    z = [inputs]
    for w, b in zip(weights, biases, strict=True):
        z.append(z[-1] @ w.T + b)
    return z[1:], [inputs, *map(sigmoid, z[1:])]


def sigmoid_before_the_bias(inputs: np.ndarray, weights: Arrays, biases: Arrays) -> tuple[Arrays, Arrays]:
    z, a = [], [inputs]
    for w, b in zip(weights, biases, strict=True):
        z.append(a[-1] @ w.T)
        a.append(sigmoid(z[-1]) + b)
    return z, a


def weights_not_transposed(inputs: np.ndarray, weights: Arrays, biases: Arrays) -> tuple[Arrays, Arrays]:
    z, a = [], [inputs]
    for w, b in zip(weights, biases, strict=True):
        z.append(a[-1] @ w + b)
        a.append(sigmoid(z[-1]))
    return z, a


FORWARD = Exercise(
    reference=backprop.forward,
    learned="You built a network of any depth, and it keeps what the way back will need.",
    further="How many numbers does the forward pass keep for a batch of 32 through 64-64-10? And the weights?",
    stars=2,
    minutes=8,
    points=3,
    examples=(Case(WORKED_INPUTS, WORKED_WEIGHTS, WORKED_BIASES),),
    draw=draw_forward,
    uses=("sigmoid",),
    outputs=("pre_activations", "activations"),
    hints=(
        "Look at the two equations of a layer, and at which a stands on the right of the first.",
        "W has a row for each unit of its own layer. How must it be turned so that rows of examples come out as rows?",
        "Start the list of activations with the inputs. For each layer, multiply the last activations by the "
        "transposed weights, add the biases, note the result, note its σ.",
    ),
    misconceptions=(
        Misconception("a network without biases.", forward_without_biases),
        Misconception("a network whose last layer has no σ.", last_layer_without_sigmoid),
        Misconception("a list of activations that begins after the inputs.", activations_without_inputs),
        Misconception("layers that hand on z in place of σ(z).", pre_activations_handed_on),
        Misconception("layers that add the biases after σ.", sigmoid_before_the_bias),
        Misconception(
            "layers that multiply by W in place of Wᵀ: while W is square, nothing breaks.", weights_not_transposed
        ),
    ),
)

# ---------------------------------------------------------------- output_delta

LOSSES = ("squared_error", "binary_cross_entropy", "softmax_cross_entropy")
Delta = Callable[[np.ndarray, np.ndarray, str], np.ndarray]


def _targets(generator: Generator, m: int, k: int, loss: str) -> np.ndarray:
    if loss == "softmax_cross_entropy":
        return np.eye(k)[generator.integers(0, k, m)]
    return generator.integers(0, 2, (m, k)).astype(float)


def draw_output_delta(generator: Generator) -> Iterator[Case]:
    for loss in LOSSES:
        for m, k in ((3, 2), (4, 5)):
            yield Case(generator.normal(0, 2, (m, k)), _targets(generator, m, k, loss), loss, group=loss)
    # Far on both sides of 0: exponentials overflow unless the row's largest entry is subtracted.
    huge = generator.uniform(800, 2000, (2, 3)) * [1, -1, 1]
    yield Case(huge, _targets(generator, 2, 3, LOSSES[2]), LOSSES[2], group=LOSSES[2])


def _delta_slip(loss_with_slip: str) -> Callable[[Delta], Delta]:
    """A δ that goes wrong for one loss and is right for the others."""

    def decorate(slip: Delta) -> Delta:
        def delta(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
            wrong = slip if loss == loss_with_slip else backprop.output_delta
            return wrong(pre_activations, targets, loss)

        delta.__name__ = slip.__name__
        return delta

    return decorate


def target_minus_output(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return -backprop.output_delta(pre_activations, targets, loss)


def delta_of_the_sum(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return backprop.output_delta(pre_activations, targets, loss) * len(targets)


def delta_over_all_entries(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return backprop.output_delta(pre_activations, targets, loss) / targets.shape[1]


def squared_error_factor_everywhere(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return backprop.output_delta(pre_activations, targets, "squared_error")


@_delta_slip("squared_error")
def slope_at_the_activation(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    a = sigmoid(pre_activations)
    return (a - targets) * sigmoid_derivative(a) / len(targets)


@_delta_slip("squared_error")
def slope_left_out(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return (sigmoid(pre_activations) - targets) / len(targets)


@_delta_slip("squared_error")
def squared_error_delta_over_all_entries(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return delta_over_all_entries(pre_activations, targets, loss)


@_delta_slip("squared_error")
def squared_error_delta_turned(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return -backprop.output_delta(pre_activations, targets, loss)


@_delta_slip("binary_cross_entropy")
def slope_kept_in_cross_entropy(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return backprop.output_delta(pre_activations, targets, "squared_error")


@_delta_slip("softmax_cross_entropy")
def sigmoid_for_softmax(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return (sigmoid(pre_activations) - targets) / len(targets)


@_delta_slip("softmax_cross_entropy")
def softmax_down_the_columns(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    return (_probabilities(pre_activations, axis=0) - targets) / len(targets)


@_delta_slip("softmax_cross_entropy")
def delta_with_one_softmax_for_all(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    exponentials = np.exp(pre_activations - pre_activations.max())
    return (exponentials / exponentials.sum() - targets) / len(targets)


@_delta_slip("softmax_cross_entropy")
def delta_with_the_sum_of_all(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    exponentials = np.exp(pre_activations - pre_activations.max(axis=1, keepdims=True))
    return (exponentials / exponentials.sum() - targets) / len(targets)


@_delta_slip("softmax_cross_entropy")
def softmax_that_overflows(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    exponentials = np.exp(pre_activations)
    return (exponentials / exponentials.sum(axis=1, keepdims=True) - targets) / len(targets)


OUTPUT_DELTA = Exercise(
    reference=backprop.output_delta,
    learned="Three costs, and each starts its backward pass in one line.",
    further="Where a unit is sure and wrong, σ'(z) is almost 0. Which of the three still tells it to move?",
    stars=2,
    minutes=15,
    points=3,
    examples=(Case(WORKED_PASS[0][1], WORKED_TARGETS, "squared_error", group="squared_error"),),
    draw=draw_output_delta,
    uses=("sigmoid", "sigmoid_derivative"),
    # δ is a difference of numbers near 1: computed half in single precision it is known to 1e-7, not to 6 digits.
    absolute_tolerance=1e-6,
    groups={
        "squared_error": Group(1, "δ is not the derivative of the squared error."),
        "binary_cross_entropy": Group(1, "δ is not the derivative of the binary cross-entropy."),
        "softmax_cross_entropy": Group(1, "δ is not the derivative of the softmax cross-entropy, or not finite."),
    },
    hints=(
        "Look at the three equations for δ: two of them are the same difference, of different outputs.",
        "In which of the three does the slope of σ survive the chain rule, and at which argument is it taken?",
        "Form output minus target, divide by the number of rows. For the squared error multiply by the slope at z. "
        "For softmax, take each row's probabilities, with the row's maximum subtracted first.",
    ),
    misconceptions=(
        Misconception("target minus output, which is minus the gradient.", target_minus_output),
        Misconception("the δ of a summed loss, without the factor 1/m.", delta_of_the_sum),
        Misconception("a δ that is divided by all m · k entries, not by the m examples.", delta_over_all_entries),
        Misconception("the δ of the squared error for all three losses.", squared_error_factor_everywhere),
        Misconception("a squared error with the slope σ'(a), taken at the activation.", slope_at_the_activation),
        Misconception("a squared error without the slope of σ.", slope_left_out),
        Misconception(
            "a squared error whose δ is divided by all m · k entries, not by the m examples.",
            squared_error_delta_over_all_entries,
        ),
        Misconception(
            "a squared error with target minus output; the other two losses are right.", squared_error_delta_turned
        ),
        Misconception("a binary cross-entropy that keeps the factor σ'(z).", slope_kept_in_cross_entropy),
        Misconception("σ where the softmax of the row is asked for.", sigmoid_for_softmax),
        Misconception("a softmax down the columns, over the examples.", softmax_down_the_columns),
        Misconception(
            "one softmax over the whole array: all rows together sum to 1, not each.", delta_with_one_softmax_for_all
        ),
        Misconception(
            "exponentials that are divided by their sum over the whole array, not over the row.",
            delta_with_the_sum_of_all,
        ),
        Misconception("a softmax whose exponentials overflow for large z.", softmax_that_overflows),
    ),
)

# ---------------------------------------------------------------- hidden_delta


def draw_hidden_delta(generator: Generator) -> Iterator[Case]:
    for m, k, n in ((2, 3, 4), (5, 2, 3), (4, 3, 3)):
        yield Case(generator.normal(size=(m, k)), generator.normal(size=(k, n)), generator.normal(0, 2, (m, n)))


def hidden_slope_at_the_activation(delta: np.ndarray, weights: np.ndarray, pre_activations: np.ndarray) -> np.ndarray:
    return (delta @ weights) * sigmoid_derivative(sigmoid(pre_activations))


def hidden_slope_left_out(delta: np.ndarray, weights: np.ndarray, pre_activations: np.ndarray) -> np.ndarray:
    return delta @ weights


def hidden_pre_activation_as_activation(
    delta: np.ndarray, weights: np.ndarray, pre_activations: np.ndarray
) -> np.ndarray:
    return (delta @ weights) * pre_activations * (1 - pre_activations)


def hidden_activation_for_slope(delta: np.ndarray, weights: np.ndarray, pre_activations: np.ndarray) -> np.ndarray:
    return (delta @ weights) * sigmoid(pre_activations)


def hidden_weights_transposed(delta: np.ndarray, weights: np.ndarray, pre_activations: np.ndarray) -> np.ndarray:
    return (delta @ weights.T) * sigmoid_derivative(pre_activations)


HIDDEN_DELTA = Exercise(
    reference=backprop.hidden_delta,
    learned="You sent the blame one layer back: every unit pays in proportion to what it passed on.",
    further="A unit feeds k units of the next layer. Over how many paths does its δ come back?",
    stars=2,
    minutes=6,
    points=3,
    examples=(Case(np.array([[0.1, -0.2]]), np.array([[0.5, 0.6], [0.7, 0.8]]), np.array([[0.5, 1.1]])),),
    draw=draw_hidden_delta,
    uses=("sigmoid", "sigmoid_derivative"),
    hints=(
        "Look at the equation: a sum over the units of the next layer, times a slope.",
        "The slope belongs to this layer's σ. At which of its two numbers, before or after σ, is it taken?",
        "Multiply the next layer's δ by its weights as they stand, then elementwise by the slope at this layer's z.",
    ),
    misconceptions=(
        Misconception("the slope σ'(a), taken at the activation and not at z.", hidden_slope_at_the_activation),
        Misconception("a δ without the slope of this layer's σ.", hidden_slope_left_out),
        Misconception("the slope z (1 − z), as if z were an activation.", hidden_pre_activation_as_activation),
        Misconception("σ(z) in the place of its slope.", hidden_activation_for_slope),
        Misconception(
            "a δ that is multiplied by Wᵀ in place of W: while W is square, nothing breaks.", hidden_weights_transposed
        ),
    ),
)

# ---------------------------------------------------------------- weight_gradients


def draw_weight_gradients(generator: Generator) -> Iterator[Case]:
    for m, n_out, n_in in ((3, 2, 4), (5, 4, 2), (4, 3, 3)):
        yield Case(generator.normal(size=(m, n_out)), generator.normal(size=(m, n_in)))


def bias_gradient_averaged(delta: np.ndarray, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return delta.T @ activations, delta.mean(axis=0)


def divided_by_m_again(delta: np.ndarray, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return delta.T @ activations / len(delta), delta.mean(axis=0)


def bias_gradient_per_example(delta: np.ndarray, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return delta.T @ activations, delta


def columns_for_rows(delta: np.ndarray, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return activations.T @ delta, delta.sum(axis=0)


def bias_gradient_summed_over_units(delta: np.ndarray, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return delta.T @ activations, delta.sum(axis=1)


WEIGHT_GRADIENTS = Exercise(
    reference=backprop.weight_gradients,
    learned="One product and one sum: that is all a layer has to learn from.",
    further="A unit whose input was 0 for every example: what does its incoming weight learn from this batch?",
    stars=2,
    minutes=5,
    points=2,
    examples=(Case(np.array([[0.1, -0.2], [0.3, 0.0]]), np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])),),
    draw=draw_weight_gradients,
    outputs=("∂J/∂W", "∂J/∂b"),
    hints=(
        "Look at the shapes: ∂J/∂W has that of W. Which order of the two factors gives (n_out, n_in)?",
        "The bias enters every example's z. What does the chain rule do with the m paths that lead to it?",
        "Multiply the transposed δ by the activations; for the bias add up δ over the examples. δ holds the 1/m.",
    ),
    misconceptions=(
        Misconception("a bias gradient that is averaged where δ should be summed.", bias_gradient_averaged),
        Misconception("gradients that are divided by m a second time.", divided_by_m_again),
        Misconception("a bias gradient for every example, not summed over them.", bias_gradient_per_example),
        Misconception("a weight gradient with inputs in rows and units in columns.", columns_for_rows),
        Misconception("a bias gradient summed over the units, not over the examples.", bias_gradient_summed_over_units),
    ),
)

# ---------------------------------------------------------------- backward


def _backward_case(generator: Generator, m: int, sizes: tuple[int, ...], loss: str, group: str) -> Case:
    weights, biases = _network(generator, sizes)
    passed = backprop.forward(generator.normal(size=(m, sizes[0])), weights, biases)
    return Case(*passed, weights, _targets(generator, m, sizes[-1], loss), loss, group=group)


def draw_backward(generator: Generator) -> Iterator[Case]:
    for group, m, sizes in (("one layer", 3, (4, 2)), ("two layers", 4, (3, 5, 2)), ("deeper", 3, (2, 4, 3, 5, 3))):
        for loss in LOSSES:
            yield _backward_case(generator, m, sizes, loss, group)


def _backward_slip(
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda z, a: sigmoid_derivative(z),
    output: Delta = backprop.output_delta,
    gradients: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] = backprop.weight_gradients,
    taken_in: int = 0,
    carried_by: int = 0,
    sloped_at: int = -1,
) -> Callable[..., tuple[Arrays, Arrays]]:
    """A backward pass with another slope (of z and a), another first δ or other gradients from a δ; or one that looks
    in another place, counted from the layer's own, for what the layer took in, for W or for the z of the slope."""

    def backward(
        pre_activations: Arrays, activations: Arrays, weights: Arrays, targets: np.ndarray, loss: str
    ) -> tuple[Arrays, Arrays]:
        delta = output(pre_activations[-1], targets, loss)
        results: list[tuple[np.ndarray, np.ndarray]] = []
        for layer in reversed(range(len(weights))):
            results.insert(0, gradients(delta, activations[layer + taken_in]))
            if layer:
                slopes = slope(pre_activations[layer + sloped_at], activations[layer])
                delta = delta @ weights[layer + carried_by] * slopes
        return [w for w, _ in results], [b for _, b in results]

    return backward


def _called(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = name
    return function


def last_layer_first(
    pre_activations: Arrays, activations: Arrays, weights: Arrays, targets: np.ndarray, loss: str
) -> tuple[Arrays, Arrays]:
    grad_w, grad_b = backprop.backward(pre_activations, activations, weights, targets, loss)
    return grad_w[::-1], grad_b[::-1]


def started_at_the_activation(
    pre_activations: Arrays, activations: Arrays, weights: Arrays, targets: np.ndarray, loss: str
) -> tuple[Arrays, Arrays]:
    return backprop.backward([*pre_activations[:-1], activations[-1]], activations, weights, targets, loss)


BACKWARD = Exercise(
    reference=backprop.backward,
    learned="You wrote backpropagation.",
    further="Count the multiplications of the forward and of the backward pass. What does a gradient cost?",
    stars=3,
    minutes=25,
    points=5,
    examples=(Case(*WORKED_PASS, WORKED_WEIGHTS, WORKED_TARGETS, "squared_error", group="two layers"),),
    draw=draw_backward,
    uses=("sigmoid", "sigmoid_derivative", "output_delta", "hidden_delta", "weight_gradients"),
    outputs=("weight gradients", "bias gradients"),
    groups={
        "one layer": Group(1, "The gradients of the last layer are not right."),
        "two layers": Group(2, "The δ of the hidden layer, or the order of the gradients, is not right."),
        "deeper": Group(2, "With three or more layers the gradients are not right."),
    },
    hints=(
        "Look at the four equations: one starts the recursion, one carries it a layer back, two read off gradients.",
        "When δ belongs to layer l, which activations did that layer take in, and whose weights carry δ further back?",
        "Begin with the last layer's δ. For each layer from the last to the first, read off its gradients from δ and "
        "the activations before it, then carry δ back through its weights to the z of the layer before.",
        "The lists count from 0: the activations at position l are the input of the weights at position l, and the z "
        "that produced them stands at position l − 1. Hand the gradients back first layer first.",
    ),
    misconceptions=(
        Misconception(
            "a backward pass from target minus output: every sign is turned.",
            _called("ascending_backward", _backward_slip(output=target_minus_output)),
        ),
        Misconception(
            "the slope σ'(a) in the hidden layers, taken at the activation.",
            _called("backward_slope_at_the_activation", _backward_slip(slope=lambda z, a: sigmoid_derivative(a))),
        ),
        Misconception(
            "hidden layers without the slope of σ.",
            _called("backward_slope_left_out", _backward_slip(slope=lambda z, a: np.ones_like(a))),
        ),
        Misconception(
            "the gradients of a summed loss, without the factor 1/m.",
            _called("backward_of_the_sum", _backward_slip(output=delta_of_the_sum)),
        ),
        Misconception(
            "gradients that are divided by m a second time.",
            _called("backward_divided_by_m_again", _backward_slip(gradients=divided_by_m_again)),
        ),
        Misconception(
            "bias gradients that are averaged where δ should be summed.",
            _called("backward_bias_averaged", _backward_slip(gradients=bias_gradient_averaged)),
        ),
        Misconception(
            "the squared error's gradients for every loss.",
            _called("backward_of_the_squared_error", _backward_slip(output=squared_error_factor_everywhere)),
        ),
        Misconception("gradients in the order in which they are found, last layer first.", last_layer_first),
        Misconception(
            "weight gradients from what each layer gave out, not from what it took in.",
            _called("output_for_input", _backward_slip(taken_in=1)),
        ),
        Misconception(
            "slopes at the z of the layer that δ comes from, not of the layer it goes to.",
            _called("slope_one_layer_too_late", _backward_slip(sloped_at=0)),
        ),
        Misconception(
            "a δ carried back through the weights of the layer before, not through those it came in by.",
            _called("weights_one_layer_too_early", _backward_slip(carried_by=-1)),
        ),
        Misconception("a first δ formed from the last activations in place of the last z.", started_at_the_activation),
    ),
)

# ---------------------------------------------------------------- numerical_gradient


def draw_numerical_gradient(generator: Generator) -> Iterator[Case]:
    # With steps this large a one-sided difference is visibly another number.
    yield Case(named(probes.cubic), generator.uniform(1, 3, 3), float(generator.uniform(0.2, 0.5)))
    yield Case(named(probes.coupled), generator.uniform(1, 2, (2, 3)), float(generator.uniform(0.2, 0.5)))
    yield Case(named(probes.waves), generator.normal(size=4), 0.1)
    yield Case(named(probes.waves), generator.normal(size=(2, 2)))


Function = Callable[[np.ndarray], float]


def one_sided_difference(function: Function, parameters: np.ndarray, step: float = 1e-5) -> np.ndarray:
    moves = step * np.eye(parameters.size).reshape(-1, *parameters.shape)
    differences = [(function(parameters + move) - function(parameters)) / step for move in moves]
    return np.array(differences).reshape(parameters.shape)


def divided_by_one_step(function: Function, parameters: np.ndarray, step: float = 1e-5) -> np.ndarray:
    return 2 * backprop.numerical_gradient(function, parameters, step)


def halved_and_multiplied(function: Function, parameters: np.ndarray, step: float = 1e-5) -> np.ndarray:
    return step**2 * backprop.numerical_gradient(function, parameters, step)


def all_moved_at_once(function: Function, parameters: np.ndarray, step: float = 1e-5) -> np.ndarray:
    return np.full(parameters.shape, (function(parameters + step) - function(parameters - step)) / (2 * step))


def never_put_back(function: Function, parameters: np.ndarray, step: float = 1e-5) -> np.ndarray:
    moved, gradient = parameters.copy(), np.zeros(parameters.shape)
    for index in np.ndindex(parameters.shape):
        moved[index] += step
        above = function(moved)
        moved[index] -= 2 * step
        gradient[index] = (above - function(moved)) / (2 * step)
    return gradient


NUMERICAL_GRADIENT = Exercise(
    reference=backprop.numerical_gradient,
    learned="You have a gradient that needs no calculus: slow, and hard to get wrong.",
    further="Let the step go from 1e-1 to 1e-12 for θ³ at θ = 1 and draw the error. Why does it grow again?",
    stars=2,
    minutes=10,
    points=3,
    examples=(Case(named(probes.cubic), np.array([2.0, -1.0]), 0.5),),
    draw=draw_numerical_gradient,
    absolute_tolerance=1e-7,  # with h = 1e-5 the rounding of f alone makes 1e-11 · |f|
    hints=(
        "Look at the quotient: the function is asked twice for every parameter, on either side.",
        "While one parameter moves, where should all the others be? And the ones that had their turn?",
        "Visit every index of the array. Copy the parameters, add the step at that index; copy again, subtract it; "
        "divide the difference of the two function values by twice the step.",
    ),
    misconceptions=(
        Misconception("the one-sided difference (f(θ + h) − f(θ)) / h.", one_sided_difference),
        Misconception("a central difference divided by h, half the distance moved.", divided_by_one_step),
        Misconception("a central difference that is divided by 2 and then multiplied by h.", halved_and_multiplied),
        Misconception("one difference with all parameters moved together.", all_moved_at_once),
        Misconception("parameters that are not put back after their turn.", never_put_back),
    ),
)

# ---------------------------------------------------------------- gradient_check


def draw_gradient_check(generator: Generator) -> Iterator[Case]:
    for function, shape in ((probes.waves, (3,)), (probes.coupled, (2, 2)), (probes.cubic, (2, 3))):
        theta = generator.uniform(0.5, 1.5, shape)
        gradient = backprop.numerical_gradient(function, theta)
        yield Case(named(function), theta, gradient + generator.normal(0, 0.5, shape))
    # Norms below 1: the quotient must be formed for small gradients too.
    small = generator.uniform(0.1, 0.3, 2)
    yield Case(named(probes.cubic), small, generator.uniform(0.01, 0.1, 2))
    yield Case(named(probes.waves), theta, -backprop.numerical_gradient(probes.waves, theta))
    # With a step this large the numerical gradient, 3θ² + h², is visibly another one than with the default.
    yield Case(named(probes.cubic), theta, 3.5 * theta**2, float(generator.uniform(0.5, 0.9)))
    yield Case(named(probes.constant), theta, np.zeros(shape))


def _norms(
    function: Function, parameters: np.ndarray, gradient: np.ndarray, step: float
) -> tuple[np.floating, np.floating, np.floating]:
    numeric = backprop.numerical_gradient(function, parameters, step)
    return np.linalg.norm(gradient - numeric), np.linalg.norm(gradient), np.linalg.norm(numeric)


def absolute_difference(function: Function, parameters: np.ndarray, gradient: np.ndarray, step: float = 1e-5) -> float:
    return float(_norms(function, parameters, gradient, step)[0])


def zero_over_zero(function: Function, parameters: np.ndarray, gradient: np.ndarray, step: float = 1e-5) -> float:
    distance, mine, theirs = _norms(function, parameters, gradient, step)
    return float(distance / (mine + theirs))


def relative_to_the_larger(
    function: Function, parameters: np.ndarray, gradient: np.ndarray, step: float = 1e-5
) -> float:
    distance, mine, theirs = _norms(function, parameters, gradient, step)
    return float(distance / max(mine, theirs)) if max(mine, theirs) > 0 else 0.0


def squared_norms(function: Function, parameters: np.ndarray, gradient: np.ndarray, step: float = 1e-5) -> float:
    distance, mine, theirs = _norms(function, parameters, gradient, step)
    return float(distance**2 / (mine**2 + theirs**2)) if mine + theirs > 0 else 0.0


def step_not_handed_on(function: Function, parameters: np.ndarray, gradient: np.ndarray, step: float = 1e-5) -> float:
    return backprop.gradient_check(function, parameters, gradient)


GRADIENT_CHECK = Exercise(
    reference=backprop.gradient_check,
    learned="You can put a number on trust: below 1e-7 a gradient is right, above 1e-3 it is wrong.",
    further="Check a ReLU network at a point where some z is almost 0. Why can a right gradient fail there?",
    stars=1,
    minutes=5,
    points=0,
    examples=(Case(named(probes.cubic), np.array([2.0, -1.0]), np.array([12.0, 3.5])),),
    draw=draw_gradient_check,
    uses=("numerical_gradient",),
    absolute_tolerance=1e-8,  # the numerical gradient of h = 1e-5 carries noise of 1e-11
    hints=(
        "Look at the quotient: three norms, two of them in the denominator.",
        "What does the quotient become where both gradients are zero, and what should the answer be there?",
        "Take the norm of the difference; divide it by the sum of the two norms, unless that sum is zero.",
    ),
    misconceptions=(
        Misconception("the absolute distance ‖g − n‖, which depends on the unit of the cost.", absolute_difference),
        Misconception("0/0 where both gradients are zero.", zero_over_zero),
        Misconception("a distance relative to the larger of the two norms.", relative_to_the_larger),
        Misconception("squared norms above and below.", squared_norms),
        Misconception("a numerical gradient that always takes the default step.", step_not_handed_on),
    ),
)

# ---------------------------------------------------------------- gradient_descent_step


def draw_gradient_descent_step(generator: Generator) -> Iterator[Case]:
    for shapes in (((3,),), ((2, 3), (2,)), ((4, 2), (4,), (1, 4), (1,))):
        parameters = [generator.normal(size=shape) for shape in shapes]
        gradients = [generator.normal(size=p.shape) for p in parameters]
        yield Case(parameters=parameters, gradients=gradients, rate=float(generator.uniform(0.1, 0.9)))


def overwriting_the_parameters(parameters: Arrays, gradients: Arrays, rate: float) -> Arrays:
    for p, g in zip(parameters, gradients, strict=True):
        p -= rate * g
    return parameters


def uphill(parameters: Arrays, gradients: Arrays, rate: float) -> Arrays:
    return [p + rate * g for p, g in zip(parameters, gradients, strict=True)]


def whole_gradient(parameters: Arrays, gradients: Arrays, rate: float) -> Arrays:
    return [p - g for p, g in zip(parameters, gradients, strict=True)]


def direction_alone(parameters: Arrays, gradients: Arrays, rate: float) -> Arrays:
    return [p - rate * np.sign(g) for p, g in zip(parameters, gradients, strict=True)]


GRADIENT_DESCENT_STEP = Exercise(
    reference=backprop.gradient_descent_step,
    learned="You can walk downhill.",
    further="On J = θ²/2, for which rates does the walk arrive, and for which does it run away?",
    stars=1,
    minutes=3,
    points=0,
    examples=(
        Case(
            parameters=[np.array([1.0, -2.0]), np.array([[0.5]])],
            gradients=[np.array([10.0, 20.0]), np.array([[-1.0]])],
            rate=0.1,
        ),
    ),
    draw=draw_gradient_descent_step,
    probe=probes.step_and_look,
    outputs=("new parameters", "parameters afterwards"),
    hints=(
        "Look at the sign in the update: the gradient points uphill.",
        "What has to be left unchanged for whoever called the function?",
        "For each pair of parameter and gradient, subtract the rate times the gradient into a new array.",
    ),
    misconceptions=(
        Misconception("a step along the gradient: uphill.", uphill),
        Misconception("a step by the whole gradient, without the rate.", whole_gradient),
        Misconception("a step of one length for every parameter, by the gradient's sign alone.", direction_alone),
        Misconception("a step that overwrites the caller's parameters.", overwriting_the_parameters),
    ),
)

# ---------------------------------------------------------------- topological_sort

# Longer than any usual limit on recursion: 1000 in a plain interpreter, 3000 in some notebooks.
CHAIN = 5000
DIAMOND = "d: b c; b: a; c: a"
SHORTCUT = "d: a c; c: b; b: a"
# c waits beside d from the start, and is needed before it.
LATER = "e: c d; d: b; b: c; c: a"


def draw_topological_sort(generator: Generator) -> Iterator[Case]:
    for nodes in (6, 8):
        names = [str(name) for name in generator.permutation(list("abcdefghijklmnop"))[:nodes]]
        parents = {
            names[i]: [names[int(j)] for j in generator.integers(0, i, generator.integers(1, 3))]
            for i in range(1, nodes)
        }
        # A root that reaches everything over a short and a long way, and a node that it does not depend on.
        parents |= {"y": [names[0], *reversed(names[1:])], "z": ["y", names[1]]}
        yield Case(
            graph="; ".join(f"{name}: {' '.join(above)}" for name, above in parents.items()), node="y", group="order"
        )
    # Of a length that nobody knows beforehand, lest an order in a table pass for a sorting.
    yield Case(chain=CHAIN + int(generator.integers(1000)), group="long chains")


def judge_order(case: Case, expected: Plain, got: Plain) -> str | None:
    """Many orders are right: every reachable node once, each behind its parents."""
    parents = probes.read_graph(case.kwargs.get("graph", ""), case.kwargs.get("chain", 0))
    assert isinstance(expected, list)
    if not isinstance(got, list | tuple):
        return "the result should be a list of nodes."
    if not all(type(name) is str and name in parents for name in got):
        return "the result should hold nodes of the graph and nothing else."
    reachable = set(expected)
    if len(set(got)) < len(got):
        return f"the list should hold every node once; it has {len(got)} entries for {len(set(got))} nodes."
    if set(got) != reachable:
        return f"the list should hold the {len(reachable)} nodes that the given one depends on; it holds {len(got)}."
    position = {name: i for i, name in enumerate(got)}
    for name in got:
        for parent in parents[name]:
            if position[parent] > position[name]:
                return f"node {name} stands before its parent {parent}."
    return None


def recursive_search(node: Any) -> list[Any]:
    order, seen = [], set()

    def visit(current: Any) -> None:
        if current not in seen:
            seen.add(current)
            for parent in current.parents:
                visit(parent)
            order.append(current)

    visit(node)
    return order


def children_first(node: Any) -> list[Any]:
    order, seen = [], set()

    def visit(current: Any) -> None:
        if current not in seen:
            seen.add(current)
            order.append(current)
            for parent in current.parents:
                visit(parent)

    visit(node)
    return order


def visited_again_on_every_path(node: Any) -> list[Any]:
    return [earlier for parent in node.parents for earlier in visited_again_on_every_path(parent)] + [node]


def breadth_first_turned(node: Any) -> list[Any]:
    order, seen = [node], {node}
    for current in order:
        for parent in current.parents:
            if parent not in seen:
                seen.add(parent)
                order.append(parent)
    return order[::-1]


def marked_when_it_waits(node: Any) -> list[Any]:
    order, seen, stack = [], {node}, [(node, False)]
    while stack:
        current, parents_done = stack.pop()
        if parents_done:
            order.append(current)
            continue
        stack.append((current, True))
        for parent in current.parents:
            if parent not in seen:
                seen.add(parent)
                stack.append((parent, False))
    return order


def found_order_turned(node: Any) -> list[Any]:
    order, seen, stack = [], set(), [node]
    while stack:
        current = stack.pop()
        if current not in seen:
            seen.add(current)
            order.append(current)
            stack.extend(current.parents)
    return order[::-1]


def found_order_turned_marked_when_it_waits(node: Any) -> list[Any]:
    order, seen, stack = [], {node}, [node]
    while stack:
        current = stack.pop()
        order.append(current)
        for parent in current.parents:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return order[::-1]


def found_order_turned_recursively(node: Any) -> list[Any]:
    return children_first(node)[::-1]


TOPOLOGICAL_SORT = Exercise(
    reference=backprop.topological_sort,
    learned="You found the order in which every derivative is complete before it is used.",
    further="How many different right orders does the diamond of four nodes have?",
    stars=2,
    minutes=12,
    points=3,
    examples=tuple(Case(graph=graph, node=graph[0], group="order") for graph in (DIAMOND, SHORTCUT, LATER)),
    draw=draw_topological_sort,
    probe=probes.sort_graph,
    judge=judge_order,
    groups={
        "order": Group(2, "Some graph's nodes are not listed once each, behind their parents."),
        "long chains": Group(1, "A chain of thousands of nodes is not sorted."),
    },
    hints=(
        "Look at the condition: when may a node be written down, and what must already stand in the list?",
        "A node can be reached over several paths. What must be remembered so that it is written once?",
        "Go to all parents that were not visited yet before the node itself is appended. Appending on the way out, not "
        "on the way in, gives the order.",
        "Python refuses a thousand calls inside each other. Keep the nodes that wait in a list of your own, each with "
        "a note whether its parents were already put on it.",
    ),
    misconceptions=(
        Misconception("a recursive search, which Python stops in a long chain.", recursive_search),
        Misconception("a list in which a node stands before its parents.", children_first),
        Misconception("a search that writes a shared node once for every path.", visited_again_on_every_path),
        Misconception(
            "a breadth-first order turned round, which lists a node too late that is near and far at once.",
            breadth_first_turned,
        ),
        Misconception(
            "a search that counts a node as seen when it is laid on the stack: where a later node needs it earlier, "
            "it is passed over.",
            marked_when_it_waits,
        ),
        *(
            Misconception("the order in which a search finds the nodes, turned round.", wrong)
            for wrong in (
                found_order_turned,
                found_order_turned_marked_when_it_waits,
                found_order_turned_recursively,
            )
        ),
    ),
)

# ---------------------------------------------------------------- Value

SUMS, FUNCTIONS, SHARED, AGAIN = (
    "sums and products",
    "powers and functions",
    "values used more than once",
    "called again",
)
# No value is used twice outside the group that is named for it: one slip costs its own share alone.
PROGRAMS = (
    (SUMS, "out = x + y"),
    (SUMS, "out = x * y + 3 * z"),
    (SUMS, "s = x - y; out = 2 - s * z"),
    (FUNCTIONS, "out = (x * y).tanh() + z"),
    (FUNCTIONS, "out = (x + y).exp() * z"),
    (FUNCTIONS, "p = 0.25 * x ** 2; n = -(z ** 2); out = p.relu() * y + n.relu()"),
    (FUNCTIONS, "s = 0 * x; out = s.relu() * y + z"),
    (FUNCTIONS, "out = (x ** 1 + y ** 0) * z"),
    (FUNCTIONS, "s = 0 * x; out = (s ** 0 + s ** 1) * y + z"),
    (FUNCTIONS, "out = x ** 3 * y + (z ** 2 + 1) ** -1"),
    (FUNCTIONS, "out = (y ** 2 + 1) ** 0.5 / (x ** 2 + 2) - z"),
    (SHARED, "out = x * x + x * y"),
    (SHARED, "a = x * y; b = a.exp(); out = a * b + z"),
    (SHARED, "a = x + y; b = a * z; c = b + a; out = c * c * a"),
    (SHARED, "a = x.tanh(); b = a * y + a; c = b * a + x; out = c.tanh() + b * z"),
)


def _inputs(generator: Generator) -> dict[str, float]:
    return {name: _away_from_zero(generator) for name in ("x", "y", "z")}


def draw_value(generator: Generator) -> Iterator[Case]:
    for group, program in PROGRAMS:
        yield Case(program, **_inputs(generator), group=group)
    yield Case("out = (x * y).exp() * z", calls=3, **_inputs(generator), group=AGAIN)


def _value_with(name: str, **methods: Callable[..., Any]) -> type:
    """A copy of the course's Value, called ``name``, with other methods."""
    namespace = dict(vars(backprop))
    exec(reference_text("backprop", "Value"), namespace)
    copy = namespace["Value"]
    copy.__name__ = name
    for method, function in methods.items():
        setattr(copy, method, function)
    return copy


def _local(operation: Callable[[float], float], slope: Callable[[float], float]) -> Callable[[Any], Any]:
    """A method that applies a function of one number, with the given local gradient."""
    return lambda self: type(self)(operation(self.data), (self,), (slope(self.data),))


def _times_own_factor(self: Any, other: Any) -> Any:
    other = self.of(other)
    return type(self)(self.data * other.data, (self, other), (self.data, other.data))


def _power_without_exponent(self: Any, exponent: float) -> Any:
    return type(self)(self.data**exponent, (self,), (self.data ** (exponent - 1),))


def _power_without_zero(self: Any, exponent: float) -> Any:
    return type(self)(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))


def _backward_over(order: Callable[[Any], list[Any]], add: bool = True, forget: bool = True) -> Callable[[Any], None]:
    """A backward pass in the given order that adds (or overwrites) and forgets earlier calls (or not)."""

    def backward(self: Any) -> None:
        nodes = order(self)
        for node in nodes:
            if forget:
                node.gradient = 0.0
        self.gradient = 1.0
        for node in nodes:
            for parent, local in zip(node.parents, node.local_gradients, strict=True):
                parent.gradient = (parent.gradient if add else 0.0) + node.gradient * local

    return backward


def _output_to_inputs(root: Any) -> list[Any]:
    return backprop.topological_sort(root)[::-1]


VALUE = Exercise(
    reference=backprop.Value,
    learned="You built the heart of every deep-learning library: a program that differentiates programs.",
    further="torch adds to .grad at every call and leaves it to you to zero it. What is that good for?",
    stars=3,
    minutes=30,
    points=6,
    examples=(
        Case("out = x * y + z", x=2.0, y=-3.0, z=4.0, group=SUMS),
        Case("out = x * y + x", x=2.0, y=-3.0, group=SHARED),
        Case("a = x * x; out = a * a + a", x=2.0, group=SHARED),
    ),
    draw=draw_value,
    probe=probes.differentiate,
    uses=("topological_sort",),
    given=(
        "__init__",
        "__repr__",
        "of",
        "__neg__",
        "__sub__",
        "__truediv__",
        "__radd__",
        "__rmul__",
        "__rsub__",
        "__rtruediv__",
    ),
    groups={
        SUMS: Group(1, "Sums or products, or the way back through them, are not right."),
        FUNCTIONS: Group(2, "A power, tanh, exp or relu has another value or another slope."),
        SHARED: Group(2, "Where a value is used more than once, its gradient is not the sum over the paths."),
        AGAIN: Group(1, "A second call of backward does not give the gradients of the first."),
    },
    hints=(
        "Look at what a node holds: its number, its parents, and one slope for each parent. An operation fills in all "
        "three; backward only multiplies and adds.",
        "For the product of x and y: by how much does it grow when x grows a little? Which of the two numbers is that?",
        "Two nodes were computed from the same one, and each sends a share back to it. What must happen to the shares?",
        "In backward: sort the graph, set all gradients to zero and the output's to one; from the output towards the "
        "inputs, let every node add its gradient times the slope to each parent.",
    ),
    misconceptions=(
        Misconception(
            "gradients that a second path overwrites instead of adding to them.",
            _value_with("overwriting", backward=_backward_over(_output_to_inputs, add=False)),
        ),
        Misconception(
            "a breadth-first backward pass, which passes a gradient on before all its shares have come in.",
            _value_with("breadth_first", backward=_backward_over(lambda root: breadth_first_turned(root)[::-1])),
        ),
        Misconception(
            "a backward pass that runs from the inputs to the output.",
            _value_with("inputs_first", backward=_backward_over(backprop.topological_sort)),
        ),
        Misconception(
            "gradients that add up over several calls of backward.",
            _value_with("accumulating", backward=_backward_over(_output_to_inputs, forget=False)),
        ),
        Misconception(
            "a product that hands each factor its own number as slope.",
            _value_with("own_factor", __mul__=_times_own_factor),
        ),
        Misconception(
            "a power whose slope lacks the exponent as factor.",
            _value_with("power_without_exponent", __pow__=_power_without_exponent),
        ),
        Misconception(
            "a power that divides by zero for x⁰ at x = 0.",
            _value_with("power_without_zero", __pow__=_power_without_zero),
        ),
        Misconception(
            "tanh with the slope 1 − x² of its input in place of its output.",
            _value_with("tanh_slope_of_input", tanh=_local(math.tanh, lambda x: 1 - x**2)),
        ),
        Misconception(
            "exp with its input as slope.",
            _value_with("exp_slope_of_input", exp=_local(math.exp, lambda x: x)),
        ),
        Misconception(
            "relu with the slope 1 everywhere.",
            _value_with("relu_slope_one", relu=_local(lambda x: max(0.0, x), lambda x: 1.0)),
        ),
    ),
)

# ---------------------------------------------------------------- quizzes

WHY_NOW = Quiz(
    "why_now",
    "Neural networks are older than most of their users. What made deep learning take off around 2010? "
    "Choose all that apply.",
    (
        Choice(
            "Data: labeled sets of a million examples.", "Learned features beat hand-made ones once data abound.", True
        ),
        Choice(
            "Compute: graphics cards.", "Thousands of simple cores do the products of a network side by side.", True
        ),
        Choice(
            "Mathematics: better activations, initialization, regularization and optimizers.",
            "They let deep networks train at all, and generalize.",
            True,
        ),
        Choice(
            "Neurons that imitate biology more closely.",
            "The unit is still a weighted sum and a squashing; the squashing became simpler, not more lifelike.",
        ),
    ),
    points=0.5,
)

LOSS_OR_COST = Quiz(
    "loss_or_cost",
    "You draw 10 examples from your data, and then 1000. Which of these numbers is to be expected to be about the same "
    "for both?",
    (
        Choice("The sum of the losses.", "It is about a hundred times larger for a hundred times as many examples."),
        Choice("The cost.", "The cost is the mean of the losses: the factor 1/m takes their number out.", True),
        Choice("The largest loss.", "Among a thousand examples a very bad one is likelier than among ten."),
    ),
    points=0.5,
)

SHAPE_OF_WEIGHTS = Quiz(
    "shape_of_weights",
    "A batch of 32 examples stands in rows. A layer takes 64 numbers of each and gives 10. In the convention "
    "z = x Wᵀ + b, which shape has W?",
    (
        Choice("(64, 10)", "Then Wᵀ is (10, 64) and x Wᵀ does not fit. It is the shape for z = x W."),
        Choice(
            "(10, 64)", "One row for each of the layer's units, one column for each input. torch does the same.", True
        ),
        Choice("(32, 10)", "That is the shape of z: one row for each example. W knows nothing of the batch."),
        Choice("(10, 32)", "W does not depend on the number of examples: the same weights serve every batch."),
    ),
    points=0.5,
)

NODES_AND_EDGES = Quiz(
    "nodes_and_edges",
    "In a computation graph, what do nodes and edges stand for?",
    (
        Choice(
            "Nodes are values with the operations that made them; edges lead from what went in to what came out.",
            "Forward, numbers flow along the edges; backward, each edge multiplies by its local derivative.",
            True,
        ),
        Choice(
            "Nodes are operands, edges are operations.",
            "An operation with two operands would need an edge with three ends.",
        ),
        Choice(
            "Nodes are layers, edges are weights.",
            "That is the usual drawing of a network. In the computation graph a weight is a node like any other value: "
            "it receives a gradient.",
        ),
    ),
    points=0.5,
)

PREDICT_LOSS = Quiz(
    "predict_loss",
    "The same network starts twice from the same weights, once on the squared error and once on the softmax "
    "cross-entropy, both at rate 2. After the first pass through the digits, which will read more test pictures right?",
    (
        Choice(
            "The squared error, whose minimum is where outputs equal targets.",
            "Both costs have that minimum. But σ'(z) shrinks the squared error's gradient wherever a unit is sure, "
            "even where it is wrong.",
        ),
        Choice(
            "The softmax cross-entropy.",
            "Its δ is output minus target, with no slope in front: what is wrong is corrected at full strength.",
            True,
        ),
        Choice(
            "Neither: the cost only changes the numbers that are printed.",
            "The cost is what the gradient is taken of. Another cost takes another path.",
        ),
    ),
)

PREDICT_RATE = Quiz(
    "predict_rate",
    "Rate 2 reads 97 % of the digits in 40 epochs. You raise the rate to 50. What will the training cost do?",
    (
        Choice(
            "Fall, and faster.",
            "A step is only as good as the straight line it follows: far along that line the cost has long turned up.",
        ),
        Choice(
            "Fall as before: the gradient shrinks to make up for it.",
            "The gradient knows nothing of the rate. It is the cost's slope where the parameters are.",
        ),
        Choice(
            "Rise far above where it began.",
            "Every step overshoots. The units end where σ is flat, hardly any gradient comes back, and the "
            "network is sure and wrong.",
            True,
        ),
    ),
)

PREDICT_BUG = Quiz(
    "predict_bug",
    "A backward pass takes the slope of the hidden layer at a instead of at z: σ'(a) for σ'(z). It trains a network on "
    "the digits for 40 epochs. What will you see?",
    (
        Choice(
            "The cost grows.", "σ'(a) is positive, as σ'(z) is: every δ keeps its sign, and the way still leads down."
        ),
        Choice(
            "Chance: about 10 % of the test pictures.",
            "The last layer's gradients are right, and the hidden ones point roughly downhill.",
        ),
        Choice(
            "A network that reads well over 90 % of the test pictures.",
            "A wrong gradient can still lead downhill. A falling cost proves nothing about a gradient; a check does.",
            True,
        ),
    ),
)

WHY_BACKWARD = Written(
    "why_backward",
    "A network has n weights. In a few sentences: how often must the network be evaluated to get all n derivatives by "
    "central differences, what does backpropagation cost instead, and why do you still want both?",
    points=2,
    model_answer="Central differences evaluate the network twice for every weight: 2n forward passes for one gradient. "
    "Backpropagation walks the computation graph once forward and once backward; each edge is used once on the way "
    "back, so the whole gradient costs about as much as two or three forward passes, whatever n is. It is fast but "
    "easy to get wrong, and a wrong gradient often still trains. Differences are slow but too simple to get wrong: "
    "they check the backward pass once, on a small network, in double precision, and are then switched off.",
)

CHAPTER = Chapter(
    1,
    "backprop",
    "Backpropagation",
    items=(
        WHY_NOW,
        SIGMOID,
        SIGMOID_DERIVATIVE,
        LOGISTIC_FORWARD,
        SQUARED_ERROR,
        BINARY_CROSS_ENTROPY,
        LOSS_OR_COST,
        LOGISTIC_GRADIENTS,
        GRADIENT_DESCENT_STEP,
        SHAPE_OF_WEIGHTS,
        FORWARD,
        SOFTMAX_CROSS_ENTROPY,
        OUTPUT_DELTA,
        HIDDEN_DELTA,
        WEIGHT_GRADIENTS,
        BACKWARD,
        NUMERICAL_GRADIENT,
        GRADIENT_CHECK,
        PREDICT_BUG,
        PREDICT_LOSS,
        PREDICT_RATE,
        NODES_AND_EDGES,
        TOPOLOGICAL_SORT,
        VALUE,
        WHY_BACKWARD,
    ),
)
