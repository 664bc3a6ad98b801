"""A class made by code, from perfect to hostile: what the demo grades, and what tests hold the grading against.

    hand_in(Classroom(root), chapters())

writes ``root/classroom/submitted/``. A learner is a name, a line of story, answers by chapter and, for some, an edit of
the notebook. Most follow from a chapter's exercises, so that they hand in whatever chapters there are; wrong answers
that a person would write, and right ones in another way, stand in ``SLIPS`` and ``DIFFERENT``, by topic.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder import source
from autograder.build import course_path
from autograder.classroom import Classroom, ClassroomError
from autograder.exercise import Chapter, Exercise, Item, Quiz

Answers = dict[str, str]
Notebook = dict[str, Any]

PAGE_IN_A_NAME = "<img src=x onerror=alert(1)>.txt"
PAGE_IN_AN_ANSWER = (
    "A <b>forward</b> pass each way.\n\n<script>document.title = 'taken over'</script>\n\n"
    '<img src="x" onerror="document.title = \'taken over\'">\n\n[more](javascript:alert(1))'
)
PROSE = "One pass forward and one back, against two passes for every weight; and a slow way that is hard to get wrong."


@dataclass(frozen=True)
class Learner:
    """Who hands in.

    name:    the folder in ``submitted/``.
    story:   one line for the instructor who looks at the demo.
    answers: the texts of a chapter's answer cells by name; None: hands in nothing for this chapter.
    edit:    changes the notebook after the answers are in it.
    files:   further files that come with the notebook.
    """

    name: str
    story: str
    answers: Callable[[Chapter], Answers | None]
    edit: Callable[[Notebook], None] | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slip:
    """A wrong answer: the misconception that it shows, and its text."""

    misconception: str
    text: str


def hand_in(classroom: Classroom, chapters: Iterable[Chapter]) -> None:
    """Write the whole class's submissions. Raises ``ClassroomError`` where a chapter's notebook is not built."""
    for chapter in chapters:
        released = course_path(classroom.root, chapter)
        if not released.is_file():
            raise ClassroomError(f"{released} is missing: run `autograder build {chapter.slug}`")
        notebook = json.loads(released.read_text(encoding="utf-8"))
        for learner in CLASS:
            answers = learner.answers(chapter)
            if answers is not None:
                folder = classroom.folder / "submitted" / learner.name / chapter.slug
                folder.mkdir(parents=True)
                content = filled_in(notebook, answers)
                if learner.edit is not None:
                    learner.edit(content)
                (folder / f"{chapter.topic}.ipynb").write_text(json.dumps(content), encoding="utf-8")
                for name in learner.files:
                    (folder / name).write_text("a file that nobody asked for\n", encoding="utf-8")


def filled_in(notebook: Notebook, answers: Mapping[str, str]) -> Notebook:
    """A copy of a released notebook with these answers in their cells."""
    content = copy.deepcopy(notebook)
    for cell in content["cells"]:
        cell["source"] = answers.get(_grade_id(cell), cell["source"])
    return content


def perfect(chapter: Chapter) -> Answers:
    """Everything right, in the course's own words."""
    return {item.name: _right(chapter, item) for item in chapter.items}


def different(chapter: Chapter) -> Answers:
    """Everything right; what ``DIFFERENT`` has for the chapter is written in another way."""
    return perfect(chapter) | DIFFERENT.get(chapter.topic, {})


def half_done(chapter: Chapter) -> Answers:
    """The first half of the notebook, right."""
    names = [item.name for item in chapter.items]
    return {name: text for name, text in perfect(chapter).items() if name in names[: len(names) // 2]}


def blank(chapter: Chapter) -> Answers:
    return {}


def first_graded(chapter: Chapter) -> Exercise:
    """The exercise in which those fail who fail in one: the first that carries points."""
    return next(exercise for exercise in chapter.exercises if exercise.points)


def patched(chapter: Chapter) -> Answers:
    """Every answer attacks the grader, and returns what claims to equal anything."""
    attacks = {
        exercise.name: f"{attack}\n\n{_function(exercise, 'return flattery')}"
        for exercise, attack in zip(chapter.exercises, itertools.cycle(ATTACKS), strict=False)
    }
    return perfect(chapter) | attacks


def with_scripts(chapter: Chapter) -> Answers:
    """Right, but what is written in prose holds scripts."""
    prose = [item.name for item in chapter.items if not isinstance(item, Exercise | Quiz)]
    return perfect(chapter) | dict.fromkeys(prose, PAGE_IN_AN_ANSWER)


def disorder(notebook: Notebook) -> None:
    """The checks and all prose deleted, every answer there twice, everything in the opposite order."""
    cells = [cell for cell in notebook["cells"] if _grade_id(cell) and not _grade_id(cell).startswith("check_")]
    notebook["cells"] = [cell for cell in reversed(cells) for _ in range(2)]


def slips(learner: str) -> Callable[[Chapter], Answers | None]:
    """All right but the learner's slips; None for a chapter in which the learner has none."""

    def answers(chapter: Chapter) -> Answers | None:
        made = SLIPS.get(chapter.topic, {}).get(learner)
        return None if made is None else perfect(chapter) | {name: slip.text for name, slip in made.items()}

    return answers


def but_one(body: str) -> Callable[[Chapter], Answers]:
    """All right, but the first exercise with points does this."""

    def answers(chapter: Chapter) -> Answers:
        exercise = first_graded(chapter)
        return perfect(chapter) | {exercise.name: _function(exercise, body)}

    return answers


def _function(exercise: Exercise, body: str) -> str:
    """A function, or what can be called as a class, with the exercise's name."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"def {exercise.name}(*arguments, **keywords):\n{lines}"


def _right(chapter: Chapter, item: Item) -> str:
    if isinstance(item, Exercise):
        return source.reference_text(chapter.topic, item.name)
    return f'{item.name} = "{item.key}"' if isinstance(item, Quiz) else PROSE


def _grade_id(cell: Mapping[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


# Each stands above a function that returns `flattery`, and is tried in turn.
ATTACKS = (
    # The judge's own names, wherever they can be found in this process, now say yes.
    """\
import sys


def yes(*arguments, **keywords):
    return True


for module in list(sys.modules.values()):
    for name in ("assess", "difference", "encode", "plain", "ask", "run", "serve"):
        if str(getattr(module, "__name__", "")).startswith(("__main__", "autograder")) and hasattr(module, name):
            setattr(module, name, yes)
flattery = True
""",
    # All comparisons of NumPy and the builtins agree.
    """\
import builtins
import numpy


def yes(*arguments, **keywords):
    return True


numpy.isclose = numpy.allclose = numpy.array_equal = numpy.testing.assert_allclose = yes
builtins.all = builtins.any = builtins.isinstance = yes
flattery = numpy.zeros(3)
""",
    # What is returned says that it equals whatever it is compared with.
    """\
class Flattery:
    def __eq__(self, other):
        return True

    def __float__(self):
        return 0.0

    def __array__(self, *arguments, **keywords):
        return np.zeros(3)

    __abs__ = __sub__ = __rsub__ = __getattr__ = lambda self, *arguments: self
    __lt__ = __le__ = __gt__ = __ge__ = __eq__


flattery = Flattery()
""",
)

DIFFERENT: dict[str, Answers] = {
    "backprop": {
        "sigmoid": """\
def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(z)))
""",
        "binary_cross_entropy": """\
def binary_cross_entropy(logits, labels):
    signs = 1 - 2 * np.asarray(labels)
    return np.logaddexp(0, signs * logits).sum() / len(logits)
""",
        "logistic_gradients": """\
def logistic_gradients(inputs, weights, bias, labels):
    grad_w, grad_b = np.zeros(len(weights)), 0.0
    for x, y in zip(inputs, labels):
        error = sigmoid(x @ weights + bias) - y
        grad_w += error * x / len(labels)
        grad_b += error / len(labels)
    return [grad_w, grad_b]
""",
        "weight_gradients": """\
def weight_gradients(delta, activations):
    return np.einsum("mi,mj->ij", delta, activations), np.einsum("mi->i", delta)
""",
    },
    "optimizers": {
        "sgd_step": """\
def sgd_step(parameters, gradient, state, rate):
    return np.add(parameters, np.multiply(-rate, gradient)), state
""",
        "minibatches": """\
def minibatches(X, y, batch_size, generator):
    rows = list(np.argsort(generator.random(len(X))))
    batches = []
    while rows:
        taken, rows = rows[:batch_size], rows[batch_size:]
        batches.append((X[taken], y[taken]))
    return batches
""",
        "rmsprop_step": """\
def rmsprop_step(parameters, gradient, squares, rate=0.001, decay=0.9, epsilon=1e-8):
    squares = squares + (1 - decay) * (np.square(gradient) - squares)
    return parameters - rate * gradient * np.power(squares + epsilon, -0.5), squares
""",
        "cosine_decay": """\
def cosine_decay(rate, epoch, epochs, minimum=0.0):
    return minimum + (rate - minimum) * np.cos(np.pi * epoch / (2 * epochs)) ** 2
""",
    },
}

SLIPS: dict[str, dict[str, dict[str, Slip]]] = {
    "backprop": {
        "bruno": {
            "binary_cross_entropy": Slip(
                "binary_cross_entropy_summed",
                """\
def binary_cross_entropy(logits, labels):
    return float(np.sum(np.logaddexp(0, logits) - labels * logits))
""",
            ),
            "logistic_gradients": Slip(
                "gradient_of_the_sum",
                """\
def logistic_gradients(inputs, weights, bias, labels):
    error = logistic_forward(inputs, weights, bias) - labels
    return inputs.T @ error, float(error.sum())
""",
            ),
            "weight_gradients": Slip(
                "bias_gradient_averaged",
                """\
def weight_gradients(delta, activations):
    return delta.T @ activations, delta.mean(axis=0)
""",
            ),
        },
        "carla": {
            "sigmoid_derivative": Slip(
                "argument_as_activation",
                """\
def sigmoid_derivative(z):
    return z * (1 - z)
""",
            ),
            "hidden_delta": Slip(
                "hidden_slope_at_the_activation",
                """\
def hidden_delta(delta, weights, pre_activations):
    activations = sigmoid(pre_activations)
    return delta @ weights * sigmoid_derivative(activations)
""",
            ),
            "backward": Slip(
                "backward_slope_left_out",
                """\
def backward(pre_activations, activations, weights, targets, loss):
    delta = output_delta(pre_activations[-1], targets, loss)
    grad_w, grad_b = [], []
    for layer in range(len(weights) - 1, -1, -1):
        w, b = weight_gradients(delta, activations[layer])
        grad_w, grad_b = [w, *grad_w], [b, *grad_b]
        delta = delta @ weights[layer]
    return grad_w, grad_b
""",
            ),
        },
        "dmitri": {
            "sigmoid": Slip(
                "exponential_over_exponential",
                """\
def sigmoid(z):
    return np.exp(z) / (1 + np.exp(z))
""",
            ),
            "softmax_cross_entropy": Slip(
                "overflowing_softmax",
                """\
def softmax_cross_entropy(logits, labels):
    exponentials = np.exp(logits)
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(labels)), labels]))
""",
            ),
            "numerical_gradient": Slip(
                "one_sided_difference",
                """\
def numerical_gradient(function, parameters, step=1e-5):
    gradient = np.zeros(parameters.shape)
    for index in np.ndindex(parameters.shape):
        moved = parameters.copy()
        moved[index] += step
        gradient[index] = (function(moved) - function(parameters)) / step
    return gradient
""",
            ),
        },
    },
    "optimizers": {
        "bruno": {
            "momentum_step": Slip(
                "averaged_momentum",
                """\
def momentum_step(parameters, gradient, velocity, rate, momentum=0.9):
    velocity = momentum * velocity + (1 - momentum) * gradient
    return parameters - rate * velocity, velocity
""",
            ),
            "exponentially_weighted_average": Slip(
                "average_never_corrected",
                """\
def exponentially_weighted_average(values, decay, bias_correction=True):
    averages, average = [], 0.0
    for value in values:
        average = decay * average + (1 - decay) * value
        averages.append(average)
    return np.array(averages)
""",
            ),
            "adam_step": Slip(
                "adam_uncorrected",
                """\
def adam_step(parameters, gradient, moments, rate=0.001, mean_decay=0.9, square_decay=0.999, epsilon=1e-8):
    m, v, t = moments
    m = mean_decay * m + (1 - mean_decay) * gradient
    v = square_decay * v + (1 - square_decay) * gradient**2
    return parameters - rate * m / (np.sqrt(v) + epsilon), (m, v, t + 1)
""",
            ),
        },
        "carla": {
            "adagrad_step": Slip(
                "adagrad_epsilon_outside",
                """\
def adagrad_step(parameters, gradient, squares, rate=0.01, epsilon=1e-8):
    squares = squares + gradient**2
    return parameters - rate * gradient / (np.sqrt(squares) + epsilon), squares
""",
            ),
            "rmsprop_step": Slip(
                "rmsprop_minus",
                """\
def rmsprop_step(parameters, gradient, squares, rate=0.001, decay=0.9, epsilon=1e-8):
    squares = decay * squares - (1 - decay) * gradient**2
    return parameters - rate * gradient / np.sqrt(squares + epsilon), squares
""",
            ),
        },
        "dmitri": {
            "minibatches": Slip(
                "short_batch_dropped",
                """\
def minibatches(X, y, batch_size, generator):
    order = generator.permutation(len(X))
    for number in range(len(X) // batch_size):
        rows = order[number * batch_size : (number + 1) * batch_size]
        yield X[rows], y[rows]
""",
            ),
            "nesterov_step": Slip(
                "gradient_at_the_parameters",
                """\
def nesterov_step(parameters, gradient, velocity, rate, momentum=0.9):
    velocity = momentum * velocity + rate * gradient(parameters)
    return parameters - velocity, velocity
""",
            ),
            "adamw_step": Slip(
                "adamw_penalty_in_the_gradient",
                """\
def adamw_step(parameters, gradient, moments, rate=0.001, weight_decay=0.01, mean_decay=0.9, square_decay=0.999,
               epsilon=1e-8):
    gradient = gradient + weight_decay * parameters
    return adam_step(parameters, gradient, moments, rate, mean_decay, square_decay, epsilon)
""",
            ),
        },
    },
}

CLASS = (
    Learner("ada", "everything right", perfect),
    Learner("bruno", "forgets what divides: m, 1 − γ, 1 − βᵗ", slips("bruno")),
    Learner("carla", "takes slopes and ε at the wrong place", slips("carla")),
    Learner("dmitri", "right where the numbers are tame", slips("dmitri")),
    Learner("finn", "half done", half_done),
    Learner("gwen", "handed in as it came", blank),
    Learner("hugo", "one cell is no Python", but_one("return (")),
    Learner("ines", "one loop never ends", but_one("while True:\n    pass")),
    Learner("jonas", "ends the process", but_one("import os\nos._exit(0)")),
    Learner("kim", "asks for 3 GB", but_one("return np.ones(3 * 2**30, np.uint8)")),
    Learner("lena", "cells deleted, doubled, turned round", perfect, edit=disorder),
    Learner("mallory", "patches NumPy, builtins and the judge", patched),
    Learner("noor", "prints 100 MB", but_one("for _ in range(100):\n    print('x' * 10**6)\nreturn arguments[0]")),
    Learner("oskar", "HTML in prose and in a file's name", with_scripts, files=(PAGE_IN_A_NAME,)),
    Learner("zora", "right, written in another way", different),
)
