"""The whole way of a class, in one command: released, handed in, graded, fed back, exported.

    python -m autograder.demo [FOLDER]

makes ``FOLDER`` (``classroom-demo/`` in the course by default) a copy of the course with a class of its own, runs the
commands that an instructor runs, and keeps it all to be looked at.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.build import course_path, solution_path
from autograder.chapters import chapters
from autograder.classroom import Classroom, ClassroomError, find_root
from autograder.exercise import Chapter
from autograder.grading import Result, graded
from autograder.judge import Verdict
from autograder.sample_class import CLASS, hand_in

FOLDER = "classroom-demo"
CHAPTERS = 2  # a never-ending loop costs each chapter 20 s of CPU time: with two the demo stays under two minutes
REMARKS = 3  # of one submission, in the table
console = Console()


def copy_course(root: Path, target: Path, selected: Iterable[Chapter]) -> None:
    """Put what grading needs of the course into ``target``: settings, the instructor's and the learners' notebooks.

    Raises ``ClassroomError`` where a notebook is not built, or ``target`` holds something else than such a copy."""
    if target.exists():
        if not (target / "nbgrader_config.py").is_file() or (target / "pyproject.toml").exists():
            raise ClassroomError(f"{target} is not a class that was made by code: name another folder")
        shutil.rmtree(target)
    notebooks = [place(root, chapter) for chapter in selected for place in (solution_path, course_path)]
    missing = [path for path in notebooks if not path.is_file()]
    if missing:
        raise ClassroomError(f"{missing[0]} is missing: run `autograder build`")
    for path in (root / "nbgrader_config.py", *notebooks):
        copied = target / path.relative_to(root)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)


def show_results(classroom: Classroom, selected: Sequence[Chapter]) -> None:
    """The class as a table: points by chapter, and what was found."""
    table = Table("learner", *(f"{chapter.slug}" for chapter in selected), "found", show_lines=True)
    for column in table.columns[1:-1]:
        column.justify = "right"
    results = {(r.submission.learner, c.slug): r for c in selected for r in graded(classroom, c)}
    for learner in CLASS:
        mine = [results.get((learner.name, chapter.slug)) for chapter in selected]
        points = [f"{result.points:g} of {_automatic(result):g}" if result else "–" for result in mine]
        found = [line for result in mine if result for line in _remarks(result)]
        name = f"[bold]{escape(learner.name)}[/bold]\n{escape(learner.story)}"
        table.add_row(name, *points, escape("\n".join(found)) or "–")
    console.print(table)


def _automatic(result: Result) -> float:
    return sum(verdict.maximum for verdict in result.verdicts.values())


def _remarks(result: Result) -> list[str]:
    """What a result says of wrong answers, the first few."""
    wrong = [v for v in result.verdicts.values() if not v.right and v.kind != "unanswered"]
    blank = sum(v.kind == "unanswered" for v in result.verdicts.values())
    lines = [_remark(verdict) for verdict in wrong[:REMARKS]]
    lines += [f"... and {len(wrong) - REMARKS} more"] if len(wrong) > REMARKS else []
    return [*lines, f"{result.submission.chapter.topic}: {blank} not written yet"] if blank else lines


def _remark(verdict: Verdict) -> str:
    if not verdict.explanation:
        return verdict.headline
    sentence = verdict.explanation.splitlines()[0].removesuffix(":")
    return f"{verdict.exercise}: {sentence.removeprefix('Your numbers match ').removeprefix('Your answer ')}"


def _run(folder: Path, *arguments: str) -> None:
    """One of the instructor's commands, shown before it is run."""
    console.print(f"\n[bold]$ autograder {escape(shlex.join(arguments))}[/bold]", highlight=False)
    command = [sys.executable, "-m", "autograder.command_line", *arguments]
    # The demo's folder is no place to import from: what it finds it would run.
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    if subprocess.run(command, cwd=folder, env=environment, check=False).returncode:
        raise typer.Exit(1)


def main(
    folder: Annotated[Path | None, typer.Argument(help="Where the class is made; classroom-demo/ by default.")] = None,
) -> None:
    """Make a class of learners by code, from perfect to hostile, and grade it as an instructor would."""
    started = time.monotonic()
    try:
        root = find_root(Path.cwd())
        target = (folder or root / FOLDER).resolve()
        selected = chapters()[:CHAPTERS]
        copy_course(root, target, selected)
        classroom = Classroom(target)
        hand_in(classroom, selected)
    except (ClassroomError, OSError) as error:
        print(f"autograder: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    slugs = [chapter.slug for chapter in selected]
    console.print(f"{len(CLASS)} learners have handed in {' and '.join(slugs)} in {target}", highlight=False)
    _run(target, "grade", *slugs)
    _run(target, "feedback", *slugs)
    _run(target, "export", *slugs, "--output", "classroom/scores.csv")
    console.print()
    show_results(classroom, selected)
    _say_where_to_look(classroom, selected[0])
    console.print(f"\n{time.monotonic() - started:.0f} seconds", highlight=False)


def _say_where_to_look(classroom: Classroom, chapter: Chapter) -> None:
    places = {
        "a page of feedback": classroom.feedback("carla", chapter),
        "the same in nbgrader's notebook": classroom.autograded("carla", chapter),
        "the scores": classroom.folder / "scores.csv",
        "nbgrader's gradebook": classroom.folder / "gradebook.db",
    }
    console.print("\n[bold]Where to look next[/bold]")
    for what, path in places.items():
        console.print(f"{what:32} {escape(str(path))}", highlight=False, soft_wrap=True)
    command = f"cd {shlex.quote(str(classroom.root))} && {shlex.quote(sys.executable)} -m jupyterlab"
    console.print(f"{'formgrader':32} {escape(command)}", highlight=False, soft_wrap=True)
    console.print(f"{'':32} and there, in the menu: Nbgrader, Formgrader. Written answers wait for a grade.")


if __name__ == "__main__":
    typer.run(main)
