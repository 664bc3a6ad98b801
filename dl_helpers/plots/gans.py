"""The figures and the widget of chapter 13: inverse CDFs, the game, the ring, the digits, the score."""

import base64
import hashlib
import html
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from dl_helpers.gan_training import GOOD_RADIUS, RING_NOISE, GanRun, ring_centers, samples
from dl_helpers.plotting import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    PIXELS_PER_INCH,
    SIGNED,
    VERMILLION,
    WIDTH,
    draw_image,
    image,
)
from dl_helpers.widgets import Explorer, Scene, Slider

RESULT = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "gans.json"
WINDOW = 3.0  # of the ring's pictures: both coordinates from −3 to 3
REAL, FAKE = BLUE, ORANGE
MODES = 8
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}


def results() -> dict[str, Any]:
    """The committed result of ``benchmarks/experiments/gans.py``."""
    return json.loads(RESULT.read_text(encoding="utf-8"))


def source(result: Mapping[str, Any]) -> str:
    """Where a precomputed result comes from, in one sentence."""
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    return f"Precomputed on {result['date']} by `{result['command']}` ({versions})."


# --- tables -----------------------------------------------------------------------------------------------------------


def show_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show a table whose first column names the rows; as text where HTML is not shown."""
    cell = "padding:.2em .8em;text-align:"
    head = "".join(f'<th scope="col" style="{cell}right">{html.escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row" style="{cell}left">{html.escape(row[0])}</th>'
        + "".join(f'<td style="{cell}right">{html.escape(entry)}</td>' for entry in row[1:])
        + "</tr>"
        for row in rows
    )
    title = f'<caption style="text-align:left;caption-side:top"><b>{html.escape(caption)}</b></caption>'
    lines = [caption, *("\t".join(row) for row in [header, *rows])]
    rich = f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    display({"text/html": rich, "text/plain": "\n".join(lines)}, raw=True)


def median_and_range(values: Sequence[float], form: str = ".2f") -> str:
    """ "0.92 (0.91 to 0.92)": the median of the seeds and their range."""
    return f"{np.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


# --- one number at a time ---------------------------------------------------------------------------------------------


def inverse_cdf_figure(inverse: Callable[[np.ndarray], np.ndarray], count: int = 24) -> Figure:
    """Uniform draws on the vertical axis go across to the curve of F and down: there they lie as F wants them.

    inverse: the exponential F⁻¹ with rate 1.
    """
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    uniform = (np.arange(count) + 0.5) / count
    draws = inverse(uniform)
    curve = np.linspace(0, 5, 300)
    left.plot(curve, 1 - np.exp(-curve), color=BLACK)
    for u, y in zip(uniform, draws, strict=True):
        left.plot([0, y, y], [u, u, 0], color=GRAY, linewidth=0.6)
    left.plot(np.zeros(count), uniform, "o", color=FAKE, clip_on=False, markersize=5)
    left.plot(draws, np.zeros(count), "s", color=REAL, clip_on=False, markersize=5)
    left.annotate("uniform draws U", (0, 0.82), (0.25, 0.955), color="#8a5f00", va="center", bbox=PAPER)
    left.annotate("Y = F⁻¹(U): dense where F is steep", (1.1, 0.06), color=REAL, bbox=PAPER)
    left.set(xlim=(0, 5), ylim=(0, 1), xlabel="y", ylabel="F(y)", title="Across to F, then down")
    many = inverse((np.arange(20_000) + 0.5) / 20_000)
    right.hist(many[many < 5], bins=np.linspace(0, 5, 41), density=True, color=REAL, alpha=0.45)
    right.plot(curve, np.exp(-curve), color=BLACK)
    right.annotate("density e$^{-y}$", (0.75, 0.5))
    right.set(xlim=(0, 5), xlabel="y", ylabel="density", title="The law that comes out")
    return figure


def staircase_figure(inverse: Callable[[np.ndarray, np.ndarray], np.ndarray], data: np.ndarray) -> Figure:
    """The empirical CDF of a few data, and where the generalized inverse sends three draws."""
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    axes = figure.subplots()
    ordered, n = np.sort(data), len(data)
    low, high = ordered[0] - 1.5, ordered[-1] + 1.5
    axes.step([low, *ordered, high], [0, *(np.arange(1, n + 1) / n), 1], where="post", color=BLACK)
    for u, color in ((0.15, REAL), (0.5, "#8a5f00"), (0.6, GREEN)):
        y = inverse(np.array([u]), data)[0]
        axes.annotate("", (y, 0), (y, u), arrowprops={"arrowstyle": "->", "color": color, "shrinkA": 0, "shrinkB": 0})
        axes.plot([low, y], [u, u], color=color, linestyle="--", linewidth=1.2)
        axes.text(low + 0.05, u + 0.02, f"u = {u:g} → {y:g}", color=color)
    axes.set(xlim=(low, high), ylim=(0, 1.06), xlabel="y", ylabel="share of the data ≤ y")
    axes.set_title("A flat step has no inverse; the first y that is high enough stands in")
    return figure


def ks_figure(samples_by_name: Mapping[str, np.ndarray], cdf: Callable[[np.ndarray], np.ndarray],
              distance: Callable[..., float]) -> Figure:  # fmt: skip
    """Staircases of samples against one law, and the largest gap of each."""
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    panels = figure.subplots(1, len(samples_by_name), sharey=True)
    for axes, (name, drawn) in zip(panels, samples_by_name.items(), strict=True):
        ordered, n = np.sort(drawn), len(drawn)
        curve = np.linspace(0, 3, 200)
        axes.plot(curve, cdf(curve), color=BLACK, linewidth=1.5)
        axes.step(ordered, np.arange(1, n + 1) / n, where="post", color=REAL, linewidth=1.5)
        law = cdf(ordered)
        gaps = np.array([np.arange(1, n + 1) / n - law, law - np.arange(n) / n])
        end, i = np.unravel_index(gaps.argmax(), gaps.shape)
        axes.plot([ordered[i]] * 2, [law[i], (i + 1 - end) / n], color=VERMILLION, linewidth=3)
        axes.set_title(f"{name}: distance {distance(drawn, cdf):.3f}", fontsize=10, fontweight="normal", loc="center")
        axes.set(xlim=(0, 3), ylim=(0, 1), xlabel="y")
    panels[0].set_ylabel("F and staircase")
    return figure


# --- the game ---------------------------------------------------------------------------------------------------------


def optimal_discriminator_figure(optimal: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Figure:
    """Two densities and the best discriminator between them, for a generator far off, nearer, and perfect."""
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    x = np.linspace(-4, 6, 400)

    def density(mean: float) -> np.ndarray:
        return np.exp(-0.5 * (x - mean) ** 2) / np.sqrt(2 * np.pi)

    for axes, mean in zip(panels, (3.0, 1.0, 0.0), strict=True):
        p, q = density(0.0), density(mean)
        axes.fill_between(x, p, color=REAL, alpha=0.35, lw=0)
        axes.fill_between(x, q, color=FAKE, alpha=0.35, lw=0)
        axes.plot(x, optimal(p, q), color=BLACK)
        axes.set(xlim=(-4, 6), ylim=(0, 1.02), xlabel="x")
        axes.set_title(
            f"fakes {mean:g} away" if mean else "p_g = p_data", fontsize=10, fontweight="normal", loc="center"
        )
    panels[0].set_ylabel("density, D*")
    panels[0].text(-3.8, 0.9, "D*", color=BLACK)
    panels[0].text(-2.9, 0.42, "data", color=REAL)
    panels[0].text(3.6, 0.42, "fakes", color="#8a5f00")
    panels[2].text(-3.8, 0.55, "D* = ½", color=BLACK)
    return figure


def saturation_figure(
    minimax: Callable[[torch.Tensor], torch.Tensor], non_saturating: Callable[[torch.Tensor], torch.Tensor]
) -> Figure:
    """Both losses of G and their gradients at the logit, against D(G(z)), by autograd."""
    figure = Figure(figsize=(WIDTH, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    logits = torch.linspace(-6, 6, 241, dtype=torch.float64)
    probability = torch.sigmoid(logits).numpy()
    for loss, color, line, name in (
        (minimax, VERMILLION, "--", "minimax, log(1 − D)"),
        (non_saturating, BLUE, "-", "non-saturating, −log D"),
    ):
        leaves = [leaf.requires_grad_(True) for leaf in logits.clone().split(1)]
        values = [loss(leaf) for leaf in leaves]
        slopes = [abs(torch.autograd.grad(v, leaf)[0].item()) for v, leaf in zip(values, leaves, strict=True)]
        left.plot(probability, [value.item() for value in values], color=color, linestyle=line, label=name)
        right.plot(probability, slopes, color=color, linestyle=line)
    left.set(xlabel="D(G(z))", ylabel="loss of G, nats", title="Both fall as G gets better", xlim=(0, 1), ylim=(-5, 5))
    left.legend(loc="lower left")
    right.axvspan(0, 0.1, color=GRAY, alpha=0.15, lw=0)
    right.text(0.13, 0.03, "early fakes are in the shade", color="#555555", fontsize=10)
    right.set(xlabel="D(G(z))", ylabel="|gradient at the logit|", title="One is silent where G is bad")
    right.set(xlim=(0, 1), ylim=(0, 1.02))
    return figure


def trap_figure(paths: Mapping[str, np.ndarray]) -> Figure:
    """Paths of two players, one number each, in a game whose equilibrium is (0, 0)."""
    figure = Figure(figsize=(WIDTH, 3.7), layout="constrained")
    panels = figure.subplots(1, len(paths), sharey=True)
    for axes, (name, path) in zip(panels, paths.items(), strict=True):
        axes.plot(*path.T, color=BLUE, linewidth=1)
        axes.plot(*path[0], "o", color=BLACK, label="start")
        axes.plot(*path[-1], "s", color=VERMILLION, label="end")
        axes.plot(0, 0, "*", color=BLACK, markersize=11, label="equilibrium")
        axes.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xlabel="G's parameter θ", aspect="equal")
        axes.set_title(name, fontsize=10, fontweight="normal", loc="center")
    panels[0].set_ylabel("D's parameter ψ")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


# --- the ring ---------------------------------------------------------------------------------------------------------


def framed(axes: Axes) -> None:
    """No ticks, and a thin frame on all four sides."""
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color=GRAY, linewidth=0.8)


def draw_ring(axes: Axes, fakes: np.ndarray, title: str = "", size: float = 5) -> None:
    """Fakes over the circles in which a sample is good."""
    axes.plot(*fakes.clip(-WINDOW * 1.5, WINDOW * 1.5).T, ".", color=FAKE, markersize=size, alpha=0.5, zorder=2)
    angles = np.linspace(0, 2 * np.pi, 40)
    for center in ring_centers():
        axes.plot(
            center[0] + GOOD_RADIUS * np.cos(angles), center[1] + GOOD_RADIUS * np.sin(angles), color=REAL, lw=1.2
        )
    axes.set(xlim=(-WINDOW, WINDOW), ylim=(-WINDOW, WINDOW), aspect="equal")
    framed(axes)
    if title:
        axes.set_title(title, fontsize=10, fontweight="normal", loc="center")


def ring_figure(panels: Mapping[str, np.ndarray], title: str = "") -> Figure:
    """Samples side by side on the ring."""
    figure = Figure(figsize=(WIDTH, WIDTH / len(panels) + (0.75 if title else 0.4)), layout="constrained")
    for axes, (name, fakes) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels.items(), strict=True):
        draw_ring(axes, fakes, name)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


class Film:
    """Frames of a training on the ring: D's probability on a grid, and some fakes. Hand ``watch`` to ``fit``."""

    def __init__(self, resolution: int = 48, fakes: int = 250) -> None:
        axis = np.linspace(-WINDOW, WINDOW, resolution)
        self.grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        self.resolution, self.count = resolution, fakes
        self.steps: list[int] = []
        self.surfaces: list[np.ndarray] = []
        self.fakes: list[np.ndarray] = []

    def watch(self, step: int, generator: nn.Module, discriminator: nn.Module) -> None:
        """Take a frame. The noise is the same in every frame, so that each fake can be followed."""
        first = next(discriminator.parameters())
        with torch.no_grad():
            logits = discriminator(torch.from_numpy(self.grid).to(first))
        self.steps.append(step)
        self.surfaces.append(torch.sigmoid(logits).cpu().numpy().reshape(self.resolution, self.resolution))
        self.fakes.append(samples(generator, self.count, RING_NOISE, seed=7))


def draw_surface(axes: Axes, surface: np.ndarray) -> None:
    """D over the plane: blue where it says real, vermillion where it says fake, white at ½."""
    extent = (-WINDOW, WINDOW, -WINDOW, WINDOW)
    axes.imshow(surface, origin="lower", extent=extent, cmap=SIGNED, vmin=0, vmax=1, interpolation="bilinear")


def draw_frame(axes: Axes, film: Film, frame: int, size: float = 2) -> None:
    """One frame: the surface, the modes, the fakes."""
    draw_surface(axes, film.surfaces[frame])
    axes.plot(*ring_centers().T, "+", color=BLACK, markersize=6)
    axes.plot(*film.fakes[frame].clip(-WINDOW, WINDOW).T, ".", color=BLACK, markersize=size)
    axes.set(xlim=(-WINDOW, WINDOW), ylim=(-WINDOW, WINDOW))
    framed(axes)


def film_strip(film: Film, frames: Sequence[int], title: str) -> Figure:
    """Some frames side by side."""
    figure = Figure(figsize=(WIDTH, WIDTH / len(frames) + 0.75), layout="constrained")
    for axes, frame in zip(figure.subplots(1, len(frames)), frames, strict=True):
        draw_frame(axes, film, frame)
        axes.set_title(f"step {film.steps[frame]}", fontsize=10, fontweight="normal", loc="center")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def show_film(film: Film, alt: str) -> None:
    """The frames as an animation with a button and a slider.

    Without scripts the last frame is shown. Nothing moves until the learner starts it, and it stops at the end.
    """
    display(HTML(film_html(film, alt)))


def film_html(film: Film, alt: str) -> str:
    """The HTML of ``show_film``: one picture that holds all frames, and the script that moves a window over it."""
    side, count = 3.2, len(film.steps)
    figure = Figure(figsize=(side * count, side))
    figure.set_layout_engine("none")
    for frame in range(count):
        axes = figure.add_axes((frame / count, 0, 1 / count, 1))
        draw_frame(axes, film, frame, size=3)
    pixels = round(side * PIXELS_PER_INCH)
    data = base64.b64encode(_small_png(figure)).decode("ascii")
    key = hashlib.sha256(data.encode()).hexdigest()[:8]
    steps = json.dumps(film.steps)
    return (
        f'<div id="film-{key}" style="max-width:{pixels}px;background:white;color:black">'
        f'<div style="width:{pixels}px;height:{pixels}px;overflow:hidden;position:relative">'
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}" '
        f'style="position:absolute;top:0;left:{-pixels * (count - 1)}px;width:{pixels * count}px;max-width:none;'
        f'height:{pixels}px"></div></div>'
        f"<script>{FILM.replace('KEY', key).replace('STEPS', steps).replace('PIXELS', str(pixels))}</script>"
    )


def _small_png(figure: Figure) -> bytes:
    """A picture at the size shown: a film has many frames."""
    from io import BytesIO

    from PIL import Image

    buffer, packed = BytesIO(), BytesIO()
    figure.savefig(buffer, format="png", dpi=PIXELS_PER_INCH * 0.75, facecolor="white")
    # 64 colors are enough for two shades and black, and a quarter of the bytes.
    Image.open(buffer).convert("RGB").quantize(64).save(packed, format="png", optimize=True)
    return packed.getvalue()


FILM = """
(() => {
  const root = document.getElementById('film-KEY');
  if (!root || root.dataset.ready) return;
  root.dataset.ready = 'yes';
  const steps = STEPS, last = steps.length - 1;
  const picture = root.querySelector('img');
  const bar = document.createElement('div');
  bar.innerHTML = '<button type="button">Play</button> ' +
    '<label>step <input type="range" min="0" max="' + last + '" value="' + last + '"> <output></output></label>';
  root.append(bar);
  const [button, slider, output] = ['button', 'input', 'output'].map(name => bar.querySelector(name));
  let timer = null;
  const draw = () => {
    const frame = Number(slider.value);
    output.textContent = steps[frame];
    picture.style.left = (-PIXELS * frame) + 'px';
  };
  const stop = () => { clearInterval(timer); timer = null; button.textContent = 'Play'; };
  button.onclick = () => {
    if (timer) return stop();
    if (slider.value === slider.max) slider.value = 0;
    draw();
    button.textContent = 'Pause';
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      draw();
      if (slider.value === slider.max) stop();
    }, 300);
  };
  slider.oninput = () => { stop(); draw(); };
  draw();
})();
"""


def losses_figure(run: GanRun, window: int = 50) -> Figure:
    """Both players' losses, averaged over a window, with the values of the equilibrium."""
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    axes = figure.subplots()
    losses = np.array(run.losses)
    kernel = np.ones(window) / window
    at = np.arange(len(losses) - window + 1) + window
    for column, color, line, name, rest, side in (
        (0, VERMILLION, "--", "D", 2 * np.log(2), "top"),
        (1, BLUE, "-", "G", np.log(2), "bottom"),
    ):
        curve = np.convolve(losses[:, column], kernel, mode="valid")
        axes.plot(at, curve, color=color, linestyle=line, linewidth=1.5, label=f"loss of {name}")
        axes.axhline(rest, color=color, linewidth=0.8, linestyle=":")
        shift = 0.03 if side == "bottom" else -0.03
        axes.text(len(losses), rest + shift, f"{rest:.2f}", color=color, ha="right", va=side)
    axes.set(xlabel="steps of G", ylabel="loss, nats", title="Both losses settle near the values of the equilibrium")
    axes.set_xlim(0, len(losses))
    axes.legend(loc="center")
    return figure


# --- digits -----------------------------------------------------------------------------------------------------------


def digits_grid(panels: Mapping[str, np.ndarray], columns: int = 6) -> Figure:
    """Pictures of 8 × 8 pixels in grids, side by side: title -> pictures (m, 64) with pixels in [0, 1]."""
    figure = Figure(figsize=(WIDTH, WIDTH / len(panels) * 0.95 + 0.5), layout="constrained")
    for axes, (name, pictures) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels.items(), strict=True):
        tiles = pictures[: columns * columns].reshape(columns, columns, 8, 8)
        framed = np.pad(tiles, ((0, 0), (0, 0), (1, 1), (1, 1)))
        draw_image(axes, framed.transpose(0, 2, 1, 3).reshape(columns * 10, columns * 10), name)
    return figure


def neighbors_figure(fakes: np.ndarray, real: np.ndarray, count: int = 10) -> Figure:
    """Fakes, and under each the training picture that is nearest to it, pixel by pixel."""
    figure = Figure(figsize=(WIDTH, 1.6), layout="constrained")
    distances = np.linalg.norm(fakes[:count, None] - real[None], axis=2)
    for column, (top, bottom) in enumerate(figure.subplots(2, count).T):
        draw_image(top, fakes[column].reshape(8, 8))
        draw_image(bottom, real[distances[column].argmin()].reshape(8, 8))
        if not column:
            top.set_ylabel("fake", fontsize=10)
            bottom.set_ylabel("nearest", fontsize=10)
    return figure


def scores_figure(result: Mapping[str, Any]) -> Figure:
    """The Fréchet distances of the three seeds beside their baselines, on a logarithmic axis."""
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    axes = figure.subplots()
    rows = [
        ("held-out real digits", result["baselines"]["held-out real"], REAL),
        ("GAN, averaged weights", [run["averaged"] for run in result["runs"]], VERMILLION),
        ("GAN, last weights", [run["last"] for run in result["runs"]], ORANGE),
        ("mixture of 30 Gaussians", result["baselines"]["mixture of 30"], GRAY),
        ("one Gaussian", result["baselines"]["one Gaussian"], GRAY),
    ]
    for place, (_, values, color) in enumerate(rows):
        axes.plot(values, [place] * len(values), "o", color=color, markersize=7, alpha=0.7)
        axes.plot(np.median(values), place, "|", color=BLACK, markersize=18)
        axes.text(max(values) * 1.15, place, f"{np.median(values):.2f}", va="center")
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="Fréchet distance to the training digits, smaller is better")
    axes.set_title("Real pictures are not at 0, and a mixture is a serious rival (precomputed)", x=-0.32)
    axes.set_xlim(1, 400)
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200], ["1", "2", "5", "10", "20", "50", "100", "200"])
    axes.minorticks_off()
    return figure


def pack_pictures(pictures: np.ndarray) -> str:
    """Pictures with pixels in [0, 1], shape (m, 64), as a text: a byte a pixel."""
    return base64.b64encode(np.round(pictures * 255).astype(np.uint8).tobytes()).decode("ascii")


def unpack_pictures(text: str) -> np.ndarray:
    """The pictures of ``pack_pictures``, to within 1/510."""
    return np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(-1, 64) / 255.0


# --- the widget -------------------------------------------------------------------------------------------------------


def grid_key(generator_rate: float, discriminator_rate: float, k: int) -> str:
    """The name of a run of the grid in the result file."""
    return f"{generator_rate:g} {discriminator_rate:g} {k}"


def unpack(text: str) -> np.ndarray:
    """Points of a run of the grid, shape (m, 2): two bytes a point, a byte is a coordinate in steps of 1/40."""
    return np.frombuffer(base64.b64decode(text), dtype=np.int8).reshape(-1, 2) / 40.0


def pack(points: np.ndarray) -> str:
    """The text that ``unpack`` reads; coordinates beyond ±3.175 are put there."""
    return base64.b64encode(np.clip(np.round(points * 40), -127, 127).astype(np.int8).tobytes()).decode("ascii")


def rates_widget(result: Mapping[str, Any]) -> Explorer:
    """Sliders for the two learning rates and for k; the samples of the run that was trained with them.

    The runs were trained beforehand, without R1 and with the non-saturating loss.
    Goal: keep all eight modes.
    """
    low, high = np.log10(min(result["rates"])), np.log10(max(result["rates"]))
    step = (high - low) / (len(result["rates"]) - 1)

    def scene(generator_rate: float, discriminator_rate: float, k: float) -> Scene:
        return rates_scene(result, generator_rate, discriminator_rate, k)

    return Explorer(
        {
            "generator_rate": Slider(result["start"][0], low, high, step, "rate of G", logarithmic=True),
            "discriminator_rate": Slider(result["start"][1], low, high, step, "rate of D", logarithmic=True),
            "k": Slider(
                result["start"][2], min(result["k"]), max(result["k"]), result["k"][1] - result["k"][0], "k, steps of D"
            ),
        },
        scene,
        goal="keep all eight modes, with at least half of the samples good",
    )


def draw_grid(axes: Axes, result: Mapping[str, Any], k: int, only: tuple[int, int] | None = None) -> None:
    """The modes kept for each pair of rates, as a table; with ``only`` a (row, column), that entry alone."""
    rates = result["rates"]
    table = np.array([[result["runs"][grid_key(a, b, k)]["modes"] for b in rates] for a in rates])
    shown = np.array([[only in (None, (row, column)) for column in range(len(rates))] for row in range(len(rates))])
    axes.imshow(np.where(shown, table, 0), cmap="Blues", vmin=0, vmax=2 * MODES, origin="lower")
    for row, column in zip(*np.nonzero(shown), strict=True):
        modes = table[row, column]
        axes.text(column, row, modes, ha="center", va="center", fontweight="bold" if modes == MODES else "normal")
    names = [f"{rate:.0e}".replace("e-0", "e-") for rate in rates]
    axes.set_xticks(range(len(rates)), names)
    axes.set_yticks(range(len(rates)), names)
    axes.set(xlabel="rate of D", ylabel="rate of G")
    axes.set_title(f"modes kept, k = {k}", fontsize=10, fontweight="normal", loc="center")


def grid_figure(result: Mapping[str, Any]) -> Figure:
    """The tables of ``draw_grid`` side by side, one for each k."""
    figure = Figure(figsize=(WIDTH, 3.5), layout="constrained")
    for axes, k in zip(figure.subplots(1, len(result["k"])), result["k"], strict=True):
        draw_grid(axes, result, k)
    return figure


def rates_scene(result: Mapping[str, Any], generator_rate: float, discriminator_rate: float, k: float) -> Scene:
    """What ``rates_widget`` shows for one setting: the run of the grid that is nearest to it."""
    rates = np.array(result["rates"])
    g, d = (float(rates[np.abs(np.log(rates / rate)).argmin()]) for rate in (generator_rate, discriminator_rate))
    steps_of_d = min(result["k"], key=lambda known: abs(known - k))
    run = result["runs"][grid_key(g, d, steps_of_d)]
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_ring(left, unpack(run["points"]), f"samples after {result['steps']} steps of G, no R1")
    row, column = (int(np.flatnonzero(rates == rate)[0]) for rate in (g, d))
    draw_grid(right, result, steps_of_d, only=(row, column))
    right.plot(column, row, "s", markersize=24, markerfacecolor="none", markeredgecolor=VERMILLION, markeredgewidth=2.5)
    message = (
        f"Rate of G {g:.1g}, of D {d:.1g}, k = {steps_of_d}: {run['modes']} of {MODES} modes, "
        f"{run['good']:.0%} good samples."
    )
    return Scene(image(figure, f"Samples on the ring of eight modes. {message}"), message, reached(run))


def reached(run: Mapping[str, Any]) -> bool:
    """Whether a run of the grid keeps all modes, with half of its samples good."""
    return run["modes"] == MODES and run["good"] >= 0.5


def collapse_figure(result: Mapping[str, Any]) -> Figure:
    """Modes kept and share of good samples of the settings that were tried, a dot for each seed."""
    figure = Figure(figsize=(WIDTH, 0.5 * len(result) + 1.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for place, runs in enumerate(result.values()):
        modes, good = [run["modes"] for run in runs], [100 * run["good"] for run in runs]
        shift = np.linspace(-0.15, 0.15, len(runs))
        left.plot(modes, place + shift, "o", color=BLUE)
        right.plot(good, place + shift, "s", color=VERMILLION)
    left.set_yticks(range(len(result)), list(result))
    left.invert_yaxis()
    left.set(xlim=(-0.4, 8.4), xticks=range(0, 9, 2), xlabel="modes kept, of 8")
    right.set(xlim=(0, 100), xlabel="good samples, %")
    figure.suptitle(
        "What keeps eight modes (precomputed: 1500 steps, 3 seeds)",
        x=0.01,
        ha="left",
        fontsize=11,
        fontweight="bold",
    )
    return figure


def game_value_of(run: GanRun) -> float:
    """The value of the game in the last hundred steps: minus the mean loss of D."""
    return -float(np.mean([pair[0] for pair in run.losses[-100:]]))


def rotation_paths(rate: float = 0.1, steps: int = 300, gamma: float = 1.0) -> dict[str, np.ndarray]:
    """Two players with one number each: the Dirac-GAN of Mescheder et al. (2018), without and with R1.

    Data at 0, a fake at θ, D(x) = σ(ψx): alternating steps of ``rate`` on the minimax losses, from θ = ψ = 1. Returns
    the points (θ, ψ), shape (steps + 1, 2), of each.
    """
    paths = {}
    for name, weight in (("without a penalty", 0.0), (f"with R1, γ = {gamma:g}", gamma)):
        theta, psi = 1.0, 1.0
        path = [(theta, psi)]
        for _ in range(steps):
            # D descends softplus(ψθ) + ½γψ²; the real example is 0, so its logit is 0 whatever ψ is.
            psi -= rate * (theta / (1 + np.exp(-psi * theta)) + weight * psi)
            # G descends −softplus(ψθ).
            theta += rate * psi / (1 + np.exp(-psi * theta))
            path.append((theta, psi))
        paths[name] = np.array(path)
    return paths
