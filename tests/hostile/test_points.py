"""Answers that would gain points, or tell what is secret, without being right: all through one real sandbox."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from autograder import source
from autograder.chapters import chapter
from autograder.exercise import Exercise
from autograder.expectation import PUBLIC, Expectation
from autograder.grading import Grader, Settings, Task, student_edition
from autograder.sandbox.limits import Limits
from autograder.values import Tensor

pytestmark = pytest.mark.slow
CHAPTER = chapter("01_backprop")
SECRET = bytes(range(32))
LIMITS = Limits(cpu_seconds_per_request=3.0, cpu_seconds=20.0, wall_seconds=2.0)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with student_edition(CHAPTER) as edition, Grader(CHAPTER, edition, SECRET, Settings(LIMITS)) as grader:
        yield grader


def grade(grader: Grader, **texts: str):
    return grader.grade(Task("mallory", texts))


FIND_FRAMES = """
import sys
def frames():
    frame = sys._getframe()
    while frame:
        yield frame
        frame = frame.f_back
def local(name):
    return next(f.f_locals[name] for f in frames() if name in f.f_locals)
"""
ATTACKS = {
    "imports the reference": "from dl_helpers.backprop import sigmoid",
    "imports it late": "def sigmoid(z):\n    import importlib\n"
    "    return importlib.import_module('dl_helpers.backprop').sigmoid(z)",
    "asks another module for it": "import dl_helpers.training, dl_helpers.plots.backprop as plots\n"
    "sigmoid = getattr(dl_helpers.training, 'sigmoid', None) or dl_helpers.training.backprop.sigmoid",
    "reads its source": "import inspect, dl_helpers.backprop as b\nexec(inspect.getsource(b.sigmoid))",
    "looks for the course on disk": """
import glob, os, sys
found = []
for root in ["/", "/work", "/home", "/root", "/tmp", "/opt", "/srv", "/usr/local", *sys.path]:
    for pattern in ("dl_helpers", "solutions", "autograder/exercises", "autograder/judge.py", "*/dl_helpers",
                    "*/classroom", "classroom", "*/secret", "**/backprop*.pyc"):
        found += glob.glob(os.path.join(root, pattern))
for path in [p for p in found if not p.startswith("/student")]:
    for name in (glob.glob(path + "/**/backprop.py", recursive=True) if os.path.isdir(path) else [path]):
        text = open(name, errors="ignore").read()
        if "def sigmoid" in text:
            exec(text)
sigmoid
""",
    "imports the grader": "from autograder.exercises.backprop import CHAPTER\n"
    "sigmoid = CHAPTER.item('sigmoid').reference",
    "imports the judge": "import autograder.judge, autograder.expectation\nsigmoid = autograder.judge.assess",
    "looks through all objects": """
import gc
def sigmoid(z):
    for thing in gc.get_objects():
        if type(thing) is dict:
            for name in ("expected", "answer_key", "wrong", "secret"):
                if name in thing and type(thing[name]) is list:
                    return thing[name][0]
            if getattr(thing.get("sigmoid"), "__module__", "") == "dl_helpers.backprop":
                return thing["sigmoid"](z)
""",
    "writes its own reply": FIND_FRAMES
    + """
import os, numpy as np
from autograder.values import encode
def sigmoid(z):
    head, replies, cases = local("head"), local("replies"), local("request")["cases"]
    forged = {"definition": None, "outcomes": [np.zeros(np.shape(c[0][0])) for c in cases], "changed": [],
              "warnings": [], "right": True, "points": 99.0, "passed": len(cases), "kind": "right"}
    data = encode(forged)
    os.write(replies, head[:16] + len(data).to_bytes(8, "little") + data)
    os._exit(0)
""",
    "has the verdict sent": "import autograder.running as running\n"
    "running.run = lambda request: {'kind': 'right', 'points': 2.0, 'outcomes': [True] * len(request['cases'])}\n"
    "def sigmoid(z): return True",
    "sends no outcomes": "import autograder.running as r\nr.ask = lambda *a: {'outcomes': []}\n"
    "def sigmoid(z): return z",
    "changes the questions": FIND_FRAMES
    + "import numpy as np\nlocal('request')['cases'][:] = [[[np.zeros(1)], {}]]\ndef sigmoid(z): return np.full(1, .5)",
    "changes the probe": "import autograder.probes as p\np.call = lambda *a, **k: a[1]\ndef sigmoid(z): return z",
    "equals anything": "class Same(np.ndarray):\n    __eq__ = __le__ = __ge__ = lambda s, o: True\n"
    "    def __array_function__(s, *a, **k): return True\n    def __array_ufunc__(s, *a, **k): return s\n"
    "def sigmoid(z): return np.zeros(np.shape(z)).view(Same)",
    "is an array only when asked": "class Late:\n    def __array__(self, *a, **k): return 1 / (1 + np.exp(-3.0))\n"
    "def sigmoid(z): return Late()",
    "speaks the protocol's types": "from autograder.values import Other, Raised, Named\n"
    "def sigmoid(z): return Raised('AssertionError', 'right', 1, 'right')",
    "lies about its type": "class Float(float):\n    __class__ = np.ndarray\ndef sigmoid(z): return Float(.5)",
    "a metaclass that agrees": "class M(type):\n    __eq__ = __instancecheck__ = lambda *a: True\n    __hash__ = None\n"
    "class A(metaclass=M): pass\ndef sigmoid(z): return A()",
    "is not a number": "def sigmoid(z): return np.full(np.shape(z), np.nan)",
    "is infinite": "def sigmoid(z): return np.full(np.shape(z), np.inf)",
    "half precision": "def sigmoid(z): return np.full(np.shape(z), .5, np.float16)",
    "a step": "def sigmoid(z): return (np.asarray(z) > 0).astype(np.float16)",
    "right in the limits alone": "def sigmoid(z): return np.heaviside(z, .5)",
    "ones": "def sigmoid(z): return np.ones_like(z)",
    "a generator of all results": "def sigmoid(z):\n    while True: yield z",
    "far too large": "def sigmoid(z): return np.broadcast_to(0.5, (10**6, 10**6))",
    "deep": "def sigmoid(z):\n    a = []\n    for _ in range(10**5): a = [a]\n    return a",
    "circular": "def sigmoid(z):\n    a = []\n    a.append(a)\n    return a",
    "of one hash": "def sigmoid(z): return {i * (2**61 - 1): 0 for i in range(300)}",
    "exits well": "import os\nprint('2 of 2 points')\nos._exit(0)",
    "raises what the judge knows": "class NotDefined(Exception): pass\ndef sigmoid(z): raise NotDefined('right')",
    "interrupts": "def sigmoid(z): raise KeyboardInterrupt",
    "leaves by a generator's door": "def sigmoid(z): raise GeneratorExit",
    "recurses": "def sigmoid(z): return sigmoid(z)",
    "is no definition": "sigmoid = 3",
    "has no name": "sigmoid",
    "is not Python": "def sigmoid(z)\n    return",
    "is zeros": "\0\0\0",
    "is half a character": "sigmoid = '?' # \\ud800",
    "parenthesized": "(" * 90_000,
    "signed": "sigmoid = " + "-" * 90_000 + "1",
    "nested": "sigmoid = " + "[" * 150 + "]" * 150,
    "summed": "sigmoid = 1" + "+1" * 40_000,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_earns_a_point(grader: Grader, attack: str) -> None:
    right = source.reference_text("backprop", "sigmoid_derivative")
    verdicts = grade(grader, sigmoid=ATTACKS[attack], sigmoid_derivative=right)
    assert verdicts["sigmoid"].points == 0 and not verdicts["sigmoid"].right
    told = [verdicts["sigmoid"].headline, *verdicts["sigmoid"].sentences()]
    assert sum(map(len, told)) < 2_000
    # It may have spoilt its own process, never the grader: what comes after it is judged, right or not.
    assert verdicts["sigmoid_derivative"].maximum == 1


def test_after_all_of_that_a_right_answer_is_right(grader: Grader) -> None:
    names = ("sigmoid", "sigmoid_derivative", "backward")
    verdicts = grade(grader, **{name: source.reference_text("backprop", name) for name in names})
    assert all(verdict.right for verdict in verdicts.values())


def test_what_a_later_exercise_brings_in_does_not_help_an_earlier_one(grader: Grader) -> None:
    """The reference enters for the exercises that use it, in the order of the chapter: its own is sealed by then."""
    spy = """
import builtins
kept, compile_ = [], builtins.compile
def spying(text, *arguments, **keywords):
    kept.append(text)
    return compile_(text, *arguments, **keywords)
builtins.compile = spying
def sigmoid(z):
    for text in kept:
        if isinstance(text, str) and "def sigmoid(" in text and "kept" not in text:
            space = {"np": np}
            exec(text, space)
            return space["sigmoid"](z)
"""
    for _ in range(2):  # nor in the next submission
        later = "def sigmoid_derivative(z):\n    return sigmoid(z) * (1 - sigmoid(z))"
        verdicts = grade(grader, sigmoid=spy, sigmoid_derivative=later)
        assert verdicts["sigmoid"].points == 0
        assert verdicts["sigmoid_derivative"].right


TELLTALES = {
    "a class's name": "def sigmoid(z): raise type('LEAK_%r' % z, (Exception,), {})",
    "a class's name from the start": "import os\nraise type('LEAK', (Exception,), {})(os.listdir('/'))",
    "an undefined name": "def sigmoid(z): return eval('LE' + 'AK_1_5')",
    "a made-up NameError": 'def sigmoid(z): raise NameError("name \'LE" + "AK\' is not defined")',
    "a line that was never written": "text = chr(10) * 0 + 'raise ValueError  # LE' + 'AK'\n"
    "exec(compile(text, '<answer>', 'exec'))",
    "a warning": "import warnings\ndef sigmoid(z):\n    warnings.warn('LEAK' + repr(z))\n    return z",
    "a message": "def sigmoid(z): raise ValueError('LEAK' + repr(z))",
    "a reply": "import autograder.running as r\nfrom autograder.values import Raised\n"
    "r.run = lambda q: {'definition': Raised('LEAK', 'LEAK', 2, 'LEAK'), 'outcomes': []}\n"
    "def sigmoid(z): return z",
    "arguments changed": "import autograder.running as r\nr._changed = lambda *a: ['LEAK', 'LEAK' * 9]\n"
    "def sigmoid(z): return z",
    "print": "print('LEAK' * 100)\ndef sigmoid(z): return z",
}


@pytest.mark.parametrize("channel", TELLTALES)
def test_a_secret_case_is_not_told_through(grader: Grader, channel: str) -> None:
    verdict = grade(grader, sigmoid=TELLTALES[channel])["sigmoid"]
    told = "\n".join([verdict.headline, *verdict.sentences()])
    quoted = [line.strip() for line in TELLTALES[channel].splitlines()]
    # The learner's own line, as it was written, may be quoted.
    unquoted = "\n".join(line for line in told.splitlines() if line.strip() not in quoted)
    assert "LEAK" not in unquoted and verdict.points == 0


def test_sleeping_in_every_answer_costs_a_wait_for_each_and_two_more() -> None:
    """A wall-clock end is tried again since the machine may be busy, but not for every answer of a submission."""
    limits = Limits(wall_seconds=0.4)
    names = [exercise.name for exercise in CHAPTER.exercises[:5]]
    texts = {name: "import time\nwhile True:\n    time.sleep(60)" for name in names}
    with student_edition(CHAPTER) as edition, Grader(CHAPTER, edition, SECRET, Settings(limits)) as grader:
        started = time.monotonic()
        verdicts = grade(grader, **texts)
        waited = time.monotonic() - started
    assert {verdict.kind for verdict in verdicts.values()} == {"ended"}
    assert waited < 0.4 * 13  # 7 waits of 0.4 s and as many forks; three tries each would be 15 waits


@pytest.mark.parametrize(
    "exercise", [e for slug in ("backprop", "optimizers") for e in chapter(slug).exercises], ids=lambda e: e.name
)
def test_every_share_of_the_points_asks_what_the_public_cases_do_not_show(exercise: Exercise) -> None:
    """A table of the public cases and their results, which anybody can make, must not earn a group's points. Nor may
    a group want the same results whatever the secret is: then they can be written down."""
    selected = next(chapter(slug) for slug in ("backprop", "optimizers") if exercise in chapter(slug).exercises)
    public, one, other = (Expectation(selected, exercise, secret) for secret in (PUBLIC, SECRET, bytes(range(1, 33))))
    seen = {repr(_comparable(question)) for question in public.questions}
    fresh, changing = set(), set()
    for case, question, expected, elsewhere in zip(one.cases, one.questions, one.expected, other.expected, strict=True):
        group = case.group if exercise.groups else ""
        if repr(_comparable(question)) not in seen:
            fresh.add(group)
        if repr(_comparable(expected)) != repr(_comparable(elsewhere)):
            changing.add(group)
    groups = set(exercise.groups) or {""}
    assert fresh >= groups
    assert changing >= groups


def _comparable(value: object) -> object:
    if isinstance(value, Tensor):
        return value.array.tolist()
    if isinstance(value, list | tuple):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
