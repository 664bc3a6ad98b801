"""Training on the digits, and what autoencoders are compared with there."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from dl_helpers import digit_codes as codes
from dl_helpers.autoencoders import VAE, Autoencoder, TiedAutoencoder, unroll
from dl_helpers.training import run_steps


@pytest.fixture(scope="module")
def data():
    return codes.pictures(0)


def test_pictures_and_their_black_and_white_copies(data):
    assert data.train.shape == (1437, 64) and data.test.shape == (360, 64)
    assert set(data.binarized.train.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(data.binarized.test == 1, data.test > 0.5)


def test_principal_components_are_those_of_scikit_learn(data):
    fitted = codes.pca(data.train.double(), 5)
    oracle = PCA(5).fit(data.train.double().numpy())
    assert codes.largest_angle(fitted.directions, torch.tensor(oracle.components_)) < 1e-4
    drawn = oracle.inverse_transform(oracle.transform(data.test.double().numpy()))
    np.testing.assert_allclose(fitted.decode(fitted.encode(data.test.double())), drawn, atol=1e-10)


def test_the_angle_between_planes():
    flat = torch.eye(3)[:2]
    tilted = torch.tensor([[1.0, 0, 0], [0, 1.0, 1.0]])
    assert codes.largest_angle(flat, tilted) == pytest.approx(45, abs=1e-6)
    # acos near 1 loses half of the digits.
    assert codes.largest_angle(flat, torch.tensor([[1.0, 2, 0], [3.0, 1, 0]])) == pytest.approx(0, abs=1e-5)


def test_a_mixture_is_a_distribution_and_training_makes_it_likelier():
    generator = torch.Generator().manual_seed(0)
    inputs = (torch.rand(60, 4, generator=generator) > 0.7).float()
    mixture = codes.bernoulli_mixture(inputs, 3, seed=0)
    everything = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)))
    assert mixture.log_likelihood(everything).exp().sum().item() == pytest.approx(1, abs=1e-12)
    early = codes.bernoulli_mixture(inputs, 3, seed=0, rounds=1)
    assert mixture.log_likelihood(inputs).mean() > early.log_likelihood(inputs).mean()


def test_one_component_is_independent_pixels():
    inputs = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    mixture = codes.bernoulli_mixture(inputs, 1, seed=0)
    np.testing.assert_allclose(mixture.probabilities[0], [2.2 / 3.4, 1.2 / 3.4], rtol=1e-12)


def test_first_weights_come_from_the_seed_alone():
    def weights(seed):
        return codes.seeded(Autoencoder((5, 3, 2)), seed).encoder[0].weight.detach()

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
    assert weights(1).abs().max() <= 1 / np.sqrt(5)
    with pytest.raises(ValueError, match="nn.Linear"):
        codes.seeded(TiedAutoencoder(torch.ones(2, 3)), 0)


def trained(data, seed):
    model = codes.seeded(Autoencoder((64, 8)), seed)
    spoil = codes.gaussian_noise(0.2)
    history = codes.train_autoencoder(model, data.train, seed=seed, steps=60, spoil=spoil, progress=False)
    return model, history


def test_training_is_reproducible_for_a_seed_whatever_was_drawn_elsewhere(data):
    first, history = trained(data, 3)
    torch.rand(7)
    second, again = trained(data, 3)
    _, other = trained(data, 4)
    assert history.losses == again.losses != other.losses
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert np.mean(history.losses[-10:]) < np.mean(history.losses[:10])


def test_an_interrupted_training_keeps_what_it_learned(data):
    model = codes.seeded(Autoencoder((64, 8)), 0)
    first = model.encoder[0].weight.detach().clone()
    calls = []

    def impatient(*arguments):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return codes.autoencoders.training_step(*arguments)

    history = codes.train_autoencoder(model, data.train, seed=0, steps=50, training_step=impatient, progress=False)
    assert history.interrupted
    assert len(history.losses) == 5
    assert not torch.equal(model.encoder[0].weight, first)


def test_a_loop_meets_every_row_once_an_epoch_and_shows_its_progress(capsys):
    seen = []
    history = run_steps(
        lambda rows: float(seen.extend(rows) or 1.5),
        10, steps=6, batch_size=4, generator=np.random.default_rng(0), description="a test",
    )  # fmt: skip
    assert history.losses == [1.5] * 6 and not history.interrupted
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    shown = capsys.readouterr()
    assert "a test" in shown.out + shown.err


@pytest.mark.parametrize(("steps", "batch_size"), [(0, 4), (5, 0), (5, 11)])
def test_a_loop_refuses_impossible_numbers(steps, batch_size):
    with pytest.raises(ValueError, match="from 1 to 10"):
        run_steps(lambda rows: 0.0, 10, steps=steps, batch_size=batch_size, generator=np.random.default_rng(0))


def test_a_stack_of_machines_becomes_a_network(data):
    machines = codes.train_stack(data.train, (16, 4), seed=0, steps=40, progress=False)
    network = codes.sigmoid_network(unroll(machines))
    assert network(data.test).shape == data.test.shape
    mean_image = codes.mean_squared_error(data.test, data.train.mean(dim=0).expand_as(data.test))
    machine, history = codes.train_machine(data.train, 64, seed=0, steps=300, progress=False)
    assert history.losses[-1] < 0.5 * mean_image < history.losses[0]


def test_a_vae_learns_and_its_bound_is_reproducible(data):
    pictures = data.binarized

    def bound(steps):
        model = codes.seeded(VAE(64, 32, 2), 0)
        codes.train_vae(model, pictures.train, seed=0, steps=steps, code=2, progress=False)
        return codes.negative_elbo(model, pictures.test, 2)

    assert bound(150) < bound(1) - 5
    assert bound(20) == bound(20)


def test_chimeras_and_draws_like_codes(data):
    strange = codes.chimeras(data.test, 0)
    assert torch.equal(strange[:, :32], data.test[:, :32])
    assert sorted(map(tuple, strange[:, 32:].tolist())) == sorted(map(tuple, data.test[:, 32:].tolist()))
    cloud = torch.randn(500, 2, generator=torch.Generator().manual_seed(0)) @ torch.tensor([[2.0, 1.0], [0.0, 0.5]]) + 3
    drawn = codes.codes_like(cloud, 50_000, 1)
    # Standard errors of the draws are 0.5 to 1 %.
    torch.testing.assert_close(drawn.mean(0), cloud.mean(0), atol=0.05, rtol=0)
    torch.testing.assert_close(torch.cov(drawn.T), torch.cov(cloud.T), atol=0.15, rtol=0)


def test_a_judge_is_less_surprised_by_digits_than_by_noise(data):
    judge = codes.bernoulli_mixture(data.binarized.train, 10, 0)
    noise = torch.rand(200, 64, generator=torch.Generator().manual_seed(0))
    assert codes.surprise(data.test, judge) < 25 < codes.surprise(noise, judge)


def test_few_labels_are_enough_for_separate_clusters():
    centers = 10 * torch.eye(3)
    labels = np.arange(60) % 3
    points = centers[labels] + torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    assert codes.few_label_accuracy(points[:30], labels[:30], points[30:], labels[30:], each=1) == 1.0


@pytest.mark.gpu
def test_a_training_on_the_gpu_follows_the_one_on_the_cpu():
    """The same draws; single precision and sums in another order part the two by some 1e-5 in twenty steps."""
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    losses = {}
    for device in ("cpu", "cuda"):
        model = codes.seeded(VAE(64, 32, 2), 0, device)
        inputs = codes.pictures(0, device).binarized.train
        losses[device] = codes.train_vae(model, inputs, seed=0, steps=20, code=2, progress=False).losses
    np.testing.assert_allclose(losses["cuda"], losses["cpu"], rtol=1e-3)
