"""Exercises of chapter 12_autoencoders.

Every case gives all arguments by position, so that a wrong answer here needs no defaults, and the message shows them.
Torch may sum in another order with another number of threads: double precision then differs by some 1e-15, far below
the default tolerances.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from autograder.exercise import Case, Chapter, Choice, Exercise, Group, Misconception, Quiz, Written
from autograder.probes.autoencoders import (
    code_and_reconstruction,
    encoded_and_drawn,
    large_outputs,
    large_weights,
    tied,
    two_steps,
    unrolled,
    value_and_gradients,
)
from autograder.values import named
from dl_helpers import autoencoders

Tensor = torch.Tensor
Penalty = Callable[[nn.Module, Tensor], Tensor] | None


def tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def normal(generator: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    return tensor(scale * generator.normal(size=shape))


def uniform(generator: np.random.Generator, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    return tensor(generator.uniform(low, high, size=shape))


def chain(generator: np.random.Generator, *sizes: int) -> list[Tensor]:
    """Weights and biases of linear layers of these sizes, one after the other."""
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layers += [normal(generator, n_out, n_in), normal(generator, n_out, scale=0.5)]
    return layers


# --- reconstruction_loss ----------------------------------------------------------------------------------------------


def draw_reconstruction_loss(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((3, 4), (5, 2), (2, 6), (3, 1, 4, 2)):
        yield Case(normal(generator, *shape), normal(generator, *shape))


def mean_over_pixels_too(inputs: Tensor, reconstructions: Tensor) -> Tensor:
    return functional.mse_loss(reconstructions, inputs)


def summed_over_the_examples(inputs: Tensor, reconstructions: Tensor) -> Tensor:
    return torch.sum((inputs - reconstructions) ** 2)


def length_not_squared(inputs: Tensor, reconstructions: Tensor) -> Tensor:
    return torch.mean(torch.linalg.vector_norm((inputs - reconstructions).flatten(1), dim=1))


def absolute_errors(inputs: Tensor, reconstructions: Tensor) -> Tensor:
    return torch.sum(torch.abs(inputs - reconstructions)) / len(inputs)


def one_axis_summed(inputs: Tensor, reconstructions: Tensor) -> Tensor:
    return torch.mean(torch.sum((inputs - reconstructions) ** 2, dim=1))


RECONSTRUCTION_LOSS = Exercise(
    reference=autoencoders.reconstruction_loss,
    learned="You can say how far a drawing is from its model, picture by picture.",
    further="for which constant picture is the mean loss over a data set least, and how large is it then?",
    stars=1,
    minutes=5,
    points=2,
    examples=(Case(tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]]), tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 2.0]])),),
    draw=draw_reconstruction_loss,
    probe=value_and_gradients,
    hints=(
        "Read the formula from the inside: difference, square, sum over one example's features, mean over examples.",
        "By which number do you divide: by the entries of the whole batch, or by its rows?",
        "Sum the squares of all differences and divide by the number of examples.",
    ),
    misconceptions=(
        Misconception(
            "the mean over all features of all examples, as torch's mean squared error has it.", mean_over_pixels_too
        ),
        Misconception("the sum over the batch: no mean over the examples was taken.", summed_over_the_examples),
        Misconception("the length of each error, not its square.", length_not_squared),
        Misconception("sums of absolute differences.", absolute_errors),
        Misconception(
            "a sum over one axis only: pictures have two or more, and over the others you took the mean.",
            one_axis_summed,
        ),
    ),
)


# --- Autoencoder ------------------------------------------------------------------------------------------------------


def draw_autoencoder(generator: np.random.Generator) -> Iterator[Case]:
    for sizes in ((5, 4, 2), (6, 3), (4, 6, 5, 3), (3, 5)):
        parameters = {"encoder": chain(generator, *sizes), "decoder": chain(generator, *sizes[::-1])}
        yield Case((sizes,), parameters, normal(generator, 3, sizes[0]))


class NoNonlinearity(autoencoders.Autoencoder):
    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__(sizes)
        for network in (self.encoder, self.decoder):
            for place in range(1, len(network), 2):
                network[place] = nn.Identity()


class ReLUOnTheCode(autoencoders.Autoencoder):
    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__(sizes)
        self.encoder.append(nn.ReLU())


class SigmoidOnTheReconstruction(autoencoders.Autoencoder):
    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__(sizes)
        self.decoder.append(nn.Sigmoid())


class ReLUAfterEveryLayer(autoencoders.Autoencoder):
    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__(sizes)
        self.encoder.append(nn.ReLU())
        self.decoder.append(nn.ReLU())


class SigmoidInside(autoencoders.Autoencoder):
    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__(sizes)
        for network in (self.encoder, self.decoder):
            for place in range(1, len(network), 2):
                network[place] = nn.Sigmoid()


AUTOENCODER = Exercise(
    reference=autoencoders.Autoencoder,
    learned="One class, from the linear autoencoder to a deep one.",
    further="count the parameters of Autoencoder((64, 128, 8)), and compare with the 64 × 8 numbers of PCA.",
    stars=2,
    minutes=12,
    points=3,
    draw=draw_autoencoder,
    probe=code_and_reconstruction,
    hints=(
        "An nn.Sequential can be filled in a loop with its method append; neighbors in sizes are a layer's two widths.",
        "How many linear layers does each half have, and how many nonlinearities stand between them? What are the "
        "decoder's widths, read from the code outward?",
        "For the encoder go through the neighbors of sizes, for the decoder through those of the reversed sizes. Add a "
        "ReLU before every linear layer but the first. The forward pass is encoder, then decoder.",
    ),
    misconceptions=(
        Misconception(
            "a network without nonlinearities: however many layers it has, it computes one matrix.", NoNonlinearity
        ),
        Misconception("a network whose code passes a ReLU: half of the code's room is lost.", ReLUOnTheCode),
        Misconception("a network whose reconstruction passes a sigmoid.", SigmoidOnTheReconstruction),
        Misconception("a network with a ReLU after every layer, the last ones too.", ReLUAfterEveryLayer),
        Misconception("a network with sigmoids between its layers.", SigmoidInside),
    ),
)


# --- training_step ----------------------------------------------------------------------------------------------------


def draw_training_step(generator: np.random.Generator) -> Iterator[Case]:
    for penalty in (None, named(large_outputs), named(large_weights)):
        for n in (2, 3):
            batches = [(normal(generator, m, n), normal(generator, m, n)) for m in (4, 3)]
            rate = generator.uniform(0.02, 0.1)
            yield Case(normal(generator, n, n), normal(generator, n), batches, rate, penalty)


def gradients_pile_up(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, penalty: Penalty
) -> float:
    cost = cost_of(model, inputs, targets, penalty)
    cost.backward()
    optimizer.step()
    return cost.item()


def draws_what_it_is_shown(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, penalty: Penalty
) -> float:
    return autoencoders.training_step(model, optimizer, inputs, inputs, penalty)


def penalty_forgotten(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, penalty: Penalty
) -> float:
    return autoencoders.training_step(model, optimizer, inputs, targets)


def cost_after_the_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, penalty: Penalty
) -> float:
    autoencoders.training_step(model, optimizer, inputs, targets, penalty)
    return cost_of(model, inputs, targets, penalty).item()


def targets_are_shown(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, penalty: Penalty
) -> float:
    return autoencoders.training_step(model, optimizer, targets, inputs, penalty)


def mean_squared_error_for_loss(
    model: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, penalty: Penalty
) -> float:
    optimizer.zero_grad()
    cost = functional.mse_loss(model(inputs), targets)
    cost = cost if penalty is None else cost + penalty(model, inputs)
    cost.backward()
    optimizer.step()
    return cost.item()


def cost_of(model: nn.Module, inputs: Tensor, targets: Tensor, penalty: Penalty) -> Tensor:
    cost = autoencoders.reconstruction_loss(targets, model(inputs))
    return cost if penalty is None else cost + penalty(model, inputs)


TRAINING_STEP = Exercise(
    reference=autoencoders.training_step,
    learned="Five lines, and everything in this chapter that reconstructs can be trained.",
    further="what would the step learn if inputs were the code's neighbors in time, and targets the frame after them?",
    stars=2,
    minutes=8,
    points=3,
    draw=draw_training_step,
    uses=("reconstruction_loss",),
    probe=two_steps,
    hints=(
        "The order is: forget old gradients, forward, cost, backward, step.",
        "Which of inputs and targets does the model see, and with which is its drawing compared? When is the penalty "
        "part of the cost?",
        "Clear the gradients with the optimizer; the cost is reconstruction_loss of the targets and of what the model "
        "makes of the inputs, plus the penalty if there is one; call backward on it, let the optimizer step, and "
        "return "
        "the cost's number.",
    ),
    misconceptions=(
        Misconception("steps along gradients that pile up from one step to the next.", gradients_pile_up),
        Misconception("a model asked to draw what it is shown: the targets play no part.", draws_what_it_is_shown),
        Misconception("a model trained without the penalty.", penalty_forgotten),
        Misconception("the right steps, with the cost as it is after each.", cost_after_the_step),
        Misconception("a model that is shown the targets and asked to draw the inputs.", targets_are_shown),
        Misconception(
            "torch's mean squared error where reconstruction_loss belongs: it divides by the features too.",
            mean_squared_error_for_loss,
        ),
    ),
)


# --- TiedAutoencoder --------------------------------------------------------------------------------------------------


def draw_tied(generator: np.random.Generator) -> Iterator[Case]:
    # Square matrices too: there a forgotten transpose gives numbers, not an error.
    for hidden, n in ((2, 4), (3, 3), (5, 3), (4, 4)):
        biases = {"encoder_bias": normal(generator, hidden), "decoder_bias": normal(generator, n)}
        yield Case(normal(generator, hidden, n), biases, normal(generator, 3, n))


class LinearCode(autoencoders.TiedAutoencoder):
    def encode(self, inputs: Tensor) -> Tensor:
        return inputs @ self.weight.T + self.encoder_bias


class SigmoidOnBothSides(autoencoders.TiedAutoencoder):
    def decode(self, codes: Tensor) -> Tensor:
        return torch.sigmoid(super().decode(codes))


class NotTransposed(autoencoders.TiedAutoencoder):
    def decode(self, codes: Tensor) -> Tensor:
        return codes @ self.weight.T + self.decoder_bias


class BiasesLeftOut(autoencoders.TiedAutoencoder):
    def encode(self, inputs: Tensor) -> Tensor:
        return torch.sigmoid(inputs @ self.weight.T)

    def decode(self, codes: Tensor) -> Tensor:
        return codes @ self.weight


class SharedMemory(autoencoders.TiedAutoencoder):
    def __init__(self, weights: Tensor) -> None:
        super().__init__(weights)
        self.weight = nn.Parameter(weights)


class BiasesInSinglePrecision(autoencoders.TiedAutoencoder):
    def __init__(self, weights: Tensor) -> None:
        super().__init__(weights)
        self.encoder_bias = nn.Parameter(torch.zeros(weights.shape[0]))
        self.decoder_bias = nn.Parameter(torch.zeros(weights.shape[1]))


TIED_AUTOENCODER = Exercise(
    reference=autoencoders.TiedAutoencoder,
    learned="One matrix reads and writes: half the parameters, and its rows are pictures.",
    further="the gradient of W has two parts, one from each use. Find both with torch.autograd and add them up.",
    stars=2,
    minutes=12,
    points=3,
    draw=draw_tied,
    probe=tied,
    hints=(
        "An nn.Parameter is a tensor that the module learns. Here there are three of them and no nn.Linear.",
        "W takes n features to the hidden units. Which matrix product takes the code back to n features with the same "
        "W? And whose row length does each bias have?",
        "Keep a copy of the weights as the parameter weight, zeros of length hidden and of length n as the biases. "
        "Encode: inputs times W transposed plus bias, through the sigmoid. Decode: codes times W plus bias. Forward: "
        "one after the other.",
    ),
    misconceptions=(
        Misconception("a code that passes no sigmoid.", LinearCode),
        Misconception("a reconstruction that passes a sigmoid, as the code does.", SigmoidOnBothSides),
        Misconception("a decoder that multiplies by the same side of W as the encoder.", NotTransposed),
        Misconception("a network that leaves its two biases out.", BiasesLeftOut),
        Misconception(
            "a weight that shares its memory with the given weights: training one changes the other.", SharedMemory
        ),
        Misconception(
            "biases in torch's default float32, whatever the weights are: they should have W's precision.",
            BiasesInSinglePrecision,
        ),
    ),
)


# --- max_activating_input ---------------------------------------------------------------------------------------------


def draw_max_activating(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((2, 3), (3, 5), (4, 4), (1, 6)):
        yield Case(normal(generator, *shape, scale=2.0))


def weights_themselves(weights: Tensor) -> Tensor:
    return weights.clone()


def one_length_for_all(weights: Tensor) -> Tensor:
    return weights / torch.linalg.vector_norm(weights)


def divided_by_the_square(weights: Tensor) -> Tensor:
    return weights / torch.sum(weights**2, dim=1, keepdim=True)


def largest_weight_alone(weights: Tensor) -> Tensor:
    return functional.one_hot(torch.argmax(weights.abs(), dim=1), weights.shape[1]).to(weights.dtype)


def columns_scaled(weights: Tensor) -> Tensor:
    return weights / torch.linalg.vector_norm(weights, dim=0)


MAX_ACTIVATING_INPUT = Exercise(
    reference=autoencoders.max_activating_input,
    learned="A unit's favorite picture is its own weights, brought to length 1.",
    further="what is the favorite of a unit if every pixel must lie in [0, 1] and the length is free?",
    stars=1,
    minutes=4,
    points=0,
    examples=(Case(tensor([[3.0, 4.0], [0.0, -2.0]])),),
    draw=draw_max_activating,
    hints=(
        "w·x = ‖w‖ ‖x‖ cos(angle). The length of x is fixed: what is left to choose?",
        "Which x points where w points, and has length 1? There is one for each row.",
        "Divide each row by its own Euclidean length.",
    ),
    misconceptions=(
        Misconception("the weights as they are: inputs whose length is not 1.", weights_themselves),
        Misconception("rows divided by one number, the length of the whole matrix.", one_length_for_all),
        Misconception("rows divided by the square of their length.", divided_by_the_square),
        Misconception("inputs with a single pixel on, where the largest weight is.", largest_weight_alone),
        Misconception("columns of length 1 where rows are meant.", columns_scaled),
    ),
)


# --- sparsity_penalty -------------------------------------------------------------------------------------------------


def draw_sparsity(generator: np.random.Generator) -> Iterator[Case]:
    for m, k in ((3, 2), (4, 5), (2, 4)):
        strength, target = generator.uniform(0.1, 0.8), generator.uniform(0.05, 0.3)
        yield Case(normal(generator, m, k), "l1", strength, target, group="l1")
        yield Case(uniform(generator, m, k, low=0.05, high=0.95), "kl", strength, target, group="kl")


def strength_left_out(activations: Tensor, kind: str, strength: float, target: float) -> Tensor:
    return autoencoders.sparsity_penalty(activations, kind, 1.0, target)


def batch_summed(activations: Tensor, kind: str, strength: float, target: float) -> Tensor:
    factor = len(activations) if kind == "l1" else 1
    return factor * autoencoders.sparsity_penalty(activations, kind, strength, target)


def mean_over_the_units(activations: Tensor, kind: str, strength: float, target: float) -> Tensor:
    return autoencoders.sparsity_penalty(activations, kind, strength, target) / activations.shape[1]


def coins_exchanged(activations: Tensor, kind: str, strength: float, target: float) -> Tensor:
    if kind == "l1":
        return autoencoders.sparsity_penalty(activations, kind, strength, target)
    mean = activations.mean(dim=0)
    return strength * torch.sum(mean * torch.log(mean / target) + (1 - mean) * torch.log((1 - mean) / (1 - target)))


def each_activation_a_coin(activations: Tensor, kind: str, strength: float, target: float) -> Tensor:
    if kind == "l1":
        return autoencoders.sparsity_penalty(activations, kind, strength, target)
    h = activations
    return strength * (target * torch.log(target / h) + (1 - target) * torch.log((1 - target) / (1 - h))).sum() / len(h)


def heads_without_tails(activations: Tensor, kind: str, strength: float, target: float) -> Tensor:
    if kind == "l1":
        return autoencoders.sparsity_penalty(activations, kind, strength, target)
    return strength * torch.sum(target * torch.log(target / activations.mean(dim=0)))


def signs_cancel(activations: Tensor, kind: str, strength: float, target: float) -> Tensor:
    if kind == "l1":
        return strength * torch.sum(activations) / len(activations)
    return autoencoders.sparsity_penalty(activations, kind, strength, target)


def mean_over_all_entries(activations: Tensor, kind: str, strength: float, target: float) -> Tensor:
    if kind == "l1":
        return strength * torch.mean(torch.abs(activations))
    return autoencoders.sparsity_penalty(activations, kind, strength, target)


SPARSITY_PENALTY = Exercise(
    reference=autoencoders.sparsity_penalty,
    learned="You can make units keep silent, one by one or on average.",
    further="draw the derivative of both penalties for one unit against its activation. Which pushes hardest, and "
    "where?",
    stars=2,
    minutes=10,
    points=3,
    examples=(
        Case(tensor([[0.5, 0.1], [0.3, 0.3]]), "l1", 0.1, 0.05, group="l1"),
        Case(tensor([[0.5, 0.1], [0.3, 0.3]]), "kl", 0.1, 0.05, group="kl"),
    ),
    draw=draw_sparsity,
    probe=value_and_gradients,
    groups={
        "l1": Group(1, "The penalty on absolute activations is not right."),
        "kl": Group(2, "The penalty on mean activations is not right."),
    },
    hints=(
        "Two formulas stand in the docstring. The first looks at every activation, the second at each unit's mean.",
        "Over which axis is ρ̂ the mean? Which of ρ and ρ̂ stands in front of the logarithm, and above its fraction bar?",
        "For l1 sum the absolute values of all activations, divide by the number of examples, multiply by the "
        "strength. "
        "For kl take the mean over the examples first, put it into the divergence of the two coins, sum over the "
        "units, "
        "multiply by the strength.",
    ),
    misconceptions=(
        Misconception("a penalty whose strength λ is left out, as if it were 1.", strength_left_out),
        Misconception("a sum over the batch where |h| asks for the mean over examples.", batch_summed),
        Misconception("the mean over the units, not their sum.", mean_over_the_units),
        Misconception("the divergence with ρ and ρ̂ exchanged.", coins_exchanged),
        Misconception("the divergence of every single activation, not of each unit's mean.", each_activation_a_coin),
        Misconception("half of the divergence: the part for tails, 1 − ρ, is missing.", heads_without_tails),
        Misconception("a sum without absolute values: activations of both signs cancel.", signs_cancel),
        Misconception("for l1 the mean over all entries: over the units it is a sum.", mean_over_all_entries),
    ),
)


# --- corrupt ----------------------------------------------------------------------------------------------------------


def draw_corrupt(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((3, 5), (2, 1, 3, 4)):
        for _ in range(2):
            yield Case(uniform(generator, *shape), "mask", generator.uniform(0.2, 0.4), uniform(generator, *shape))
            level = generator.uniform(0.2, 0.6)
            yield Case(uniform(generator, *shape), "gaussian", level, normal(generator, *shape))
    # A draw that equals the level is not below it.
    yield Case(tensor([[0.5, 0.7, 0.9]]), "mask", 0.25, tensor([[0.25, 0.1, 0.6]]))


def rest_scaled_up(inputs: Tensor, kind: str, level: float, noise: Tensor) -> Tensor:
    worse = autoencoders.corrupt(inputs, kind, level, noise)
    return worse / (1 - level) if kind == "mask" else worse


def wrong_share_lost(inputs: Tensor, kind: str, level: float, noise: Tensor) -> Tensor:
    if kind == "mask":
        return torch.where(noise < level, inputs, 0.0)
    return autoencoders.corrupt(inputs, kind, level, noise)


def level_as_variance(inputs: Tensor, kind: str, level: float, noise: Tensor) -> Tensor:
    return autoencoders.corrupt(inputs, kind, level if kind == "mask" else math.sqrt(level), noise)


def noise_multiplies(inputs: Tensor, kind: str, level: float, noise: Tensor) -> Tensor:
    return autoencoders.corrupt(inputs, kind, level, noise) if kind == "mask" else inputs * (1 + level * noise)


def cut_to_the_unit_interval(inputs: Tensor, kind: str, level: float, noise: Tensor) -> Tensor:
    return autoencoders.corrupt(inputs, kind, level, noise).clamp(0, 1)


CORRUPT = Exercise(
    reference=autoencoders.corrupt,
    learned="You spoil pictures on purpose, and can do it twice in the same way.",
    further="which mean squared error does a level of 0.4 cause with each kind, on pixels uniform in [0, 1]?",
    stars=1,
    minutes=5,
    points=2,
    draw=draw_corrupt,
    hints=(
        "For each kind the docstring says what the noise is: a draw to compare with the level, or a number to add.",
        "Which pixels are lost: those whose draw is small or large? And does a pixel that stays change? All randomness "
        "comes in as an argument: draw nothing yourself.",
        "Mask: zero where the noise is less than the level, the input elsewhere. Gaussian: input plus level times "
        "noise.",
    ),
    misconceptions=(
        Misconception("dropout, which scales up what it keeps.", rest_scaled_up),
        Misconception("a mask that keeps the share it should lose.", wrong_share_lost),
        Misconception("Gaussian noise whose variance is the level.", level_as_variance),
        Misconception("Gaussian noise in proportion to each pixel: black stays black.", noise_multiplies),
        Misconception("noise that was cut off at 0 and 1.", cut_to_the_unit_interval),
    ),
)


# --- contractive_penalty ----------------------------------------------------------------------------------------------


def draw_contractive(generator: np.random.Generator) -> Iterator[Case]:
    for m, k, n in ((1, 2, 2), (3, 2, 4), (2, 5, 3), (4, 3, 3)):
        yield Case(uniform(generator, m, k, low=0.05, high=0.95), normal(generator, k, n))


def slopes_not_squared(activations: Tensor, weights: Tensor) -> Tensor:
    return torch.sum((activations * (1 - activations)) @ torch.sum(weights**2, dim=1)) / len(activations)


def slope_forgotten(activations: Tensor, weights: Tensor) -> Tensor:
    return torch.sum(weights**2) + 0 * torch.sum(activations)


def activations_as_slopes(activations: Tensor, weights: Tensor) -> Tensor:
    return torch.sum(activations**2 @ torch.sum(weights**2, dim=1)) / len(activations)


def examples_summed(activations: Tensor, weights: Tensor) -> Tensor:
    return len(activations) * autoencoders.contractive_penalty(activations, weights)


def norm_not_squared(activations: Tensor, weights: Tensor) -> Tensor:
    slopes = activations * (1 - activations)
    return torch.sum(slopes**2 @ torch.linalg.vector_norm(weights, dim=1)) / len(activations)


def jacobian_entries_added(activations: Tensor, weights: Tensor) -> Tensor:
    slopes = activations * (1 - activations)
    return torch.mean(torch.sum((slopes @ weights) ** 2, dim=1))


def frobenius_norm_itself(activations: Tensor, weights: Tensor) -> Tensor:
    slopes = activations * (1 - activations)
    return torch.mean(torch.sqrt(slopes**2 @ torch.sum(weights**2, dim=1)))


CONTRACTIVE_PENALTY = Exercise(
    reference=autoencoders.contractive_penalty,
    learned="You have the size of a Jacobian without taking a derivative.",
    further="compare its time with torch.func.jacrev on 64 pixels and 128 units.",
    stars=2,
    minutes=10,
    points=3,
    # W = [[1, −1], [½, 2]], x = (0.2, 0.4), b = 0: z = (−0.2, 0.9).
    examples=(Case(tensor([[1 / (1 + math.exp(0.2)), 1 / (1 + math.exp(-0.9))]]), tensor([[1.0, -1.0], [0.5, 2.0]])),),
    draw=draw_contractive,
    probe=value_and_gradients,
    hints=(
        "Write one entry of the Jacobian first: ∂h_j/∂x_i, by the chain rule through z_j = Σ_i W_ji x_i + b_j.",
        "The slope of the sigmoid depends on j alone. What is left when you square the entry and sum over i?",
        "Slope: h(1 − h). Square it, multiply by the sum of squares of the unit's row of W, sum over the units, and "
        "take "
        "the mean over the examples.",
    ),
    misconceptions=(
        Misconception("a sum in which the slopes h(1 − h) are not squared.", slopes_not_squared),
        Misconception("the squared weights alone, the Jacobian of an encoder without a sigmoid.", slope_forgotten),
        Misconception("a Jacobian with h where the sigmoid's slope belongs.", activations_as_slopes),
        Misconception("the sum over the examples, not their mean.", examples_summed),
        Misconception("lengths of W's rows that are not squared.", norm_not_squared),
        Misconception("the Jacobian's norm, not its square.", frobenius_norm_itself),
        Misconception(
            "the squares of sums over the units: entries of the Jacobian were added first.", jacobian_entries_added
        ),
    ),
)


# --- ConvAutoencoder --------------------------------------------------------------------------------------------------


def kernels(generator: np.random.Generator, *channels: int) -> list[Tensor]:
    """Kernels and biases of 3 × 3 convolutions with these numbers of channels, one after the other."""
    layers = []
    for c_in, c_out in zip(channels, channels[1:], strict=False):
        layers += [normal(generator, c_out, c_in, 3, 3, scale=0.5), normal(generator, c_out, scale=0.5)]
    return layers


def draw_conv(generator: np.random.Generator) -> Iterator[Case]:
    for channels, code, m, height, width in ((2, 1, 2, 8, 8), (3, 2, 1, 8, 4), (1, 2, 2, 4, 8)):
        parameters = {
            "encoder": kernels(generator, 1, channels, code),
            "decoder": kernels(generator, code, channels, 1),
        }
        yield Case((channels, code), parameters, normal(generator, m, 1, height, width))


class BilinearUpsampling(autoencoders.ConvAutoencoder):
    def __init__(self, channels: int, code_channels: int) -> None:
        super().__init__(channels, code_channels)
        for place in (0, 3):
            self.decoder[place] = nn.Upsample(scale_factor=2, mode="bilinear")


class EnlargedAfterConvolving(autoencoders.ConvAutoencoder):
    def __init__(self, channels: int, code_channels: int) -> None:
        super().__init__(channels, code_channels)
        first, second = self.decoder[1], self.decoder[4]
        self.decoder = nn.Sequential(first, nn.ReLU(), nn.Upsample(scale_factor=2), second, nn.Upsample(scale_factor=2))


class ReLUOnThePicture(autoencoders.ConvAutoencoder):
    def forward(self, inputs: Tensor) -> Tensor:
        return torch.relu(super().forward(inputs))


class PooledNotStrided(autoencoders.ConvAutoencoder):
    def __init__(self, channels: int, code_channels: int) -> None:
        super().__init__(channels, code_channels)
        first: Any = self.encoder[0]
        second: Any = self.encoder[2]
        first.stride = second.stride = (1, 1)
        self.encoder = nn.Sequential(first, nn.ReLU(), nn.MaxPool2d(2), second, nn.MaxPool2d(2))


class SigmoidOnThePicture(autoencoders.ConvAutoencoder):
    def forward(self, inputs: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(inputs))


CONV_AUTOENCODER = Exercise(
    reference=autoencoders.ConvAutoencoder,
    learned="Enlarge, then convolve: a decoder that draws without checkerboards.",
    further="count its parameters for 16 and 2 channels, and those of Autoencoder((64, 128, 8)).",
    stars=2,
    minutes=12,
    points=2,
    draw=draw_conv,
    probe=code_and_reconstruction,
    hints=(
        "The docstring lists the modules of both halves in their order.",
        "A convolution with a 3 × 3 kernel and padding 1 keeps height and width; which argument halves them? In the "
        "decoder, what stands before each convolution?",
        "Encoder: convolution with stride 2, ReLU, convolution with stride 2. Decoder: nearest upsampling, "
        "convolution, "
        "ReLU, nearest upsampling, convolution to one channel.",
    ),
    misconceptions=(
        Misconception("a decoder that enlarges by bilinear interpolation.", BilinearUpsampling),
        Misconception(
            "a decoder that convolves first and enlarges afterward: it draws in blocks.", EnlargedAfterConvolving
        ),
        Misconception("a picture that passes a ReLU at the end.", ReLUOnThePicture),
        Misconception("a picture that passes a sigmoid at the end.", SigmoidOnThePicture),
        Misconception("an encoder that shrinks by pooling, with convolutions of stride 1.", PooledNotStrided),
    ),
)


# --- rbm_sample -------------------------------------------------------------------------------------------------------


def draw_rbm_sample(generator: np.random.Generator) -> Iterator[Case]:
    for m, a, b in ((3, 4, 2), (2, 3, 5), (4, 2, 4)):
        states = tensor(generator.integers(0, 2, (m, a)))
        yield Case(states, normal(generator, a, b), normal(generator, b), uniform(generator, m, b))
        yield Case(uniform(generator, m, a), normal(generator, a, b), normal(generator, b), uniform(generator, m, b))
    # p = ½ exactly, and a draw of ½: it is not below p.
    yield Case(torch.zeros(1, 2).double(), normal(generator, 2, 2), torch.zeros(2).double(), tensor([[0.5, 0.25]]))


def states_rounded(units: Tensor, weights: Tensor, biases: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
    p = torch.sigmoid(units @ weights + biases)
    return p, (p > 0.5).to(p.dtype)


def drawn_the_other_way(units: Tensor, weights: Tensor, biases: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
    p = torch.sigmoid(units @ weights + biases)
    return p, (draws > p).to(p.dtype)


def biases_forgotten(units: Tensor, weights: Tensor, biases: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
    return autoencoders.rbm_sample(units, weights, torch.zeros_like(biases), draws)


def energy_upside_down(units: Tensor, weights: Tensor, biases: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
    return autoencoders.rbm_sample(units, -weights, -biases, draws)


RBM_SAMPLE = Exercise(
    reference=autoencoders.rbm_sample,
    learned="One function for both directions: given one layer, the other is a row of coins.",
    further="go up and down a thousand times and plot how often each unit is on. Which distribution is that?",
    stars=1,
    minutes=6,
    points=2,
    draw=draw_rbm_sample,
    outputs=("probabilities", "states"),
    hints=(
        "First the probabilities, by the formula in the docstring; then a coin for each of them.",
        "How often does a uniform draw lie below p? What does that make the state? All randomness comes in as an "
        "argument: draw nothing yourself.",
        "Probabilities: sigmoid of units times weights plus biases. States: 1 where the uniform draw is less than the "
        "probability, else 0, as numbers of the same dtype.",
    ),
    misconceptions=(
        Misconception("states that are rounded, not drawn: the uniform draws play no part.", states_rounded),
        Misconception("states that are 1 with probability 1 − p.", drawn_the_other_way),
        Misconception("probabilities without the biases.", biases_forgotten),
        Misconception("probabilities of the opposite sign: σ(−sW − b).", energy_upside_down),
    ),
)


# --- contrastive_divergence_step --------------------------------------------------------------------------------------

MachineStep = tuple[Tensor, Tensor, Tensor]


def draw_divergence(generator: np.random.Generator) -> Iterator[Case]:
    for m, a, k in ((3, 4, 2), (5, 2, 3), (2, 3, 3)):
        for visible in (uniform(generator, m, a), tensor(generator.integers(0, 2, (m, a)))):
            biases = normal(generator, a), normal(generator, k)
            yield Case(visible, normal(generator, a, k), *biases, uniform(generator, m, k), generator.uniform(0.1, 0.9))


def phases(v: Tensor, w: Tensor, b: Tensor, c: Tensor, draws: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(h⁰, states, v¹, h¹)"""
    hidden, states = autoencoders.rbm_sample(v, w, c, draws)
    again = torch.sigmoid(states @ w.T + b)
    return hidden, states, again, torch.sigmoid(again @ w + c)


def changed(w: Tensor, b: Tensor, c: Tensor, eta: float, v0: Tensor, h0: Tensor, v1: Tensor, h1: Tensor) -> MachineStep:
    m = len(v0)
    return (
        w + eta * (v0.T @ h0 - v1.T @ h1) / m,
        b + eta * (v0 - v1).sum(dim=0) / m,
        c + eta * (h0 - h1).sum(dim=0) / m,
    )


def phases_exchanged(v: Tensor, w: Tensor, b: Tensor, c: Tensor, draws: Tensor, eta: float) -> MachineStep:
    return changed(w, b, c, -eta, v, *_of(phases(v, w, b, c, draws), 0, 2, 3))


def down_from_probabilities(v: Tensor, w: Tensor, b: Tensor, c: Tensor, draws: Tensor, eta: float) -> MachineStep:
    hidden = torch.sigmoid(v @ w + c)
    again = torch.sigmoid(hidden @ w.T + b)
    return changed(w, b, c, eta, v, hidden, again, torch.sigmoid(again @ w + c))


def statistics_of_states(v: Tensor, w: Tensor, b: Tensor, c: Tensor, draws: Tensor, eta: float) -> MachineStep:
    return changed(w, b, c, eta, v, *_of(phases(v, w, b, c, draws), 1, 2, 3))


def not_divided_by_the_batch(v: Tensor, w: Tensor, b: Tensor, c: Tensor, draws: Tensor, eta: float) -> MachineStep:
    return autoencoders.contrastive_divergence_step(v, w, b, c, draws, eta * len(v))


def old_hidden_with_new_visible(v: Tensor, w: Tensor, b: Tensor, c: Tensor, draws: Tensor, eta: float) -> MachineStep:
    hidden, _, again, hidden_again = phases(v, w, b, c, draws)
    _, biases, hidden_biases = changed(w, b, c, eta, v, hidden, again, hidden_again)
    return w + eta * (v.T @ hidden - again.T @ hidden) / len(v), biases, hidden_biases


def biases_stay(v: Tensor, w: Tensor, b: Tensor, c: Tensor, draws: Tensor, eta: float) -> MachineStep:
    return autoencoders.contrastive_divergence_step(v, w, b, c, draws, eta)[0], b.clone(), c.clone()


def _of(parts: tuple[Tensor, ...], *places: int) -> list[Tensor]:
    return [parts[place] for place in places]


CONTRASTIVE_DIVERGENCE_STEP = Exercise(
    reference=autoencoders.contrastive_divergence_step,
    learned="The machine prefers what it sees to what it dreams, a little more with every step.",
    further="go up and down five times instead of once (CD-5). What does a step cost, and what does it buy?",
    stars=3,
    minutes=15,
    points=4,
    draw=draw_divergence,
    uses=("rbm_sample",),
    outputs=("weights", "visible_biases", "hidden_biases"),
    hints=(
        "Name the four arrays first: v⁰, h⁰, v¹, h¹, and the drawn states between h⁰ and v¹.",
        "What goes down: the states or the probabilities? What stands in the products of the update? And what is each "
        "sum divided by?",
        "rbm_sample gives h⁰ and the states; the way down is the sigmoid of states times W transposed plus visible "
        "biases, the way up that of v¹ times W plus hidden biases.",
        "Add to W the rate times the difference of the two products over m; to each bias the rate times the mean "
        "difference of its layer's two arrays.",
    ),
    misconceptions=(
        Misconception("steps toward the dream and away from the data: the two phases are exchanged.", phases_exchanged),
        Misconception("a way down that starts from the probabilities: nothing was drawn.", down_from_probabilities),
        Misconception("products of the drawn states where h⁰ means the probabilities.", statistics_of_states),
        Misconception("sums over the batch that were not divided by its size.", not_divided_by_the_batch),
        Misconception(
            "a second product that pairs v¹ with h⁰, not with the h¹ that v¹ causes.", old_hidden_with_new_visible
        ),
        Misconception("a step of the weights alone: the biases stay where they were.", biases_stay),
    ),
)


# --- unroll -----------------------------------------------------------------------------------------------------------

Layers = list[tuple[Tensor, Tensor]]


def draw_unroll(generator: np.random.Generator) -> Iterator[Case]:
    for sizes in ((4, 3, 2), (3, 3, 3), (2, 5), (5, 4, 3, 2)):
        yield Case(
            [
                (normal(generator, a, b), normal(generator, a), normal(generator, b))
                for a, b in zip(sizes, sizes[1:], strict=False)
            ]
        )


def way_down_in_the_order_up(machines: list[MachineStep]) -> Layers:
    return autoencoders.unroll(machines)[: len(machines)] + [(w.clone(), b.clone()) for w, b, _ in machines]


def hidden_biases_both_ways(machines: list[MachineStep]) -> Layers:
    down = [(w.clone(), c.clone()) for w, _, c in reversed(machines)]
    return autoencoders.unroll(machines)[: len(machines)] + down


def machine_orientation(machines: list[MachineStep]) -> Layers:
    return [(weight.T.clone(), bias) for weight, bias in autoencoders.unroll(machines)]


def still_tied(machines: list[MachineStep]) -> Layers:
    return [(w.T, c) for w, _, c in machines] + [(w, b) for w, b, _ in reversed(machines)]


UNROLL = Exercise(
    reference=autoencoders.unroll,
    learned="A stack of machines became a deep autoencoder that can be fine-tuned.",
    further="how many parameters does the unrolled 64-128-64-32-8 network have, and how many had the machines?",
    stars=2,
    minutes=8,
    points=2,
    draw=draw_unroll,
    probe=unrolled,
    hints=(
        "Draw the stack for two machines: data at the bottom, code at the top. Then fold it open.",
        "A machine's W has shape (visible, hidden). Which of W and its transpose has torch's shape (n_out, n_in) on "
        "the "
        "way up, and which on the way down? Which biases belong to what is drawn?",
        "Up, in order: a copy of W transposed with the hidden biases. Down, in reversed order: a copy of W with the "
        "visible biases.",
    ),
    misconceptions=(
        Misconception("a way down in the order of the way up: its sizes do not chain.", way_down_in_the_order_up),
        Misconception("a way down with the hidden biases, which belong to the way up.", hidden_biases_both_ways),
        Misconception(
            "weights of shape (n_in, n_out), the machines' orientation and not torch's.", machine_orientation
        ),
        Misconception("layers that still share their memory: a change of one moves its twin.", still_tied),
    ),
)


# --- kl_divergence ----------------------------------------------------------------------------------------------------


def draw_kl_divergence(generator: np.random.Generator) -> Iterator[Case]:
    for k in (2, 3, 5):
        yield Case(*tensor(generator.dirichlet(np.full(k, 2.0), size=2)))
    # An outcome that p never shows.
    p, q = generator.dirichlet(np.full(3, 2.0), size=2)
    yield Case(tensor([*p, 0.0]), tensor([*(0.8 * q), 0.2]))


def directions_exchanged(p: Tensor, q: Tensor) -> Tensor:
    return torch.sum(q * (torch.log(q) - torch.log(p)))


def weights_left_out(p: Tensor, q: Tensor) -> Tensor:
    return torch.sum(torch.log(p) - torch.log(q))


def in_bits(p: Tensor, q: Tensor) -> Tensor:
    return autoencoders.kl_divergence(p, q) / math.log(2)


def nothing_times_infinity(p: Tensor, q: Tensor) -> Tensor:
    return torch.sum(p * (torch.log(p) - torch.log(q)))


KL_DIVERGENCE = Exercise(
    reference=autoencoders.kl_divergence,
    learned="You can measure what it costs to take q for p.",
    further="for which p is KL(p ‖ q) largest when q = (0.9, 0.1)? And for which is KL(q ‖ p) infinite?",
    stars=1,
    minutes=5,
    points=0,
    examples=(Case(tensor([0.5, 0.5]), tensor([0.9, 0.1])), Case(tensor([0.9, 0.1]), tensor([0.5, 0.5]))),
    draw=draw_kl_divergence,
    hints=(
        "The formula is a mean: of the difference of two logarithms, over outcomes that happen as p says.",
        "Which of the two distributions weighs the terms? What does torch.xlogy(0, 0) give?",
        "Sum p times the logarithm of p over q, with a function that takes 0 times the logarithm of 0 as 0.",
    ),
    misconceptions=(
        Misconception("KL(q ‖ p): the two distributions are exchanged.", directions_exchanged),
        Misconception("a plain sum of log p − log q, in which p does not weigh the terms.", weights_left_out),
        Misconception("a divergence in bits, not in nats.", in_bits),
        Misconception("a sum in which an outcome of probability 0 gives 0 · (−∞), no number.", nothing_times_infinity),
    ),
)


# --- gaussian_kl ------------------------------------------------------------------------------------------------------


def draw_gaussian_kl(generator: np.random.Generator) -> Iterator[Case]:
    for m, k in ((1, 1), (3, 2), (2, 4), (4, 3)):
        yield Case(normal(generator, m, k), normal(generator, m, k))


def log_deviation_given(mean: Tensor, log_variance: Tensor) -> Tensor:
    return autoencoders.gaussian_kl(mean, 2 * log_variance)


def deviation_for_variance(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * torch.sum(mean**2 + torch.exp(0.5 * log_variance) - 1 - log_variance, dim=1)


def from_the_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * torch.sum(log_variance + (1 + mean**2) / torch.exp(log_variance) - 1, dim=1)


def least_at_zero_variance(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * torch.sum(mean**2 + torch.exp(log_variance), dim=1)


def mean_over_the_code(mean: Tensor, log_variance: Tensor) -> Tensor:
    return autoencoders.gaussian_kl(mean, log_variance) / mean.shape[1]


def not_halved(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 2 * autoencoders.gaussian_kl(mean, log_variance)


def negative_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    return -autoencoders.gaussian_kl(mean, log_variance)


def variance_squared(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * torch.sum(mean**2 + torch.exp(log_variance) ** 2 - 1 - log_variance, dim=1)


GAUSSIAN_KL = Exercise(
    reference=autoencoders.gaussian_kl,
    learned="You have the price of a code: what it says beyond the prior, in nats.",
    further="where is it least, and which σ costs 6.41 nats at μ = 0?",
    stars=2,
    minutes=8,
    points=3,
    examples=(
        Case(tensor([[0.0], [1.0], [0.0], [1.0]]), tensor([[0.0], [0.0], [2 * math.log(0.5)], [2 * math.log(2.0)]])),
    ),
    draw=draw_gaussian_kl,
    probe=value_and_gradients,
    hints=(
        "The closed form stands above: four terms for each entry of the code, half of their sum for each example.",
        "You are given log σ². What must be done to it to get σ², and what to get log σ²?",
        "Sum mean squared, plus the exponential of log_variance, minus 1, minus log_variance, over each row; take "
        "half.",
    ),
    misconceptions=(
        Misconception("a divergence that takes log σ² for log σ.", log_deviation_given),
        Misconception("a divergence with σ where σ² belongs.", deviation_for_variance),
        Misconception("the divergence with cloud and prior exchanged: KL(N(0, 1) ‖ N(μ, σ²)).", from_the_prior),
        Misconception("½(μ² + σ²): no divergence, since it is least at σ = 0.", least_at_zero_variance),
        Misconception("the mean over the code's entries, not their sum.", mean_over_the_code),
        Misconception("twice the divergence: the half is missing.", not_halved),
        Misconception("the divergence with its sign flipped: a divergence is never negative.", negative_divergence),
        Misconception("σ⁴ where σ² belongs: exp(log_variance) is σ² already.", variance_squared),
    ),
)


# --- reparameterize ---------------------------------------------------------------------------------------------------


def draw_reparameterize(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((1, 1), (3, 2), (2, 4), (5,)):
        yield Case(*(normal(generator, *shape) for _ in range(3)))


def noise_already_scaled(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    deviation = torch.exp(0.5 * log_variance)
    return mean + deviation * (mean + deviation * noise)


def variance_for_deviation(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    return mean + torch.exp(log_variance) * noise


def log_variance_for_deviation(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    return mean + log_variance * noise


def deviation_without_gradient(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    return mean + torch.exp(0.5 * log_variance).detach() * noise


REPARAMETERIZE = Exercise(
    reference=autoencoders.reparameterize,
    learned="Chance comes in from the side, and gradients pass straight through.",
    further="draw a million z for μ = 2, σ = 3. Which mean and variance do they have?",
    stars=1,
    minutes=5,
    points=2,
    examples=(Case(tensor([[2.0, 2.0]]), tensor([[2 * math.log(3.0)] * 2]), tensor([[1.0, -1.0]])),),
    draw=draw_reparameterize,
    probe=value_and_gradients,
    hints=(
        "z is a straight line in ε: where ε is 0 it is μ, and it grows with σ.",
        "You are given log σ². Which factor in the exponent gives σ? All randomness comes in as an argument: draw "
        "nothing yourself.",
        "Add to the mean the noise times the exponential of half the log_variance.",
    ),
    misconceptions=(
        Misconception(
            "noise that is shifted by μ and stretched by σ twice: z has mean μ + σμ and variance σ⁴.",
            noise_already_scaled,
        ),
        Misconception("noise stretched by the variance σ², not by σ.", variance_for_deviation),
        Misconception("noise stretched by log σ².", log_variance_for_deviation),
        Misconception("the right z, cut off from σ: no gradient reaches log_variance.", deviation_without_gradient),
    ),
)


# --- elbo -------------------------------------------------------------------------------------------------------------


def draw_elbo(generator: np.random.Generator) -> Iterator[Case]:
    for m, n, k in ((3, 4, 2), (2, 5, 3), (4, 3, 1)):
        inputs = tensor(generator.integers(0, 2, (m, n)))
        # β ≠ 1, so that a forgotten weight is seen.
        yield Case(
            inputs, normal(generator, m, n, scale=2.0), *(normal(generator, m, k) for _ in range(2)),
            generator.uniform(0.2, 0.8),
        )  # fmt: skip
    gray = uniform(generator, 3, 4)
    yield Case(gray, normal(generator, 3, 4), normal(generator, 3, 2), normal(generator, 3, 2), 1.0)
    # log σ(−900) is no float: only from the logits is it −900.
    far = tensor([[1.0, 0.0], [0.0, 1.0]]), tensor([[-900.0, 1.0], [800.0, 2.0]])
    yield Case(*far, normal(generator, 2, 1), normal(generator, 2, 1), 1.0)


def log_likelihood(x: Tensor, logits: Tensor) -> Tensor:
    return torch.sum(x * functional.logsigmoid(logits) + (1 - x) * functional.logsigmoid(-logits), dim=1)


def divergence_added(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    return torch.mean(log_likelihood(x, logits) + beta * autoencoders.gaussian_kl(mean, log_variance))


def pixels_averaged(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    likelihood = log_likelihood(x, logits) / x.shape[1]
    return torch.mean(likelihood - beta * autoencoders.gaussian_kl(mean, log_variance))


def squared_error(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    likelihood = -torch.sum((x - torch.sigmoid(logits)) ** 2, dim=1)
    return torch.mean(likelihood - beta * autoencoders.gaussian_kl(mean, log_variance))


def cost_for_bound(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    return -autoencoders.elbo(x, logits, mean, log_variance, beta)


def divergence_at_full_weight(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    return autoencoders.elbo(x, logits, mean, log_variance, 1.0)


def batch_added_up(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    return len(x) * autoencoders.elbo(x, logits, mean, log_variance, beta)


def bound_from_probabilities(
    x: Tensor, p: Tensor, mean: Tensor, log_variance: Tensor, beta: float, pad: float
) -> Tensor:
    likelihood = torch.sum(x * torch.log(p + pad) + (1 - x) * torch.log(1 - p + pad), dim=1)
    return torch.mean(likelihood - beta * autoencoders.gaussian_kl(mean, log_variance))


def log_of_the_sigmoid(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    return bound_from_probabilities(x, torch.sigmoid(logits), mean, log_variance, beta, 0.0)


def log_of_the_padded_sigmoid(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    return bound_from_probabilities(x, torch.sigmoid(logits), mean, log_variance, beta, 1e-8)


def whole_bound_weighted(x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Tensor:
    return beta * autoencoders.elbo(x, logits, mean, log_variance, 1.0)


ELBO = Exercise(
    reference=autoencoders.elbo,
    learned="Likelihood minus price: the whole variational autoencoder is in this number.",
    further="for a decoder that ignores z, which encoder maximizes it, and what is it then?",
    stars=2,
    minutes=10,
    points=3,
    draw=draw_elbo,
    uses=("gaussian_kl",),
    probe=value_and_gradients,
    hints=(
        "Two terms for each example: how likely the decoder finds the picture, and what the code costs.",
        "log p and log(1 − p) overflow when they are taken from p. Which function of torch takes them from logits? And "
        "over what is each term summed, over what is the mean?",
        "The log-likelihood is minus the binary cross-entropy with logits, summed over the pixels. Subtract kl_weight "
        "times gaussian_kl, and take the mean over the examples.",
    ),
    misconceptions=(
        Misconception("a bound in which the divergence is added: it pays for a dear code.", divergence_added),
        Misconception("a likelihood averaged over the pixels, beside a divergence that is summed.", pixels_averaged),
        Misconception("a squared error where the likelihood of a Bernoulli decoder belongs.", squared_error),
        Misconception("the bound's negative, a cost.", cost_for_bound),
        Misconception("a bound in which kl_weight plays no part.", divergence_at_full_weight),
        Misconception("the sum over the batch, not the mean over its examples.", batch_added_up),
        Misconception(
            "the logarithm of a sigmoid: for a logit of −900 the sigmoid is 0 and its logarithm infinite.",
            log_of_the_sigmoid,
        ),
        Misconception(
            "log(p + 1e-8): every term is a little off, and where p is tiny the logarithm stops near −18.",
            log_of_the_padded_sigmoid,
        ),
        Misconception("kl_weight times the whole bound: it weighs the divergence alone.", whole_bound_weighted),
    ),
)


# --- VAE --------------------------------------------------------------------------------------------------------------


def draw_vae(generator: np.random.Generator) -> Iterator[Case]:
    for n, hidden, k, m in ((4, 5, 2, 3), (3, 4, 3, 2), (5, 3, 1, 4)):
        parameters = {
            "encoder": chain(generator, n, hidden),
            "mean": chain(generator, hidden, k),
            "log_variance": chain(generator, hidden, k),
            "decoder": chain(generator, k, hidden, n),
        }
        yield Case((n, hidden, k), parameters, normal(generator, m, n), normal(generator, m, k))


class HeadsExchanged(autoencoders.VAE):
    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = super().encode(inputs)
        return log_variance, mean


class NoiseIgnored(autoencoders.VAE):
    def forward(self, inputs: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return super().forward(inputs, torch.zeros_like(noise))


class ProbabilitiesForLogits(autoencoders.VAE):
    def forward(self, inputs: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, mean, log_variance = super().forward(inputs, noise)
        return torch.sigmoid(logits), mean, log_variance


class LinearDecoder(autoencoders.VAE):
    def __init__(self, inputs: int, hidden: int, code: int) -> None:
        super().__init__(inputs, hidden, code)
        self.decoder[1] = nn.Identity()


class LinearEncoder(autoencoders.VAE):
    def __init__(self, inputs: int, hidden: int, code: int) -> None:
        super().__init__(inputs, hidden, code)
        self.encoder[1] = nn.Identity()


class StretchedByLogVariance(autoencoders.VAE):
    def forward(self, inputs: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encode(inputs)
        return self.decoder(mean + log_variance * noise), mean, log_variance


VARIATIONAL_AUTOENCODER = Exercise(
    reference=autoencoders.VAE,
    learned="You built a machine that draws what it has never seen.",
    further="give the decoder a second hidden layer. Does the bound on held-out digits rise?",
    stars=3,
    minutes=15,
    points=4,
    draw=draw_vae,
    uses=("reparameterize",),
    probe=encoded_and_drawn,
    hints=(
        "Four submodules: one way in, two heads that read the same hidden layer, one way out.",
        "What does encode return, and in which order? What is the decoder given, the mean or a draw?",
        "encode: the encoder's output goes into mean and into log_variance. forward: encode, then reparameterize with "
        "the noise, then decode; return logits, mean, log_variance. No sigmoid stands at the end.",
    ),
    misconceptions=(
        Misconception("a network whose two heads are exchanged.", HeadsExchanged),
        Misconception("a decoder that is given the mean: the noise plays no part.", NoiseIgnored),
        Misconception("probabilities where logits are asked for.", ProbabilitiesForLogits),
        Misconception("a decoder without its ReLU.", LinearDecoder),
        Misconception("an encoder without its ReLU.", LinearEncoder),
        Misconception("a code whose noise is stretched by log σ², not by σ.", StretchedByLogVariance),
    ),
)


# --- interpolate ------------------------------------------------------------------------------------------------------


def draw_interpolate(generator: np.random.Generator) -> Iterator[Case]:
    for k, steps in ((2, 2), (3, 5), (1, 4), (4, 7)):
        yield Case(normal(generator, k), normal(generator, k), steps)


def end_left_out(start: Tensor, end: Tensor, steps: int) -> Tensor:
    t = torch.arange(steps, dtype=start.dtype)[:, None] / steps
    return (1 - t) * start + t * end


def walked_backward(start: Tensor, end: Tensor, steps: int) -> Tensor:
    return autoencoders.interpolate(end, start, steps)


def steps_between_the_ends(start: Tensor, end: Tensor, steps: int) -> Tensor:
    return autoencoders.interpolate(start, end, steps + 1)


INTERPOLATE = Exercise(
    reference=autoencoders.interpolate,
    learned="A straight walk through the codes; what lies on the way is up to the decoder.",
    further="in 64 dimensions, how long are the codes halfway between two draws from N(0, I), compared with the draws?",
    stars=1,
    minutes=4,
    points=0,
    examples=(Case(tensor([0.0, 2.0]), tensor([4.0, 0.0]), 5),),
    draw=draw_interpolate,
    # torch.linspace without a dtype gives single precision: t is off by up to 6e-8, the codes by some 1e-7.
    absolute_tolerance=1e-6,
    hints=(
        "Each code is a weighted mean of the two ends; the weights are 1 − t and t.",
        "Which values does t take, so that there are `steps` of them and both 0 and 1 are among them?",
        "Make t a column of evenly spaced numbers from 0 to 1; broadcasting does the rest.",
    ),
    misconceptions=(
        Misconception("a way that stops one step before its end.", end_left_out),
        Misconception("the way from the end back to the start.", walked_backward),
        Misconception("one code too many: steps counts the codes, not the gaps between them.", steps_between_the_ends),
    ),
)


# --- questions --------------------------------------------------------------------------------------------------------

PREDICT_COPY = Quiz(
    "predict_copy",
    "Two autoencoders learn the digits: a linear one with a code of 64 numbers, as many as there are pixels, and a "
    "deep one with a code of 8. Then both are shown chimeras: the upper half of one digit above the lower half of "
    "another, as nobody writes them. How large is the squared error that each leaves on chimeras?",
    (
        Choice(
            "Large for both: they have learned digits, and a chimera is none.",
            "The wide one has room for every picture, digit or not. Nothing made it learn what a digit is.",
        ),
        Choice(
            "Large for the wide one, which turns chimeras into digits, because it learned digits perfectly.",
            "It learned to copy. A copy of a chimera is a chimera.",
        ),
        Choice(
            "Small for the wide one, smaller than the narrow one's on real digits; large for the narrow one.",
            "Both errors grow about threefold, but the wide one's stays so small that you see a copy. A perfect "
            "reconstruction says that nothing was lost, not that anything was understood. The narrow code had to learn "
            "what digits have in common, and a chimera has little of it.",
            True,
        ),
    ),
)

WHY_TRANSPOSE = Quiz(
    "why_transpose",
    "The encoder multiplies by a matrix W that is not square. Why does the tied decoder use the same W from its other "
    "side, the transpose, and not the inverse?",
    (
        Choice(
            "The inverse would be slower.",
            "There is nothing to compute slowly: a matrix that is not square has no inverse.",
        ),
        Choice(
            "A matrix that is not square has no inverse; the transpose has the right shape, adds no parameters, and is "
            "the inverse on the code's plane if W's rows are orthonormal.",
            "The transpose is what fits, for half of the parameters. Where the rows are orthonormal, decoding by it is "
            "what PCA does.",
            True,
        ),
        Choice(
            "The transpose always undoes W exactly.",
            "Only where the rows are orthonormal, and then only for what lies in their plane.",
        ),
    ),
)

PREDICT_GAPS = Quiz(
    "predict_gaps",
    "A plain autoencoder with a code of two numbers is trained. You pick points of the code's plane at random, from a "
    "Gaussian as wide as the cloud of its codes, and decode them. What will you see?",
    (
        Choice(
            "Digits, as good as its reconstructions.",
            "It was only ever asked to decode codes of real pictures; the plane between them it never met.",
        ),
        Choice(
            "Digits at some points, at others shapes that are no digit.",
            "Nothing was asked of the points between the codes: the plane has gaps, and a straight way from one digit "
            "to another leads through them.",
            True,
        ),
        Choice("Gray noise everywhere.", "Near the codes of real pictures the decoder draws well."),
    ),
)

PREDICT_KL = Quiz(
    "predict_kl",
    "An encoder that gives μ and σ is trained by this divergence alone, and nothing asks for a reconstruction. "
    "Where do μ and σ of all codes go?",
    (
        Choice(
            "μ → 0 and σ → 1.",
            "KL(N(μ, σ²) ‖ N(0, 1)) is least, and 0, where N(μ, σ²) is N(0, 1).",
            True,
        ),
        Choice(
            "μ → 0 and σ → 0.",
            "Some notes say so. But σ → 0 is dear: log σ² falls without end. σ = 0.001 alone costs 6.41 nats.",
        ),
        Choice("μ spreads out and σ → 1.", "Every μ other than 0 costs ½μ²."),
    ),
)

SAMPLING_AND_GRADIENTS = Quiz(
    "sampling_and_gradients",
    "A VAE draws z from N(μ, σ²) in the middle of its network. Why is z written as μ + σε with ε from N(0, 1)?",
    (
        Choice(
            "Because the sum is cheaper to draw.",
            "A library draws from N(μ, σ²) in this very way. The cost is the same.",
        ),
        Choice(
            "Because ε makes z deterministic, so that the code is always the same.",
            "z is as random as before. Only the place where chance comes in has moved.",
        ),
        Choice(
            "Because a draw has no derivative with respect to μ and σ, but given ε the sum has: 1 and ε.",
            "Chance becomes an input. Given ε, z is linear in μ and σ, and gradients pass.",
            True,
        ),
    ),
    points=1,
)

INDEPENDENCE = Quiz(
    "independence",
    "Why are the entries of a VAE's code z independent, and of which distribution is that true?",
    (
        Choice(
            "Because the encoder's covariance is diagonal by design: true of q(z|x), the code of one picture.",
            "By design, for each picture. The penalty pulls the cloud of all codes toward N(0, I), where they would be "
            "independent too, but nothing makes it get there.",
            True,
        ),
        Choice(
            "Because training decorrelates them: true of the codes of all pictures taken together.",
            "The cloud of all codes, the mixture of all q(z|x), is pulled toward N(0, I) and need not get there.",
        ),
        Choice(
            "Because pixels are independent given z: true of p(x|z).",
            "That is the decoder's assumption about pixels, not about the code.",
        ),
    ),
    points=1,
)

TWO_REGULARIZERS = Written(
    "two_regularizers",
    "A sparse or contractive autoencoder and a VAE both add a term to the reconstruction error. In a few sentences: "
    "what "
    "does each term guard against, what happens to a VAE without its reconstruction term and without its divergence, "
    "and "
    "why can you draw new digits from the one but not from the other?",
    points=2,
    model_answer="The penalty of a plain autoencoder guards against overtraining: against copying, and against a code "
    "that reacts to every detail. It says nothing of where codes lie. A VAE's divergence fixes the distribution of the "
    "codes: every picture's cloud is pulled toward N(0, 1). Alone, it puts all clouds on each other at μ = 0, σ = 1, "
    "and "
    "nothing of the picture is left. Without it the reconstruction spreads the codes and shrinks σ until the clouds do "
    "not touch: a plain autoencoder with gaps. Together they fill the region of the prior with overlapping clouds, so "
    "a "
    "draw from N(0, I) falls where the decoder has been trained. Of a plain autoencoder's codes no distribution is "
    "known, and between them the decoder was never asked for anything.",
)

CHAPTER = Chapter(
    12,
    "autoencoders",
    "Autoencoders",
    items=(
        RECONSTRUCTION_LOSS,
        AUTOENCODER,
        TRAINING_STEP,
        PREDICT_COPY,
        WHY_TRANSPOSE,
        TIED_AUTOENCODER,
        MAX_ACTIVATING_INPUT,
        SPARSITY_PENALTY,
        CORRUPT,
        CONTRACTIVE_PENALTY,
        CONV_AUTOENCODER,
        RBM_SAMPLE,
        CONTRASTIVE_DIVERGENCE_STEP,
        UNROLL,
        INTERPOLATE,
        PREDICT_GAPS,
        KL_DIVERGENCE,
        GAUSSIAN_KL,
        PREDICT_KL,
        REPARAMETERIZE,
        SAMPLING_AND_GRADIENTS,
        ELBO,
        VARIATIONAL_AUTOENCODER,
        INDEPENDENCE,
        TWO_REGULARIZERS,
    ),
)
