"""The figures and the widget of chapter 12: drawn digits, weights, planes of codes, and the experiments' results."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from sklearn.linear_model import LogisticRegression

from dl_helpers import digit_codes
from dl_helpers.autoencoders import VAE, Autoencoder
from dl_helpers.digit_codes import Pictures
from dl_helpers.plots.optimizers import show_table
from dl_helpers.plotting import BLACK, BLUE, GRAY, GREEN, ORANGE, PURPLE, SIGNED, SKY_BLUE, VERMILLION, WIDTH, image
from dl_helpers.widgets import Explorer, Scene, Slider

RESULT = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "autoencoders.json"
Decode = Callable[[torch.Tensor], torch.Tensor]
# Ten classes, eight colors: the glyph tells the class, the color only helps.
CLASS_COLORS = (BLACK, VERMILLION, BLUE, GREEN, PURPLE, ORANGE, GRAY, SKY_BLUE, "#8A5A00", "#00504A")
LABEL_WIDTH = 1.55  # inches, of the text beside a row of pictures
FEATURES = {
    "pixels": "pixels",
    "pca": "PCA, 32",
    "deep": "deep, 32",
    "denoising": "denoising, 128",
    "sparse": "sparse, 128",
}
LABELS = (2, 5, 20)  # of each class, in the experiment with few labels
CURVES = ((BLUE, "-"), (VERMILLION, "--"), (GREEN, "-."), (ORANGE, ":"))


def experiments() -> dict[str, Any]:
    """The committed result of ``benchmarks/experiments/autoencoders.py``."""
    return json.loads(RESULT.read_text(encoding="utf-8"))


# --- pictures -------------------------------------------------------------------------------------------------------


def tile(pictures: torch.Tensor, columns: int, gap: float = np.nan) -> np.ndarray:
    """Pictures (m, 64) as one array of 8 × 8 tiles with a line of ``gap`` between them."""
    images = pictures.detach().cpu().double().reshape(-1, 8, 8).numpy()
    rows = -(-len(images) // columns)
    sheet = np.full((9 * rows - 1, 9 * columns - 1), gap)
    for place, picture in enumerate(images):
        top, left = 9 * (place // columns), 9 * (place % columns)
        sheet[top : top + 8, left : left + 8] = picture
    return sheet


def draw_sheet(axes: Axes, pictures: torch.Tensor, columns: int, limit: float | None = None) -> None:
    """Tiled pictures: gray values from 0 (white) to 1 (black), or weights from −limit (vermillion) to limit (blue)."""
    options: dict[str, Any] = (
        {"cmap": "gray_r", "vmin": 0, "vmax": 1} if limit is None else {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
    )
    axes.imshow(tile(pictures, columns), interpolation="nearest", **options)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def rows(pictures: Mapping[str, torch.Tensor], title: str) -> Figure:
    """Rows of digits, one above the other: text beside the row -> pictures (m, 64), the same m in every row."""
    count = len(next(iter(pictures.values())))
    side = (WIDTH - LABEL_WIDTH) / count
    figure = Figure(figsize=(WIDTH, 0.35 + len(pictures) * (side + 0.06)))
    # The rows are placed by hand: the course's automatic layout would push them under the title.
    figure.set_layout_engine("none")
    panels = figure.subplots(
        len(pictures),
        1,
        squeeze=False,
        gridspec_kw={
            "left": LABEL_WIDTH / WIDTH,
            "right": 0.995,
            "bottom": 0.02,
            "top": 1 - 0.33 / figure.get_figheight(),
            "hspace": 0.08,
        },
    )[:, 0]
    for axes, (name, row) in zip(panels, pictures.items(), strict=True):
        draw_sheet(axes, row, count)
        axes.text(-0.012, 0.5, name, transform=axes.transAxes, ha="right", va="center", fontsize=10)
    figure.text(0.005, 0.995, title, fontweight="bold", va="top")
    return figure


def weights(sheets: Mapping[str, torch.Tensor], title: str, columns: int = 8) -> Figure:
    """Rows of weight matrices drawn as pictures, one sheet beside the other: name -> weights (k, 64).

    Each sheet has its own scale: its largest weight is fully blue or vermillion.
    """
    count = -(-len(next(iter(sheets.values()))) // columns)
    width = WIDTH / len(sheets)
    figure = Figure(figsize=(WIDTH, 0.55 + width * count / columns), layout="constrained")
    for axes, (name, matrix) in zip(figure.subplots(1, len(sheets), squeeze=False)[0], sheets.items(), strict=True):
        draw_sheet(axes, matrix, columns, float(matrix.detach().abs().quantile(0.995)))
        axes.set_title(name, fontsize=10, fontweight="normal", loc="center")
    headline(figure, title)
    return figure


def headline(figure: Figure, title: str) -> None:
    """The figure's message, at the top left."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")


def opening(data: Pictures, chosen: torch.Tensor) -> Figure:
    """The chapter's first picture: what its networks make of chosen held-out digits after a few hundred steps each."""
    digits = data.test[chosen]
    deep = digit_codes.seeded(Autoencoder((64, 128, 8)), 0)
    digit_codes.train_autoencoder(deep, data.train, seed=0, steps=700, rate=5e-3, progress=False)
    spoil = digit_codes.gaussian_noise(0.4)
    denoiser = digit_codes.seeded(Autoencoder((64, 256, 128)), 0)
    digit_codes.train_autoencoder(denoiser, data.train, seed=0, steps=700, rate=3e-3, spoil=spoil, progress=False)
    generator = digit_codes.seeded(VAE(64, 128, 8), 0)
    digit_codes.train_vae(generator, data.binarized.train, seed=0, steps=900, code=8, rate=4e-3, progress=False)
    noisy = spoil(digits, torch.Generator().manual_seed(5))
    draws = torch.randn(len(chosen), 8, generator=torch.Generator().manual_seed(1)).to(digits)
    return rows(
        {
            "held-out digits": digits,
            "from 8 numbers": deep(digits),
            "noise added": noisy,
            "noise taken off": denoiser(noisy),
            "drawn from nothing": torch.sigmoid(generator.decoder(draws)),
        },
        "What autoencoders do: compress, mend, invent",
    )


# --- curves ---------------------------------------------------------------------------------------------------------


def learning_curves(losses: Mapping[str, Sequence[float]], title: str, ylabel: str, window: int = 50) -> Figure:
    """Losses against steps, each the mean of the last ``window`` steps."""
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    axes = figure.subplots()
    for (name, values), (color, line) in zip(losses.items(), CURVES, strict=False):
        sums = np.cumsum([0.0, *values])
        means = (sums[window:] - sums[:-window]) / window
        axes.plot(np.arange(window, len(values) + 1), means, color=color, linestyle=line, label=name)
    axes.set(xlabel="steps", ylabel=ylabel, ylim=(0, None))
    axes.set_title(title)
    axes.legend()
    return figure


def divergence_curve(gaussian_kl: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Figure:
    """KL(N(μ, σ²) ‖ N(0, 1)) against σ for two μ: least at σ = 1."""
    deviations = torch.logspace(-3, 0.6, 200, dtype=torch.float64)
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    axes = figure.subplots()
    for mean, (color, line) in zip((0.0, 2.0), CURVES, strict=False):
        nats = gaussian_kl(torch.full((200, 1), mean).double(), 2 * torch.log(deviations)[:, None])
        axes.semilogx(deviations, nats, color=color, linestyle=line)
        axes.text(0.0022, float(nats[20]) + 0.35, f"μ = {mean:g}", color=color, va="bottom")
    axes.axvline(1, color=GRAY, linewidth=1, linestyle=":")
    axes.text(1.05, 6.5, "σ = 1", color=GRAY, va="top")
    axes.set(xlabel="σ", ylabel="divergence in nats", ylim=(0, None))
    axes.set_title("The divergence is least at σ = 1; σ → 0 is dear")
    return figure


def few_label_gains(result: Mapping[str, Any]) -> list[str]:
    """Lines that say, for each kind of feature, by how many points it is better than pixels in each seed."""
    seeds = result["experiments"]["few_labels"]["seeds"]
    lines = []
    for name, text in FEATURES.items():
        if name != "pixels":
            gains = {n: [100 * (f[f"{name}_{n}"] - f[f"pixels_{n}"]) for f in seeds] for n in LABELS}
            parts = [f"{n:2} labels " + " ".join(f"{gain:+5.1f}" for gain in values) for n, values in gains.items()]
            lines.append(f"{text:15}" + "   ".join(parts))
    return lines


def few_labels_figure(result: Mapping[str, Any]) -> Figure:
    """Accuracy from few labels for each kind of feature: the three seeds and their median."""
    seeds = result["experiments"]["few_labels"]["seeds"]
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    for axes, each in zip(panels, LABELS, strict=True):
        for height, name in enumerate(FEATURES):
            values = [100 * figures[f"{name}_{each}"] for figures in seeds]
            axes.plot(values, [height] * len(values), linestyle="", marker="o", color=BLUE, alpha=0.6)
            axes.plot(np.median(values), height, linestyle="", marker="|", markersize=16, color=VERMILLION)
        axes.axvline(
            np.median([100 * figures[f"pixels_{each}"] for figures in seeds]), color=GRAY, linewidth=1, linestyle=":"
        )
        axes.set_title(f"{each} labels a class", fontsize=10, fontweight="normal", loc="center")
        axes.set_xlabel("% right")
    panels[0].set_yticks(range(len(FEATURES)), list(FEATURES.values()))
    panels[0].invert_yaxis()
    headline(figure, "Few labels: what features learned without labels are worth")
    return figure


# --- planes of codes ------------------------------------------------------------------------------------------------


def draw_plane(axes: Axes, codes: torch.Tensor, labels: np.ndarray, size: float = 8) -> None:
    """Each picture's code (m, 2) as the glyph of its class."""
    points = codes.detach().cpu().numpy()
    for (x, y), label in zip(points, labels, strict=True):
        axes.text(x, y, str(label), color=CLASS_COLORS[label], fontsize=size, ha="center", va="center", clip_on=True)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.06 * np.maximum(high - low, 1e-3)
    axes.set(xlim=(low[0] - margin[0], high[0] + margin[0]), ylim=(low[1] - margin[1], high[1] + margin[1]))
    axes.set_xlabel("z₁")
    axes.set_ylabel("z₂", rotation=0)


def planes(panels: Mapping[str, torch.Tensor], labels: np.ndarray, title: str) -> Figure:
    """Codes of the same pictures by several encoders, side by side: name -> codes (m, 2)."""
    figure = Figure(figsize=(WIDTH, 3.7), layout="constrained")
    for axes, (name, codes) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        draw_plane(axes, codes, labels)
        axes.set_title(name, fontsize=10, fontweight="normal", loc="center")
    headline(figure, title)
    return figure


def clouds(panels: Mapping[str, tuple[torch.Tensor, torch.Tensor]], labels: np.ndarray, title: str) -> Figure:
    """What a VAE's encoder says of pictures: name -> (μ, log σ²), each (m, 2); a circle of mean radius σ for each."""
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    for axes, (name, (mean, log_variance)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        centers, radii = mean.detach().cpu().numpy(), torch.exp(0.5 * log_variance).detach().mean(dim=1).cpu().numpy()
        for (x, y), radius, label in zip(centers, radii, labels, strict=True):
            axes.add_patch(Circle((x, y), radius, fill=False, color=CLASS_COLORS[label], alpha=0.5, linewidth=0.8))
            axes.plot(x, y, marker=".", markersize=2, color=CLASS_COLORS[label])
        reach = max(3.0, float(np.abs(centers).max() * 1.05))
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="z₁")
        axes.set_title(name, fontsize=10, fontweight="normal", loc="center")
    headline(figure, title)
    return figure


def window(codes: torch.Tensor) -> tuple[float, float, float, float]:
    """The rectangle (left, right, bottom, top) that holds 96 % of codes (m, 2) along each axis."""
    low, high = torch.quantile(codes.detach().cpu(), torch.tensor([0.02, 0.98]), dim=0)
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def square_grid(corners: tuple[float, float, float, float], count: int) -> torch.Tensor:
    """Codes on a grid over (left, right, bottom, top), row by row from the top, shape (count², 2)."""
    left, right, bottom, top = corners
    x, y = torch.linspace(left, right, count), torch.linspace(top, bottom, count)
    return torch.stack([x.repeat(count), y.repeat_interleave(count)], dim=1)


def prior_grid(count: int) -> torch.Tensor:
    """Codes on a grid of quantiles of N(0, 1), row by row from the top: each stands for an equal share of draws."""
    quantiles = torch.tensor([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])
    return torch.stack([quantiles.repeat(count), quantiles.flip(0).repeat_interleave(count)], dim=1)


def latent_grids(panels: Mapping[str, tuple[Decode, torch.Tensor]], title: str) -> Figure:
    """Mosaics of decoded codes: name -> (decode, codes of a square grid, row by row from the top)."""
    figure = Figure(figsize=(WIDTH, 0.6 + WIDTH / len(panels)), layout="constrained")
    for axes, (name, (decode, codes)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        with torch.no_grad():
            draw_sheet(axes, decode(codes).clamp(0, 1), round(len(codes) ** 0.5))
        axes.set_title(name, fontsize=10, fontweight="normal", loc="center")
        axes.set_xlabel("z₁ →")
        axes.set_ylabel("z₂ →")
    headline(figure, title)
    return figure


# --- results --------------------------------------------------------------------------------------------------------

MEANINGS = {
    "linear_over_pca": "linear autoencoder: error ÷ PCA's",
    "angle_to_pca_degrees": "linear autoencoder: angle to PCA's subspace, degrees",
    "deep_over_pca": "deep autoencoder, code of 8: error ÷ PCA's",
    "denoised_mse": "denoising: squared error a pixel, from 0.16",
    "l1_activation": "sparse: mean activation",
    "ratio": "contractive: ‖∂h/∂x‖² divided by",
    "pretrained_mse": "pre-trained sigmoid network: squared error a pixel",
    "vae_nats": "VAE: −ELBO of a held-out digit, nats",
}


def show_bars(result: Mapping[str, Any]) -> None:
    """The table of the experiments' bars: median, the three seeds, the bar, and whether it is reached."""
    table = []
    for bar in result["bars"]:
        values = [figures[bar["figure"]] for figures in result["experiments"][bar["experiment"]]["seeds"]]
        table.append(
            [
                MEANINGS[bar["figure"]],
                f"{bar['value']:.3g}",
                ", ".join(f"{value:.3g}" for value in values),
                bar["bar"],
                "reached" if bar["met"] else "missed",
            ]
        )
    show_table("Three seeds, held-out digits, 2000 to 4000 training steps", ["", "median", "seeds", "bar", ""], table)


def show_medians(result: Mapping[str, Any], caption: str, figures: Mapping[str, tuple[str, str]]) -> None:
    """A table of some medians: text -> (experiment, figure)."""
    table = []
    for text, (experiment, figure) in figures.items():
        values = [seed[figure] for seed in result["experiments"][experiment]["seeds"]]
        table.append([text, f"{np.median(values):.3g}", ", ".join(f"{value:.3g}" for value in values)])
    show_table(caption, ["", "median", "three seeds"], table)


# --- the widget -----------------------------------------------------------------------------------------------------

STEP = 0.5  # how far the neighbors of a code are
SURE = 0.5  # the probability from which a drawing counts as a digit
REACH = 2.5  # of the sliders


class Reader:
    """Reads drawn digits: logistic regression on black-and-white training digits."""

    def __init__(self, data: Pictures) -> None:
        pixels = data.binarized.train.cpu().numpy()
        self.classifier = LogisticRegression(C=0.3, max_iter=2000).fit(pixels, data.train_labels)

    def read(self, drawn: torch.Tensor) -> list[tuple[int, float]]:
        """The most probable digit and its probability for each drawing (m, 64)."""
        probabilities = self.classifier.predict_proba(drawn.detach().cpu().numpy())
        return [(int(row.argmax()), float(row.max())) for row in probabilities]


@dataclass(frozen=True, eq=False)
class Plane:
    """A flat cut through a space of codes: ``origin`` (k,) and two orthonormal ``directions`` (2, k)."""

    origin: torch.Tensor
    directions: torch.Tensor

    def codes(self, places: torch.Tensor) -> torch.Tensor:
        """The codes (m, k) at places (m, 2) of the plane."""
        return self.origin + places.to(self.origin) @ self.directions

    def places(self, codes: torch.Tensor) -> torch.Tensor:
        """Where codes (m, k) lie when they are dropped onto the plane, shape (m, 2)."""
        return (codes - self.origin) @ self.directions.T


def plane_through(codes: torch.Tensor, labels: np.ndarray, classes: tuple[int, int, int]) -> Plane:
    """The plane through the mean codes of three classes.

    Its origin lies halfway between the first two, its first direction leads from the first to the second, and the third
    lies on the side of its second direction.
    """
    first, second, third = (codes[torch.from_numpy(labels == label).to(codes.device)].mean(dim=0) for label in classes)
    origin = (first + second) / 2
    across = (second - first) / torch.linalg.vector_norm(second - first)
    up = third - origin - ((third - origin) @ across) * across
    return Plane(origin, torch.stack([across, up / torch.linalg.vector_norm(up)]))


def turning_point(decode: Decode, reader: Reader, plane: Plane, codes: torch.Tensor, labels: np.ndarray) -> Explorer:
    """Two sliders over a plane of codes, decoded live with four neighbors.

    decode: codes (m, k) -> probabilities of the pixels (m, 64).
    codes:  of pictures with these labels, drawn as a map, shape (m, k).

    Goal: a 4 of which a neighbor, half a unit away along a slider, is a 9.
    """

    def scene(z1: float, z2: float) -> Scene:
        return turning_scene(decode, reader, plane, codes, labels, z1, z2)

    sliders = {"z1": Slider(0.5, -REACH, REACH, 0.1, "z₁"), "z2": Slider(1.9, -REACH, REACH, 0.1, "z₂")}
    return Explorer(sliders, scene, goal="draw a 4 that turns into a 9 within half a unit, both read with 50 % or more")


def turning_scene(
    decode: Decode, reader: Reader, plane: Plane, codes: torch.Tensor, labels: np.ndarray, z1: float, z2: float
) -> Scene:
    """What ``turning_point`` shows for one place."""
    moves = {"": (0, 0), "z₁ − ½": (-STEP, 0), "z₁ + ½": (STEP, 0), "z₂ − ½": (0, -STEP), "z₂ + ½": (0, STEP)}
    with torch.no_grad():
        drawn = decode(plane.codes(torch.tensor([[z1 + dx, z2 + dy] for dx, dy in moves.values()])))
    readings = reader.read(drawn)
    digit, certainty = readings[0]
    turns = any(other == 9 and sure >= SURE for other, sure in readings[1:])

    figure = Figure(figsize=(WIDTH, 3.3), layout="constrained")
    grid = figure.add_gridspec(2, 4, width_ratios=[2.1, 1.2, 0.7, 0.7])
    axes = figure.add_subplot(grid[:, 0])
    draw_plane(axes, plane.places(codes), labels, size=8)
    axes.set(xlim=(-REACH - STEP, REACH + STEP), ylim=(-REACH - STEP, REACH + STEP))
    axes.plot(z1, z2, marker="o", markersize=12, markerfacecolor="none", markeredgecolor=BLACK, markeredgewidth=2)
    axes.set_title("where held-out digits lie", fontsize=10, fontweight="normal", loc="center")
    spots = [grid[:, 1], grid[0, 2], grid[0, 3], grid[1, 2], grid[1, 3]]
    for spot, name, picture, (read, sure) in zip(spots, moves, drawn, readings, strict=True):
        axes = figure.add_subplot(spot)
        draw_sheet(axes, picture[None], 1)
        title = f"{name}\nread as {read}, {sure:.0%}" if name else f"here: a {read}, {sure:.0%}"
        axes.set_title(title, fontsize=10 if not name else 9, fontweight="normal", loc="center")
    around = ", ".join(f"{read} ({sure:.0%})" for read, sure in readings[1:])
    message = f"z = ({z1:.1f}, {z2:.1f}) draws a {digit} ({certainty:.0%}); its neighbors are {around}."
    alt = f"Digits on a plane of codes, a ring at the chosen place, and what is drawn there. {message}"
    return Scene(image(figure, alt), message, digit == 4 and certainty >= SURE and turns)
