"""CPU seconds that grading one ordinary submission takes: nbgrader's own way, the course's, and the least possible.

    python benchmarks/grading.py

grades the same submissions of chapter 01 in three ways, in turn, three times each, and takes medians:

- nbgrader: `nbgrader autograde`, one command for the class. The notebook holds the exercises alone, each with one test
  cell of asserts over the same cases; none of the chapter's demos run.
- chapter: the same command on the chapter's own notebook with its demos, as nbgrader runs it; one submission alone.
- course: `autograder grade`, sandbox, journal and gradebook included.
- floor: a warm process forks for each submission and runs the same answer cells and the same probes on the same cases.
  Nothing is protected, compared or kept.

CPU time is user and system time of the command and of all its descendants. A command's start is told apart from the
submissions by a second class, of one. Writes benchmarks/results/grading.json and docs/images/grading.png.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from datetime import date
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any

# Before NumPy and PyTorch are imported: more threads than one hang the forks of a process that has computed.
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import matplotlib.pyplot as plt  # noqa: E402
import nbformat  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402, F401  # the warm process holds what the course's does
from nbformat.v4 import new_code_cell, new_notebook  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from autograder import running, source  # noqa: E402
from autograder.build import KERNEL  # noqa: E402
from autograder.chapters import chapter  # noqa: E402
from autograder.classroom import Classroom  # noqa: E402
from autograder.demo import copy_course  # noqa: E402
from autograder.exercise import Exercise  # noqa: E402
from autograder.expectation import Expectation  # noqa: E402
from autograder.gradebook import Gradebook as CourseGradebook  # noqa: E402
from autograder.gradebook import scores  # noqa: E402
from autograder.probes import call  # noqa: E402
from autograder.sample_class import (  # noqa: E402
    Answers,
    but_one,
    different,
    filled_in,
    half_done,
    perfect,
    slips,
)
from autograder.values import Named, resolve  # noqa: E402
from dl_helpers.plotting import BLUE, GRAY, ORANGE, WIDTH, png, use_course_style  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "grading.json"
PLOT = ROOT / "docs" / "images" / "grading.png"
CHAPTER = chapter("01_backprop")
SECRET = bytes(32)
SUBMISSIONS, REPEATS = 14, 3
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h
WAYS = {"nbgrader": "nbgrader autograde", "course": "autograder grade", "floor": "fork and exec alone"}
CHAPTER_IN_NBGRADER = "chapter-one"
KINDS: tuple[Callable[..., Answers | None], ...] = (
    perfect,
    different,
    slips("bruno"),
    slips("carla"),
    slips("dmitri"),
    half_done,
    but_one("return None"),
)
# How an instructor who uses nbgrader alone would compare: by the same tolerances as the course.
COMPARE = """
from numpy import array, inf, nan


def compare(expected, got, relative, absolute):
    if isinstance(expected, (list, tuple)):
        assert len(expected) == len(got)
        for want, have in zip(expected, got):
            compare(want, have, relative, absolute)
    elif isinstance(expected, dict):
        assert expected.keys() == got.keys()
        for key in expected:
            compare(expected[key], got[key], relative, absolute)
    elif isinstance(expected, str):
        assert expected == got
    else:
        assert np.shape(expected) == np.shape(got)
        np.testing.assert_allclose(got, expected, rtol=relative, atol=absolute)
"""
STOCK_SETTINGS = """
c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
"""


def main() -> None:
    submissions = {
        f"learner{number:02d}": answers(CHAPTER) or {}
        for number, answers in enumerate(islice(cycle(KINDS), SUBMISSIONS))
    }
    alone = {"learner00": submissions["learner00"]}
    # A sandbox whose bubblewrap is killed leaves its processes to this one, so that their time is counted too.
    if ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("this system has no PR_SET_CHILD_SUBREAPER: CPU time cannot be counted")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name, learners in (("class", submissions), ("one", alone)):
            prepare_nbgrader(work / f"nbgrader-{name}", learners)
            prepare_course(work / f"course-{name}", learners)
        prepare_chapter(work / CHAPTER_IN_NBGRADER, alone)
        runs: dict[str, list[float]] = {}
        for repeat in range(1, REPEATS + 1):
            print(f"{repeat} of {REPEATS}: a few minutes", file=sys.stderr)
            for way, command in COMMANDS.items():
                for size in ("class", "one"):
                    used = measured(work / f"{way}-{size}", command)
                    runs.setdefault(f"{way}-{size}", []).append(used)
            runs.setdefault(CHAPTER_IN_NBGRADER, []).append(measured(work / CHAPTER_IN_NBGRADER, COMMANDS["nbgrader"]))
            runs.setdefault("floor-class", []).append(floor(submissions))
    seconds = {name: statistics.median(values) for name, values in runs.items()}
    record = {
        "command": "python benchmarks/grading.py",
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("nbgrader", "numpy", "torch", "nbclient", "ipykernel")},
        },
        "chapter": CHAPTER.slug,
        "exercises": len(CHAPTER.exercises),
        "submissions": SUBMISSIONS,
        "repeats": REPEATS,
        "unit": "CPU seconds, user and system, of a command and all its descendants; medians of the repeats",
        "runs": {name: [round(value, 3) for value in values] for name, values in runs.items()},
        "ways": {way: figures(way, seconds) for way in WAYS},
        "chapter_in_nbgrader": round(seconds[CHAPTER_IN_NBGRADER], 2),
    }
    ways: Any = record["ways"]
    record["nbgrader_over_course"] = {
        figure: round(ways["nbgrader"][figure] / ways["course"][figure], 1) for figure in ("per_submission", "further")
    }
    RESULT.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    show(record)
    draw(record)


def figures(way: str, seconds: Mapping[str, float]) -> dict[str, float]:
    """per_submission: the command's time over the number of submissions. further: what one more submission adds.
    start: what the command takes before the first one."""
    total = seconds[f"{way}-class"]
    if way == "floor":  # it starts warm
        return {name: round(total / SUBMISSIONS, 4) for name in ("per_submission", "further")} | {"start": 0.0}
    further = (total - seconds[f"{way}-one"]) / (SUBMISSIONS - 1)
    return {
        "per_submission": round(total / SUBMISSIONS, 4),
        "further": round(further, 4),
        "start": round(seconds[f"{way}-one"] - further, 4),
    }


def expectation(exercise: Exercise) -> Expectation:
    return Expectation(CHAPTER, exercise, SECRET)


COMMANDS = {
    "nbgrader": [sys.executable, "-m", "nbgrader", "autograde", CHAPTER.slug],
    # One worker: another one would warm up a sandbox of its own, for a class of fourteen.
    "course": [sys.executable, "-m", "autograder.command_line", "grade", "--workers", "1", CHAPTER.slug],
}


def measured(prepared: Path, command: list[str]) -> float:
    """The CPU seconds of a command in a fresh copy of a prepared folder."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(prepared, Path(folder) / "course-root"))
        before = cpu_seconds(resource.RUSAGE_CHILDREN)
        run = subprocess.run(
            command,
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{run.stderr[-3000:]}")
        reap()
        used = cpu_seconds(resource.RUSAGE_CHILDREN) - before
        check_points(copy, prepared.name)
        return used


def reap() -> None:
    """Wait for every orphan that came to this process."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def cpu_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def check_points(root: Path, prepared: str) -> None:
    """Refuse a measurement of a grading that did not grade: the first learner, who is perfect, has all points."""
    if prepared.startswith("course"):
        points = {row["learner"]: row["score"] for row in scores(Classroom(root), CHAPTER)}
        full = sum(item.points for item in CHAPTER.items if item.name in perfect(CHAPTER)) - written_points()
    elif prepared == CHAPTER_IN_NBGRADER:
        return  # its cells check by themselves; what counts here is what running them takes
    else:
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
            points = {s.student.id: s.score for s in gradebook.assignment_submissions(CHAPTER.slug)}
        full = sum(exercise.points for exercise in CHAPTER.exercises)
    if points["learner00"] != full:
        raise RuntimeError(f"{prepared}: the perfect learner has {points['learner00']} of {full} points")


def written_points() -> float:
    return sum(item.points for item in CHAPTER.items if not hasattr(item, "key") and not isinstance(item, Exercise))


def prepare_course(root: Path, learners: Mapping[str, Answers]) -> None:
    """The course with these submissions of the chapter's own notebook."""
    copy_course(ROOT, root, [CHAPTER])
    put_in(root / "course", root / "classroom" / "submitted", learners)
    with CourseGradebook(Classroom(root), CHAPTER):  # nbgrader's is there since the assignment was generated
        pass


def prepare_nbgrader(root: Path, learners: Mapping[str, Answers]) -> None:
    """An ordinary nbgrader course of the same exercises, its assignment generated, with these submissions."""
    notebook = new_notebook(metadata={"kernelspec": KERNEL})
    notebook.cells.append(new_code_cell(source.setup_text(CHAPTER.topic) + "\n" + COMPARE))
    for exercise in CHAPTER.exercises:
        answer = new_code_cell(source.solution_text(CHAPTER.topic, exercise))
        answer.metadata["nbgrader"] = nbgrader_cell(exercise.name, solution=True)
        test = new_code_cell(stock_test(exercise))
        test.metadata["nbgrader"] = nbgrader_cell(f"test_{exercise.name}", grade=True, locked=True)
        test.metadata["nbgrader"]["points"] = exercise.points
        notebook.cells += [answer, test]
    path = root / "source" / CHAPTER.slug / f"{CHAPTER.topic}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    (root / "nbgrader_config.py").write_text(STOCK_SETTINGS, encoding="utf-8")
    generate(root)
    put_in(root / "release", root / "submitted", learners)


def prepare_chapter(root: Path, learners: Mapping[str, Answers]) -> None:
    """The chapter's notebook, demos included, in a course that nbgrader grades in its own way."""
    copy_course(ROOT, root, [CHAPTER])
    (root / "nbgrader_config.py").write_text(STOCK_SETTINGS, encoding="utf-8")
    (root / "solutions").rename(root / "source")
    generate(root)
    put_in(root / "course", root / "submitted", learners)


def generate(root: Path) -> None:
    """Register the assignment with nbgrader."""
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", CHAPTER.slug],
        cwd=root,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        check=True,
    )


def put_in(released: Path, submitted: Path, learners: Mapping[str, Answers]) -> None:
    """Submissions of a released notebook."""
    notebook = json.loads((released / CHAPTER.slug / f"{CHAPTER.topic}.ipynb").read_text(encoding="utf-8"))
    for learner, answers in learners.items():
        path = submitted / learner / CHAPTER.slug / f"{CHAPTER.topic}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(filled_in(notebook, answers)), encoding="utf-8")


def nbgrader_cell(grade_id: str, **flags: bool) -> dict[str, Any]:
    return {
        "grade_id": grade_id, "schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False,
        **flags,
    }  # fmt: skip


def stock_test(exercise: Exercise) -> str:
    """A test cell: the cases and what is expected of them as literals, and an assert for each."""
    expected = expectation(exercise)
    names: set[str] = set()
    cases = [
        f"    ({literal(list(positional), names)}, {literal(keywords, names)}, {literal(want, names)}),"
        for (positional, keywords), want in zip(expected.questions, expected.expected, strict=True)
    ]
    asked = "*positional, **keywords"
    if exercise.probe is call:
        asked = f"{exercise.name}({asked})"
    else:
        names.add(exercise.probe.__name__)
        asked = f"{exercise.probe.__name__}({exercise.name}, {asked})"
    tolerances = f"{exercise.relative_tolerance!r}, {exercise.absolute_tolerance!r}"
    # Where many orders are right, a test compares what is in them.
    pair = f"sorted(expected), sorted({asked})" if exercise.judge else f"expected, {asked}"
    imports = f"from autograder.probes.{CHAPTER.topic} import {', '.join(sorted(names))}\n" if names else ""
    return (
        imports
        + "\n".join(["for positional, keywords, expected in [", *cases, "]:"])
        + f"\n    compare({pair}, {tolerances})"
    )


def literal(value: Any, names: set[str]) -> str:
    """A plain value as Python source; the functions that it names are added to ``names``."""
    if isinstance(value, np.ndarray):
        return f"array({value.tolist()!r}, dtype={value.dtype.str!r})"
    if isinstance(value, list | tuple):
        inner = "".join(f"{literal(item, names)}, " for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(item, names)}" for key, item in value.items()) + "}"
    if isinstance(value, Named):
        names.add(value.name)
        return value.name
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    raise TypeError(f"value: {type(value).__name__} has no literal")


def floor(submissions: Mapping[str, Answers]) -> float:
    """The CPU seconds of forks that run the answers on the cases, the parent's own part included."""
    setup = source.setup_text(CHAPTER.topic)
    asked = {
        exercise.name: (
            [source.reference_text(CHAPTER.topic, used) for used in exercise.uses],
            exercise.probe,
            expectation(exercise).questions,
        )
        for exercise in CHAPTER.exercises
    }
    plt.close(plt.figure())  # the first figure is slow: the warm process has made it
    gc.freeze()
    sys.stdout.flush()
    before = cpu_seconds(resource.RUSAGE_SELF) + cpu_seconds(resource.RUSAGE_CHILDREN)
    for answers in submissions.values():
        process = os.fork()
        if process == 0:
            answer_all(setup, asked, answers)
        os.waitpid(process, 0)
    used = cpu_seconds(resource.RUSAGE_SELF) + cpu_seconds(resource.RUSAGE_CHILDREN) - before
    gc.unfreeze()
    return used


def answer_all(setup: str, asked: Mapping[str, Any], answers: Answers) -> None:
    """In a fork: every answer on every case, whatever comes of it. Does not return."""
    warnings.simplefilter("ignore")
    for name, (references, probe, questions) in asked.items():
        if name in answers:
            answer = running.define(setup, references, answers[name], name)
            for positional, keywords in questions:
                try:
                    probe(answer, *resolve(list(positional)), **resolve(dict(keywords)))
                except Exception:  # a wrong answer may raise anything: that is a result like any other
                    continue
    os._exit(0)


def show(record: Mapping[str, Any]) -> None:
    table = Table("", "CPU s a submission", "of which: start", "each further one", title=record["chapter"])
    for column in table.columns[1:]:
        column.justify = "right"
    for way, name in WAYS.items():
        got = record["ways"][way]
        start = got["start"] / record["submissions"]
        table.add_row(name, f"{got['per_submission']:.3f}", f"{start:.3f}", f"{got['further']:.3f}")
    Console().print(table)
    ratio = record["nbgrader_over_course"]
    print(f"the chapter's own notebook with its demos, in nbgrader: {record['chapter_in_nbgrader']:g} CPU s")
    print(
        f"nbgrader takes {ratio['per_submission']:g} times as much for a class of {SUBMISSIONS}, "
        f"{ratio['further']:g} times as much for each further submission"
    )


def draw(record: Mapping[str, Any]) -> None:
    use_course_style()
    figure, axes = plt.subplots(figsize=(WIDTH, 2.4))
    for row, (way, color) in enumerate(zip(WAYS, (GRAY, BLUE, ORANGE), strict=True)):
        got = record["ways"][way]
        axes.barh(row, got["further"], color=color)
        axes.barh(
            row,
            got["per_submission"] - got["further"],
            left=got["further"],
            color="white",
            edgecolor=color,
            hatch="////",
        )
        axes.text(got["per_submission"], row, f"  {got['per_submission']:.2f}", va="center")
    axes.barh(0, 0, color="white", edgecolor=GRAY, hatch="////", label="share of the command's start")
    axes.set_yticks(range(len(WAYS)), list(WAYS.values()))
    axes.invert_yaxis()
    axes.set_xlabel(f"CPU seconds a submission, in a class of {record['submissions']}")
    axes.set_xlim(0, 1.12 * record["ways"]["nbgrader"]["per_submission"])
    axes.legend(loc="lower right")
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    PLOT.write_bytes(png(figure))


if __name__ == "__main__":
    main()
