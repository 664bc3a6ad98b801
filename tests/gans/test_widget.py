"""The chapter's figures that compute something, and its widget without a browser."""

import re

import numpy as np
import pytest
import torch

from dl_helpers import gan_training, gans
from dl_helpers.plots import gans as plots


def test_points_survive_packing() -> None:
    points = np.random.default_rng(0).uniform(-3.1, 3.1, (50, 2))
    # Steps of 1/40, rounded: at most half a step off.
    np.testing.assert_allclose(plots.unpack(plots.pack(points)), points, atol=0.5 / 40 + 1e-9)
    assert np.abs(plots.unpack(plots.pack(np.array([[99.0, -99.0]])))).max() <= 3.2


def test_pictures_survive_packing() -> None:
    pictures = np.random.default_rng(0).random((3, 64))
    np.testing.assert_allclose(plots.unpack_pictures(plots.pack_pictures(pictures)), pictures, atol=0.5 / 255 + 1e-9)


def test_the_widget_starts_in_a_collapse_can_be_won_and_reset() -> None:
    result = plots.results()["grid"]
    widget = plots.rates_widget(result)
    assert not widget.reached
    start = widget.values
    winners = [key for key, run in result["runs"].items() if plots.reached(run)]
    assert winners and len(winners) < len(result["runs"]) / 2
    rate_of_g, rate_of_d, k = map(float, winners[0].split())
    widget.move(generator_rate=rate_of_g, discriminator_rate=rate_of_d, k=k)
    assert widget.reached
    assert "8 of 8 modes" in widget.current.message
    widget.reset()
    assert widget.values == start and not widget.reached


def test_every_pair_of_rates_and_k_has_its_run() -> None:
    result = plots.results()["grid"]
    for rate_of_g in result["rates"]:
        for rate_of_d in result["rates"]:
            for k in result["k"]:
                run = result["runs"][plots.grid_key(rate_of_g, rate_of_d, k)]
                points = plots.unpack(run["points"])
                assert points.shape == (400, 2)
                # The stored points are of the same generator as the stored score: their shares of good samples agree to
                # four standard errors of 400 points and the rounding of 1/40.
                _, good = gans.mode_coverage(points, gan_training.ring_centers(), gan_training.GOOD_RADIUS)
                assert good == pytest.approx(run["good"], abs=0.12)


def test_a_film_takes_frames_and_becomes_html() -> None:
    film = plots.Film(resolution=8, fakes=10)
    gan_training.fit_ring(0, steps=4, hidden=4, batch_size=8, watch=film.watch, every=2, progress=False)
    assert film.steps == [0, 2, 4]
    assert all(surface.shape == (8, 8) and 0 <= surface.min() <= surface.max() <= 1 for surface in film.surfaces)
    page = plots.film_html(film, alt="a <film>")
    assert 'alt="a &lt;film&gt;"' in page
    assert "[0, 2, 4]" in page and "Play" in page
    assert not re.search(r"KEY|STEPS|PIXELS", page)


def test_the_dirac_gan_circles_without_and_rests_with_a_penalty() -> None:
    circling, resting = plots.rotation_paths().values()
    assert np.linalg.norm(circling[-1]) > 0.9 * np.linalg.norm(circling[0])
    assert np.linalg.norm(resting[-1]) < 0.1


def test_the_saturation_figure_asks_both_losses() -> None:
    figure = plots.saturation_figure(gans.generator_loss_minimax, gans.generator_loss_non_saturating)
    left, right = figure.axes
    for axes, (minimax, strong) in (
        (right, (lambda d: d, lambda d: 1 - d)),
        (left, (lambda d: np.log(1 - d), lambda d: -np.log(d))),
    ):
        for line, expected in zip(axes.get_lines(), (minimax, strong), strict=True):
            np.testing.assert_allclose(line.get_ydata(), expected(line.get_xdata()), atol=1e-9)
    assert torch.is_grad_enabled()
