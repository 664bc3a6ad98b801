"""The course inside nbgrader: what its commands and formgrader's buttons do where the course knows more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor

QUIZ_ANSWER = re.compile(r'^(\w+ = )"[a-z]+"(  # .*)$')
BLANK = "*Write your answer here.*"


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


class GradeInSandbox(NbGraderPreprocessor):
    """Stands for all that `nbgrader autograde` would run: the same verdicts by the same way as `autograder
    grade`. The submitted notebook gives its answers' text; what goes on is the released one with them in it."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        from autograder.chapters import chapter
        from autograder.classroom import Classroom, find_root
        from autograder.gradebook import Gradebook, graded_notebook
        from autograder.grading import Settings, grade, require_sandbox

        require_sandbox()
        selected = chapter(resources["nbgrader"]["assignment"])
        learner = resources["nbgrader"]["student"]
        classroom = Classroom(find_root(Path.cwd()))  # nbgrader runs its converters in the course's folder
        (result,) = grade(classroom, selected, workers=1, settings=Settings(), learners={learner})
        with Gradebook(classroom, selected) as gradebook:
            gradebook.write(result)
            return graded_notebook(gradebook.master, result.texts, result.verdicts), resources
