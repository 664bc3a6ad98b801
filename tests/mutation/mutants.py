"""Small systematic edits of an exercise's solution: slips that graded cases must notice.

One edit a mutant: an operator swapped, a comparison shifted, a constant moved, a sign lost, a flag
flipped, a function replaced by its neighbor, a statement left out.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from autograder import source
from autograder.exercise import Chapter, Exercise

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.FloorDiv, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NEIGHBORS = {
    "maximum": "minimum", "minimum": "maximum", "max": "min", "min": "max", "sum": "mean", "mean": "sum",
    "zeros_like": "ones_like", "ones_like": "zeros_like", "zeros": "ones", "ones": "zeros", "argmax": "argmin",
    "sin": "cos", "cos": "sin", "floor": "ceil", "ceil": "floor", "exp": "expm1", "log1p": "log", "reversed": "list",
    "greater_equal": "greater", "less": "less_equal", "append": "remove",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """An edited answer and, in words, the edit; the line counts from the definition's first."""

    text: str
    edit: str


def mutants(chapter: Chapter, exercise: Exercise) -> Iterator[Mutant]:
    """Every single edit of the part that a learner writes; given code stays as it is."""
    tree = ast.parse(source.solution_text(chapter.topic, exercise))
    spans = _solution_lines(source.solution_text(chapter.topic, exercise))
    nodes = [node for node in ast.walk(tree) if getattr(node, "lineno", None) in spans]
    for number, node in enumerate(nodes):
        for edit in range(_count(node)):
            mutated = copy.deepcopy(tree)
            target = [n for n in ast.walk(mutated) if getattr(n, "lineno", None) in spans][number]
            before = ast.unparse(target)
            replaced = _apply(target, edit)
            _replace(mutated, target, replaced)
            text = ast.unparse(ast.fix_missing_locations(mutated))
            after = ast.unparse(replaced) if not isinstance(replaced, ast.Pass) else "(left out)"
            yield Mutant(text, f"line {node.lineno}: {_short(before)} → {_short(after)}")


def _solution_lines(text: str) -> set[int]:
    lines, inside = set(), False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() in (source.BEGIN, source.END):
            inside = line.strip() == source.BEGIN
        elif inside:
            lines.add(number)
    return lines


def _count(node: ast.AST) -> int:
    return len(list(_edits(node)))


def _apply(node: ast.AST, edit: int) -> ast.AST:
    return list(_edits(node))[edit]


def _edits(node: ast.AST) -> Iterator[ast.AST]:
    """The edits of one node, each as a node to stand in its place."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OPERATORS or isinstance(node, ast.BoolOp):
        yield _with(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        yield _with(node, ops=[OPERATORS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
        if node.value not in (0, 1):
            yield ast.Constant(node.value - 1)
    elif isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in NEIGHBORS:
            function = copy.deepcopy(node.func)
            setattr(function, "attr" if isinstance(function, ast.Attribute) else "id", NEIGHBORS[name])
            yield _with(node, func=function)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.If | ast.For) and not (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Yield)
    ):
        yield ast.Pass()


def _with(node: ast.AST, **changes: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _replace(tree: ast.AST, target: ast.AST, replacement: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, replacement)
                return
            if isinstance(value, list) and any(item is target for item in value):
                value[next(i for i, item in enumerate(value) if item is target)] = replacement
                return
    raise AssertionError("the target stands in the tree")


def _short(text: str) -> str:
    return " ".join(text.split())
