"""Sliders with a picture that follows them, a goal, and a way back.

A chapter's widget is an ``Explorer``: it starts in an interesting state, names its goal, says when the goal is
reached, and has a reset. What it shows is a function of the sliders' values alone, so it can be tested without a
browser::

    explorer = Explorer(sliders, scene, goal="bring the loss below 0.01")
    explorer.move(w1=1.5)
    assert explorer.reached
"""

import html
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ipywidgets
from IPython.display import display

from dl_helpers.plotting import BLUE, GREEN

Values = dict[str, float]


@dataclass(frozen=True)
class Slider:
    """One number that the learner sets.

    start:   where it stands at first and after a reset.
    low, high, step: its range; ``start`` lies in it.
    text:    what stands beside it; by default its name.
    logarithmic: ``low``, ``high`` and ``step`` are exponents of ten, ``start`` is the number itself.
    """

    start: float
    low: float
    high: float
    step: float = 0.1
    text: str = ""
    logarithmic: bool = False

    def __post_init__(self) -> None:
        low, high = (10.0**self.low, 10.0**self.high) if self.logarithmic else (self.low, self.high)
        if not low <= self.start <= high:
            raise ValueError(f"start must lie between {low:g} and {high:g}, not be {self.start:g}")
        if not self.step > 0:
            raise ValueError(f"step must be positive, not {self.step}")


@dataclass(frozen=True)
class Scene:
    """What a widget shows for one setting of its sliders.

    picture: HTML, as ``plotting.image`` gives it.
    message: one sentence that says where the learner stands.
    reached: whether the goal is reached.
    """

    picture: str
    message: str
    reached: bool


class Explorer:
    """A widget made of sliders, buttons and a picture.

    sliders: by name; the names are the keyword arguments of ``scene``.
    scene:   the sliders' values, as keyword arguments, -> ``Scene``.
    goal:    completes "Goal: ...".
    actions: buttons by their text: the sliders' values -> new values for some of them. A value outside a slider's
             range moves the slider to the end of the range.

    Showing the explorer at the end of a cell, or with ``display``, shows the widget.
    """

    def __init__(
        self,
        sliders: Mapping[str, Slider],
        scene: Callable[..., Scene],
        goal: str,
        actions: Mapping[str, Callable[[Values], Values]] | None = None,
    ) -> None:
        if not sliders:
            raise ValueError("sliders must hold at least one slider")
        self.sliders = dict(sliders)
        self.scene = scene
        self.goal = goal
        self.actions = dict(actions or {})
        self.moves = 0
        self._controls = {name: _control(name, slider) for name, slider in self.sliders.items()}
        self._picture = ipywidgets.HTML()
        self._status = ipywidgets.HTML()
        buttons = []
        for text in self.actions:
            button = ipywidgets.Button(description=text, layout=ipywidgets.Layout(width="auto"))
            button.on_click(lambda _, text=text: self.press(text))
            buttons.append(button)
        reset = ipywidgets.Button(description="Reset", icon="undo", layout=ipywidgets.Layout(width="auto"))
        reset.on_click(lambda _: self.reset())
        for control in self._controls.values():
            control.observe(self._moved, names="value")
        aim = ipywidgets.HTML(f"<b>Goal:</b> {html.escape(goal)}")
        self.box = ipywidgets.VBox(
            [aim, *self._controls.values(), ipywidgets.HBox([*buttons, reset]), self._status, self._picture]
        )
        self._silent = False
        self._draw()

    @property
    def values(self) -> Values:
        """Where the sliders stand."""
        return {name: control.value for name, control in self._controls.items()}

    @property
    def reached(self) -> bool:
        """Whether the goal is reached now."""
        return self.current.reached

    def move(self, **values: float) -> None:
        """Set some sliders at once, as a hand would; ``ValueError`` for a slider that does not exist."""
        unknown = sorted(set(values) - set(self._controls))
        if unknown:
            raise ValueError(f"there is no slider {', '.join(unknown)}; the sliders are {', '.join(self._controls)}")
        before = self.values
        # One picture for all of them, not one for each.
        self._silent = True
        try:
            for name, value in values.items():
                self._controls[name].value = self._inside(name, value)
        finally:
            self._silent = False
        if self.values != before:
            self.moves += 1
            self._draw()

    def press(self, text: str) -> None:
        """Do what the button of this text does; ``ValueError`` where there is none."""
        if text not in self.actions:
            raise ValueError(f"there is no button {text!r}; the buttons are {', '.join(self.actions) or 'none'}")
        self.move(**self.actions[text](self.values))

    def reset(self) -> None:
        """Bring every slider back to its start and forget the moves."""
        self.move(**{name: slider.start for name, slider in self.sliders.items()})
        self.moves = 0
        self._draw()

    def _inside(self, name: str, value: float) -> float:
        slider = self.sliders[name]
        if slider.logarithmic:
            return min(max(value, 10.0**slider.low), 10.0**slider.high)
        return min(max(value, slider.low), slider.high)

    def _moved(self, change: object) -> None:
        # The browser sends a slider's value back, sometimes changed in the last bit: that is no move.
        same = all(
            math.isclose(value, self._drawn[name], rel_tol=1e-9, abs_tol=1e-9) for name, value in self.values.items()
        )
        if not self._silent and not same:
            self.moves += 1
            self._draw()

    def _draw(self) -> None:
        self._drawn = self.values
        self.current = self.scene(**self._drawn)
        self._picture.value = self.current.picture
        color, mark = (GREEN, "Goal reached.") if self.current.reached else (BLUE, "Not yet.")
        moves = "1 move" if self.moves == 1 else f"{self.moves} moves"
        self._status.value = (
            f'<div role="status" style="border-left:4px solid {color};padding:.2em .8em">'
            f"<b>{mark}</b> {html.escape(self.current.message)} ({moves})</div>"
        )

    def _ipython_display_(self) -> None:
        display(self.box)


def _control(name: str, slider: Slider) -> ipywidgets.FloatSlider | ipywidgets.FloatLogSlider:
    text = slider.text or name
    layout = ipywidgets.Layout(width="95%", max_width="560px")
    style = {"description_width": "9em"}
    if slider.logarithmic:
        return ipywidgets.FloatLogSlider(
            value=slider.start, min=slider.low, max=slider.high, step=slider.step, description=text,
            readout_format=".4", layout=layout, style=style,
        )  # fmt: skip
    decimals = max(0, len(f"{slider.step:.6f}".rstrip("0").partition(".")[2]))
    return ipywidgets.FloatSlider(
        value=slider.start, min=slider.low, max=slider.high, step=slider.step, description=text,
        readout_format=f".{decimals}f", layout=layout, style=style,
    )  # fmt: skip
