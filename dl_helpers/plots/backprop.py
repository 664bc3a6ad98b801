"""Figures, the computation-graph widget and the broken backward passes of chapter 1."""

import base64
import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import PercentFormatter
from scipy.special import softmax

from dl_helpers.backprop import (
    Value,
    backward,
    forward,
    gradient_descent_step,
    hidden_delta,
    output_delta,
    sigmoid_derivative,
    softmax_cross_entropy,
    topological_sort,
    weight_gradients,
)
from dl_helpers.datasets import Split
from dl_helpers.plotting import BLACK, BLUE, GRAY, GREEN, ORANGE, VERMILLION, WIDTH, bare, draw_image, style
from dl_helpers.training import Arrays, Backward, NetworkHistory, initial_network, train_network
from dl_helpers.widgets import Explorer, Scene, Slider, Values

Elementwise = Callable[[np.ndarray], np.ndarray]


# --- what the chapter leads to ----------------------------------------------------------------------------------


def opening(split: Split, generator: np.random.Generator) -> Figure:
    """``before_and_after`` for ten test digits and a 64-64-10 network that the course's own functions train here."""
    weights, biases = initial_network([64, 64, 10], generator)
    history = train_network(
        split, forward, backward, gradient_descent_step, softmax_cross_entropy, generator=generator, progress=False
    )
    chosen = [int(np.flatnonzero(split.test_labels == k)[0]) for k in range(10)]
    images = split.test_inputs[chosen]
    before, after = (
        softmax(forward(images, w, b)[0][-1], axis=1) for w, b in ((weights, biases), (history.weights, history.biases))
    )
    return before_and_after(images, split.test_labels[chosen], before, after)


def before_and_after(images: np.ndarray, labels: np.ndarray, before: np.ndarray, after: np.ndarray) -> Figure:
    """Digits with what a network says of them, before and after it was trained.

    images: (k, 64) pixels; labels: (k,) classes; before, after: (k, 10) probabilities of the classes.
    """
    figure, axes = plt.subplots(3, len(images), figsize=(WIDTH, 2.8), height_ratios=[1.3, 0.45, 0.9], squeeze=False)
    for column, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        draw_image(axes[0, column], pixels.reshape(8, 8))
        for row, probabilities in ((1, before[column]), (2, after[column])):
            panel = axes[row, column]
            colors = [GREEN if k == label else GRAY for k in range(10)]
            panel.bar(range(10), probabilities, color=colors, width=0.9)
            # The upper row is half as high: one unit of probability has the same length in both.
            panel.set_ylim(0, 0.5 if row == 1 else 1)
            panel.set_yticks([])
            best = int(probabilities.argmax())
            panel.set_xticks([best], [str(best)])
            panel.tick_params(length=0, pad=1)
            panel.spines["left"].set_visible(False)
    for row, text in ((1, "before"), (2, "after")):
        axes[row, 0].set_ylabel(text, rotation=0, ha="right", va="center")
    figure.suptitle(
        "Untrained, one answer for all; trained, the right one", x=0.01, ha="left", fontsize=11, fontweight="bold"
    )
    return figure


# --- one unit ---------------------------------------------------------------------------------------------------


def sigmoid_and_slope(sigmoid: Elementwise, derivative: Elementwise) -> Figure:
    """σ and σ' between −8 and 8."""
    z = np.linspace(-8, 8, 321)
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 2.7))
    left.plot(z, sigmoid(z), color=BLUE)
    left.set(xlabel="pre-activation z", ylabel="σ(z)", title="σ turns any score into (0, 1)")
    left.axhline(0.5, color=GRAY, linewidth=0.8)
    left.plot([0], [0.5], "o", color=BLUE)
    right.plot(z, derivative(z), color=VERMILLION, linestyle="--")
    right.set(xlabel="pre-activation z", ylabel="σ′(z)", title="Far from 0 it hardly moves", ylim=(0, 0.27))
    right.plot([0], [0.25], "o", color=VERMILLION)
    right.annotate("at most 1/4", (0, 0.25), (1.2, 0.24), va="center")
    return figure


def squared_error_saturates(sigmoid: Elementwise, derivative: Elementwise) -> Figure:
    """Loss and slope of the two losses over the logit, where the right answer is 1."""
    z = np.linspace(-8, 8, 321)
    a = sigmoid(z)
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 2.9))
    left.plot(z, 0.5 * (a - 1) ** 2, color=ORANGE, linestyle="--")
    left.plot(z, np.logaddexp(0, -z), color=BLUE)
    left.text(-7.7, 0.85, "squared error", color="#9A6A00", va="bottom")
    left.text(-4.6, 5.6, "cross-entropy", color=BLUE)
    left.set(xlabel="logit z (the answer is 1)", ylabel="loss", title="A confident mistake should cost")
    right.plot(z, (a - 1) * derivative(z), color=ORANGE, linestyle="--")
    right.plot(z, a - 1, color=BLUE)
    right.text(-7.7, -0.2, "squared error: flat", color="#9A6A00", va="top")
    right.text(-1.2, -0.88, "cross-entropy: pulls", color=BLUE, va="center")
    right.set(xlabel="logit z (the answer is 1)", ylabel="slope ∂loss/∂z", title="and should teach")
    return figure


def learning_rates(costs: Mapping[float, Sequence[float]]) -> Figure:
    """The cost after each step, for some learning rates."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.0))
    looks = ((GRAY, ":"), (BLUE, "-"), (VERMILLION, "--"), (ORANGE, "-."))
    for (rate, values), (color, line) in zip(costs.items(), looks, strict=False):
        axes.plot(values, color=color, linestyle=line, linewidth=1.6)
        axes.annotate(
            f"α = {rate:g}", (len(values) - 1, values[-1]), (6, 0), textcoords="offset points", color=color, va="center"
        )
    axes.set(yscale="log", xlabel="step", ylabel="cost J", title="One rate crawls, one learns, one leaps about")
    axes.set_xlim(0, max(len(v) for v in costs.values()) * 1.13)
    return figure


def weights_as_image(weights: np.ndarray, title: str) -> Figure:
    """The 64 weights of one unit as an 8 × 8 picture: blue votes for, vermillion against."""
    figure, axes = plt.subplots(figsize=(3.2, 2.6))
    limit = float(np.abs(weights).max())
    draw_image(axes, weights.reshape(8, 8), limit=limit)
    axes.set_title(title)
    figure.colorbar(axes.images[0], ax=axes, label="weight", shrink=0.9)
    return figure


# --- layers -----------------------------------------------------------------------------------------------------


def checkerboard(generator: np.random.Generator, examples: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Four clouds of points, two classes, opposite corners alike: inputs (examples, 2), labels (examples,) 0 or 1."""
    if examples < 1:
        raise ValueError(f"examples must be at least 1, not {examples}")
    corners = generator.integers(0, 2, (examples, 2))
    inputs = 2.0 * corners - 1.0 + generator.normal(0.0, 0.35, (examples, 2))
    return inputs, (corners[:, 0] != corners[:, 1]).astype(float)


def decision_regions(
    inputs: np.ndarray, labels: np.ndarray, panels: Mapping[str, Callable[[np.ndarray], np.ndarray]]
) -> Figure:
    """Two classes of points in the plane, and where each model sees which.

    panels: title -> function of points (m, 2) giving the probability of class 1, (m,).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(WIDTH, 3.7), squeeze=False, sharey=True)
    edge = float(np.abs(inputs).max()) + 0.2
    grid = np.linspace(-edge, edge, 121)
    first, second = np.meshgrid(grid, grid)
    points = np.column_stack([first.ravel(), second.ravel()])
    for panel, (title, probability) in zip(axes[0], panels.items(), strict=True):
        surface = probability(points).reshape(first.shape)
        colors = [f"{ORANGE}44", f"{BLUE}44"]
        panel.contourf(first, second, surface, levels=[0, 0.5, 1], colors=colors)
        if surface.min() < 0.5 < surface.max():
            panel.contour(first, second, surface, levels=[0.5], colors=[BLACK], linewidths=1.5)
        for label, color, marker in ((0, ORANGE, "o"), (1, BLUE, "^")):
            chosen = inputs[labels == label]
            panel.scatter(
                chosen[:, 0], chosen[:, 1], s=20, c=color, marker=marker, edgecolors="white", linewidths=0.4,
                label=f"class {label}",
            )  # fmt: skip
        panel.set(title=title, xlabel="$x_1$", aspect="equal", xlim=(-edge, edge), ylim=(-edge, edge))
    axes[0, 0].set_ylabel("$x_2$")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, markerscale=1.6)
    return figure


def worked_network(
    inputs: np.ndarray, weights: Sequence[np.ndarray], activations: Sequence[np.ndarray], deltas: Sequence[np.ndarray]
) -> Figure:
    """The 2-2-2 network with its numbers: activations (blue) go right, δ (vermillion) come back left.

    inputs: (2,); weights: two arrays (2, 2); activations, deltas: two arrays (2,) each, of layers 1 and 2.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 3.5))
    columns, rows, radius = (0.0, 3.2, 6.4), (1.0, -1.0), 0.36
    for layer in (0, 1):
        for j in (0, 1):
            for k in (0, 1):
                start, end = np.array([columns[layer], rows[k]]), np.array([columns[layer + 1], rows[j]])
                direction = (end - start) / np.linalg.norm(end - start)
                tail, head = start + radius * direction, end - radius * direction
                axes.annotate("", head, tail, arrowprops={"arrowstyle": "-|>", "color": GRAY, "linewidth": 1.1})
                place = tail + (0.32 if j != k else 0.24) * (head - tail)
                axes.text(
                    float(place[0]),
                    float(place[1]),
                    f"{weights[layer][j, k]:g}",
                    ha="center",
                    va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
                )
    names = (("$x_1$", "$x_2$"), ("$a^{[1]}_1$", "$a^{[1]}_2$"), ("$a^{[2]}_1$", "$a^{[2]}_2$"))
    values = (inputs, *activations)
    for column, x in enumerate(columns):
        for j, y in enumerate(rows):
            axes.add_patch(Circle((x, y), radius, facecolor="white", edgecolor=BLACK, linewidth=1.4, zorder=3))
            axes.text(x, y, names[column][j], ha="center", va="center", zorder=4)
            # Outside of the net, where no edge runs: above the upper row, below the lower one.
            outward = 1 if y > 0 else -1
            texts = [(f"{values[column][j]:{'.9f' if column else 'g'}}", BLUE, "bold")]
            if column:
                texts.append((f"δ = {deltas[column - 1][j]:.9f}".replace("-", "−"), VERMILLION, "normal"))
            for line, (text, color, weight) in enumerate(texts):
                place = y + outward * (radius + 0.26 + 0.32 * line)
                axes.text(x, place, text, ha="center", va="center", color=color, fontweight=weight)
    axes.set(xlim=(-0.9, 7.5), ylim=(-2.1, 2.1))
    axes.set_aspect("equal")
    bare(axes)
    axes.set_title("Values go right, δ comes back left")
    return figure


# --- is it right? -----------------------------------------------------------------------------------------------


def step_size_error(steps: np.ndarray, central: np.ndarray, one_sided: np.ndarray) -> Figure:
    """The error of two numerical derivatives over the step h."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.1))
    axes.loglog(steps, one_sided, color=ORANGE, linestyle="--", marker="s")
    axes.loglog(steps, central, color=BLUE, marker="o")
    axes.text(2e-3, 1.2e-3, "one-sided: error ∝ h", color="#9A6A00", ha="right")
    axes.text(0.1, 3e-11, "central: error ∝ h²", color=BLUE, ha="right")
    axes.text(1.5e-12, 1.2e-9, "rounding", color=GRAY)
    axes.set(xlabel="step h", ylabel="error of the derivative", title="Too large a step is wrong, too small is worse")
    return figure


def _bias_bug(delta: np.ndarray, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return weight_gradients(delta, activations)[0], delta[0]


def _hidden_of_activation(delta: np.ndarray, weights: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return (delta @ weights) * sigmoid_derivative(a)


def _hidden_without_slope(delta: np.ndarray, weights: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return delta @ weights


def _right_hidden(delta: np.ndarray, weights: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return hidden_delta(delta, weights, z)


_BUGS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "A": (weight_gradients, _hidden_without_slope),
    "B": (_bias_bug, _right_hidden),
    "C": (weight_gradients, _hidden_of_activation),
}


def suspect(letter: str) -> Backward:
    """A backward pass with one bug, "A", "B" or "C", that trains all the same.

    It has the signature of ``dl_helpers.backprop.backward``. Raises ``ValueError`` for another letter.
    """
    if letter not in _BUGS:
        raise ValueError(f"letter must be one of {', '.join(_BUGS)}, not {letter!r}")
    gradients_of, hidden = _BUGS[letter]

    def broken(
        pre_activations: Arrays, activations: Arrays, weights: Arrays, targets: np.ndarray, loss: str
    ) -> tuple[Arrays, Arrays]:
        gradients = []
        delta = output_delta(pre_activations[-1], targets, loss)
        for layer in reversed(range(len(weights))):
            gradients.append(gradients_of(delta, activations[layer]))
            if layer > 0:
                delta = hidden(delta, weights[layer], pre_activations[layer - 1], activations[layer])
        return [w for w, _ in reversed(gradients)], [b for _, b in reversed(gradients)]

    return broken


_SUSPECT_LOOKS = ((BLACK, "-"), (VERMILLION, "--"), (BLUE, "-."), (ORANGE, ":"))


def suspects(accuracies: Mapping[str, Sequence[float]], differences: Mapping[str, Mapping[str, float]]) -> Figure:
    """Four backward passes: how they train, and what a gradient check says of each of their gradients.

    accuracies:  name -> test accuracy after each epoch.
    differences: name -> parameter -> relative difference.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.4))
    for (name, values), (color, line) in zip(accuracies.items(), _SUSPECT_LOOKS, strict=False):
        left.plot(range(1, len(values) + 1), values, color=color, linestyle=line, label=name)
    left.set(xlabel="epoch", ylabel="test accuracy", title="All four learn", ylim=(0.6, 1.0))
    left.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    left.legend(loc="lower right")
    markers = ("o", "s", "^", "D")
    for (name, by_parameter), (color, _), marker in zip(differences.items(), _SUSPECT_LOOKS, markers, strict=False):
        shift = (list(differences).index(name) - (len(differences) - 1) / 2) * 0.15
        places = np.arange(len(by_parameter)) + shift
        right.plot(places, list(by_parameter.values()), marker, color=color, markersize=7, label=name)
    right.axhline(1e-7, color=GRAY, linewidth=1)
    right.text(-0.45, 1.5e-7, "right below this line", color="#5A5A5A", fontsize=10, va="bottom")
    parameters = list(next(iter(differences.values())))
    right.set_xticks(range(len(parameters)), parameters)
    right.set(yscale="log", ylim=(1e-12, 10), xlim=(-0.5, len(parameters) - 0.5))
    right.set(ylabel="relative difference", title="One is right")
    # Nothing lies between "right" and "wrong": there is the room for a legend.
    right.legend(loc="center", bbox_to_anchor=(0.5, 0.59), ncols=4, columnspacing=1.0, handletextpad=0.1)
    return figure


# --- the trained network ----------------------------------------------------------------------------------------


def training_curves(history: NetworkHistory) -> Figure:
    """Cost and accuracy after each epoch."""
    epochs = np.arange(1, len(history.costs) + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.0))
    left.plot(epochs, history.costs, **style("train"))
    left.set(yscale="log", xlabel="epoch", ylabel="training cost J", title="The cost falls, with relapses")
    right.plot(epochs, history.train_accuracy, **style("train"))
    right.plot(epochs, history.test_accuracy, **style("test"))
    right.set(xlabel="epoch", ylabel="accuracy", title="The test accuracy levels off", ylim=(0.88, 1.005))
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    right.text(
        epochs[-1], history.train_accuracy[-1] - 0.004, "training", color=style("train")["color"], ha="right", va="top"
    )
    right.text(
        epochs[-1], history.test_accuracy[-1] - 0.009, "test", color=style("test")["color"], ha="right", va="top"
    )
    return figure


def mistakes(inputs: np.ndarray, labels: np.ndarray, scores: np.ndarray, most: int = 8) -> Figure:
    """The misclassified digits: what they are, and what the network says.

    inputs: (m, 64); labels: (m,); scores: (m, 10), the largest is the answer. At most ``most`` are drawn.
    """
    answers = scores.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    shown = wrong[:most]
    figure, axes = plt.subplots(1, max(1, len(shown)), figsize=(WIDTH, 1.75), squeeze=False)
    for panel in axes[0]:
        bare(panel)
    for panel, i in zip(axes[0], shown, strict=False):
        draw_image(panel, inputs[i].reshape(8, 8))
        panel.set_xlabel(f"is {labels[i]}\nread {answers[i]}", fontsize=10)
    figure.suptitle(
        f"{len(wrong)} of {len(labels)} test digits are misread", x=0.01, ha="left", fontsize=11, fontweight="bold"
    )
    return figure


def hidden_units(weights: np.ndarray, most: int = 24) -> Figure:
    """The weights (n, 64) of hidden units as pictures on one scale, those of the largest norm first."""
    order = np.argsort(-np.linalg.norm(weights, axis=1))[:most]
    # A few large weights would pale all others.
    limit = float(np.quantile(np.abs(weights[order]), 0.98))
    columns = 8
    rows = -(-len(order) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, 0.9 * rows + 0.5), squeeze=False)
    for panel in axes.ravel():
        bare(panel)
    for panel, unit in zip(axes.ravel(), order, strict=False):
        draw_image(panel, weights[unit].reshape(8, 8), limit=limit)
    figure.suptitle("Hidden units weigh ink here against ink there", x=0.01, ha="left", fontsize=11, fontweight="bold")
    bar = figure.colorbar(axes[0, 0].images[0], ax=axes, shrink=0.9, aspect=30)
    bar.set_label("weight")
    return figure


def cost_curve(costs: Sequence[float], title: str) -> Figure:
    """The cost after each step, on a logarithmic axis."""
    figure, axes = plt.subplots(figsize=(WIDTH, 2.6))
    axes.plot(costs, **style("train"))
    axes.set(yscale="log", xlabel="step", ylabel="cost J", title=title)
    return figure


# --- the computation graph --------------------------------------------------------------------------------------

BOX_WIDTH, BOX_HEIGHT, ROW, MARGIN = 76, 58, 88, 4
NARROWEST, WIDEST, PAGE = 130, 190, 900  # from column to column, and what they are to fill
PORTS = 22  # between the arrows on one side of a box


def _positions(output: Value, order: Sequence[Value]) -> dict[Value, tuple[float, float]]:
    """A column and a row for every node: an operation stands right of its parents, an input left of its first child."""
    children: dict[Value, list[Value]] = {node: [] for node in order}
    for node in order:
        for parent in node.parents:
            children[parent].append(node)
    column: dict[Value, int] = {}
    for node in order:
        if node.parents:
            column[node] = 1 + max((column[p] for p in node.parents if p.parents), default=0)
    for node in order:
        if not node.parents:
            column[node] = min((column[c] for c in children[node]), default=1) - 1
    places: dict[Value, tuple[float, float]] = {}

    def place(node: Value, row: float) -> None:
        while (column[node], row) in places.values():
            row += 1
        places[node] = (column[node], row)

    next_row = 0.0

    def visit(node: Value) -> None:
        nonlocal next_row
        computed = [p for p in node.parents if p.parents]
        for parent in computed:
            if parent not in places:
                visit(parent)
        inputs = [p for p in dict.fromkeys(node.parents) if not p.parents and p not in places]
        for i, parent in enumerate(inputs):
            place(parent, places[computed[0]][1] + 1 + i if computed else next_row)
            next_row = max(next_row, places[parent][1] + 1)
        above = computed or list(node.parents)
        place(node, sum(places[p][1] for p in above) / len(above))

    if output.parents:
        visit(output)
    else:
        places[output] = (0, 0.0)
    return places


def graph_svg(output: Value, names: Mapping[Value, str]) -> str:
    """A computation graph as SVG text: a box per node with its value and its gradient, an arrow per edge.

    The blue head of an arrow shows where the value goes; the number on it is what comes back along it, the node's
    gradient times the local one. The more comes back, the wider the arrow; a thin dashed gray one carries nothing. The
    nodes' gradients are drawn as they stand: call ``output.backward()`` before.
    output: any object with ``data``, ``gradient``, ``parents``, ``local_gradients`` and ``operation``, as ``Value``.
    names:  what stands in a node's box instead of its operation.
    """
    order = topological_sort(output)
    places = _positions(output, order)
    columns = max(x for x, _ in places.values())
    column = min(WIDEST, max(NARROWEST, (PAGE - BOX_WIDTH) / max(columns, 1)))
    corners = {node: (x * column + MARGIN, y * ROW + MARGIN) for node, (x, y) in places.items()}
    width = columns * column + BOX_WIDTH + 2 * MARGIN
    height = max(y for _, y in places.values()) * ROW + BOX_HEIGHT + 2 * MARGIN
    edges = [(node, i) for node in order for i in range(len(node.parents))]
    shares = {(node, i): node.gradient * node.local_gradients[i] for node, i in edges}
    most = max(map(abs, shares.values()), default=0.0)
    lines, shown = [], []
    for edge in edges:
        node, i = edge
        parent = node.parents[i]
        # On each side of a box the arrows keep the order of the boxes at their other ends.
        leaving = sorted(
            (other for other in edges if other[0].parents[other[1]] is parent), key=lambda e: places[e[0]][1]
        )
        entering = sorted((other for other in edges if other[0] is node), key=lambda e: places[e[0].parents[e[1]]][1])
        x1, y1 = corners[parent][0] + BOX_WIDTH, _port(corners[parent][1], leaving.index(edge), len(leaving))
        x2, y2 = corners[node][0], _port(corners[node][1], entering.index(edge), len(entering))
        line, number = _arrow(x1, y1, x2, y2, shares[edge], most)
        lines.append(line)
        shown.append(number)
    boxes = []
    for node in order:
        left, top = corners[node]
        middle = left + BOX_WIDTH / 2
        label = html.escape(names.get(node, node.operation))
        fill = "#FFFFFF" if node.parents else "#EAF3FA"
        boxes.append(
            f'<rect x="{left:g}" y="{top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" fill="{fill}" '
            f'stroke="{BLACK}" stroke-width="1.2"/>'
            f'<text x="{middle:g}" y="{top + 15:g}" font-weight="bold">{label}</text>'
            f'<text x="{middle:g}" y="{top + 33:g}" fill="{BLUE}">{_number(node.data)}</text>'
            f'<text x="{middle:g}" y="{top + 51:g}" fill="#B34700">∂ {_number(node.gradient)}</text>'
        )
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="12.5" '
            'text-anchor="middle">',
            f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
            *lines,
            *boxes,
            *shown,
            "</svg>",
        ]
    )


def _port(top: float, rank: int, count: int) -> float:
    """The height at which the rank-th of ``count`` arrows meets the side of a box."""
    return top + BOX_HEIGHT / 2 + (rank - (count - 1) / 2) * min(PORTS, BOX_HEIGHT / count)


def _arrow(x1: float, y1: float, x2: float, y2: float, share: float, most: float) -> tuple[str, str]:
    """An arrow from (x1, y1) to (x2, y2) as SVG, and the number beside it, ``share`` of at most ``most``."""
    flows = abs(share) > 1e-12
    thickness = 1.2 + 4.3 * abs(share) / most if flows else 0.8
    color, dashes = (VERMILLION, "") if flows else (GRAY, ' stroke-dasharray="3 3"')
    length = math.hypot(x2 - x1, y2 - y1)
    across, down = (x2 - x1) / length, (y2 - y1) / length
    half = 4 + thickness / 2
    foot_x, foot_y = x2 - 2 * half * across, y2 - 2 * half * down
    head = " ".join(f"{foot_x - side * half * down:.1f},{foot_y + side * half * across:.1f}" for side in (1, -1))
    line = (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{foot_x:.1f}" y2="{foot_y:.1f}" stroke="{color}"{dashes} '
        f'stroke-width="{thickness:.2f}"/><polygon points="{x2:.1f},{y2:.1f} {head}" fill="{BLUE}"/>'
    )
    decimals = 2 if abs(share) >= 0.01 else 3
    text = f"{round(share, decimals) + 0.0:g}".replace("-", "−")
    # Near the line's beginning, where few arrows cross: above a falling line, below a rising one, clear of both boxes;
    # as far off as the text's size and the slope ask for.
    away = (abs(down) * 3.6 * len(text) + across * 6 + thickness / 2 + 2) * (-1 if down < -0.25 else 1)
    along = min(0.5, max(0.3, (3.6 * len(text) + 4) / (x2 - x1)))
    x, y = x1 + along * (x2 - x1) + down * away, y1 + along * (y2 - y1) - across * away
    return line, f'<text x="{x:.1f}" y="{y + 4:.1f}" font-size="11.5" fill="#B34700">{text}</text>'


def _number(value: float) -> str:
    return f"{value + 0.0:.3f}".replace("-", "−").replace("−0.000", "0.000")


def graph_image(output: Value, names: Mapping[Value, str], alt: str) -> str:
    """``graph_svg`` as an HTML ``<img>`` with alternative text."""
    if not alt.strip():
        raise ValueError(f"alt was {alt!r}; it must say what is to be seen in the graph")
    data = base64.b64encode(graph_svg(output, names).encode()).decode("ascii")
    # A wide graph shrinks to the page; a slider's picture would run over its edge without that.
    look = 'style="max-width:100%;height:auto"'
    return f'<img src="data:image/svg+xml;base64,{data}" {look} alt="{html.escape(alt, quote=True)}">'


def show_graph(output: Value, names: Mapping[Value, str], alt: str) -> None:
    """Show a computation graph in the notebook."""
    display(HTML(graph_image(output, names, alt)))


def small_graph() -> tuple[Value, dict[Value, str]]:
    """½ (w x + b − y)² at w = 0.5, x = 2, b = −1, y = 1, differentiated, and the names of its nodes."""
    w, x, b, minus_y, half = Value(0.5), Value(2), Value(-1), Value(-1), Value(0.5)
    product = w * x
    z = product + b
    error = z + minus_y
    square = error**2
    cost = square * half
    cost.backward()
    names = {
        w: "w", x: "x", b: "b", minus_y: "−y", half: "½",
        product: "×", z: "+", error: "+  (e)", square: "square (s)", cost: "×  (J)",
    }  # fmt: skip
    return cost, names


def shared_graph() -> tuple[Value, dict[Value, str]]:
    """(x + y) · (x y) at x = 2, y = 3, differentiated, and the names of its nodes."""
    x, y = Value(2), Value(3)
    total, product = x + y, x * y
    result = total * product
    result.backward()
    return result, {x: "x", y: "y", total: "+", product: "×", result: "×  (f)"}


TARGET = 1.6
GRAPH_INPUTS = (0.4, -0.4)
GRAPH_RATE = 0.3


def three_weight_loss(value: type, w1: float, w2: float, w3: float) -> tuple[Any, dict[Any, str], tuple[Any, Any, Any]]:
    """E = ½ (w₃ tanh(w₁x₁ + w₂x₂) − 1.6)² at x = (0.4, −0.4), built from ``value`` and differentiated.

    value: the class ``Value``, the course's or a learner's.

    Returns the loss, the names of the nodes for a drawing, and the nodes of the three weights.
    """
    weights = tuple(value(w) for w in (w1, w2, w3))
    x1, x2 = (value(x) for x in GRAPH_INPUTS)
    minus_target, half = value(-TARGET), value(0.5)
    z = x1 * weights[0] + x2 * weights[1]
    h = z.tanh()
    y = h * weights[2]
    error = y + minus_target
    square = error**2
    loss = square * half
    loss.backward()
    names = {
        x1: "x₁", x2: "x₂", weights[0]: "w₁", weights[1]: "w₂", weights[2]: "w₃", minus_target: "−t", half: "½",
        z: "+  (z)", h: "tanh  (h)", y: "×  (ŷ)", error: "+  (ŷ − t)", square: "square", loss: "×  (loss)",
    }  # fmt: skip
    for product in z.parents:
        names[product] = "×"
    return loss, names, weights


def three_weight_scene(value: type, w1: float, w2: float, w3: float) -> Scene:
    """The graph of ``three_weight_loss`` for one setting of the weights; the goal is a loss below 0.01."""
    loss, names, weights = three_weight_loss(value, w1, w2, w3)
    slopes = ", ".join(f"{g.gradient:.3f}" for g in weights).replace("-", "−")
    text = f"The loss is {loss.data:.4f}; its gradient is ({slopes})."
    alt = f"Computation graph with weights {w1:.2f}, {w2:.2f}, {w3:.2f}. {text}"
    return Scene(graph_image(loss, names, alt), text, reached=loss.data < 0.01)


def graph_explorer(value: type) -> Explorer:
    """The chapter's widget: three sliders move the weights, the graph follows, the loss must fall below 0.01."""

    def step(values: Values) -> Values:
        _, _, weights = three_weight_loss(value, **values)
        moved = {
            name: values[name] - GRAPH_RATE * weight.gradient
            for name, weight in zip(("w1", "w2", "w3"), weights, strict=True)
        }
        # The sliders stand on hundredths.
        return {name: round(number, 2) for name, number in moved.items()}

    return Explorer(
        {
            "w1": Slider(0.1, -2, 2, 0.01, "w₁"),
            "w2": Slider(0.1, -2, 2, 0.01, "w₂"),
            "w3": Slider(0.5, -2, 2, 0.01, "w₃"),
        },
        lambda **values: three_weight_scene(value, **values),
        goal="bring the loss below 0.01 with the three weights",
        actions={"One step of gradient descent": step},
    )
