"""What nbgrader's converter does not know of the course when it cuts the learner's notebook."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

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
