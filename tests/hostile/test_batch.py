"""A class full of hostile files through the commands: everybody else is graded, and nothing is let in or out."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from autograder import grading, source
from autograder.chapters import chapter
from autograder.classroom import Classroom
from autograder.command_line import app
from autograder.exercise import Quiz, Written
from autograder.gradebook import Gradebook
from autograder.grading import Grader, NotGraded, Settings
from autograder.preprocessors import sanitized_html
from autograder.sandbox.limits import Limits

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SELECTED = chapter("01_backprop")
PROSE = next(item for item in SELECTED.items if isinstance(item, Written)).name
RIGHT = {"sigmoid": source.reference_text(SELECTED.topic, "sigmoid")} | {
    item.name: f'{item.name} = "{item.key}"' for item in SELECTED.items if isinstance(item, Quiz)
}
WORTH = sum(SELECTED.item(name).points for name in RIGHT)
FORGED = "import autograder.running as r\nr._changed = lambda *a: [[1], {'a': 1}]\n"
CODE = {
    "unhashable": {"sigmoid": FORGED + RIGHT["sigmoid"]},
    "surrogates": {"sigmoid": "def sigmoid(z):\n    return '\ud800'", PROSE: "<b>\udfff"},
    "magics": {"sigmoid": "%x\n" * 600},
    "escapes": {"sigmoid": "class \uff21(Exception): pass\ndef sigmoid(z):\n    raise \uff21('\x1b[2J<script>')"},
    "pages": {"sigmoid": "x = '</pre><script>alert(1)</script>'", PROSE: "</p><script>alert(1)</script>{{ 7 * 7 }}"},
    "longest": {"sigmoid": "def sigmoid(z):\n    return z\n" + "#" * 99_000, PROSE: "<b>" * 33_000},
}


def command(course: Path, *arguments: str, code: int = 0) -> str:
    run = subprocess.run(
        arguments, cwd=course, env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout + run.stderr


def autograder(course: Path, *arguments: str) -> str:
    output = command(course, sys.executable, "-m", "autograder.command_line", *arguments)
    assert "Traceback" not in output
    return output


def fill(course: Path, hand_in) -> None:
    for learner, texts in {"ada": RIGHT, **CODE, "zora": RIGHT}.items():
        path = hand_in(learner, {})
        notebook = json.loads(path.read_text())
        for cell in notebook["cells"]:
            cell["source"] = texts.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"])
        path.write_text(json.dumps(notebook))  # which can hold half a character, as no text file can
    submitted = course / "classroom" / "submitted"
    for learner in ("=cmd", "<img src=x onerror=alert(1)>", "a\x1b]0;x\x07"):
        hand_in(learner, RIGHT)
    os.rename(os.fsencode(submitted) + b"/=cmd", os.fsencode(submitted) + b"/\xff\xfe")
    hand_in("=cmd", RIGHT)
    hand_in("late", RIGHT)
    (submitted / "late" / SELECTED.slug / "timestamp.txt").write_text("the day before yesterday")
    for learner in ("fifo", "doubled", "lying"):
        hand_in(learner, RIGHT)
    path = submitted / "fifo" / SELECTED.slug / "backprop.ipynb"
    path.unlink()
    os.mkfifo(path)
    for learner in ("doubled", "lying"):
        path = submitted / learner / SELECTED.slug / "backprop.ipynb"
        notebook = json.loads(path.read_text())
        if learner == "doubled":
            notebook["cells"] *= 2
        else:
            for cell in notebook["cells"]:
                nbgrader = cell["metadata"].get("nbgrader", {})
                nbgrader |= {"points": 10**6, "grade": True, "solution": True, "locked": False, "schema_version": 3}
        path.write_text(json.dumps(notebook))


def test_a_hostile_class_is_graded_to_its_end(course: Path, hand_in, monkeypatch) -> None:
    fill(course, hand_in)
    output = autograder(course, "grade", "--workers", "1")
    assert output.isprintable() or "\x1b" not in output.replace("\x1b[", "")
    for words in ("'=cmd' is passed over", "\\xff", "late: timestamp.txt holds no date", "fifo: backprop.ipynb is not"):
        assert words in output.replace("\\udcff", "\\xff")
    monkeypatch.chdir(course)
    for arguments in (["grade"], ["feedback"], ["export", "--output", "scores.csv"]):
        again = CliRunner().invoke(app, arguments)
        assert again.exit_code == 0, again.output
    with (course / "scores.csv").open(encoding="utf-8") as file:
        rows = {row["learner"]: float(row["score"]) for row in csv.DictReader(file)}
    assert set(rows) == {"ada", "zora", *CODE, "late", "fifo", "doubled", "lying"}
    for learner in ("ada", "zora", "late", "doubled", "lying"):
        assert rows[learner] == WORTH
    assert rows["unhashable"] == 2
    assert [rows[name] for name in ("surrogates", "magics", "escapes", "pages", "longest", "fifo")] == [0] * 6
    for learner in rows:
        page = Classroom(course).feedback(learner, SELECTED)
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text and "{{" not in text.replace("{{ 7 * 7 }}", "") and len(text) < 500_000
        notebook = nbformat.read(Classroom(course).autograded(learner, SELECTED), as_version=4)
        (prose,) = [c.source for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == PROSE]
        assert "<script" not in sanitized_html(prose)
    secret = Classroom(course).secret().hex()
    for path in (course / "classroom" / "feedback").rglob("*.html"):
        assert secret not in path.read_text()


def test_nbgraders_own_command_follows_no_link(course: Path, hand_in) -> None:
    Classroom(course).secret()
    Gradebook(Classroom(course), SELECTED).database.close()  # registers the chapter
    bad = hand_in("mallory", RIGHT)
    (bad.parent / "data.txt").symlink_to(course / "classroom" / "secret")
    (bad.parent / "endless.txt").symlink_to("/dev/zero")
    (bad.parent / "more").mkdir()
    (bad.parent / "more" / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(bad.parent / "waits.txt")
    (bad.parent / "figure.png").write_bytes(b"a picture")
    command(course, sys.executable, "-m", "nbgrader", "autograde", SELECTED.slug, "--force")
    graded = course / "classroom" / "autograded"
    copied = {path.name for path in (graded / "mallory").rglob("*") if path.is_file()}
    assert copied == {"backprop.ipynb", "figure.png"}
    assert (course / "classroom" / "secret").is_file()


def test_where_the_grader_itself_fails_the_others_are_graded_and_it_is_said(course: Path, hand_in, monkeypatch) -> None:
    for learner in ("ada", "mallory", "zora"):
        hand_in(learner, RIGHT)

    class Here:
        """Stands for the pool: grades in this process."""

        def submit(self, function, task):
            from concurrent.futures import Future

            future: Future = Future()
            try:
                if task.learner == "mallory":
                    raise TypeError("unhashable \x1b[2J")
                future.set_result(grader.grade(task))
            except TypeError as error:
                future.set_exception(error)
            return future

    from contextlib import contextmanager

    @contextmanager
    def here(*arguments):
        yield Here()

    monkeypatch.setattr(grading, "_pool", here)
    settings = Settings(Limits())
    secret = Classroom(course).secret()
    done = []
    with grading.student_edition(SELECTED) as edition, Grader(SELECTED, edition, secret, settings) as grader:
        results = grading.grade(Classroom(course), SELECTED, workers=1, settings=settings)
        with pytest.raises(NotGraded, match=r"mallory \(TypeError") as failure:
            for result in results:
                done.append(result.submission.learner)
    assert sorted(done) == ["ada", "zora"]
    assert str(failure.value).isprintable()


@pytest.mark.parametrize(
    "prose",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x]( javascript:alert(1))",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "![x](javascript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](&amp;#106;avascript:alert(1))",
        "[x](javascript&colon;alert(1))",
        "[x](javascript\\:alert(1))",
        "[x](<javascript:alert(1)>)",
        "[x](data:text/html,<script>alert(1)</script>)",
        "<javascript:alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<scr<script>ipt>alert(1)</script>",
        "<svg/onload=alert(1)>",
        "`<img src=x onerror=alert(1)>`",
        "```html\n<script>alert(1)</script>\n```",
        '![a" onerror="alert(1)](x)',
        "$\\href{javascript:alert(1)}{x}$",
        "$\\hr\\hrefef{javascript:alert(1)}{x}$",
        "$\\h<!-- -->ref{javascript:alert(1)}{x}$",
        "&#92;href{javascript:alert(1)}{x}",
        "$$</p><script>alert(1)</script>$$",
        "<b>" * 5_000 + "<script>alert(1)</script>",
        "<noscript><p title='</noscript><script>alert(1)</script>'>",
    ],
)
def test_prose_runs_nothing_where_it_is_shown(prose: str) -> None:
    """As formgrader shows it: Markdown made HTML, sanitized, and its math made links by MathJax."""
    active = []

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            reached = [(value or "").lower().strip() for name, value in attributes if name in ("href", "src")]
            if tag == "script" or any(name.startswith("on") for name, _ in attributes):
                active.append(tag)
            active.extend(url for url in reached if url.startswith(("javascript:", "data:", "vbscript:")))

    page = sanitized_html(prose)
    Page().feed(page)
    assert not active and "\\href" not in page
