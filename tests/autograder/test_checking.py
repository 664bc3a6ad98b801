"""What a learner sees: one notebook run in a real kernel, wrong answers and right ones, message by message."""

from __future__ import annotations

import os

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import source

OPEN = """
import numpy as np
from autograder.checking import open_chapter
check, hint, yours, quiz, reveal = open_chapter("01_backprop")
"""


def sigmoid(*lines: str) -> str:
    return "def sigmoid(z):\n" + "".join(f"    {line}\n" for line in lines)


class Kernel:
    """Runs cells one after the other; each returns (error lines or None, displayed texts)."""

    def __init__(self, folder: str) -> None:
        self.notebook = nbformat.v4.new_notebook()
        self.client = NotebookClient(
            self.notebook, allow_errors=True, timeout=60, resources={"metadata": {"path": folder}}
        )

    def run(self, text: str) -> tuple[list[str] | None, str]:
        cell = nbformat.v4.new_code_cell(text)
        self.notebook.cells.append(cell)
        self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        errors = [output.traceback for output in cell.outputs if output.output_type == "error"]
        assert not any(output.get("name") == "stderr" for output in cell.outputs), cell.outputs
        shown = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
        return (errors[0] if errors else None), "\n".join(shown)

    def message(self, answer: str, check: str = "check(sigmoid)") -> str:
        """The message of a wrong answer."""
        self.run(answer)
        error, _ = self.run(check)
        assert error is not None, "the check passed"
        assert all(len(line) <= 87 for line in error), "nbgrader's Validate cuts lines at 87 characters"
        return " ".join(" ".join(error).split())


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    kernel = Kernel(str(tmp_path_factory.mktemp("notebook")))
    with kernel.client.setup_kernel(env={**os.environ, "MPLBACKEND": "agg"}):
        assert kernel.run(OPEN)[0] is None
        yield kernel


def test_a_name_that_is_not_there_gets_a_sentence(kernel):
    assert "keep the name sigmoid" in kernel.message("def sigmiod(z): return z")


def test_other_name_errors_stay_as_they_are(kernel):
    error, _ = kernel.run("nothing_of_this_name")
    assert "NameError" in " ".join(error) and "Traceback" in " ".join(error)


def test_the_stub_is_not_written_yet(kernel):
    stub = source.stub_text("backprop", next(e for e in kernel_exercises() if e.name == "sigmoid"))
    assert kernel.message(stub).startswith("sigmoid: not written yet.")


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        (["return None"], ["the type is not right", "end in return"]),
        (["return z.tolist()"], ["a list", "np.array"]),
        (["import torch", "return torch.as_tensor(z)"], ["a torch tensor", "Stay with NumPy"]),
        (["return np.ravel(z)[:1]"], ["the shape is not right"]),
        (["return z * np.nan"], ["not finite", "NaN"]),
        (["return 1 / 0"], ["ZeroDivisionError: division by zero, in line 2 of your answer: return 1 / 0"]),
        (["return helper(z)"], ["move helper into the answer cell"]),
        (["z *= 2.0", "return z"], ["changes its argument z in place"]),
        (["from dl_helpers.backprop import sigmoid", "return sigmoid(z)"], ["course's own solution", "out of reach"]),
        (["raise SystemExit"], ["SystemExit"]),
        (["return 1.1 / (1 + np.exp(-np.clip(z, -700, 700)))"], ["expected", "got", "hint(sigmoid) has"]),
    ],
)
def test_each_slip_has_its_own_sentence(kernel, body, sentences):
    kernel.run("def helper(z):\n    return z")
    message = kernel.message(sigmoid(*body))
    for sentence in sentences:
        assert sentence in message


def test_a_wrong_signature_is_said(kernel):
    assert "takes (z); yours takes (z, k)" in kernel.message("def sigmoid(z, k):\n    return z")


def test_an_imported_reference_is_no_answer(kernel):
    assert "was not written in this notebook" in kernel.message("from dl_helpers.backprop import sigmoid")


def test_the_right_answer_passes_and_the_learners_function_is_used(kernel):
    kernel.run(source.reference_text("backprop", "sigmoid"))
    error, shown = kernel.run("check(sigmoid)")
    assert error is None and shown.startswith("sigmoid: right.")
    assert kernel.run("print(yours(sigmoid) is sigmoid)")[1].strip() == "True"


def test_a_lambda_with_a_magic_in_its_cell_passes(kernel):
    kernel.run("%time 1\nsigmoid = lambda z: np.exp(-np.logaddexp(0, -z))")
    assert kernel.run("check(sigmoid)")[0] is None


def test_the_reference_stands_in_and_says_so(kernel):
    kernel.run(sigmoid("return z"))
    _, shown = kernel.run("print(yours(sigmoid)(np.zeros(1)))")
    assert "the course's version runs here" in shown and "0.5" in shown


def test_an_answer_is_served_by_the_reference_where_an_earlier_one_is_missing(kernel):
    kernel.run(source.stub_text("backprop", next(e for e in kernel_exercises() if e.name == "sigmoid")))
    kernel.run(source.reference_text("backprop", "sigmoid_derivative"))
    assert kernel.run("check(sigmoid_derivative)")[0] is None
    error, shown = kernel.run("print(yours(sigmoid_derivative)(np.zeros(1)))")
    assert error is None and "0.25" in shown


def test_an_answer_that_never_ends_is_ended(kernel):
    kernel.run("import autograder.checking\nautograder.checking.SECONDS = 1")
    assert "runs longer than 1 seconds" in kernel.message(sigmoid("while True:", "    pass"))


def test_a_name_in_quotes_is_said_to_be_one(kernel):
    assert "without quotes" in kernel.message("pass", 'check("sigmoid")')


def test_of_a_class_the_methods_that_are_missing_are_named(kernel):
    stub = source.stub_text("backprop", next(e for e in kernel_exercises() if e.name == "Value"))
    message = kernel.message(stub.replace(source.STUB, "return self", 2), "check(Value)")
    assert "Still to be written:" in message and "backward" in message and "__add__" not in message


def test_an_answer_that_changes_its_argument_passes_and_is_not_used_further(kernel):
    kernel.run(sigmoid("original = z.copy()", "z[...] = 0", "return np.exp(-np.logaddexp(0, -original))"))
    error, shown = kernel.run("check(sigmoid)")
    assert error is None and "changes its argument z in place" in shown
    assert "since yours changes z" in kernel.run("yours(sigmoid)")[1]


def test_hints_come_one_at_a_time_and_begin_again(kernel):
    exercise = next(e for e in kernel_exercises() if e.name == "sigmoid")
    for i in [*range(len(exercise.hints)), 0]:
        assert exercise.hints[i] in kernel.run("hint(sigmoid)")[1]


def test_quizzes_are_judged_and_predictions_noted(kernel):
    from autograder.exercise import Quiz

    quizzes = [item for item in kernel_chapter().items if isinstance(item, Quiz)]
    judged = next(q for q in quizzes if q.points)
    wrong = next(letter for letter, choice in judged.lettered() if not choice.right)
    assert "no answer yet" in kernel.message(f'{judged.name} = ""', f"quiz({judged.name}={judged.name})")
    assert "not right" in kernel.message(f'{judged.name} = "{wrong}"', f"quiz({judged.name}={judged.name})")
    assert kernel.run(f'quiz({judged.name}="{judged.key}")')[0] is None
    predicted = next(q for q in quizzes if not q.points)
    assert "noted" in kernel.run(f'quiz({predicted.name}="a")')[1]
    assert kernel.run(f'reveal({predicted.name}="")')[0] is None


def kernel_chapter():
    from autograder.chapters import chapter

    return chapter("01_backprop")


def kernel_exercises():
    return kernel_chapter().exercises
