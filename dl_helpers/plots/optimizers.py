"""The figures and widgets of chapter 2: paths on landscapes, races, averages, schedules, and the sweep."""

import hashlib
import html
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dl_helpers.landscapes import Landscape, bowl
from dl_helpers.plotting import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    PIXELS_PER_INCH,
    STYLES,
    VERMILLION,
    WIDTH,
    image,
    style,
)
from dl_helpers.races import LANDSCAPE_TITLES, RULES, TITLES, DigitsRun, descend, initial_state, smooth, steps_to
from dl_helpers.widgets import Explorer, Scene, Slider

RESULT = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "optimizers.json"
Paths = Mapping[str, np.ndarray]
Step = Callable[..., Any]
NEVER = "—"


def sweep() -> dict[str, Any]:
    """The committed result of ``benchmarks/experiments/optimizers.py``."""
    return json.loads(RESULT.read_text(encoding="utf-8"))


def source(result: Mapping[str, Any]) -> str:
    """Where a precomputed result comes from, in one sentence."""
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    return f"Precomputed on {result['date']} by `{result['command']}` ({versions})."


# --- tables ---------------------------------------------------------------------------------------------------------


def show_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show a table whose first column names the rows; as text where HTML is not shown."""
    cell = "padding:.2em .8em;white-space:nowrap;text-align:"
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


# --- paths on landscapes --------------------------------------------------------------------------------------------


def draw_landscape(axes: Axes, landscape: Landscape, lines: bool = True, names: tuple[str, str] = ("x", "y")) -> None:
    """Contours at heights that grow by equal factors, so that the floor of a valley shows; a star on each minimum.

    lines: whether lines are drawn between the shades; without them a picture takes half the bytes.
    names: of the two parameters.
    """
    x, y, values = landscape.grid(160)
    height = values - landscape.lowest
    highest = float(height.max())
    levels = np.geomspace(highest / 3e3, highest, 10)
    shades = [str(shade) for shade in np.linspace(0.99, 0.78, len(levels) - 1)]
    axes.contourf(x, y, np.maximum(height, levels[0]), levels=levels, colors=shades, antialiased=False)
    if lines:
        axes.contour(x, y, height, levels=levels, colors="#9a9a9a", linewidths=0.5)
    axes.plot(*landscape.minima.T, linestyle="", marker="*", color=BLACK, markersize=9, zorder=5)
    left, right, bottom, top = landscape.window
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel=names[0])
    axes.set_ylabel(names[1], rotation=0)


def draw_path(axes: Axes, path: np.ndarray, method: str) -> None:
    """A path in its method's color; a marker at each point while there is room for them; thin where it crowds."""
    room = max(1, len(path) // 40)
    bottom, top = axes.get_ylim()
    crossings = np.abs(np.diff(path[:, 1])).sum() / (top - bottom)
    width = 0.5 if crossings > 12 else 1.5 if len(path) <= 60 else 0.8
    axes.plot(*path.T, **style(method), markevery=room, markersize=4, linewidth=width, label=LANDSCAPE_TITLES[method])


def legend_below(figure: Figure, axes: Axes) -> None:
    """The legend in one line under the picture, so that nothing is hidden and the title has the width."""
    handles, labels = axes.get_legend_handles_labels()
    spacing: dict[str, Any] = {"columnspacing": 0.9, "handletextpad": 0.3, "handlelength": 1.5}
    if len(labels) > 6:
        spacing |= {"columnspacing": 0.6, "fontsize": 9}
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), **spacing)


def paths_figure(landscape: Landscape, paths: Paths, title: str) -> Figure:
    """One landscape with the paths of several methods."""
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    axes = figure.subplots()
    draw_landscape(axes, landscape)
    for method, path in paths.items():
        draw_path(axes, path, method)
    axes.set_title(title)
    legend_below(figure, axes)
    return figure


def path_panels(
    landscape: Landscape, panels: Mapping[str, tuple[str, np.ndarray]], title: str, names: tuple[str, str] = ("x", "y")
) -> Figure:
    """The same landscape side by side, one path in each panel: panel title -> (method, path)."""
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True)
    for panel, (name, (method, path)) in zip(axes, panels.items(), strict=True):
        draw_landscape(panel, landscape, names=names)
        draw_path(panel, path, method)
        panel.set_title(name, fontsize=10, fontweight="normal", loc="center")
    for panel in axes[1:]:
        panel.set_ylabel("")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def ravine() -> Figure:
    """The chapter's first picture: gradient descent and momentum in a ravine, twenty-five steps each."""
    landscape = bowl(30.0)
    return path_panels(
        landscape,
        {
            "gradient descent": ("sgd", descend(landscape, "sgd", RULES["sgd"], 0.062, 25)),
            "with momentum": ("momentum", descend(landscape, "momentum", RULES["momentum"], 0.024, 25, momentum=0.7)),
        },
        "Twenty-five steps: one crosses the ravine, the other follows it",
    )


def line_gradient(parameters: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient of J = ½ mean (wx + b − y)² for parameters (w, b), shape (2,), and examples x and y, shape (m,)."""
    errors = parameters[0] * x + parameters[1] - y
    return np.array([(errors * x).mean(), errors.mean()])


def line_cost(x: np.ndarray, y: np.ndarray, start: tuple[float, float]) -> Landscape:
    """J = ½ mean (wx + b − y)² of all examples as a landscape over (w, b)."""
    design = np.column_stack([x, np.ones_like(x)])
    best = np.linalg.lstsq(design, y, rcond=None)[0]

    def value(points: np.ndarray) -> np.ndarray:
        return 0.5 * ((points @ design.T - y) ** 2).mean(axis=-1)

    def gradient(points: np.ndarray) -> np.ndarray:
        return (points @ design.T - y) @ design / len(y)

    return Landscape(
        "line fit", value, gradient, minima=best[None], start=np.array(start), window=(-0.5, 3.0, -1.5, 1.5)
    )


def batch_paths(landscape: Landscape, paths: Mapping[str, np.ndarray]) -> Figure:
    """Batch, mini-batch and stochastic descent on the cost of a line fit, side by side."""
    return path_panels(
        landscape,
        {name: ("sgd", path) for name, path in paths.items()},
        "Three epochs each: smaller batches take more steps, and noisier ones",
        names=("w", "b"),
    )


# --- curves ---------------------------------------------------------------------------------------------------------


def falling(landscape: Landscape, paths: Paths, title: str, tolerance: float) -> Figure:
    """The height above the minimum against the steps, on a logarithmic axis, with the line to get under."""
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    axes = figure.subplots()
    for method, path in paths.items():
        heights = np.maximum(landscape.value(path) - landscape.lowest, 1e-16)
        axes.semilogy(heights, **style(method), markevery=max(1, len(path) // 12), label=LANDSCAPE_TITLES[method])
    axes.axhline(tolerance, color=GRAY, linewidth=1, linestyle=":")
    axes.text(
        1.0, tolerance, f"{tolerance:g} ", color=GRAY, va="bottom", ha="right", transform=axes.get_yaxis_transform()
    )
    axes.set(xlabel="steps", ylabel="J − lowest J", ylim=(tolerance / 1e3, None))
    axes.set_title(title)
    if len(paths) > 1:
        axes.legend()
    return figure


def loss_curves(runs: Mapping[str, DigitsRun], title: str) -> Figure:
    """The losses of the batches on the digits, averaged; of one or two runs also as measured (thin)."""
    averaged = "averages of the batches' losses, β = 0.8"
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.subplots()
    for method, run in runs.items():
        look = style(method)
        if len(runs) <= 2:
            axes.plot(run.losses, color=look["color"], linewidth=0.5, alpha=0.5)
        axes.plot(smooth(run.losses), **look, markevery=6, label=TITLES[method])
    lines = f"thin: each batch; thick: {averaged}" if len(runs) <= 2 else averaged
    axes.text(0.99, 0.97, lines, transform=axes.transAxes, ha="right", va="top", fontsize=10, color=GRAY)
    axes.set(xlabel="steps (batches of 64)", ylabel="cross-entropy", ylim=(0, 3))
    axes.set_title(title)
    legend_below(figure, axes)
    return figure


def averages_figure(values: np.ndarray, corrected: np.ndarray, plain: np.ndarray, decay: float) -> Figure:
    """A series and its exponentially weighted average, with and without bias correction."""
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(1, len(values) + 1)
    axes.plot(steps, values, linestyle="", marker="o", markersize=3, color=GRAY, label="values")
    axes.plot(steps, plain, color=VERMILLION, linestyle="--", label="average from 0")
    axes.plot(steps, corrected, color=BLUE, label="corrected")
    axes.set(xlabel="t", ylabel="value", ylim=(0, None))
    fifty = decay**50
    axes.set_title(f"After 50 values the start at 0 still weighs {fifty:.0%} of the average")
    legend_below(figure, axes)
    return figure


def memories_figure(values: np.ndarray, averages: Mapping[float, np.ndarray]) -> Figure:
    """One noisy series and its corrected averages for several decays."""
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(1, len(values) + 1)
    axes.plot(steps, values, linestyle="", marker="o", markersize=2.5, color=GRAY, label="values")
    looks = ((GREEN, "-."), (BLUE, "-"), (VERMILLION, "--"))
    for (decay, average), (color, line) in zip(averages.items(), looks, strict=True):
        axes.plot(steps, average, color=color, linestyle=line, label=f"β = {decay:g}")
    axes.set(xlabel="t", ylabel="value")
    axes.set_title("A longer memory is smoother, and later")
    legend_below(figure, axes)
    return figure


def effective_rates(gradients: np.ndarray, rates: Mapping[str, np.ndarray]) -> Figure:
    """A series of gradients, and under it the factor by which each rule multiplies the gradient at that step."""
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    steps = np.arange(1, len(gradients) + 1)
    above.plot(steps, gradients, color=GRAY, linewidth=1)
    above.set_ylabel("gradient")
    above.set_title("After the storm: RMSprop forgets it, Adagrad never does")
    for method, rate in rates.items():
        below.semilogy(steps, rate, **style(method), markevery=20, label=TITLES[method])
    below.set(xlabel="steps", ylabel="effective rate")
    below.legend()
    return figure


def effective_rate(step: Step, gradients: np.ndarray, rate: float) -> np.ndarray:
    """By what factor an adaptive rule of one state ("adagrad", "rmsprop") multiplies each gradient of a series.

    gradients: one parameter's, none of them 0, shape (T,). Returns the factors, shape (T,).
    """
    squares, factors = np.zeros(1), []
    for gradient in gradients:
        moved, squares = step(np.zeros(1), np.array([gradient]), squares, rate)
        factors.append(-moved.item() / gradient)
    return np.array(factors)


def bias_correction(adam: Step, gradient: float = 3.0, steps: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """How long Adam's steps are, in units of the rate, for a gradient that stays the same.

    adam: the rule. Returns the lengths of its own steps, and those that its averages m and v would give uncorrected,
    m/√v; both of shape (steps,).
    """
    moments, corrected, plain = initial_state("adam", np.zeros(1)), [], []
    for _ in range(steps):
        moved, moments = adam(np.zeros(1), np.array([gradient]), moments, 1.0)
        corrected.append(-moved.item())
        plain.append(moments[0].item() / np.sqrt(moments[1].item()))
    return np.array(corrected), np.array(plain)


def bias_correction_figure(adam: Step) -> Figure:
    """How long Adam's steps are for a gradient that stays the same, and how long they would be uncorrected."""
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    axes = figure.subplots()
    corrected, plain = bias_correction(adam)
    t = np.arange(1, len(plain) + 1)
    axes.semilogx(t, plain, color=VERMILLION, linestyle="--")
    axes.semilogx(t, corrected, color=BLUE)
    axes.text(t[0], 0.9, "corrected", color=BLUE, va="top")
    axes.text(60, 4.4, "not corrected", color=VERMILLION)
    axes.set(xlabel="t", ylabel="step length / η", ylim=(0, None))
    axes.set_title("Without correction Adam's first thousand steps are too long")
    return figure


def schedules_figure(schedules: Mapping[str, Sequence[float]], title: str) -> Figure:
    """Learning rates by epoch; the lines are labeled where they end."""
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.subplots()
    looks = ((BLACK, "-"), (ORANGE, "--"), (GREEN, "-."), (BLUE, "-"))
    for (name, rates), (color, line) in zip(schedules.items(), looks, strict=True):
        axes.plot(
            rates, color=color, linestyle=line, label=name, drawstyle="steps-post" if name == "step" else "default"
        )
    axes.set(xlabel="epoch t", ylabel="rate $\\eta_t$", ylim=(0, None))
    axes.set_title(title)
    legend_below(figure, axes)
    return figure


def sweep_figure(result: Mapping[str, Any]) -> Figure:
    """Test accuracy on the digits against the learning rate: median and range of the seeds, a panel for each rule."""
    figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    panels = figure.subplots(2, 4, sharey=True)
    for axes, (method, entry) in zip(panels.flat, result["digits"]["methods"].items(), strict=False):
        rates = [tried["rate"] for tried in entry["sweep"]]
        accuracies = np.array([tried["test_accuracy"] for tried in entry["sweep"]]) * 100
        look = style(method)
        axes.fill_between(rates, accuracies.min(axis=1), accuracies.max(axis=1), color=look["color"], alpha=0.2, lw=0)
        axes.semilogx(rates, np.median(accuracies, axis=1), **look, markersize=4)
        axes.axvline(entry["rate"], color=GRAY, linewidth=1, linestyle=":")
        axes.set_title(TITLES[method], fontsize=10, fontweight="normal", loc="center")
        axes.set_ylim(0, 100)
        decades = np.log10(rates)
        axes.set_xticks(10.0 ** np.arange(np.ceil(decades[0]), np.floor(decades[-1]) + 1))
        axes.minorticks_off()
    key = panels[1, 3]
    key.axis("off")
    key.plot([], [], color=BLACK, marker="o", markersize=4, label="median of\n3 seeds")
    key.fill_between([], [], color=BLACK, alpha=0.2, lw=0, label="their range")
    key.plot([], [], color=GRAY, linewidth=1, linestyle=":", label="the rate chosen\n(by training\naccuracy)")
    key.legend(loc="center", fontsize=9)
    figure.supxlabel("learning rate η", fontsize=11)
    figure.supylabel("test accuracy, %", fontsize=11)
    figure.suptitle("Every rule has its own good rate (precomputed)", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def show_digits(runs: Mapping[str, DigitsRun], result: Mapping[str, Any]) -> None:
    """A table: each rule's best rate, this run's test accuracy at it, and the median of the sweep's seeds."""
    methods = result["digits"]["methods"]
    rows = [
        [
            TITLES[method],
            f"{methods[method]['rate']:g}",
            f"{run.test_accuracy:.1%}",
            f"{methods[method]['test_accuracy']:.1%}",
        ]
        for method, run in runs.items()
    ]
    caption = "Test accuracy on the digits after two epochs of batches of 64, each rule at its best rate"
    show_table(caption, ["", "η", "your run", "precomputed: median of 3 seeds"], rows)


# --- the race -------------------------------------------------------------------------------------------------------


def race_table(landscapes: Mapping[str, Landscape], steps: Mapping[str, Step], result: Mapping[str, Any]) -> None:
    """Run every rule on every landscape at its best rate of the sweep, and show the steps each one takes."""
    budget, tolerance = result["landscapes"]["steps"], result["landscapes"]["tolerance"]
    rows = []
    for method, step in steps.items():
        row = [LANDSCAPE_TITLES[method]]
        for name, landscape in landscapes.items():
            rate = result["landscapes"]["methods"][name][method]["rate"]
            taken = steps_to(landscape, descend(landscape, method, step, rate, budget), budget, tolerance)
            row.append(f"{NEVER if taken is None else taken} ({rate:.2g})")
        rows.append(row)
    names = [name.replace("_", " ").capitalize() for name in landscapes]
    caption = f"Steps until J − lowest J stays below {tolerance:g} ({NEVER}: not in {budget}), and the rate in brackets"
    show_table(caption, ["", *names], rows)


def arriving_rates(
    landscape: Landscape, method: str, step: Step, rates: np.ndarray, steps: int = 100, **options: float
) -> np.ndarray:
    """Those of the rates with which a rule arrives within 1e-6 in so many steps; ``options`` go to the rule."""

    def arrives(rate: float) -> bool:
        path = descend(landscape, method, step, rate, steps, **options)
        return steps_to(landscape, path, steps, TOLERANCE) is not None

    return np.array([rate for rate in rates if arrives(float(rate))])


def fewest_steps(
    landscape: Landscape, method: str, step: Step, rates: np.ndarray, budget: int = 1000, **options: float
) -> tuple[int, float]:
    """The fewest steps to 0.001 that any of the rates takes, and that rate; ``options`` go to the rule.

    Raises ValueError where none of the rates arrives within the budget.
    """
    counts = [
        (taken, float(rate))
        for rate in rates
        if (taken := steps_to(landscape, descend(landscape, method, step, rate, budget, **options), budget)) is not None
    ]
    if not counts:
        raise ValueError(f"rates holds none that arrives within {budget} steps")
    return min(counts)


def race_paths(
    landscapes: Mapping[str, Landscape], steps: Mapping[str, Step], result: Mapping[str, Any], count: int = 120
) -> dict[str, dict[str, np.ndarray]]:
    """The first steps of every rule on every landscape, at its best rate of the sweep: landscape -> method -> path."""
    rates = result["landscapes"]["methods"]
    return {
        name: {
            method: descend(landscape, method, step, rates[name][method]["rate"], count)
            for method, step in steps.items()
        }
        for name, landscape in landscapes.items()
    }


def race_strip(
    landscapes: Mapping[str, Landscape],
    paths: Mapping[str, Paths],
    frames: tuple[int, int, int, int] = (3, 12, 40, 120),
) -> Figure:
    """The race as a strip of frames: a row for each landscape, a column for each frame."""
    figure = Figure(figsize=(WIDTH, 1.65 * len(landscapes) + 0.6), layout="constrained")
    grid = figure.subplots(len(landscapes), len(frames), squeeze=False)
    for row, (name, landscape) in zip(grid, landscapes.items(), strict=True):
        for axes, frame in zip(row, frames, strict=True):
            draw_landscape(axes, landscape, lines=False)
            axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
            for method, path in paths[name].items():
                look = style(method)
                reached = path[: frame + 1]
                axes.plot(*reached.T, color=look["color"], linestyle=look["linestyle"], linewidth=1)
                axes.plot(
                    *reached[-1:].T,
                    linestyle="",
                    marker=look["marker"],
                    color=look["color"],
                    label=LANDSCAPE_TITLES[method],
                    zorder=6,  # above the star
                )
        row[0].set_ylabel(landscape.name.replace(", ", ",\n"), fontsize=10, rotation=90)
    for axes, frame in zip(grid[0], frames, strict=True):
        axes.set_title(f"step {frame}", fontsize=10, fontweight="normal", loc="center")
    title = "The race in four frames: no rule leads on every landscape"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    legend_below(figure, grid[0, 0])
    return figure


def show_race(landscapes: Mapping[str, Landscape], paths: Mapping[str, Paths], alt: str) -> None:
    """The race as an animation with a button and a slider, on one picture of the landscapes.

    Nothing moves until the learner starts it, and it stops at the end. A notebook that is not trusted shows neither
    lines nor script: ``race_strip`` stands beside it.
    """
    display(HTML(race_animation(landscapes, paths, alt)))


def race_animation(landscapes: Mapping[str, Landscape], paths: Mapping[str, Paths], alt: str) -> str:
    """The HTML of ``show_race``: a picture, lines over it, and the script that draws them step by step."""
    figure = Figure(figsize=(WIDTH, 2.9 * ((len(landscapes) + 1) // 2)), layout="constrained")
    grid = figure.subplots((len(landscapes) + 1) // 2, 2, squeeze=False)
    used = list(zip(grid.flat, landscapes.items(), strict=False))
    for axes, (_, landscape) in used:
        draw_landscape(axes, landscape, lines=False)
        axes.set_title(landscape.name, fontsize=10, fontweight="normal", loc="center")
    picture = image(figure, alt)
    width, height = (figure.get_size_inches() * PIXELS_PER_INCH).round().astype(int)
    # savefig has laid the axes out; positions are shares of the figure from its lower left corner.
    to_shares = figure.transFigure.inverted()
    clips, lines, longest = [], [], 0
    key = hashlib.sha256(picture.encode()).hexdigest()[:8]
    for number, (axes, (name, _)) in enumerate(used):
        box = axes.get_position()
        clips.append(
            f'<clipPath id="race-{key}-{number}"><rect x="{box.x0 * width:.1f}" y="{(1 - box.y1) * height:.1f}" '
            f'width="{box.width * width:.1f}" height="{box.height * height:.1f}"/></clipPath>'
        )
        for method, path in paths[name].items():
            shares = to_shares.transform(axes.transData.transform(np.clip(path, -1e3, 1e3)))
            pixels = np.column_stack([shares[:, 0] * width, (1 - shares[:, 1]) * height]).clip(-999, 1999)
            points = " ".join(f"{x:.0f},{y:.0f}" for x, y in pixels)
            longest = max(longest, len(path) - 1)
            color = STYLES[method]["color"]
            dash = {"-": "", "--": "6 3", "-.": "6 3 1 3", ":": "1 3"}[STYLES[method]["linestyle"]]
            x, y = pixels[-1]
            lines.append(
                f'<g clip-path="url(#race-{key}-{number})"><polyline points="{points}" fill="none" stroke="{color}" '
                f'stroke-width="2" stroke-dasharray="{dash}"/>'
                f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4.5" fill="{color}"/></g>'
            )
    methods = list(dict.fromkeys(method for found in paths.values() for method in found))
    legend = " ".join(
        f'<span style="white-space:nowrap;margin-right:1em"><span style="color:{STYLES[method]["color"]}">●</span> '
        f"{LANDSCAPE_TITLES[method]}</span>"
        for method in methods
    )
    return (
        f'<div id="race-{key}" style="max-width:{width}px;background:white;color:black">'
        f'<div style="position:relative;width:{width}px;height:{height}px">{picture}'
        f'<svg aria-hidden="true" width="{width}" height="{height}" style="position:absolute;left:0;top:0">'
        f"<defs>{''.join(clips)}</defs>{''.join(lines)}</svg></div><div>{legend}</div></div>"
        f"<script>{ANIMATION.replace('KEY', key).replace('LAST', str(longest))}</script>"
    )


ANIMATION = """
(() => {
  const root = document.getElementById('race-KEY');
  if (!root || root.dataset.ready) return;
  root.dataset.ready = 'yes';
  const runs = [...root.querySelectorAll('g')].map(g => ({
    line: g.querySelector('polyline'), dot: g.querySelector('circle'),
    points: g.querySelector('polyline').getAttribute('points').split(' ')}));
  const bar = document.createElement('div');
  bar.innerHTML = '<button type="button">Play</button> ' +
    '<label>step <input type="range" min="0" max="LAST" value="LAST"> <output>LAST</output></label>';
  root.append(bar);
  const [button, slider, output] = ['button', 'input', 'output'].map(name => bar.querySelector(name));
  let timer = null;
  const draw = () => {
    const step = Number(slider.value);
    output.textContent = step;
    for (const {line, dot, points} of runs) {
      const shown = points.slice(0, step + 1);
      line.setAttribute('points', shown.join(' '));
      const [x, y] = shown[shown.length - 1].split(',');
      dot.setAttribute('cx', x);
      dot.setAttribute('cy', y);
    }
  };
  const stop = () => { clearInterval(timer); timer = null; button.textContent = 'Play'; };
  button.onclick = () => {
    if (timer) return stop();
    if (slider.value === slider.max) slider.value = 0;
    button.textContent = 'Pause';
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      draw();
      if (slider.value === slider.max) stop();
    }, 80);
  };
  slider.oninput = () => { stop(); draw(); };
})();
"""


# --- widgets --------------------------------------------------------------------------------------------------------

TOLERANCE = 1e-6


def best_constants(condition: float) -> dict[str, dict[str, float]]:
    """The constants that are fastest on a bowl with curvatures 1 and κ, and how fast (Polyak 1964).

    Gradient descent: η = 2/(1 + κ). Momentum: η = 4/(1 + √κ)², γ = ((√κ − 1)/(√κ + 1))².
    """
    root = np.sqrt(condition)
    return {
        "sgd": {"rate": 2 / (1 + condition)},
        "momentum": {"rate": 4 / (1 + root) ** 2, "momentum": ((root - 1) / (root + 1)) ** 2},
    }


def conditions(sgd: Step, momentum: Step) -> Explorer:
    """A slider for the bowl's condition number κ; both rules run at their best constants.

    Goal: a bowl on which gradient descent needs ten times as many steps as momentum.
    """

    def scene(kappa: float) -> Scene:
        return condition_scene(kappa, sgd, momentum)

    return Explorer(
        {"kappa": Slider(10.0, 0.0, 3.0, 0.05, "κ", logarithmic=True)},
        scene,
        goal="find a bowl on which gradient descent needs ten times as many steps as momentum",
    )


def condition_counts(kappas: np.ndarray, sgd: Step, momentum: Step) -> tuple[list[int], list[int]]:
    """The steps of gradient descent and of momentum to 1e-6, both at their best constants, for each κ up to 1000.

    Raises ValueError for a κ above 1000: the steps that are tried do not suffice.
    """
    counts: dict[str, list[int]] = {"sgd": [], "momentum": []}
    for kappa in map(float, kappas):
        landscape = bowl(kappa)
        for method, step in (("sgd", sgd), ("momentum", momentum)):
            budget = _enough(kappa, method)
            path = descend(landscape, method, step, steps=budget, **best_constants(kappa)[method])
            taken = steps_to(landscape, path, budget, TOLERANCE)
            if taken is None:
                raise ValueError(f"kappas holds {kappa:g}, must be from 1 to 1000")
            counts[method].append(taken)
    return counts["sgd"], counts["momentum"]


def condition_figure(kappas: np.ndarray, slow: Sequence[int], fast: Sequence[int]) -> Figure:
    """Steps against the condition number, for gradient descent and momentum."""
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.loglog(kappas, slow, **style("sgd"), label=LANDSCAPE_TITLES["sgd"])
    axes.loglog(kappas, fast, **style("momentum"), label=LANDSCAPE_TITLES["momentum"])
    axes.set(xlabel="condition number κ", ylabel="steps to J < 1e-6")
    axes.set_title("Steps grow with κ for gradient descent, with √κ for momentum")
    axes.legend()
    return figure


def condition_scene(kappa: float, sgd: Step, momentum: Step) -> Scene:
    """What ``conditions`` shows for one κ."""
    landscape, best = bowl(kappa), best_constants(kappa)
    (slow,), (fast,) = condition_counts(np.array([kappa]), sgd, momentum)
    counts = {"sgd": slow, "momentum": fast}
    paths = {
        method: descend(landscape, method, step, steps=min(25, counts[method]), **best[method])
        for method, step in (("sgd", sgd), ("momentum", momentum))
    }
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (method, path) in zip(panels, paths.items(), strict=True):
        draw_landscape(axes, landscape)
        draw_path(axes, path, method)
        taken = counts[method]
        shown = f"arrives at step {taken}" if taken <= 25 else f"the first 25 of {taken} steps"
        axes.set_title(f"{LANDSCAPE_TITLES[method]}: {shown}", fontsize=10, fontweight="normal", loc="center")
    panels[1].set_ylabel("")
    ratio, named, steps = slow / fast, f"{kappa:.4g}", "1 step" if slow == 1 else f"{slow} steps"
    return Scene(
        image(figure, f"Bowl with condition number {named}. Gradient descent needs {steps}, momentum {fast}."),
        f"κ = {named}: to J < {TOLERANCE:g} gradient descent needs {steps}, {ratio:.1f} times momentum's {fast}.",
        ratio >= 10,
    )


def _enough(kappa: float, method: str) -> int:
    """Steps that surely suffice at the best constants: the error falls by a known factor a step."""
    return round(40 + 12 * (np.sqrt(kappa) if method == "momentum" else kappa))


def duel(left: tuple[str, Step], right: tuple[str, Step], condition: float = 100.0, steps: int = 100) -> Explorer:
    """Two rules side by side on the bowl, with sliders for their rates and for the momentum.

    left, right: (method, step); a method of "sgd", "momentum", "nesterov". "sgd" has no use for the momentum slider.
    Goal: both below 1e-6 within the steps.
    """

    def scene(left_rate: float, right_rate: float, momentum: float) -> Scene:
        return duel_scene(left, right, left_rate, right_rate, momentum, condition, steps)

    return Explorer(
        {
            "left_rate": Slider(0.005, -3.0, -1.0, 0.02, f"η, {LANDSCAPE_TITLES[left[0]]}", logarithmic=True),
            "right_rate": Slider(0.005, -3.0, -1.0, 0.02, f"η, {LANDSCAPE_TITLES[right[0]]}", logarithmic=True),
            "momentum": Slider(0.95, 0.0, 0.99, 0.01, "γ, both"),
        },
        scene,
        goal=f"bring both below {TOLERANCE:g} in {steps} steps, with one γ",
    )


def duel_scene(
    left: tuple[str, Step],
    right: tuple[str, Step],
    left_rate: float,
    right_rate: float,
    momentum: float,
    condition: float = 100.0,
    steps: int = 100,
) -> Scene:
    """What ``duel`` shows for one setting."""
    landscape = bowl(condition)
    figure = Figure(figsize=(WIDTH, 5.0), layout="constrained")
    panels = figure.subplot_mosaic([["left", "right"], ["curve", "curve"]], height_ratios=(3, 2))
    sentences, reached = [], True
    for side, (method, step), rate in (("left", left, left_rate), ("right", right, right_rate)):
        options = {} if method == "sgd" else {"momentum": momentum}
        path = descend(landscape, method, step, rate, steps, **options)
        height = landscape.value(path)
        taken = steps_to(landscape, path, steps, TOLERANCE)
        if len(path) <= steps:
            outcome = "leaves for infinity"
        elif taken is None:
            outcome = f"ends at J = {height[-1]:.1e}"
        else:
            outcome = f"is there after {taken} steps"
        reached = reached and taken is not None
        draw_landscape(panels[side], landscape)
        draw_path(panels[side], path, method)
        name = LANDSCAPE_TITLES[method]
        panels[side].set_title(f"{name}, η = {rate:.3g}", fontsize=10, fontweight="normal", loc="center")
        panels["curve"].semilogy(np.maximum(height, 1e-16), **style(method), markevery=10, label=name)
        sentences.append(f"{name} {outcome}")
    panels["right"].set_ylabel("")
    panels["curve"].axhline(TOLERANCE, color=GRAY, linewidth=1, linestyle=":")
    panels["curve"].set(xlabel="steps", ylabel="J", xlim=(0, steps), ylim=(1e-10, 1e3))
    panels["curve"].text(steps, 2 * TOLERANCE, f"goal: {TOLERANCE:g} ", color=GRAY, ha="right", va="bottom")
    legend_below(figure, panels["curve"])
    message = "; ".join(sentences) + "."
    return Scene(image(figure, f"Two paths on a bowl with condition number {condition:g}. {message}"), message, reached)


def show_scene(scene: Scene) -> None:
    """A widget's scene as a static figure, for readers without widgets."""
    display(HTML(f"{scene.picture}<div>{html.escape(scene.message)}</div>"))
