"""A class's data: what was handed in, the secret, and where grades and feedback go.

Everything lies in one folder, ``classroom/``, which git ignores:
``submitted/<learner>/<chapter>/<topic>.ipynb`` comes in; ``autograded/``, ``feedback/``,
``gradebook.db``, ``journal.db`` and ``secret`` are made here.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.exercise import Chapter

SECRET_BYTES = 32
TIMESTAMP_BYTES = 100
# A learner's name reaches a terminal, HTML, SQL and a spreadsheet, in which a first "=" or "-" makes a formula.
LEARNER = re.compile(r"\w[\w .,@+'()-]*")


class ClassroomError(Exception):
    """A class's folder that cannot be used as it is; the message says what to do."""


@dataclass(frozen=True)
class Submission:
    """One learner's notebook of one chapter."""

    learner: str
    chapter: Chapter
    path: Path


@dataclass(frozen=True)
class Classroom:
    """The course's folder ``root`` and the class in ``root/classroom``."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "classroom"

    @property
    def gradebook(self) -> str:
        """The gradebook's database URL."""
        return f"sqlite:///{self.folder / 'gradebook.db'}"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def autograded(self, learner: str, chapter: Chapter) -> Path:
        return self.folder / "autograded" / learner / chapter.slug / f"{chapter.topic}.ipynb"

    def feedback(self, learner: str, chapter: Chapter) -> Path:
        return self.folder / "feedback" / learner / chapter.slug / f"{chapter.topic}.html"

    def submissions(self, chapter: Chapter) -> Iterator[Submission]:
        """The notebooks handed in for a chapter, by learner. Raises ``ClassroomError`` without a folder."""
        for folder, problem in self._handed_in(chapter):
            if not problem:
                yield Submission(folder.name, chapter, folder / chapter.slug / f"{chapter.topic}.ipynb")

    def passed_over(self, chapter: Chapter) -> list[str]:
        """What looks like a submission of the chapter but is none, with the reason: a sentence each."""
        return [f"{folder.name!a} is passed over: {problem}" for folder, problem in self._handed_in(chapter) if problem]

    def _handed_in(self, chapter: Chapter) -> Iterator[tuple[Path, str]]:
        """The learners' folders that hold the chapter, each with what keeps it from being graded or ""."""
        submitted = self.folder / "submitted"
        if not submitted.is_dir():
            example = f"{submitted}/<learner>/{chapter.slug}/{chapter.topic}.ipynb"
            raise ClassroomError(f"{submitted} is missing: put submissions into {example}")
        for folder in sorted(submitted.iterdir()):
            path = folder / chapter.slug / f"{chapter.topic}.ipynb"
            if folder.name.startswith(".") or not (path.exists() or path.is_symlink()):
                continue
            if folder.is_symlink() or path.parent.is_symlink():
                yield folder, "it is a symbolic link, or its chapter's folder is one"
            elif not LEARNER.fullmatch(folder.name):
                yield folder, "a learner's folder is named with letters, digits, spaces and _.,@+'()-; rename it"
            else:
                yield folder, ""

    def strays(self) -> Iterator[str]:
        """What lies in ``submitted/`` where no chapter of no learner is looked for: a sentence each."""
        topics = {folder.name: folder.name.partition("_")[2] for folder in (self.root / "solutions").iterdir()}
        for learner in sorted((self.folder / "submitted").iterdir()):
            if learner.name.startswith(".") or learner.is_symlink():
                continue
            if not learner.is_dir():
                yield f"{learner.name!a} is passed over: it lies in no learner's folder"
                continue
            for inside in sorted(learner.iterdir()):
                place, topic = f"{learner.name}/{inside.name}", topics.get(inside.name)
                if inside.name.startswith(".") or inside.is_symlink():
                    continue
                if topic is None:
                    yield f"{place!a} is passed over: a chapter's folder has the chapter's name, such as {min(topics)}"
                elif not any(entry.name == f"{topic}.ipynb" for entry in inside.iterdir()):
                    yield f"{place!a} is passed over: it holds no {topic}.ipynb"

    def secret(self) -> bytes:
        """The class's secret, made at the first grading: 32 random bytes that only the owner can read."""
        path = self.folder / "secret"
        try:
            self.folder.mkdir(exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            pass
        except OSError as error:
            raise ClassroomError(f"{self.folder} cannot be written: {error.strerror}") from error
        else:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(SECRET_BYTES))
        secret = path.read_bytes()
        if len(secret) != SECRET_BYTES:
            raise ClassroomError(
                f"{path} holds {len(secret)} bytes, not {SECRET_BYTES}: restore it, or remove it and regrade everyone"
            )
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ClassroomError(f"{path} can be read by others: chmod 600 {path}")
        return secret


def handed_in(submission: Submission) -> datetime | None:
    """When a submission was handed in, as nbgrader's collector notes it beside the notebook; None where it did not.

    Raises ``ValueError`` where the note is no date: it comes with the submission, and may hold anything."""
    path = submission.path.parent / "timestamp.txt"
    if path.is_symlink() or not path.is_file():
        return None
    from nbgrader.utils import parse_utc

    with path.open("rb") as file:
        text = file.read(TIMESTAMP_BYTES).decode("utf-8", "replace")
    try:
        return parse_utc(text.strip())
    except (ValueError, OverflowError) as error:
        raise ValueError(f"timestamp.txt holds no date such as 2026-01-31 12:00:00 UTC: {text[:40]!a}") from error


def find_root(start: Path) -> Path:
    """The course's folder: ``start`` or the nearest folder above that holds ``nbgrader_config.py``."""
    for folder in (start, *start.parents):
        if (folder / "nbgrader_config.py").is_file() and (folder / "solutions").is_dir():
            return folder
    raise ClassroomError(
        f"{start} is not inside the course: no folder above it holds nbgrader_config.py and solutions/"
    )


def digest(*parts: bytes | str) -> str:
    """SHA-256 of parts that cannot run into each other."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()
