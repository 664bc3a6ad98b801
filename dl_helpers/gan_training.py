"""Generative adversarial networks at work: data, batches, the training loop around algorithm 1, and the score.

``fit`` runs ``dl_helpers.gans.train_gan``, or a learner's, with a progress bar. Everything random comes from seeds, so
that a run can be repeated; whoever interrupts it keeps what has been trained until then.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from dl_helpers import gans
from dl_helpers.datasets import Split

Loss = Callable[[torch.Tensor], torch.Tensor]
Penalty = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]
Watch = Callable[[int, nn.Module, nn.Module], None]
Kinds = tuple[Callable[..., nn.Module], Callable[..., nn.Module]]

COURSE: Kinds = (gans.Generator, gans.Discriminator)
RING_MODES, RING_RADIUS, RING_DEVIATION = 8, 2.0, 0.05
# A sample is good within three standard deviations of the nearest center: 98.9 % of the ring's own are.
GOOD_RADIUS = 3 * RING_DEVIATION
RING_NOISE, DIGITS_NOISE = 4, 16
DIGITS_HIDDEN = 256


# --- data and noise ---------------------------------------------------------------------------------------------------


def ring_centers() -> np.ndarray:
    """The centers of eight Gaussians on a circle of radius 2, shape (8, 2)."""
    angles = 2 * np.pi * np.arange(RING_MODES) / RING_MODES
    return RING_RADIUS * np.column_stack([np.cos(angles), np.sin(angles)])


def sample_ring(examples: int, generator: torch.Generator) -> torch.Tensor:
    """Points of the ring, shape (examples, 2), float32 on the CPU: a mode at random, and round noise of deviation 0.05.

    Raises ValueError if examples is below 1.
    """
    if examples < 1:
        raise ValueError(f"examples is {examples}, must be at least 1")
    modes = torch.randint(RING_MODES, (examples,), generator=generator)
    centers = torch.from_numpy(ring_centers()).float()
    return centers[modes] + RING_DEVIATION * torch.randn(examples, 2, generator=generator)


def ring_batches(
    batch_size: int, generator: torch.Generator, device: torch.device | str = "cpu"
) -> Iterator[torch.Tensor]:
    """Fresh batches of the ring without end, shape (batch_size, 2)."""
    while True:
        yield sample_ring(batch_size, generator).to(device)


def data_batches(data: torch.Tensor, batch_size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Batches of a data set without end: each epoch in a new order, without the rest that fills no batch.

    data:       examples in rows, shape (m, ...), on the device where the batches are wanted.
    batch_size: from 1 to m.
    generator:  on the CPU; draws the orders.

    Raises ValueError, at once, for a batch size below 1 or above the number of examples.
    """
    if not 1 <= batch_size <= len(data):
        raise ValueError(f"batch_size is {batch_size}, must be from 1 to {len(data)}, the number of examples in data")

    def batches() -> Iterator[torch.Tensor]:
        while True:
            order = torch.randperm(len(data), generator=generator).to(data.device)
            for start in range(0, len(data) - batch_size + 1, batch_size):
                yield data[order[start : start + batch_size]]

    return batches()


def noise_batches(
    batch_size: int, noise_size: int, generator: torch.Generator, device: torch.device | str = "cpu"
) -> Iterator[torch.Tensor]:
    """Batches of standard normal noise without end, shape (batch_size, noise_size). ``generator`` is on the CPU, so
    that the same seed gives the same noise on every device."""
    while True:
        yield torch.randn(batch_size, noise_size, generator=generator).to(device)


def digit_pixels(split: Split, device: torch.device | str = "cpu") -> torch.Tensor:
    """The training digits as a GAN wants them: pixels from −1 to 1, float32, shape (m, 64)."""
    return torch.from_numpy(split.train_inputs).float().to(device) * 2 - 1


# --- networks ---------------------------------------------------------------------------------------------------------


def networks(
    noise_size: int, hidden: int, outputs: int, seed: int, device: torch.device | str = "cpu", kinds: Kinds = COURSE
) -> tuple[nn.Module, nn.Module]:
    """A new generator and discriminator, the same for the same seed on every device.

    kinds: the classes of generator and discriminator; by default the course's.
    """
    # Layers draw their first weights from torch's global generator: set it for a moment, then put it back.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator, discriminator = kinds
        return generator(noise_size, hidden, outputs).to(device), discriminator(outputs, hidden).to(device)


class LazyPenalty:
    """A penalty that is worked out at every ``every``-th call alone, and counts ``every`` times as much there.

    Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020), section 3.1: the steps get cheaper,
    the mean gradient stays the same.
    """

    def __init__(self, weight: float, every: int = 1, penalty: Callable[..., torch.Tensor] = gans.r1_penalty) -> None:
        if not weight >= 0 or every < 1:
            raise ValueError(f"weight is {weight}, must be at least 0; every is {every}, must be at least 1")
        self.weight, self.every, self.penalty = weight, every, penalty
        self.calls = 0

    def __call__(self, discriminator: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls % self.every:
            return real.new_zeros(())
        return self.penalty(discriminator, real, self.every * self.weight)


# --- training ---------------------------------------------------------------------------------------------------------


@dataclass
class GanRun:
    """Two trained networks and how they got there.

    generator, discriminator: after the last step taken.
    averaged:      a generator whose weights are the running average of the generator's.
    losses:        (loss of D, loss of G) of every step taken.
    interrupted:   whether it was stopped before its time; everything else is as far as it came.
    """

    generator: nn.Module
    discriminator: nn.Module
    averaged: nn.Module
    losses: list[tuple[float, float]] = field(default_factory=list)
    interrupted: bool = False


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for torch's work on the CPU: networks this small take longer with two, and other last digits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def fit(
    generator: nn.Module,
    discriminator: nn.Module,
    real_batches: Iterator[torch.Tensor],
    noise_batches: Iterator[torch.Tensor],
    *,
    steps: int,
    loss: Loss = gans.generator_loss_non_saturating,
    generator_rate: float = 1e-3,
    discriminator_rate: float = 1e-3,
    k: int = 1,
    penalty: Penalty | None = None,
    average: float = 0.995,
    decay: bool = True,
    watch: Watch | None = None,
    every: int = 100,
    train: Callable[..., Iterator[tuple[float, float]]] = gans.train_gan,
    progress: bool = True,
) -> GanRun:
    """Train two networks by algorithm 1, both with Adam (β₁ = 0.5, β₂ = 0.99).

    generator, discriminator: are trained in place.
    real_batches, noise_batches: give a fresh batch at each ``next``, on the networks' device.
    steps:              of the generator.
    loss:               what the generator descends.
    generator_rate, discriminator_rate: learning rates at the start.
    k:                  steps of D before each step of G.
    penalty:            of the discriminator.
    average:            decay of the running average of the generator's weights, in [0, 1).
    decay:              let both rates fall along a line to 0.
    watch:              called before the first step and after every ``every``-th with (steps taken, G, D).
    train:              algorithm 1, with the interface of ``gans.train_gan``.
    progress:           show a bar.

    Returns the run. KeyboardInterrupt (the notebook's stop button) ends the training early and keeps what is there.
    Raises ValueError for steps or k below 1.
    """
    if steps < 1 or k < 1:
        raise ValueError(f"steps is {steps} and k is {k}, both must be at least 1")
    run = GanRun(generator, discriminator, copy.deepcopy(generator))
    optimizers = [
        torch.optim.Adam(network.parameters(), rate, betas=(0.5, 0.99))
        for network, rate in ((generator, generator_rate), (discriminator, discriminator_rate))
    ]
    rates = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    if watch is not None:
        watch(0, generator, discriminator)
    played = train(generator, discriminator, *optimizers, real_batches, noise_batches, loss, steps, k, penalty)
    # `disable` is only passed to switch the bar off, so that TQDM_DISABLE keeps its meaning.
    options: dict[str, Any] = {} if progress else {"disable": True}
    with _one_thread(), tqdm(total=steps, desc="training", unit="step", **options) as bar:
        try:
            for pair in played:
                run.losses.append(pair)
                taken = len(run.losses)
                with torch.no_grad():
                    for mean, now in zip(run.averaged.parameters(), generator.parameters(), strict=True):
                        mean.lerp_(now, 1 - average)
                if decay:
                    for optimizer, rate in zip(optimizers, rates, strict=True):
                        optimizer.param_groups[0]["lr"] = rate * (1 - taken / steps)
                if watch is not None and taken % every == 0:
                    watch(taken, generator, discriminator)
                bar.update()
                if taken % 50 == 0:
                    bar.set_postfix({"D": f"{pair[0]:.3f}", "G": f"{pair[1]:.3f}"}, refresh=False)
        except KeyboardInterrupt:
            run.interrupted = True
    if run.interrupted:
        print(f"Stopped after {len(run.losses)} of {steps} steps; the networks are as far as they came.")
    return run


def fit_ring(
    seed: int,
    *,
    steps: int = 3000,
    hidden: int = 128,
    batch_size: int = 128,
    rate: float = 2e-3,
    r1: float = 0.3,
    device: torch.device | str = "cpu",
    kinds: Kinds = COURSE,
    r1_penalty: Callable[..., torch.Tensor] = gans.r1_penalty,
    **options: Any,
) -> GanRun:
    """Train a GAN on the ring of eight Gaussians.

    seed:    of the first weights, the data and the noise.
    rate:    the learning rate of both players at the start, unless ``options`` name their own.
    r1:      weight γ of the R1 penalty; 0 for none.
    kinds:   the classes of generator and discriminator.
    options: further arguments of ``fit``.
    """
    generator, discriminator = networks(RING_NOISE, hidden, 2, seed, device, kinds)
    return fit(
        generator,
        discriminator,
        ring_batches(batch_size, torch.Generator().manual_seed(seed + 1), device),
        noise_batches(batch_size, RING_NOISE, torch.Generator().manual_seed(seed + 2), device),
        steps=steps,
        penalty=LazyPenalty(r1, penalty=r1_penalty) if r1 else None,
        **{"generator_rate": rate, "discriminator_rate": rate, **options},
    )


def fit_digits(
    split: Split,
    seed: int,
    *,
    steps: int = 8000,
    batch_size: int = 64,
    rate: float = 2e-3,
    r1: float = 0.3,
    lazy: int = 8,
    device: torch.device | str = "cpu",
    kinds: Kinds = COURSE,
    r1_penalty: Callable[..., torch.Tensor] = gans.r1_penalty,
    **options: Any,
) -> GanRun:
    """Train a GAN on the training digits, pixels from −1 to 1.

    seed:    of the first weights, the order of the data and the noise.
    rate:    the learning rate of both players at the start.
    r1:      weight γ of the R1 penalty; 0 for none.
    lazy:    the penalty is worked out at every ``lazy``-th step of D.
    kinds:   the classes of generator and discriminator.
    options: further arguments of ``fit``.
    """
    generator, discriminator = networks(DIGITS_NOISE, DIGITS_HIDDEN, 64, seed, device, kinds)
    return fit(
        generator,
        discriminator,
        data_batches(digit_pixels(split, device), batch_size, torch.Generator().manual_seed(seed + 1)),
        noise_batches(batch_size, DIGITS_NOISE, torch.Generator().manual_seed(seed + 2), device),
        steps=steps,
        generator_rate=rate,
        discriminator_rate=rate,
        average=options.pop("average", 0.999),
        penalty=LazyPenalty(r1, lazy, r1_penalty) if r1 else None,
        **options,
    )


def samples(generator: nn.Module, count: int, noise_size: int, seed: int) -> np.ndarray:
    """``count`` samples of a generator, float64, shape (count, n); the noise comes from ``seed``."""
    device = next(generator.parameters()).device
    noise = next(noise_batches(count, noise_size, torch.Generator().manual_seed(seed), device))
    with torch.no_grad():
        return generator(noise).cpu().double().numpy()


def digit_samples(generator: nn.Module, count: int, seed: int) -> np.ndarray:
    """Digits drawn by a generator, pixels brought back to [0, 1], shape (count, 64)."""
    return np.clip((samples(generator, count, DIGITS_NOISE, seed) + 1) / 2, 0, 1)


# --- the score --------------------------------------------------------------------------------------------------------


class DigitFeatures:
    """What a classifier of digits sees in a picture: the 64 activations under its scores, the space of the score.

    It is trained on the training part of ``split`` and never meets a picture of the test part.
    """

    def __init__(self, split: Split, seed: int = 0, epochs: int = 30) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = nn.Sequential(
                nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10)
            )
        order = torch.Generator().manual_seed(seed)
        optimizer = torch.optim.Adam(self.network.parameters(), 5e-3)
        inputs, labels = torch.from_numpy(split.train_inputs).float(), torch.from_numpy(split.train_labels)
        with _one_thread():
            for _ in range(epochs):
                for rows in torch.randperm(len(inputs), generator=order).split(64):
                    optimizer.zero_grad()
                    functional.cross_entropy(self.network(inputs[rows]), labels[rows]).backward()
                    optimizer.step()
        self.accuracy = float(np.mean(self.classes(split.test_inputs) == split.test_labels))

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Features, float64, shape (m, 64), of pictures with pixels in [0, 1], shape (m, 64)."""
        with torch.no_grad():
            return self.network[:4](torch.from_numpy(pictures).float()).double().numpy()

    def classes(self, pictures: np.ndarray) -> np.ndarray:
        """The digit that the classifier sees in each picture, shape (m,)."""
        with torch.no_grad():
            return self.network(torch.from_numpy(pictures).float()).argmax(dim=1).numpy()


def features_distance(
    features: np.ndarray,
    other_features: np.ndarray,
    frechet_distance: Callable[..., float] = gans.frechet_distance,
) -> float:
    """The Fréchet distance between the Gaussians that have the means and covariances of two sets of features.

    features, other_features: shapes (m, n) and (l, n), m and l at least 2. A feature may be the same in all examples.

    Raises ValueError for shapes that do not fit or for fewer than two examples.
    """
    shapes = np.shape(features), np.shape(other_features)
    if not (len(shapes[0]) == len(shapes[1]) == 2 and shapes[0][1] == shapes[1][1] and min(s[0] for s in shapes) >= 2):
        raise ValueError(f"features and other_features must be (m, n) and (l, n), m and l at least 2, not {shapes}")
    moments = [(found.mean(axis=0), np.atleast_2d(np.cov(found, rowvar=False))) for found in (features, other_features)]
    return frechet_distance(*moments[0], *moments[1])


def mixture_samples(split: Split, components: int, count: int, seed: int) -> np.ndarray:
    """Samples of a mixture of Gaussians with diagonal covariances, fitted to the training digits by EM.

    Pixels are cut to [0, 1]; shape (count, 64). With one component it matches mean and variance of every pixel.
    """
    model = GaussianMixture(components, covariance_type="diag", reg_covar=1e-3, random_state=seed)
    drawn, _ = model.fit(split.train_inputs).sample(count)
    # scikit-learn gives the samples component by component.
    return np.random.default_rng(seed).permutation(np.clip(drawn, 0, 1))


def baselines(split: Split, features: DigitFeatures, count: int = 1797, seed: int = 0) -> dict[str, float]:
    """The Fréchet distances, to the training digits, of what a GAN is measured against: real digits that were held out,
    and ``count`` samples of a mixture of 30 Gaussians and of one Gaussian."""
    rivals = {
        "held-out real": split.test_inputs,
        "mixture of 30": mixture_samples(split, 30, count, seed),
        "one Gaussian": mixture_samples(split, 1, count, seed),
    }
    real = features(split.train_inputs)
    return {name: features_distance(features(pictures), real) for name, pictures in rivals.items()}
