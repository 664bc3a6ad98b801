from typing import Any

import numpy as np
import pytest

from dl_helpers import backprop, training
from dl_helpers.datasets import Split, digits


def train(split: Split, seed: int = 0, **options: Any) -> training.NetworkHistory:
    options = {"progress": False, "forward": backprop.forward, **options}
    return training.train_network(
        split,
        backward=backprop.backward,
        gradient_descent_step=backprop.gradient_descent_step,
        cost=backprop.softmax_cross_entropy,
        generator=np.random.default_rng(seed),
        **options,
    )


def small() -> Split:
    split = digits(seed=0)
    return Split(split.train_inputs[:100], split.train_labels[:100], split.test_inputs, split.test_labels)


def test_a_seed_gives_one_network() -> None:
    first, same, other = train(small(), epochs=2), train(small(), epochs=2), train(small(), seed=1, epochs=2)
    np.testing.assert_array_equal(first.weights[0], same.weights[0])
    assert first.costs == same.costs != other.costs


def test_the_history_describes_the_network() -> None:
    split = small()
    history = train(split, epochs=3, hidden=(7, 5))
    assert [w.shape for w in history.weights] == [(7, 64), (5, 7), (10, 5)]
    assert len(history.costs) == len(history.train_accuracy) == len(history.test_accuracy) == 3
    logits = backprop.forward(split.test_inputs, history.weights, history.biases)[0][-1]
    assert history.test_accuracy[-1] == np.mean(np.argmax(logits, axis=1) == split.test_labels)


def test_every_example_once_an_epoch_and_the_last_batch_short() -> None:
    split, seen = small(), []

    def forward(x: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray]) -> Any:
        seen.append(x)
        return backprop.forward(x, weights, biases)

    train(split, epochs=1, batch_size=32, forward=forward)
    batches = seen[:-2]  # the last two are the evaluations
    assert [len(x) for x in batches] == [32, 32, 32, 4]
    assert sorted(map(bytes, np.vstack(batches))) == sorted(map(bytes, split.train_inputs))


def test_a_full_batch_step_is_gradient_descent() -> None:
    split = small()
    history = train(split, seed=4, epochs=1, batch_size=100, rate=0.5, hidden=())
    ((weights,), (biases,)) = training.initial_network([64, 10], np.random.default_rng(4))
    # softmax regression has its gradient in closed form: 1/m (p − y)ᵀ x
    z = split.train_inputs @ weights.T + biases
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    error = (p - np.eye(10)[split.train_labels]) / 100
    np.testing.assert_allclose(history.weights[0], weights - 0.5 * error.T @ split.train_inputs, atol=1e-12)
    np.testing.assert_allclose(history.biases[0], biases - 0.5 * error.sum(axis=0), atol=1e-12)


def test_the_bar_shows_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    train(small(), epochs=2, progress=True)
    shown = capsys.readouterr()
    assert "training" in shown.out and "2/2" in shown.out and not shown.err


def test_no_bar_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    train(small(), epochs=1)
    assert capsys.readouterr().out == ""


def test_first_weights_have_the_stated_spread() -> None:
    weights, biases = training.initial_network([400, 300, 2], np.random.default_rng(0))
    assert weights[0].shape == (300, 400) and biases[0].shape == (300,) and not any(b.any() for b in biases)
    # 120,000 draws: the standard deviation is known to 1/√240,000 ≈ 0.2 %; allow five of those
    assert weights[0].std() * np.sqrt(400) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("sizes", [[3], [], [3, 0]])
def test_impossible_networks_are_refused(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="sizes must be"):
        training.initial_network(sizes, np.random.default_rng(0))


@pytest.mark.parametrize("options", [{"epochs": 0}, {"batch_size": 0}])
def test_empty_training_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="epochs and batch_size"):
        train(small(), **options)


def test_accuracy_by_hand() -> None:
    scores = np.array([[0.1, 0.9], [2.0, -1.0], [0.0, 1.0]])
    assert training.accuracy(scores, np.array([1, 0, 0])) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="scores must be"):
        training.accuracy(scores, np.array([1, 0]))
