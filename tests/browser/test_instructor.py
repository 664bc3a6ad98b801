"""An instructor's hour: the class graded by command, read and finished by hand in formgrader inside JupyterLab."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from autograder import source
from autograder.chapters import chapter
from autograder.exercise import Quiz, Written
from tests.browser.conftest import REPOSITORY, SCREENSHOTS, Server, Watched

pytestmark = pytest.mark.slow
SELECTED = chapter("01_backprop")
RIGHT = {e.name: source.reference_text(SELECTED.topic, e.name) for e in SELECTED.exercises} | {
    q.name: f'{q.name} = "{q.key}"' for q in SELECTED.items if isinstance(q, Quiz)
}
AUTOMATIC = sum(item.points for item in SELECTED.items if item.name in RIGHT)
MAXIMUM = sum(item.points for item in SELECTED.items)
WRITTEN = next(item for item in SELECTED.items if isinstance(item, Written))
# Each of these would set a mark that every frame of the page can see.
HOSTILE = """Backward once, not 2n times.

<script>top.hostile = "script"</script>
<img src="missing.png" onerror="top.hostile = 'error'">
<svg onload="top.hostile = 'load'"></svg>
<iframe srcdoc="<script>top.hostile = 'frame'</script>"></iframe>
$<script>top.hostile = "formula"</script>$

[my figure](javascript:void(top.hostile='link')) and <a href="javascript:void(top.hostile='anchor')">another</a>
"""


def autograder(course: Path, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "autograder.command_line", *arguments],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def open_formgrader(page: Page) -> FrameLocator:
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Formgrader").click()
    formgrader = page.frame_locator("iframe")
    formgrader.get_by_role("link", name="Manual Grading").click()
    return formgrader


def score_of(formgrader: FrameLocator, grade_id: str) -> Locator:
    return formgrader.locator(f"input.score#{grade_id}")


def save(page: Page, field: Locator, text: str) -> None:
    """Write into a field of formgrader and leave it, which saves it."""
    with page.expect_response(
        lambda answer: answer.request.method == "PUT" and "/formgrader/api/" in answer.url
    ) as put:
        field.fill(text)
        field.press("Tab")
    assert put.value.ok


def scores(course: Path) -> dict[str, dict[str, float]]:
    """The exported scores: learner -> item -> points."""
    autograder(course, "export", "--output", "scores.csv")
    with (course / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {row["learner"]: {k: float(v) for k, v in row.items() if re.fullmatch(r"[\d.]+", v)} for row in rows}


def test_scores_are_read_a_grade_is_given_by_hand_and_kept_and_no_answer_runs_in_the_page(
    course: Path,
    hand_in: Callable[..., Path],
    start_server: Callable[..., Server],
    open_page: Callable[[str], Watched],
) -> None:
    hand_in("ada", RIGHT | {WRITTEN.name: HOSTILE})
    hand_in("blank", {})
    autograder(course, "grade")
    page = open_page(start_server(course).address("lab")).page

    formgrader = open_formgrader(page)
    page.screenshot(path=SCREENSHOTS / "formgrader.png")
    formgrader.get_by_role("link", name=SELECTED.slug).click()
    formgrader.get_by_role("link", name=SELECTED.topic).click()
    row = formgrader.get_by_role("row").filter(has_text=re.compile(rf"{AUTOMATIC:g} */ *{MAXIMUM:g}"))
    expect(row).to_have_count(1)
    page.screenshot(path=SCREENSHOTS / "formgrader-submissions.png")
    row.get_by_role("link").first.click()
    written, sigmoid = score_of(formgrader, WRITTEN.name), score_of(formgrader, "check_sigmoid")
    comment = formgrader.locator(f"textarea#{WRITTEN.name}-comment")
    # An automatic score stands in its field as what counts as long as nothing is written there.
    expect(sigmoid).to_have_attribute("placeholder", f"{SELECTED.item('sigmoid').points:g}")
    expect(written).to_have_value("")
    page.screenshot(path=SCREENSHOTS / "formgrader-answers.png")

    answer = formgrader.locator(".nbgrader_cell").filter(has=written)
    expect(answer).to_contain_text("Backward once, not 2n times.")
    answer.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "formgrader-written.png")
    for link in answer.get_by_text(re.compile("my figure|another")).all():
        link.click()
    assert page.evaluate("window.hostile") is None, "a learner's answer ran in the instructor's page"

    save(page, written, "1.5")
    save(page, comment, "Say what the forward pass costs.")
    save(page, sigmoid, "0.5")
    page.screenshot(path=SCREENSHOTS / "formgrader-graded.png")
    autograder(course, "grade", "--regrade")
    graded = scores(course)
    assert graded["ada"][WRITTEN.name] == 1.5 and graded["ada"]["sigmoid"] == 0.5
    assert graded["ada"]["score"] == AUTOMATIC - SELECTED.item("sigmoid").points + 1.5 + 0.5
    assert graded["blank"]["score"] == 0
    shown = page.frame(url=re.compile("/formgrader/submissions/"))
    assert shown is not None
    shown.goto(shown.url)
    expect(written).to_have_value("1.5")
    expect(comment).to_have_value("Say what the forward pass costs.")
    expect(sigmoid).to_have_value("0.5")
