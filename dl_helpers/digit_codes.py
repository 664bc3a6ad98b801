"""Autoencoders on the digits: how they are trained, what they are compared with, and what their codes are worth.

Training takes the functions of ``dl_helpers.autoencoders`` or a learner's. Every run is a function of its seed: the
first weights, the order of the examples and the noise are drawn by generators made from it, on the CPU, so that they
are the same on every device.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from dl_helpers import autoencoders
from dl_helpers.datasets import digits
from dl_helpers.training import StepHistory, run_steps

Machine = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
Layer = tuple[torch.Tensor, torch.Tensor]
Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True, eq=False)
class Pictures:
    """The digits as tensors: ``train`` and ``test`` of shape (m, 64), values in [0, 1], and their labels (m,)."""

    train: torch.Tensor
    test: torch.Tensor
    train_labels: np.ndarray
    test_labels: np.ndarray

    @property
    def binarized(self) -> "Pictures":
        """The same pictures in black and white: 1 where a pixel is darker than half, else 0."""
        train, test = ((part > 0.5).to(part.dtype) for part in (self.train, self.test))
        return Pictures(train, test, self.train_labels, self.test_labels)


def pictures(seed: int, device: torch.device | str = "cpu") -> Pictures:
    """The digits, 1437 to train on and 360 held out, in single precision on a device."""
    split = digits(seed)
    train, test = (
        torch.tensor(part, dtype=torch.float32, device=device) for part in (split.train_inputs, split.test_inputs)
    )
    return Pictures(train, test, split.train_labels, split.test_labels)


def mean_squared_error(inputs: torch.Tensor, reconstructions: torch.Tensor) -> float:
    """The mean of the squared errors over all pixels of all examples: the reconstruction loss divided by the pixels."""
    return float(torch.mean((inputs - reconstructions.detach()) ** 2))


def seeded(model: Model, seed: int, device: torch.device | str = "cpu") -> Model:
    """The model with first weights and biases drawn anew from ±1/√fan-in, as torch does, but from a seed of its own.

    Raises ValueError for a model with parameters outside of ``nn.Linear`` and ``nn.Conv2d``.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = 0
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                bound = 1 / math.sqrt(module.weight[0].numel())
                for parameter in module.parameters():
                    parameter.copy_((2 * torch.rand(parameter.shape, generator=generator) - 1) * bound)
                    drawn += 1
    if drawn != len(list(model.parameters())):
        raise ValueError("model must hold its parameters in nn.Linear and nn.Conv2d layers")
    return model.to(device)


def first_weights(hidden: int, n: int, seed: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """Weights of shape (hidden, n), normal with standard deviation 1/√n, drawn from a seed."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(hidden, n, generator=generator) / math.sqrt(n)).to(device)


def train_autoencoder(
    model: nn.Module,
    inputs: torch.Tensor,
    *,
    seed: int,
    steps: int,
    batch_size: int = 64,
    rate: float = 2e-3,
    momentum: float | None = None,
    training_step: Callable[..., float] = autoencoders.training_step,
    spoil: Callable[[torch.Tensor, torch.Generator], torch.Tensor] | None = None,
    penalty: Callable[[nn.Module, torch.Tensor], torch.Tensor] | None = None,
    progress: bool = True,
    description: str = "autoencoder",
) -> StepHistory:
    """Train a model to draw its inputs, in place.

    inputs:        what it is to draw, shape (m, ...), on the model's device.
    seed:          of the batches and of the noise.
    rate:          the learning rate; it falls to zero over the steps along half a cosine.
    momentum:      None trains with Adam, a number with gradient descent that has this momentum.
    training_step: with the interface of ``autoencoders.training_step``.
    spoil:         makes the model's inputs of a batch and a generator on the CPU; the targets stay clean.
    penalty:       as in ``autoencoders.training_step``.

    Returns the history. Interrupted, it keeps what was learned.
    """
    noise = torch.Generator().manual_seed(seed)
    parameters = model.parameters()
    optimizer = (
        torch.optim.Adam(parameters, lr=rate)
        if momentum is None
        else torch.optim.SGD(parameters, lr=rate, momentum=momentum)
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def step(rows: np.ndarray) -> float:
        clean = inputs[torch.from_numpy(rows).to(inputs.device)]
        shown = clean if spoil is None else spoil(clean, noise)
        loss = training_step(model, optimizer, shown, clean, penalty)
        schedule.step()
        return loss

    return run_steps(
        step,
        len(inputs),
        steps=steps,
        batch_size=batch_size,
        generator=np.random.default_rng(seed),
        progress=progress,
        description=description,
    )


def gaussian_noise(
    level: float, corrupt: Callable[..., torch.Tensor] = autoencoders.corrupt
) -> Callable[[torch.Tensor, torch.Generator], torch.Tensor]:
    """What ``train_autoencoder`` takes as ``spoil``: Gaussian noise of standard deviation ``level``, drawn anew."""

    def spoil(clean: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        noise = torch.randn(clean.shape, generator=generator).to(clean)
        return corrupt(clean, "gaussian", level, noise)

    return spoil


# --- what autoencoders are compared with ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class PCA:
    """The k directions in which data spread most: ``mean`` (n,), ``directions`` (k, n) with orthonormal rows."""

    mean: torch.Tensor
    directions: torch.Tensor

    def encode(self, inputs: torch.Tensor) -> torch.Tensor:
        """The coordinates of inputs (m, n) along the directions, shape (m, k)."""
        return (inputs - self.mean) @ self.directions.T

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """The points, shape (m, n), of coordinates (m, k)."""
        return codes @ self.directions + self.mean


def pca(inputs: torch.Tensor, components: int) -> PCA:
    """The principal components of inputs (m, n), by singular value decomposition in double precision."""
    mean = inputs.double().mean(dim=0)
    directions = torch.linalg.svd(inputs.double() - mean, full_matrices=False).Vh[:components]
    return PCA(mean.to(inputs), directions.to(inputs))


def largest_angle(first: torch.Tensor, second: torch.Tensor) -> float:
    """The largest angle between two subspaces of equal dimension, in degrees: 0 if they are the same.

    first, second: a basis of each in rows, shape (k, n).
    """
    bases = [torch.linalg.qr(rows.double().T).Q for rows in (first, second)]
    cosines = torch.linalg.svdvals(bases[0].T @ bases[1])
    return math.degrees(math.acos(min(1.0, float(cosines.min()))))


@dataclass(frozen=True, eq=False)
class BernoulliMixture:
    """A mixture of K independent coins for each pixel: ``log_shares`` (K,), ``probabilities`` (K, n)."""

    log_shares: torch.Tensor
    probabilities: torch.Tensor

    def log_likelihood(self, inputs: torch.Tensor) -> torch.Tensor:
        """log p(x) of each row of inputs, zeros and ones of shape (m, n), in nats; shape (m,)."""
        return torch.logsumexp(self.joint(inputs), dim=1)

    def joint(self, inputs: torch.Tensor) -> torch.Tensor:
        """log p(x, component), shape (m, K)."""
        x, p = inputs.double(), self.probabilities
        return self.log_shares + x @ torch.log(p).T + (1 - x) @ torch.log1p(-p).T


def bernoulli_mixture(inputs: torch.Tensor, components: int, seed: int, rounds: int = 60) -> BernoulliMixture:
    """Fit a mixture of Bernoulli distributions by expectation maximization.

    inputs:     zeros and ones, shape (m, n).
    components: K; each starts at a training picture drawn from the seed.
    rounds:     of expectation and maximization.

    To every pixel's counts of zeros and ones a fifth is added, so that no probability is 0 or 1.
    """
    x = inputs.double()
    generator = torch.Generator().manual_seed(seed)
    start = x[torch.randperm(len(x), generator=generator)[:components].to(x.device)]
    mixture = BernoulliMixture(torch.full((components,), -math.log(components)).to(x), 0.25 + 0.5 * start)
    for _ in range(rounds):
        shares = torch.softmax(mixture.joint(inputs), dim=1)
        counts = shares.sum(dim=0)
        probabilities = (shares.T @ x + 0.2) / (counts[:, None] + 0.4)
        mixture = BernoulliMixture(torch.log((counts + 1) / (len(x) + components)), probabilities)
    return mixture


def few_label_accuracy(
    train_codes: torch.Tensor, train_labels: np.ndarray, test_codes: torch.Tensor, test_labels: np.ndarray, each: int
) -> float:
    """The accuracy of logistic regression on codes when only the first ``each`` examples of a class have labels."""
    rows = np.concatenate([np.flatnonzero(train_labels == label)[:each] for label in np.unique(train_labels)])
    codes, tests = train_codes.detach().cpu().double().numpy(), test_codes.detach().cpu().double().numpy()
    center, spread = codes.mean(axis=0), codes.std(axis=0).mean()
    classifier = LogisticRegression(max_iter=2000).fit((codes[rows] - center) / spread, train_labels[rows])
    return float(classifier.score((tests - center) / spread, test_labels))


# --- restricted Boltzmann machines ------------------------------------------------------------------------------------


def train_machine(
    inputs: torch.Tensor,
    hidden: int,
    *,
    seed: int,
    steps: int,
    batch_size: int = 64,
    rate: float = 0.1,
    step: Callable[..., Machine] = autoencoders.contrastive_divergence_step,
    progress: bool = True,
) -> tuple[Machine, StepHistory]:
    """Train a restricted Boltzmann machine by contrastive divergence.

    inputs: values in [0, 1], shape (m, n).
    hidden: how many hidden units.
    step:   with the interface of ``autoencoders.contrastive_divergence_step``.

    Returns ((W, b, c), history); the history holds the mean squared error of the reconstruction of each batch by
    probabilities, before its step. Interrupted, it keeps what was learned.
    """
    generator = torch.Generator().manual_seed(seed)
    w = (0.1 * torch.randn(inputs.shape[1], hidden, generator=generator)).to(inputs)
    machine = [w, torch.zeros_like(w[:, 0]), torch.zeros_like(w[0])]

    def move(rows: np.ndarray) -> float:
        visible = inputs[torch.from_numpy(rows).to(inputs.device)]
        codes = torch.sigmoid(visible @ machine[0] + machine[2])
        error = mean_squared_error(visible, torch.sigmoid(codes @ machine[0].T + machine[1]))
        uniform = torch.rand(len(rows), hidden, generator=generator).to(inputs)
        machine[:] = step(visible, *machine, uniform, rate)
        return error

    history = run_steps(
        move,
        len(inputs),
        steps=steps,
        batch_size=batch_size,
        generator=np.random.default_rng(seed),
        progress=progress,
        description=f"machine {inputs.shape[1]}-{hidden}",
    )
    return (machine[0], machine[1], machine[2]), history


def train_stack(inputs: torch.Tensor, sizes: Sequence[int], **options: Any) -> list[Machine]:
    """A stack of machines, each trained on the hidden probabilities of the one below; options as ``train_machine``."""
    machines = []
    for hidden in sizes:
        machine, _ = train_machine(inputs, hidden, **options)
        inputs = torch.sigmoid(inputs @ machine[0] + machine[2])
        machines.append(machine)
    return machines


def sigmoid_network(layers: Sequence[Layer]) -> nn.Sequential:
    """A network of sigmoid layers with given (weight, bias) pairs, weights of shape (n_out, n_in)."""
    network = nn.Sequential()
    for weight, bias in layers:
        linear = nn.Linear(weight.shape[1], weight.shape[0], device=weight.device, dtype=weight.dtype)
        linear.load_state_dict({"weight": weight, "bias": bias})
        network.extend([linear, nn.Sigmoid()])
    return network


# --- the variational autoencoder --------------------------------------------------------------------------------------


def train_vae(
    model: nn.Module,
    inputs: torch.Tensor,
    *,
    seed: int,
    steps: int,
    code: int,
    batch_size: int = 64,
    rate: float = 2e-3,
    objective: Callable[..., torch.Tensor] = autoencoders.elbo,
    progress: bool = True,
) -> StepHistory:
    """Train a variational autoencoder with Adam, in place.

    model:     with the interface of ``autoencoders.VAE``, on the inputs' device.
    inputs:    values in [0, 1], shape (m, n).
    seed:      of the batches and of the noise.
    code:      the length of the code.
    rate:      the learning rate; it falls to zero over the steps along half a cosine.
    objective: of inputs, logits, mean and log_variance, to be made large.

    Returns the history of the objective's negative. Interrupted, it keeps what was learned.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def step(rows: np.ndarray) -> float:
        batch = inputs[torch.from_numpy(rows).to(inputs.device)]
        noise = torch.randn(len(rows), code, generator=generator).to(inputs)
        optimizer.zero_grad()
        cost = -objective(batch, *model(batch, noise))
        cost.backward()
        optimizer.step()
        schedule.step()
        return cost.item()

    return run_steps(
        step,
        len(inputs),
        steps=steps,
        batch_size=batch_size,
        generator=np.random.default_rng(seed),
        progress=progress,
        description="variational autoencoder",
    )


def negative_elbo(model: nn.Module, inputs: torch.Tensor, code: int, seed: int = 0, draws: int = 20) -> float:
    """−ELBO of inputs, the mean over ``draws`` draws of every code: an upper bound of −log p(x), in nats a picture."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        values = [
            -autoencoders.elbo(inputs, *model(inputs, torch.randn(len(inputs), code, generator=generator).to(inputs)))
            for _ in range(draws)
        ]
    return float(torch.stack(values).mean())


# --- what lies between the codes --------------------------------------------------------------------------------------


def chimeras(inputs: torch.Tensor, seed: int) -> torch.Tensor:
    """Pictures that nobody writes: the upper half of each digit (m, 64) above the lower half of another one."""
    order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(seed)).to(inputs.device)
    half = inputs.shape[1] // 2
    return torch.cat([inputs[:, :half], inputs[order, half:]], dim=1)


def codes_like(codes: torch.Tensor, count: int, seed: int) -> torch.Tensor:
    """``count`` draws from the Gaussian with the mean and the covariance of codes (m, k): shape (count, k)."""
    draws = torch.randn(count, codes.shape[1], generator=torch.Generator().manual_seed(seed)).to(codes)
    return codes.mean(dim=0) + draws @ torch.linalg.cholesky(torch.cov(codes.T)).T


def surprise(drawn: torch.Tensor, judge: BernoulliMixture) -> float:
    """How unlikely a mixture that was fitted to real digits finds pictures, in nats a picture: −log p, the mean.

    drawn: probabilities or gray values in [0, 1], shape (m, n); each pixel is first made black or white.
    """
    return -float(judge.log_likelihood((drawn > 0.5).to(drawn.dtype)).mean())
