"""The chapter's functions against independent oracles, worked numbers, properties and bad input."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from dl_helpers.autoencoders import (
    VAE,
    Autoencoder,
    ConvAutoencoder,
    TiedAutoencoder,
    contractive_penalty,
    contrastive_divergence_step,
    corrupt,
    elbo,
    gaussian_kl,
    interpolate,
    kl_divergence,
    max_activating_input,
    rbm_sample,
    reconstruction_loss,
    reparameterize,
    sparsity_penalty,
    training_step,
    unroll,
)

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
numbers = st.floats(-3, 3, allow_nan=False)


@pytest.fixture(autouse=True)
def skip_without_cuda(request):
    if request.node.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(7)


def normal(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def uniform(generator, *shape):
    return torch.rand(*shape, generator=generator, dtype=torch.float64)


# --- reconstruction and training ------------------------------------------------------------------------------------


def test_reconstruction_loss_by_hand():
    x = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    drawn = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 2.0]], dtype=torch.float64)
    assert reconstruction_loss(x, drawn).item() == (1 + 4 + 4) / 2


def test_reconstruction_loss_of_pictures_is_that_of_their_rows(generator):
    x, drawn = normal(generator, 4, 1, 3, 2), normal(generator, 4, 1, 3, 2)
    oracle = np.mean([np.sum((a - b) ** 2) for a, b in zip(x.numpy(), drawn.numpy(), strict=True)])
    assert reconstruction_loss(x, drawn).item() == pytest.approx(oracle, rel=1e-12)


def test_training_step_is_gradient_descent_on_the_cost(generator):
    x, target = normal(generator, 5, 3), normal(generator, 5, 3)
    model = nn.Linear(3, 3).double()
    w, b = model.weight.detach().numpy().copy(), model.bias.detach().numpy().copy()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    cost = training_step(model, optimizer, x, target, lambda m, _: 0.5 * torch.sum(m.weight**2))
    errors = x.numpy() @ w.T + b - target.numpy()
    assert isinstance(cost, float)
    assert cost == pytest.approx(np.sum(errors**2) / 5 + 0.5 * np.sum(w**2), rel=1e-12)
    np.testing.assert_allclose(model.weight.detach(), w - 0.1 * (2 / 5 * errors.T @ x.numpy() + w), rtol=1e-12)
    np.testing.assert_allclose(model.bias.detach(), b - 0.1 * 2 / 5 * errors.sum(axis=0), rtol=1e-12)


def test_the_layers_of_an_autoencoder():
    model = Autoencoder((64, 128, 8))
    assert [type(m).__name__ for m in model.encoder] == ["Linear", "ReLU", "Linear"]
    shapes = [tuple(p.shape) for p in model.parameters() if p.ndim == 2]
    assert shapes == [(128, 64), (8, 128), (128, 8), (64, 128)]
    assert not any(isinstance(m, nn.ReLU) for m in Autoencoder((64, 8)).modules())


def test_a_linear_autoencoder_is_linear(generator):
    model = Autoencoder((5, 2)).double()
    a, b = normal(generator, 1, 5), normal(generator, 1, 5)
    with torch.no_grad():
        middle = model((a + b) / 2)
        torch.testing.assert_close(middle, (model(a) + model(b)) / 2, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
def test_a_tied_autoencoder_has_one_matrix(generator, device):
    w = normal(generator, 3, 5).to(device)
    model = TiedAutoencoder(w)
    assert sorted(name for name, _ in model.named_parameters()) == ["decoder_bias", "encoder_bias", "weight"]
    x = normal(generator, 4, 5).to(device)
    h = 1 / (1 + np.exp(-(x.cpu().numpy() @ w.cpu().numpy().T)))
    np.testing.assert_allclose(model(x).detach().cpu(), h @ w.cpu().numpy(), rtol=1e-10)


def test_orthonormal_rows_make_the_transpose_an_inverse(generator):
    rows = torch.linalg.qr(normal(generator, 5, 2)).Q.T
    in_the_plane = normal(generator, 3, 2) @ rows
    model = TiedAutoencoder(rows)
    torch.testing.assert_close(model.decode(in_the_plane @ rows.T), in_the_plane, rtol=0, atol=1e-12)


def test_a_convolutional_decoder_repeats_pixels():
    model = ConvAutoencoder(1, 1).double()
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.zero_()
        for place in (1, 4):
            model.decoder[place].weight[0, 0, 1, 1] = 1.0  # the kernel that copies
        drawn = model.decoder(torch.arange(1.0, 5.0).double().reshape(1, 1, 2, 2))
    np.testing.assert_array_equal(drawn[0, 0], np.kron([[1, 2], [3, 4]], np.ones((4, 4))))
    assert model.encoder(torch.zeros(2, 1, 8, 12).double()).shape == (2, 1, 2, 3)


# --- penalties and noise --------------------------------------------------------------------------------------------


@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=3, max_size=3))
def test_no_input_of_length_one_excites_a_unit_more(w, x):
    weights, other = torch.tensor([w], dtype=torch.float64), torch.tensor(x, dtype=torch.float64)
    if weights.norm() < 1e-6 or other.norm() < 1e-6:
        return
    best = max_activating_input(weights)[0]
    assert best.norm().item() == pytest.approx(1, abs=1e-12)
    # Rounding: both products carry 16 digits.
    assert weights[0] @ best >= weights[0] @ (other / other.norm()) - 1e-12


def test_the_closed_form_of_the_contractive_penalty_by_hand():
    w, x = torch.tensor([[1.0, -1.0], [0.5, 2.0]], dtype=torch.float64), torch.tensor([[0.2, 0.4]], dtype=torch.float64)
    assert contractive_penalty(torch.sigmoid(x @ w.T), w).item() == pytest.approx(0.302008007, abs=1e-9)


def test_the_closed_form_is_the_jacobian_that_autograd_finds(generator):
    w, b, x = normal(generator, 4, 3), normal(generator, 4), normal(generator, 5, 3)
    jacobians = [torch.autograd.functional.jacobian(lambda row: torch.sigmoid(w @ row + b), row) for row in x]
    oracle = np.mean([float((jacobian**2).sum()) for jacobian in jacobians])
    assert contractive_penalty(torch.sigmoid(x @ w.T + b), w).item() == pytest.approx(oracle, rel=1e-12)


def test_sparsity_by_hand_and_by_torch_distributions():
    h = torch.tensor([[0.5, 0.1], [0.3, 0.3]], dtype=torch.float64)
    assert sparsity_penalty(h, "l1", 0.1).item() == pytest.approx(0.1 * 1.2 / 2, rel=1e-12)
    coin = torch.distributions.Bernoulli
    oracle = sum(
        torch.distributions.kl_divergence(coin(torch.tensor(0.05).double()), coin(torch.tensor(q).double())).item()
        for q in (0.4, 0.2)
    )
    # torch's Bernoulli takes its logits from probabilities clamped at single precision's epsilon.
    assert sparsity_penalty(h, "kl", 0.1, 0.05).item() == pytest.approx(0.1 * oracle, rel=1e-6)
    assert sparsity_penalty(torch.full((3, 2), 0.05).double(), "kl", 1.0, 0.05).item() == pytest.approx(0, abs=1e-15)


def test_corruption_loses_the_share_and_adds_the_variance(generator):
    x = uniform(generator, 200, 500)
    masked = corrupt(x, "mask", 0.3, uniform(generator, 200, 500))
    # 100000 coins: standard deviation 0.00145; seven of them.
    assert (masked == 0).double().mean().item() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(masked[masked != 0], x[masked != 0])
    noisy = corrupt(x, "gaussian", 0.4, normal(generator, 200, 500))
    # Variance 0.16, its estimate's standard deviation 0.16 √(2/100000) = 0.0007; seven of them.
    assert (noisy - x).var().item() == pytest.approx(0.16, abs=0.005)


# --- restricted Boltzmann machines ----------------------------------------------------------------------------------


def states(n):
    return [np.array(bits, float) for bits in itertools.product([0, 1], repeat=n)]


def joint(w, b, c):
    """p(v, h) of a tiny machine, from its energy −vWh − bv − ch, by enumeration."""
    table = {(tuple(v), tuple(h)): math.exp(v @ w @ h + b @ v + c @ h) for v in states(len(b)) for h in states(len(c))}
    total = sum(table.values())
    return {pair: value / total for pair, value in table.items()}


def test_the_conditionals_of_a_tiny_machine_by_enumeration(generator):
    w, b, c = normal(generator, 3, 2), normal(generator, 3), normal(generator, 2)
    table = joint(w.numpy(), b.numpy(), c.numpy())
    for v in states(3):
        among = {h: p for (seen, h), p in table.items() if seen == tuple(v)}
        oracle = [sum(p for h, p in among.items() if h[j]) / sum(among.values()) for j in range(2)]
        given_v, _ = rbm_sample(torch.tensor(v)[None], w, c, torch.zeros(1, 2).double())
        np.testing.assert_allclose(given_v[0], oracle, rtol=1e-10)
    for h in states(2):
        among = {v: p for (v, seen), p in table.items() if seen == tuple(h)}
        oracle = [sum(p for v, p in among.items() if v[i]) / sum(among.values()) for i in range(3)]
        given_h, _ = rbm_sample(torch.tensor(h)[None], w.T, b, torch.zeros(1, 3).double())
        np.testing.assert_allclose(given_h[0], oracle, rtol=1e-10)


def test_sampling_up_and_down_reaches_the_machines_distribution(generator):
    w, b, c = normal(generator, 2, 2), normal(generator, 2), normal(generator, 2)
    table = joint(w.numpy(), b.numpy(), c.numpy())
    v = torch.zeros(20000, 2).double()
    for _ in range(60):
        _, h = rbm_sample(v, w, c, uniform(generator, 20000, 2))
        _, v = rbm_sample(h, w.T, b, uniform(generator, 20000, 2))
    for state in states(2):
        share = (v == torch.tensor(state)).all(dim=1).double().mean().item()
        oracle = sum(p for (seen, _), p in table.items() if seen == tuple(state))
        # 20000 independent chains: standard deviation at most 0.0036; six of them.
        assert share == pytest.approx(oracle, abs=0.022)


def test_contrastive_divergence_makes_the_data_more_likely(generator):
    patterns = torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 1]], dtype=torch.float64).repeat(10, 1)
    w = 0.1 * normal(generator, 4, 2)
    b, c = torch.zeros(4).double(), torch.zeros(2).double()

    def likelihood():
        table = joint(w.numpy(), b.numpy(), c.numpy())
        return sum(p for (v, _), p in table.items() if v in {(1, 1, 0, 0), (0, 0, 1, 1)})

    before = likelihood()
    for _ in range(500):
        w, b, c = contrastive_divergence_step(patterns, w, b, c, uniform(generator, 20, 2), 0.2)
    # Two of sixteen patterns: 0.125 for a machine that knows nothing.
    assert before < 0.2
    assert likelihood() > 0.6


def test_contrastive_divergence_by_loops(generator):
    v, w, b, c = uniform(generator, 3, 4), normal(generator, 4, 2), normal(generator, 4), normal(generator, 2)
    draws = uniform(generator, 3, 2)
    new_w, new_b, new_c = (t.numpy().copy() for t in (w, b, c))

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    for row, u in zip(v.numpy(), draws.numpy(), strict=True):
        h0 = sigmoid(row @ w.numpy() + c.numpy())
        v1 = sigmoid(w.numpy() @ (u < h0) + b.numpy())
        h1 = sigmoid(v1 @ w.numpy() + c.numpy())
        for i, j in np.ndindex(4, 2):
            new_w[i, j] += 0.3 / 3 * (row[i] * h0[j] - v1[i] * h1[j])
        new_b += 0.3 / 3 * (row - v1)
        new_c += 0.3 / 3 * (h0 - h1)
    for got, expected in zip(contrastive_divergence_step(v, w, b, c, draws, 0.3), (new_w, new_b, new_c), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_an_unrolled_stack_goes_up_and_down(generator):
    machines = [
        (normal(generator, 4, 3), normal(generator, 4), normal(generator, 3)),
        (normal(generator, 3, 2), normal(generator, 3), normal(generator, 2)),
    ]
    x = uniform(generator, 5, 4)
    up = x
    for w, _, c in machines:
        up = torch.sigmoid(up @ w + c)
    down = up
    for w, b, _ in reversed(machines):
        down = torch.sigmoid(down @ w.T + b)
    layers = unroll(machines)
    got = x
    for weight, bias in layers:
        got = torch.sigmoid(nn.functional.linear(got, weight, bias))
    torch.testing.assert_close(got, down, rtol=1e-12, atol=1e-12)
    addresses = {tensor.data_ptr() for pair in layers for tensor in pair}
    assert len(addresses) == 8
    assert not addresses & {tensor.data_ptr() for machine in machines for tensor in machine}


# --- divergences and the variational autoencoder --------------------------------------------------------------------


def test_discrete_divergence_by_hand():
    p, q = torch.tensor([0.5, 0.5]).double(), torch.tensor([0.9, 0.1]).double()
    assert kl_divergence(p, q).item() == pytest.approx(0.510826, abs=1e-6)
    assert kl_divergence(q, p).item() == pytest.approx(0.368064, abs=1e-6)
    assert kl_divergence(torch.tensor([1.0, 0.0]).double(), p).item() == pytest.approx(math.log(2), rel=1e-12)


@given(st.lists(st.floats(0.01, 1), min_size=4, max_size=4), st.lists(st.floats(0.01, 1), min_size=4, max_size=4))
def test_discrete_divergence_is_never_negative_and_agrees_with_torch(a, b):
    p, q = (torch.tensor(v, dtype=torch.float64) / sum(v) for v in (a, b))
    divergence = kl_divergence(p, q).item()
    assert divergence >= -1e-12
    categorical = torch.distributions.Categorical
    oracle = torch.distributions.kl_divergence(categorical(p), categorical(q)).item()
    assert divergence == pytest.approx(oracle, abs=1e-9)


@pytest.mark.parametrize(
    ("mean", "deviation", "nats"),
    [(0, 1, 0), (1, 1, 0.5), (0, 0.5, 0.318147181), (1, 2, 1.306852819), (0, 0.001, 6.41)],
)
def test_gaussian_divergence_by_hand(mean, deviation, nats):
    got = gaussian_kl(*(torch.tensor([[v]], dtype=torch.float64) for v in (mean, 2 * math.log(deviation))))
    assert got.shape == (1,)
    assert got.item() == pytest.approx(nats, abs=0.005 if deviation == 0.001 else 1e-9)


def test_gaussian_divergence_agrees_with_torch_and_with_monte_carlo(generator):
    mean, log_variance = normal(generator, 3, 2), normal(generator, 3, 2)
    code = torch.distributions.Normal(mean, torch.exp(0.5 * log_variance))
    prior = torch.distributions.Normal(torch.zeros(3, 2).double(), torch.ones(3, 2).double())
    closed = gaussian_kl(mean, log_variance)
    torch.testing.assert_close(closed, torch.distributions.kl_divergence(code, prior).sum(1), rtol=1e-10, atol=1e-12)
    z = mean + torch.exp(0.5 * log_variance) * normal(generator, 200_000, 3, 2)
    draws = (code.log_prob(z) - prior.log_prob(z)).sum(dim=2)
    # Six standard errors of the mean of the draws.
    allowed = 6 * draws.std(dim=0) / math.sqrt(len(draws))
    assert torch.all((draws.mean(dim=0) - closed).abs() < allowed)


@settings(max_examples=50)
@given(numbers, numbers)
def test_gaussian_divergence_is_least_at_the_prior(mean, log_variance):
    got = gaussian_kl(torch.tensor([[mean]]).double(), torch.tensor([[log_variance]]).double())
    assert got.item() >= -1e-12


def test_reparameterized_draws_have_the_mean_and_variance_asked_for(generator):
    noise = normal(generator, 400_000)
    mean, log_variance = torch.full_like(noise, 2.0), torch.full_like(noise, 2 * math.log(3))
    z = reparameterize(mean, log_variance, noise)
    # Standard errors 3/√400000 = 0.005 and 9 √(2/400000) = 0.02; six of each.
    assert z.mean().item() == pytest.approx(2, abs=0.03)
    assert z.var().item() == pytest.approx(9, abs=0.12)
    # The form in some notes, μ + σ·N(μ, σ²), has mean μ + σμ = 8 and variance σ⁴ = 81.
    notes = reparameterize(mean, log_variance, z)
    assert notes.mean().item() == pytest.approx(8, abs=0.09)
    assert notes.var().item() == pytest.approx(81, abs=1.1)


def test_gradients_pass_through_the_draw():
    mean, log_variance = (torch.tensor([v], dtype=torch.float64, requires_grad=True) for v in (2.0, 2 * math.log(3)))
    reparameterize(mean, log_variance, torch.tensor([0.5]).double()).sum().backward()
    assert mean.grad.item() == 1
    # ∂z/∂log σ² = ½σε
    assert log_variance.grad.item() == pytest.approx(0.5 * 3 * 0.5)


def test_the_elbo_agrees_with_torch_distributions(generator):
    x = (uniform(generator, 4, 5) > 0.5).double()
    logits, mean, log_variance = normal(generator, 4, 5), normal(generator, 4, 2), normal(generator, 4, 2)
    likelihood = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(dim=1)
    code = torch.distributions.Normal(mean, torch.exp(0.5 * log_variance))
    divergence = torch.distributions.kl_divergence(code, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)
    for weight in (1.0, 0.0, 0.3):
        oracle = (likelihood - weight * divergence).mean().item()
        assert elbo(x, logits, mean, log_variance, weight).item() == pytest.approx(oracle, rel=1e-10)


def test_the_elbo_is_a_lower_bound(generator):
    """log p(x) of a code of one number, by numerical integration over the prior."""
    model = VAE(3, 4, 1).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(normal(generator, *parameter.shape))
        x = torch.tensor([[1.0, 0.0, 1.0]]).double()
        z = torch.linspace(-8, 8, 4001).double()[:, None]
        log_joint = torch.distributions.Bernoulli(logits=model.decoder(z)).log_prob(x).sum(1) - 0.5 * z[:, 0] ** 2
        evidence = torch.log(torch.trapezoid(log_joint.exp() / math.sqrt(2 * math.pi), z[:, 0])).item()
        noise = normal(generator, 20000, 1)
        bound = elbo(x.expand(20000, 3), *model(x.expand(20000, 3), noise)).item()
    assert bound < evidence


def test_a_vae_decodes_its_draw(generator):
    model = VAE(4, 5, 2).double()
    x, noise = uniform(generator, 3, 4), normal(generator, 3, 2)
    logits, mean, log_variance = model(x, noise)
    torch.testing.assert_close(logits, model.decoder(mean + torch.exp(0.5 * log_variance) * noise))
    assert logits.shape == (3, 4) and mean.shape == log_variance.shape == (3, 2)


def test_interpolation_by_hand():
    way = interpolate(torch.tensor([0.0, 2.0]).double(), torch.tensor([4.0, 0.0]).double(), 5)
    np.testing.assert_allclose(way, [[0, 2], [1, 1.5], [2, 1], [3, 0.5], [4, 0]], rtol=1e-12)


@pytest.mark.gpu
def test_the_gpu_agrees_with_the_cpu():
    """A VAE's bound in double precision: sums in another order, some 1e-14."""
    model = VAE(6, 8, 2).double()
    x, noise = torch.rand(5, 6).double(), torch.randn(5, 2).double()
    here = elbo(x, *model(x, noise)).item()
    there = elbo(x.cuda(), *model.cuda()(x.cuda(), noise.cuda())).item()
    assert there == pytest.approx(here, rel=1e-10)


# --- bad input ------------------------------------------------------------------------------------------------------

Z = torch.zeros
BAD = {
    "loss of unequal shapes": (lambda: reconstruction_loss(Z(2, 3), Z(2, 4)), "inputs and reconstructions"),
    "loss of no example": (lambda: reconstruction_loss(Z(0, 3), Z(0, 3)), "m above 0"),
    "one size": (lambda: Autoencoder((64,)), "sizes"),
    "size 0": (lambda: Autoencoder((64, 0)), "sizes"),
    "tied weights that are no matrix": (lambda: TiedAutoencoder(Z(3)), "weights"),
    "inputs that do not fit the tied weights": (lambda: TiedAutoencoder(Z(3, 5))(Z(2, 4)), r"inputs must be \(m, 5\)"),
    "codes that do not fit the tied weights": (lambda: TiedAutoencoder(Z(3, 5)).decode(Z(2, 5)), r"\(m, 3\)"),
    "a row of zeros": (lambda: max_activating_input(Z(2, 3)), "row of zeros"),
    "an unknown kind of sparsity": (lambda: sparsity_penalty(Z(2, 3), "l2", 0.1), "'l1' or 'kl', not 'l2'"),
    "a negative strength": (lambda: sparsity_penalty(Z(2, 3), "l1", -1.0), "strength"),
    "activations outside (0, 1)": (lambda: sparsity_penalty(Z(2, 3), "kl", 0.1), "activations"),
    "a target of 1": (lambda: sparsity_penalty(Z(2, 3) + 0.5, "kl", 0.1, 1.0), "target is 1.0"),
    "noise of another shape": (lambda: corrupt(Z(2, 3), "mask", 0.1, Z(3)), "noise"),
    "an unknown kind of noise": (lambda: corrupt(Z(2), "salt", 0.1, Z(2)), "'salt'"),
    "a share above 1": (lambda: corrupt(Z(2), "mask", 1.5, Z(2)), "1.5"),
    "weights of another layer": (lambda: contractive_penalty(Z(2, 3), Z(4, 3)), "activations"),
    "no channels": (lambda: ConvAutoencoder(0, 2), "channels"),
    "a picture of odd height": (lambda: ConvAutoencoder(1, 1)(Z(1, 1, 9, 8)), "multiples of 4"),
    "units that do not fit": (lambda: rbm_sample(Z(2, 3), Z(4, 5), Z(5), Z(2, 5)), "units"),
    "too few draws": (lambda: rbm_sample(Z(2, 4), Z(4, 5), Z(5), Z(1, 5)), "uniform"),
    "visible units outside [0, 1]": (
        lambda: contrastive_divergence_step(Z(2, 4) + 2, Z(4, 5), Z(4), Z(5), Z(2, 5), 0.1),
        "visible must lie",
    ),
    "biases exchanged": (
        lambda: contrastive_divergence_step(Z(2, 4), Z(4, 5), Z(5), Z(4), Z(2, 5), 0.1),
        "visible_biases",
    ),
    "no machine": (lambda: unroll([]), "at least one"),
    "machines of sizes that do not chain": (
        lambda: unroll([(Z(4, 3), Z(4), Z(3)), (Z(2, 2), Z(2), Z(2))]),
        "do not chain",
    ),
    "a machine whose biases do not fit": (lambda: unroll([(Z(4, 3), Z(3), Z(4))]), "machine must be"),
    "probabilities that do not sum to 1": (lambda: kl_divergence(Z(2) + 0.7, Z(2) + 0.5), "sum to 1"),
    "q of 0": (lambda: kl_divergence(Z(2) + 0.5, torch.tensor([1.0, 0.0])), "q positive"),
    "mean and variance of unequal shapes": (lambda: gaussian_kl(Z(2, 3), Z(2, 2)), "log_variance"),
    "noise for another code": (lambda: reparameterize(Z(2, 3), Z(2, 3), Z(2)), "noise"),
    "pixels from 0 to 16": (lambda: elbo(Z(2, 3) + 16, Z(2, 3), Z(2, 1), Z(2, 1)), r"inputs must lie in \[0, 1\]"),
    "a pixel that is not a number": (lambda: elbo(Z(2, 3) * math.nan, Z(2, 3), Z(2, 1), Z(2, 1)), r"\[0, 1\]"),
    "a negative weight": (lambda: elbo(Z(2, 3), Z(2, 3), Z(2, 1), Z(2, 1), -1.0), "kl_weight"),
    "no code": (lambda: VAE(3, 4, 0), "at least 1"),
    "one step": (lambda: interpolate(Z(2), Z(2), 1), "steps"),
    "ends of unequal length": (lambda: interpolate(Z(2), Z(3), 4), "start and end"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    call, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        call()
