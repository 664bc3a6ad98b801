"""Data sets that ship with the packages the course depends on: offline, licensed, small.

``docs/data.md`` credits the sources.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


@dataclass(frozen=True)
class Split:
    """A data set cut into a training and a test part, examples in rows.

    ``*_inputs`` are float64 of shape (m, ...), ``*_labels`` int64 of shape (m,).
    """

    train_inputs: np.ndarray
    train_labels: np.ndarray
    test_inputs: np.ndarray
    test_labels: np.ndarray


def digits(seed: int, test_examples: int = 360, images: bool = False) -> Split:
    """Handwritten digits, 1797 pictures of 8 × 8 pixels in ten classes, from scikit-learn.

    Alpaydin & Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository
    (1998). The pixels' whole numbers 0 to 16 are scaled to [0, 1]. The split is stratified: both
    parts hold the classes in the same proportions, to within one example.

    seed:          of the shuffle, so that the same seed gives the same split.
    test_examples: in the test part, from 10 to 1787; 360 are one fifth.
    images:        shape (m, 1, 8, 8), channels first, instead of (m, 64).

    Returns a ``Split``.
    Raises ValueError if a part would have fewer examples than there are classes.
    """
    pixels, labels = load_digits(return_X_y=True)
    if not 10 <= test_examples <= len(labels) - 10:
        raise ValueError(f"test_examples must be from 10 to {len(labels) - 10}, not {test_examples}")
    inputs = pixels / 16.0
    if images:
        inputs = inputs.reshape(-1, 1, 8, 8)
    train_inputs, test_inputs, train_labels, test_labels = train_test_split(
        inputs, labels.astype(np.int64), test_size=test_examples, stratify=labels, random_state=seed
    )
    return Split(train_inputs, train_labels, test_inputs, test_labels)
