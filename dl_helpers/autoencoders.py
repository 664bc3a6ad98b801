"""Autoencoders: losses, penalties and networks that learn a short code, and the variational autoencoder.

Conventions, the same in every function:

- Examples stand in rows: ``inputs`` x is (m, n) for m examples with n features; pictures are (m, channels, height,
  width). Functions and modules compute on the device and in the precision of what they are given.
- A layer has ``weights`` W of shape (n_out, n_in), as in torch, and computes z = x Wᵀ + b. Only the restricted
  Boltzmann machine keeps the orientation of its papers: W of shape (visible, hidden), v W + c and h Wᵀ + b.
- A loss is the sum over the features or units of one example, then the mean over the m examples.
- Logarithms are natural: Kullback–Leibler divergences and the ELBO are in nats.
- Every random draw is an argument, so that the same call gives the same result.

Sources: Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313 (2006);
Vincent et al., "Extracting and composing robust features with denoising autoencoders" (2008); Rifai et al.,
"Contractive auto-encoders" (2011); Kingma & Welling, "Auto-encoding variational Bayes" (2014).
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional


def reconstruction_loss(inputs: torch.Tensor, reconstructions: torch.Tensor) -> torch.Tensor:
    """The squared error of reconstructions: the mean over the examples of ‖x − x'‖².

    inputs:          x, shape (m, ...): vectors or pictures.
    reconstructions: x', the same shape.

    Returns a tensor of shape (): 1/m Σ_i Σ_j (x_ij − x'_ij)². The squares of one example are summed over all its
    features; the mean is over the m examples alone.
    Raises ValueError if the shapes differ, there is no example, or an example has no axis of its own.
    """
    if inputs.shape != reconstructions.shape or inputs.ndim < 2 or len(inputs) == 0:
        raise ValueError(
            f"inputs and reconstructions must have one shape (m, ...) with m above 0, "
            f"not {tuple(inputs.shape)} and {tuple(reconstructions.shape)}"
        )
    # L = 1/m Σ_i ‖x_i − x'_i‖²
    return torch.sum((inputs - reconstructions) ** 2) / len(inputs)


class Autoencoder(nn.Module):
    """A network that squeezes x through a short code and draws it again.

    sizes: n_0 ... n_L, at least two numbers: n_0 features, hidden layers, n_L the length of the code.

    Submodules, both ``nn.Sequential``:
    encoder: ``nn.Linear`` layers n_0 → n_1 → ... → n_L with an ``nn.ReLU`` between each two of them.
    decoder: ``nn.Linear`` layers n_L → ... → n_1 → n_0, the same sizes backward, with an ``nn.ReLU`` between each two.
    Neither the code nor the reconstruction passes a nonlinearity: Autoencoder((64, 8)) is linear.

    Raises ValueError for fewer than two sizes or a size below 1.
    """

    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes must be at least two numbers from 1 on, not {sizes}")
        self.encoder, self.decoder = nn.Sequential(), nn.Sequential()
        for network, widths in ((self.encoder, sizes), (self.decoder, sizes[::-1])):
            for n_in, n_out in zip(widths, widths[1:], strict=False):
                if len(network) > 0:
                    network.append(nn.ReLU())
                network.append(nn.Linear(n_in, n_out))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The reconstructions x', shape (m, n_0), of inputs x, shape (m, n_0)."""
        # code = encoder(x), x' = decoder(code)
        return self.decoder(self.encoder(inputs))


def training_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    penalty: Callable[[nn.Module, torch.Tensor], torch.Tensor] | None = None,
) -> float:
    """One step of the optimizer on J = reconstruction_loss(targets, model(inputs)) + penalty(model, inputs).

    model:     takes inputs, returns reconstructions.
    optimizer: holds the model's parameters; gradients of earlier steps play no part in this one.
    inputs:    what the model is shown, shape (m, ...).
    targets:   what it is to draw, the same shape: the inputs themselves, or the clean pictures of noisy inputs.
    penalty:   a function of the model and the inputs, added to the loss with its strength already in it; None for none.

    Changes the model's parameters in place. Returns J before the step, a float.
    """
    optimizer.zero_grad()
    # J = 1/m Σ ‖target − x'‖² + penalty
    cost = reconstruction_loss(targets, model(inputs))
    if penalty is not None:
        cost = cost + penalty(model, inputs)
    cost.backward()
    optimizer.step()
    return cost.item()


class TiedAutoencoder(nn.Module):
    """One sigmoid layer and its transpose: code h = σ(x Wᵀ + b), reconstruction x' = h W + c, with one matrix W.

    weights: the first W, shape (hidden, n): a row for each hidden unit. The module learns a copy of it.

    Parameters, all ``nn.Parameter`` of W's precision and device:
    weight:       W, shape (hidden, n).
    encoder_bias: b, zeros, of the shape that h's rows have.
    decoder_bias: c, zeros, of the shape that x's rows have.

    Raises ValueError if weights is no matrix, or if inputs or codes do not fit it.
    """

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        if weights.ndim != 2:
            raise ValueError(f"weights must be a matrix (hidden, n), not of shape {tuple(weights.shape)}")
        hidden, n = weights.shape
        self.weight = nn.Parameter(weights.clone())
        self.encoder_bias = nn.Parameter(weights.new_zeros(hidden))
        self.decoder_bias = nn.Parameter(weights.new_zeros(n))

    def encode(self, inputs: torch.Tensor) -> torch.Tensor:
        """The code h, shape (m, hidden), of inputs x, shape (m, n)."""
        if inputs.ndim != 2 or inputs.shape[1] != self.weight.shape[1]:
            raise ValueError(f"inputs must be (m, {self.weight.shape[1]}), not {tuple(inputs.shape)}")
        # h = σ(x Wᵀ + b)
        return torch.sigmoid(inputs @ self.weight.T + self.encoder_bias)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """The reconstructions x', shape (m, n), of codes h, shape (m, hidden)."""
        if codes.ndim != 2 or codes.shape[1] != self.weight.shape[0]:
            raise ValueError(f"codes must be (m, {self.weight.shape[0]}), not {tuple(codes.shape)}")
        # x' = h W + c
        return codes @ self.weight + self.decoder_bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The reconstructions x', shape (m, n), of inputs x, shape (m, n)."""
        return self.decode(self.encode(inputs))


def max_activating_input(weights: torch.Tensor) -> torch.Tensor:
    """For each unit, the input of length 1 that excites it most.

    weights: W, shape (k, n): a row for each unit, which computes w·x + b. No row is all zeros.

    Returns the inputs, shape (k, n): row j has ‖x‖ = 1, and no other x of that length gives unit j a larger w_j·x.
    Raises ValueError if weights is no matrix or a row is all zeros.
    """
    if weights.ndim != 2 or not torch.all(torch.any(weights != 0, dim=1)):
        raise ValueError(f"weights must be a matrix without a row of zeros, not {tuple(weights.shape)}: {weights}")
    # By Cauchy and Schwarz w·x ≤ ‖w‖ ‖x‖, with equality for x = w / ‖w‖.
    return weights / torch.linalg.vector_norm(weights, dim=1, keepdim=True)


def sparsity_penalty(activations: torch.Tensor, kind: str, strength: float, target: float = 0.05) -> torch.Tensor:
    """A price on active hidden units, by one of two kinds:

    "l1": λ/m Σ_i Σ_j |h_ij|: every activation costs what it is large.
    "kl": λ Σ_j [ρ log(ρ/ρ̂_j) + (1 − ρ) log((1 − ρ)/(1 − ρ̂_j))] with ρ̂_j = 1/m Σ_i h_ij: KL(ρ‖ρ̂_j) of two
          coins, one that shows heads with probability ρ and one that shows it as often as unit j is active.

    activations: h, shape (m, k); for "kl" strictly between 0 and 1.
    kind:        "l1" or "kl".
    strength:    λ, at least 0.
    target:      ρ, the mean activation wanted of every unit, strictly between 0 and 1; only for "kl".

    Returns a tensor of shape (). It is differentiable.
    Raises ValueError for another kind, a negative strength, or activations or a target outside their range.
    """
    if activations.ndim != 2 or len(activations) == 0:
        raise ValueError(f"activations must be (m, k) with m above 0, not {tuple(activations.shape)}")
    if kind not in ("l1", "kl"):
        raise ValueError(f"kind must be 'l1' or 'kl', not {kind!r}")
    if not strength >= 0:
        raise ValueError(f"strength must be at least 0, not {strength}")
    if kind == "kl" and not (0 < target < 1 and torch.all((activations > 0) & (activations < 1))):
        raise ValueError(f"for 'kl' activations and target must lie in (0, 1); target is {target}")
    if kind == "l1":
        # λ/m Σ_i Σ_j |h_ij|
        return strength * torch.sum(torch.abs(activations)) / len(activations)
    # ρ̂_j = 1/m Σ_i h_ij
    mean = torch.mean(activations, dim=0)
    # λ Σ_j KL(ρ ‖ ρ̂_j)
    return strength * torch.sum(target * torch.log(target / mean) + (1 - target) * torch.log((1 - target) / (1 - mean)))


def corrupt(inputs: torch.Tensor, kind: str, level: float, noise: torch.Tensor) -> torch.Tensor:
    """Inputs made worse, for a denoising autoencoder to mend.

    "mask":     a feature becomes 0 where its noise lies below the level, and stays as it is elsewhere. Unlike in
                dropout, what stays is not scaled.
    "gaussian": level times the noise is added; the result may leave [0, 1].

    inputs: x, any shape.
    kind:   "mask" or "gaussian".
    level:  for "mask" the share of features that are lost, in [0, 1]; for "gaussian" the noise's standard deviation,
            at least 0.
    noise:  the same shape as x: for "mask" draws from the uniform distribution on [0, 1), for "gaussian" from N(0, 1).

    Returns a new tensor of x's shape.
    Raises ValueError for another kind, unequal shapes or a level outside its range.
    """
    if inputs.shape != noise.shape:
        raise ValueError(f"noise must have inputs' shape {tuple(inputs.shape)}, not {tuple(noise.shape)}")
    if kind not in ("mask", "gaussian"):
        raise ValueError(f"kind must be 'mask' or 'gaussian', not {kind!r}")
    if not level >= 0 or (kind == "mask" and level > 1):
        raise ValueError(f"level must be at least 0, and for 'mask' at most 1, not {level}")
    if kind == "mask":
        return torch.where(noise < level, 0.0, inputs)
    # x̃ = x + σ ε
    return inputs + level * noise


def contractive_penalty(activations: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """How much a sigmoid encoder h = σ(x Wᵀ + b) moves when x does: the mean of ‖∂h/∂x‖² over the examples.

    ‖∂h/∂x‖² is the sum of the squares of all k·n derivatives ∂h_j/∂x_i of one example (the Frobenius norm, squared).
    Since σ' = σ(1 − σ), the activations are all that is needed besides W: no derivative has to be taken
    (Rifai et al. 2011, equation 7). The strength λ is not in it.

    activations: h, shape (m, k).
    weights:     W, shape (k, n).

    Returns a tensor of shape (). It is differentiable.
    Raises ValueError if the shapes do not fit.
    """
    if activations.ndim != 2 or weights.ndim != 2 or activations.shape[1] != len(weights) or len(activations) == 0:
        raise ValueError(
            f"activations must be (m, k) and weights (k, n), not {tuple(activations.shape)} and {tuple(weights.shape)}"
        )
    # ∂h_j/∂x_i = h_j (1 − h_j) W_ji
    slopes = activations * (1 - activations)
    # 1/m Σ_i Σ_j (h_ij (1 − h_ij))² ‖W_j‖²
    return torch.sum(slopes**2 * torch.sum(weights**2, dim=1)) / len(activations)


class ConvAutoencoder(nn.Module):
    """An autoencoder of convolutions. Its decoder enlarges by repeating pixels, then convolves.

    channels:      of the hidden feature maps.
    code_channels: of the code, whose height and width are a quarter of the picture's.

    Submodules, both ``nn.Sequential``. All convolutions are ``nn.Conv2d`` with 3 × 3 kernels and padding 1.
    encoder: convolution 1 → channels with stride 2, ``nn.ReLU``, convolution channels → code_channels with stride 2.
    decoder: ``nn.Upsample`` by 2, convolution code_channels → channels, ``nn.ReLU``, ``nn.Upsample`` by 2,
             convolution channels → 1. Both enlarge by nearest neighbor: each pixel becomes 2 × 2 equal ones.

    Raises ValueError for a number of channels below 1.
    """

    def __init__(self, channels: int, code_channels: int) -> None:
        super().__init__()
        if min(channels, code_channels) < 1:
            raise ValueError(f"channels and code_channels must be at least 1, not {channels} and {code_channels}")
        self.encoder = nn.Sequential(
            nn.Conv2d(1, channels, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, code_channels, 3, stride=2, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(code_channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(channels, 1, 3, padding=1),
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The reconstructions, shape (m, 1, h, w), of pictures, shape (m, 1, h, w); h and w are multiples of 4."""
        if inputs.ndim != 4 or inputs.shape[1] != 1 or inputs.shape[2] % 4 or inputs.shape[3] % 4:
            raise ValueError(f"inputs must be (m, 1, h, w) with multiples of 4 for h and w, not {tuple(inputs.shape)}")
        return self.decoder(self.encoder(inputs))


def rbm_sample(
    units: torch.Tensor, weights: torch.Tensor, biases: torch.Tensor, uniform: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw one layer of a restricted Boltzmann machine, given the other.

    Given the units s of one layer, the units of the other are independent: each is 1 with probability
    p = σ(s W + b), else 0. It is 1 where its uniform draw lies below p.

    units:   s, the layer that is known, shape (m, a): states 0 and 1, or probabilities.
    weights: W, shape (a, b). From visible to hidden units that is the machine's matrix (visible, hidden); from hidden
             to visible units its transpose.
    biases:  of the layer that is drawn, shape (b,).
    uniform: draws from the uniform distribution on [0, 1), shape (m, b).

    Returns (probabilities, states), both of shape (m, b) and of the same dtype.
    Raises ValueError if the shapes do not fit.
    """
    if units.shape[1:] != weights.shape[:1] or biases.shape != weights.shape[1:]:
        raise ValueError(
            f"units must be (m, a), weights (a, b) and biases (b,), "
            f"not {tuple(units.shape)}, {tuple(weights.shape)} and {tuple(biases.shape)}"
        )
    if uniform.shape != (len(units), len(biases)):
        raise ValueError(f"uniform must be {(len(units), len(biases))}, not {tuple(uniform.shape)}")
    # p = σ(s W + b)
    probabilities = torch.sigmoid(units @ weights + biases)
    return probabilities, (uniform < probabilities).to(probabilities.dtype)


def contrastive_divergence_step(
    visible: torch.Tensor,
    weights: torch.Tensor,
    visible_biases: torch.Tensor,
    hidden_biases: torch.Tensor,
    uniform: torch.Tensor,
    rate: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One step of contrastive divergence, CD-1, on a batch (Hinton 2002; Hinton & Salakhutdinov 2006).

    From the data v⁰ go up, down and up again. Up: h⁰ = p(h | v⁰) = σ(v⁰W + c), and states drawn from h⁰. Down, from the
    drawn states: v¹ = σ(states Wᵀ + b). Up: h¹ = σ(v¹W + c). Only the states are drawn; v¹ and h¹ stay probabilities.
    Then, with the mean over the m examples of the batch:

    W ← W + η/m (v⁰ᵀh⁰ − v¹ᵀh¹),  b ← b + η/m Σ (v⁰ − v¹),  c ← c + η/m Σ (h⁰ − h¹)

    visible:        v⁰, shape (m, a), values in [0, 1].
    weights:        W, shape (a, k).
    visible_biases: b, shape (a,).
    hidden_biases:  c, shape (k,).
    uniform:        draws from the uniform distribution on [0, 1), shape (m, k), for the states.
    rate:           η, at least 0.

    Returns (weights, visible_biases, hidden_biases), all new.
    Raises ValueError if visible lies outside [0, 1], its shape does not fit, or the rate is negative.
    """
    if visible.shape[1:] != weights.shape[:1] or visible_biases.shape != weights.shape[:1] or len(visible) == 0:
        raise ValueError(
            f"visible must be (m, a), weights (a, k) and visible_biases (a,), "
            f"not {tuple(visible.shape)}, {tuple(weights.shape)} and {tuple(visible_biases.shape)}"
        )
    if not (rate >= 0 and torch.all((visible >= 0) & (visible <= 1))):
        raise ValueError(f"visible must lie in [0, 1] and rate be at least 0; rate is {rate}")
    # h⁰ = σ(v⁰ W + c), states ~ h⁰
    hidden, states = rbm_sample(visible, weights, hidden_biases, uniform)
    # v¹ = σ(states Wᵀ + b), h¹ = σ(v¹ W + c)
    reconstruction = torch.sigmoid(states @ weights.T + visible_biases)
    hidden_again = torch.sigmoid(reconstruction @ weights + hidden_biases)
    # ΔW = η/m (v⁰ᵀh⁰ − v¹ᵀh¹), Δb = η/m Σ (v⁰ − v¹), Δc = η/m Σ (h⁰ − h¹)
    return (
        weights + rate * (visible.T @ hidden - reconstruction.T @ hidden_again) / len(visible),
        visible_biases + rate * torch.mean(visible - reconstruction, dim=0),
        hidden_biases + rate * torch.mean(hidden - hidden_again, dim=0),
    )


def unroll(
    machines: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]],
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """A stack of trained machines as the layers of an autoencoder: up through all of them, then down again.

    machines: K triples (W, b, c) from the data upward: W of shape (visible, hidden), visible biases b, hidden biases c.
              The hidden units of one are the visible units of the next.

    Returns 2K pairs (weight, bias) in the order in which data pass through, with weights of torch's shape
    (n_out, n_in), so that every layer computes σ(s weightᵀ + bias): first K layers that draw hidden from visible units,
    then K that draw visible from hidden units, the last machine first. Every tensor is a copy: fine-tuning may move the
    way down apart from the way up.
    Raises ValueError if there is no machine, or the sizes of one do not fit each other or those of the next.
    """
    if not machines:
        raise ValueError("machines must hold at least one machine")
    if any(b.shape != w.shape[:1] or c.shape != w.shape[1:] for w, b, c in machines):
        raise ValueError(
            f"a machine must be W (visible, hidden), b (visible,), c (hidden,), "
            f"not {[tuple(tuple(part.shape) for part in machine) for machine in machines]}"
        )
    if any(above[0].shape[0] != below[0].shape[1] for below, above in zip(machines, machines[1:], strict=False)):
        raise ValueError(f"machines do not chain: {[tuple(w.shape) for w, _, _ in machines]}")
    # up: σ(v W + c) = σ(v (Wᵀ)ᵀ + c); down: σ(h Wᵀ + b)
    encoder = [(w.T.clone(), c.clone()) for w, _, c in machines]
    decoder = [(w.clone(), b.clone()) for w, b, _ in reversed(machines)]
    return encoder + decoder


def kl_divergence(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """The Kullback–Leibler divergence of q from p, KL(p ‖ q) = Σ_i p_i (log p_i − log q_i), in nats.

    It is 0 where q = p and positive elsewhere, and KL(p ‖ q) is not KL(q ‖ p). An outcome with p_i = 0 adds nothing.

    p, q: probabilities of the same k outcomes, shape (k,), each with sum 1; q is positive.

    Returns a tensor of shape ().
    Raises ValueError if the shapes differ, a probability is negative, an entry of q is 0, or a sum is not 1.
    """
    if p.shape != q.shape or p.ndim != 1:
        raise ValueError(f"p and q must be of one shape (k,), not {tuple(p.shape)} and {tuple(q.shape)}")
    if torch.any(p < 0) or torch.any(q <= 0) or abs(p.sum() - 1) > 1e-5 or abs(q.sum() - 1) > 1e-5:
        raise ValueError(f"p must be at least 0, q positive, and both sum to 1; they are {p} and {q}")
    # KL(p ‖ q) = Σ p log(p / q), with 0 log 0 = 0
    return torch.sum(torch.xlogy(p, p / q))


def gaussian_kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """The divergence of N(0, 1) from the codes' distributions: KL(N(μ, σ²) ‖ N(0, 1)), summed over the code.

    mean:         μ, shape (m, k).
    log_variance: log σ², the same shape.

    Returns a tensor of shape (m,), in nats: ½ Σ_j (μ_j² + σ_j² − 1 − log σ_j²) for each example
    (Kingma & Welling 2014, appendix B).
    Raises ValueError if the shapes differ or are not (m, k).
    """
    if mean.shape != log_variance.shape or mean.ndim != 2:
        raise ValueError(
            f"mean and log_variance must be of one shape (m, k), "
            f"not {tuple(mean.shape)} and {tuple(log_variance.shape)}"
        )
    # ½ Σ_j (μ² + σ² − 1 − log σ²)
    return 0.5 * torch.sum(mean**2 + torch.exp(log_variance) - 1 - log_variance, dim=1)


def reparameterize(mean: torch.Tensor, log_variance: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """A draw from N(μ, σ²) as a function of μ and σ that gradients can pass through.

    mean:         μ, any shape.
    log_variance: log σ², the same shape.
    noise:        ε, the same shape: draws from N(0, 1), whatever μ and σ are.

    Returns z = μ + σε, the same shape.
    Raises ValueError if the shapes differ.
    """
    if not mean.shape == log_variance.shape == noise.shape:
        raise ValueError(
            f"mean, log_variance and noise must have one shape, "
            f"not {tuple(mean.shape)}, {tuple(log_variance.shape)} and {tuple(noise.shape)}"
        )
    # z = μ + σ ε with σ = e^(½ log σ²)
    return mean + torch.exp(0.5 * log_variance) * noise


def elbo(
    inputs: torch.Tensor,
    logits: torch.Tensor,
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    kl_weight: float = 1.0,
) -> torch.Tensor:
    """The evidence lower bound of a variational autoencoder with a Bernoulli decoder, from one draw a code.

    ELBO = 1/m Σ_i { Σ_j [x_ij log p_ij + (1 − x_ij) log(1 − p_ij)] − β KL_i } with p = σ(logits) and
    KL_i = KL(N(μ_i, σ_i²) ‖ N(0, 1)). For β = 1 its mean over draws is at most log p(x). Training makes it large.

    inputs:       x, shape (m, n), values in [0, 1].
    logits:       what the decoder says before its sigmoid, shape (m, n). The result is finite for all finite logits.
    mean:         μ, shape (m, k).
    log_variance: log σ², shape (m, k).
    kl_weight:    β, at least 0; other values than 1 are Higgins et al. 2017.

    Returns a tensor of shape (), in nats for each example. It is differentiable.
    Raises ValueError if inputs lie outside [0, 1], the shapes do not fit, or kl_weight is negative.
    """
    if inputs.shape != logits.shape or inputs.ndim != 2 or len(inputs) != len(mean) or len(inputs) == 0:
        raise ValueError(
            f"inputs and logits must be (m, n) and mean (m, k), "
            f"not {tuple(inputs.shape)}, {tuple(logits.shape)} and {tuple(mean.shape)}"
        )
    if not torch.all((inputs >= 0) & (inputs <= 1)):
        raise ValueError(
            f"inputs must lie in [0, 1] for a Bernoulli decoder, not between {inputs.min():g} and {inputs.max():g}"
        )
    if not kl_weight >= 0:
        raise ValueError(f"kl_weight must be at least 0, not {kl_weight}")
    # log p(x | z) = Σ_j [x_j log p_j + (1 − x_j) log(1 − p_j)]
    log_likelihood = -functional.binary_cross_entropy_with_logits(logits, inputs, reduction="none").sum(dim=1)
    # ELBO = mean of log p(x | z) − β KL
    return torch.mean(log_likelihood - kl_weight * gaussian_kl(mean, log_variance))


class VAE(nn.Module):
    """A variational autoencoder: the encoder gives a distribution for each code, the decoder draws from a sample of it.

    inputs: n, features of an example.
    hidden: units of the one hidden layer of either half.
    code:   k, the length of the code.

    Submodules:
    encoder:      ``nn.Sequential``: ``nn.Linear`` n → hidden, then ``nn.ReLU``.
    mean:         ``nn.Linear`` hidden → k, from the encoder's output to μ.
    log_variance: ``nn.Linear`` hidden → k, from the encoder's output to log σ².
    decoder:      ``nn.Sequential``: ``nn.Linear`` k → hidden, ``nn.ReLU``, ``nn.Linear`` hidden → n. It gives logits.

    Raises ValueError for a size below 1.
    """

    def __init__(self, inputs: int, hidden: int, code: int) -> None:
        super().__init__()
        if min(inputs, hidden, code) < 1:
            raise ValueError(f"inputs, hidden and code must be at least 1, not {inputs}, {hidden} and {code}")
        self.encoder = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU())
        self.mean = nn.Linear(hidden, code)
        self.log_variance = nn.Linear(hidden, code)
        self.decoder = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, inputs))

    def encode(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(μ, log σ²), each of shape (m, k), for inputs x, shape (m, n)."""
        features = self.encoder(inputs)
        return self.mean(features), self.log_variance(features)

    def forward(self, inputs: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(logits, μ, log σ²) for inputs x, shape (m, n), and noise ε ~ N(0, 1), shape (m, k); logits are (m, n)."""
        mean, log_variance = self.encode(inputs)
        # z = μ + σ ε, logits = decoder(z)
        return self.decoder(reparameterize(mean, log_variance, noise)), mean, log_variance


def interpolate(start: torch.Tensor, end: torch.Tensor, steps: int) -> torch.Tensor:
    """Codes on the straight way from one code to another, evenly spaced, both ends included.

    start, end: two codes, shape (k,).
    steps:      how many codes, at least 2.

    Returns the codes, shape (steps, k): the first is start, the last is end.
    Raises ValueError if the shapes differ or steps is below 2.
    """
    if start.shape != end.shape or start.ndim != 1:
        raise ValueError(f"start and end must be of one shape (k,), not {tuple(start.shape)} and {tuple(end.shape)}")
    if steps < 2:
        raise ValueError(f"steps must be at least 2, not {steps}")
    # z_t = (1 − t) start + t end for t from 0 to 1
    t = torch.linspace(0, 1, steps, dtype=start.dtype, device=start.device)[:, None]
    return (1 - t) * start + t * end
