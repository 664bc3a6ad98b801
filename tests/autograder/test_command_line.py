"""The commands as an instructor runs them, and one clear sentence for whatever is not as it should be."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder import source
from autograder.chapters import chapter
from autograder.classroom import Classroom, ClassroomError
from autograder.exercise import Quiz

SELECTED = chapter("01_backprop")
RIGHT = {e.name: source.reference_text(SELECTED.topic, e.name) for e in SELECTED.exercises} | {
    q.name: f'{q.name} = "{q.key}"' for q in SELECTED.items if isinstance(q, Quiz)
}
AUTOMATIC = sum(item.points for item in SELECTED.items if item.name in RIGHT)
pytestmark = pytest.mark.slow


def autograder(folder: Path, *arguments: str, path: str | None = None, code: int | None = 0) -> str:
    """Run a command in a folder; its output, standard error included."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "200"}
    if path is not None:
        environment["PATH"] = path
    run = subprocess.run(
        [sys.executable, "-m", "autograder.command_line", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    output = run.stdout + run.stderr
    assert code is None or run.returncode == code, output
    assert "Traceback" not in output, output
    return output


def scores(course: Path) -> dict[str, dict[str, str]]:
    autograder(course, "export", "--output", "scores.csv")
    with (course / "scores.csv").open() as file:
        return {row["learner"]: row for row in csv.DictReader(file)}


def test_a_class_is_graded_once_and_comes_out_as_grades_feedback_and_csv(course, hand_in):
    hand_in("ada", RIGHT)
    hand_in("blank", {})
    first = autograder(course, "grade")
    assert f"2 submissions, {len(SELECTED.exercises)} answers run" in first
    assert "2 submissions, 0 answers run" in autograder(course, "grade")
    rows = scores(course)
    assert float(rows["ada"]["score"]) == AUTOMATIC and float(rows["blank"]["score"]) == 0
    assert f"{len(SELECTED.exercises)} answers run" in autograder(course, "grade", "--regrade", "--only", "ada")
    autograder(course, "feedback")
    page = (course / "classroom" / "feedback" / "ada" / SELECTED.slug / f"{SELECTED.topic}.html").read_text()
    assert f"{AUTOMATIC:g} of" in page and "sigmoid: right." in page
    assert oct((course / "classroom" / "secret").stat().st_mode & 0o777) == "0o600"


def test_a_changed_answer_alone_is_run_again(course, hand_in):
    path = hand_in("ada", RIGHT)
    autograder(course, "grade")
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "sigmoid":
            cell["source"] = "def sigmoid(z):\n    return z"
    path.write_text(json.dumps(notebook))
    assert "1 submissions, 1 answers run" in autograder(course, "grade")
    worth = SELECTED.item("sigmoid").points
    assert float(scores(course)["ada"]["score"]) == AUTOMATIC - worth


def test_nbgraders_own_command_gives_the_same_scores_in_the_same_sandbox(course, hand_in):
    hand_in("ada", RIGHT)
    hand_in("cheat", {"sigmoid": "import os\nos._exit(0)"})
    autograder(course, "grade")
    before = scores(course)
    shutil.rmtree(course / "classroom" / "autograded")
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", SELECTED.slug, "--force"],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert scores(course) == before
    assert (course / "classroom" / "autograded" / "ada" / SELECTED.slug / f"{SELECTED.topic}.ipynb").is_file()


def test_a_manual_grade_stays_when_the_class_is_graded_again(course, hand_in):
    hand_in("ada", RIGHT)
    autograder(course, "grade")
    with sqlite3.connect(course / "classroom" / "gradebook.db") as database:
        database.execute(
            "UPDATE grade SET manual_score = 0.5 "
            "WHERE cell_id IN (SELECT id FROM base_cell WHERE name = 'check_sigmoid')"
        )
    autograder(course, "grade", "--regrade")
    assert float(scores(course)["ada"]["sigmoid"]) == 0.5


def test_check_judges_one_notebook_by_the_public_cases(course, hand_in):
    path = hand_in("ada", {**RIGHT, "sigmoid": "def sigmoid(z):\n    return 1.1 * z"})
    output = autograder(course, "check", "backprop", str(path))
    assert "sigmoid: the shape is right, the numbers are not." in output and "expected" in output
    assert "of" in output.splitlines()[-1]


def test_verify_says_what_this_machine_can_do(course):
    assert "01_backprop" in autograder(course, "verify")


def test_interrupted_between_gradebook_and_journal_the_next_run_writes_again(course, hand_in):
    hand_in("ada", RIGHT)
    autograder(course, "grade")
    (course / "classroom" / "gradebook.db").unlink()
    assert "1 submissions, 0 answers run" in autograder(course, "grade")
    assert float(scores(course)["ada"]["score"]) == AUTOMATIC


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade", "99_nothing"], "there is no chapter '99_nothing'; the chapters are 01_backprop"),
        (["grade"], "submitted is missing: put submissions into"),
        (["export"], "nothing is graded yet"),
        (["check", "backprop", "missing.ipynb"], "missing.ipynb is not a plain file"),
        (["build", "--check", "nothing"], "there is no chapter 'nothing'"),
    ],
)
def test_bad_input_gets_one_sentence(course, arguments, sentence):
    output = autograder(course, *arguments, code=1)
    assert sentence in output.replace("\n", " ")


def test_outside_the_course_it_says_so(tmp_path):
    assert "is not inside the course" in autograder(tmp_path, "grade", code=1)


def test_a_broken_notebook_costs_its_learner_alone_and_is_named(course, hand_in):
    hand_in("ada", RIGHT)
    hand_in("broken", {}).write_text('{"cells": [')
    other = hand_in("other", {})
    other.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "1", "metadata": {}}]}))
    linked = hand_in("linked", {})
    linked.unlink()
    linked.symlink_to("/etc/passwd")
    output = autograder(course, "grade")
    assert "broken: backprop.ipynb is not a notebook" in output
    assert "other: no cell of 01_backprop is in it" in output
    assert "linked: backprop.ipynb is not a plain file" in output
    rows = scores(course)
    assert [float(rows[name]["score"]) for name in ("ada", "broken", "other", "linked")] == [AUTOMATIC, 0, 0, 0]


def test_without_bubblewrap_nothing_is_run_and_the_remedy_is_named(course, hand_in, tmp_path):
    hand_in("ada", {"sigmoid": "open('/tmp/ran', 'w')"})
    output = autograder(course, "grade", path=str(tmp_path), code=1)
    assert "bubblewrap" in output and "install" in output
    assert not (course / "classroom" / "gradebook.db").exists()


def test_a_secret_that_others_can_read_is_refused(course, hand_in):
    hand_in("ada", RIGHT)
    (course / "classroom" / "secret").write_bytes(b"x" * 32)
    (course / "classroom" / "secret").chmod(0o644)
    assert "chmod 600" in autograder(course, "grade", code=1)


def test_an_unbuilt_course_says_what_to_run(course, hand_in):
    hand_in("ada", RIGHT)
    shutil.rmtree(course / "course")
    assert "run `autograder build 01_backprop`" in autograder(course, "grade", code=1)


def test_a_read_only_folder_gets_one_sentence(tmp_path, monkeypatch):
    def refuse(*arguments: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)  # root, whom CI may be, is stopped by no file mode
    with pytest.raises(ClassroomError, match="classroom cannot be written: Read-only file system"):
        Classroom(tmp_path).secret()


def test_what_lies_in_the_wrong_place_is_named(course, hand_in):
    hand_in("ada", RIGHT)
    path = hand_in("quin", RIGHT)
    path.rename(path.with_name("backprop (1).ipynb"))
    hand_in("dora", {}).parent.rename(course / "classroom/submitted/dora/backprop")
    (course / "classroom/submitted/mia.ipynb").touch()
    output = autograder(course, "grade")
    assert "'quin/01_backprop' is passed over: it holds no backprop.ipynb" in output
    assert "'dora/backprop' is passed over: a chapter's folder has the chapter's name" in output
    assert "'mia.ipynb' is passed over" in output and "1 submissions" in output


def test_an_interrupt_ends_a_run_at_once_and_leaves_nobody_behind(course, hand_in):
    hand_in("ada", {"sigmoid": "def sigmoid(z):\n    while True: pass"})
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.Popen(
        [sys.executable, "-m", "autograder.command_line", "grade"],
        cwd=course,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (course / "classroom" / "journal.db").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(5)  # the workers start; the answer runs for twenty seconds
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=15)  # the pipe closes when the last process that holds it has ended
    assert run.returncode == 130 and "run the same command again" in output
