"""The course inside nbgrader: what its commands and formgrader's buttons do where the course knows more."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nh3
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor

QUIZ_ANSWER = re.compile(r'^(\w+ = )"[a-z]+"(  # .*)$')
BLANK = "*Write your answer here.*"


def sanitized_html(text: str) -> str:
    """Markdown as HTML in which nothing runs, for the pages of formgrader and `nbgrader generate_feedback`.

    Sanitized after the rendering: Markdown itself makes links, `[a](javascript:...)`, that no look at its source shows.
    MathJax makes them too, of \\href, when the page is shown.
    """
    html = nh3.clean(markdown2html(text), attributes=nh3.ALLOWED_ATTRIBUTES | {"*": {"class"}})
    return html.replace("\\href", "\\text")


class ClearAnswers(ClearSolutions):
    """nbgrader's ClearSolutions, which also empties the letters of a quiz and a model answer."""

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> tuple[NotebookNode, Any]:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            match = QUIZ_ANSWER.fullmatch(cell.source)
            if match:
                cell.source = f'{match[1]}""{match[2]}'
                return cell, resources
            if cell.cell_type == "markdown":
                cell.source = BLANK
                return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)


def remove_links(assignment: str, student: str, notebooks: list[str]) -> None:
    """Before ``nbgrader autograde`` copies all files beside a submitted notebook: take away what is no file. A symbolic
    link would bring the instructor's files into ``autograded/`` and from there to the learner, or never end."""
    # nbgrader gives the names that it was asked for, "*" among them; only the notebooks say whose turn it is.
    for submission in {Path(notebook).parent for notebook in notebooks}:
        for folder, folders, names in os.walk(submission):
            for path in (Path(folder, name) for name in (*folders, *names)):
                if path.is_symlink() or not (path.is_file() or path.is_dir()):
                    path.unlink()


class GradeInSandbox(NbGraderPreprocessor):
    """Stands for all that `nbgrader autograde` would run: the same verdicts by the same way as `autograder
    grade`. The submitted notebook gives its answers' text; what goes on is the released one with them in it."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        from autograder.chapters import chapter
        from autograder.classroom import Classroom, ClassroomError, find_root
        from autograder.gradebook import Gradebook, graded_notebook
        from autograder.grading import Settings, grade, require_sandbox

        require_sandbox()
        selected = chapter(resources["nbgrader"]["assignment"])
        learner = resources["nbgrader"]["student"]
        classroom = Classroom(find_root(Path.cwd()))  # nbgrader runs its converters in the course's folder
        results = list(grade(classroom, selected, workers=1, settings=Settings(), learners={learner}))
        if not results:
            raise ClassroomError("; ".join(classroom.passed_over(selected)) or f"{learner} handed in no notebook")
        (result,) = results
        with Gradebook(classroom, selected) as gradebook:
            gradebook.write(result)
            return graded_notebook(gradebook.master, result.texts, result.verdicts), resources
