"""``autograder build | check | grade | feedback | export | verify``."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder.chapters import UnknownChapter, chapter, chapters, topics
from autograder.classroom import Classroom, ClassroomError, find_root
from autograder.exercise import Chapter, Exercise
from autograder.source import SourceError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build the course's notebooks, check and grade answers.",
)
console = Console()

Names = Annotated[list[str] | None, typer.Argument(help="Chapters, by slug or topic; all of them by default.")]
Name = Annotated[str, typer.Argument(help="A chapter, by slug or topic.")]
Learners = Annotated[list[str] | None, typer.Option("--only", help="Grade these learners only (repeatable).")]


@contextmanager
def _clear_errors() -> Iterator[None]:
    """What a user can mend ends as one sentence and exit status 1; anything else is a fault and shows itself."""
    from autograder.answers import UnreadableNotebook
    from autograder.build import BuildError
    from autograder.grading import NotGraded, WorkerDied
    from autograder.sandbox.host import SandboxError

    try:
        yield
    except (
        UnknownChapter,
        ClassroomError,
        SourceError,
        BuildError,
        UnreadableNotebook,
        SandboxError,
        NotGraded,
        WorkerDied,
        OSError,
    ) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted: what was done is kept, run the same command again to go on", status=130)


def _fail(sentence: str, status: int = 1) -> None:
    console.file.flush()
    print(f"autograder: {sentence}", file=sys.stderr)
    raise typer.Exit(status)


def _selected(names: list[str] | None) -> list[Chapter]:
    return [chapter(name) for name in names] if names else list(chapters())


@app.command()
def build(
    names: Names = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a notebook is stale.")] = False,
) -> None:
    """Build the instructor's and the learner's notebooks from their sources."""
    from autograder import build as builder

    with _clear_errors():
        root = find_root(Path.cwd())
        findings = []
        for selected in _selected(names):
            if check:
                findings += builder.stale(root, selected)
            else:
                with console.status(f"{selected.slug}: building and running"):
                    builder.build(root, selected)
                console.print(f"{selected.slug}: built")
        if findings:
            _fail("; ".join(findings) + ". Run `autograder build` and commit what it writes")


@app.command()
def check(
    name: Name,
    notebook: Annotated[Path, typer.Argument(help="A notebook with answers.")],
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run the answers unprotected: your own only.")
    ] = False,
) -> None:
    """Check one notebook with the public cases, as `check` in the notebook does, in the sandbox."""
    from autograder.classroom import Submission
    from autograder.expectation import PUBLIC
    from autograder.grading import Grader, Settings, Task, read, student_edition, with_verdicts

    with _clear_errors():
        selected = chapter(name)
        _confine(no_sandbox)
        result = read(Submission("you", selected, notebook))
        if result.remark:
            raise ClassroomError(result.remark)
        wanted = {e.name: result.texts[e.name] for e in selected.exercises if e.name in result.texts}
        with (
            student_edition(selected) as edition,
            Grader(selected, edition, PUBLIC, Settings(isolate=not no_sandbox)) as grader,
        ):
            result = with_verdicts(result, grader.grade(Task("you", wanted)), fresh=len(wanted))
        for verdict in result.verdicts.values():
            console.print(f"[bold]{escape(verdict.headline)}[/bold]", highlight=False)
            for sentence in verdict.sentences():
                console.print(f"  {escape(sentence)}", highlight=False)
        console.print(f"{result.points:g} of {sum(item.points for item in selected.items):g} points")


@app.command()
def grade(
    names: Names = None,
    only: Learners = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that grade side by side.")] = os.cpu_count() or 1,
    regrade: Annotated[bool, typer.Option("--regrade", help="Ask every answer again.")] = False,
    variants: Annotated[bool, typer.Option("--variants", help="Draw other cases for each learner.")] = False,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run the answers unprotected: your own only.")
    ] = False,
) -> None:
    """Grade classroom/submitted/ into the gradebook. A second run grades only what is new."""
    from autograder.gradebook import Gradebook
    from autograder.grading import Settings
    from autograder.grading import grade as grade_class
    from autograder.journal import Journal

    with _clear_errors():
        classroom = Classroom(find_root(Path.cwd()))
        _confine(no_sandbox)
        settings = replace(Settings(), variants=variants, isolate=not no_sandbox)
        submissions = 0
        if (classroom.folder / "submitted").is_dir():
            for sentence in classroom.strays():
                console.print(escape(sentence), highlight=False)
        # Loading a chapter's exercises takes time: these alone.
        handed_in = [topic for topic in topics() if any(classroom.folder.glob(f"submitted/*/[0-9]*_{topic}"))]
        for selected in _selected(names or handed_in):
            for sentence in classroom.passed_over(selected):
                console.print(escape(sentence), highlight=False)
            total = sum(only is None or s.learner in only for s in classroom.submissions(selected))
            if not total:
                continue
            results = grade_class(
                classroom,
                selected,
                workers=workers,
                settings=settings,
                learners=set(only) if only else None,
                regrade=regrade,
            )
            fresh = 0
            with (
                Gradebook(classroom, selected) as gradebook,
                Journal(classroom.journal) as journal,
                Progress(
                    TextColumn(selected.slug),
                    BarColumn(),
                    MofNCompleteColumn(),
                    TimeRemainingColumn(),
                    TextColumn("{task.fields[last]}"),
                    console=console,
                ) as progress,
            ):
                bar = progress.add_task("", total=total, last="")
                for result in results:
                    learner = result.submission.learner
                    if journal.written(learner, selected.slug) != result.content() or not gradebook.has(result):
                        gradebook.write(result)
                        journal.mark_written(learner, selected.slug, result.content())
                    if result.remark:
                        progress.console.print(f"{escape(learner)}: {escape(result.remark)}", highlight=False)
                    fresh += result.fresh
                    progress.update(bar, advance=1, last=f"{escape(learner)} {result.points:g}")
            submissions += total
            console.print(
                f"{selected.slug}: {total} submissions, {fresh} answers run, the rest was known", highlight=False
            )
        if not submissions:
            raise ClassroomError(f"{classroom.folder / 'submitted'} holds no submission of these chapters")


@app.command()
def feedback(names: Names = None, only: Learners = None) -> None:
    """Write a page of feedback for each graded submission into classroom/feedback/."""
    from autograder.feedback import write_feedback
    from autograder.grading import graded

    with _clear_errors():
        classroom = Classroom(find_root(Path.cwd()))
        pages = 0
        for selected in _selected(names):
            for result in graded(classroom, selected):
                if only is None or result.submission.learner in only:
                    write_feedback(classroom, result)
                    pages += 1
        console.print(f"{pages} pages in {classroom.folder / 'feedback'}", highlight=False)


@app.command()
def export(
    names: Names = None,
    output: Annotated[Path | None, typer.Option(help="The CSV file; standard output by default.")] = None,
) -> None:
    """Write the gradebook's scores as CSV: a row a learner and chapter, a column an exercise."""
    from autograder.gradebook import scores

    with _clear_errors():
        classroom = Classroom(find_root(Path.cwd()))
        rows = [row for selected in _selected(names) for row in scores(classroom, selected)]
        if not rows:
            raise ClassroomError("nothing is graded yet: run `autograder grade`")
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with output.open("w", newline="", encoding="utf-8") if output else _standard_output() as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)


@app.command()
def verify() -> None:
    """Say whether this machine can grade, and what is missing."""
    from autograder.sandbox.verify import diagnose

    with _clear_errors():
        root = find_root(Path.cwd())
        findings = diagnose()
        table = Table("", "what", "remedy", show_lines=False)
        for finding in findings:
            table.add_row("ok" if finding.ok else "MISSING", escape(finding.what), escape(finding.remedy))
        console.print(table)
        for selected in chapters():
            exercises = sum(isinstance(item, Exercise) for item in selected.items)
            points = sum(item.points for item in selected.items)
            console.print(f"{selected.slug}: {exercises} exercises, {points:g} points", highlight=False)
        console.print(f"course: {root}", highlight=False)
        if not all(finding.ok for finding in findings):
            _fail("this machine cannot grade others' work yet; learning works")


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    yield sys.stdout


def _confine(no_sandbox: bool) -> None:
    from autograder.grading import require_sandbox

    if no_sandbox:
        console.print("[bold]No sandbox: the answers run with your rights. Do this with your own answers only.[/bold]")
    else:
        require_sandbox()


if __name__ == "__main__":
    app()
