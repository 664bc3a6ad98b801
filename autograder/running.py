"""Run an answer on cases: the one way in which a check, the grader and the reference ask it.

This module enters the sandbox; it knows nothing of right and wrong.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from autograder.values import Plain, Raised, encode, plain, resolve

ANSWER_FILE = "<answer>"
TEXT_LIMIT = 400
WARNINGS_KEPT = 3


class _Notebook:
    """Stands for IPython where an answer cell holds magics: they are for the notebook and do nothing here."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


class NotDefined(Exception):
    """The answer's text defines no such name."""


def define(setup: str, references: Sequence[str], answer: str, name: str) -> Any:
    """The object that ``answer`` defines under ``name``, in a fresh namespace of the setup text and
    the references of the exercises it builds on. Raises whatever the text raises; ``NotDefined``."""
    namespace: dict[str, Any] = {"__name__": "__main__", "get_ipython": _Notebook}
    for text in (setup, *references):
        exec(compile(text, "<given>", "exec"), namespace)
    namespace.pop(name, None)
    exec(compile(answer, ANSWER_FILE, "exec"), namespace)
    if name not in namespace:
        raise NotDefined(f"the answer defines no {name}")
    return namespace[name]


def ask(
    answer: Any, probe: Callable[..., Any], cases: Sequence[tuple[Sequence[Plain], dict[str, Plain]]], text: str = ""
) -> dict[str, Plain]:
    """What the answer gives for each case: ``outcomes`` (plain values or ``Raised``), the arguments it
    ``changed`` in place (positions or names, per case) and the first ``warnings`` it caused."""
    outcomes: list[Plain] = []
    changed: list[Plain] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for positional, keywords in cases:
            arguments = resolve([list(positional), dict(keywords)])
            try:
                outcomes.append(plain(probe(answer, *arguments[0], **arguments[1])))
            except (Exception, SystemExit) as error:
                outcomes.append(raised(error, text))
            changed.append(_changed(positional, keywords, arguments))
    messages = list(dict.fromkeys(str(warning.message)[:TEXT_LIMIT] for warning in caught))
    return {"outcomes": outcomes, "changed": changed, "warnings": messages[:WARNINGS_KEPT]}


def run(request: dict[str, Any]) -> dict[str, Plain]:
    """Define the answer of a request and ask it; ``definition`` is what defining it raised, or None."""
    text = request["answer"]
    try:
        answer = define(request["setup"], request["references"], text, request["name"])
    except (Exception, SystemExit) as error:
        return {"definition": raised(error, text), "outcomes": [], "changed": [], "warnings": []}
    probe = resolve(request["probe"])
    return {"definition": None, **ask(answer, probe, request["cases"], text)}


def serve(request: dict[str, Any]) -> dict[str, Plain]:
    """The sandbox's entry: ``run`` with every random number generator in a known state."""
    _seed()
    return run(request)


def raised(error: BaseException, text: str) -> Raised:
    """An exception as a plain value, with the last line of the answer that it passed through."""
    line = None
    if isinstance(error, SyntaxError) and error.filename == ANSWER_FILE:
        line = error.lineno
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == ANSWER_FILE:
            line = frame.lineno
    lines = text.splitlines()
    content = lines[line - 1].strip()[:TEXT_LIMIT] if line and line <= len(lines) else ""
    try:
        message = str(error)[:TEXT_LIMIT]
    except Exception as second:  # a learner's own exception class may fail to print; its type still tells
        message = f"(its message could not be read: {type(second).__name__})"
    return Raised(type(error).__name__, message, line, content)


def _changed(positional: Sequence[Plain], keywords: dict[str, Plain], after: list[Any]) -> list[Plain]:
    names: list[Plain] = []
    key: Any
    for key, before, now in [
        *zip(range(len(positional)), positional, after[0], strict=True),
        *((k, b, after[1][k]) for k, b in keywords.items()),
    ]:
        if isinstance(before, list | tuple | dict) or hasattr(before, "shape") or hasattr(before, "array"):
            try:
                same = encode(plain(now)) == encode(before)
            except ValueError:  # it grew beyond what may cross: certainly not what came in
                same = False
            if not same:
                names.append(key)
    return names


def _seed() -> None:
    import random

    import numpy as np

    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.manual_seed(0)
