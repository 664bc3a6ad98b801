"""From markers to notebooks: what is written, what is refused, what makes a notebook stale."""

from __future__ import annotations

import nbformat
import pytest

from autograder import build, source
from autograder.build import BuildError, course_path, leaks, solution_notebook, solution_path, source_path, stale
from autograder.chapters import chapter
from autograder.exercise import Quiz

CHAPTER = chapter("01_backprop")


def edit(course, before, after):
    path = source_path(course, CHAPTER)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_a_fresh_build_is_not_stale(course):
    assert stale(course, CHAPTER) == []


def test_prose_that_changed_makes_both_notebooks_stale(course):
    path = source_path(course, CHAPTER)
    path.write_text(path.read_text() + "\n# %% [markdown]\n# One more word.\n")
    assert [finding.split(" is stale")[0] for finding in stale(course, CHAPTER)] == [
        "solutions/01_backprop/backprop.ipynb",
        "course/01_backprop/backprop.ipynb",
    ]


def test_outputs_do_not_make_a_notebook_stale_and_an_edited_cell_does(course):
    notebook = nbformat.read(solution_path(course, CHAPTER), as_version=4)
    code = next(cell for cell in notebook.cells if cell.cell_type == "code")
    code.outputs = [nbformat.v4.new_output("stream", text="other")]
    nbformat.write(notebook, solution_path(course, CHAPTER))
    assert stale(course, CHAPTER) == []
    code.source += "\n# by hand"
    nbformat.write(notebook, solution_path(course, CHAPTER))
    assert len(stale(course, CHAPTER)) == 1


def test_a_missing_notebook_is_named(course):
    course_path(course, CHAPTER).unlink()
    assert stale(course, CHAPTER) == ["course/01_backprop/backprop.ipynb is missing"]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('# %% exercise="sigmoid"', "# %% exercise=sigmoid", "known are role, exercise"),
        ('# %% exercise="sigmoid"', "# %% sigmoid", "known are role"),
        ('# %% exercise="sigmoid"', '# %% exercise="sigmoid" quiz="why_now"', "one marker"),
        ('# %% exercise="sigmoid"', '# %% exercise="sigmiod"', "no exercise 'sigmiod'"),
        ('# %% exercise="sigmoid"', '# %% quiz="sigmoid"', "sigmoid is no quiz"),
        ('# %% exercise="sigmoid"\n', '# %% exercise="sigmoid"\nx = 1\n', "the cell of a marker is empty"),
        ('# %% exercise="sigmoid"\n', "", "without a marker: ['sigmoid']"),
        ('# %% role="setup"', '# %% role="answer"', "the only role to mark is setup"),
        ('# %% role="setup"', '# %% role="setup"\n\n# %% reveal="sigmoid"', "sigmoid is no quiz"),
    ],
)
def test_a_marker_that_means_nothing_is_refused_with_its_cell(course, before, after, sentence):
    edit(course, before, after)
    with pytest.raises(BuildError, match="solutions/01_backprop/backprop.py") as caught:
        solution_notebook(course, CHAPTER)
    assert sentence in str(caught.value)


def test_markers_in_another_order_are_refused(course):
    edit(course, '# %% exercise="sigmoid"\n\n# %% exercise="sigmoid_derivative"',
         '# %% exercise="sigmoid_derivative"\n\n# %% exercise="sigmoid"')  # fmt: skip
    with pytest.raises(BuildError, match="the order differs"):
        solution_notebook(course, CHAPTER)


def test_a_cell_that_fails_stops_the_build_and_writes_nothing(course):
    path = source_path(course, CHAPTER)
    path.write_text('# %%\nraise RuntimeError("on purpose")\n\n' + path.read_text())
    before = solution_path(course, CHAPTER).read_bytes()
    with pytest.raises(BuildError, match="on purpose"):
        build.build(course, CHAPTER)
    assert solution_path(course, CHAPTER).read_bytes() == before


def test_a_leak_of_any_kind_is_found(course):
    exercise = CHAPTER.exercises[0]
    quiz = next(item for item in CHAPTER.items if isinstance(item, Quiz))
    clean = nbformat.read(course_path(course, CHAPTER), as_version=4)
    assert leaks(CHAPTER, clean) == []
    for name, text in (
        (exercise.name, source.reference_text(CHAPTER.topic, exercise.name)),
        (exercise.name, source.solution_text(CHAPTER.topic, exercise)),
        (quiz.name, f'{quiz.name} = "{quiz.key}"'),
    ):
        leaking = nbformat.from_dict(clean)
        for cell in leaking.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
                before, cell.source = cell.source, text
        assert leaks(CHAPTER, leaking), text
        for cell in leaking.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
                cell.source = before


def test_every_graded_cell_is_locked_tagged_and_worth_what_the_exercise_says(course):
    notebook = nbformat.read(course_path(course, CHAPTER), as_version=4)
    graded = {
        cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code"
    }  # fmt: skip
    for item in CHAPTER.exercises:
        cell = graded[f"check_{item.name}"]
        assert cell.source == f"check({item.name})"
        assert cell.metadata.nbgrader.points == item.points and cell.metadata.nbgrader.locked
        assert "raises-exception" in cell.metadata.tags and not cell.metadata.editable
