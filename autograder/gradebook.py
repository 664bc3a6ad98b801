"""The one writer: verdicts into nbgrader's gradebook and the notebooks that formgrader shows."""

from __future__ import annotations

import os
import sys
import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook as NbgraderGradebook
from nbgrader.api import MissingEntry
from nbgrader.preprocessors import SaveCells
from sqlalchemy.exc import OperationalError, SAWarning

from autograder.build import course_path, solution_path
from autograder.classroom import Classroom, ClassroomError, handed_in
from autograder.exercise import Chapter, Written
from autograder.grading import Result
from autograder.judge import Verdict

WIDTH = 74  # characters of a line that formgrader's page shows


class Gradebook:
    """nbgrader's gradebook of a class. ``write`` is one transaction a submission and may be repeated."""

    def __init__(self, classroom: Classroom, chapter: Chapter) -> None:
        self.classroom, self.chapter = classroom, chapter
        master = course_path(classroom.root, chapter)
        if not master.is_file():
            raise ClassroomError(f"{master} is missing: run `autograder build {chapter.slug}`")
        self.master: NotebookNode = nbformat.read(master, as_version=4)
        # nbgrader starts `alembic` from the PATH when it makes a database; it is installed beside this Python.
        scripts = str(Path(sys.executable).parent)
        if scripts not in os.environ.get("PATH", "").split(os.pathsep):
            os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
        # nbgrader's own models load a row before it has a key, and link it before it is in the session; SQLAlchemy
        # remarks on it at every call.
        for message in ("fully NULL primary key identity", "Object of type .* not in session"):
            warnings.filterwarnings("ignore", message=message, category=SAWarning)
        try:
            self._register()
            self.database = NbgraderGradebook(classroom.gradebook, course_id="deep-learning-course")
            # One writer, and each submission once: what was loaded need not be asked for again after a commit. The
            # cells are held here, since the session itself forgets what nobody refers to.
            self.database.db().expire_on_commit = False
            notebook = self.database.find_notebook(chapter.topic, chapter.slug)
            self._cells = [*notebook.grade_cells, *notebook.solution_cells]
        except OperationalError as error:
            raise ClassroomError(f"the gradebook {classroom.gradebook} cannot be used: {error.orig}") from error

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.database.close()

    def has(self, result: Result) -> bool:
        """Whether the gradebook and formgrader's notebook exist for this submission."""
        try:
            self.database.find_submission(self.chapter.slug, result.submission.learner)
        except MissingEntry:
            return False
        return self.classroom.autograded(result.submission.learner, self.chapter).is_file()

    def write(self, result: Result) -> None:
        """Scores into the gradebook, the notebook with the answers into ``autograded/``."""
        learner = result.submission.learner
        self._write_notebook(result)
        self.database.update_or_create_student(learner)
        try:
            timestamp = handed_in(result.submission)
        except ValueError:  # the result's remark says so
            timestamp = None
        details = {"timestamp": timestamp} if timestamp else {}
        self.database.update_or_create_submission(self.chapter.slug, learner, **details)
        notebook = self.database.find_submission_notebook(self.chapter.topic, self.chapter.slug, learner)
        answered = {name for name in result.texts}
        for grade in notebook.grades:
            name = grade.name.removeprefix("check_")
            if isinstance(self.chapter.item(name), Written):
                grade.auto_score = None if name in answered else 0
                grade.needs_manual_grade = name in answered
            else:
                grade.auto_score = result.verdicts[name].points
                # As nbgrader does: a person's score stays, and the person is asked to look again.
                grade.needs_manual_grade = grade.manual_score is not None
        for comment in notebook.comments:
            comment.auto_comment = None if comment.name in answered else "No response."
        self.database.db.commit()

    def _register(self) -> None:
        """The chapter's cells and points, read from the instructor's notebook as nbgrader does it."""
        notebook = nbformat.read(solution_path(self.classroom.root, self.chapter), as_version=4)
        with NbgraderGradebook(self.classroom.gradebook, course_id="deep-learning-course") as database:
            database.update_or_create_assignment(self.chapter.slug)
        resources = {
            "nbgrader": {
                "notebook": self.chapter.topic,
                "assignment": self.chapter.slug,
                "db_url": self.classroom.gradebook,
            }
        }
        SaveCells().preprocess(notebook, resources)

    def _write_notebook(self, result: Result) -> None:
        notebook = graded_notebook(self.master, result.texts, result.verdicts)
        path = self.classroom.autograded(result.submission.learner, self.chapter)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        # As nbformat writes it, but not validated again: the released notebook is valid, and texts alone went in.
        partial.write_text(nbformat.v4.writes(notebook), encoding="utf-8")
        os.replace(partial, path)


def scores(classroom: Classroom, chapter: Chapter) -> list[dict[str, object]]:
    """A row a learner: total, maximum, late penalty, and the score of each item, as the gradebook has them."""
    if not (classroom.folder / "gradebook.db").is_file():
        return []
    rows: list[dict[str, object]] = []
    with NbgraderGradebook(classroom.gradebook, course_id="deep-learning-course") as database:
        for submission in database.assignment_submissions(chapter.slug):
            row: dict[str, object] = {
                "learner": submission.student.id,
                "chapter": chapter.slug,
                "score": submission.score,
                "late_penalty": submission.late_submission_penalty or 0,
                "maximum": submission.max_score,
                "needs_manual_grade": submission.needs_manual_grade,
            }
            for notebook in submission.notebooks:
                row |= {grade.name.removeprefix("check_"): grade.score for grade in notebook.grades}
            rows.append(row)
    return sorted(rows, key=lambda row: str(row["learner"]))


def graded_notebook(master: NotebookNode, texts: Mapping[str, str], verdicts: Mapping[str, Verdict]) -> NotebookNode:
    """The released notebook with a learner's answers in it and, under each graded cell, its verdict.

    Prose stays as the learner wrote it: it is sanitized where it is rendered (``preprocessors.sanitized_html``)."""
    notebook: NotebookNode = nbformat.from_dict(master)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if grade_id in texts and not grade_id.startswith("check_"):
            cell.source = texts[grade_id]
        verdict = verdicts.get(grade_id.removeprefix("check_")) if grade_id.startswith("check_") else None
        if verdict is not None:
            lines = "\n".join([verdict.headline, *verdict.sentences()]).splitlines()
            message = "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines)
            # A graded cell without a result would earn full marks in nbgrader's own scoring.
            cell.outputs = [
                nbformat.v4.new_output("stream", name="stdout", text=message),
                nbformat.v4.new_output("execute_result", {"text/plain": f"{verdict.points:g}"}, execution_count=1),
            ]
            cell.execution_count = 1
    return notebook
