"""What a learner gets back: one page of HTML a submission, everything in it escaped."""

from __future__ import annotations

import os
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.classroom import Classroom
from autograder.exercise import Exercise, Written
from autograder.grading import Result

ANSWER_CHARACTERS = 20_000
PAGES = Environment(loader=PackageLoader("autograder"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def write_feedback(classroom: Classroom, result: Result) -> Path:
    """Write the page of one submission and return its path."""
    path = classroom.feedback(result.submission.learner, result.submission.chapter)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(render(result), encoding="utf-8", errors="replace")
    os.replace(partial, path)
    return path


def render(result: Result) -> str:
    """The page: points, a sentence for each item, the learner's own text beside it. For secret cases it
    names the misconception, the share of points and the line that failed, never a value."""
    chapter = result.submission.chapter
    items = []
    for item in chapter.items:
        text = result.texts.get(item.name, "")
        verdict = result.verdicts.get(item.name)
        items.append(
            {
                "name": item.name,
                "verdict": verdict,
                "maximum": item.points,
                "manual": isinstance(item, Written),
                "hints": len(item.hints) if isinstance(item, Exercise) else 0,
                "text": text[:ANSWER_CHARACTERS],
                "cut": len(text) > ANSWER_CHARACTERS,
            }
        )
    return PAGES.get_template("feedback.html").render(
        chapter=chapter,
        learner=result.submission.learner,
        remark=result.remark,
        points=result.points,
        maximum=sum(item.points for item in chapter.items),
        items=items,
    )
