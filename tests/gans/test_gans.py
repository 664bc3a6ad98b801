"""Chapter 13 against oracles: scipy's laws and matrix root, closed forms, autograd, finite differences, histograms."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from dl_helpers import gans

# Bins that hold nothing, or enough that 1 − D does not round to 0.
masses = arrays(float, 6, elements=st.just(0.0) | st.floats(1e-3, 1)).filter(lambda mass: mass.sum() > 0)
laws = masses.map(lambda mass: mass / mass.sum())


def net(*sizes: int, seed: int = 0, flat: bool = False) -> nn.Sequential:
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
            layers += [nn.Linear(n_in, n_out, dtype=torch.float64), nn.Tanh()]
    return nn.Sequential(*layers[:-1], *([nn.Flatten(0)] if flat else []))


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# --- sampling ---------------------------------------------------------------------------------------------------------


def test_inverse_cdfs_equal_scipy() -> None:
    uniform = np.random.default_rng(0).uniform(0.001, 0.999, (50, 4))
    np.testing.assert_allclose(gans.exponential_inverse_cdf(uniform, 2.0), scipy.stats.expon.ppf(uniform, scale=0.5))
    expected = scipy.stats.cauchy.ppf(uniform, loc=-1.5, scale=0.7)
    np.testing.assert_allclose(gans.cauchy_inverse_cdf(uniform, -1.5, 0.7), expected, rtol=1e-9)


def test_the_worked_numbers_of_the_exponential_law() -> None:
    uniform = np.random.default_rng(1).random(200_000)
    samples = gans.exponential_inverse_cdf(uniform, 2.0)
    # Standard errors: 0.5/√200000 = 0.0011 of the mean, about √8·0.25/√200000 = 0.0016 of the variance; five of them.
    assert samples.mean() == pytest.approx(0.5, abs=0.006)
    assert samples.var() == pytest.approx(0.25, abs=0.008)
    assert gans.exponential_inverse_cdf(np.array([0.5]), 2.0)[0] == pytest.approx(math.log(2) / 2)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("inverse", "law"),
    [
        (lambda u: gans.exponential_inverse_cdf(u, 3.0), scipy.stats.expon(scale=1 / 3)),
        (lambda u: gans.cauchy_inverse_cdf(u, 2.0, 0.5), scipy.stats.cauchy(2.0, 0.5)),
    ],
    ids=["exponential", "Cauchy"],
)
def test_inverse_cdf_samples_pass_a_ks_test(inverse, law, seed) -> None:
    samples = inverse(np.random.default_rng(seed).uniform(1e-12, 1, 5000))
    # Fixed seeds: the chance of a p-value below 0.001 was taken once, six times.
    assert scipy.stats.kstest(samples, law.cdf).pvalue > 0.001
    # And the test can fail: a rate or location off by a tenth is noticed.
    assert scipy.stats.kstest(1.1 * samples + 0.1, law.cdf).pvalue < 1e-6


def test_empirical_inverse_is_the_generalized_inverse_of_the_staircase() -> None:
    generator = np.random.default_rng(2)
    data = generator.integers(0, 6, 25).astype(float)
    uniform = np.concatenate([np.arange(1, 26) / 25, 1 - generator.random(40)])
    # Off the steps, where NumPy's own rounding of n·u plays no part.
    expected = np.quantile(data, uniform[25:], method="inverted_cdf")
    np.testing.assert_array_equal(gans.empirical_inverse_cdf(uniform[25:], data), expected)
    # By its definition: min {y : F(y) ≥ u}.
    for u, y in zip(uniform, gans.empirical_inverse_cdf(uniform, data), strict=True):
        assert y == min(value for value in data if np.mean(data <= value) >= u)


def test_empirical_samples_follow_the_data() -> None:
    data = np.array([1.0, 2.0, 2.0, 5.0])
    drawn = gans.empirical_inverse_cdf(1 - np.random.default_rng(3).random(40_000), data)
    shares = [np.mean(drawn == value) for value in (1.0, 2.0, 5.0)]
    # Standard error √(0.25/40000) = 0.0025.
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], atol=0.0125)


@pytest.mark.parametrize("y", [0.0, 1.0, 2.0, 2.5, 4.0])
def test_the_proof_holds_draw_by_draw_for_a_die(y) -> None:
    uniform = np.concatenate([[0.25, 0.5, 0.75], np.random.default_rng(4).uniform(0.001, 0.999, 300)])
    law = scipy.stats.randint(1, 5)
    left, right, probability = gans.inverse_cdf_proof(uniform, y, lambda y: float(law.cdf(y)), lambda u: law.ppf(u))
    np.testing.assert_array_equal(left, right)
    assert probability == law.cdf(y)


def test_the_proof_holds_for_a_continuous_law_and_its_share_comes_near() -> None:
    uniform = np.random.default_rng(5).uniform(1e-9, 1, 40_000)
    law = scipy.stats.expon(scale=0.5)
    left, right, probability = gans.inverse_cdf_proof(uniform, 0.4, law.cdf, law.ppf)
    np.testing.assert_array_equal(left, right)
    assert probability == pytest.approx(1 - math.exp(-0.8))
    # Standard error at most 0.0025.
    assert left.mean() == pytest.approx(probability, abs=0.0125)


@settings(max_examples=30, deadline=None)
@given(arrays(float, st.integers(1, 30), elements=st.floats(-4, 4)))
def test_ks_distance_equals_scipy(samples) -> None:
    expected = scipy.stats.kstest(samples, scipy.stats.norm.cdf).statistic
    assert gans.ks_distance(samples, scipy.stats.norm.cdf) == pytest.approx(expected, abs=1e-12)


# --- losses -----------------------------------------------------------------------------------------------------------


def test_losses_equal_binary_cross_entropy() -> None:
    real, fake = draw(0, 7), draw(1, 4)
    bce = nn.functional.binary_cross_entropy
    expected = bce(real.sigmoid(), torch.ones_like(real)) + bce(fake.sigmoid(), torch.zeros_like(fake))
    torch.testing.assert_close(gans.discriminator_loss(real, fake), expected)
    torch.testing.assert_close(gans.generator_loss_minimax(fake), torch.log(1 - fake.sigmoid()).mean())
    torch.testing.assert_close(gans.generator_loss_non_saturating(fake), -torch.log(fake.sigmoid()).mean())


def test_losses_at_a_coin_are_the_equilibrium_values() -> None:
    zero = torch.zeros(3, dtype=torch.float64)
    assert gans.discriminator_loss(zero, zero).item() == pytest.approx(math.log(4))
    assert gans.generator_loss_minimax(zero).item() == pytest.approx(-math.log(2))
    assert gans.generator_loss_non_saturating(zero).item() == pytest.approx(math.log(2))


def test_gradients_of_both_generator_losses_at_a_confident_discriminator() -> None:
    # D(G(z)) = σ(s) = 0.00995: minimax −D, non-saturating −(1 − D).
    logit = torch.tensor([math.log(0.00995 / 0.99005)], dtype=torch.float64, requires_grad=True)
    (saturating,) = torch.autograd.grad(gans.generator_loss_minimax(logit), logit)
    (strong,) = torch.autograd.grad(gans.generator_loss_non_saturating(logit), logit)
    assert saturating.item() == pytest.approx(-0.00995, rel=1e-9)
    assert strong.item() == pytest.approx(-0.99005, rel=1e-9)


def test_losses_are_finite_and_exact_for_extreme_logits() -> None:
    assert gans.discriminator_loss(torch.tensor([-800.0]), torch.tensor([700.0])).item() == 1500.0
    assert gans.generator_loss_minimax(torch.tensor([900.0])).item() == -900.0
    assert gans.generator_loss_non_saturating(torch.tensor([-900.0])).item() == 900.0


# --- theory -----------------------------------------------------------------------------------------------------------


def test_the_worked_number_of_the_optimal_discriminator() -> None:
    assert gans.optimal_discriminator(np.array([0.3]), np.array([0.1]))[0] == pytest.approx(0.75)


@settings(max_examples=40, deadline=None)
@given(laws, laws, arrays(float, 6, elements=st.floats(0.001, 0.999)))
def test_no_discriminator_beats_the_optimal_one(p, q, other) -> None:
    best = gans.optimal_discriminator(p, q)
    assert gans.game_value(p, q, best) >= gans.game_value(p, q, other) - 1e-12


def test_the_optimal_discriminator_of_histograms_by_numerical_search() -> None:
    generator = np.random.default_rng(6)
    real, fake = generator.normal(0, 1, 200_000), generator.normal(1, 1, 200_000)
    edges = np.linspace(-3, 4, 29)
    p, q = (np.histogram(x, edges)[0] / 200_000 for x in (real, fake))
    p, q = p / p.sum(), q / q.sum()
    grid = np.linspace(0.0005, 0.9995, 1000)
    searched = grid[(p[:, None] * np.log(grid) + q[:, None] * np.log(1 - grid)).argmax(axis=1)]
    # The grid's step is 0.001.
    np.testing.assert_allclose(gans.optimal_discriminator(p, q), searched, atol=0.001)
    # Of two Gaussians a unit apart D* = σ(½ − x); bins of 0.25 and counts of hundreds blur it by a few hundredths.
    middles = (edges[:-1] + edges[1:]) / 2
    np.testing.assert_allclose(gans.optimal_discriminator(p, q), 1 / (1 + np.exp(middles - 0.5)), atol=0.04)


@settings(max_examples=40, deadline=None)
@given(laws, laws)
def test_value_at_the_optimum_is_twice_jensen_shannon_minus_log_4(p, q) -> None:
    value = gans.game_value(p, q, gans.optimal_discriminator(p, q))
    assert value == pytest.approx(-math.log(4) + 2 * gans.jensen_shannon(p, q), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(laws, laws)
def test_jensen_shannon_equals_scipy_and_is_symmetric(p, q) -> None:
    # scipy gives the root of the divergence; near 0 squaring a root that was cut off there loses digits.
    expected = scipy.spatial.distance.jensenshannon(p, q) ** 2
    assert gans.jensen_shannon(p, q) == pytest.approx(np.nan_to_num(expected), abs=1e-9)
    assert gans.jensen_shannon(p, q) == pytest.approx(gans.jensen_shannon(q, p), abs=1e-12)
    assert -1e-12 <= gans.jensen_shannon(p, q) <= math.log(2) + 1e-12


def test_equilibrium_and_certainty() -> None:
    law = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(gans.optimal_discriminator(law, law), 0.5)
    assert gans.game_value(law, law, np.full(3, 0.5)) == pytest.approx(-1.386294, abs=1e-6)
    assert gans.game_value(np.array([1.0, 0]), np.array([0, 1.0]), np.array([1.0, 0.0])) == 0
    assert gans.game_value(np.array([1.0, 0]), np.array([0, 1.0]), np.array([0.0, 1.0])) == -math.inf
    assert gans.jensen_shannon(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(math.log(2))


# --- networks and steps -----------------------------------------------------------------------------------------------


def test_networks_equal_a_sequential() -> None:
    generator, discriminator = gans.Generator(3, 5, 2).double(), gans.Discriminator(2, 7).double()
    layers = [generator.first, nn.ReLU(), generator.second, nn.ReLU(), generator.output]
    noise = draw(7, 6, 3)
    torch.testing.assert_close(generator(noise), nn.Sequential(*layers)(noise))
    layers = [discriminator.first, nn.LeakyReLU(0.2), discriminator.second, nn.LeakyReLU(0.2), discriminator.output]
    logits = discriminator(generator(noise))
    assert logits.shape == (6,)
    torch.testing.assert_close(logits, nn.Sequential(*layers, nn.Flatten(0))(generator(noise)))


def numerical_gradient(loss, parameter: torch.Tensor) -> torch.Tensor:
    """Central differences of ``loss()``, entry by entry."""
    result = torch.empty_like(parameter)
    with torch.no_grad():
        for index in np.ndindex(*parameter.shape):
            kept = parameter[index].item()
            parameter[index] = kept + 1e-6
            above = float(loss())
            parameter[index] = kept - 1e-6
            result[index] = (above - float(loss())) / 2e-6
            parameter[index] = kept
    return result


def test_a_step_of_d_moves_each_parameter_against_its_numerical_gradient() -> None:
    generator, discriminator = net(2, 4, 3, seed=1), net(3, 4, 1, seed=2, flat=True)
    real, noise = draw(8, 5, 3) + 1, draw(9, 6, 2)

    def loss() -> float:
        probability_real, probability_fake = discriminator(real).sigmoid(), discriminator(generator(noise)).sigmoid()
        return (-torch.log(probability_real).mean() - torch.log(1 - probability_fake).mean()).item()

    expected = [p.detach() - 0.3 * numerical_gradient(loss, p) for p in discriminator.parameters()]
    before, fixed = loss(), [p.detach().clone() for p in generator.parameters()]
    optimizer = torch.optim.SGD(discriminator.parameters(), 0.3)
    assert gans.discriminator_step(generator, discriminator, optimizer, real, noise) == pytest.approx(before)
    for parameter, want in zip(discriminator.parameters(), expected, strict=True):
        # Central differences with h = 1e-6 are right to about 1e-9.
        torch.testing.assert_close(parameter.detach(), want, rtol=0, atol=1e-7)
    for parameter, want in zip(generator.parameters(), fixed, strict=True):
        assert torch.equal(parameter, want)
        assert parameter.grad is None


@pytest.mark.parametrize("loss", [gans.generator_loss_minimax, gans.generator_loss_non_saturating])
def test_a_step_of_g_moves_each_parameter_against_its_numerical_gradient(loss) -> None:
    generator, discriminator = net(2, 4, 3, seed=3), net(3, 4, 1, seed=4, flat=True)
    noise = draw(10, 6, 2)

    def value() -> float:
        return loss(discriminator(generator(noise))).item()

    expected = [p.detach() - 0.3 * numerical_gradient(value, p) for p in generator.parameters()]
    before, fixed = value(), [p.detach().clone() for p in discriminator.parameters()]
    optimizer = torch.optim.SGD(generator.parameters(), 0.3)
    assert gans.generator_step(generator, discriminator, optimizer, noise, loss) == pytest.approx(before)
    for parameter, want in zip(generator.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach(), want, rtol=0, atol=1e-7)
    for parameter, want in zip(discriminator.parameters(), fixed, strict=True):
        assert torch.equal(parameter, want)


def test_algorithm_1_takes_k_fresh_batches_for_d_and_one_for_g() -> None:
    taken: list[str] = []

    def stream(name: str, seed: int, n: int):
        while True:
            taken.append(name)
            yield draw(seed + len(taken), 4, n)

    generator, discriminator = net(2, 3), net(3, 1, flat=True)
    optimizers = [torch.optim.SGD(network.parameters(), 0.1) for network in (generator, discriminator)]
    played = gans.train_gan(
        generator, discriminator, *optimizers, stream("real", 0, 3), stream("noise", 50, 2),
        gans.generator_loss_minimax, steps=2, k=3,
    )  # fmt: skip
    next(played)
    assert sorted(taken) == ["noise"] * 4 + ["real"] * 3
    assert len(list(played)) == 1
    assert sorted(taken) == ["noise"] * 8 + ["real"] * 6


# --- penalties and scores ---------------------------------------------------------------------------------------------


def test_penalties_equal_a_loop_of_numerical_gradients() -> None:
    discriminator = net(3, 5, 1, seed=5, flat=True)
    real, fake, mix = draw(11, 4, 3), draw(12, 4, 3), torch.rand(4, 1, dtype=torch.float64)

    def squared_slope(x: torch.Tensor) -> float:
        x = x[None].clone()
        return float(numerical_gradient(lambda: discriminator(x)[0], x).square().sum())

    r1 = 0.5 * 3.0 * np.mean([squared_slope(x) for x in real])
    assert gans.r1_penalty(discriminator, real, 3.0).item() == pytest.approx(r1, rel=1e-6)
    points = [t * x + (1 - t) * y for t, x, y in zip(mix, real, fake, strict=True)]
    wgan = 10.0 * np.mean([(math.sqrt(squared_slope(x)) - 1) ** 2 for x in points])
    assert gans.wgan_gradient_penalty(discriminator, real, fake, mix, 10.0).item() == pytest.approx(wgan, rel=1e-6)
    assert not real.requires_grad


def test_penalties_of_a_linear_discriminator_are_known() -> None:
    discriminator = net(2, 1, flat=True)
    with torch.no_grad():
        discriminator[0].weight.copy_(torch.tensor([[3.0, 4.0]]))
    x = draw(13, 5, 2)
    assert gans.r1_penalty(discriminator, x, 2.0).item() == pytest.approx(25.0)
    assert gans.wgan_gradient_penalty(discriminator, x, -x, torch.full((5, 1), 0.5), 10.0).item() == pytest.approx(160)
    gans.r1_penalty(discriminator, x, 2.0).backward()
    # ∂/∂w of ½γ‖w‖² is γw.
    torch.testing.assert_close(discriminator[0].weight.grad, torch.tensor([[6.0, 8.0]], dtype=torch.float64))


@pytest.mark.parametrize("seed", range(5))
def test_frechet_distance_equals_scipys_matrix_root_on_known_gaussians(seed) -> None:
    generator = np.random.default_rng(seed)
    mean, other_mean = generator.normal(size=(2, 6))
    factors = generator.normal(size=(2, 6, 9))
    covariance, other = (f @ f.T / 9 for f in factors)
    root = scipy.linalg.sqrtm(covariance @ other)
    expected = np.sum((mean - other_mean) ** 2) + np.trace(covariance + other - 2 * root).real
    assert gans.frechet_distance(mean, covariance, other_mean, other) == pytest.approx(expected, rel=1e-8)


def test_frechet_distance_in_closed_form() -> None:
    # In one dimension (μ₁ − μ₂)² + (σ₁ − σ₂)².
    assert gans.frechet_distance(np.zeros(1), np.eye(1), np.array([2.0]), np.array([[9.0]])) == pytest.approx(8.0)
    # Commuting covariances: the same with each eigenvalue.
    turn = scipy.linalg.expm(np.array([[0.0, 0.7], [-0.7, 0.0]]))
    a, b = (turn @ np.diag(values) @ turn.T for values in ([4.0, 1.0], [1.0, 9.0]))
    assert gans.frechet_distance(np.zeros(2), a, np.zeros(2), b) == pytest.approx(1 + 4)
    assert gans.frechet_distance(np.ones(2), a, np.ones(2), a) == pytest.approx(0, abs=1e-12)


def test_frechet_distance_with_features_of_zero_variance() -> None:
    covariance, other = np.diag([2.0, 0.0, 0.0]), np.diag([8.0, 1.0, 0.0])
    distance = gans.frechet_distance(np.zeros(3), covariance, np.array([0.0, 0.0, 3.0]), other)
    assert distance == pytest.approx(9 + 2 + 1)
    assert gans.frechet_distance(np.zeros(2), np.zeros((2, 2)), np.ones(2), np.zeros((2, 2))) == 2.0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_frechet_distance_is_symmetric_and_not_negative(seed, rank) -> None:
    generator = np.random.default_rng(seed)
    factors = generator.normal(size=(2, 5, rank))
    covariance, other = (f @ f.T for f in factors)
    mean, other_mean = generator.normal(size=(2, 5))
    there = gans.frechet_distance(mean, covariance, other_mean, other)
    # Roots of eigenvalues that are 0 up to 1e-15 are 3e-8 each.
    assert there == pytest.approx(gans.frechet_distance(other_mean, other, mean, covariance), abs=2e-6)
    assert there >= -2e-6


def test_mode_coverage_by_hand() -> None:
    samples, centers = np.array([[0.1], [0.2], [5.0], [3.0]]), np.array([[0.0], [5.0], [9.0]])
    assert gans.mode_coverage(samples, centers, 0.5) == (2, 0.75)
    assert gans.mode_coverage(samples, centers, 0.5, least=2) == (1, 0.75)
    assert gans.mode_coverage(samples, centers, 2.0) == (2, 1.0)


# --- bad input --------------------------------------------------------------------------------------------------------

HALF = np.array([0.5, 0.5])
ROW = torch.zeros(2, dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gans.exponential_inverse_cdf(np.array([1.0]), 1.0), r"uniform lies between 1.0 .* \[0, 1\)"),
        (lambda: gans.exponential_inverse_cdf(HALF, 0.0), "rate is 0.0, must be above 0"),
        (lambda: gans.cauchy_inverse_cdf(np.array([0.0]), 0.0, 1.0), "uniform lies between 0.0"),
        (lambda: gans.cauchy_inverse_cdf(HALF, 0.0, -1.0), "scale is -1.0"),
        (lambda: gans.empirical_inverse_cdf(np.array([0.0]), HALF), "uniform lies between 0.0"),
        (lambda: gans.empirical_inverse_cdf(HALF, np.zeros(0)), "data has shape"),
        (lambda: gans.inverse_cdf_proof(np.array([2.0]), 0.0, float, np.array), "uniform lies between 2.0"),
        (lambda: gans.ks_distance(np.zeros((2, 2)), np.array), "samples has shape"),
        (lambda: gans.discriminator_loss(ROW, ROW[:0]), "must hold logits"),
        (lambda: gans.generator_loss_minimax(ROW[:0]), "fake_logits has shape"),
        (lambda: gans.generator_loss_non_saturating(ROW[:0]), "fake_logits has shape"),
        (lambda: gans.optimal_discriminator(HALF, np.ones(3)), "p_generator has shape"),
        (lambda: gans.optimal_discriminator(HALF, -HALF), "at least 0"),
        (lambda: gans.game_value(HALF, HALF, np.ones(3)), "have shapes"),
        (lambda: gans.game_value(HALF, HALF, 3 * HALF), r"must lie in \[0, 1\]"),
        (lambda: gans.game_value(HALF, 2 * HALF, HALF), "sums 1.0 and 2.0"),
        (lambda: gans.jensen_shannon(HALF, np.ones(1)), "q has shape"),
        (lambda: gans.jensen_shannon(HALF, np.array([1.5, -0.5])), "at least 0"),
        (lambda: gans.jensen_shannon(HALF, 2 * HALF), "sums 1.0 and 2.0"),
        (lambda: gans.mode_coverage(np.zeros((0, 2)), np.zeros((1, 2)), 1.0), "samples must be"),
        (lambda: gans.mode_coverage(np.zeros((1, 2)), np.zeros((1, 2)), 0.0), "radius is 0.0"),
        (lambda: gans.mode_coverage(np.zeros((1, 2)), np.zeros((1, 2)), 1.0, 0), "least is 0"),
        (lambda: gans.r1_penalty(nn.Flatten(0), ROW[:, None], -1.0), "weight is -1.0"),
        (lambda: gans.wgan_gradient_penalty(nn.Flatten(0), ROW[:, None], ROW[:, None], ROW, 1.0), "mix have shapes"),
        (
            lambda: gans.wgan_gradient_penalty(nn.Flatten(0), ROW[:, None], ROW[:, None], ROW[:, None], -1.0),
            "weight is -1.0",
        ),
        (lambda: gans.frechet_distance(HALF, np.eye(2), HALF, np.eye(3)), "means must be"),
        (lambda: gans.frechet_distance(HALF, np.eye(2), HALF, np.array([[1.0, 2.0], [0.0, 1.0]])), "symmetric"),
        (lambda: gans.frechet_distance(HALF, np.full((2, 2), np.nan), HALF, np.eye(2)), "finite"),
    ],
)
def test_bad_input_is_named(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("steps", "k"), [(-1, 1), (3, 0)])
def test_training_refuses_negative_steps_and_k_0(steps, k) -> None:
    network = net(1, 1)
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    played = gans.train_gan(
        network, network, optimizer, optimizer, iter([]), iter([]), gans.generator_loss_minimax, steps, k
    )
    with pytest.raises(ValueError, match=f"steps is {steps}, must be at least 0; k is {k}, must be at least 1"):
        next(played)
