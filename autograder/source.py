"""Exercises cut out of ``dl_helpers``: the setup cell, the answer cell, the stub.

The stub that a learner sees, the solution, the grader's reference and the tested function are one
text: the function's own source. Docstring, signature and the argument checks that stand first in a
body stay as given code; the rest is the learner's.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import symtable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from autograder.exercise import Chapter, Exercise

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
OWN_REFERENCE = "OwnReferenceError"
STUB = 'raise NotImplementedError("write your answer here")'

Definition = ast.FunctionDef | ast.ClassDef


class SourceError(ValueError):
    """A reference that cannot become an exercise, with the reason."""


@dataclass(frozen=True)
class Module:
    """The text of a ``dl_helpers`` module with its top-level definitions."""

    topic: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def definition(self, name: str) -> Definition:
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
                return node
        raise SourceError(f"dl_helpers/{self.topic}.py defines no {name!r}")


@cache
def module(topic: str) -> Module:
    """The module ``dl_helpers.<topic>`` as text; ``SourceError`` if there is none."""
    spec = importlib.util.find_spec(f"dl_helpers.{topic}")
    if spec is None or spec.origin is None:
        raise SourceError(f"there is no dl_helpers/{topic}.py")
    text = Path(spec.origin).read_text(encoding="utf-8")
    return Module(topic, text, ast.parse(text))


def setup_text(topic: str) -> str:
    """The given imports and constants of a chapter: the top-level statements of its module that
    define neither functions nor classes. They are the setup cell, and every answer runs after them."""
    source = module(topic)
    statements = []
    for node in source.tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_docstring and not isinstance(node, ast.FunctionDef | ast.ClassDef):
            statements.append("\n".join(source.lines[node.lineno - 1 : node.end_lineno]))
    return "\n".join(statements)


def reference_text(topic: str, name: str) -> str:
    """The source of a function or class of ``dl_helpers``, decorators included."""
    source = module(topic)
    node = source.definition(name)
    return "\n".join(source.lines[_first_line(node) - 1 : node.end_lineno])


def solution_text(topic: str, exercise: Exercise) -> str:
    """The answer cell as the instructor sees it, with marked solution regions."""
    return _with_regions(topic, exercise, keep=True)


def stub_text(topic: str, exercise: Exercise) -> str:
    """The answer cell as the learner receives it; the same as nbgrader cuts it."""
    return _with_regions(topic, exercise, keep=False)


def student_module(chapter: Chapter) -> str:
    """The chapter's module with every exercise's solution replaced by an error of its own type: what an
    answer meets that imports its own chapter's reference."""
    source = module(chapter.topic)
    lines = source.lines
    for exercise in sorted(chapter.exercises, key=lambda e: -source.definition(e.name).lineno):
        node = source.definition(exercise.name)
        refusal = f"raise {OWN_REFERENCE}({f'{exercise.name} is to be written in the answer cell'!r})"
        lines[_first_line(node) - 1 : node.end_lineno] = _cut(source, node, exercise.given, refusal)
    return "\n".join(
        [*lines, "", "", f"class {OWN_REFERENCE}(Exception):", '    """A reference is out of reach."""', ""]
    )


def solution_lines(topic: str, exercise: Exercise) -> list[str]:
    """The lines between the markers, stripped, without comments and blanks: what must not leak."""
    inside, lines = False, []
    for line in solution_text(topic, exercise).splitlines():
        stripped = line.strip()
        if stripped in (BEGIN, END):
            inside = stripped == BEGIN
        elif inside and stripped and not stripped.startswith("#"):
            lines.append(stripped)
    return lines


def check_names(chapter: Chapter, exercise: Exercise) -> None:
    """Refuse a reference that uses a name which no learner has: neither given by the setup cell, nor
    a builtin, nor an exercise that it declares in ``uses``."""
    text = reference_text(chapter.topic, exercise.name)
    given = _bound_names(setup_text(chapter.topic)) | set(dir(builtins)) | {exercise.name, *exercise.uses}
    unknown = sorted(_global_names(text) - given)
    if unknown:
        raise SourceError(
            f"{chapter.slug}: {exercise.name} uses {', '.join(unknown)}, which the setup cell does not give "
            "and `uses` does not name"
        )


def _first_line(node: Definition) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _with_regions(topic: str, exercise: Exercise, *, keep: bool) -> str:
    source = module(topic)
    return "\n".join(_cut(source, source.definition(exercise.name), exercise.given, None if keep else STUB))


def _cut(source: Module, node: Definition, given: tuple[str, ...], replacement: str | None) -> list[str]:
    """The definition's lines, its solution regions marked (``replacement`` None) or replaced."""
    start = _first_line(node)
    lines = source.lines[start - 1 : node.end_lineno]
    functions = (
        [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name not in given]
        if isinstance(node, ast.ClassDef)
        else [node]
    )
    if not functions:
        raise SourceError(f"{node.name} leaves nothing to write: every method is given")
    for function in reversed(functions):
        solution = _solution_statements(function)
        first = solution[0].lineno
        # A comment above the first statement is the equation of the solution: it goes with it.
        while source.lines[first - 2].lstrip().startswith("#"):
            first -= 1
        last = function.end_lineno or solution[-1].lineno
        indent = " " * solution[0].col_offset
        region = source.lines[first - 1 : last]
        lines[first - start : last - start + 1] = (
            [f"{indent}{BEGIN}", *region, f"{indent}{END}"] if replacement is None else [f"{indent}{replacement}"]
        )
    return lines


def _solution_statements(function: ast.FunctionDef) -> list[ast.stmt]:
    body = function.body
    if body[0].lineno == function.lineno:
        raise SourceError(f"{function.name} stands on one line: nothing can be cut out of it")
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    while body and (_is_argument_check(body[0]) or _is_base_class_call(body[0])):
        body = body[1:]
    if not body:
        raise SourceError(f"{function.name} has a docstring and checks but no body to write")
    return body


def _is_argument_check(statement: ast.stmt) -> bool:
    """``if ...: raise ...`` without else."""
    return (
        isinstance(statement, ast.If)
        and not statement.orelse
        and all(isinstance(inner, ast.Raise) for inner in statement.body)
    )


def _is_base_class_call(statement: ast.stmt) -> bool:
    """``super().__init__(...)``, which a module of PyTorch begins with."""
    return isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("super().__init__(")


def _bound_names(text: str) -> set[str]:
    table = symtable.symtable(text, "setup", "exec")
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def _global_names(text: str) -> set[str]:
    """Names that the text reads from outside, annotations included."""
    names: set[str] = set()
    tables = [symtable.symtable(text, "reference", "exec")]
    top = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_assigned()}
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            if symbol.is_referenced() and symbol.is_global() and symbol.get_name() not in top:
                names.add(symbol.get_name())
    return names
