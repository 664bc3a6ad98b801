"""Chapter 1: from one neuron to backpropagation, gradient checking and a scalar autograd engine.

Conventions, the same in every function:

- Examples stand in rows: ``inputs`` is (m, n_in) for m examples with n_in features.
- A layer has ``weights`` W of shape (n_out, n_in) and ``biases`` b of shape (n_out,); it computes
  z = x Wᵀ + b of shape (m, n_out), and then a = σ(z).
- A *loss* belongs to one example; the *cost* J is the mean of the losses over the m examples.
  Several outputs of one example are summed, not averaged.
- δ = ∂J/∂z has the shape of z and holds the factor 1/m.
- Updates subtract. No function changes its arguments.

Sources: Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors",
Nature 323 (1986); Goodfellow, Bengio & Courville, "Deep Learning" (2016), chapter 6.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """The logistic function σ(z) = 1 / (1 + e^(−z)) of every element.

    Finite and accurate for every finite z: z = −1000 gives 0.0 and z = 1000 gives 1.0. Where an exponential
    overflows on the way to the right number, NumPy warns; the best form needs no such exponential.

    z: any shape, dimensionless.

    Returns an array of z's shape with values between 0 and 1.
    """
    # e^(−|z|) is at most 1, whatever z is: nothing overflows.
    decay = np.exp(-np.abs(z))
    # σ(z) = 1 / (1 + e^(−z)) = e^z / (1 + e^z)
    return np.where(np.greater_equal(z, 0), 1.0, decay) / (1.0 + decay)


def sigmoid_derivative(z: np.ndarray) -> np.ndarray:
    """The derivative σ'(z) of the logistic function, at every element.

    The argument is the pre-activation z, not the activation a = σ(z).

    z: any shape, dimensionless.

    Returns an array of z's shape with values between 0 and 1/4.
    """
    # σ'(z) = σ(z) (1 − σ(z))
    a = sigmoid(z)
    return a * (1.0 - a)


def squared_error(outputs: np.ndarray, targets: np.ndarray) -> float:
    """The cost J = 1/(2m) Σ_i Σ_j (a_ij − y_ij)² of m examples.

    outputs: a, shape (m, k), or (m,) for one output per example.
    targets: y, the same shape.

    Returns the cost, a float. The squares of one example's outputs are summed; the mean is over the
    m examples alone.
    Raises ValueError if the shapes differ or there is no example.
    """
    if outputs.shape != targets.shape or len(outputs) == 0:
        raise ValueError(
            f"outputs and targets must have one shape and at least one row, not {outputs.shape} and {targets.shape}"
        )
    # J = 1/(2m) Σ (a − y)²
    return float(np.sum((outputs - targets) ** 2) / (2 * len(outputs)))


def binary_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The cost J = −1/m Σ_i [y_i log a_i + (1 − y_i) log(1 − a_i)] with a = σ(z), natural logarithm.

    It is computed from the logits z and stays finite and exact for every finite z: a confident
    mistake, z = −800 where y = 1, costs 800 and not infinity.

    logits: z, shape (m,), or (m, k) for k independent yes-or-no outputs per example.
    labels: y, the same shape, values in [0, 1].

    Returns the cost, a float. An example's k losses are summed; the mean is over the m examples alone.
    Raises ValueError if the shapes differ, there is no example, or a label lies outside [0, 1].
    """
    if logits.shape != labels.shape or len(logits) == 0:
        raise ValueError(
            f"logits and labels must have one shape and at least one row, not {logits.shape} and {labels.shape}"
        )
    if not np.all((labels >= 0) & (labels <= 1)):
        raise ValueError(f"labels must lie in [0, 1], not between {labels.min()} and {labels.max()}")
    # −y log σ(z) − (1 − y) log(1 − σ(z)) = log(1 + e^z) − y z = max(z, 0) + log(1 + e^(−|z|)) − y z
    losses = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - labels * logits
    return float(np.sum(losses) / len(logits))


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The cost J = −1/m Σ_i log p_i[c_i] with p_i = softmax(z_i), natural logarithm.

    The softmax of a row z is p_j = e^(z_j) / Σ_q e^(z_q). The cost is computed from the logits and
    stays finite and exact for every finite z, however far apart two logits or two rows lie.

    logits: z, shape (m, k): one row per example, one column per class.
    labels: c, shape (m,), integers from 0 to k − 1: the number of each example's right class.

    Returns the cost, a float: the mean over the m examples.
    Raises ValueError if the shapes do not fit or a label is no class.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or len(logits) == 0:
        raise ValueError(
            f"logits must be (m, k) and labels (m,) with m at least 1, not {logits.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(
            f"labels must be integers from 0 to {logits.shape[1] - 1}, "
            f"not {labels.dtype} from {labels.min()} to {labels.max()}"
        )
    # log Σ_q e^(z_q) = s + log Σ_q e^(z_q − s) for every s; with the row's maximum nothing overflows.
    largest = logits.max(axis=1, keepdims=True)
    log_sum = largest[:, 0] + np.log(np.sum(np.exp(logits - largest), axis=1))
    # J = 1/m Σ_i (log Σ_q e^(z_iq) − z_i[c_i])
    return float(np.mean(log_sum - logits[np.arange(len(logits)), labels]))


def logistic_forward(inputs: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
    """Logistic regression: the probability ŷ = σ(x·w + b) of label 1, for each example.

    inputs:  x, shape (m, n).
    weights: w, shape (n,).
    bias:    b, a number.

    Returns ŷ, shape (m,), values between 0 and 1.
    Raises ValueError if inputs and weights do not fit.
    """
    if inputs.ndim != 2 or weights.shape != inputs.shape[1:]:
        raise ValueError(f"inputs must be (m, n) and weights (n,), not {inputs.shape} and {weights.shape}")
    # ŷ = σ(x·w + b)
    return sigmoid(inputs @ weights + bias)


def logistic_gradients(
    inputs: np.ndarray, weights: np.ndarray, bias: float, labels: np.ndarray
) -> tuple[np.ndarray, float]:
    """The gradients of the binary cross-entropy cost of logistic regression.

    J is the mean over the m examples of −y log ŷ − (1 − y) log(1 − ŷ), with ŷ = σ(x·w + b).

    inputs:  x, shape (m, n).
    weights: w, shape (n,).
    bias:    b, a number.
    labels:  y, shape (m,), values 0 or 1.

    Returns (∂J/∂w of shape (n,), ∂J/∂b as a float).
    Raises ValueError if there is not one label per example.
    """
    if labels.shape != inputs.shape[:1]:
        raise ValueError(f"labels must have one entry per row of inputs, {inputs.shape[:1]}, not {labels.shape}")
    # δ = ∂J/∂z = (ŷ − y) / m
    delta = (logistic_forward(inputs, weights, bias) - labels) / len(labels)
    # ∂J/∂w = xᵀ δ, ∂J/∂b = Σ_i δ_i
    return inputs.T @ delta, float(np.sum(delta))


def forward(
    inputs: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The forward pass through L layers, keeping what the backward pass needs.

    Layer l takes the activations a of the layer before it (the first layer takes the inputs) and
    computes z = a Wᵀ + b, then σ(z). Every layer does both, the last one too.

    inputs:  x, shape (m, n_0).
    weights: L arrays; the l-th, counted from 1, has shape (n_l, n_(l−1)).
    biases:  L arrays; the l-th has shape (n_l,).

    Returns (pre_activations, activations), two lists:
    pre_activations holds z of layers 1 to L (L arrays, the l-th of shape (m, n_l));
    activations holds the inputs, then a of layers 1 to L (L + 1 arrays).
    Raises ValueError if the numbers of weights and biases differ, or shapes do not chain.
    """
    if len(weights) != len(biases) or not weights:
        raise ValueError(
            f"weights and biases must be lists of one length above 0, not {len(weights)} and {len(biases)}"
        )
    if [b.shape for b in biases] != [w.shape[:1] for w in weights]:
        raise ValueError(f"biases must have shapes {[w.shape[:1] for w in weights]}, not {[b.shape for b in biases]}")
    if [w.shape[1:] for w in weights] != [inputs.shape[1:], *(w.shape[:1] for w in weights[:-1])]:
        raise ValueError(f"weights do not chain: inputs {inputs.shape}, weights {[w.shape for w in weights]}")
    pre_activations, activations = [], [inputs]
    for w, b in zip(weights, biases, strict=True):
        # z = a Wᵀ + b
        pre_activations.append(activations[-1] @ w.T + b)
        # a = σ(z)
        activations.append(sigmoid(pre_activations[-1]))
    return pre_activations, activations


def output_delta(pre_activations: np.ndarray, targets: np.ndarray, loss: str) -> np.ndarray:
    """δ = ∂J/∂z of the last layer, for one of three costs (each a mean over the m examples).

    "squared_error":          J = 1/(2m) Σ (a − y)²                        with a = σ(z)
    "binary_cross_entropy":   J = −1/m Σ [y log a + (1 − y) log(1 − a)]    with a = σ(z)
    "softmax_cross_entropy":  J = −1/m Σ y log p                           with p = softmax(z) of each row

    pre_activations: z of the last layer, shape (m, k).
    targets:         y, shape (m, k); for "softmax_cross_entropy" each row holds a single 1, at the class.
    loss:            the cost's name, one of the three above.

    Returns δ, shape (m, k). It is finite for every finite z.
    Raises ValueError if the shapes differ or the loss is unknown.
    """
    if pre_activations.shape != targets.shape or pre_activations.ndim != 2 or len(targets) == 0:
        raise ValueError(
            f"pre_activations and targets must be (m, k), m above 0, not {pre_activations.shape} and {targets.shape}"
        )
    if loss not in ("squared_error", "binary_cross_entropy", "softmax_cross_entropy"):
        raise ValueError(
            f"loss must be 'squared_error', 'binary_cross_entropy' or 'softmax_cross_entropy', not {loss!r}"
        )
    m = len(targets)
    if loss == "softmax_cross_entropy":
        # p_j = e^(z_j) / Σ_q e^(z_q); the row's maximum cancels and keeps e^z from overflowing
        exponentials = np.exp(pre_activations - pre_activations.max(axis=1, keepdims=True))
        # δ = (p − y) / m
        return (exponentials / exponentials.sum(axis=1, keepdims=True) - targets) / m
    error = (sigmoid(pre_activations) - targets) / m
    if loss == "squared_error":
        # δ = 1/m (a − y) ⊙ σ'(z)
        return error * sigmoid_derivative(pre_activations)
    # δ = 1/m (a − y): the σ'(z) of the chain rule cancels against the derivative of the logarithm
    return error


def hidden_delta(delta: np.ndarray, weights: np.ndarray, pre_activations: np.ndarray) -> np.ndarray:
    """δ = ∂J/∂z of a sigmoid layer, from the δ of the layer after it.

    This layer has n units, the next one k.

    delta:           δ of the next layer, shape (m, k).
    weights:         W of the next layer, shape (k, n).
    pre_activations: z of this layer, shape (m, n).

    Returns δ of this layer, shape (m, n).
    Raises ValueError if the shapes do not fit.
    """
    if weights.ndim != 2 or (delta.shape, pre_activations.shape) != (
        (len(pre_activations), len(weights)),
        (len(delta), weights.shape[1]),
    ):
        raise ValueError(
            f"delta must be (m, k), weights (k, n) and pre_activations (m, n), "
            f"not {delta.shape}, {weights.shape} and {pre_activations.shape}"
        )
    # δ = (δ_next W_next) ⊙ σ'(z)
    return (delta @ weights) * sigmoid_derivative(pre_activations)


def weight_gradients(delta: np.ndarray, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of one layer's weights and biases.

    delta:       δ = ∂J/∂z of the layer, shape (m, n_out); it already holds the factor 1/m.
    activations: what the layer was given, shape (m, n_in).

    Returns (∂J/∂W of shape (n_out, n_in), ∂J/∂b of shape (n_out,)).
    Raises ValueError if delta and activations do not have one row per example each.
    """
    if delta.ndim != 2 or activations.ndim != 2 or len(delta) != len(activations):
        raise ValueError(
            f"delta must be (m, n_out) and activations (m, n_in), not {delta.shape} and {activations.shape}"
        )
    # ∂J/∂W = δᵀ a, ∂J/∂b = Σ_i δ_i
    return delta.T @ activations, np.sum(delta, axis=0)


def backward(
    pre_activations: list[np.ndarray],
    activations: list[np.ndarray],
    weights: list[np.ndarray],
    targets: np.ndarray,
    loss: str,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The backward pass: the gradients of all weights and biases of an L-layer network.

    pre_activations: z of layers 1 to L, as ``forward`` returns them.
    activations:     the inputs, then a of layers 1 to L, as ``forward`` returns them.
    weights:         the L weights that the forward pass used.
    targets:         y, shape (m, n_L).
    loss:            the cost's name, as in ``output_delta``.

    Returns (∂J/∂W of layers 1 to L, ∂J/∂b of layers 1 to L), two lists in the order of ``weights``.
    Raises ValueError if the three lists do not belong to one network.
    """
    if not len(pre_activations) == len(weights) == len(activations) - 1:
        raise ValueError(
            f"for L weights there must be L pre_activations and L + 1 activations, "
            f"not {len(weights)}, {len(pre_activations)} and {len(activations)}"
        )
    gradients = []
    delta = output_delta(pre_activations[-1], targets, loss)
    for layer in reversed(range(len(weights))):
        gradients.append(weight_gradients(delta, activations[layer]))
        if layer > 0:
            delta = hidden_delta(delta, weights[layer], pre_activations[layer - 1])
    return [w for w, _ in reversed(gradients)], [b for _, b in reversed(gradients)]


def numerical_gradient(
    function: Callable[[np.ndarray], float], parameters: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """The gradient of a function by central differences, one parameter at a time.

    function:   takes an array of the parameters' shape and returns a number.
    parameters: θ, an array of floats of any shape; it is left as it was.
    step:       h, how far each parameter is moved to either side.

    Returns an array of the parameters' shape: (f(θ + h e_i) − f(θ − h e_i)) / (2h) for every element i,
    where e_i moves element i alone. The error falls with h².
    Raises TypeError if the parameters are not floating-point numbers; ValueError if the step is not positive.
    """
    if parameters.dtype.kind != "f":
        raise TypeError(f"parameters must be an array of floats, not of {parameters.dtype}")
    if not step > 0:
        raise ValueError(f"step must be positive, not {step}")
    gradient = np.zeros(parameters.shape)
    for index in np.ndindex(parameters.shape):
        above, below = parameters.copy(), parameters.copy()
        above[index] += step
        below[index] -= step
        # ∂f/∂θ_i ≈ (f(θ + h e_i) − f(θ − h e_i)) / 2h
        gradient[index] = (function(above) - function(below)) / (2 * step)
    return gradient


def gradient_check(
    function: Callable[[np.ndarray], float], parameters: np.ndarray, gradient: np.ndarray, step: float = 1e-5
) -> float:
    """How far a gradient is from the numerical one: ‖g − n‖ / (‖g‖ + ‖n‖).

    g is the gradient to be checked, n the numerical gradient of the function at the parameters, and
    ‖·‖ the Euclidean norm over all elements. For a right gradient in float64 it is below 1e-7; it is
    1 where only one of the two is zero, and 0 where both are.

    function:   takes an array of the parameters' shape and returns a number.
    parameters: θ, where the gradient was taken, an array of floats.
    gradient:   g, the same shape.
    step:       h of the central differences.

    Returns the relative difference, a float between 0 and 1.
    Raises ValueError if parameters and gradient differ in shape.
    """
    if gradient.shape != parameters.shape:
        raise ValueError(f"gradient must have the parameters' shape {parameters.shape}, not {gradient.shape}")
    numeric = numerical_gradient(function, parameters, step)
    scale = np.linalg.norm(gradient) + np.linalg.norm(numeric)
    # ‖g − n‖ / (‖g‖ + ‖n‖); two zero gradients agree
    return float(np.linalg.norm(gradient - numeric) / scale) if scale > 0 else 0.0


def gradient_descent_step(parameters: list[np.ndarray], gradients: list[np.ndarray], rate: float) -> list[np.ndarray]:
    """One step of gradient descent: every parameter moves against its gradient.

    parameters: θ, arrays of any shapes; the caller's arrays must stay as they were.
    gradients:  ∂J/∂θ, one array per parameter, of its shape.
    rate:       the learning rate α, at least 0.

    Returns the new parameters, new arrays in the same order.
    Raises ValueError if parameters and gradients do not match, or the rate is negative.
    """
    if [p.shape for p in parameters] != [g.shape for g in gradients]:
        raise ValueError(
            f"gradients must have the parameters' shapes {[p.shape for p in parameters]}, "
            f"not {[g.shape for g in gradients]}"
        )
    if not rate >= 0:
        raise ValueError(f"rate must be at least 0, not {rate}")
    # θ ← θ − α ∂J/∂θ
    return [p - rate * g for p, g in zip(parameters, gradients, strict=True)]


def topological_sort(node: Any) -> list[Any]:
    """All nodes that a node was computed from, and itself, each behind its parents.

    node: an object whose ``parents`` is a tuple of such objects: what it was computed from.
          Nodes can be put in a set. One node may be the parent of several, or appear twice in one
          ``parents``. There is no cycle. Chains may be thousands of nodes long.

    Returns every node that can be reached through ``parents``, once each: a node stands behind all of
    its parents, so the given node is the last.
    """
    order: list[Any] = []
    seen = set()
    stack = [(node, False)]
    while stack:
        current, parents_done = stack.pop()
        if parents_done:
            order.append(current)
        elif current not in seen:
            seen.add(current)
            # The node comes back from the stack after everything that is laid on top of it here.
            stack.append((current, True))
            stack.extend((parent, False) for parent in current.parents)
    return order


class Value:
    """A number that remembers how it was computed, and so can find its derivatives.

    An operation on Values returns a new Value that holds the result, the Values that it was computed
    from (``parents``) and the derivative of the result with respect to each of them
    (``local_gradients``). ``backward`` multiplies along the edges and adds over the paths. The operand
    of ``+`` and ``*`` may also be a plain number.

    data:            the number, a float.
    gradient:        ∂(output)/∂(this), a float; 0.0 until ``output.backward()`` was called.
    parents:         the Values this one was computed from; () for an input.
    local_gradients: ∂(this)/∂(parent), one float per parent, in their order.
    operation:       a sign for drawings; it is yours to choose ("+", "tanh", ...), "" for an input.
    """

    def __init__(
        self,
        data: float,
        parents: tuple["Value", ...] = (),
        local_gradients: tuple[float, ...] = (),
        operation: str = "",
    ) -> None:
        if not isinstance(data, int | float | np.number):
            raise TypeError(f"data must be a number, not {type(data).__name__}")
        if len(parents) != len(local_gradients):
            raise ValueError(
                f"local_gradients must hold one number per parent, {len(parents)}, not {len(local_gradients)}"
            )
        self.data = float(data)
        self.gradient = 0.0
        self.parents = parents
        self.local_gradients = local_gradients
        self.operation = operation

    def __repr__(self) -> str:
        return f"Value({self.data:.6g}, gradient={self.gradient:.6g})"

    @staticmethod
    def of(number: "Value | float") -> "Value":
        """A Value as it is; a plain number as a new Value without parents."""
        return number if isinstance(number, Value) else Value(number)

    def __add__(self, other: "Value | float") -> "Value":
        """self + other: a new Value whose parents are self and other, in this order."""
        other = Value.of(other)
        # ∂(x + y)/∂x = 1, ∂(x + y)/∂y = 1
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other: "Value | float") -> "Value":
        """self · other: a new Value whose parents are self and other, in this order."""
        other = Value.of(other)
        # ∂(xy)/∂x = y, ∂(xy)/∂y = x
        return Value(self.data * other.data, (self, other), (other.data, self.data), "*")

    def __pow__(self, exponent: float) -> "Value":
        """self to the power of a constant: a new Value with the one parent self; x⁰ has derivative 0."""
        if not isinstance(exponent, int | float):
            raise TypeError(f"exponent must be a plain number, not {type(exponent).__name__}")
        if self.data < 0 and exponent != int(exponent):
            raise ValueError(f"exponent must be whole for the negative base {self.data}, not {exponent}")
        # d(xⁿ)/dx = n xⁿ⁻¹
        local = exponent * self.data ** (exponent - 1) if exponent != 0 else 0.0
        return Value(self.data**exponent, (self,), (local,), f"**{exponent}")

    def tanh(self) -> "Value":
        """The hyperbolic tangent: a new Value with the one parent self."""
        # d tanh(x)/dx = 1 − tanh²(x)
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t**2,), "tanh")

    def exp(self) -> "Value":
        """e to the power of self: a new Value with the one parent self."""
        # d eˣ/dx = eˣ
        e = math.exp(self.data)
        return Value(e, (self,), (e,), "exp")

    def relu(self) -> "Value":
        """max(0, self): a new Value with the one parent self; the derivative at 0 is 0."""
        # d max(0, x)/dx = 1 where x > 0, else 0
        return Value(max(0.0, self.data), (self,), (1.0 if self.data > 0 else 0.0,), "relu")

    def backward(self) -> None:
        """Set the gradient of every Value that self was computed from, and of self.

        Afterwards ``node.gradient`` is ∂(self)/∂(node): the sum over all paths from self to the node of
        the product of the local gradients along the path; self's own gradient is 1. Gradients of an
        earlier call are forgotten, not added to. Use ``topological_sort``.
        """
        order = topological_sort(self)
        for node in order:
            node.gradient = 0.0
        self.gradient = 1.0
        # Children stand behind their parents: going backwards, a node's gradient is complete when it is used.
        for node in reversed(order):
            for parent, local in zip(node.parents, node.local_gradients, strict=True):
                # ∂out/∂parent = Σ over children of ∂out/∂child · ∂child/∂parent
                parent.gradient += node.gradient * local

    def __neg__(self) -> "Value":
        return self * -1.0

    def __sub__(self, other: "Value | float") -> "Value":
        return self + -other

    def __truediv__(self, other: "Value | float") -> "Value":
        return self * Value.of(other) ** -1

    def __radd__(self, other: float) -> "Value":
        return self + other

    def __rmul__(self, other: float) -> "Value":
        return self * other

    def __rsub__(self, other: float) -> "Value":
        return -self + other

    def __rtruediv__(self, other: float) -> "Value":
        return self**-1 * other
