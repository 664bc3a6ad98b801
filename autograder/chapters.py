"""The chapters of the course, found by their exercises files."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

import autograder.exercises
from autograder.exercise import Chapter


class UnknownChapter(ValueError):
    """No chapter has this name; the message lists those there are."""


@cache
def topics() -> tuple[str, ...]:
    """The topics that have an exercises file, in alphabetical order."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(autograder.exercises.__path__)))


@cache
def chapters() -> tuple[Chapter, ...]:
    """All chapters, by number."""
    return tuple(sorted(map(_load, topics()), key=lambda chapter: chapter.number))


def chapter(name: str) -> Chapter:
    """The chapter called ``name``: a slug ("01_backprop") or a topic ("backprop"). Loads no other chapter.

    Raises ``UnknownChapter``."""
    topic = re.sub(r"^\d+_", "", name)
    if topic in topics() and name in (topic, _load(topic).slug):
        return _load(topic)
    raise UnknownChapter(f"there is no chapter {name!r}; the chapters are {', '.join(c.slug for c in chapters())}")


def _load(topic: str) -> Chapter:
    found: Chapter = importlib.import_module(f"autograder.exercises.{topic}").CHAPTER
    if found.topic != topic:
        raise ValueError(f"autograder/exercises/{topic}.py holds a chapter called {found.topic!r}: give it its topic")
    return found
