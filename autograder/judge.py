"""The judge: a pure function from plain values to a verdict. It never meets an object of the learner's.

A verdict says, in this order: what keeps the answer from running; the misconception that its
numbers match; what is wrong with type or shape; where the numbers differ.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder.exercise import DEFAULT_GROUP, Case, Exercise, Group, Misconception
from autograder.source import OWN_REFERENCE, STUB
from autograder.values import Other, Plain, Raised, Tensor

# Single precision carries 7 digits; sums over some hundred terms lose two or three of them.
SINGLE_RELATIVE, SINGLE_ABSOLUTE = 1e-4, 1e-6
SHORT_ARGUMENTS = 150  # characters of a case's arguments that are shown with a difference
PICTURE_LARGEST, PICTURE_SMALLEST = 24, 3  # rows or columns of an array that is drawn
STUB_STATEMENT = ast.unparse(ast.parse(STUB))
LINE_CHARACTERS = 400  # of the answer's line that is quoted with an error

WHOLE = "result"  # what messages call the value that an answer returns

KINDS = {
    "right": "right",
    "unanswered": "not written yet",
    "definition": "the answer cell does not run",
    "raised": "it stops with an error",
    "type": "the type is not right",
    "shape": "the shape is not right",
    "not finite": "the shape is right, but the result is not finite",
    "values": "the shape is right, the numbers are not",
    "property": "it runs, but the result is not right",
    "ended": "it was stopped",
}


@dataclass(frozen=True)
class Difference:
    """How one result differs from the expected one. ``kind`` is a key of ``KINDS``."""

    kind: str
    sentence: str
    picture: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True)
class GroupResult:
    """What a share of the points came to."""

    name: str
    passed: int
    cases: int
    points: float
    maximum: float
    reason: str

    @property
    def right(self) -> bool:
        return self.passed == self.cases


@dataclass(frozen=True)
class Verdict:
    """What is said of an answer, and what it is worth. ``detail`` may quote values of public cases;
    it is empty for secret ones."""

    exercise: str
    kind: str
    points: float
    maximum: float
    passed: int
    cases: int
    misconception: str | None = None
    explanation: str = ""
    detail: str = ""
    groups: tuple[GroupResult, ...] = ()
    changed: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    picture: tuple[np.ndarray, np.ndarray] | None = field(default=None, compare=False)

    @property
    def right(self) -> bool:
        return self.kind == "right"

    @property
    def headline(self) -> str:
        return f"{self.exercise}: {KINDS[self.kind]}."

    def sentences(self) -> list[str]:
        """The message without the offer of a hint, one paragraph an item."""
        partial = [
            f"{group.name}: {group.passed} of {group.cases} cases, {group.points:g} of {group.maximum:g} points."
            + ("" if group.right else f" {group.reason}")
            for group in self.groups
            if 0 < self.points < self.maximum
        ]
        return [part for part in (self.explanation, self.detail, *partial, *self.advice) if part]


def assess(
    exercise: Exercise,
    cases: Sequence[Case],
    expected: Sequence[Plain],
    wrong: Callable[[], Mapping[str, Sequence[Plain]]],
    got: Mapping[str, Any],
    answer: str,
    *,
    public: bool,
) -> Verdict:
    """The verdict on one answer.

    ``expected`` and ``got["outcomes"]`` hold one plain value a case; ``wrong`` gives the same for each
    misconception, by name, and is only asked when the answer is not right. ``got`` is what
    ``running.run`` returned, or a forgery of it: anything but the right values is worth nothing.
    """
    outcomes = got.get("outcomes")
    if isinstance(got.get("definition"), Raised):
        return _undefined(exercise, got["definition"], len(cases), answer, public)
    if not isinstance(outcomes, list) or len(outcomes) != len(cases):
        return ended(exercise, "its reply was no list of results", len(cases))
    differences = [
        _judge(exercise, case, want, have) for case, want, have in zip(cases, expected, outcomes, strict=True)
    ]
    groups = _groups(exercise, cases, [difference is None for difference in differences])
    passed = sum(difference is None for difference in differences)
    changed = _changed_arguments(exercise, cases, got)
    verdict = Verdict(
        exercise.name,
        "right",
        sum(group.points for group in groups),
        exercise.points,
        passed,
        len(cases),
        groups=groups,
        changed=changed,
        advice=_advice(changed, got, public),
    )
    if passed == len(cases):
        return replace(verdict, explanation=exercise.learned)
    stubs = [outcome for outcome in outcomes if _is_stub(outcome)]
    if stubs:
        # Of a class, some methods may be there already: say which are not.
        open_parts = unwritten(answer)
        explanation = f"Still to be written: {', '.join(open_parts)}." if open_parts != [exercise.name] else ""
        return replace(verdict, kind="unanswered", explanation=explanation, advice=())
    first = next(i for i, difference in enumerate(differences) if difference is not None)
    found = differences[first]
    assert found is not None
    misconception = _misconception(exercise, outcomes, wrong())
    if misconception is not None:
        explanation = f"Your numbers match {misconception.sentence}"
    elif found.kind == "raised":
        explanation = _explain_exception(exercise, outcomes[first], answer, public)
    else:
        explanation = ""
    if not public:
        detail = f"{len(cases) - passed} of {len(cases)} secret cases differ."
    elif explanation and misconception is None and found.kind == "raised":
        detail = f"{_introduce(exercise, first, cases[first])} raises it."
    else:
        detail = f"{_introduce(exercise, first, cases[first])}: {found.sentence}"
    return replace(
        verdict,
        kind=found.kind,
        misconception=misconception.name if misconception else None,
        explanation=explanation,
        detail=detail,
        picture=found.picture if public else None,
    )


def ended(exercise: Exercise, reason: str, cases: int) -> Verdict:
    """The verdict on an answer whose process was stopped: a limit, an exit, a broken reply."""
    return Verdict(exercise.name, "ended", 0, exercise.points, 0, cases, explanation=f"Your answer {reason}.")


def unanswered(exercise: Exercise) -> Verdict:
    """The verdict where there is no answer to ask."""
    return Verdict(exercise.name, "unanswered", 0, exercise.points, 0, 0)


def difference(
    expected: Plain, got: Plain, relative: float, absolute: float, path: str = WHOLE, outputs: Sequence[str] = ()
) -> Difference | None:
    """How ``got`` differs from ``expected``, or None. Python numbers, NumPy scalars and 0-d arrays are one
    kind; lists and tuples are one kind; floats need |got - expected| <= absolute + relative |expected|."""
    if isinstance(expected, Raised):
        if isinstance(got, Raised) and got.type_name == expected.type_name:
            return None
        what = f"{got.type_name} was raised" if isinstance(got, Raised) else "a value was returned"
        return Difference("raised", f"{expected.type_name} should be raised; {what}.")
    if isinstance(got, Raised):
        return Difference("raised", f"{got.type_name}: {got.message}" if got.message else f"{got.type_name}.")
    if _is_number(expected) and _is_number(got):
        return _array_difference(np.asarray(expected), np.asarray(got), relative, absolute, path)
    if isinstance(expected, Tensor) and isinstance(got, Tensor):
        return _array_difference(expected.array, got.array, relative, absolute, path)
    if isinstance(expected, list | tuple) and isinstance(got, list | tuple):
        if len(expected) != len(got):
            return Difference("shape", f"{path} should have {len(expected)} parts, yours has {len(got)}.")
        names = list(outputs) if len(outputs) == len(expected) else [f"{path}[{i}]" for i in range(len(expected))]
        parts = zip(expected, got, names, strict=True)
        return _first(difference(want, have, relative, absolute, name) for want, have, name in parts)
    if isinstance(expected, dict) and isinstance(got, dict):
        if expected.keys() != got.keys():
            missing = [repr(k) for k in expected if k not in got]
            extra = [repr(k)[:40] for k in got if k not in expected]
            sentence = f"{path} should have the keys {', '.join(map(repr, expected))}"
            sentence += f"; missing: {', '.join(missing[:4])}" if missing else ""
            sentence += f"; not expected: {', '.join(extra[:4])}" if extra else ""
            return Difference("shape", sentence + ".")
        return _first(
            difference(want, got[key], relative, absolute, f"{path}[{key!r}]") for key, want in expected.items()
        )
    if type(expected) is type(got):
        if expected == got:
            return None
        return Difference("values", f"expected {path} = {_show(expected)}, got {_show(got)}.")
    return Difference(
        "type", f"{path} should be {_kind(expected)}, yours is {_kind(got)}.{_remedy(expected, got, path)}"
    )


def _array_difference(
    expected: np.ndarray, got: np.ndarray, relative: float, absolute: float, path: str
) -> Difference | None:
    if expected.shape != got.shape:
        return Difference("shape", f"{path} should have shape {expected.shape}, yours has {got.shape}.")
    if not _same_kind(expected.dtype, got.dtype):
        return Difference(
            "type", f"{path} should hold {_numbers(expected.dtype)}, yours holds {_numbers(got.dtype)} ({got.dtype})."
        )
    if expected.size == 0:
        return None
    if got.dtype.kind in "fc" and got.dtype.itemsize <= 4:
        relative, absolute = max(relative, SINGLE_RELATIVE), max(absolute, SINGLE_ABSOLUTE)
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu":
        close = expected == got
        distance = np.abs(expected.astype(float) - got.astype(float))
    else:
        close = np.isclose(got, expected, rtol=relative, atol=absolute, equal_nan=True)
        with np.errstate(invalid="ignore", over="ignore"):
            distance = np.abs(got - expected)
    if close.all():
        return None
    picture = (expected, got) if _drawable(expected) else None
    unbounded = ~np.isfinite(got) & np.isfinite(expected)
    if unbounded.any():
        index = _index(np.argmax(unbounded), expected.shape)
        kind = "NaN (not a number)" if np.isnan(got[index]) else "infinite"
        share = f" ({int(unbounded.sum())} of {got.size} entries)" if got.size > 1 else ""
        sentence = f"{_at(path, index)} is {kind}{share}; expected {_show(expected[index])}."
        return Difference("not finite", sentence, picture)
    index = _index(np.argmax(np.where(close, -1, np.nan_to_num(distance, nan=np.inf))), expected.shape)
    share = f" ({int((~close).sum())} of {got.size} entries differ)" if got.size > 1 else ""
    want, have = _show(expected[index]), _show(got[index])
    if want == have:  # six digits do not tell them apart
        want, have = repr(expected[index].item()), repr(got[index].item())
    return Difference("values", f"expected {_at(path, index)} = {want}, got {have}{share}.", picture)


def _judge(exercise: Exercise, case: Case, expected: Plain, got: Plain) -> Difference | None:
    if exercise.judge is not None and not isinstance(got, Raised):
        sentence = exercise.judge(case, expected, got)
        return None if sentence is None else Difference("property", sentence)
    return difference(expected, got, exercise.relative_tolerance, exercise.absolute_tolerance, outputs=exercise.outputs)


def _misconception(
    exercise: Exercise, outcomes: Sequence[Plain], wrong: Mapping[str, Sequence[Plain]]
) -> Misconception | None:
    """The known wrong answer whose results these are, in every case, or None."""
    for misconception in exercise.misconceptions:
        pairs = zip(wrong[misconception.name], outcomes, strict=True)
        relative, absolute = exercise.relative_tolerance, exercise.absolute_tolerance
        if all(difference(want, have, relative, absolute) is None for want, have in pairs):
            return misconception
    return None


def _groups(exercise: Exercise, cases: Sequence[Case], right: Sequence[bool]) -> tuple[GroupResult, ...]:
    shares = dict(exercise.groups) or {DEFAULT_GROUP: Group(exercise.points, "")}
    results = []
    for name, group in shares.items():
        mine = [ok for case, ok in zip(cases, right, strict=True) if case.group == name or not exercise.groups]
        points = group.points if mine and all(mine) else 0
        results.append(GroupResult(name, sum(mine), len(mine), points, group.points, group.reason))
    return tuple(results)


def _is_stub(outcome: Plain) -> bool:
    """Whether this is the error that an answer cell raises until something is written."""
    return isinstance(outcome, Raised) and outcome.text.startswith("raise NotImplementedError")


def unwritten(answer: str) -> list[str]:
    """The functions and methods of an answer whose body still raises the stub's error."""
    try:
        tree = ast.parse(answer)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [node.name for node in functions if any(ast.unparse(s) == STUB_STATEMENT for s in node.body)]


def _undefined(exercise: Exercise, error: Raised, cases: int, answer: str, public: bool) -> Verdict:
    if error.type_name == "NotDefined":
        explanation = f"The answer cell defines no {exercise.name}: keep the name that was given."
    elif _is_stub(error):
        return Verdict(exercise.name, "unanswered", 0, exercise.points, 0, cases)
    else:
        explanation = _where(error, answer, public)
        missing = _missing_name(error, answer)
        if missing:
            explanation += f"\n{_move(missing)}"
    return Verdict(exercise.name, "definition", 0, exercise.points, 0, cases, explanation=explanation)


def _explain_exception(exercise: Exercise, error: Plain, answer: str, public: bool) -> str:
    if not isinstance(error, Raised):
        return ""
    if error.type_name == OWN_REFERENCE:
        return "It calls the course's own solution, which is out of reach: write it in the answer cell."
    missing = _missing_name(error, answer)
    if missing and missing != exercise.name:
        return f"{_where(error, answer, public)}\n{_move(missing)}"
    problem = signature_problem(exercise, answer)
    if problem and error.type_name in ("TypeError", "AttributeError"):
        return problem
    return _where(error, answer, public)


def _where(error: Raised, answer: str, public: bool) -> str:
    """The exception with the learner's own line, taken from the answer itself. Its message only where the case is
    public, and of a secret one no name that the answer made up while it ran: it could spell the case's values."""
    lines = answer.splitlines()
    message = _known_type(error.type_name, answer)
    if public:
        message = f"{error.type_name}: {error.message}" if error.message else error.type_name
    if error.line is None or not 0 < error.line <= len(lines):
        return f"{message}."
    return f"{message}, in line {error.line} of your answer:\n    {lines[error.line - 1].strip()[:LINE_CHARACTERS]}"


def _known_type(name: str, answer: str) -> str:
    """An exception's type where Python, NumPy or the answer's text knows the name."""
    known = hasattr(builtins, name) or hasattr(np.exceptions, name) or hasattr(np.linalg, name)
    return name if known or _stands_in(name, answer) else "An error"


def _stands_in(name: str, answer: str) -> bool:
    return len(name) <= SHORT_ARGUMENTS and name.isidentifier() and name in re.findall(r"\w+", answer)


def _missing_name(error: Raised, answer: str) -> str | None:
    match = re.match(r"name '(\w+)' is not defined", error.message)
    return match[1] if error.type_name == "NameError" and match and _stands_in(match[1], answer) else None


def _move(name: str) -> str:
    return (
        f"If {name} is defined in another cell, move {name} into the answer cell: it is checked and graded by itself."
    )


def signature_problem(exercise: Exercise, answer: str) -> str | None:
    """How the answer's parameters (or a class's methods) differ from the given ones, or None."""
    try:
        nodes = [n for n in ast.parse(answer).body if getattr(n, "name", None) == exercise.name]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not nodes:
        return None
    node = nodes[-1]
    if isinstance(exercise.reference, type) and isinstance(node, ast.ClassDef):
        have = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
        want = [name for name, value in vars(exercise.reference).items() if inspect.isfunction(value)]
        lost = [name for name in want if name not in have]
        return f"The class has no method {', '.join(lost)}: keep every method that was given." if lost else None
    if isinstance(exercise.reference, type) or not isinstance(node, ast.FunctionDef):
        return f"{exercise.name} should be a {'class' if isinstance(exercise.reference, type) else 'function'}."
    given = list(inspect.signature(exercise.reference).parameters)
    arguments = node.args
    yours = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    if given == yours or arguments.vararg or arguments.kwarg:
        return None
    takes = f"{exercise.name} takes ({', '.join(given)}); yours takes ({', '.join(yours)})."
    return f"{takes} Keep the signature that was given."


def _changed_arguments(exercise: Exercise, cases: Sequence[Case], got: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments that the answer's process says it changed in place, by names that the cases know."""
    changed = got.get("changed")
    if not isinstance(changed, list):
        return ()
    parameters = list(inspect.signature(exercise.reference).parameters)
    known = {*parameters, *(name for case in cases for name in case.kwargs)}
    told = [key for names in changed[: len(cases)] if isinstance(names, list) for key in names[: len(known)]]
    positions = [parameters[key] for key in told if isinstance(key, int) and 0 <= key < len(parameters)]
    return tuple(dict.fromkeys([*positions, *(key for key in told if isinstance(key, str) and key in known)]))


def _advice(changed: Sequence[str], got: Mapping[str, Any], public: bool) -> tuple[str, ...]:
    """What only the learner's process could see: said, never counted. Of secret cases nothing but the names
    of arguments: a warning's text could spell their values."""
    advice = []
    if changed:
        verb = "it was" if len(changed) == 1 else "they were"
        advice.append(
            f"It changes its argument {' and '.join(changed[:4])} in place: work on a copy, so that the caller's "
            f"value stays as {verb}."
        )
    caused = got.get("warnings")
    if public and isinstance(caused, list) and caused:
        advice.append(f"Python warned: {'; '.join(str(text)[:200] for text in caused[:3])}.")
    return tuple(advice)


def _introduce(exercise: Exercise, number: int, case: Case) -> str:
    """ "Case 2 (z = [0.5, -1])", the arguments where they are short."""
    names = [*inspect.signature(exercise.reference).parameters]
    positional = [
        f"{names[i]} = {_show(value)}" if i < len(names) and exercise.probe.__name__ == "call" else _show(value)
        for i, value in enumerate(case.args)
    ]
    arguments = ", ".join([*positional, *(f"{key} = {_show(value)}" for key, value in case.kwargs.items())])
    return f"Case {number + 1} ({arguments})" if len(arguments) <= SHORT_ARGUMENTS else f"Case {number + 1}"


def _show(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=4, separator=", ", threshold=12).replace("\n", "")
    if isinstance(value, Tensor):
        return f"tensor({_show(value.array)})"
    if isinstance(value, list | tuple):
        inner = ", ".join(_show(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, np.generic):
        return str(value.item())
    text = getattr(value, "name", None) or repr(value)
    return text if len(text) <= SHORT_ARGUMENTS else text[: SHORT_ARGUMENTS - 1] + "…"


def _kind(value: Plain) -> str:
    if value is None:
        return "None"
    if isinstance(value, Other):
        return f"an object of type {value.type_name}"
    if isinstance(value, Tensor):
        return "a torch tensor"
    if isinstance(value, np.ndarray) and value.ndim:
        return "a NumPy array"
    names = {bool: "True or False", int: "a number", float: "a number", complex: "a number", np.ndarray: "a number"}
    names |= {str: "a text", list: "a list", tuple: "a tuple", dict: "a dict", bytes: "bytes"}
    return names.get(type(value), type(value).__name__)


def _remedy(expected: Plain, got: Plain, path: str) -> str:
    if got is None and path == WHOLE:
        return " Does every path through your function end in return?"
    if isinstance(expected, np.ndarray) and isinstance(got, Tensor):
        return " Stay with NumPy here: a tensor's .numpy() is its array."
    if isinstance(expected, np.ndarray) and isinstance(got, list):
        return " np.array(...) makes one of a list."
    if isinstance(expected, Tensor) and isinstance(got, np.ndarray):
        return " Stay with torch here: torch.from_numpy(...) makes one of an array."
    return ""


def _is_number(value: Plain) -> bool:
    if isinstance(value, int) and abs(value) >= 2**63:  # NumPy has no number for it: compared as a Python value
        return False
    return isinstance(value, bool | int | float | complex | np.ndarray)


def _same_kind(expected: np.dtype, got: np.dtype) -> bool:
    """Whole numbers pass where fractions are expected, not the other way round; booleans are their own."""
    if expected.kind == "b" or got.kind == "b":
        return expected.kind == got.kind
    order = {"u": 0, "i": 0, "f": 1, "c": 2}
    return order[got.kind] <= order[expected.kind]


def _numbers(dtype: np.dtype) -> str:
    return {"b": "booleans", "i": "whole numbers", "u": "whole numbers", "f": "real numbers", "c": "complex numbers"}[
        dtype.kind
    ]


def _drawable(array: np.ndarray) -> bool:
    return array.ndim == 2 and all(PICTURE_SMALLEST <= size <= PICTURE_LARGEST for size in array.shape)


def _index(flat: np.intp, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape))


def _at(path: str, index: tuple[int, ...]) -> str:
    return f"{path}[{', '.join(map(str, index))}]" if index else path


def _first(differences: Iterable[Difference | None]) -> Difference | None:
    return next((found for found in differences if found is not None), None)
