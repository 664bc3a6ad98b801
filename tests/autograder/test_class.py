"""A whole class, from perfect to hostile, through the real sandbox: points, sentences, and nothing else touched."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from rich.console import Console

from autograder.chapters import chapters
from autograder.classroom import Classroom
from autograder.demo import CHAPTERS, copy_course, show_results
from autograder.exercise import Chapter, Exercise, Misconception, Written
from autograder.feedback import render
from autograder.gradebook import scores
from autograder.grading import Result, graded
from autograder.preprocessors import sanitized_html
from autograder.sample_class import CLASS, PAGE_IN_A_NAME, SLIPS, Learner, first_graded, hand_in

ROOT = Path(__file__).parents[2]
SELECTED = chapters()[:CHAPTERS]
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h
DYING_SECONDS = 10.0
# The commands as they are, but that a request may take 2 s of CPU time and not 20: each chapter has a loop without end.
COMMAND = """
import functools
from autograder import grading
from autograder.command_line import app
from autograder.sandbox.limits import Limits

if __name__ == "__main__":
    less = functools.partialmethod(grading.Settings.__init__, limits=Limits(cpu_seconds_per_request=2.0))
    grading.Settings.__init__ = less
    app()
"""
# What a slip leaves of an exercise's points, by the exercise's groups; the others leave nothing.
LEFT = {
    "exponential_over_exponential": 1,  # moderate z are right
    "overflowing_softmax": 2,  # moderate logits are right
    "backward_slope_left_out": 1,  # one layer has no hidden one
    "average_never_corrected": 2,  # without correction there is nothing to forget
}
SENTENCES = {
    "hugo": "SyntaxError, in line 2 of your answer:\n    return (",
    "ines": "Your answer runs longer than the 2 seconds that grading allows.",
    "jonas": "Your answer ends its process, so no result came out.",
    "kim": "MemoryError, in line 2 of your answer:\n    return np.ones(3 * 2**30, np.uint8)",
    "noor": "Your answer prints without end.",
}
pytestmark = pytest.mark.slow
every_chapter = pytest.mark.parametrize("chapter", SELECTED, ids=lambda chapter: chapter.slug)


class Graded(NamedTuple):
    """A class after grading, and what was seen around it."""

    classroom: Classroom
    output: str
    before: dict[str, str]
    after: dict[str, str]
    left_running: list[str]

    def result(self, learner: str, chapter: Chapter) -> Result:
        (result,) = [r for r in graded(self.classroom, chapter) if r.submission.learner == learner]
        return result


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    root = tmp_path_factory.mktemp("class") / "course-root"
    copy_course(ROOT, root, SELECTED)
    classroom = Classroom(root)
    hand_in(classroom, SELECTED)
    command = root.parent / "autograder_with_less_time.py"
    command.write_text(COMMAND)
    slugs = [chapter.slug for chapter in SELECTED]
    before, children = tree(root), set(own_children())
    # Orphans come to this process, so that none can hide.
    assert ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0) == 0
    # One worker: the honest and the hostile share a warm parent, and zora comes after all of them.
    run = subprocess.run(
        [sys.executable, str(command), "grade", "--workers", "1", *slugs],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    left_running = [name for pid in set(own_children()) - children if (name := reaped_or_running(pid))]
    assert ctypes.CDLL(None).prctl(SUBREAPER, 0, 0, 0, 0) == 0
    yield Graded(classroom, run.stdout, before, tree(root), left_running)


def tree(root: Path) -> dict[str, str]:
    """Every file of the course's folder with its content's hash and its mode; the class's own folder left out."""
    return {
        str(path.relative_to(root)): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mode:o}"
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] != "classroom"
    }


def own_children() -> list[int]:
    return [int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


def reaped_or_running(pid: int) -> str:
    """The command line of a child that runs on; "" for one that has ended, which is then reaped. What was killed may
    need a moment to go."""
    deadline = time.monotonic() + DYING_SECONDS
    while os.waitpid(pid, os.WNOHANG)[0] != pid:
        if time.monotonic() > deadline:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace") or str(pid)
        time.sleep(0.05)
    return ""


def automatic(chapter: Chapter) -> float:
    return sum(item.points for item in chapter.items if not isinstance(item, Written))


def points(learner: Learner, chapter: Chapter) -> float:
    """What a submission must be worth, from the exercises' points alone."""
    if learner.name == "gwen":
        return 0
    if learner.name == "finn":
        done = chapter.items[: len(chapter.items) // 2]
        return sum(item.points for item in done if not isinstance(item, Written))
    if learner.name == "mallory":
        return automatic(chapter) - sum(exercise.points for exercise in chapter.exercises)
    if learner.name in SENTENCES:
        return automatic(chapter) - first_graded(chapter).points
    slips = SLIPS[chapter.topic].get(learner.name, {})
    return automatic(chapter) - sum(
        chapter.item(name).points - LEFT.get(slip.misconception, 0) for name, slip in slips.items()
    )


@every_chapter
@pytest.mark.parametrize("learner", CLASS, ids=lambda learner: learner.name)
def test_everybody_gets_the_right_points(everyone: Graded, learner: Learner, chapter: Chapter) -> None:
    assert everyone.result(learner.name, chapter).points == points(learner, chapter)


@every_chapter
def test_the_gradebook_says_the_same(everyone: Graded, chapter: Chapter) -> None:
    rows = {row["learner"]: row["score"] for row in scores(everyone.classroom, chapter)}
    assert rows == {learner.name: points(learner, chapter) for learner in CLASS}


@every_chapter
@pytest.mark.parametrize("learner", ["bruno", "carla", "dmitri"])
def test_a_slip_is_called_by_its_name(everyone: Graded, learner: str, chapter: Chapter) -> None:
    verdicts = everyone.result(learner, chapter).verdicts
    found = {name: verdict.misconception for name, verdict in verdicts.items() if not verdict.right}
    slips = SLIPS[chapter.topic][learner]
    assert found == {name: slip.misconception for name, slip in slips.items()}
    for name in slips:
        sentence = misconception(chapter, name, slips[name].misconception).sentence
        assert verdicts[name].explanation == f"Your numbers match {sentence}"
        assert "expected" not in verdicts[name].detail, "a secret case's value is shown"


def misconception(chapter: Chapter, exercise: str, name: str) -> Misconception:
    item = chapter.item(exercise)
    assert isinstance(item, Exercise)
    return next(known for known in item.misconceptions if known.name == name)


@every_chapter
@pytest.mark.parametrize("learner", SENTENCES)
def test_what_fails_is_said_and_costs_its_exercise_alone(everyone: Graded, learner: str, chapter: Chapter) -> None:
    verdicts = everyone.result(learner, chapter).verdicts
    (wrong,) = [verdict for verdict in verdicts.values() if not verdict.right]
    assert wrong.exercise == first_graded(chapter).name
    assert wrong.explanation == SENTENCES[learner]


@every_chapter
def test_an_attack_wins_nothing(everyone: Graded, chapter: Chapter) -> None:
    verdicts = everyone.result("mallory", chapter).verdicts
    assert not any(verdicts[exercise.name].right for exercise in chapter.exercises)
    assert all(verdicts[exercise.name].passed == 0 for exercise in chapter.exercises)


@every_chapter
def test_a_blank_answer_is_not_called_wrong(everyone: Graded, chapter: Chapter) -> None:
    assert {verdict.kind for verdict in everyone.result("gwen", chapter).verdicts.values()} == {"unanswered"}


def test_the_batch_is_complete(everyone: Graded) -> None:
    for chapter in SELECTED:
        assert f"{chapter.slug}: {len(CLASS)} submissions" in everyone.output
        assert [r.submission.learner for r in graded(everyone.classroom, chapter)] == sorted(x.name for x in CLASS)
        assert all(everyone.classroom.autograded(x.name, chapter).is_file() for x in CLASS)
    assert "Traceback" not in everyone.output


def test_nothing_outside_the_class_is_touched(everyone: Graded) -> None:
    assert everyone.after == everyone.before


def test_no_process_is_left(everyone: Graded) -> None:
    assert not everyone.left_running


def test_what_was_printed_without_end_is_not_kept(everyone: Graded) -> None:
    sizes = [path.stat().st_size for path in everyone.classroom.folder.rglob("*") if path.is_file()]
    assert sum(sizes) < 50 * 2**20, "one submission alone printed twice as much, in each chapter"


class Page(HTMLParser):
    """Collects what a page of HTML would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        handlers = [name for name, value in attrs if name.startswith("on") or (value or "").startswith("javascript:")]
        if tag in ("script", "img", "iframe", "object", "embed", "link") or handlers:
            self.active.append(self.get_starttag_text() or tag)


@every_chapter
def test_html_in_prose_and_names_is_dead(everyone: Graded, chapter: Chapter) -> None:
    page = Page()
    page.feed(render(everyone.result("oskar", chapter)))
    assert not page.active
    notebook = nbformat.read(everyone.classroom.autograded("oskar", chapter), as_version=4)
    (prose,) = [
        cell.source
        for cell in notebook.cells
        for item in chapter.items
        if isinstance(item, Written) and cell.metadata.get("nbgrader", {}).get("grade_id") == item.name
    ]
    formgrader = Page()
    formgrader.feed(sanitized_html(prose))
    assert "pass each way" in prose and not any("script" in tag or "on" in tag for tag in formgrader.active)
    assert (everyone.classroom.folder / "submitted" / "oskar" / chapter.slug / PAGE_IN_A_NAME).is_file()
    assert not list((everyone.classroom.folder / "autograded").rglob(PAGE_IN_A_NAME))


def test_the_demos_table_has_everybody_and_every_slip(
    everyone: Graded, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.demo.console", Console(width=400))
    show_results(everyone.classroom, SELECTED)
    shown = capsys.readouterr().out
    for learner in CLASS:
        assert learner.name in shown and learner.story in shown
    for chapter in SELECTED:
        for slips in SLIPS[chapter.topic].values():
            for name, slip in slips.items():
                assert f"{name}: {misconception(chapter, name, slip.misconception).sentence}" in shown
