"""Chapter source -> instructor's notebook -> learner's notebook.

``solutions/NN_topic/topic.py`` is prose, demos and one-line markers. ``build`` expands the markers
from ``dl_helpers`` and ``autograder/exercises``, runs the notebook, and lets nbgrader cut the
learner's version. Everything that it writes is a function of those sources.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

from autograder import source
from autograder.exercise import Chapter, Exercise, Quiz, Written

MARKERS = ("role", "exercise", "quiz", "reveal", "written")
OUTPUT_BYTES = 2 * 2**20
CELL_SECONDS = 120
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
QUIZ_HINT = "your choice: one letter, or several together"


class BuildError(ValueError):
    """A chapter that cannot be built; the message names the file, the cell and the reason."""


def source_path(root: Path, chapter: Chapter) -> Path:
    return root / "solutions" / chapter.slug / f"{chapter.topic}.py"


def solution_path(root: Path, chapter: Chapter) -> Path:
    return root / "solutions" / chapter.slug / f"{chapter.topic}.ipynb"


def course_path(root: Path, chapter: Chapter) -> Path:
    return root / "course" / chapter.slug / f"{chapter.topic}.ipynb"


def build(root: Path, chapter: Chapter) -> None:
    """Write the chapter's two notebooks: built, run, cut. Raises ``BuildError``; then nothing is written."""
    notebook = solution_notebook(root, chapter)
    execute(root, chapter, notebook)
    student = student_notebook(root, chapter, notebook)
    for path, content in ((solution_path(root, chapter), notebook), (course_path(root, chapter), student)):
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(content, path)


def stale(root: Path, chapter: Chapter) -> list[str]:
    """What the committed notebooks have that a build would not give; empty when they are up to date.

    Compares cell sources, ids and nbgrader's metadata, never outputs; runs nothing of the notebook."""
    fresh = solution_notebook(root, chapter)
    pairs = [
        (solution_path(root, chapter), fresh),
        (course_path(root, chapter), student_notebook(root, chapter, fresh)),
    ]
    findings = []
    for path, expected in pairs:
        name = path.relative_to(root)
        if not path.is_file():
            findings.append(f"{name} is missing")
            continue
        have, want = _essence(nbformat.read(path, as_version=4)), _essence(expected)
        if have != want:
            first = next(
                (i for i, (a, b) in enumerate(zip(have, want, strict=False)) if a != b), min(len(have), len(want))
            )
            findings.append(f"{name} is stale from cell {first + 1} on")
    return findings


def solution_notebook(root: Path, chapter: Chapter) -> NotebookNode:
    """The instructor's notebook, not yet run."""
    path = source_path(root, chapter)
    if not path.is_file():
        raise BuildError(f"{path.relative_to(root)} is missing: it is the chapter's source")
    script = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})
    placed: list[str] = []
    for number, cell in enumerate(script.cells, start=1):
        try:
            notebook.cells.extend(_expand(chapter, cell, placed))
        except (ValueError, KeyError) as error:
            raise BuildError(f"{path.relative_to(root)}, cell {number}: {error}") from error
    expected = [item.name for item in chapter.items]
    if placed != expected:
        missing, wrong = [n for n in expected if n not in placed], [n for n in placed if n not in expected]
        order = "" if missing or wrong else f"; the order differs: {placed} against {expected}"
        raise BuildError(f"{path.relative_to(root)}: exercises without a marker: {missing}; unknown: {wrong}{order}")
    _set_ids(notebook)
    nbformat.validate(notebook)
    return notebook


def student_notebook(root: Path, chapter: Chapter, notebook: NotebookNode) -> NotebookNode:
    """The learner's notebook, cut by nbgrader's own converter in a folder of its own."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        path = work / "source" / chapter.slug / f"{chapter.topic}.ipynb"
        path.parent.mkdir(parents=True)
        copy = nbformat.from_dict(notebook)
        copy.metadata.pop("widgets", None)  # nbgrader would keep the rendered solution figures
        nbformat.write(copy, path)
        config = Config()
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
        config.GenerateAssignment.preprocessors = STUDENT_PREPROCESSORS
        config.BaseConverter.force = True
        config.ClearSolutions.code_stub = {"python": source.STUB}
        course = CourseDirectory(config=config, root=str(work), assignment_id=chapter.slug)
        before = Path.cwd()
        try:
            GenerateAssignment(coursedir=course, config=config).start()
        finally:
            os.chdir(before)
        student = nbformat.read(work / "release" / chapter.slug / f"{chapter.topic}.ipynb", as_version=4)
    leaked = leaks(chapter, student)
    if leaked:
        raise BuildError(f"{chapter.slug}: the learner's notebook holds {leaked[0]}")
    return student


STUDENT_PREPROCESSORS = [
    "nbgrader.preprocessors.LockCells",
    "autograder.preprocessors.ClearAnswers",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
]


def leaks(chapter: Chapter, student: NotebookNode) -> list[str]:
    """What a learner's notebook holds of the solutions: a region marker, a solution line in an answer
    cell, a quiz's key, a model answer."""
    found = []
    by_id = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in student.cells}
    for cell in student.cells:
        if "BEGIN SOLUTION" in cell.source or "HIDDEN TESTS" in cell.source:
            found.append(f"a solution region in cell {cell.id}")
    for item in chapter.items:
        text = by_id.get(item.name, "")
        if isinstance(item, Exercise) and text.strip() != source.stub_text(chapter.topic, item).strip():
            found.append(f"more than the stub of {item.name}")
        if isinstance(item, Quiz) and text.strip() != quiz_stub(item):
            found.append(f"an answer to the quiz {item.name}")
        if isinstance(item, Written) and any(item.model_answer in cell.source for cell in student.cells):
            found.append(f"the model answer of {item.name}")
    return found


def execute(root: Path, chapter: Chapter, notebook: NotebookNode) -> None:
    """Run the notebook in place, in an empty folder, and keep the outputs that a page can show."""
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            record_timing=False,
            allow_errors=False,
            force_raise_errors=True,
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute(env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
        except CellExecutionError as error:
            raise BuildError(f"{source_path(root, chapter).relative_to(root)}: a cell fails\n{error}") from None
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _static([output for output in cell.outputs if _shown(output)])
            cell.metadata.pop("execution", None)
    size = sum(len(str(cell.get("outputs", ""))) for cell in notebook.cells)
    if size > OUTPUT_BYTES:
        raise BuildError(
            f"{chapter.slug}: the outputs take {size / 2**20:.1f} MB, at most {OUTPUT_BYTES // 2**20} are stored"
        )


def quiz_stub(question: Quiz) -> str:
    """The answer cell of a quiz as a learner receives it."""
    return f'{question.name} = ""  # {QUIZ_HINT}'


def _expand(chapter: Chapter, cell: NotebookNode, placed: list[str]) -> Iterator[NotebookNode]:
    """The notebook cells that a source cell stands for; a marker adds its name to ``placed``."""
    metadata = dict(cell.metadata)
    metadata.pop("lines_to_next_cell", None)
    unknown = sorted(set(metadata) - set(MARKERS))
    if unknown:
        raise ValueError(f'metadata {", ".join(unknown)}: known are {", ".join(MARKERS)}, each written key="value"')
    if len(metadata) > 1:
        raise ValueError("a cell carries one marker")
    if not metadata:
        if cell.cell_type == "code" and re.search(r"^\s*# %%", cell.source, re.MULTILINE):
            raise ValueError("a line '# %%' inside a code cell splits it: write it otherwise")
        yield _prose(cell.source) if cell.cell_type == "markdown" else _code(cell.source, tags=["demo"])
        return
    ((kind, value),) = metadata.items()
    if cell.source.strip():
        raise ValueError(f"{kind}={value!r}: the cell of a marker is empty, its content is built")
    if kind == "role":
        if value != "setup":
            raise ValueError(f"role={value!r}: the only role to mark is setup; all other code is demo")
        yield _code(source.setup_text(chapter.topic), tags=["setup"])
        yield _code(_opening(chapter), tags=["demo"])
        return
    item = chapter.item(value)
    if kind == "reveal":
        if not isinstance(item, Quiz):
            raise ValueError(f"{value} is no quiz")
        yield _code(f"reveal({item.name}={item.name})", tags=["demo"])
        return
    if kind != {Exercise: "exercise", Quiz: "quiz", Written: "written"}[type(item)]:
        raise ValueError(f"{value} is no {kind}")
    placed.append(value)
    if isinstance(item, Exercise):
        source.check_names(chapter, item)
        yield _prose(_exercise_heading(item))
        yield _solution(_code(source.solution_text(chapter.topic, item), tags=["answer"]), item.name)
        yield _graded(f"check({item.name})", item)
    elif isinstance(item, Quiz):
        yield _prose(_quiz_prose(item))
        yield _solution(_code(f'{item.name} = "{item.key}"  # {QUIZ_HINT}', tags=["answer"]), item.name)
        yield _graded(f"quiz({item.name}={item.name})", item)
    else:
        yield _prose(f"#### In your own words · {_points(item.points)}\n\n{item.question}")
        yield _manual(item)


def _opening(chapter: Chapter) -> str:
    return (
        "from autograder.checking import open_chapter\n\n"
        f'check, hint, yours, quiz, reveal = open_chapter("{chapter.slug}")'
    )


def _exercise_heading(exercise: Exercise) -> str:
    worth = _points(exercise.points) if exercise.points else "practice"
    names = _series([f"`{name}`" for name in exercise.uses]) if exercise.uses else ""
    uses = f"\n\nIt may call {names}; the check lends it the course's own." if names else ""
    minutes = "1 minute" if exercise.minutes == 1 else f"{exercise.minutes} minutes"
    return f"#### Exercise · `{exercise.name}` · {'★' * exercise.stars} · {minutes} · {worth}{uses}"


def _quiz_prose(question: Quiz) -> str:
    kind = f"Quiz · {_points(question.points)}" if question.points else "Predict, then run"
    choices = "\n".join(f"- **({letter})** {choice.text}" for letter, choice in question.lettered())
    return f"#### {kind}\n\n{question.question}\n\n{choices}"


def _points(points: float) -> str:
    return "1 point" if points == 1 else f"{points:g} points"


def _series(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _prose(text: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text)


def _code(text: str, tags: list[str]) -> NotebookNode:
    return nbformat.v4.new_code_cell(text, metadata={"tags": tags})


def _solution(cell: NotebookNode, grade_id: str) -> NotebookNode:
    cell.metadata["nbgrader"] = _nbgrader(grade_id, solution=True)
    return cell


def _graded(text: str, item: Exercise | Quiz) -> NotebookNode:
    # The tag lets "Restart and run all" go on past a wrong answer.
    cell = _code(text, tags=["raises-exception"])
    cell.metadata["nbgrader"] = _nbgrader(f"check_{item.name}", grade=True, locked=True, points=item.points)
    return cell


def _manual(item: Written) -> NotebookNode:
    cell = _prose(item.model_answer)
    cell.metadata["nbgrader"] = _nbgrader(item.name, grade=True, solution=True, points=item.points)
    return cell


def _nbgrader(
    grade_id: str, *, grade: bool = False, solution: bool = False, locked: bool = False, points: float | None = None
) -> dict[str, Any]:
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    worth = {} if points is None else {"points": points}
    return {"grade_id": grade_id, "schema_version": 3, **flags, **worth}


def _set_ids(notebook: NotebookNode) -> None:
    """Ids that depend on the content alone: an exercise's from its grade id, prose from its text."""
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        base = grade_id.replace("_", "-")[:48] if grade_id else hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[base] = seen.get(base, 0) + 1
        cell["id"] = base if seen[base] == 1 else f"{base}-{seen[base]}"


def _essence(notebook: NotebookNode) -> list[tuple[str, str, str, Any, Any]]:
    """What the stale check compares; a checksum is nbgrader's own function of the rest."""
    essence = []
    for cell in notebook.cells:
        nbgrader = {k: v for k, v in cell.metadata.get("nbgrader", {}).items() if k != "checksum"}
        essence.append((cell.id, cell.cell_type, cell.source, nbgrader, cell.metadata.get("tags")))
    return essence


def _shown(output: NotebookNode) -> bool:
    """Progress bars and widgets without a static form are for a live notebook."""
    if output.output_type == "stream":
        return output.name == "stdout"
    return output.output_type != "display_data" or "application/vnd.jupyter.widget-view+json" not in output.data


def _static(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs as a page shows them: printed text in one piece, of a progress bar its last state."""
    pieces: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "execute_result":
            output.execution_count = None
        if output.output_type == "stream" and pieces and pieces[-1].output_type == "stream":
            pieces[-1].text += output.text
        else:
            pieces.append(output)
    for output in pieces:
        if output.output_type == "stream":
            output.text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in output.text.split("\n"))
    return pieces
