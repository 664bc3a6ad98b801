"""Grade a class: texts in, verdicts out, whatever a submission does.

The main process reads submissions and the journal. Worker processes hold a sandbox each: they send an
answer's text and the questions in, and judge the plain values that come out. Learners' code runs in
the sandbox only; nothing that it prints, raises or exits with is read as a pass.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from multiprocessing import active_children, get_context
from multiprocessing.util import Finalize
from pathlib import Path
from types import TracebackType
from typing import Any

import dl_helpers
from autograder import answers, source
from autograder.answers import UnreadableNotebook
from autograder.chapters import chapter as find_chapter
from autograder.classroom import Classroom, Submission, digest, handed_in
from autograder.exercise import Chapter, Exercise, Quiz
from autograder.expectation import Expectation
from autograder.journal import Journal, dump, load
from autograder.judge import Verdict, ended, unanswered
from autograder.sandbox.confinement import PR_SET_PDEATHSIG, process_control
from autograder.sandbox.host import Ended, Sandbox, SandboxError
from autograder.sandbox.limits import Limits
from autograder.sandbox.verify import diagnose

# A slow machine is not a slow answer: a wall-clock end is tried again, and never kept. So often in a submission, lest
# one that sleeps in every answer holds up the class.
WALL_RETRIES = 2
DEPENDENCIES = ("numpy", "torch", "scipy", "scikit-learn")
TRUSTED_MODULES = ("judge.py", "expectation.py", "running.py", "values.py", "grading.py", "probes/__init__.py")


@dataclass(frozen=True)
class Settings:
    """How a class is graded. ``variants`` draws other cases for each learner."""

    limits: Limits = field(default_factory=Limits)
    variants: bool = False
    isolate: bool = True


@dataclass(frozen=True)
class Task:
    """What a worker needs: texts alone. ``texts`` holds the exercises to grade, in the chapter's order."""

    learner: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """A submission's verdicts by item, the answers' texts, and a remark where the file is odd."""

    submission: Submission
    verdicts: Mapping[str, Verdict]
    texts: Mapping[str, str]
    remark: str = ""
    fresh: int = 0

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts.values())

    def content(self) -> dict[str, Any]:
        """All that gradebook and feedback say of it, as JSON values."""
        verdicts = {name: dump(verdict) for name, verdict in self.verdicts.items()}
        return {"verdicts": verdicts, "texts": dict(self.texts), "remark": self.remark}


def grade(
    classroom: Classroom,
    chapter: Chapter,
    *,
    workers: int,
    settings: Settings,
    learners: set[str] | None = None,
    regrade: bool = False,
) -> Iterator[Result]:
    """The class's results for a chapter, as they come; verdicts of the journal first.

    Raises ``ClassroomError`` and ``SandboxError``, and when all others are done ``NotGraded`` for the submissions at
    which the grader itself failed. A run that is interrupted has kept what it did."""
    secret = classroom.secret()
    with Journal(classroom.journal) as journal, ExitStack() as stack:
        pending: list[tuple[Result, Task, dict[str, str]]] = []
        for submission in classroom.submissions(chapter):
            if learners is not None and submission.learner not in learners:
                continue
            result = read(submission)
            keys = _keys(submission.learner, chapter, result.texts, secret, settings)
            known = {} if regrade else journal.find(keys)
            result = with_verdicts(result, known, fresh=0)
            missing = {name: result.texts[name] for name in keys if name not in known}
            if missing:
                pending.append((result, Task(submission.learner, missing), keys))
            else:
                yield result
        if not pending:
            return
        pool = stack.enter_context(_pool(chapter, min(workers, len(pending)), secret, settings))
        futures: dict[Future[dict[str, Verdict]], tuple[Result, Task, dict[str, str]]] = {
            pool.submit(_grade_task, task): (result, task, keys) for result, task, keys in pending
        }
        failures = []
        for future in as_completed(futures):
            result, task, keys = futures[future]
            try:
                verdicts = future.result()
            except (SandboxError, BrokenProcessPool):
                raise  # the machine's failure, and so every submission's
            except Exception as error:  # the grader's fault at one submission: the others are none the worse for it
                failures.append(f"{task.learner} ({type(error).__name__}: {str(error)[:200]!a})")
                continue
            journal.record(task.learner, {keys[name]: v for name, v in verdicts.items() if not _is_infrastructure(v)})
            yield with_verdicts(result, verdicts, fresh=len(verdicts))
        if failures:
            raise NotGraded(f"the grader itself failed at {'; '.join(failures)}: report it. All others are graded")


def require_sandbox() -> None:
    """Raise ``SandboxError``, with the remedy, where this machine cannot confine a learner's code."""
    for finding in diagnose():
        if not finding.ok:
            raise SandboxError(f"{finding.what}. {finding.remedy}")


def graded(classroom: Classroom, chapter: Chapter) -> Iterator[Result]:
    """The results that the gradebook has, as they were when it was written."""
    classroom.secret()
    with Journal(classroom.journal) as journal:
        for submission in classroom.submissions(chapter):
            content = journal.written(submission.learner, chapter.slug)
            if content is not None:
                verdicts = {name: load(verdict) for name, verdict in content["verdicts"].items()}
                yield Result(submission, verdicts, content["texts"], content["remark"])


class Grader:
    """A worker's half: one chapter, one sandbox, the expectations of its exercises."""

    def __init__(self, chapter: Chapter, edition: Path, secret: bytes, settings: Settings) -> None:
        self.chapter, self.secret, self.settings = chapter, secret, settings
        self.sandbox = Sandbox(edition, settings.limits, isolate=settings.isolate)
        self.expectations: dict[tuple[str, str], Expectation] = {}

    def __enter__(self) -> Grader:
        self.sandbox.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sandbox.__exit__(kind, error, trace)

    def grade(self, task: Task) -> dict[str, Verdict]:
        """One submission: its exercises in order, in one session. A reference enters the sandbox only for
        a later exercise that uses it, when its own exercise's result is already here."""
        verdicts = {}
        retries = WALL_RETRIES
        setup = source.setup_text(self.chapter.topic)
        with self.sandbox.session() as session:
            for name, text in task.texts.items():
                exercise = self.chapter.item(name)
                assert isinstance(exercise, Exercise)
                references = [source.reference_text(self.chapter.topic, used) for used in exercise.uses]
                expectation = self._expectation(exercise, task.learner)
                request = expectation.request(setup, references, text)
                verdicts[name], retries = self._judge(expectation, session.ask, request, text, retries)
        return verdicts

    def _judge(
        self,
        expectation: Expectation,
        ask: Callable[[dict[str, object]], object],
        request: dict[str, object],
        text: str,
        retries: int,
    ) -> tuple[Verdict, int]:
        """The verdict, and how many retries are left."""
        while True:
            try:
                reply = ask(request)
            except Ended as end:
                if end.kind == "wall" and retries:
                    retries -= 1
                    continue
                reason = REASONS[end.kind](self.settings.limits)
                return ended(expectation.exercise, reason, len(expectation.cases)), retries
            return expectation.assess(reply if isinstance(reply, dict) else {}, text), retries

    def _expectation(self, exercise: Exercise, learner: str) -> Expectation:
        key = (exercise.name, learner if self.settings.variants else "")
        if key not in self.expectations:
            self.expectations[key] = Expectation(self.chapter, exercise, self.secret, key[1])
        return self.expectations[key]


WALL_REASON = "gave no result in time"
REASONS: dict[str, Callable[[Limits], str]] = {
    "memory": lambda limits: f"needs more than the {limits.memory_bytes // 2**20} MB of memory that grading allows",
    "cpu": lambda limits: f"runs longer than the {limits.cpu_seconds_per_request:g} seconds that grading allows",
    "wall": lambda limits: WALL_REASON,
    "exit": lambda limits: "ends its process, so no result came out",
    "signal": lambda limits: "ends its process with a signal, so no result came out",
    "reply": lambda limits: "sent something that is no result",
    "output": lambda limits: "prints without end",
}


@contextmanager
def student_edition(chapter: Chapter) -> Iterator[Path]:
    """A folder with ``dl_helpers`` in which the chapter's exercises are out of reach."""
    with tempfile.TemporaryDirectory(prefix="student-edition-") as folder:
        package = Path(folder) / "dl_helpers"
        shutil.copytree(Path(dl_helpers.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
        (package / f"{chapter.topic}.py").write_text(source.student_module(chapter), encoding="utf-8")
        yield Path(folder)


def read(submission: Submission) -> Result:
    """What a submission answers: quizzes judged, exercises without an answer said so, texts for the rest."""
    chapter = submission.chapter
    try:
        cells = answers.read_cells(submission.path)
    except (UnreadableNotebook, OSError) as error:
        verdicts = {item.name: Verdict(item.name, "unanswered", 0, item.points, 0, 0) for item in chapter.items}
        return Result(submission, verdicts, {}, remark=str(error))
    texts = answers.answer_texts(chapter, cells)
    known = {f"check_{item.name}" for item in chapter.items} | {item.name for item in chapter.items}
    remarks = [] if any(cell.grade_id in known for cell in cells) else [f"no cell of {chapter.slug} is in it"]
    try:
        handed_in(submission)
    except ValueError as error:
        remarks.append(f"{error}; it counts as handed in on time")
    verdicts = {}
    for item in chapter.items:
        if isinstance(item, Quiz):
            verdicts[item.name] = _quiz_verdict(item, texts.get(item.name))
        elif isinstance(item, Exercise) and item.name not in texts:
            verdicts[item.name] = unanswered(item)
    return Result(submission, verdicts, texts, "; ".join(remarks))


def _quiz_verdict(question: Quiz, text: str | None) -> Verdict:
    letters = answers.quiz_letters(question, text) if text is not None else None
    if letters is None:
        return Verdict(question.name, "unanswered", 0, question.points, 0, 1)
    right = answers.quiz_right(question, letters)
    chosen = " ".join(f"({letter}) {c.explanation}" for letter, c in question.lettered() if letter in letters)
    kind, points = ("right", question.points) if right else ("values", 0)
    return Verdict(question.name, kind, points, question.points, int(right), 1, explanation=chosen)


def with_verdicts(result: Result, more: Mapping[str, Verdict], fresh: int) -> Result:
    verdicts = {**result.verdicts, **more}
    order = [item.name for item in result.submission.chapter.items if item.name in verdicts]
    return Result(result.submission, {n: verdicts[n] for n in order}, result.texts, result.remark, fresh)


def _is_infrastructure(verdict: Verdict) -> bool:
    return verdict.kind == "ended" and WALL_REASON in verdict.explanation


def _keys(
    learner: str, chapter: Chapter, texts: Mapping[str, str], secret: bytes, settings: Settings
) -> dict[str, str]:
    """The journal's key of each exercise that has an answer: all that its verdict depends on."""
    shared = (
        digest(secret),
        _code_digest(chapter),
        json.dumps(_versions()),
        json.dumps(asdict(settings), sort_keys=True),
    )
    return {
        exercise.name: digest(learner, chapter.slug, exercise.name, texts[exercise.name], *shared)
        for exercise in chapter.exercises
        if exercise.name in texts
    }


@cache
def _code_digest(chapter: Chapter) -> str:
    """Of the reference, the exercises, their probes and the judge."""
    package = Path(__file__).parent
    files = [package / name for name in TRUSTED_MODULES]
    files += [package / "exercises" / f"{chapter.topic}.py", package / "probes" / f"{chapter.topic}.py"]
    return digest(source.module(chapter.topic).text, *(path.read_bytes() for path in files if path.is_file()))


@cache
def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in DEPENDENCIES}}


@contextmanager
def _pool(chapter: Chapter, workers: int, secret: bytes, settings: Settings) -> Iterator[ProcessPoolExecutor]:
    with student_edition(chapter) as edition:
        # Spawned: a worker starts from nothing, without the main process's threads and open databases.
        pool = ProcessPoolExecutor(
            workers, get_context("spawn"), _start_worker, (chapter.slug, edition, secret, settings)
        )
        try:
            yield pool
        except BrokenProcessPool as error:
            raise WorkerDied("a grading process died; what was graded is kept, run again to go on") from error
        except BaseException:
            # Interrupted or given up: nobody waits for what is running, and its verdicts are asked for again.
            for process in active_children():
                process.kill()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class NotGraded(RuntimeError):
    """The grader failed at some submissions; the message names them. All others are graded."""


class WorkerDied(RuntimeError):
    """A grading process ended by itself: the machine's doing, not a submission's."""


_worker: Grader
_worker_stack = ExitStack()


def _start_worker(slug: str, edition: Path, secret: bytes, settings: Settings) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the main process's to handle
    if sys.platform == "linux":
        process_control(PR_SET_PDEATHSIG, signal.SIGKILL)  # nobody is left behind where the main process is killed
    _worker = _worker_stack.enter_context(Grader(find_chapter(slug), edition, secret, settings))
    Finalize(None, _worker_stack.close, exitpriority=10)  # a pool's process runs no atexit handlers


def _grade_task(task: Task) -> dict[str, Verdict]:
    return _worker.grade(task)
