"""Exercises of chapter 13_gans.

In the wrong answers u is a uniform draw, p and q are laws on bins, D and G the two networks, s logits.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import leaky_relu, softplus

from autograder.exercise import Case, Chapter, Choice, Exercise, Group, Misconception, Quiz, Written
from autograder.probes.gans import (
    after_discriminator_steps,
    after_generator_steps,
    after_training,
    die_cdf,
    die_inverse,
    exponential_cdf,
    exponential_inverse,
    fake_distance_penalty,
    logistic_cdf,
    loss_and_gradients,
    minus_log_d,
    module_outputs,
    penalty_and_gradients,
    square_cdf,
    sum_of_logits,
)
from autograder.values import named
from dl_helpers import gans

Array = np.ndarray
Tensor = torch.Tensor
Law = Callable[[Any], Any]
Optimizer = torch.optim.Optimizer


def tensor(generator: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    return torch.from_numpy(scale * generator.normal(size=shape))


def network(generator: np.random.Generator, *sizes: int) -> list[Array]:
    """Weights and biases, in turn, of the layers of a toy network."""
    arrays = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        arrays += [generator.normal(size=(n_out, n_in)), generator.normal(scale=0.5, size=n_out)]
    return arrays


# --- exponential_inverse_cdf ------------------------------------------------------------------------------------------


def draw_exponential(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((4,), (6,), (2, 3)):
        yield Case(generator.random(shape), generator.uniform(1.3, 4.0))
    yield Case(generator.random(3), generator.uniform(0.2, 0.8))


def of_one_minus(u: Array, rate: float) -> Array:
    return -np.log(u) / rate


def times_the_rate(u: Array, rate: float) -> Array:
    return -np.log1p(-u) * rate


def the_cdf_itself(u: Array, rate: float) -> Array:
    return 1 - np.exp(-rate * u)


def without_minus(u: Array, rate: float) -> Array:
    return np.log1p(-u) / rate


EXPONENTIAL_INVERSE_CDF = Exercise(
    reference=gans.exponential_inverse_cdf,
    learned="You turn uniform numbers into waiting times, with one formula and no table.",
    further="how large can a draw get if U has 53 binary digits? No sample of this generator is ever larger.",
    stars=1,
    minutes=5,
    points=2,
    examples=(Case(np.array([0.0, 0.5, 0.75]), 2.0), Case(np.array([0.1, 0.9]), 1.0)),
    draw=draw_exponential,
    hints=(
        "Write u = 1 − e^(−λy) and solve for y, one operation at a time.",
        "After e^(−λy) = 1 − u, which function takes the exponential away? Is its result positive or negative?",
        "Minus the logarithm of one minus u, divided by the rate.",
    ),
    misconceptions=(
        Misconception(
            "−log(u)/λ: that has the right law too, but it is F⁻¹ at 1 − u, so large draws come out small.",
            of_one_minus,
        ),
        Misconception("a mean of λ instead of 1/λ: the rate multiplies.", times_the_rate),
        Misconception("the CDF F itself, not its inverse.", the_cdf_itself),
        Misconception("negative waiting times: a sign was lost.", without_minus),
    ),
)


# --- cauchy_inverse_cdf -----------------------------------------------------------------------------------------------


def draw_cauchy(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((4,), (5,), (2, 2)):
        yield Case(generator.uniform(0.03, 0.97, shape), generator.normal(), generator.uniform(0.3, 3.0))


def not_centered(u: Array, location: float, scale: float) -> Array:
    return location + scale * np.tan(np.pi * u)


def without_pi(u: Array, location: float, scale: float) -> Array:
    return location + scale * np.tan(u - 0.5)


def scale_divides(u: Array, location: float, scale: float) -> Array:
    return location + np.tan(np.pi * (u - 0.5)) / scale


CAUCHY_INVERSE_CDF = Exercise(
    reference=gans.cauchy_inverse_cdf,
    learned="You drew from a law without a mean: averaging more of these draws does not help.",
    further="average 10, 1000 and 100,000 draws and repeat. Does the average settle? Does the median?",
    stars=1,
    minutes=4,
    points=0,
    examples=(Case(np.array([0.25, 0.5, 0.75]), 1.0, 2.0),),
    draw=draw_cauchy,
    hints=(
        "Solve u = ½ + arctan((y − a)/b)/π for y: first bring the ½ over, then the π.",
        "The tangent takes the arctangent away. What stands in it at u = ½, and what must y be there?",
        "The location plus the scale times the tangent of π times (u − ½).",
    ),
    misconceptions=(
        Misconception("tan(πu): the ½ is missing, and u = ½ gives no median but a number near infinity.", not_centered),
        Misconception("an angle that is not multiplied by π: all draws lie near the median.", without_pi),
        Misconception("a scale that divides.", scale_divides),
    ),
)


# --- empirical_inverse_cdf --------------------------------------------------------------------------------------------


def draw_empirical(generator: np.random.Generator) -> Iterator[Case]:
    for n in (4, 5, 8):
        data = generator.normal(size=n).round(2)
        # Heights of the steps themselves, 1 included, and draws in between.
        yield Case(np.concatenate([generator.integers(1, n + 1, 3) / n, 1 - generator.random(4)]), data)
    # Equal data, whole numbers.
    yield Case(1 - generator.random((2, 4)), generator.integers(0, 4, 8).astype(float))


def not_sorted(u: Array, data: Array) -> Array:
    heights = np.arange(1, len(data) + 1) / len(data)
    return data[np.searchsorted(heights, u, side="left")]


def one_step_too_far(u: Array, data: Array) -> Array:
    rows = np.minimum(np.floor(u * len(data)).astype(int), len(data) - 1)
    return np.sort(data)[rows]


def one_step_too_low(u: Array, data: Array) -> Array:
    heights = np.arange(1, len(data) + 1) / len(data)
    return np.sort(data)[np.maximum(np.searchsorted(heights, u, side="left") - 1, 0)]


def interpolated(u: Array, data: Array) -> Array:
    return np.quantile(data, u)


EMPIRICAL_INVERSE_CDF = Exercise(
    reference=gans.empirical_inverse_cdf,
    learned="Where F has steps, the smallest y that reaches u stands in for the inverse. It is drawing with "
    "replacement.",
    further="which of these samples has never been seen in the data? That is what a generative model must do better.",
    stars=2,
    minutes=10,
    points=2,
    examples=(
        Case(np.array([0.1, 0.25, 0.26, 0.5, 0.99, 1.0]), np.array([7.0, 1.0, 3.0, 3.0])),
        Case(np.array([0.3, 0.9]), np.array([5.0, -5.0])),
    ),
    draw=draw_empirical,
    hints=(
        "Draw the staircase of the data 7, 1, 3, 3: where does it stand at ¼, ½, ¾ and 1?",
        "In sorted order the i-th number has the height i/n. Which is the first height that is u or more? What if it "
        "is u exactly?",
        "Sort; find with np.searchsorted where u would be put into the heights 1/n ... n/n, to the left of equal ones.",
    ),
    misconceptions=(
        Misconception("the data as they came: the staircase goes through them in sorted order.", not_sorted),
        Misconception(
            "the next datum where u hits a step exactly: min {y : F(y) > u} instead of F(y) ≥ u.", one_step_too_far
        ),
        Misconception("max {y : F(y) < u}: one step too low.", one_step_too_low),
        Misconception("numbers between the data: interpolated quantiles, not the generalized inverse.", interpolated),
    ),
)


# --- inverse_cdf_proof ------------------------------------------------------------------------------------------------


def draw_proof(generator: np.random.Generator) -> Iterator[Case]:
    exponential = named(exponential_cdf), named(exponential_inverse)
    die = named(die_cdf), named(die_inverse)
    for _ in range(2):
        yield Case(generator.uniform(0.02, 0.98, 7), generator.uniform(0.2, 0.9), *exponential)
        # Draws that hit a step, and a y on a face or between faces.
        draws = np.concatenate([generator.uniform(0.02, 0.98, 6), [0.25, 0.5, 0.75]])
        yield Case(draws, float(generator.integers(1, 4)), *die)
        yield Case(draws, generator.integers(1, 4) + generator.uniform(0.2, 0.8), *die)


def sooner_in_the_tail(u: Array, y: float, cdf: Law, inverse_cdf: Law) -> tuple[Array, Array, float]:
    return inverse_cdf(u) < y, u < cdf(y), cdf(y)


def strict_on_the_left(u: Array, y: float, cdf: Law, inverse_cdf: Law) -> tuple[Array, Array, float]:
    return inverse_cdf(u) < y, u <= cdf(y), cdf(y)


def strict_on_the_right(u: Array, y: float, cdf: Law, inverse_cdf: Law) -> tuple[Array, Array, float]:
    return inverse_cdf(u) <= y, u < cdf(y), cdf(y)


def share_of_draws(u: Array, y: float, cdf: Law, inverse_cdf: Law) -> tuple[Array, Array, float]:
    return inverse_cdf(u) <= y, u <= cdf(y), float(np.mean(u <= cdf(y)))


def uniform_against_y(u: Array, y: float, cdf: Law, inverse_cdf: Law) -> tuple[Array, Array, float]:
    return inverse_cdf(u) <= y, u <= y, cdf(y)


def turned_around(u: Array, y: float, cdf: Law, inverse_cdf: Law) -> tuple[Array, Array, float]:
    return inverse_cdf(u) <= y, u >= cdf(y), 1 - cdf(y)


INVERSE_CDF_PROOF = Exercise(
    reference=gans.inverse_cdf_proof,
    learned="You checked the proof draw by draw: the two events are one, and the uniform law does the rest. It holds "
    "for a die as well as for an exponential law.",
    further="turn it around: if X has a continuous F, which law has F(X)? Write the three steps.",
    stars=2,
    minutes=10,
    points=3,
    examples=(
        Case(np.array([0.1, 0.6, 0.7, 0.9]), 0.5, named(exponential_cdf), named(exponential_inverse)),
        Case(np.array([0.25, 0.3, 0.5, 0.51]), 2.0, named(die_cdf), named(die_inverse)),
    ),
    draw=draw_proof,
    outputs=("left", "right", "probability"),
    hints=(
        "Each equation of the chain has one line. Left and right are events: arrays of True and False, one for each "
        "draw.",
        "The first event is about F⁻¹ of the draws and y. In the second F has been applied on both sides: what is "
        "left of the draws, what has become of y? Does ≤ stay ≤?",
        "The uniform law has P(U ≤ c) = c for every c between 0 and 1. Here c = F(y). No draw is needed for that.",
    ),
    misconceptions=(
        Misconception(
            "the events with < in place of ≤: on a die that leaves out what sits on a step.", sooner_in_the_tail
        ),
        Misconception(
            "the left event with < in place of ≤: it leaves out the draws that land on y.", strict_on_the_left
        ),
        Misconception("the right event with < in place of ≤: it leaves out U = F(y).", strict_on_the_right),
        Misconception("a share of these draws, where the CDF of the uniform law gives a probability.", share_of_draws),
        Misconception("the event U ≤ y: F was applied to the left side only.", uniform_against_y),
        Misconception("the event U ≥ F(y), the complement: F rises, so the inequality keeps its sense.", turned_around),
    ),
)


# --- ks_distance ------------------------------------------------------------------------------------------------------


def draw_ks(generator: np.random.Generator) -> Iterator[Case]:
    yield Case(generator.normal(size=9), named(logistic_cdf))
    yield Case(generator.normal(1.5, 1.0, 8), named(logistic_cdf))
    yield Case(generator.normal(-1.5, 1.0, 7), named(logistic_cdf))
    yield Case(generator.random(12) ** 0.3, named(square_cdf))
    yield Case(generator.random(5), named(square_cdf))
    yield Case(generator.exponential(2.0, 6), named(exponential_cdf))


def upper_ends_alone(samples: Array, cdf: Law) -> float:
    n = len(samples)
    return float(np.max(np.abs(np.arange(1, n + 1) / n - cdf(np.sort(samples)))))


def lower_ends_alone(samples: Array, cdf: Law) -> float:
    n = len(samples)
    return float(np.max(np.abs(np.arange(n) / n - cdf(np.sort(samples)))))


def signed_gap(samples: Array, cdf: Law) -> float:
    n = len(samples)
    return float(np.max(np.arange(1, n + 1) / n - cdf(np.sort(samples))))


def mean_gap(samples: Array, cdf: Law) -> float:
    n = len(samples)
    return float(np.mean(np.abs(np.arange(1, n + 1) / n - cdf(np.sort(samples)))))


def without_sorting(samples: Array, cdf: Law) -> float:
    n = len(samples)
    law = cdf(samples)
    return float(max(np.max(np.arange(1, n + 1) / n - law), np.max(law - np.arange(n) / n)))


KS_DISTANCE = Exercise(
    reference=gans.ks_distance,
    learned="You have a test for any sampler of numbers: the largest gap between what it drew and what it promised.",
    further="in how many of 1000 runs of 100 true draws does the distance exceed 1.36/√100? Count.",
    stars=2,
    minutes=10,
    points=2,
    examples=(
        Case(np.array([0.9, 0.5]), named(square_cdf)),
        Case(np.array([0.1, 2.0, -0.3, 0.7]), named(logistic_cdf)),
    ),
    draw=draw_ks,
    hints=(
        "Sort. At the i-th smallest sample the staircase jumps from (i − 1)/n to i/n, while F passes smoothly.",
        "Where F lies below the staircase, the gap is largest at the upper end of a jump. Where F lies above, at "
        "which end?",
        "Two rows of gaps: i/n − F(y_i) and F(y_i) − (i − 1)/n. The largest of all of them.",
    ),
    misconceptions=(
        Misconception("gaps at the upper end of each jump alone.", upper_ends_alone),
        Misconception("gaps at the lower end of each jump alone.", lower_ends_alone),
        Misconception("gaps where the staircase is above F alone: a law shifted the other way would pass.", signed_gap),
        Misconception("the mean gap, not the largest.", mean_gap),
        Misconception("samples in the order in which they came, as if they were sorted.", without_sorting),
    ),
)


# --- Generator and Discriminator --------------------------------------------------------------------------------------


def module_weights(generator: np.random.Generator, *sizes: int) -> dict[str, Array]:
    names = ("first.weight", "first.bias", "second.weight", "second.bias", "output.weight", "output.bias")
    return dict(zip(names, network(generator, *sizes), strict=True))


def draw_generator(generator: np.random.Generator) -> Iterator[Case]:
    for noise_size, hidden, outputs, m in ((3, 5, 2, 4), (1, 4, 3, 2), (2, 6, 1, 1)):
        sizes = {"noise_size": noise_size, "hidden": hidden, "outputs": outputs}
        weights = module_weights(generator, noise_size, hidden, hidden, outputs)
        yield Case(sizes, weights, generator.normal(size=(m, noise_size)))


class RectifiedOutput(gans.Generator):
    def forward(self, noise: Tensor) -> Tensor:
        return torch.relu(super().forward(noise))


class TanhOutput(gans.Generator):
    def forward(self, noise: Tensor) -> Tensor:
        return torch.tanh(super().forward(noise))


class OneActivation(gans.Generator):
    def forward(self, noise: Tensor) -> Tensor:
        return self.output(self.second(torch.relu(self.first(noise))))


class TanhHidden(gans.Generator):
    def forward(self, noise: Tensor) -> Tensor:
        return self.output(torch.tanh(self.second(torch.tanh(self.first(noise)))))


GENERATOR = Exercise(
    reference=gans.Generator,
    learned="The shape of F⁻¹, with weights in place of a formula: noise in, an example out.",
    further="with noise of one number and outputs of two, what can the set of all samples look like? A curve.",
    stars=1,
    minutes=8,
    points=0,
    draw=draw_generator,
    probe=module_outputs,
    hints=(
        "Three layers: noise to hidden, hidden to hidden, hidden to outputs. The docstring gives their names.",
        "A ReLU follows each hidden layer. What would one after the last layer do to coordinates below 0?",
    ),
    misconceptions=(
        Misconception("an activation on the output too: nothing below 0 can be drawn.", RectifiedOutput),
        Misconception("a tanh on the output: nothing beyond ±1 can be drawn.", TanhOutput),
        Misconception("no ReLU after the second hidden layer: the two last layers are one linear map.", OneActivation),
        Misconception("hidden layers of tanh units.", TanhHidden),
    ),
)


def draw_discriminator(generator: np.random.Generator) -> Iterator[Case]:
    for inputs, hidden, m in ((2, 5, 4), (3, 4, 6), (1, 6, 1)):
        weights = module_weights(generator, inputs, hidden, hidden, 1)
        yield Case({"inputs": inputs, "hidden": hidden}, weights, generator.normal(size=(m, inputs)))


class Probability(gans.Discriminator):
    def forward(self, examples: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(examples))


class Column(gans.Discriminator):
    def forward(self, examples: Tensor) -> Tensor:
        return super().forward(examples).unsqueeze(1)


class PlainReLU(gans.Discriminator):
    def forward(self, examples: Tensor) -> Tensor:
        return self.output(torch.relu(self.second(torch.relu(self.first(examples))))).squeeze(1)


class SlopeOfAHundredth(gans.Discriminator):
    def forward(self, examples: Tensor) -> Tensor:
        hidden = leaky_relu(self.second(leaky_relu(self.first(examples))))
        return self.output(hidden).squeeze(1)


DISCRIMINATOR = Exercise(
    reference=gans.Discriminator,
    learned="A judge that answers with logits, and whose leaky units pass some gradient on from everywhere.",
    further="a generator learns only through the gradient of this network. What would it learn where all units are "
    "dead?",
    stars=1,
    minutes=8,
    points=2,
    draw=draw_discriminator,
    probe=module_outputs,
    hints=(
        "The same three layers as the generator's; the last one has a single output.",
        "functional.leaky_relu takes the slope as its second argument. What is the default?",
        "nn.Linear(hidden, 1) gives a column of shape (m, 1). A batch of logits has shape (m,).",
    ),
    misconceptions=(
        Misconception("probabilities: the sigmoid belongs to the loss, the network gives logits.", Probability),
        Misconception(
            "a column of logits, shape (m, 1); subtract a row from it and broadcasting makes a matrix.", Column
        ),
        Misconception("plain ReLU units, which pass no gradient on where they are off.", PlainReLU),
        Misconception("leaky units with torch's default slope of 0.01.", SlopeOfAHundredth),
    ),
)


# --- losses -----------------------------------------------------------------------------------------------------------


def draw_discriminator_loss(generator: np.random.Generator) -> Iterator[Case]:
    for real, fake in ((4, 4), (3, 5), (6, 2)):
        yield Case(tensor(generator, real, scale=2.0), tensor(generator, fake, scale=2.0) - 1)
    extreme = torch.tensor([-800.0, 700.0, 40.0], dtype=torch.float64)
    yield Case(extreme, -extreme[:2] + torch.from_numpy(generator.random(2)))


def value_itself(real: Tensor, fake: Tensor) -> Tensor:
    return -softplus(-real).mean() - softplus(fake).mean()


def one_average(real: Tensor, fake: Tensor) -> Tensor:
    return torch.cat([softplus(-real), softplus(fake)]).mean()


def labels_swapped(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(real).mean() + softplus(-fake).mean()


def summed(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).sum() + softplus(fake).sum()


def as_if_probabilities(real: Tensor, fake: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(real)).mean() - torch.log(1 - torch.sigmoid(fake)).mean()


DISCRIMINATOR_LOSS = Exercise(
    reference=gans.discriminator_loss,
    learned="A classification error on two heaps, real and fake: descending it is ascending the value of the game.",
    further="what is this loss at D = ½ everywhere? 2 log 2, the number to watch for in every GAN's curve.",
    stars=2,
    minutes=8,
    points=3,
    examples=(
        Case(torch.zeros(3, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)),
        Case(torch.tensor([2.0, 0.0], dtype=torch.float64), torch.tensor([-1.0], dtype=torch.float64)),
    ),
    draw=draw_discriminator_loss,
    probe=loss_and_gradients,
    outputs=("loss", "gradient at the real logits", "gradient at the fake logits"),
    hints=(
        "Two means that are added: one over the real logits, one over the fake ones.",
        "log σ(s) overflows nowhere if it is written as −log(1 + e^(−s)). Torch calls log(1 + e^s) softplus.",
        "−log σ(s) is softplus of −s, and −log(1 − σ(s)) is softplus of s.",
    ),
    misconceptions=(
        Misconception("the value of the game, which D ascends: an optimizer would descend it.", value_itself),
        Misconception(
            "one mean over both heaps thrown together: half the loss, and weighted by their sizes.", one_average
        ),
        Misconception("labels that are swapped: real examples are called fake.", labels_swapped),
        Misconception("sums over the batch instead of means.", summed),
        Misconception(
            "log σ taken of the finished probability: infinite where D is certain and wrong.", as_if_probabilities
        ),
    ),
)


def draw_generator_loss(generator: np.random.Generator) -> Iterator[Case]:
    for m in (3, 5, 2):
        yield Case(tensor(generator, m, scale=2.0))
    yield Case(torch.from_numpy(np.array([-800.0, 700.0, -30.0]) + generator.random(3)))


CONFIDENT = torch.tensor([-4.6002], dtype=torch.float64)


def ascended(s: Tensor) -> Tensor:
    return softplus(s).mean()


def rewards_d(s: Tensor) -> Tensor:
    return -softplus(-s).mean()


def minimax_loss(s: Tensor) -> Tensor:
    return -softplus(s).mean()


def non_saturating_loss(s: Tensor) -> Tensor:
    return softplus(-s).mean()


def minimax_summed(s: Tensor) -> Tensor:
    return -softplus(s).sum()


def non_saturating_summed(s: Tensor) -> Tensor:
    return softplus(-s).sum()


GENERATOR_LOSS_MINIMAX = Exercise(
    reference=gans.generator_loss_minimax,
    learned="The loss of the theorem: one player's gain is the other's loss.",
    further="its gradient with respect to a logit is −D(G(z)). Where is that smallest: where G is bad, or good?",
    stars=1,
    minutes=5,
    points=2,
    examples=(Case(torch.zeros(2, dtype=torch.float64)), Case(CONFIDENT)),
    draw=draw_generator_loss,
    probe=loss_and_gradients,
    outputs=("loss", "gradient at the logits"),
    hints=(
        "G can do nothing about the mean over real examples. What is left of the value?",
        "log(1 − σ(s)) as a softplus: mind the sign.",
        "Minus the mean of softplus of the logits; it is descended as it stands.",
    ),
    misconceptions=(
        Misconception("−log(1 − D): whoever descends it makes fakes look less real.", ascended),
        Misconception("the non-saturating loss −log D.", non_saturating_loss),
        Misconception("log D, descended: G would help D.", rewards_d),
        Misconception("a sum over the batch instead of a mean.", minimax_summed),
    ),
)

GENERATOR_LOSS_NON_SATURATING = Exercise(
    reference=gans.generator_loss_non_saturating,
    learned="The loss that works: strong where G is bad, and with the same equilibrium.",
    further="its gradient with respect to a logit is −(1 − D(G(z))). Is the game still zero-sum?",
    stars=1,
    minutes=5,
    points=2,
    examples=(Case(torch.zeros(2, dtype=torch.float64)), Case(CONFIDENT)),
    draw=draw_generator_loss,
    probe=loss_and_gradients,
    outputs=("loss", "gradient at the logits"),
    hints=(
        "G wants log D(G(z)) large. An optimizer descends: what does that make of the sign?",
        "−log σ(s) as a softplus: softplus of what?",
        "The mean of softplus of minus the logits.",
    ),
    misconceptions=(
        Misconception("the minimax loss log(1 − D), which saturates.", minimax_loss),
        Misconception("log D, the objective that G ascends: an optimizer descends it, and G would help D.", rewards_d),
        Misconception("−log(1 − D): whoever descends it makes fakes look less real.", ascended),
        Misconception("a sum over the batch instead of a mean.", non_saturating_summed),
    ),
)


# --- the theory -------------------------------------------------------------------------------------------------------


def law(generator: np.random.Generator, *shape: int) -> Array:
    """Probabilities of bins, some of them 0."""
    mass = generator.random(shape) * (generator.random(shape) < 0.8)
    mass.flat[0] += 0.1
    return mass / mass.sum()


def draw_optimal(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((5,), (3, 2)):
        p, q = generator.random(shape) * 3, generator.random(shape)
        p.flat[1], q.flat[2] = 0.0, 0.0
        yield Case(p, q)
    p, q = law(generator, 6), law(generator, 6)
    p[3] = q[3] = 0.0
    yield Case(p, q)


def share_of_the_fakes(p: Array, q: Array) -> Array:
    return 1 - gans.optimal_discriminator(p, q)


def likelihood_ratio(p: Array, q: Array) -> Array:
    return np.divide(p, q, out=np.full(p.shape, 0.5), where=q > 0)


def zero_where_nothing_comes(p: Array, q: Array) -> Array:
    return np.divide(p, p + q, out=np.zeros(p.shape), where=p + q > 0)


def all_or_nothing(p: Array, q: Array) -> Array:
    return np.where(p == q, 0.5, (p > q).astype(float))


OPTIMAL_DISCRIMINATOR = Exercise(
    reference=gans.optimal_discriminator,
    learned="The best judge says how large a share of what lands here is real. It knows the ratio of the two "
    "densities.",
    further="solve D* for p_data: whoever has D* and p_g has p_data. That is used to weigh samples.",
    stars=1,
    minutes=6,
    points=2,
    examples=(Case(np.array([0.3, 0.2, 0.0, 0.0]), np.array([0.1, 0.2, 0.4, 0.0])),),
    draw=draw_optimal,
    hints=(
        "At one point x the value is a log D + b log(1 − D) with a = p_data(x), b = p_g(x). Differentiate with "
        "respect to D.",
        "a/D = b/(1 − D). Solve for D. And where a = b = 0?",
        "The data's density over the sum of both; ½ where the sum is 0. np.divide has out= and where=.",
    ),
    misconceptions=(
        Misconception("the share of the fakes, 1 − D*.", share_of_the_fakes),
        Misconception("the ratio p_data/p_g, which is no probability: it exceeds 1.", likelihood_ratio),
        Misconception("0 instead of ½ where neither data nor fakes ever come.", zero_where_nothing_comes),
        Misconception("a hard decision, 0 or 1: D* is a probability.", all_or_nothing),
    ),
)


def draw_value(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((4,), (6,), (2, 4)):
        yield Case(law(generator, *shape), law(generator, *shape), generator.uniform(0.05, 0.95, shape))
    p, q = law(generator, 6), law(generator, 6)
    # D is certain, and right: bins in which only one of the two comes.
    p[1] = q[2] = 0.0
    p, q = p / p.sum(), q / q.sum()
    discriminator = generator.uniform(0.1, 0.9, 6)
    discriminator[1], discriminator[2] = 0.0, 1.0
    yield Case(p, q, discriminator)
    # D is certain, and wrong about a bin in which data come: −∞.
    p, q = generator.random((2, 4)) + 0.1
    discriminator = generator.uniform(0.1, 0.9, 4)
    discriminator[0] = 0.0
    yield Case(p / p.sum(), q / q.sum(), discriminator)


def data_alone(p: Array, q: Array, d: Array) -> float:
    with np.errstate(divide="ignore"):
        return float(np.sum(p * np.log(d), where=p > 0))


def both_rewarded(p: Array, q: Array, d: Array) -> float:
    with np.errstate(divide="ignore"):
        return float(np.sum(p * np.log(d), where=p > 0) + np.sum(q * np.log(d), where=q > 0))


def with_an_epsilon(p: Array, q: Array, d: Array) -> float:
    return float(np.sum(p * np.log(d + 1e-12)) + np.sum(q * np.log(1 - d + 1e-12)))


def in_bits(p: Array, q: Array, d: Array) -> float:
    return gans.game_value(p, q, d) / float(np.log(2))


def bins_averaged(p: Array, q: Array, d: Array) -> float:
    return gans.game_value(p, q, d) / p.size


GAME_VALUE = Exercise(
    reference=gans.game_value,
    learned="You can look a discriminator up on this scale: −log 4 is what a coin earns against a perfect generator.",
    further="is a constant D = ½ ever worth more than −log 4, whatever G does? Put it in.",
    stars=1,
    minutes=8,
    points=0,
    examples=(
        Case(np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([0.5, 0.5])),
        Case(np.array([0.75, 0.25]), np.array([0.25, 0.75]), np.array([0.75, 0.25])),
    ),
    draw=draw_value,
    hints=(
        "An expectation over a histogram is a sum of probability times value. There are two, and they are added.",
        "0 · log 0 is 0 here, but not a number in NumPy. np.sum has where=.",
    ),
    misconceptions=(
        Misconception("the first expectation alone: fakes play no part.", data_alone),
        Misconception("log D in both expectations: D would be paid for being fooled.", both_rewarded),
        Misconception("an epsilon hides a certain, wrong judge: D = 0 where data come is worth −∞.", with_an_epsilon),
        Misconception("bits: the logarithm is natural here.", in_bits),
        Misconception("a mean over the bins: the probabilities weigh them already.", bins_averaged),
    ),
)


def draw_jensen_shannon(generator: np.random.Generator) -> Iterator[Case]:
    for shape in ((4,), (7,), (3, 3)):
        yield Case(law(generator, *shape), law(generator, *shape))
    # One more pair without zeros, for those who stumble over them.
    p, q = generator.random((2, 5)) + 0.05
    yield Case(p / p.sum(), q / q.sum())


def kl(p: Array, q: Array) -> float:
    present = p > 0
    with np.errstate(divide="ignore"):
        return float(np.sum(p[present] * np.log(p[present] / q[present])))


def not_halved(p: Array, q: Array) -> float:
    return 2 * gans.jensen_shannon(p, q)


def as_a_distance(p: Array, q: Array) -> float:
    return float(np.sqrt(gans.jensen_shannon(p, q)))


def to_each_other(p: Array, q: Array) -> float:
    return 0.5 * kl(p, q) + 0.5 * kl(q, p)


def one_sided(p: Array, q: Array) -> float:
    return kl(p, (p + q) / 2)


def from_the_middle(p: Array, q: Array) -> float:
    middle = (p + q) / 2
    return 0.5 * kl(middle, p) + 0.5 * kl(middle, q)


def jensen_shannon_in_bits(p: Array, q: Array) -> float:
    return gans.jensen_shannon(p, q) / float(np.log(2))


JENSEN_SHANNON = Exercise(
    reference=gans.jensen_shannon,
    learned="The distance that a GAN with a perfect judge descends: V(D*) = −log 4 + 2·JSD.",
    further="for two laws that share no bin it is log 2, however far apart they are. What gradient does G get then?",
    stars=2,
    minutes=10,
    points=2,
    examples=(
        Case(np.array([0.5, 0.5]), np.array([0.9, 0.1])),
        Case(np.array([1.0, 0.0]), np.array([0.0, 1.0])),
        Case(np.array([0.25, 0.75]), np.array([0.25, 0.75])),
    ),
    draw=draw_jensen_shannon,
    absolute_tolerance=1e-12,
    hints=(
        "First the middle m = (p + q)/2, bin by bin. Then two KL divergences to it.",
        "Which bins of p·log(p/m) are trouble, and what do they add? Can m be 0 where p is not?",
        "Half of KL(p ‖ m) plus half of KL(q ‖ m), each summed over the bins where the first law is positive.",
    ),
    misconceptions=(
        Misconception("a sum of the two divergences to the middle, not halved.", not_halved),
        Misconception("the Jensen–Shannon distance: the root of the divergence.", as_a_distance),
        Misconception(
            "divergences of p and q to each other, not to their middle: infinite where one is 0.", to_each_other
        ),
        Misconception("KL of p to the middle alone, which is not symmetric.", one_sided),
        Misconception("divergences from the middle to the laws instead of to the middle.", from_the_middle),
        Misconception("bits: the logarithm is natural here.", jensen_shannon_in_bits),
    ),
)


# --- steps ------------------------------------------------------------------------------------------------------------

NOISE_SIZE, EXAMPLE_SIZE, UNITS = 2, 3, 4
STEP_GROUPS = {
    "one step": Group(
        2, "A step from given weights moves the parameters otherwise than it should, or says another loss."
    ),
    "several steps": Group(1, "The first step may be right, but what it leaves behind spoils the next one."),
}


def players(generator: np.random.Generator) -> tuple[list[Array], list[Array]]:
    return network(generator, NOISE_SIZE, UNITS, EXAMPLE_SIZE), network(generator, EXAMPLE_SIZE, UNITS, 1)


def draw_discriminator_step(generator: np.random.Generator) -> Iterator[Case]:
    for steps, penalty in ((1, None), (1, named(fake_distance_penalty)), (3, None), (3, named(fake_distance_penalty))):
        batches = [(tensor(generator, 5, EXAMPLE_SIZE) + 1, tensor(generator, 4, NOISE_SIZE)) for _ in range(steps)]
        yield Case(*players(generator), batches, penalty, group="one step" if steps == 1 else "several steps")


Penalty = Callable[[nn.Module, Tensor, Tensor], Tensor] | None


def descend(optimizer: Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def with_penalty(loss: Tensor, D: nn.Module, real: Tensor, fakes: Tensor, penalty: Penalty) -> Tensor:
    return loss if penalty is None else loss + penalty(D, real, fakes)


def not_detached(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, real: Tensor, noise: Tensor, penalty: Penalty = None
) -> float:
    fakes = G(noise)
    return descend(optimizer, with_penalty(gans.discriminator_loss(D(real), D(fakes)), D, real, fakes, penalty))


def gradients_not_cleared(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, real: Tensor, noise: Tensor, penalty: Penalty = None
) -> float:
    fakes = G(noise).detach()
    loss = with_penalty(gans.discriminator_loss(D(real), D(fakes)), D, real, fakes, penalty)
    loss.backward()
    optimizer.step()
    return loss.item()


def value_descended(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, real: Tensor, noise: Tensor, penalty: Penalty = None
) -> float:
    fakes = G(noise).detach()
    return descend(optimizer, with_penalty(-gans.discriminator_loss(D(real), D(fakes)), D, real, fakes, penalty))


def two_small_steps(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, real: Tensor, noise: Tensor, penalty: Penalty = None
) -> float:
    fakes = G(noise).detach()
    first = descend(optimizer, softplus(-D(real)).mean())
    second = descend(optimizer, with_penalty(softplus(D(fakes)).mean(), D, real, fakes, penalty))
    return first + second


def clears_the_generator(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, real: Tensor, noise: Tensor, penalty: Penalty = None
) -> float:
    G.zero_grad()
    return gans.discriminator_step(G, D, optimizer, real, noise, penalty)


def penalty_forgotten(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, real: Tensor, noise: Tensor, penalty: Penalty = None
) -> float:
    return descend(optimizer, gans.discriminator_loss(D(real), D(G(noise).detach())))


def loss_after_the_step(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, real: Tensor, noise: Tensor, penalty: Penalty = None
) -> float:
    fakes = G(noise).detach()
    descend(optimizer, with_penalty(gans.discriminator_loss(D(real), D(fakes)), D, real, fakes, penalty))
    return with_penalty(gans.discriminator_loss(D(real), D(fakes)), D, real, fakes, penalty).item()


DISCRIMINATOR_STEP = Exercise(
    reference=gans.discriminator_step,
    learned="The judge has learned from one batch, and the forger felt nothing of it.",
    further="leave the detach out and time both versions: the gradient that runs into G is paid for and thrown away.",
    stars=2,
    minutes=15,
    points=3,
    groups=STEP_GROUPS,
    uses=("discriminator_loss",),
    draw=draw_discriminator_step,
    probe=after_discriminator_steps,
    hints=(
        "Fakes first, cut from G's graph with .detach(). Then the loss of D on both heaps, then the penalty if there "
        "is one.",
        "Three calls make a step in torch: clear what earlier steps left, go backward, let the optimizer move.",
        "Return the loss as a Python number: .item().",
    ),
    misconceptions=(
        Misconception("a gradient that runs on into the generator: the fakes are not detached.", not_detached),
        Misconception(
            "gradients that pile up on those of earlier steps: they were not cleared.", gradients_not_cleared
        ),
        Misconception("a step down the value of the game, so that D learns to be wrong.", value_descended),
        Misconception("two steps, one on the real and one on the fake examples.", two_small_steps),
        Misconception(
            "cleared the gradients standing on G: a step of D leaves G alone, gradients included.", clears_the_generator
        ),
        Misconception("a loss without the penalty.", penalty_forgotten),
        Misconception("the loss after the step where the one before it is asked for.", loss_after_the_step),
    ),
)


def draw_generator_step(generator: np.random.Generator) -> Iterator[Case]:
    for steps, loss in ((1, minus_log_d), (1, sum_of_logits), (3, minus_log_d)):
        batches = [tensor(generator, 4, NOISE_SIZE) for _ in range(steps)]
        group = "one step" if steps == 1 else "several steps"
        yield Case(*players(generator), batches, named(loss), group=group)


Loss = Callable[[Tensor], Tensor]


def always_non_saturating(G: nn.Module, D: nn.Module, optimizer: Optimizer, noise: Tensor, loss: Loss) -> float:
    return descend(optimizer, softplus(-D(G(noise))).mean())


def generator_gradients_not_cleared(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, noise: Tensor, loss: Loss
) -> float:
    result = loss(D(G(noise)))
    result.backward()
    optimizer.step()
    return result.item()


def cut_off_from_g(G: nn.Module, D: nn.Module, optimizer: Optimizer, noise: Tensor, loss: Loss) -> float:
    return descend(optimizer, loss(D(G(noise).detach())))


def climbs(G: nn.Module, D: nn.Module, optimizer: Optimizer, noise: Tensor, loss: Loss) -> float:
    return descend(optimizer, -loss(D(G(noise))))


def of_probabilities(G: nn.Module, D: nn.Module, optimizer: Optimizer, noise: Tensor, loss: Loss) -> float:
    return descend(optimizer, loss(torch.sigmoid(D(G(noise)))))


def leaves_d_frozen(G: nn.Module, D: nn.Module, optimizer: Optimizer, noise: Tensor, loss: Loss) -> float:
    D.requires_grad_(False)
    return gans.generator_step(G, D, optimizer, noise, loss)


GENERATOR_STEP = Exercise(
    reference=gans.generator_step,
    learned="The forger learned from the judge's own gradient, and from nothing else: it never saw a real example.",
    further="print the gradients left on D after this step. Who clears them before D's next one?",
    stars=2,
    minutes=10,
    points=3,
    groups=STEP_GROUPS,
    draw=draw_generator_step,
    probe=after_generator_steps,
    hints=(
        "Noise into G, fakes into D, logits into the loss. The optimizer knows G's parameters alone.",
        "Would a detach be right here? Through what must the gradient run to reach G?",
        "Clear, backward, step, as before. D gets gradients too, but nobody moves it.",
    ),
    misconceptions=(
        Misconception("one particular loss: the one that was handed in is not asked.", always_non_saturating),
        Misconception(
            "gradients that pile up on those of earlier steps: they were not cleared.", generator_gradients_not_cleared
        ),
        Misconception("a generator that stands still: the fakes were cut from its graph.", cut_off_from_g),
        Misconception("a step up the loss.", climbs),
        Misconception("a loss of probabilities: it is defined on logits.", of_probabilities),
        Misconception("a step that leaves D frozen: its next step has nothing to learn from.", leaves_d_frozen),
    ),
)


def draw_train(generator: np.random.Generator) -> Iterator[Case]:
    for steps, k, penalty in ((3, 1, None), (2, 3, None), (3, 2, named(fake_distance_penalty)), (0, 1, None)):
        real = [tensor(generator, 4, EXAMPLE_SIZE) + 1 for _ in range(steps * k + 12)]
        noise = [tensor(generator, 4, NOISE_SIZE) for _ in range(steps * (k + 1) + 12)]
        yield Case(*players(generator), real, noise, named(minus_log_d), steps, k, penalty)


Batches = Iterator[Tensor]
Losses = Iterator[tuple[float, float]]


def one_step_of_d(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps):
        d = gans.discriminator_step(G, D, d_optimizer, next(real), next(noise), penalty)
        yield d, gans.generator_step(G, D, g_optimizer, next(noise), loss)


def k_steps_of_g(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps):
        d = gans.discriminator_step(G, D, d_optimizer, next(real), next(noise), penalty)
        for _ in range(k):
            g = gans.generator_step(G, D, g_optimizer, next(noise), loss)
        yield d, g


def same_noise_again(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps):
        for _ in range(k):
            z = next(noise)
            d = gans.discriminator_step(G, D, d_optimizer, next(real), z, penalty)
        yield d, gans.generator_step(G, D, g_optimizer, z, loss)


def same_batch_k_times(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps):
        x, z = next(real), next(noise)
        for _ in range(k):
            d = gans.discriminator_step(G, D, d_optimizer, x, z, penalty)
        yield d, gans.generator_step(G, D, g_optimizer, next(noise), loss)


def one_noise_batch_for_all(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps):
        z = next(noise)
        for _ in range(k):
            d = gans.discriminator_step(G, D, d_optimizer, next(real), z, penalty)
        yield d, gans.generator_step(G, D, g_optimizer, z, loss)


def one_real_batch(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps):
        x = next(real)
        for _ in range(k):
            d = gans.discriminator_step(G, D, d_optimizer, x, next(noise), penalty)
        yield d, gans.generator_step(G, D, g_optimizer, next(noise), loss)


def g_inside_the_inner_loop(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps):
        for _ in range(k):
            d = gans.discriminator_step(G, D, d_optimizer, next(real), next(noise), penalty)
            g = gans.generator_step(G, D, g_optimizer, next(noise), loss)
        yield d, g


def a_list_at_the_end(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    return iter(list(gans.train_gan(G, D, g_optimizer, d_optimizer, real, noise, loss, steps, k, penalty)))


def g_moves_first(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps):
        g = gans.generator_step(G, D, g_optimizer, next(noise), loss)
        for _ in range(k):
            d = gans.discriminator_step(G, D, d_optimizer, next(real), next(noise), penalty)
        yield d, g


def training_without_penalty(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    return gans.train_gan(G, D, g_optimizer, d_optimizer, real, noise, loss, steps, k)


def judge_first_then_forger(
    G: nn.Module, D: nn.Module, g_optimizer: Optimizer, d_optimizer: Optimizer, real: Batches, noise: Batches,
    loss: Loss, steps: int, k: int = 1, penalty: Penalty = None,
) -> Losses:  # fmt: skip
    for _ in range(steps * k):
        d = gans.discriminator_step(G, D, d_optimizer, next(real), next(noise), penalty)
    for _ in range(steps):
        yield d, gans.generator_step(G, D, g_optimizer, next(noise), loss)


TRAIN_GAN = Exercise(
    reference=gans.train_gan,
    learned="Algorithm 1: k steps of the judge, one of the forger, fresh batches for each. Everything below is "
    "trained by these lines.",
    further="the paper takes k = 1, the cheapest. When would a better judge before each step of G be worth its price?",
    stars=3,
    minutes=20,
    points=4,
    uses=("discriminator_loss", "discriminator_step", "generator_step"),
    draw=draw_train,
    probe=after_training,
    hints=(
        "An outer loop over the steps of G; in it an inner loop over k steps of D, then one step of G, then yield.",
        "How many real and how many noise batches does one turn of the outer loop take? Each step asks next(...) anew.",
        "Yield the pair (last loss of D, loss of G) at the end of each turn; hand the penalty on to D's step.",
    ),
    misconceptions=(
        Misconception("one step of D before each of G, whatever k is.", one_step_of_d),
        Misconception("k steps of G after each of D: the wrong player gets the extra steps.", k_steps_of_g),
        Misconception("noise used twice: G answers to the very batch that D has just learned.", same_noise_again),
        Misconception("one noise batch shared by all steps of a turn, of D and of G.", one_noise_batch_for_all),
        Misconception("the same batch in all k steps of D.", same_batch_k_times),
        Misconception("one real batch reused for all k steps of D.", one_real_batch),
        Misconception("a step of G inside the loop over k: G moves k times in a turn.", g_inside_the_inner_loop),
        Misconception(
            "a list at the end, where a yield after each step of G is asked for: nobody can look meanwhile.",
            a_list_at_the_end,
        ),
        Misconception("a generator that moves first, against a judge that has learned nothing yet.", g_moves_first),
        Misconception("a training without the penalty: it was not handed on.", training_without_penalty),
        Misconception("all steps of D before the first of G: the players do not take turns.", judge_first_then_forger),
    ),
)


# --- mode_coverage ----------------------------------------------------------------------------------------------------


def draw_coverage(generator: np.random.Generator) -> Iterator[Case]:
    centers = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
    # For each center how many samples are good, and how many are nearest to it but not good; and what keeps a mode.
    for good, poor, least in (
        ((3, 2, 0, 0), (0, 1, 4, 3), 3),
        ((1, 5, 2, 0), (4, 0, 1, 1), 2),
        ((2, 1, 0, 9), (1, 0, 5, 0), 1),
    ):
        mode = np.repeat(np.tile(np.arange(4), 2), [*good, *poor])
        distance = np.repeat([0.0, 0.82], [sum(good), sum(poor)]) + generator.uniform(0.1, 0.78, len(mode))
        angle = generator.uniform(0, 2 * np.pi, len(mode))
        samples = centers[mode] + distance[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        yield Case(generator.permutation(samples), centers, 0.8, least)
    # Two centers so close that a sample can be good for both, and samples at exactly the radius.
    tight = np.array([[0.0], [1.0], [9.0]])
    near = generator.integers(1, 8, 6)[:, None] / 16
    yield Case(np.concatenate([near, [[7.0], [7.5], [11.0]], 30 + near]), tight, 2.0, 1)


def nearest_is_enough(samples: Array, centers: Array, radius: float, least: int = 1) -> tuple[int, float]:
    distances = np.linalg.norm(samples[:, None] - centers[None], axis=2)
    counts = np.bincount(distances.argmin(1), minlength=len(centers))
    return int(np.sum(counts >= least)), float(np.mean(distances.min(1) <= radius))


def strictly_within(samples: Array, centers: Array, radius: float, least: int = 1) -> tuple[int, float]:
    distances = np.linalg.norm(samples[:, None] - centers[None], axis=2)
    good = distances.min(1) < radius
    counts = np.bincount(distances.argmin(1)[good], minlength=len(centers))
    return int(np.sum(counts >= least)), float(np.mean(good))


def one_is_enough(samples: Array, centers: Array, radius: float, least: int = 1) -> tuple[int, float]:
    return gans.mode_coverage(samples, centers, radius)


def squared_distances(samples: Array, centers: Array, radius: float, least: int = 1) -> tuple[int, float]:
    distances = ((samples[:, None] - centers[None]) ** 2).sum(2)
    good = distances.min(1) <= radius
    counts = np.bincount(distances.argmin(1)[good], minlength=len(centers))
    return int(np.sum(counts >= least)), float(np.mean(good))


def counted_for_each_near_mode(samples: Array, centers: Array, radius: float, least: int = 1) -> tuple[int, float]:
    close = np.linalg.norm(samples[:, None] - centers[None], axis=2) <= radius
    return int(np.sum(close.sum(0) >= least)), float(np.mean(close.any(1)))


MODE_COVERAGE = Exercise(
    reference=gans.mode_coverage,
    learned="Two numbers that a grid of pretty samples hides: how much is missing, and how much is noise.",
    further="can a generator keep all modes and still be far from the data's law? Which number would tell?",
    stars=1,
    minutes=8,
    points=0,
    examples=(Case(np.array([[0.1], [0.2], [5.0], [3.0]]), np.array([[0.0], [5.0], [9.0]]), 0.5, 1),),
    draw=draw_coverage,
    outputs=("modes", "share"),
    hints=(
        "A matrix of distances, samples by centers. Which center is nearest to each sample, and how near is it?",
        "Count the good samples by their nearest center; np.bincount does it. A mode needs `least` of them.",
    ),
    misconceptions=(
        Misconception("modes that have near-by samples which are not good: nearest is not near.", nearest_is_enough),
        Misconception("distances below the radius: a sample at exactly the radius is left out.", strictly_within),
        Misconception("modes kept by a single good sample, whatever `least` says.", one_is_enough),
        Misconception("squared distances compared with the radius.", squared_distances),
        Misconception("samples counted for every center in reach, not for their nearest.", counted_for_each_near_mode),
    ),
)


# --- penalties --------------------------------------------------------------------------------------------------------


def draw_r1(generator: np.random.Generator) -> Iterator[Case]:
    for m, n in ((4, 3), (5, 2), (1, 3)):
        yield Case(network(generator, n, UNITS, 1), tensor(generator, m, n), generator.uniform(0.5, 4.0))


def input_gradients(D: nn.Module, x: Tensor, differentiable: bool = True) -> Tensor:
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(D(x).sum(), x, create_graph=differentiable)[0]


def r1_not_halved(D: nn.Module, real: Tensor, weight: float) -> Tensor:
    return 2 * gans.r1_penalty(D, real, weight)


def r1_norm(D: nn.Module, real: Tensor, weight: float) -> Tensor:
    return 0.5 * weight * input_gradients(D, real).norm(dim=1).mean()


def r1_mean_over_all(D: nn.Module, real: Tensor, weight: float) -> Tensor:
    return 0.5 * weight * input_gradients(D, real).square().mean()


def r1_constant(D: nn.Module, real: Tensor, weight: float) -> Tensor:
    return 0.5 * weight * input_gradients(D, real, differentiable=False).square().sum(1).mean()


def r1_of_the_mean(D: nn.Module, real: Tensor, weight: float) -> Tensor:
    x = real.detach().requires_grad_(True)
    (gradients,) = torch.autograd.grad(D(x).mean(), x, create_graph=True)
    return 0.5 * weight * gradients.square().sum(1).mean()


def r1_of_probabilities(D: nn.Module, real: Tensor, weight: float) -> Tensor:
    x = real.detach().requires_grad_(True)
    (gradients,) = torch.autograd.grad(torch.sigmoid(D(x)).sum(), x, create_graph=True)
    return 0.5 * weight * gradients.square().sum(1).mean()


def r1_marks_the_examples(D: nn.Module, real: Tensor, weight: float) -> Tensor:
    real.requires_grad_(True)
    (gradients,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)
    return 0.5 * weight * gradients.square().sum(1).mean()


R1_PENALTY = Exercise(
    reference=gans.r1_penalty,
    learned="You differentiated a derivative: D pays for being steep where the data are, and so the game can come to "
    "rest.",
    further="at the equilibrium D is ½ everywhere. What is R1 there? So the penalty does not move the goal.",
    stars=2,
    minutes=12,
    points=2,
    draw=draw_r1,
    probe=penalty_and_gradients,
    outputs=("penalty", "gradients", "requires_grad on the examples"),
    hints=(
        "torch.autograd.grad(outputs, inputs) gives the gradient at the inputs. They need requires_grad.",
        "The penalty is itself differentiated later: which argument of torch.autograd.grad keeps the graph for that?",
        "Sum the logits, differentiate at the examples, square, add up within each example, average over examples, "
        "times γ/2.",
    ),
    misconceptions=(
        Misconception("a penalty that is not halved.", r1_not_halved),
        Misconception("norms that are not squared.", r1_norm),
        Misconception("a mean over all entries, where an example's squares are added up.", r1_mean_over_all),
        Misconception("a number without a graph: D's weights get no gradient from it.", r1_constant),
        Misconception("gradients of the mean logit: each is smaller by the factor m.", r1_of_the_mean),
        Misconception("gradients of the probability, not of the logit.", r1_of_probabilities),
        Misconception(
            "requires_grad left on the caller's examples: the batch was marked itself, not a detached copy.",
            r1_marks_the_examples,
        ),
    ),
)


def draw_wgan(generator: np.random.Generator) -> Iterator[Case]:
    for m, n in ((4, 3), (5, 2), (3, 4)):
        mix = torch.from_numpy(generator.uniform(0.05, 0.95, (m, 1)))
        # A flat and a steep critic: norms below and above 1.
        arrays = [0.4 * array if m == 5 else array for array in network(generator, n, UNITS, 1)]
        yield Case(arrays, tensor(generator, m, n), tensor(generator, m, n) + 1, mix, generator.uniform(2.0, 10.0))


def wgan_mix_swapped(D: nn.Module, real: Tensor, fake: Tensor, mix: Tensor, weight: float) -> Tensor:
    return gans.wgan_gradient_penalty(D, fake, real, mix, weight)


def wgan_at_the_data(D: nn.Module, real: Tensor, fake: Tensor, mix: Tensor, weight: float) -> Tensor:
    return weight * (input_gradients(D, real).norm(dim=1) - 1).square().mean()


def wgan_to_zero(D: nn.Module, real: Tensor, fake: Tensor, mix: Tensor, weight: float) -> Tensor:
    return weight * input_gradients(D, mix * real + (1 - mix) * fake).norm(dim=1).square().mean()


def wgan_squared_norm(D: nn.Module, real: Tensor, fake: Tensor, mix: Tensor, weight: float) -> Tensor:
    gradients = input_gradients(D, mix * real + (1 - mix) * fake)
    return weight * (gradients.square().sum(1) - 1).square().mean()


def wgan_not_squared(D: nn.Module, real: Tensor, fake: Tensor, mix: Tensor, weight: float) -> Tensor:
    gradients = input_gradients(D, mix * real + (1 - mix) * fake)
    return weight * (gradients.square().sum(1) - 1).mean()


def wgan_one_sided(D: nn.Module, real: Tensor, fake: Tensor, mix: Tensor, weight: float) -> Tensor:
    gradients = input_gradients(D, mix * real + (1 - mix) * fake)
    return weight * torch.relu(gradients.norm(dim=1) - 1).square().mean()


def wgan_one_norm(D: nn.Module, real: Tensor, fake: Tensor, mix: Tensor, weight: float) -> Tensor:
    return weight * (input_gradients(D, mix * real + (1 - mix) * fake).norm() - 1).square()


WGAN_GRADIENT_PENALTY = Exercise(
    reference=gans.wgan_gradient_penalty,
    learned="The other well-known penalty: slope 1 between the heaps, where R1 asks for slope 0 on one of them.",
    further="which of the two is 0 at the equilibrium of a perfect generator and a flat D?",
    stars=2,
    minutes=10,
    points=0,
    draw=draw_wgan,
    probe=penalty_and_gradients,
    outputs=("penalty", "gradients", "requires_grad on the examples"),
    hints=(
        "First the points between, t·x + (1 − t)·G(z); they are the inputs at which D is differentiated.",
        "One norm for each example: along which axis? How far is it from 1?",
        "The mean over examples of (norm − 1)², times λ; and create_graph, as in R1.",
    ),
    misconceptions=(
        Misconception("t and 1 − t exchanged: t belongs to the real example.", wgan_mix_swapped),
        Misconception("slopes at the real examples, not between real and fake.", wgan_at_the_data),
        Misconception("a pull of the slope to 0: the 1 is missing.", wgan_to_zero),
        Misconception("squared norms compared with 1.", wgan_squared_norm),
        Misconception("‖∇D‖² − 1: the square belongs around the whole difference ‖∇D‖ − 1.", wgan_not_squared),
        Misconception("the one-sided penalty: slopes below 1 cost nothing.", wgan_one_sided),
        Misconception("one norm over the whole batch.", wgan_one_norm),
    ),
)


# --- frechet_distance -------------------------------------------------------------------------------------------------


def covariance(generator: np.random.Generator, n: int, rank: int) -> Array:
    factors = generator.normal(size=(n, rank))
    matrix = factors @ factors.T / rank
    return (matrix + matrix.T) / 2


def draw_frechet(generator: np.random.Generator) -> Iterator[Case]:
    for n, rank, other_rank in ((2, 4, 4), (4, 6, 6), (4, 2, 6), (3, 1, 1)):
        means = generator.normal(size=(2, n))
        group = "full rank" if min(rank, other_rank) >= n else "a feature without variance"
        yield Case(
            means[0], covariance(generator, n, rank), means[1], covariance(generator, n, other_rank), group=group
        )
    # A feature that never varies: a pixel at the edge.
    dead = covariance(generator, 4, 6)
    dead[2, :] = dead[:, 2] = 0.0
    mean = generator.normal(size=4)
    yield Case(mean, dead, mean + 0.5, covariance(generator, 4, 6), group="a feature without variance")


def trace_of_root(matrix: Array) -> float:
    return float(np.sum(np.sqrt(np.maximum(np.linalg.eigvals(matrix).real, 0))))


def from_parts(a: Array, A: Array, b: Array, B: Array, cross: float) -> float:
    return float(np.sum((a - b) ** 2) + np.trace(A) + np.trace(B) - 2 * cross)


def root_of_entries(a: Array, A: Array, b: Array, B: Array) -> float:
    return from_parts(a, A, b, B, float(np.trace(np.sqrt(np.maximum(A @ B, 0)))))


def root_of_entries_with_nan(a: Array, A: Array, b: Array, B: Array) -> float:
    with np.errstate(invalid="ignore"):
        return from_parts(a, A, b, B, float(np.trace(np.sqrt(A @ B))))


def product_of_roots(a: Array, A: Array, b: Array, B: Array) -> float:
    roots = []
    for matrix in (A, B):
        values, vectors = np.linalg.eigh(matrix)
        roots.append(vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T)
    return from_parts(a, A, b, B, float(np.trace(roots[0] @ roots[1])))


def mean_not_squared(a: Array, A: Array, b: Array, B: Array) -> float:
    return from_parts(a, A, b, B, trace_of_root(A @ B)) - float(np.sum((a - b) ** 2) - np.linalg.norm(a - b))


def cross_counted_once(a: Array, A: Array, b: Array, B: Array) -> float:
    return float(np.sum((a - b) ** 2) + np.trace(A) + np.trace(B)) - trace_of_root(A @ B)


def diagonals_alone(a: Array, A: Array, b: Array, B: Array) -> float:
    return from_parts(a, A, b, B, float(np.sum(np.sqrt(np.diag(A) * np.diag(B)))))


def root_of_the_trace(a: Array, A: Array, b: Array, B: Array) -> float:
    return from_parts(a, A, b, B, float(np.sqrt(np.trace(A @ B))))


def root_of_the_whole(a: Array, A: Array, b: Array, B: Array) -> float:
    return float(np.sqrt(max(from_parts(a, A, b, B, trace_of_root(A @ B)), 0)))


def means_alone(a: Array, A: Array, b: Array, B: Array) -> float:
    return float(np.sum((a - b) ** 2))


FRECHET_DISTANCE = Exercise(
    reference=gans.frechet_distance,
    learned="The score behind the FID: one number for wrong means, wrong spreads and wrong correlations together.",
    further="two sets of samples of one law never have the distance 0. How does it fall with their size?",
    stars=3,
    minutes=20,
    points=4,
    groups={
        "full rank": Group(3, "On two ordinary Gaussians the distance is another number."),
        "a feature without variance": Group(
            1,
            "Where a feature never varies the covariance is singular: eigenvalues that are 0 come out slightly "
            "negative.",
        ),
    },
    examples=(
        Case(np.array([0.0]), np.array([[1.0]]), np.array([2.0]), np.array([[9.0]]), group="full rank"),
        Case(
            np.zeros(2),
            np.array([[2.0, 1.0], [1.0, 2.0]]),
            np.array([1.0, 0.0]),
            np.array([[2.0, -1.0], [-1.0, 2.0]]),
            group="full rank",
        ),
    ),
    draw=draw_frechet,
    # A root of an eigenvalue that is 0 up to rounding (1e-16 of the largest) is 1e-8 of the largest: where the rank is
    # low, right answers differ by some 1e-7.
    relative_tolerance=1e-5,
    absolute_tolerance=2e-6,
    hints=(
        "In one dimension it is (μ₁ − μ₂)² + (σ₁ − σ₂)². Multiply out and compare term by term: which root is Σ₁Σ₂'s?",
        "The root of a symmetric matrix: np.linalg.eigh, roots of the eigenvalues, and back. The product of two "
        "symmetric matrices is not symmetric; the docstring says which one has the same eigenvalues.",
        "With R the root of Σ₁: the trace you need is the sum of the roots of the eigenvalues of R Σ₂ R. Raise those "
        "that rounding made negative to 0 before each root.",
    ),
    misconceptions=(
        Misconception("a root taken entry by entry: the root of a matrix R has RR = Σ₁Σ₂.", root_of_entries),
        Misconception(
            "np.sqrt of Σ₁Σ₂, a root entry by entry: not a number where an entry is negative.", root_of_entries_with_nan
        ),
        Misconception("tr(Σ₁^½ Σ₂^½): the product of the roots is not the root of the product.", product_of_roots),
        Misconception("a distance of the means that is not squared.", mean_not_squared),
        Misconception(
            "a cross term that is counted once: two of them make equal Gaussians cancel.", cross_counted_once
        ),
        Misconception("the variances alone: correlations between features play no part.", diagonals_alone),
        Misconception("the root of the trace, not the trace of the root.", root_of_the_trace),
        Misconception("the root of the whole distance; the field reports it squared.", root_of_the_whole),
        Misconception("means alone: a generator that draws one average picture would be perfect.", means_alone),
    ),
)


# --- quizzes and the written answer -----------------------------------------------------------------------------------

IDENTIFY_A_LAW = Quiz(
    "identify_a_law",
    'You claim that Y has a certain law. Which of these, if equal to the law\'s, prove it? Write all letters, as "ad".',
    (
        Choice("The CDF.", "Yes: P(Y ≤ y) for all y fixes the law. The proof below goes this way.", right=True),
        Choice("The PDF, where there is one.", "Yes: its integral is the CDF.", right=True),
        Choice("Mean and variance.", "No: very different laws share both. A fair coin with ±1 and a Gaussian do."),
        Choice(
            "The moment-generating function, where it is finite around 0.",
            "Yes. Some laws have none: the Cauchy law has not even a mean.",
            right=True,
        ),
    ),
    points=0.5,
)

SATURATION = Quiz(
    "saturation",
    "A prediction. Early in training D is certain: D(G(z)) = 0.01 on every fake. How large is the gradient of the "
    "minimax loss log(1 − D) with respect to the logit, compared with that of −log D?",
    (
        Choice("About the same", "Their derivatives are −D and −(1 − D): equal at D = ½ alone."),
        Choice("About a hundredth", "0.01 against 0.99: G is told least when it is worst.", right=True),
        Choice("About a hundred times as large", "The other way round: log(1 − D) is flat where D is near 0."),
        Choice("It is 0", "It is small, not 0."),
    ),
)

WHAT_G_DESCENDS = Quiz(
    "what_g_descends",
    "One text says that *both* players maximize: D its value, G the mean of log D(G(z)). Another says that G "
    "*descends* the mean of log(1 − D(G(z))). How do they fit together?",
    (
        Choice(
            "They are two losses: the second is the zero-sum game, the first the non-saturating variant",
            "Their gradients point the same way for each fake but have other lengths, and only the second is zero-sum.",
            right=True,
        ),
        Choice(
            "They are one loss with two signs", "log D and −log(1 − D) are different functions: −0.69 and 0.69 at ½."
        ),
        Choice(
            "The first is a misprint", "It is what Goodfellow's paper itself recommends for training, in section 3."
        ),
    ),
    points=0.5,
)

EQUILIBRIUM = Quiz(
    "equilibrium",
    'At the equilibrium p_g = p_data. Which hold there? Write all letters, as "ad".',
    (
        Choice(
            "D answers ½ for every x.", "Yes: D* = p/(p + p). Random answers with mean ½ would be worth less.", True
        ),
        Choice("The value is −log 4.", "Yes: log ½ + log ½ = −1.386.", right=True),
        Choice(
            "Neither player gains if it alone changes its strategy.",
            "Yes: that is what a Nash equilibrium is.",
            right=True,
        ),
        Choice("Both players have reached the minimum of one common cost.", "There is no common cost: it is a game."),
    ),
    points=0.5,
)

COLLAPSE = Quiz(
    "collapse",
    "A prediction. The ring again, without R1 and with a generator that learns ten times as fast as the "
    "discriminator. What will its samples look like after 1500 steps?",
    (
        Choice("All eight modes, a little blurred", "It takes a judge that keeps up to hold G to all eight."),
        Choice(
            "Crowds on a few modes or between them",
            "G runs to wherever D is weakest now, all of it; D catches up there; G runs on.",
            right=True,
        ),
        Choice("A disk of noise, as at the start", "It leaves the start at once; it does not settle."),
    ),
)

LOSS_CURVE = Quiz(
    "loss_curve",
    "For a thousand steps G's loss has risen. What do you conclude?",
    (
        Choice("G gets worse: stop", "G is judged by a judge that improves as well: its loss is no score."),
        Choice("D gets worse", "Then G's loss would rather fall."),
        Choice(
            "Nothing: G is measured against a D that changes too. Look at samples and at a fixed score",
            "The Fréchet distance and the modes kept are measured with something that does not learn meanwhile.",
            right=True,
        ),
    ),
    points=0.5,
)

HONEST_SCORE = Written(
    "honest_score",
    'A colleague shows you sixteen beautiful digits of her GAN: *"As good as real."* Answer in five to ten sentences, '
    "with at least three numbers from this chapter. What do sixteen chosen pictures not show? What would you ask her "
    "to measure, beside which baselines, and what would still be missing?",
    points=2,
    model_answer="Chosen pictures show neither what is missing nor how many were thrown away: a generator that has "
    "kept one mode, or copies training pictures, can show sixteen fine samples. I would ask for all samples of one "
    "draw, for the modes or classes kept and the share of good samples, and for the Fréchet distance in a fixed "
    "classifier's features, beside the same number for held-out real digits (the floor, not 0), for a mixture of 30 "
    "Gaussians and for one Gaussian, over several seeds; the table gives the numbers. What is missing: the score "
    "knows means and covariances of one classifier's features alone, depends on the number of samples, and does not "
    "notice copies: the nearest training picture of each sample has to be looked at. One point for what pictures "
    "hide, with a number; one for the score beside baselines, with numbers.",
)

CHAPTER = Chapter(
    13,
    "gans",
    "Generative adversarial networks: learning to draw samples",
    items=(
        EXPONENTIAL_INVERSE_CDF,
        CAUCHY_INVERSE_CDF,
        EMPIRICAL_INVERSE_CDF,
        IDENTIFY_A_LAW,
        INVERSE_CDF_PROOF,
        KS_DISTANCE,
        GENERATOR,
        DISCRIMINATOR,
        DISCRIMINATOR_LOSS,
        OPTIMAL_DISCRIMINATOR,
        GAME_VALUE,
        JENSEN_SHANNON,
        EQUILIBRIUM,
        GENERATOR_LOSS_MINIMAX,
        SATURATION,
        GENERATOR_LOSS_NON_SATURATING,
        WHAT_G_DESCENDS,
        DISCRIMINATOR_STEP,
        GENERATOR_STEP,
        TRAIN_GAN,
        MODE_COVERAGE,
        R1_PENALTY,
        COLLAPSE,
        WGAN_GRADIENT_PENALTY,
        FRECHET_DISTANCE,
        LOSS_CURVE,
        HONEST_SCORE,
    ),
)
