"""The answers' text in a submission: the only thing that is taken from one.

A notebook is found wanting cell by cell, never as a whole: deleted, duplicated, reordered or
re-tagged cells cost nothing, and whatever is no text is passed over.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder import source
from autograder.exercise import Chapter, Quiz, Written

NOTEBOOK_BYTES = 20 * 2**20
ANSWER_CHARACTERS = 100_000
# A chapter has some 200 cells and 100,000 characters. Every cell of code is parsed here, on the trusted side.
CELLS = 2_000
CODE_CHARACTERS = 500_000

# A line of a notebook that is no Python: %magic, !command, ?question or question?
MAGIC_LINE = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?+[ \t]*)$", re.MULTILINE)


class UnreadableNotebook(ValueError):
    """A submitted file from which no cell can be taken, with the reason."""


@dataclass(frozen=True)
class Cell:
    """A submitted cell: its type, nbgrader's grade id (or "") and its text."""

    kind: str
    grade_id: str
    text: str


def read_cells(path: Path) -> list[Cell]:
    """The cells of a submitted notebook. Raises ``UnreadableNotebook``; follows no symbolic link."""
    if path.is_symlink() or not path.is_file():
        raise UnreadableNotebook(f"{path.name} is not a plain file")
    if path.stat().st_size > NOTEBOOK_BYTES:
        raise UnreadableNotebook(f"{path.name} is larger than {NOTEBOOK_BYTES // 2**20} MB")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebook(f"{path.name} is not a notebook: {type(error).__name__}") from None
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise UnreadableNotebook(f"{path.name} is not a notebook: it has no list of cells")
    if len(cells) > CELLS:
        raise UnreadableNotebook(f"{path.name} has more than {CELLS:,} cells")
    found = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    if sum(len(cell.text) for cell in found if cell.kind == "code") > CODE_CHARACTERS:
        raise UnreadableNotebook(f"{path.name} has more than {CODE_CHARACTERS:,} characters of code")
    return found


def answer_texts(chapter: Chapter, cells: list[Cell]) -> dict[str, str]:
    """The text that answers each item of the chapter; items without an answer are left out.

    An answer is found by its grade id, else it is the last cell that defines its name. A stub is no
    answer, so that a copy of the answer cell elsewhere counts where the original was left blank.
    """
    texts: dict[str, str] = {}
    for item in chapter.items:
        kind = "markdown" if isinstance(item, Written) else "code"
        fitting = [cell for cell in cells if cell.kind == kind and len(cell.text) <= ANSWER_CHARACTERS]
        tagged = [cell.text for cell in fitting if cell.grade_id == item.name]
        if isinstance(item, Written):
            found = tagged[-1:]
        elif isinstance(item, Quiz):
            found = [text for text in tagged if _literal(text, item.name)]
            found = found or [cell.text for cell in fitting if _literal(cell.text, item.name)]
        else:
            stub = source.stub_text(chapter.topic, item)
            found = [_python(text) for text in tagged if text.strip() != stub.strip()]
            if not found:
                elsewhere = (_python(cell.text) for cell in fitting if item.name in cell.text)
                found = [text for text in elsewhere if defines(text, item.name) and not _is_stub(text)]
        if found:
            texts[item.name] = found[-1]
    return texts


def quiz_letters(question: Quiz, text: str) -> str | None:
    """The letters that a quiz's answer cell holds, read as a literal; None where it holds none."""
    return chosen_letters(question, _literal(text, question.name))


def chosen_letters(question: Quiz, chosen: Any) -> str | None:
    """A quiz answer as its letters in order ("ac"), or None where it is none."""
    letters = sorted(set(chosen.lower()) - set(" ,()")) if isinstance(chosen, str) else []
    known = [letter for letter, _ in question.lettered()]
    return "".join(letters) if letters and all(letter in known for letter in letters) else None


def quiz_right(question: Quiz, letters: str | None) -> bool:
    """Whether these letters are the key."""
    return letters == question.key


def defines(text: str, name: str) -> bool:
    """Whether a cell's text binds ``name`` at its top level, by def, class or assignment."""
    return name in _bindings(text)


def _cell(cell: dict[str, Any]) -> Cell:
    text = cell.get("source", "")
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    kind = cell.get("cell_type")
    return Cell(
        kind if isinstance(kind, str) else "",
        grade_id if isinstance(grade_id, str) else "",
        # Half a surrogate pair, which JSON can write, is no character: no file could hold it.
        text.encode("utf-8", "replace").decode() if isinstance(text, str) else "",
    )


@lru_cache(CELLS)  # a notebook's cells are looked at again for every item
def _python(text: str) -> str:
    """A cell's text as Python: prompts go, and what is there for the notebook does nothing.

    IPython's own transformation of magics reads the whole cell again for each of them, and gives up
    with an error at 500: too slow and too fragile for texts of strangers."""
    if _body(text) is not None:
        return text
    lines = text.splitlines(keepends=True)
    transforms: list[Any] = TransformerManager().cleanup_transforms
    for transform in transforms:
        lines = transform(lines)
    return MAGIC_LINE.sub(r"\1get_ipython()", "".join(lines))


@lru_cache(1)  # the same text is mostly asked twice in a row
def _body(text: str) -> list[ast.stmt] | None:
    """The statements of a text, or None where it is no program."""
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(2 * CELLS)
def _bindings(text: str) -> Mapping[str, str]:
    """The names that a text binds at its top level, each with the last text that is not empty among the
    literals assigned to it, or ""."""
    found: dict[str, str] = {}
    for node in _body(text) or []:
        constant = node.value.value if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) else ""
        literal = constant if isinstance(constant, str) and constant.strip() else ""
        for name in _bound(node):
            found[name] = literal or found.get(name, "")
    return found


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}
    return set()


def _is_stub(text: str) -> bool:
    """Whether a definition still raises the stub's error."""
    return source.STUB in text


def _literal(text: str, name: str) -> str | None:
    """The text that a cell assigns to ``name`` as a literal, the last one that is not empty."""
    return _bindings(text).get(name) or None
