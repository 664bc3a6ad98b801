"""Every notebook: up to date, without leaks, running from top to bottom, within its limits."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.build import (
    OUTPUT_BYTES,
    course_path,
    leaks,
    solution_notebook,
    solution_path,
    source_path,
    stale,
    student_notebook,
)
from autograder.chapters import chapters
from autograder.exercise import Chapter

ROOT = Path(__file__).parents[2]
SECONDS = 60
every_chapter = pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.slug)


@every_chapter
def test_the_committed_notebooks_are_what_a_build_gives(chapter: Chapter) -> None:
    assert not stale(ROOT, chapter), "run `autograder build` and commit what it writes"


@every_chapter
def test_the_build_is_a_function_of_the_sources(chapter: Chapter) -> None:
    first, second = solution_notebook(ROOT, chapter), solution_notebook(ROOT, chapter)
    assert nbformat.writes(first) == nbformat.writes(second)
    assert nbformat.writes(student_notebook(ROOT, chapter, first)) == nbformat.writes(
        student_notebook(ROOT, chapter, second)
    )


@every_chapter
def test_the_learners_notebook_gives_no_answer_away(chapter: Chapter) -> None:
    student = nbformat.read(course_path(ROOT, chapter), as_version=4)
    assert not leaks(chapter, student)
    assert not any(cell.get("outputs") for cell in student.cells)
    assert "widgets" not in student.metadata
    files = {path.name for path in course_path(ROOT, chapter).parent.rglob("*") if path.is_file()}
    assert files == {f"{chapter.topic}.ipynb"}, "the learner's folder holds the notebook alone"


@every_chapter
def test_stored_outputs_are_small_and_say_what_pictures_show(chapter: Chapter) -> None:
    solution = nbformat.read(solution_path(ROOT, chapter), as_version=4)
    outputs = [output for cell in solution.cells for output in cell.get("outputs", [])]
    assert sum(len(str(output)) for output in outputs) <= OUTPUT_BYTES
    assert not any(output.output_type == "error" for output in outputs)
    bare = [output for output in outputs if "image/png" in output.get("data", {})]
    assert not bare, "a figure without alt text: show it with dl_helpers.plotting.show"
    pages = [output.data.get("text/html", "") for output in outputs if "data" in output]
    images = [page for page in pages if "<img" in page]
    assert images and all("alt=" in page for page in images)


@every_chapter
def test_the_solution_replays_with_nbval(chapter: Chapter) -> None:
    before = cpu_seconds_of_children()
    path = solution_path(ROOT, chapter)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "--nbval-cell-timeout=120",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    # Away from the repository's own pytest settings: here a notebook is the test.
    run = subprocess.run(
        [*command, "-c", os.devnull, f"--rootdir={path.parent}", str(path)],
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    # CPU time: on a busy machine the clock says little.
    assert cpu_seconds_of_children() - before < SECONDS, "a notebook runs in a minute on two cores"


def cpu_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@every_chapter
def test_in_the_learners_notebook_only_graded_cells_fail(chapter: Chapter, tmp_path: Path) -> None:
    notebook = nbformat.read(course_path(ROOT, chapter), as_version=4)
    client = NotebookClient(
        notebook, timeout=120, allow_errors=True, record_timing=False, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute(env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    for cell in notebook.cells:
        failed = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        graded = cell.metadata.get("nbgrader", {}).get("grade", False)
        if graded and cell.cell_type == "code" and cell.metadata.nbgrader.points:
            assert failed and failed[0].ename == "AnswerError", f"a blank answer passes: {cell.source}"
        elif not graded:
            assert not failed, f"{cell.source}\n{failed}"
    assert not list(tmp_path.iterdir()), "the notebook leaves files behind"


@every_chapter
def test_every_marker_of_the_source_is_a_line(chapter: Chapter) -> None:
    text = source_path(ROOT, chapter).read_text(encoding="utf-8")
    for item in chapter.exercises:
        assert text.count(f'exercise="{item.name}"') == 1
