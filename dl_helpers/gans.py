"""Chapter 13: from inverse-CDF sampling to generative adversarial networks, and how to score what they draw.

Conventions:

- Examples stand in rows. Noise z is (m, noise_size), examples x and fakes G(z) are (m, n).
- A discriminator gives **logits**, shape (m,), no probabilities: D(x) = σ(logit) is the probability that x is real.
  Losses are computed from logits, so that a certain discriminator costs no precision.
- Losses are means over the batch, in nats, and are *descended* by whoever owns them.
- Networks live wherever their parameters do; batches must be on the same device. Nothing here draws random numbers:
  uniform draws, noise and mixing weights come in as arguments.
- Discrete laws are arrays of probabilities over the same bins, which sum to 1; 0·log 0 = 0.

Sources: Goodfellow et al., "Generative Adversarial Nets" (2014); Mescheder, Geiger and Nowozin, "Which Training Methods
for GANs do actually Converge?" (2018); Gulrajani et al., "Improved Training of Wasserstein GANs" (2017); Heusel et al.,
"GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium" (2017).
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional

LAW_TOLERANCE = 1e-6


def exponential_inverse_cdf(uniform: np.ndarray, rate: float) -> np.ndarray:
    """Turn uniform draws into draws from the exponential law, F(y) = 1 − e^(−λy) for y ≥ 0.

    uniform: U, any shape, values in [0, 1).
    rate:    λ, above 0. The mean is 1/λ, the variance 1/λ².

    Returns F⁻¹(U), the shape of uniform.
    Raises ValueError for a draw outside [0, 1) or a rate that is not positive.
    """
    if not np.all((uniform >= 0) & (uniform < 1)):
        raise ValueError(f"uniform lies between {np.min(uniform)} and {np.max(uniform)}, must lie in [0, 1)")
    if not rate > 0:
        raise ValueError(f"rate is {rate}, must be above 0")
    # u = 1 − e^(−λy)  ⇔  y = −log(1 − u) / λ
    return -np.log1p(-uniform) / rate


def cauchy_inverse_cdf(uniform: np.ndarray, location: float, scale: float) -> np.ndarray:
    """Turn uniform draws into draws from the Cauchy law, F(y) = ½ + arctan((y − a)/b)/π.

    uniform:  U, any shape, values in (0, 1).
    location: a, the median. The law has no mean.
    scale:    b, above 0: half of all draws lie within b of the median.

    Returns F⁻¹(U), the shape of uniform.
    Raises ValueError for a draw outside (0, 1) or a scale that is not positive.
    """
    if not np.all((uniform > 0) & (uniform < 1)):
        raise ValueError(f"uniform lies between {np.min(uniform)} and {np.max(uniform)}, must lie in (0, 1)")
    if not scale > 0:
        raise ValueError(f"scale is {scale}, must be above 0")
    # u = ½ + arctan((y − a)/b)/π  ⇔  y = a + b tan(π(u − ½))
    return location + scale * np.tan(np.pi * (uniform - 0.5))


def empirical_inverse_cdf(uniform: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Turn uniform draws into draws from the data themselves, through the generalized inverse of their CDF.

    The empirical CDF F(y) = (number of data ≤ y)/n is a staircase: it jumps and is flat in between, so it has no
    inverse. The generalized inverse F⁻¹(u) = min {y : F(y) ≥ u} always exists, and is always one of the data.

    uniform: U, any shape, values in (0, 1].
    data:    n numbers in any order, shape (n,), n at least 1; equal ones may occur.

    Returns F⁻¹(U), the shape of uniform.
    Raises ValueError for a draw outside (0, 1] or for data that are no row of numbers.
    """
    if not np.all((uniform > 0) & (uniform <= 1)):
        raise ValueError(f"uniform lies between {np.min(uniform)} and {np.max(uniform)}, must lie in (0, 1]")
    if data.ndim != 1 or len(data) == 0:
        raise ValueError(f"data has shape {data.shape}, must be (n,) with n at least 1")
    # The steps of the staircase: the i-th smallest has F = i/n, for i = 1 ... n.
    heights = np.arange(1, len(data) + 1) / len(data)
    # F⁻¹(u) = the first y on a step of height u or more
    return np.sort(data)[np.searchsorted(heights, uniform, side="left")]


def inverse_cdf_proof(
    uniform: np.ndarray,
    y: float,
    cdf: Callable[[float], float],
    inverse_cdf: Callable[[np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray, float]:
    """The three steps of the proof that Y = F⁻¹(U) has the CDF F, on given draws.

    P(Y ≤ y) = P(F⁻¹(U) ≤ y) = P(U ≤ F(y)) = F(y). The first equation puts in what Y is. The second says that two
    *events* are one and the same: each single draw is in both or in neither. The third is the CDF of U itself.

    uniform:     U, shape (m,), values in (0, 1).
    y:           the number at which the CDF of Y is asked for.
    cdf:         F, takes a number.
    inverse_cdf: F⁻¹, takes an array and gives one of the same shape.

    Returns (left, right, probability): for each draw whether it is in the event F⁻¹(U) ≤ y, for each whether it is in
    the event U ≤ F(y), both boolean of shape (m,); and P(U ≤ F(y)) as the CDF of the uniform law gives it, exactly and
    not as a share of the draws.
    Raises ValueError for a draw outside (0, 1).
    """
    if not np.all((uniform > 0) & (uniform < 1)):
        raise ValueError(f"uniform lies between {np.min(uniform)} and {np.max(uniform)}, must lie in (0, 1)")
    # P(Y ≤ y) = P(F⁻¹(U) ≤ y)
    left = inverse_cdf(uniform) <= y
    # F⁻¹(U) ≤ y  ⇔  U ≤ F(y), because F rises
    right = uniform <= cdf(y)
    # P(U ≤ c) = c for c in [0, 1]
    return left, right, cdf(y)


def ks_distance(samples: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> float:
    """The Kolmogorov–Smirnov distance sup_y |F_n(y) − F(y)| of samples from a law.

    F_n, the samples' own CDF, is a staircase that jumps from (i − 1)/n to i/n at the i-th smallest sample. The law's F
    is continuous and rises. So the largest gap is at a jump: at its upper end or at its lower end.

    samples: shape (n,), n at least 1, in any order.
    cdf:     F, a continuous CDF; takes an array and gives one of the same shape.

    Returns a float from 0 to 1. For samples of the law itself it exceeds 1.36/√n in about 5 % of all cases (n large).
    Raises ValueError for samples that are no row of numbers.
    """
    if samples.ndim != 1 or len(samples) == 0:
        raise ValueError(f"samples has shape {samples.shape}, must be (n,) with n at least 1")
    n = len(samples)
    law = cdf(np.sort(samples))
    upper = np.arange(1, n + 1) / n
    lower = np.arange(n) / n
    # sup |F_n − F| = max_i max(i/n − F(y_i), F(y_i) − (i − 1)/n)
    return float(max(np.max(upper - law), np.max(law - lower)))


class Generator(nn.Module):
    """G: a network that turns noise into an example. Two hidden layers of ReLU units, a linear output.

    Submodules: ``first``, ``second`` and ``output``, each an ``nn.Linear``.

    noise_size: numbers in one noise vector z.
    hidden:     units of each hidden layer.
    outputs:    n, numbers in one example.
    """

    def __init__(self, noise_size: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(noise_size, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, outputs)

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        """Fakes G(z), shape (m, n), from noise z, shape (m, noise_size)."""
        # G(z) = W₃ relu(W₂ relu(W₁ z + b₁) + b₂) + b₃
        hidden = torch.relu(self.first(noise))
        hidden = torch.relu(self.second(hidden))
        return self.output(hidden)


class Discriminator(nn.Module):
    """D: a network that says how real an example looks, as a logit. Two hidden layers of leaky ReLU units, slope 0.2.

    Submodules: ``first``, ``second`` and ``output``, each an ``nn.Linear``.

    inputs: n, numbers in one example.
    hidden: units of each hidden layer.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, examples: torch.Tensor) -> torch.Tensor:
        """Logits, shape (m,), of examples x, shape (m, n). The probability that x is real is σ(logit)."""
        hidden = functional.leaky_relu(self.first(examples), 0.2)
        hidden = functional.leaky_relu(self.second(hidden), 0.2)
        return self.output(hidden).squeeze(1)


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """What D descends: −mean log D(x) − mean log(1 − D(G(z))), with D = σ(logit). Minus the value of the game.

    real_logits: of real examples, shape (m,).
    fake_logits: of fakes, shape (l,); l may differ from m.

    Returns the loss in nats, a tensor without axes. It is finite for every finite logit: log σ(s) = −log(1 + e^(−s)).
    Raises ValueError if there is no real or no fake logit.
    """
    if real_logits.numel() == 0 or fake_logits.numel() == 0:
        raise ValueError(
            f"real_logits and fake_logits must hold logits, they have shapes {tuple(real_logits.shape)} and "
            f"{tuple(fake_logits.shape)}"
        )
    # −log σ(s) = log(1 + e^(−s)) = softplus(−s);  −log(1 − σ(s)) = softplus(s)
    return functional.softplus(-real_logits).mean() + functional.softplus(fake_logits).mean()


def generator_loss_minimax(fake_logits: torch.Tensor) -> torch.Tensor:
    """What G descends in the minimax game: mean log(1 − D(G(z))), with D = σ(logit) (Goodfellow et al. 2014, eq. 1).

    fake_logits: shape (m,).

    Returns the loss in nats, a tensor without axes: at most 0, the lower the better for G, finite for finite logits.
    Raises ValueError if there is no logit.
    """
    if fake_logits.numel() == 0:
        raise ValueError(f"fake_logits has shape {tuple(fake_logits.shape)}, must hold logits")
    # log(1 − σ(s)) = −log(1 + e^s)
    return -functional.softplus(fake_logits).mean()


def generator_loss_non_saturating(fake_logits: torch.Tensor) -> torch.Tensor:
    """What G descends so as not to stall: −mean log D(G(z)), with D = σ(logit) (Goodfellow et al. 2014, section 3).

    fake_logits: shape (m,).

    Returns the loss in nats, a tensor without axes: at least 0, the lower the better for G, finite for finite logits.
    Raises ValueError if there is no logit.
    """
    if fake_logits.numel() == 0:
        raise ValueError(f"fake_logits has shape {tuple(fake_logits.shape)}, must hold logits")
    # −log σ(s) = log(1 + e^(−s))
    return functional.softplus(-fake_logits).mean()


def optimal_discriminator(p_data: np.ndarray, p_generator: np.ndarray) -> np.ndarray:
    """The best answer to a fixed generator: D*(x) = p_data / (p_data + p_g) (Goodfellow et al. 2014, proposition 1).

    p_data, p_generator: densities or probabilities at the same points, one shape, at least 0.

    Returns D*, the same shape, from 0 to 1. Where nothing ever comes (0/0) it is ½ by convention: no game is played
    there, and any answer would be as good.
    Raises ValueError for unequal shapes or a negative entry.
    """
    if p_data.shape != p_generator.shape:
        raise ValueError(f"p_generator has shape {p_generator.shape}, must be {p_data.shape} as p_data")
    if not (np.all(p_data >= 0) and np.all(p_generator >= 0)):
        raise ValueError("p_data and p_generator must be at least 0 everywhere")
    total = p_data + p_generator
    # D* = p_data / (p_data + p_g)
    return np.divide(p_data, total, out=np.full(total.shape, 0.5), where=total > 0)


def game_value(p_data: np.ndarray, p_generator: np.ndarray, discriminator: np.ndarray) -> float:
    """The value V = Σ p_data log D + Σ p_g log(1 − D) that D wants large and G wants small, on a histogram.

    p_data, p_generator: probabilities of the same bins, one shape, each with the sum 1.
    discriminator:       D in each bin, the same shape, from 0 to 1.

    Returns V in nats, a float: at most 0, −∞ where D is certain and wrong. A bin of probability 0 adds nothing,
    whatever D says there.
    Raises ValueError for unequal shapes, for a D outside [0, 1], or if a sum differs from 1 by more than 1e-6.
    """
    if not p_data.shape == p_generator.shape == discriminator.shape:
        raise ValueError(
            f"p_generator and discriminator have shapes {p_generator.shape} and {discriminator.shape}, must be "
            f"{p_data.shape} as p_data"
        )
    if not np.all((discriminator >= 0) & (discriminator <= 1)):
        raise ValueError("discriminator must lie in [0, 1] everywhere")
    if not (abs(p_data.sum() - 1) <= LAW_TOLERANCE and abs(p_generator.sum() - 1) <= LAW_TOLERANCE):
        raise ValueError(f"p_data and p_generator have the sums {p_data.sum()} and {p_generator.sum()}, must have 1")
    data, fakes = p_data > 0, p_generator > 0
    with np.errstate(divide="ignore"):
        # V = Σ p_data log D + Σ p_g log(1 − D), each over the bins in which something comes
        real = np.sum(p_data[data] * np.log(discriminator[data]))
        fake = np.sum(p_generator[fakes] * np.log(1 - discriminator[fakes]))
    return float(real + fake)


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """The Jensen–Shannon divergence ½ KL(p ‖ m) + ½ KL(q ‖ m) of two discrete laws, with their middle m = (p + q)/2.

    KL(p ‖ m) = Σ p log(p/m), in which a bin with p = 0 adds nothing.

    p, q: probabilities of the same bins, one shape, each with the sum 1.

    Returns a float in nats: 0 if and only if p = q, log 2 if no bin holds both. It is symmetric and never infinite.
    Raises ValueError for unequal shapes, a negative entry, or if a sum differs from 1 by more than 1e-6.
    """
    if p.shape != q.shape:
        raise ValueError(f"q has shape {q.shape}, must be {p.shape} as p")
    if not (np.all(p >= 0) and np.all(q >= 0)):
        raise ValueError("p and q must be at least 0 everywhere")
    if not (abs(p.sum() - 1) <= LAW_TOLERANCE and abs(q.sum() - 1) <= LAW_TOLERANCE):
        raise ValueError(f"p and q have the sums {p.sum()} and {q.sum()}, must have 1")
    middle = (p + q) / 2
    divergence = 0.0
    for law in (p, q):
        present = law > 0
        # ½ KL(law ‖ m) = ½ Σ law log(law / m)
        divergence += 0.5 * np.sum(law[present] * np.log(law[present] / middle[present]))
    return float(divergence)


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    real: torch.Tensor,
    noise: torch.Tensor,
    penalty: Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> float:
    """One step of D, the inner part of algorithm 1: the optimizer descends ``discriminator_loss`` on one batch.

    Gradients left over from earlier steps do not count. The generator is not touched: its parameters stay as they
    are, and so does what stands in their ``.grad``.

    generator:     G: noise -> fakes.
    discriminator: D: examples -> logits, shape (m,).
    optimizer:     of D's parameters alone.
    real:          a batch of real examples, shape (m, n).
    noise:         a batch of noise, shape (l, noise_size), on the same device.
    penalty:       takes (discriminator, real, fakes), gives a tensor without axes that is added to the loss; or None.

    Returns the loss before the step, penalty included, a Python number.
    """
    fakes = generator(noise).detach()
    # −mean log D(x) − mean log(1 − D(G(z)))
    loss = discriminator_loss(discriminator(real), discriminator(fakes))
    if penalty is not None:
        loss = loss + penalty(discriminator, real, fakes)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def generator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    noise: torch.Tensor,
    loss: Callable[[torch.Tensor], torch.Tensor],
) -> float:
    """One step of G, the outer part of algorithm 1: the optimizer descends a loss of D's logits on a batch of fakes.

    Gradients left over from earlier steps do not count. D's parameters stay as they are.

    generator:     G: noise -> fakes.
    discriminator: D: examples -> logits, shape (m,). The gradient reaches G through it.
    optimizer:     of G's parameters alone.
    noise:         a batch of noise, shape (m, noise_size).
    loss:          takes the logits of fakes, gives a tensor without axes to be descended, such as
                   ``generator_loss_minimax`` or ``generator_loss_non_saturating``.

    Returns the loss before the step, a Python number.
    """
    # Not detached: this gradient has to run through D into G.
    result = loss(discriminator(generator(noise)))
    optimizer.zero_grad()
    result.backward()
    optimizer.step()
    return result.item()


def train_gan(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimizer: torch.optim.Optimizer,
    discriminator_optimizer: torch.optim.Optimizer,
    real_batches: Iterator[torch.Tensor],
    noise_batches: Iterator[torch.Tensor],
    loss: Callable[[torch.Tensor], torch.Tensor],
    steps: int,
    k: int = 1,
    penalty: Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> Iterator[tuple[float, float]]:
    """Algorithm 1 of Goodfellow et al. (2014): k steps of D, then one step of G, again and again.

    Every step of either player takes a fresh batch: a step of D one real and one noise batch, a step of G one noise
    batch. It is a generator in Python's sense: after each step of G it yields, so that whoever runs it can watch, draw
    or stop.

    generator, discriminator: G and D.
    generator_optimizer, discriminator_optimizer: each of one network's parameters.
    real_batches:  gives a fresh batch of real examples at each ``next``, and never ends.
    noise_batches: gives a fresh batch of noise at each ``next``, and never ends.
    loss:          what G descends, a function of the logits of fakes.
    steps:         steps of G, at least 0.
    k:             steps of D before each step of G, at least 1.
    penalty:       handed to ``discriminator_step``.

    Yields, ``steps`` times, (loss of D in the last of its k steps, loss of G): two Python numbers.
    Raises ValueError, when the first pair is asked for, for steps below 0 or k below 1.
    """
    if steps < 0 or k < 1:
        raise ValueError(f"steps is {steps}, must be at least 0; k is {k}, must be at least 1")
    for _ in range(steps):
        for _ in range(k):
            discriminator_value = discriminator_step(
                generator,
                discriminator,
                discriminator_optimizer,
                next(real_batches),
                next(noise_batches),
                penalty,
            )
        generator_value = generator_step(generator, discriminator, generator_optimizer, next(noise_batches), loss)
        yield discriminator_value, generator_value


def mode_coverage(samples: np.ndarray, centers: np.ndarray, radius: float, least: int = 1) -> tuple[int, float]:
    """How many modes a generator kept, and which share of its samples is good.

    A sample is good if it lies within ``radius`` of the center that is nearest to it. A mode is kept if at least
    ``least`` good samples are its own.

    samples: shape (m, n), m at least 1.
    centers: of the modes, shape (k, n).
    radius:  in the units of the samples, above 0; "within" includes the distance radius itself.
    least:   good samples that keep a mode, at least 1.

    Returns (modes, share): a whole number from 0 to k, and a float from 0 to 1.
    Raises ValueError for shapes that do not fit, a radius that is not positive or a least below 1.
    """
    if samples.ndim != 2 or len(samples) == 0 or centers.ndim != 2 or samples.shape[1] != centers.shape[1]:
        raise ValueError(
            f"samples must be (m, n) with m at least 1 and centers (k, n), they have shapes {samples.shape} and "
            f"{centers.shape}"
        )
    if not radius > 0 or least < 1:
        raise ValueError(f"radius is {radius}, must be above 0; least is {least}, must be at least 1")
    # distances[i, j] = ‖x_i − c_j‖
    distances = np.linalg.norm(samples[:, None, :] - centers[None, :, :], axis=2)
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= radius
    counts = np.bincount(nearest[good], minlength=len(centers))
    return int(np.sum(counts >= least)), float(np.mean(good))


def r1_penalty(discriminator: nn.Module, real: torch.Tensor, weight: float) -> torch.Tensor:
    """The penalty R1 = ½γ · mean ‖∇ₓ D(x)‖² on real examples, D as a logit (Mescheder et al. 2018, eq. 9).

    It makes D flat where the data are: so D can be still once the fakes are there too.

    discriminator: D: examples (m, n) -> logits (m,). Each logit depends on its own example alone.
    real:          x, shape (m, n).
    weight:        γ, at least 0.

    Returns a tensor without axes that can be differentiated with respect to D's parameters. ‖·‖² sums the squares over
    the n numbers of one example; the mean is over the m examples. ``real`` itself stays as it is.
    Raises ValueError for a negative weight.
    """
    if not weight >= 0:
        raise ValueError(f"weight is {weight}, must be at least 0")
    real = real.detach().requires_grad_(True)
    # Each logit has its own example, so the gradient of the sum holds the gradients of all.
    (gradients,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    # ½ γ mean_i Σ_j (∂D(x_i)/∂x_ij)²
    return 0.5 * weight * gradients.square().sum(dim=1).mean()


def wgan_gradient_penalty(
    discriminator: nn.Module, real: torch.Tensor, fake: torch.Tensor, mix: torch.Tensor, weight: float
) -> torch.Tensor:
    """The penalty λ · mean (‖∇D(x̂)‖ − 1)² at points between real and fake (Gulrajani et al. 2017, eq. 3).

    x̂ = t·x + (1 − t)·G(z), on the line between a real example and a fake. A critic of the Wasserstein distance must not
    rise faster than 1 anywhere; the best one rises at the rate 1 on these lines.

    discriminator: D: examples (m, n) -> numbers (m,). Each depends on its own example alone.
    real, fake:    x and G(z), each of shape (m, n).
    mix:           t, shape (m, 1), one number in [0, 1] for each pair.
    weight:        λ, at least 0; the paper takes 10.

    Returns a tensor without axes that can be differentiated with respect to D's parameters.
    Raises ValueError for shapes that do not fit or a negative weight.
    """
    if real.shape != fake.shape or mix.shape != (len(real), 1):
        raise ValueError(
            f"fake and mix have shapes {tuple(fake.shape)} and {tuple(mix.shape)}, must be {tuple(real.shape)} as real "
            f"and ({len(real)}, 1)"
        )
    if not weight >= 0:
        raise ValueError(f"weight is {weight}, must be at least 0")
    # x̂ = t x + (1 − t) G(z)
    between = (mix * real + (1 - mix) * fake).detach().requires_grad_(True)
    (gradients,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    # λ mean_i (‖∇D(x̂_i)‖ − 1)²
    return weight * (gradients.norm(dim=1) - 1).square().mean()


def frechet_distance(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other_covariance: np.ndarray
) -> float:
    """The (squared) Fréchet distance of two Gaussians: ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½).

    Dowson and Landau (1982); Heusel et al. (2017) take it between features of real and of generated pictures, the FID.
    Σ₁Σ₂ is not symmetric, but has the same eigenvalues as the symmetric Σ₁^½ Σ₂ Σ₁^½, all at least 0; the trace of
    its root is the sum of their square roots. That way nothing becomes complex, also where a feature has variance 0.

    mean, other_mean:             μ₁ and μ₂, shape (n,).
    covariance, other_covariance: Σ₁ and Σ₂, shape (n, n), symmetric, without negative eigenvalues.

    Returns a float, 0 for equal Gaussians, in the squared units of the features.
    Raises ValueError for shapes that do not fit, or a covariance that is not symmetric or not finite.
    """
    if not (mean.shape == other_mean.shape and covariance.shape == other_covariance.shape == (len(mean), len(mean))):
        raise ValueError(
            f"means must be (n,) and covariances (n, n), they have shapes {mean.shape}, {other_mean.shape}, "
            f"{covariance.shape} and {other_covariance.shape}"
        )
    if not all(
        np.isfinite(matrix).all() and np.allclose(matrix, matrix.T) for matrix in (covariance, other_covariance)
    ):
        raise ValueError("covariance and other_covariance must be finite and symmetric")
    # Rounding makes an eigenvalue that is 0 slightly negative: no root of that.
    eigenvalues, eigenvectors = np.linalg.eigh(covariance)
    # Σ₁^½ = Q √Λ Qᵀ
    root = eigenvectors * np.sqrt(np.maximum(eigenvalues, 0)) @ eigenvectors.T
    # tr (Σ₁Σ₂)^½ = Σ_i √λ_i(Σ₁^½ Σ₂ Σ₁^½)
    cross = np.sum(np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other_covariance @ root), 0)))
    # ‖μ₁ − μ₂‖² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁Σ₂)^½
    return float(np.sum((mean - other_mean) ** 2) + np.trace(covariance) + np.trace(other_covariance) - 2 * cross)
