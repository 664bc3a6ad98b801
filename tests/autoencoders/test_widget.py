"""The widget of chapter 12, without a browser, and what its figures compute."""

import numpy as np
import pytest
import torch

from dl_helpers import digit_codes as codes
from dl_helpers.autoencoders import VAE
from dl_helpers.plots import autoencoders as plots


@pytest.fixture(scope="module")
def data():
    return codes.pictures(0)


@pytest.fixture(scope="module")
def widget(data):
    model = codes.seeded(VAE(64, 128, 8), 0)
    codes.train_vae(model, data.binarized.train, seed=0, steps=1500, code=8, rate=3e-3, progress=False)
    with torch.no_grad():
        plane = plots.plane_through(model.encode(data.binarized.train)[0], data.train_labels, (4, 9, 0))
        held_out = model.encode(data.binarized.test)[0][:40]

    def decode(z):
        return torch.sigmoid(model.decoder(z))

    return plots.turning_point(decode, plots.Reader(data), plane, held_out, data.test_labels[:40])


def test_the_widget_starts_on_a_zero_reaches_its_goal_and_goes_back(widget):
    assert not widget.reached
    assert "draws a 0" in widget.current.message
    found = False
    for z1 in np.arange(-0.5, 0.3, 0.1):
        widget.move(z1=float(z1), z2=-0.3)
        found = found or widget.reached
        if found:
            assert "draws a 4" in widget.current.message
            assert "9 (" in widget.current.message
            break
    assert found
    assert 'alt="Digits on a plane' in widget.current.picture
    widget.reset()
    assert not widget.reached and widget.values == {"z1": 0.5, "z2": 1.9}


def test_a_plane_through_three_means(data):
    points = torch.randn(90, 5, generator=torch.Generator().manual_seed(0)).double()
    labels = np.arange(90) % 3
    plane = plots.plane_through(points, labels, (0, 1, 2))
    means = torch.stack([points[torch.from_numpy(labels == label)].mean(dim=0) for label in range(3)])
    places = plane.places(means)
    # In the plane: nothing is lost by dropping the means onto it.
    torch.testing.assert_close(plane.codes(places), means, rtol=0, atol=1e-12)
    assert places[0, 0] < 0 < places[1, 0] and places[2, 1] > 0
    torch.testing.assert_close(places[0], -places[1], rtol=0, atol=1e-12)


def test_a_prior_grid_gives_every_tile_an_equal_share():
    grid = plots.prior_grid(4)
    draws = torch.randn(40_000, generator=torch.Generator().manual_seed(0))
    middle = grid[:4, 0]
    edges = (middle[1:] + middle[:-1]) / 2
    assert grid[0, 1] > 0 > grid[-1, 1], "rows run from the top"
    shares = torch.bincount(torch.bucketize(draws, edges), minlength=4) / len(draws)
    # The middle of two quantiles is near, not at, the boundary of their shares.
    torch.testing.assert_close(shares, torch.full((4,), 0.25), atol=0.03, rtol=0)


def test_pictures_are_tiled_row_by_row():
    sheet = plots.tile(torch.arange(3.0)[:, None].expand(3, 64), 2, gap=-1)
    assert sheet.shape == (17, 17)
    assert (sheet[0, 0], sheet[0, 9], sheet[9, 0], sheet[9, 9], sheet[8, 0]) == (0, 1, 2, -1, -1)


def test_the_recorded_experiments_hold_what_the_figures_draw():
    result = plots.experiments()
    assert {bar["figure"] for bar in result["bars"]} == set(plots.MEANINGS)
    for bar in result["bars"]:
        values = [figures[bar["figure"]] for figures in result["experiments"][bar["experiment"]]["seeds"]]
        assert np.median(values) == bar["value"]
        direction, limit = bar["bar"].rsplit(" ", 1)
        assert bar["met"] == (bar["value"] <= float(limit) if direction == "at most" else bar["value"] >= float(limit))
    assert len(plots.few_label_gains(result)) == 4
    plots.few_labels_figure(result)
