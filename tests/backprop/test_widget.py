"""The chapter's widget and the figures that compute something, without a browser."""

import base64
import itertools
import math
import re
from xml.etree import ElementTree

import ipywidgets
import numpy as np
import pytest

from dl_helpers.backprop import Value, backward, forward
from dl_helpers.plots import backprop as plots
from dl_helpers.plotting import image, style
from dl_helpers.training import initial_network
from dl_helpers.widgets import Explorer, Scene, Slider

STEP = "One step of gradient descent"


def loss(w1: float, w2: float, w3: float) -> float:
    """The widget's loss, written out."""
    return 0.5 * (w3 * math.tanh(0.4 * w1 - 0.4 * w2) - 1.6) ** 2


def controls(explorer: Explorer) -> list[ipywidgets.Widget]:
    return [child for child in explorer.box.children if isinstance(child, ipywidgets.FloatSlider)]


def buttons(explorer: Explorer) -> dict[str, ipywidgets.Button]:
    row = next(child for child in explorer.box.children if isinstance(child, ipywidgets.HBox))
    return {button.description: button for button in row.children}


def shown(explorer: Explorer) -> str:
    return " ".join(child.value for child in explorer.box.children if isinstance(child, ipywidgets.HTML))


# --- the goal ---------------------------------------------------------------------------------------------------


def test_starts_away_from_the_goal_where_one_gradient_is_zero() -> None:
    explorer = plots.graph_explorer(Value)
    assert not explorer.reached
    assert "Not yet." in shown(explorer)
    # h = tanh(0) = 0, so the derivative with respect to w3 is 0 and J is ½ · 1.6².
    assert explorer.current.message == "The loss is 1.2800; its gradient is (−0.320, 0.320, 0.000)."


def test_moving_a_slider_by_hand_reaches_the_goal_and_says_so() -> None:
    explorer = plots.graph_explorer(Value)
    for control, value in zip(controls(explorer), (1.5, -1.5, 1.9), strict=True):
        assert not explorer.reached
        control.value = value
    assert loss(1.5, -1.5, 1.9) < 0.01
    assert explorer.reached
    assert "Goal reached." in shown(explorer)
    assert explorer.moves == 3


def test_one_or_two_weights_are_not_enough() -> None:
    start = plots.graph_explorer(Value).values
    numbers = np.linspace(-2, 2, 401)
    for pair in itertools.combinations(start, 2):
        # The loss depends on w1 and w2 by the argument of tanh alone, on w3 as a factor: a grid finds its minimum.
        for value in numbers:
            free = {pair[0]: value, pair[1]: numbers}
            w = {**start, **free}
            y = np.asarray(w["w3"]) * np.tanh(0.4 * np.asarray(w["w1"]) - 0.4 * np.asarray(w["w2"]))
            assert np.min(0.5 * (y - 1.6) ** 2) > 0.01


def test_the_button_descends_to_the_goal_and_reset_leads_back() -> None:
    explorer = plots.graph_explorer(Value)
    start, first_picture = explorer.values, explorer.current.picture
    losses = [loss(**explorer.values)]
    for _ in range(100):
        buttons(explorer)[STEP].click()
        losses.append(loss(**explorer.values))
        if explorer.reached:
            break
    assert explorer.reached
    assert all(after < before for before, after in itertools.pairwise(losses))
    assert losses[-1] < 0.01 <= losses[-2]
    buttons(explorer)["Reset"].click()
    assert explorer.values == start
    assert not explorer.reached
    assert explorer.moves == 0
    assert explorer.current.picture == first_picture


def test_the_scene_shows_the_true_loss_and_gradient() -> None:
    weights = np.array([0.7, -1.1, 1.3])
    node, _, nodes = plots.three_weight_loss(Value, *weights)
    assert node.data == pytest.approx(loss(*weights), rel=1e-12)  # the same few operations in float64
    for i, weight in enumerate(nodes):
        above, below = weights.copy(), weights.copy()
        above[i] += 1e-6
        below[i] -= 1e-6
        # Central differences with h = 1e-6 are right to about 1e-10.
        assert weight.gradient == pytest.approx((loss(*above) - loss(*below)) / 2e-6, abs=1e-8)


# --- the machinery ----------------------------------------------------------------------------------------------


def one_slider(**arguments: float) -> Explorer:
    def scene(x: float) -> Scene:
        return Scene(f"<p>{x}</p>", f"x is {x} & more", reached=x > 3)

    actions = {"Leap": lambda values: {"x": values["x"] + 100}}
    return Explorer({"x": Slider(1, 0, 5, 0.5, **arguments)}, scene, goal="x < y", actions=actions)


def test_an_action_stops_at_the_end_of_the_range() -> None:
    explorer = one_slider()
    explorer.press("Leap")
    assert explorer.values == {"x": 5}
    explorer.press("Leap")
    assert explorer.moves == 1  # nothing moved the second time


def test_a_value_that_the_browser_sends_back_is_no_move() -> None:
    explorer = one_slider()
    explorer.move(x=2.5)
    controls(explorer)[0].value = 2.5000000000000004
    assert explorer.moves == 1
    controls(explorer)[0].value = 3.0
    assert explorer.moves == 2


def test_text_is_escaped_and_the_picture_is_not() -> None:
    text = shown(one_slider())
    assert "x &lt; y" in text
    assert "x is 1.0 &amp; more" in text
    assert "<p>1.0</p>" in text


def test_unknown_names_are_refused() -> None:
    explorer = one_slider()
    with pytest.raises(ValueError, match="no slider y; the sliders are x"):
        explorer.move(y=1)
    with pytest.raises(ValueError, match="no button 'Jump'; the buttons are Leap"):
        explorer.press("Jump")
    with pytest.raises(ValueError, match="at least one slider"):
        Explorer({}, lambda: Scene("", "", False), goal="none")
    with pytest.raises(ValueError, match="start must lie between 0 and 1, not be 2"):
        Slider(2, 0, 1)
    with pytest.raises(ValueError, match="step must be positive"):
        Slider(0, 0, 1, step=0)


def test_a_logarithmic_slider_stays_within_its_powers_of_ten() -> None:
    explorer = Explorer(
        {"rate": Slider(0.1, -3, 0, 0.1, logarithmic=True)}, lambda rate: Scene("", f"{rate:g}", rate == 1), goal="one"
    )
    assert explorer.values == {"rate": 0.1}
    explorer.move(rate=50)
    assert explorer.reached
    assert explorer.values["rate"] == pytest.approx(1.0)


# --- the drawn graph --------------------------------------------------------------------------------------------


def svg_texts(svg: str) -> list[str]:
    return [
        "".join(element.itertext()) for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")
    ]


def test_the_graph_shows_every_value_and_gradient() -> None:
    texts = svg_texts(plots.graph_svg(*plots.shared_graph()))
    # By hand: f = (x + y)(x y) = 30 at (2, 3), ∂f/∂x = 2xy + y² = 21, ∂f/∂y = x² + 2xy = 16.
    assert len(texts) == 15 + 6
    # On the edges, what comes back: 6 and 15 to x, 6 and 10 to y, 6 and 5 to the factors.
    assert sorted(map(float, texts[15:])) == [5, 6, 6, 6, 10, 15]
    boxes = {tuple(texts[i : i + 3]) for i in range(0, 15, 3)}
    assert boxes == {
        ("x", "2.000", "∂ 21.000"),
        ("y", "3.000", "∂ 16.000"),
        ("+", "5.000", "∂ 6.000"),
        ("×", "6.000", "∂ 5.000"),
        ("×  (f)", "30.000", "∂ 1.000"),
    }


@pytest.mark.parametrize("graph", [plots.small_graph(), plots.shared_graph(), (Value(1.0), {})])
def test_no_two_boxes_of_a_graph_overlap(graph: tuple[Value, dict[Value, str]]) -> None:
    svg = ElementTree.fromstring(plots.graph_svg(*graph))
    boxes = [(float(r.get("x", 0)), float(r.get("y", 0))) for r in svg.iter() if r.get("rx")]
    for (x1, y1), (x2, y2) in itertools.combinations(boxes, 2):
        assert abs(x1 - x2) >= plots.BOX_WIDTH or abs(y1 - y2) >= plots.BOX_HEIGHT


def test_the_more_comes_back_the_wider_the_edge() -> None:
    svg = plots.graph_svg(*plots.shared_graph())
    widths = sorted(float(w) for w in re.findall(r"<line [^>]*stroke-width=\"([\d.]+)\"", svg))
    # The shares 5, 6, 6, 6, 10 and 15 in a straight line of widths.
    assert widths == pytest.approx(np.interp([5, 6, 6, 6, 10, 15], [5, 15], [widths[0], widths[-1]]), abs=0.01)
    assert widths[-1] > 2 * widths[0]


def test_a_dead_edge_is_drawn_thin_and_dashed() -> None:
    svg = plots.graph_svg(*plots.three_weight_loss(Value, 0.1, 0.1, 0.5)[:2])
    # At h = 0 nothing flows back to w3; everything else has a gradient.
    assert svg.count("stroke-dasharray") == 1


def test_alternative_text_is_asked_for_and_escaped() -> None:
    node = Value(1.0)
    html = plots.graph_image(node, {node: "a<b"}, alt='a "quoted" box')
    assert 'alt="a &quot;quoted&quot; box"' in html
    data = re.search(r"base64,([^\"]+)", html)
    assert data is not None
    assert "a&lt;b" in base64.b64decode(data[1]).decode()
    with pytest.raises(ValueError, match="alt was"):
        plots.graph_image(node, {}, alt=" ")
    with pytest.raises(ValueError, match="alt was"):
        image(plots.cost_curve([1.0, 0.5], "falls"), alt="")
    with pytest.raises(ValueError, match="method was 'walk'"):
        style("walk")


# --- the suspects -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "wrong"), [("A", {"W1", "b1"}), ("B", {"b1", "b2"}), ("C", {"W1", "b1"})]
)  # as the chapter tells it
def test_each_suspect_is_wrong_where_the_chapter_says(letter: str, wrong: set[str]) -> None:
    generator = np.random.default_rng(5)
    weights, biases = initial_network([4, 3, 2], generator)
    inputs, targets = generator.normal(size=(6, 4)), np.eye(2)[generator.integers(0, 2, 6)]
    z, a = forward(inputs, weights, biases)
    right = backward(z, a, weights, targets, "softmax_cross_entropy")
    got = plots.suspect(letter)(z, a, weights, targets, "softmax_cross_entropy")
    found = {
        f"{name}{layer + 1}"
        for name, ours, theirs in zip("Wb", right, got, strict=True)
        for layer in (0, 1)
        if not np.allclose(ours[layer], theirs[layer], rtol=1e-6)
    }
    assert found == wrong


def test_there_are_three_suspects() -> None:
    with pytest.raises(ValueError, match="one of A, B, C, not 'D'"):
        plots.suspect("D")
