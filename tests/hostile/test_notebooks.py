"""Hostile files in submitted/: read in bounded time on the trusted side, and never a reason to stop."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from autograder import answers
from autograder.answers import Cell, UnreadableNotebook, answer_texts, read_cells
from autograder.chapters import chapter
from autograder.classroom import Classroom, Submission, handed_in
from autograder.exercise import Quiz, Written
from autograder.feedback import render
from autograder.gradebook import graded_notebook
from autograder.grading import read
from autograder.judge import signature_problem

CHAPTER = chapter("01_backprop")
SIGMOID = CHAPTER.exercises[0]
N = 99_000  # just below what an answer may have

# Texts at which a parser, a tokenizer or IPython's transformation of magics is slow, deep or hungry.
SOURCES = {
    "600 magics": "%x\n" * 600,
    "magics above a long text": "%x\n" * 499 + "a=1\n" * 20_000,
    "questions above a long text": "x?\n" * 499 + "a=1\n" * 20_000,
    "assigned magics": "a = %x\n" * 499 + "b=1\n" * 10_000,
    "magics at odd line ends": "%x\u2028" * 499 + "%x\r" * 499,
    "one line of magics": "%" * N,
    "questions": "a" + "?" * N,
    "dots": "a." * 49_000 + "?!",
    "prompts": ">>> " * 20_000,
    "prompts of a notebook": "In [1]: " * 12_000,
    "parentheses": "(" * N,
    "signs": "-" * N + "1",
    "sums": "1" + "+1" * 49_000,
    "attributes": "a" + ".a" * 49_000,
    "calls": "a" + "()" * 49_000,
    "targets": "a = " * 24_000 + "1",
    "f-strings": "f'{" * 30_000,
    "elifs": "if 1: pass\n" + "elif 1: pass\n" * 7_000,
    "a long number": "9" * N,
    "spaces": " " * N,
    "tabs": "".join("\t" * (i % 100) + "x\n" for i in range(1_800)),
    "backslashes": "\\\n" * 49_000,
    "quotes": '"""' * 33_000,
    "zeros": "\0" * N,
    "half a character": "def sigmoid(z): return '\ud800'",
    "look-alikes": "def ѕigmoid(z): return z",
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_pathological_text_is_read_in_seconds_and_raises_nothing(name: str, tmp_path: Path) -> None:
    text = SOURCES[name]
    cells = [
        {"cell_type": "code", "source": text, "metadata": {"nbgrader": {"grade_id": "sigmoid"}}},
        *({"cell_type": "code", "source": f"backward\n{text}", "metadata": {}} for _ in range(3)),
    ]
    started = time.process_time()
    texts = answer_texts(CHAPTER, read_cells(_written(tmp_path, {"cells": cells})))
    signature_problem(SIGMOID, texts.get("sigmoid", ""))
    # Two texts of 100,000 characters, parsed a few times: 3 s at most. A transformation for each magic: minutes.
    assert time.process_time() - started < 15
    for found in texts.values():
        found.encode()


def _written(folder: Path, content: object) -> Path:
    path = folder / f"{CHAPTER.topic}.ipynb"
    path.write_text(json.dumps(content))
    return path


def test_looking_for_an_answer_does_not_take_longer_with_every_item(tmp_path: Path) -> None:
    """Cells that name every item and define none, as much code as is read at all: each is parsed once."""
    names = "\n".join(item.name for item in CHAPTER.items)
    filler = names + "\n" + "a = [1, 2, (3, 4)]\n" * 4_500
    cells = [{"cell_type": "code", "source": f"{filler}#{i}", "metadata": {}} for i in range(5)]
    started = time.process_time()
    assert answer_texts(CHAPTER, read_cells(_written(tmp_path, {"cells": cells}))) == {}
    assert time.process_time() - started < 15  # once for each item and cell: a minute


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([{}] * 10**6, "more than 2,000 cells"),
        ([{"cell_type": "code", "source": "a" * 99_000}] * 6, "characters of code"),
        ([{"cell_type": "code", "source": ["a\n"] * 10**6}], "characters of code"),
    ],
    ids=["cells", "code", "lines"],
)
def test_what_is_far_too_much_is_not_read(cells: list[object], words: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableNotebook, match=words):
        read_cells(_written(tmp_path, {"cells": cells}))


def test_a_notebook_of_plots_is_not_too_much(tmp_path: Path) -> None:
    plot = {"cell_type": "code", "source": "plot()", "outputs": [{"data": {"image/png": "A" * 10**6}}]}
    assert len(read_cells(_written(tmp_path, {"cells": [plot] * 15}))) == 15


def test_half_characters_reach_no_file(tmp_path: Path) -> None:
    """JSON can write one half of a surrogate pair; no text file, HTML page or database can hold it."""
    written = next(item for item in CHAPTER.items if isinstance(item, Written))
    cells = [
        {"cell_type": kind, "source": source, "metadata": {"nbgrader": {"grade_id": name}}}
        for kind, name, source in (
            ("code", "sigmoid", "def sigmoid(z):\n    return '\ud800'"),
            ("markdown", written.name, "<b>\udfff</b> and \U0001f600"),
        )
    ]
    result = read(Submission("ada", CHAPTER, _written(tmp_path, {"cells": cells})))
    assert "\U0001f600" in result.texts[written.name]
    render(result).encode()
    cell = nbformat.v4.new_markdown_cell(metadata={"nbgrader": {"grade_id": written.name}})
    nbformat.writes(graded_notebook(nbformat.v4.new_notebook(cells=[cell]), result.texts, {})).encode()


@pytest.mark.parametrize("kind", ["fifo", "folder", "socket", "device", "link", "broken link", "loop", "sparse"])
def test_what_is_no_plain_file_neither_hangs_nor_is_followed(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "backprop.ipynb"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as endpoint:
            endpoint.bind(os.path.relpath(path))
    elif kind == "device":
        try:
            os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero, which never ends
        except PermissionError:
            pytest.skip("only root can make a device")
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(10**12)
    else:
        path.symlink_to({"link": "/etc/passwd", "broken link": "nowhere", "loop": path}[kind])
    with pytest.raises(UnreadableNotebook):
        read_cells(path)


QUIZ = next(item for item in CHAPTER.items if isinstance(item, Quiz))
EVERY_LETTER = "".join(letter for letter, _ in QUIZ.lettered())


@pytest.mark.parametrize(
    "text",
    [
        '{n} = "' + EVERY_LETTER + '"',
        "{n} = True",
        "{n} = ...",
        '{n} = ["a", "b"]',
        '{n} = b"b"',
        '{n} = "a" or "b"',
        '{n} = f"{{n}}"',
        '{n} = open("/etc/passwd")',
        '{n} = "\uff42"',  # a full-width b
        '{n} = "b\u200b"',
        '{n} = "aa' + "b" * 1000 + '"',
        '{n} += "b"',
        '{n}: str = "b"',
        'if True:\n    {n} = "b"',
        '{n} = "' + "ab" * 40_000 + '"',
    ],
)
def test_an_odd_literal_earns_no_quiz_points(text: str) -> None:
    text = text.replace("{n}", QUIZ.name)
    if QUIZ.key == answers.quiz_letters(QUIZ, text):
        pytest.fail("the quiz's key was read out of something that is no plain answer")


def test_an_answer_may_not_be_tagged_into_another_items_place() -> None:
    """A right answer to one exercise is no answer to another, and a code cell is none to a written question."""
    written = next(item for item in CHAPTER.items if isinstance(item, Written))
    cells = [Cell("code", written.name, "text"), Cell("raw", "sigmoid", "x"), Cell("markdown", "sigmoid", "x")]
    assert answer_texts(CHAPTER, cells) == {}


NAMES = [
    "=HYPERLINK(1)", "-2+3", "+1", "@SUM(1)", "<img src=x onerror=alert(1)>", "a\nb", "a\x1b[2Jb", "a\u202eb", " a",
    "a;b", "\udcff", "a\\b", "a\u200bb", '"',
]  # fmt: skip


def test_names_that_are_no_learners_are_passed_over_and_said(tmp_path: Path) -> None:
    submitted = tmp_path / "classroom" / "submitted"
    honest = ["ada", "Zoë O'Neil", "李", "j.doe+1@example.org", "Smith, Jo (2)", "007"]
    for name in [*NAMES, *honest, ".hidden"]:
        path = submitted / name / CHAPTER.slug / "backprop.ipynb"
        path.parent.mkdir(parents=True)
        path.touch()
    (submitted / "linked").symlink_to(submitted / "ada")
    (submitted / "a file").touch()
    classroom = Classroom(tmp_path)
    assert [submission.learner for submission in classroom.submissions(CHAPTER)] == sorted(honest)
    said = classroom.passed_over(CHAPTER)
    assert len(said) == len(NAMES) + 1  # and the link
    assert all(sentence.isascii() and sentence.isprintable() for sentence in said)


@pytest.mark.parametrize(
    "content", [b"", b"tomorrow", b"\xff\xfe", b"9" * 100, b"0" * 10**7, b"10:10 +99:99", b"<script>\x1b[2J"]
)
def test_a_time_that_is_none_is_remarked_and_stops_nothing(content: bytes, tmp_path: Path) -> None:
    """The note lies in the learner's own folder, and comes with it."""
    submission = Submission("ada", CHAPTER, _written(tmp_path, {"cells": []}))
    (tmp_path / "timestamp.txt").write_bytes(content)
    with pytest.raises(ValueError, match="no date"):
        handed_in(submission)
    assert "timestamp.txt holds no date" in read(submission).remark
    assert read(submission).remark.isprintable()
    (tmp_path / "timestamp.txt").unlink()
    os.mkfifo(tmp_path / "timestamp.txt")
    assert handed_in(submission) is None


def test_memory_for_the_worst_notebook_is_bounded(tmp_path: Path) -> None:
    """Twenty megabytes of the smallest JSON objects: what is built of them stays below 1.5 GB and is given back."""
    path = tmp_path / "backprop.ipynb"
    path.write_bytes(b'{"cells":[' + b"{}," * (6 * 10**6) + b"{}]}")
    program = f"""
import resource
from pathlib import Path
from autograder.answers import UnreadableNotebook, read_cells
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**29, 3 * 2**29))
try:
    read_cells(Path({str(path)!r}))
except UnreadableNotebook as error:
    print(error)
"""
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60)
    assert "more than 2,000 cells" in run.stdout, run.stderr
