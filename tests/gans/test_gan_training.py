"""The training loop, the batches, the features and their baselines: reproducible, interruptible, honest."""

import numpy as np
import pytest
import scipy.stats
import torch

from dl_helpers import gan_training as training
from dl_helpers import gans
from dl_helpers.datasets import digits

SMALL = {"hidden": 8, "batch_size": 16, "progress": False}


def weights(run: training.GanRun) -> list[torch.Tensor]:
    return [p for network in (run.generator, run.discriminator, run.averaged) for p in network.parameters()]


def test_a_run_is_reproducible_for_a_seed_and_differs_for_another() -> None:
    first, again, other = (training.fit_ring(seed, steps=6, **SMALL) for seed in (3, 3, 4))
    assert first.losses == again.losses
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(again), strict=True))
    assert not torch.equal(weights(first)[0], weights(other)[0])


def test_a_run_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(11)
    expected = torch.rand(1)
    torch.manual_seed(11)
    training.fit_ring(0, steps=2, **SMALL)
    assert torch.equal(torch.rand(1), expected)


def test_an_interrupted_run_keeps_what_it_has(capsys) -> None:
    whole = training.fit_ring(1, steps=4, decay=False, **SMALL)

    def stop(step, generator, discriminator):
        if step == 4:
            raise KeyboardInterrupt

    stopped = training.fit_ring(1, steps=1000, decay=False, watch=stop, every=1, **SMALL)
    assert stopped.interrupted and not whole.interrupted
    assert stopped.losses == whole.losses
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(stopped), strict=True))
    assert "Stopped after 4 of 1000 steps" in capsys.readouterr().out


def test_progress_is_shown_and_can_be_switched_off(capsys) -> None:
    options = {"hidden": 8, "batch_size": 16}
    training.fit_ring(0, steps=3, **options)
    assert "3/3" in capsys.readouterr().err
    training.fit_ring(0, steps=3, progress=False, **options)
    assert capsys.readouterr().err == ""


def test_the_averaged_generator_is_the_running_average() -> None:
    seen: list[torch.Tensor] = []
    run = training.fit_ring(
        2,
        steps=3,
        average=0.75,
        every=1,
        watch=lambda step, g, d: seen.append(next(g.parameters()).detach().clone()),
        **SMALL,
    )
    expected = seen[0]
    for now in seen[1:]:
        expected = 0.75 * expected + 0.25 * now
    torch.testing.assert_close(next(run.averaged.parameters()).detach(), expected)


def test_the_rate_falls_along_a_line() -> None:
    # With the whole rate gone after the last step, one more step of a longer run moves less than one of a shorter.
    moved = {}
    for steps in (2, 20):
        seen: list[torch.Tensor] = []
        training.fit_ring(
            0,
            steps=steps,
            every=1,
            watch=lambda step, g, d, seen=seen: seen.append(next(g.parameters()).detach().clone()),
            **SMALL,
        )
        moved[steps] = (seen[2] - seen[1]).abs().max().item()
    # Adam's first steps have the size of the rate: a half is left in the second step of 2, 19/20 in that of 20.
    assert moved[2] == pytest.approx(moved[20] * 0.5 / 0.95, rel=1e-3)


def test_a_lazy_penalty_has_the_same_mean() -> None:
    discriminator = gans.Discriminator(2, 4)
    real = training.sample_ring(6, torch.Generator().manual_seed(0))
    eager, lazy = training.LazyPenalty(0.7), training.LazyPenalty(0.7, every=3)
    values = [lazy(discriminator, real, real).item() for _ in range(6)]
    assert values[0] == values[1] == values[3] == 0
    assert np.mean(values) == pytest.approx(eager(discriminator, real, real).item(), rel=1e-5)


def test_batches_of_data_cover_each_epoch_once_and_reshuffle() -> None:
    data = torch.arange(10.0)[:, None]
    batches = training.data_batches(data, 3, torch.Generator().manual_seed(0))
    epochs = [torch.cat([next(batches) for _ in range(3)]).flatten().tolist() for _ in range(3)]
    assert all(len(set(epoch)) == 9 for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_the_ring_is_the_ring() -> None:
    drawn = training.sample_ring(4000, torch.Generator().manual_seed(0)).double().numpy()
    modes, good = gans.mode_coverage(drawn, training.ring_centers(), training.GOOD_RADIUS, 400)
    assert modes == 8
    # P(radius ≤ 3σ) in two dimensions is 1 − e^(−9/2) = 0.989; standard error 0.0017.
    assert good == pytest.approx(1 - np.exp(-4.5), abs=0.008)


def test_a_short_run_spreads_over_the_ring() -> None:
    run = training.fit_ring(0, steps=400, hidden=64, batch_size=64, progress=False)
    drawn = training.samples(run.generator, 1000, training.RING_NOISE, seed=5)
    before, _ = training.networks(training.RING_NOISE, 64, 2, 0)
    start = training.samples(before, 1000, training.RING_NOISE, seed=5)
    # At the start all samples lie near the middle; on the ring their distance from it is 2.
    assert np.linalg.norm(start, axis=1).mean() < 1 < np.linalg.norm(drawn, axis=1).mean()


@pytest.fixture(scope="module")
def pictures():
    split = digits(seed=0)
    return split, training.DigitFeatures(split, epochs=6)


def test_features_classify_and_are_reproducible(pictures) -> None:
    split, features = pictures
    assert features.accuracy > 0.9
    again = training.DigitFeatures(split, epochs=6)
    np.testing.assert_array_equal(features(split.test_inputs), again(split.test_inputs))


def test_the_score_orders_real_mixture_and_noise(pictures) -> None:
    split, features = pictures
    found = training.baselines(split, features)
    assert found["held-out real"] < found["mixture of 30"] < found["one Gaussian"]
    noise = np.random.default_rng(0).random((500, 64))
    real = features(split.train_inputs)
    assert training.features_distance(features(noise), real) > found["mixture of 30"]
    assert training.features_distance(real, real) == pytest.approx(0, abs=1e-4)


def test_features_distance_of_known_gaussians() -> None:
    generator = np.random.default_rng(1)
    a, b = generator.normal(0, 1, (100_000, 2)), generator.normal([3, 0], [1, 2], (100_000, 2))
    # 9 from the means, (1 − 2)² from the spreads; standard errors of means and variances about 0.005, times 6.
    assert training.features_distance(a, b) == pytest.approx(10, abs=0.15)
    # One feature, and features that never vary.
    assert training.features_distance(a[:, :1], a[:, :1]) == pytest.approx(0, abs=1e-9)
    flat = np.column_stack([a[:500, 0], np.ones(500), np.zeros(500)])
    assert training.features_distance(flat, flat + [0, 2, 0]) == pytest.approx(4, abs=1e-6)


def test_one_gaussian_matches_mean_and_variance_of_each_pixel(pictures) -> None:
    split, _ = pictures
    drawn = training.mixture_samples(split, 1, 4000, seed=0)
    pixel = split.train_inputs[:, 27]
    # Cutting to [0, 1] pulls the tails in; the middle of the law stays.
    assert np.median(drawn[:, 27]) == pytest.approx(np.clip(pixel.mean(), 0, 1), abs=0.05)
    assert scipy.stats.spearmanr(drawn[:, 27], drawn[:, 28]).statistic == pytest.approx(0, abs=0.08)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: training.data_batches(torch.zeros(5, 2), 6, torch.Generator()),
            "batch_size is 6, must be from 1 to 5",
        ),
        (lambda: training.data_batches(torch.zeros(5, 2), 0, torch.Generator()), "batch_size is 0"),
        (lambda: training.fit_ring(0, steps=5, k=0, **SMALL), "k is 0, both must be at least 1"),
        (lambda: training.fit_ring(0, steps=0, **SMALL), "steps is 0"),
        (lambda: training.sample_ring(0, torch.Generator()), "examples is 0"),
        (lambda: training.LazyPenalty(-1.0), "weight is -1.0"),
        (lambda: training.LazyPenalty(1.0, every=0), "every is 0"),
        (lambda: training.features_distance(np.zeros((1, 2)), np.zeros((3, 2))), "at least 2"),
        (lambda: training.features_distance(np.zeros((3, 2)), np.zeros((3, 4))), "must be"),
    ],
)
def test_bad_input_is_named(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.gpu
def test_cpu_and_gpu_agree() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    there, here = (training.fit_ring(0, steps=3, device=device, **SMALL) for device in ("cuda", "cpu"))
    # Single precision; three steps of Adam, whose first steps have the size of the rate, 2e-3, whatever the gradient.
    np.testing.assert_allclose(there.losses, here.losses, rtol=1e-3)
    for a, b in zip(weights(there), weights(here), strict=True):
        torch.testing.assert_close(a.detach().cpu(), b.detach(), rtol=1e-3, atol=1e-4)
