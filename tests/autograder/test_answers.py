"""The answers' text in damaged, reordered and lying notebooks."""

from __future__ import annotations

import json

import pytest

from autograder import source
from autograder.answers import Cell, UnreadableNotebook, answer_texts, defines, quiz_letters, read_cells
from autograder.chapters import chapter
from autograder.exercise import Quiz

CHAPTER = chapter("01_backprop")
RIGHT = source.reference_text("backprop", "sigmoid")
STUB = source.stub_text("backprop", CHAPTER.exercises[0])
QUIZ = next(item for item in CHAPTER.items if isinstance(item, Quiz))


def cell(text, grade_id="", kind="code"):
    return Cell(kind, grade_id, text)


def sigmoid_in(*cells):
    return answer_texts(CHAPTER, list(cells)).get("sigmoid", "").strip()


def test_an_answer_is_found_by_its_grade_id():
    assert sigmoid_in(cell("def sigmoid(z): return 0"), cell(RIGHT, "sigmoid")) == RIGHT


def test_a_deleted_answer_cell_is_replaced_by_the_last_definition():
    assert sigmoid_in(cell("def sigmoid(z):\n    return 0"), cell(RIGHT)) == RIGHT


def test_of_duplicated_cells_the_last_that_is_no_stub_counts():
    assert sigmoid_in(cell(RIGHT, "sigmoid"), cell(STUB, "sigmoid")) == RIGHT


def test_a_stub_is_no_answer_and_an_answer_elsewhere_counts():
    assert sigmoid_in(cell(STUB, "sigmoid")) == ""
    assert sigmoid_in(cell(STUB, "sigmoid"), cell(RIGHT)) == RIGHT


def test_magics_become_python():
    text = sigmoid_in(cell("%matplotlib inline\n" + RIGHT, "sigmoid"))
    assert "get_ipython()" in text and "%matplotlib" not in text


@pytest.mark.parametrize("text", ["sigmoid = 3 +", "\0", "def sigmoid(z):\n" + "(" * 5000])
def test_text_that_is_no_python_is_still_an_answer_by_its_id(text):
    assert sigmoid_in(cell(text, "sigmoid")) == text.strip()


def test_names_are_bound_at_the_top_level_only():
    assert defines("sigmoid = lambda z: z", "sigmoid")
    assert not defines("def other():\n    def sigmoid(z): pass", "sigmoid")
    assert not defines("print(sigmoid)", "sigmoid")


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ('{} = "b"', "b"),
        ("{} = 'CA'", "ac"),
        ('{} = "a, c"', "ac"),
        ('{} = ""', None),
        ("{} = open", None),
        ('{} = "z"', None),
    ],
)
def test_quiz_answers_are_literals(text, letters):
    assert quiz_letters(QUIZ, text.format(QUIZ.name)) == letters


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"cells": 3}', b"[" * 100_000, b"\xff\xfe", b'{"cells": ' + b"[" * 5000]
)
def test_an_unreadable_notebook_is_said_to_be_one(content, tmp_path):
    path = tmp_path / "backprop.ipynb"
    path.write_bytes(content)
    with pytest.raises(UnreadableNotebook, match="backprop.ipynb"):
        read_cells(path)


def test_cells_with_lying_metadata_are_read_as_text(tmp_path):
    cells = [
        None, 3, {"cell_type": 5, "source": 7}, {"cell_type": "code", "source": ["a", 1, "b"], "metadata": []},
        {"cell_type": "code", "source": "c", "metadata": {"nbgrader": {"grade_id": {"x": 1}}}},
    ]  # fmt: skip
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert read_cells(path) == [Cell("", "", ""), Cell("code", "", "ab"), Cell("code", "", "c")]


def test_a_symbolic_link_is_not_followed(tmp_path):
    (tmp_path / "real.ipynb").write_text('{"cells": []}')
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "real.ipynb")
    with pytest.raises(UnreadableNotebook, match="not a plain file"):
        read_cells(tmp_path / "link.ipynb")
