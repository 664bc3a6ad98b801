"""Chapter 1's algorithms against independent oracles: torch, finite differences, worked numbers, properties."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dl_helpers import backprop, training
from dl_helpers.backprop import Value
from dl_helpers.datasets import digits

LOSSES = ("squared_error", "binary_cross_entropy", "softmax_cross_entropy")
# float64 against float64: a few roundings of 1e-16 each, sums of some ten terms.
CLOSE = {"rtol": 1e-10, "atol": 1e-13}

finite = st.floats(-1000, 1000)
vectors = hnp.arrays(np.float64, st.integers(1, 8), elements=finite)
seeds = st.integers(0, 2**32 - 1)


def tensor(array: Any) -> torch.Tensor:
    return torch.tensor(np.asarray(array, dtype=np.float64), requires_grad=True)


def torch_cost(z: torch.Tensor, targets: np.ndarray, loss: str) -> torch.Tensor:
    """The three costs in torch's own functions: summed over outputs, averaged over examples."""
    y = torch.tensor(targets, dtype=torch.float64)
    if loss == "squared_error":
        return 0.5 * torch.nn.functional.mse_loss(torch.sigmoid(z), y, reduction="sum") / len(y)
    if loss == "binary_cross_entropy":
        return torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum") / len(y)
    return torch.nn.functional.cross_entropy(z, y)


def random_targets(generator: np.random.Generator, m: int, k: int, loss: str) -> np.ndarray:
    if loss == "softmax_cross_entropy":
        return np.eye(k)[generator.integers(0, k, m)]
    if loss == "binary_cross_entropy":
        return generator.integers(0, 2, (m, k)).astype(float)
    return generator.uniform(0, 1, (m, k))


def random_network(generator: np.random.Generator, sizes: list[int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    weights = [generator.normal(0, 1, (n_out, n_in)) for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True)]
    return weights, [generator.normal(0, 1, len(w)) for w in weights]


class TestSigmoid:
    @given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3), elements=finite))
    def test_equals_torch(self, z: np.ndarray) -> None:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            result = backprop.sigmoid(z)
        assert result.shape == z.shape
        np.testing.assert_allclose(result, torch.sigmoid(torch.tensor(z)).numpy(), **CLOSE)

    @given(st.floats(-30, 30))
    def test_is_symmetric_and_inverts_the_logit(self, z: float) -> None:
        a = float(backprop.sigmoid(np.array(z)))
        assert a + float(backprop.sigmoid(np.array(-z))) == pytest.approx(1, abs=1e-15)
        # 1 − a carries an absolute error of 1e-16, so the logit loses digits as e^|z| grows.
        assert math.log(a) - math.log1p(-a) == pytest.approx(z, abs=1e-15 * math.exp(abs(z)) + 1e-12)

    def test_limits(self) -> None:
        assert backprop.sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0.0, 0.5, 1.0]
        # the left tail keeps its relative precision: σ(z) → e^z
        assert float(backprop.sigmoid(np.array(-700.0))) == pytest.approx(math.exp(-700), rel=1e-12)

    def test_keeps_single_precision(self) -> None:
        assert backprop.sigmoid(np.array([0.5], dtype=np.float32)).dtype == np.float32

    @given(hnp.arrays(np.float64, 5, elements=st.floats(-50, 50)))
    def test_derivative_equals_autograd(self, z: np.ndarray) -> None:
        t = tensor(z)
        torch.sigmoid(t).sum().backward()
        np.testing.assert_allclose(backprop.sigmoid_derivative(z), t.grad, **CLOSE)

    def test_derivative_is_a_quarter_at_zero_and_nowhere_more(self) -> None:
        assert backprop.sigmoid_derivative(np.array(0.0)) == 0.25
        assert backprop.sigmoid_derivative(np.linspace(-9, 9, 1001)).max() == 0.25


class TestCosts:
    def test_squared_error_by_hand(self) -> None:
        # ((1² + 2²) + (3² + 0²)) / (2 · 2) = 14/4
        assert backprop.squared_error(np.array([[1.0, 2.0], [4.0, 1.0]]), np.array([[0.0, 0.0], [1.0, 1.0]])) == 3.5
        assert backprop.squared_error(np.array([3.0, 1.0]), np.array([0.0, 1.0])) == 2.25

    @given(seeds, st.integers(1, 6), st.integers(1, 5), st.sampled_from([1.0, 30.0, 1000.0]))
    def test_equal_torch(self, seed: int, m: int, k: int, scale: float) -> None:
        generator = np.random.default_rng(seed)
        z = generator.normal(0, scale, (m, k))
        for loss in LOSSES:
            y = random_targets(generator, m, k, loss)
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                mine = {
                    "squared_error": lambda y=y: backprop.squared_error(backprop.sigmoid(z), y),
                    "binary_cross_entropy": lambda y=y: backprop.binary_cross_entropy(z, y),
                    "softmax_cross_entropy": lambda y=y: backprop.softmax_cross_entropy(z, y.argmax(axis=1)),
                }[loss]()
            assert isinstance(mine, float)
            assert mine == pytest.approx(torch_cost(torch.tensor(z), y, loss).item(), rel=1e-10, abs=1e-12)

    def test_confident_mistakes_cost_their_logit(self) -> None:
        assert backprop.binary_cross_entropy(np.array([-800.0]), np.array([1])) == 800.0
        assert backprop.binary_cross_entropy(np.array([800.0]), np.array([0.0])) == 800.0
        assert backprop.binary_cross_entropy(np.array([800.0]), np.array([1])) == 0.0
        z = np.array([[1000.0, 0.0, -1000.0], [-5000.0, -6000.0, -7000.0]])
        assert backprop.softmax_cross_entropy(z, np.array([2, 0])) == 1000.0

    @given(vectors, st.data())
    def test_binary_cross_entropy_is_a_softmax_over_two_classes(self, z: np.ndarray, data: st.DataObject) -> None:
        y = data.draw(hnp.arrays(np.int64, z.shape, elements=st.integers(0, 1)))
        two = np.stack([np.zeros_like(z), z], axis=1)
        assert backprop.binary_cross_entropy(z, y) == pytest.approx(
            backprop.softmax_cross_entropy(two, y), rel=1e-12, abs=1e-12
        )

    @given(seeds, finite)
    def test_softmax_ignores_what_is_added_to_a_row(self, seed: int, shift: float) -> None:
        generator = np.random.default_rng(seed)
        z, y = generator.normal(size=(4, 3)), generator.integers(0, 3, 4)
        moved = z + shift * np.array([[1.0], [0.0], [-1.0], [2.0]])
        # adding 2000 costs the last 3 of 16 digits
        assert backprop.softmax_cross_entropy(moved, y) == pytest.approx(
            backprop.softmax_cross_entropy(z, y), abs=1e-11
        )

    def test_equal_logits_cost_the_logarithm_of_the_classes(self) -> None:
        assert backprop.softmax_cross_entropy(np.zeros((5, 10)), np.arange(5)) == pytest.approx(math.log(10))
        assert backprop.binary_cross_entropy(np.zeros(5), np.ones(5)) == pytest.approx(math.log(2))


class TestLogisticRegression:
    @given(seeds, st.integers(1, 6), st.integers(1, 5))
    def test_equals_autograd(self, seed: int, m: int, n: int) -> None:
        generator = np.random.default_rng(seed)
        x, w, b = generator.normal(size=(m, n)), generator.normal(size=n), float(generator.normal())
        y = generator.integers(0, 2, m)
        weights, bias = tensor(w), tensor(b)
        z = torch.tensor(x) @ weights + bias
        np.testing.assert_allclose(backprop.logistic_forward(x, w, b), torch.sigmoid(z).detach(), **CLOSE)
        torch.nn.functional.binary_cross_entropy_with_logits(z, torch.tensor(y, dtype=torch.float64)).backward()
        grad_w, grad_b = backprop.logistic_gradients(x, w, b, y)
        assert weights.grad is not None and bias.grad is not None
        np.testing.assert_allclose(grad_w, weights.grad, **CLOSE)
        assert isinstance(grad_b, float)
        assert grad_b == pytest.approx(bias.grad.item(), rel=1e-10, abs=1e-13)


class TestNetwork:
    def test_the_worked_net(self) -> None:
        """The 2-2-2 net of the chapter, to the nine digits it prints."""
        x, y = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0]])
        weights = [np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.5, 0.6], [0.7, 0.8]])]
        pre_activations, activations = backprop.forward(x, weights, [np.zeros(2), np.zeros(2)])
        digits9 = {"rtol": 0, "atol": 5.1e-10}  # half a unit of the last printed digit
        np.testing.assert_allclose(activations[1], [[0.622459331, 0.750260106]], **digits9)
        np.testing.assert_allclose(activations[2], [[0.681654515, 0.738063860]], **digits9)
        assert backprop.squared_error(activations[2], y) == pytest.approx(0.266631710, abs=5.1e-10)
        (first, second), _ = backprop.backward(pre_activations, activations, weights, y, "squared_error")
        np.testing.assert_allclose(second, [[0.092074275, 0.110978584], [-0.031520694, -0.037992392]], **digits9)
        np.testing.assert_allclose(first, [[0.009050651, 0.018101302], [0.009038895, 0.018077790]], **digits9)

    @settings(deadline=None)
    @given(seeds, st.integers(1, 5), st.lists(st.integers(1, 5), min_size=2, max_size=5), st.sampled_from(LOSSES))
    def test_equals_autograd(self, seed: int, m: int, sizes: list[int], loss: str) -> None:
        generator = np.random.default_rng(seed)
        weights, biases = random_network(generator, sizes)
        x, y = generator.normal(size=(m, sizes[0])), random_targets(generator, m, sizes[-1], loss)
        pre_activations, activations = backprop.forward(x, weights, biases)

        torch_weights, torch_biases = [tensor(w) for w in weights], [tensor(b) for b in biases]
        a, zs = torch.tensor(x), []
        for w, b in zip(torch_weights, torch_biases, strict=True):
            zs.append(torch.nn.functional.linear(a, w, b))
            zs[-1].retain_grad()
            a = torch.sigmoid(zs[-1])
        torch_cost(zs[-1], y, loss).backward()

        assert len(pre_activations) == len(weights) and len(activations) == len(weights) + 1
        np.testing.assert_array_equal(activations[0], x)
        np.testing.assert_allclose(activations[-1], a.detach(), **CLOSE)
        for mine, theirs in zip(pre_activations, zs, strict=True):
            np.testing.assert_allclose(mine, theirs.detach(), **CLOSE)
        np.testing.assert_allclose(backprop.output_delta(pre_activations[-1], y, loss), zs[-1].grad, **CLOSE)
        grad_w, grad_b = backprop.backward(pre_activations, activations, weights, y, loss)
        for mine, theirs in zip([*grad_w, *grad_b], [*torch_weights, *torch_biases], strict=True):
            assert theirs.grad is not None and mine.shape == theirs.shape
            np.testing.assert_allclose(mine, theirs.grad, **CLOSE)
        if len(weights) > 1:
            next_delta = zs[-1].grad.numpy()
            np.testing.assert_allclose(
                backprop.hidden_delta(next_delta, weights[-1], pre_activations[-2]), zs[-2].grad, **CLOSE
            )
            grads = backprop.weight_gradients(next_delta, activations[-2])
            np.testing.assert_allclose(grads[0], torch_weights[-1].grad, **CLOSE)
            np.testing.assert_allclose(grads[1], torch_biases[-1].grad, **CLOSE)

    @pytest.mark.parametrize("loss", LOSSES)
    def test_survives_its_own_gradient_check(self, loss: str) -> None:
        generator = np.random.default_rng(5)
        weights, biases = random_network(generator, [4, 6, 5, 3])
        x, y = generator.normal(size=(7, 4)), random_targets(generator, 7, 3, loss)

        def cost() -> float:
            z, a = backprop.forward(x, weights, biases)
            if loss == "squared_error":
                return backprop.squared_error(a[-1], y)
            if loss == "binary_cross_entropy":
                return backprop.binary_cross_entropy(z[-1], y)
            return backprop.softmax_cross_entropy(z[-1], y.argmax(axis=1))

        def cost_with(parameters: list[np.ndarray], position: int) -> Callable[[np.ndarray], float]:
            def function(theta: np.ndarray) -> float:
                kept, parameters[position] = parameters[position], theta
                try:
                    return cost()
                finally:
                    parameters[position] = kept

            return function

        grad_w, grad_b = backprop.backward(*backprop.forward(x, weights, biases), weights, y, loss)
        for parameters, gradients in ((weights, grad_w), (biases, grad_b)):
            for position, gradient in enumerate(gradients):
                difference = backprop.gradient_check(cost_with(parameters, position), parameters[position], gradient)
                assert difference <= 1e-7
        # the three classic slips are seen at once: the sign, a missing factor, σ'(a) in place of σ'(z)
        right = grad_w[0]
        delta = backprop.output_delta(backprop.forward(x, weights, biases)[0][-1], y, loss)
        z, a = backprop.forward(x, weights, biases)
        for layer in (2, 1):
            delta = (delta @ weights[layer]) * backprop.sigmoid_derivative(a[layer])
        for wrong in (-right, right * len(x), delta.T @ x):
            assert backprop.gradient_check(cost_with(weights, 0), weights[0], wrong) > 1e-2

    @given(seeds, st.sampled_from(LOSSES))
    def test_a_batch_is_the_mean_of_its_examples(self, seed: int, loss: str) -> None:
        generator = np.random.default_rng(seed)
        weights, biases = random_network(generator, [3, 4, 2])
        x, y = generator.normal(size=(5, 3)), random_targets(generator, 5, 2, loss)

        def gradients(rows: Any) -> list[np.ndarray]:
            z, a = backprop.forward(x[rows], weights, biases)
            grad_w, grad_b = backprop.backward(z, a, weights, y[rows], loss)
            return [*grad_w, *grad_b]

        singles = [gradients([i]) for i in range(5)]
        for together, *apart in zip(gradients(slice(None)), *singles, strict=True):
            np.testing.assert_allclose(together, np.mean(apart, axis=0), **CLOSE)

    @pytest.mark.parametrize("loss", LOSSES)
    def test_output_delta_is_finite_for_huge_logits(self, loss: str) -> None:
        z = np.array([[1e4, -1e4, 0.0], [-1e6, 1e6, 5e5]])
        with np.errstate(over="raise", invalid="raise"):
            delta = backprop.output_delta(z, np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), loss)
        assert np.isfinite(delta).all()

    def test_arguments_stay_as_they_were(self) -> None:
        generator = np.random.default_rng(0)
        weights, biases = random_network(generator, [3, 4, 2])
        x, y = generator.normal(size=(5, 3)), random_targets(generator, 5, 2, "squared_error")
        before = [array.copy() for array in (*weights, *biases, x, y)]
        z, a = backprop.forward(x, weights, biases)
        kept = [array.copy() for array in (*z, *a)]
        backprop.backward(z, a, weights, y, "squared_error")
        backprop.gradient_descent_step(weights, weights, 0.1)
        backprop.numerical_gradient(np.sum, x)
        for now, then in zip((*weights, *biases, x, y, *z, *a), (*before, *kept), strict=True):
            np.testing.assert_array_equal(now, then)


class TestNumericalGradient:
    @given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, max_side=3), elements=st.floats(-3, 3)))
    def test_equals_the_derivative(self, theta: np.ndarray) -> None:
        gradient = backprop.numerical_gradient(lambda t: float(np.sum(np.sin(t) + t**3)), theta)
        # the error is h²f'''/6 ≈ 2e-10 plus the rounding of f over 2h: some 1e-16 · 800 / 2e-5 at most
        np.testing.assert_allclose(gradient, np.cos(theta) + 3 * theta**2, rtol=0, atol=1e-8)
        assert gradient.shape == theta.shape

    @given(st.floats(-2, 2), st.floats(0.1, 2))
    def test_error_of_a_cubic_is_the_squared_step(self, theta: float, step: float) -> None:
        gradient = backprop.numerical_gradient(lambda t: float(t[0] ** 3), np.array([theta]), step)
        # ((θ + h)³ − (θ − h)³) / 2h = 3θ² + h²
        assert gradient[0] == pytest.approx(3 * theta**2 + step**2, abs=1e-11)

    def test_is_computed_in_double_precision_for_single_parameters(self) -> None:
        gradient = backprop.numerical_gradient(lambda t: float(t.astype(float) @ t), np.ones(2, np.float32), 1e-2)
        assert gradient.dtype == np.float64
        np.testing.assert_allclose(gradient, 2, rtol=1e-5)  # 1 ± 0.01 is stored with 7 digits

    def test_check_by_hand(self) -> None:
        theta = np.array([3.0, 4.0])  # of f = θ·θ/2 the gradient is θ itself

        def half_square(t: np.ndarray) -> float:
            return 0.5 * float(t @ t)

        assert backprop.gradient_check(half_square, theta, theta) < 1e-9
        assert backprop.gradient_check(half_square, theta, -theta) == pytest.approx(1)
        assert backprop.gradient_check(half_square, theta, 2 * theta) == pytest.approx(1 / 3)
        assert backprop.gradient_check(half_square, theta, np.zeros(2)) == 1.0
        assert backprop.gradient_check(lambda t: 1.0, theta, np.zeros(2)) == 0.0

    @given(seeds, st.floats(1e-3, 1e3))
    def test_check_has_no_unit(self, seed: int, unit: float) -> None:
        generator = np.random.default_rng(seed)
        theta, coefficients, gradient = generator.normal(size=(3, 4))
        plain = backprop.gradient_check(lambda t: float(coefficients @ t), theta, gradient)
        scaled = backprop.gradient_check(lambda t: unit * float(coefficients @ t), theta, unit * gradient)
        assert 0 <= plain <= 1
        assert scaled == pytest.approx(plain, abs=1e-8)


class TestGradientDescentStep:
    def test_by_hand(self) -> None:
        moved = backprop.gradient_descent_step(
            [np.array([1.0, -2.0]), np.array([[0.5]])], [np.array([10.0, 20.0]), np.array([[-1.0]])], 0.1
        )
        np.testing.assert_allclose(moved[0], [0.0, -4.0], atol=1e-15)
        np.testing.assert_allclose(moved[1], [[0.6]])

    def test_equals_torch(self) -> None:
        generator = np.random.default_rng(1)
        parameters, gradients = list(generator.normal(size=(3, 2, 4))), list(generator.normal(size=(3, 2, 4)))
        theirs = [tensor(p) for p in parameters]
        for p, g in zip(theirs, gradients, strict=True):
            p.grad = torch.tensor(g)
        torch.optim.SGD(theirs, lr=0.3).step()
        for mine, other in zip(backprop.gradient_descent_step(parameters, gradients, 0.3), theirs, strict=True):
            np.testing.assert_allclose(mine, other.detach(), **CLOSE)


@st.composite
def graphs(draw: st.DrawFn) -> list[SimpleNamespace]:
    """Nodes 0, 1, ... whose parents have smaller numbers; repeated and shared parents happen."""
    nodes: list[SimpleNamespace] = []
    for i in range(draw(st.integers(1, 12))):
        picks = draw(st.lists(st.integers(0, i - 1), max_size=3)) if i else []
        nodes.append(Node(parents=tuple(nodes[j] for j in picks)))
    return nodes


class Node(SimpleNamespace):
    """A SimpleNamespace that may stand in a set."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class TestTopologicalSort:
    @given(graphs())
    def test_every_reachable_node_once_behind_its_parents(self, nodes: list[SimpleNamespace]) -> None:
        root = nodes[-1]
        order = backprop.topological_sort(root)
        position = {id(node): i for i, node in enumerate(order)}
        reachable, frontier = {id(root)}, [root]
        while frontier:
            for parent in frontier.pop().parents:
                if id(parent) not in reachable:
                    reachable.add(id(parent))
                    frontier.append(parent)
        assert len(order) == len(position) and set(position) == reachable
        assert order[-1] is root
        assert all(position[id(p)] < position[id(node)] for node in order for p in node.parents)

    def test_long_chains(self) -> None:
        node = Node(parents=())
        for _ in range(20_000):
            node = Node(parents=(node, node))
        assert len(backprop.topological_sort(node)) == 20_001


# Each expression twice, on Values and on tensors, with operands that keep every function in its domain.
EXPRESSIONS: tuple[Callable[[Any, Any], Any], ...] = (
    lambda x, y: x * y + x,
    lambda x, y: x * x * x - 2 * y,
    lambda x, y: (x + y) ** 2 / (y * y + 1),
    lambda x, y: (x * y).tanh() + (x - y).exp(),
    lambda x, y: (x - y).relu() * 3 + (-x).relu(),
    lambda x, y: 1 / (1 + (-x * y).exp()),
    lambda x, y: (x * x + 0.5) ** -1.5 + (y * y + 1) ** 0.5,
    lambda x, y: 5 - x + 0 * y,
    lambda x, y: x**0 + y**1,
)


class TestValue:
    @settings(deadline=None)
    @given(st.floats(-3, 3), st.floats(-3, 3), st.sampled_from(range(len(EXPRESSIONS))))
    def test_equals_torch(self, x: float, y: float, which: int) -> None:
        expression = EXPRESSIONS[which]
        a, b = Value(x), Value(y)
        out = expression(a, b)
        out.backward()
        s, t = tensor(x), tensor(y)
        reference = expression(s, t)
        reference.backward()
        assert out.data == pytest.approx(reference.item(), rel=1e-12, abs=1e-12)
        assert a.gradient == pytest.approx(s.grad.item(), rel=1e-10, abs=1e-12)
        assert b.gradient == pytest.approx(t.grad.item(), rel=1e-10, abs=1e-12)

    def test_shared_intermediate_values(self) -> None:
        x = Value(2.0)
        s = x * x
        d = s * s + s  # x⁴ + x²
        d.backward()
        assert (d.data, s.gradient, x.gradient, d.gradient) == (20.0, 9.0, 36.0, 1.0)

    def test_a_network_of_values_learns_exclusive_or(self) -> None:
        """A 2-4-1 net of Values, trained by plain gradient descent, separates what no line separates."""
        generator = np.random.default_rng(3)
        examples = [((0, 0), -1), ((0, 1), 1), ((1, 0), 1), ((1, 1), -1)]
        hidden = [[Value(w) for w in generator.normal(size=3)] for _ in range(4)]
        output = [Value(w) for w in generator.normal(size=5)]
        parameters = [*output, *(w for unit in hidden for w in unit)]

        def predict(x: tuple[int, int]) -> Value:
            units = [(w[0] * x[0] + w[1] * x[1] + w[2]).tanh() for w in hidden]
            return sum((w * u for w, u in zip(output[:4], units, strict=True)), output[4]).tanh()

        for _ in range(200):
            cost = sum(((predict(x) - y) ** 2 for x, y in examples), Value(0.0))
            cost.backward()
            for p in parameters:
                p.data -= 0.2 * p.gradient
        assert all(predict(x).data * y > 0.8 for x, y in examples)

    def test_backward_forgets_an_earlier_call(self) -> None:
        x = Value(3.0)
        out = x * x
        out.backward()
        out.backward()
        assert x.gradient == 6.0

    def test_relu_at_zero_and_powers_of_zero(self) -> None:
        zero = Value(0.0)
        (zero.relu() + zero**0 + zero**1).backward()
        assert zero.gradient == 1.0

    def test_ten_thousand_additions(self) -> None:
        x = Value(1.0)
        total = x
        for _ in range(10_000):
            total = total + x
        total.backward()
        assert (total.data, x.gradient) == (10_001.0, 10_001.0)

    @pytest.mark.parametrize("number", [2, 2.0, np.float64(2), np.float32(2), np.int64(2)])
    def test_works_with_every_real_number(self, number: Any) -> None:
        x = Value(3.0)
        (number * x + x * number + number - x).backward()
        assert x.gradient == 3.0

    def test_says_what_it_is(self) -> None:
        assert repr(Value(1.5)) == "Value(1.5, gradient=0)"
        assert (Value(1) * 2).operation == "*"


Z, W = np.zeros, np.ones
BAD_INPUT: tuple[tuple[type[Exception], str, Callable[[], Any]], ...] = (
    (ValueError, r"outputs and targets .*\(2, 3\) and \(2,\)", lambda: backprop.squared_error(Z((2, 3)), Z(2))),
    (ValueError, "at least one row", lambda: backprop.squared_error(Z((0, 3)), Z((0, 3)))),
    (ValueError, r"logits and labels .*\(3, 1\)", lambda: backprop.binary_cross_entropy(Z(3), Z((3, 1)))),
    (ValueError, "at least one row", lambda: backprop.binary_cross_entropy(Z(0), Z(0))),
    (ValueError, r"\[0, 1\], not between -1", lambda: backprop.binary_cross_entropy(Z(2), np.array([-1, 1]))),
    (ValueError, r"\[0, 1\]", lambda: backprop.binary_cross_entropy(Z(2), np.array([np.nan, 1]))),
    (ValueError, r"logits must be \(m, k\)", lambda: backprop.softmax_cross_entropy(Z(3), Z(3, int))),
    (ValueError, r"labels \(m,\)", lambda: backprop.softmax_cross_entropy(Z((3, 2)), Z((3, 2), int))),
    (ValueError, "m at least 1", lambda: backprop.softmax_cross_entropy(Z((0, 2)), Z(0, int))),
    (ValueError, "integers from 0 to 1", lambda: backprop.softmax_cross_entropy(Z((1, 2)), np.array([2]))),
    (ValueError, "from -1 to -1", lambda: backprop.softmax_cross_entropy(Z((1, 2)), np.array([-1]))),
    (ValueError, "not float64", lambda: backprop.softmax_cross_entropy(Z((1, 2)), np.array([0.0]))),
    (ValueError, r"weights \(n,\)", lambda: backprop.logistic_forward(Z((2, 3)), Z(2), 0.0)),
    (ValueError, r"inputs must be \(m, n\)", lambda: backprop.logistic_forward(Z(3), Z(3), 0.0)),
    (ValueError, "labels must have", lambda: backprop.logistic_gradients(Z((2, 3)), Z(3), 0.0, Z(3))),
    (ValueError, "weights and biases", lambda: backprop.forward(Z((1, 2)), [], [])),
    (ValueError, "weights and biases", lambda: backprop.forward(Z((1, 2)), [W((2, 2))], [])),
    (ValueError, r"biases must have shapes \[\(3,\)\]", lambda: backprop.forward(Z((1, 2)), [W((3, 2))], [Z(1)])),
    (ValueError, "weights do not chain", lambda: backprop.forward(Z((1, 2)), [W((3, 4))], [Z(3)])),
    (ValueError, "weights do not chain", lambda: backprop.forward(Z(2), [W((3, 2))], [Z(3)])),
    (ValueError, "pre_activations and targets", lambda: backprop.output_delta(Z((2, 3)), Z((3, 2)), "squared_error")),
    (ValueError, "m above 0", lambda: backprop.output_delta(Z((0, 3)), Z((0, 3)), "squared_error")),
    (ValueError, "loss must be .*not 'mse'", lambda: backprop.output_delta(Z((2, 3)), Z((2, 3)), "mse")),
    (ValueError, "delta must be", lambda: backprop.hidden_delta(Z((2, 3)), W((4, 3)), Z((2, 4)))),
    (ValueError, "delta must be", lambda: backprop.hidden_delta(Z((2, 3)), W(3), Z((2, 4)))),
    (ValueError, "delta must be", lambda: backprop.hidden_delta(Z((2, 3)), W((3, 4)), Z((5, 4)))),
    (ValueError, "delta must be", lambda: backprop.weight_gradients(Z((2, 3)), Z((3, 4)))),
    (ValueError, "delta must be", lambda: backprop.weight_gradients(Z(2), Z((2, 4)))),
    (
        ValueError,
        "L pre_activations",
        lambda: backprop.backward([], [Z((1, 2))], [W((2, 2))], Z((1, 2)), "squared_error"),
    ),
    (TypeError, "floats, not of int64", lambda: backprop.numerical_gradient(np.sum, np.array([1]))),
    (ValueError, "step must be positive, not 0", lambda: backprop.numerical_gradient(np.sum, Z(1), 0)),
    (ValueError, "gradient must have", lambda: backprop.gradient_check(np.sum, Z(2), Z(3))),
    (ValueError, "gradients must have", lambda: backprop.gradient_descent_step([Z(2)], [Z(1)], 0.1)),
    (ValueError, "gradients must have", lambda: backprop.gradient_descent_step([Z(2)], [], 0.1)),
    (ValueError, "rate must be at least 0, not -1", lambda: backprop.gradient_descent_step([Z(2)], [Z(2)], -1)),
    (ValueError, "one number per parent", lambda: Value(1.0, (Value(2.0),))),
    (TypeError, "exponent must be a plain number, not Value", lambda: Value(2.0) ** Value(3.0)),
    (ValueError, "whole for the negative base", lambda: Value(-2.0) ** 0.5),
    (TypeError, "data must be a number, not ndarray", lambda: Value(1.0) + Z((2, 2))),
    (TypeError, "data must be a number, not str", lambda: "1" * Value(1.0)),
)


@pytest.mark.parametrize(("error", "message", "ask"), BAD_INPUT)
def test_bad_input_is_named(error: type[Exception], message: str, ask: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        ask()


def test_a_network_reads_digits() -> None:
    """The chapter's bar: 64-64-10 on digits, 40 epochs, at least 97 % of the test pictures."""
    history = training.train_network(
        digits(seed=0),
        backprop.forward,
        backprop.backward,
        backprop.gradient_descent_step,
        backprop.softmax_cross_entropy,
        generator=np.random.default_rng(0),
        progress=False,
    )
    assert history.test_accuracy[-1] >= 0.97
    assert history.costs[-1] < 0.05 < history.costs[0]
