"""A course in a temporary folder, its notebooks made of the exercises alone: grading needs no prose."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import pytest

from autograder.build import course_path, solution_notebook, solution_path, source_path, student_notebook
from autograder.chapters import chapter
from autograder.exercise import Chapter, Exercise, Quiz

REPOSITORY = Path(__file__).parents[1]


def bare_source(selected: Chapter) -> str:
    """A chapter's source that holds its markers and nothing else."""
    kinds = {Exercise: "exercise", Quiz: "quiz"}
    markers = [f'# %% {kinds.get(type(item), "written")}="{item.name}"' for item in selected.items]
    return "\n\n".join(['# %% role="setup"', *markers]) + "\n"


def add_chapter(root: Path, selected: Chapter) -> None:
    source_path(root, selected).parent.mkdir(parents=True)
    course_path(root, selected).parent.mkdir(parents=True)
    source_path(root, selected).write_text(bare_source(selected))
    solution = solution_notebook(root, selected)
    nbformat.write(solution, solution_path(root, selected))
    nbformat.write(student_notebook(root, selected, solution), course_path(root, selected))


@pytest.fixture(scope="session")
def bare_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course's folder with chapter 01 in it; not to be written to."""
    root = tmp_path_factory.mktemp("bare") / "course-root"
    root.mkdir()
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    add_chapter(root, chapter("01_backprop"))
    return root


@pytest.fixture
def course(bare_course: Path, tmp_path: Path) -> Path:
    """A copy of the course's folder, to be graded in."""
    return Path(shutil.copytree(bare_course, tmp_path / "course-root"))


@pytest.fixture
def hand_in(course: Path) -> Callable[..., Path]:
    """``hand_in("ada", {"sigmoid": text})`` writes a submission; ``edit`` may change the notebook further."""

    def hand_in(
        learner: str,
        answers: Mapping[str, str],
        edit: Callable[[nbformat.NotebookNode], None] | None = None,
        name: str = "01_backprop",
    ) -> Path:
        selected = chapter(name)
        notebook = nbformat.read(course_path(course, selected), as_version=4)
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if grade_id in answers:
                cell.source = answers[grade_id]
        if edit is not None:
            edit(notebook)
        path = course / "classroom" / "submitted" / learner / selected.slug / f"{selected.topic}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook))
        return path

    return hand_in
