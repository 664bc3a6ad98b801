import numpy as np
import pytest
from sklearn.datasets import load_digits

from dl_helpers.datasets import digits


def test_digits_are_scaled_typed_and_complete() -> None:
    split = digits(seed=0)
    assert split.train_inputs.shape == (1437, 64) and split.test_inputs.shape == (360, 64)
    assert split.train_inputs.dtype == np.float64 and split.train_labels.dtype == np.int64
    everything = np.vstack([split.train_inputs, split.test_inputs])
    assert (everything.min(), everything.max()) == (0.0, 1.0)
    assert sorted(map(bytes, everything)) == sorted(map(bytes, load_digits().data / 16))


def test_a_picture_keeps_its_label() -> None:
    bunch = load_digits()
    known = {bytes(row / 16): label for row, label in zip(bunch.data, bunch.target, strict=True)}
    split = digits(seed=3)
    assert all(known[bytes(row)] == label for row, label in zip(split.test_inputs, split.test_labels, strict=True))


def test_the_split_is_stratified() -> None:
    split = digits(seed=1, test_examples=500)
    total = np.bincount(load_digits().target)
    share = np.bincount(split.test_labels) / total
    assert np.all(np.abs(share * total - 500 / 1797 * total) <= 1)


def test_a_seed_gives_one_split() -> None:
    first, same, other = digits(seed=5), digits(seed=5), digits(seed=6)
    np.testing.assert_array_equal(first.test_inputs, same.test_inputs)
    np.testing.assert_array_equal(first.train_labels, same.train_labels)
    assert not np.array_equal(first.test_labels, other.test_labels)


def test_images_stand_channels_first() -> None:
    flat, images = digits(seed=2), digits(seed=2, images=True)
    assert images.train_inputs.shape == (1437, 1, 8, 8)
    np.testing.assert_array_equal(images.test_inputs[7, 0, 2], flat.test_inputs[7, 16:24])


@pytest.mark.parametrize("test_examples", [9, 0, -1, 1788])
def test_a_part_too_small_is_refused(test_examples: int) -> None:
    with pytest.raises(ValueError, match=f"from 10 to 1787, not {test_examples}"):
        digits(seed=0, test_examples=test_examples)
