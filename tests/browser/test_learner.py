"""A learner's hour in JupyterLab, opened as `make lab` opens it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from autograder import source
from autograder.build import course_path
from autograder.chapters import chapter
from autograder.exercise import Exercise
from tests.browser.conftest import REPOSITORY, SCREENSHOTS, Server, Watched
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.slow

MIRRORED = "def sigmoid(z):\n    return 1 / (1 + np.exp(z))"
ONE_FACTOR = "def sigmoid_derivative(z):\n    return 1 - sigmoid(z)"
# By chapter: what the cell of the widget holds, and the keys that reach the goal, slider by slider. Each leads to a
# place that hand calculation gives: 1.85 · tanh(0.4 · 4) = 1.71, near the target 1.6; condition number 1000.
WIDGETS = {
    "01_backprop": ("plots.graph_explorer(", [["End"], ["Home"], ["End", "PageDown", "PageDown", "PageDown"]]),
    "02_optimizers": ("plots.conditions(", [["End"]]),
    "13_gans": ("plots.rates_widget(", [[], ["End"], ["End"]]),
    "12_autoencoders": ("plots.turning_point(", [["ArrowLeft"] * 6, ["ArrowLeft"] * 22]),
}

OpenChapter = Callable[[str], tuple[Watched, Notebook]]


@pytest.fixture(scope="module")
def learner(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> tuple[Server, Path]:
    """JupyterLab with the settings that the repository gives learners, and the folder that it serves."""
    folder = tmp_path_factory.mktemp("learner")
    return start_server(folder, REPOSITORY / ".jupyter"), folder


@pytest.fixture
def open_chapter(learner: tuple[Server, Path], open_page: Callable[[str], Watched]) -> OpenChapter:
    """``open_chapter("01_backprop")``: a fresh copy of the chapter, opened with a kernel of its own."""
    server, folder = learner

    def open_chapter(name: str) -> tuple[Watched, Notebook]:
        original = course_path(REPOSITORY, chapter(name))
        path = Path(tempfile.mkdtemp(prefix="course-", dir=folder)) / name / original.name
        path.parent.mkdir()
        shutil.copy(original, path)
        copied = path.relative_to(folder)
        # In a workspace of its own: JupyterLab opens again what its workspace showed last.
        watched = open_page(server.address(f"lab/workspaces/{copied.parts[0]}/tree/{copied}"))
        return watched, Notebook(watched.page, path)

    return open_chapter


def test_an_exercise_from_the_stub_to_the_pass(open_chapter: OpenChapter) -> None:
    watched, notebook = open_chapter("01_backprop")
    page = watched.page
    answer, check = notebook.position("sigmoid"), notebook.position("check_sigmoid")
    exercise = chapter("01_backprop").item("sigmoid")
    assert isinstance(exercise, Exercise)

    notebook.run(0, check)
    expect(notebook.error(check)).to_contain_text("sigmoid: not written yet.")
    page.screenshot(path=SCREENSHOTS / "stub.png")

    notebook.write(answer, MIRRORED)
    notebook.run(answer, check)
    expect(notebook.error(check)).to_contain_text("Your numbers match σ(−z), the probability of the other class.")
    expect(notebook.error(check)).not_to_contain_text("Traceback")
    page.screenshot(path=SCREENSHOTS / "wrong.png")

    hint = notebook.insert_below(check, "hint(sigmoid)")
    for number in (1, 2):
        notebook.run(hint)
        expect(notebook.output(hint)).to_contain_text(f"Hint {number} of {len(exercise.hints)}")
        expect(notebook.output(hint)).to_contain_text(exercise.hints[number - 1])
    page.screenshot(path=SCREENSHOTS / "hint.png")

    notebook.write(answer, source.reference_text("backprop", "sigmoid"))
    notebook.run(answer, check)
    expect(notebook.output(check)).to_contain_text("sigmoid: right.")
    expect(notebook.output(check)).to_contain_text(exercise.learned)
    expect(notebook.error(check)).to_have_count(0)
    page.screenshot(path=SCREENSHOTS / "right.png")

    # One answer is right now, the next is wrong and all others are not written: Validate has to tell them apart.
    notebook.write(notebook.position("sigmoid_derivative"), ONE_FACTOR)
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Validation Results")
    expect(dialog).to_contain_text("check(sigmoid_derivative)")
    expect(dialog).to_contain_text("Your numbers match 1 − σ(z), one of the two factors.")
    expect(dialog).to_contain_text("squared_error: not written yet.")
    expect(dialog).not_to_contain_text("check(sigmoid)")
    page.screenshot(path=SCREENSHOTS / "validate.png")

    assert not watched.outside, "the course works offline"
    assert not watched.errors


@pytest.mark.parametrize("name", WIDGETS)
def test_the_widgets_goal_is_reached_by_keyboard(open_chapter: OpenChapter, name: str) -> None:
    code, keys = WIDGETS[name]
    watched, notebook = open_chapter(name)
    widget = notebook.holding(code)
    notebook.run_with_all_above(widget)
    output = notebook.output(widget)
    status = output.get_by_role("status")
    expect(status).to_contain_text("Not yet.")
    before = output.get_by_role("img").last.get_attribute("src")
    sliders = output.get_by_role("slider")
    expect(sliders).to_have_count(len(keys))
    output.scroll_into_view_if_needed()
    watched.page.screenshot(path=SCREENSHOTS / f"widget-{name}.png")
    for position, presses in enumerate(keys):
        sliders.nth(position).focus()
        for key in presses:
            watched.page.keyboard.press(key)
    expect(status).to_contain_text("Goal reached.")
    picture = output.get_by_role("img").last
    expect(picture).not_to_have_attribute("src", before or "")
    watched.page.screenshot(path=SCREENSHOTS / f"widget-{name}-reached.png")
    assert not watched.outside, "the course works offline"
    assert not watched.errors
