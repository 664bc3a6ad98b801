"""The journal: every verdict by the key of all it depends on, kept as soon as it is known.

A run that is killed leaves its verdicts here; the next run finds them and does only what is missing.
The journal also remembers which of a submission's verdicts the gradebook has.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.judge import GroupResult, Verdict

SCHEMA = """
CREATE TABLE IF NOT EXISTS verdict (
    key TEXT PRIMARY KEY, learner TEXT NOT NULL, exercise TEXT NOT NULL, content TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS written (
    learner TEXT, chapter TEXT, content TEXT NOT NULL, PRIMARY KEY (learner, chapter)
);
"""


class Journal:
    """A SQLite file; each call that writes is one durable transaction."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, timeout=30)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.executescript(SCHEMA)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def find(self, keys: Mapping[str, str]) -> dict[str, Verdict]:
        """The verdicts known for exercises, given ``{exercise: key}``."""
        found = {}
        for exercise, key in keys.items():
            row = self.connection.execute("SELECT content FROM verdict WHERE key = ?", (key,)).fetchone()
            if row is not None:
                found[exercise] = load(json.loads(row[0]))
        return found

    def record(self, learner: str, verdicts: Mapping[str, Verdict]) -> None:
        """Keep verdicts, given ``{key: verdict}``."""
        rows = [(key, learner, v.exercise, json.dumps(dump(v))) for key, v in verdicts.items()]
        with self.connection:
            self.connection.executemany("INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?)", rows)

    def written(self, learner: str, chapter: str) -> dict[str, Any] | None:
        """What the gradebook has of a submission, as it was given to ``mark_written``; None if nothing."""
        query = "SELECT content FROM written WHERE learner = ? AND chapter = ?"
        row = self.connection.execute(query, (learner, chapter)).fetchone()
        return None if row is None else json.loads(row[0])

    def mark_written(self, learner: str, chapter: str, content: Mapping[str, Any]) -> None:
        """Note that the gradebook has this of a submission."""
        with self.connection:
            self.connection.execute(
                "INSERT OR REPLACE INTO written VALUES (?, ?, ?)", (learner, chapter, json.dumps(content))
            )


def dump(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON values, without its picture."""
    content = dataclasses.asdict(dataclasses.replace(verdict, picture=None))
    del content["picture"]
    return content


def load(content: dict[str, Any]) -> Verdict:
    groups = tuple(GroupResult(**group) for group in content["groups"])
    sequences = {name: tuple(content[name]) for name in ("changed", "advice")}
    return Verdict(**{**content, **sequences, "groups": groups})
