"""The chapters of the course, found by their exercises files."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import autograder.exercises
from autograder.exercise import Chapter


class UnknownChapter(ValueError):
    """No chapter has this name; the message lists those there are."""


@cache
def chapters() -> tuple[Chapter, ...]:
    """All chapters, by number."""
    names = [found.name for found in pkgutil.iter_modules(autograder.exercises.__path__)]
    found = [importlib.import_module(f"autograder.exercises.{name}").CHAPTER for name in names]
    return tuple(sorted(found, key=lambda chapter: chapter.number))


def chapter(name: str) -> Chapter:
    """The chapter called ``name``: a slug ("01_backprop") or a topic ("backprop")."""
    for candidate in chapters():
        if name in (candidate.slug, candidate.topic):
            return candidate
    raise UnknownChapter(
        f"there is no chapter {name!r}; the chapters are {', '.join(c.slug for c in chapters()) or 'not there yet'}"
    )
