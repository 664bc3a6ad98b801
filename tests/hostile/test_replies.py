"""Forged replies: whatever a learner's process sends back is judged in bounded time, never raises, and says nothing."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autograder.chapters import chapter
from autograder.exercise import Exercise
from autograder.expectation import PUBLIC, Expectation
from autograder.values import Named, Other, ProtocolError, Raised, Tensor, decode, encode

SECRET = bytes(range(32))
PRIME = 2**61 - 1  # CPython's hash of an int is its remainder by this, so that all multiples share the hash 0
# Of the two chapters: plain arrays, tuples, a dict, and those whose judge accepts many results.
NAMES = {"backprop": ["sigmoid", "backward", "topological_sort", "Value"], "optimizers": ["minibatches", "train"]}
EXERCISES = [(topic, name) for topic, names in NAMES.items() for name in names]


@pytest.fixture(scope="module")
def expectations() -> dict[tuple[str, str, bool], Expectation]:
    made = {}
    for topic, name in EXERCISES:
        exercise = chapter(topic).item(name)
        assert isinstance(exercise, Exercise)
        for public in (True, False):
            made[topic, name, public] = Expectation(chapter(topic), exercise, PUBLIC if public else SECRET)
    return made


scalars = (
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.complex_numbers()
    | st.text(max_size=5) | st.binary(max_size=5)
)  # fmt: skip
some_arrays = st.sampled_from(["?", "b", "Q", "e", "f", "d", "D"]).flatmap(
    lambda code: arrays(code, st.sampled_from([(), (0,), (1,), (3,), (5,), (3, 2), (2, 0, 3)]))
)
lines = st.none() | st.integers(-5, 10**20)
leaves = (
    scalars | some_arrays | some_arrays.map(Tensor) | st.builds(Other, st.text(max_size=5))
    | st.builds(Named, st.just("autograder.probes"), st.text(max_size=5))
    | st.builds(Raised, st.text(max_size=9) | st.just("NameError"), st.text(max_size=9), lines, st.text(max_size=9))
)  # fmt: skip
keys = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(("topic", "name"), EXERCISES)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_reply_is_judged_and_none_is_right(expectations, topic: str, name: str, data: st.DataObject) -> None:
    for public in (True, False):
        expectation = expectations[topic, name, public]
        count = len(expectation.cases)
        outcomes = st.lists(values, min_size=count, max_size=count) | values
        changed = st.lists(st.lists(values, max_size=3) | values, max_size=4) | values
        reply: dict[str, Any] = {
            "definition": data.draw(st.none() | leaves),
            "outcomes": data.draw(outcomes),
            "changed": data.draw(changed),
            "warnings": data.draw(st.lists(values, max_size=4) | values),
        }
        reply |= data.draw(st.sampled_from([{}, {"right": True, "points": 99.0, "kind": "right"}, {0: 1}]))
        verdict = expectation.assess(decode(encode(reply)), "def sigmoid(z):\n    return z")
        assert not verdict.right and verdict.points == 0
        verdict.headline.encode()
        assert all(isinstance(sentence, str) for sentence in verdict.sentences())


@pytest.mark.parametrize(
    "keys",
    [
        [i * PRIME for i in range(20_000)],
        [float(2 ** (i % 15 * 61)) * (i // 15 + 1) for i in range(150)] + [i * PRIME for i in range(200)],
        [(i * PRIME,) for i in range(20_000)],
        [((i * PRIME, 0), "a") for i in range(20_000)],
    ],
    ids=["ints", "floats", "tuples", "nested"],
)
def test_keys_of_one_hash_are_refused_at_once(keys: list[Any]) -> None:
    """Such a dict compares every key with every other: a million of them would take the trusted side hours."""
    small = encode(dict.fromkeys(range(len(keys))))  # a stand-in of the same size, as encoding the dict is as slow
    assert decode(small) == dict.fromkeys(range(len(keys)))
    started = time.process_time()
    with pytest.raises(ProtocolError, match="same hash"):
        decode(_encoded_dict(keys))
    assert time.process_time() - started < 5  # linear: well below a second; quadratic: over a minute


def _encoded_dict(keys: list[Any]) -> bytes:
    """The bytes of a dict from these keys to None, put together from a list's without making the dict."""
    import struct

    flat = [part for key in keys for part in (key, None)]
    data = encode(flat)
    magic, header, body = struct.unpack_from("<4sQQ", data)
    text = data[20 : 20 + header].replace(b'["list"', b'["dict"', 1)
    return struct.pack("<4sQQ", magic, len(text), body) + text + data[20 + header :]


def test_ordinary_dicts_pass_though_two_keys_share_a_hash() -> None:
    for value in ({-1: 0, -2: 1}, {0: 0, PRIME: 1}, {i: i for i in range(1000)}, {f"word{i}": i for i in range(1000)}):
        assert decode(encode(value)) == value


@pytest.mark.parametrize(
    "changed",
    [
        [[[1]]],
        [[{"a": 1}]],
        [[np.zeros(2)]],
        [[i * PRIME for i in range(20_000)]],
        [["z\ud800", "\x1b[2J", "<script>", 10**40, -1, None, 2.0]],
        [[0] * 10**3] * 50,
    ],
    ids=["list", "dict", "array", "one hash", "no parameter", "long"],
)
def test_forged_advice_names_parameters_or_nothing(expectations, changed: list[Any]) -> None:
    for public in (True, False):
        expectation = expectations["backprop", "sigmoid", public]
        reply = {"definition": None, "outcomes": list(expectation.expected), "changed": changed, "warnings": []}
        started = time.process_time()
        verdict = expectation.assess(decode(encode(reply)), "")
        assert time.process_time() - started < 5
        assert verdict.right
        assert verdict.advice in ((), (_in_place("z"),))


def _in_place(name: str) -> str:
    return f"It changes its argument {name} in place: work on a copy, so that the caller's value stays as it was."


@pytest.mark.parametrize(
    "error",
    [
        Raised("LEAK_3_25", "LEAK", 1, "LEAK"),
        Raised("L" * 10**6 + "LEAK", "LEAK", None, "LEAK"),
        Raised("NameError", "name 'LEAK_3_25' is not defined", 2, "LEAK"),
        Raised("NameError", "name 'z' is not defined, LEAK", 10**100, "LEAK"),
        Raised("<b>LEAK", "LEAK", -3, "LEAK"),
        Raised("LEAK\x1b]0;LEAK\x07", "LEAK", 0, "LEAK"),
        Raised("NotDefined", "LEAK", 1, "LEAK"),
        Raised("TypeError", "LEAK", 99, "LEAK"),
    ],
    ids=lambda error: f"{error.type_name[:12]!a} line {str(error.line)[:5]}",
)
def test_an_error_says_nothing_that_the_answers_text_does_not(expectations, error: Raised) -> None:
    """A secret case's value can be spelled in any name that is made up while the answer runs."""
    expectation = expectations["backprop", "sigmoid", False]
    answer = "def sigmoid(z):\n    return z"
    for reply in (
        {"definition": error, "outcomes": []},
        {"definition": None, "outcomes": [error] * len(expectation.cases)},
    ):
        verdict = expectation.assess({**reply, "changed": [["LEAK"]], "warnings": ["LEAK"]}, answer)
        told = "\n".join([verdict.headline, *verdict.sentences()])
        assert "LEAK" not in told and len(told) < 2_000


@pytest.mark.parametrize("name", ["FloatingPointError", "LinAlgError", "AxisError", "TooHot"])
def test_an_error_that_the_learner_can_know_keeps_its_name(expectations, name: str) -> None:
    expectation = expectations["backprop", "sigmoid", False]
    answer = "class TooHot(Exception): pass\ndef sigmoid(z):\n    raise TooHot"
    outcomes = [Raised(name, "", 3, "")] * len(expectation.cases)
    verdict = expectation.assess({"definition": None, "outcomes": outcomes}, answer)
    assert f"{name}, in line 3 of your answer:\n    raise TooHot" in verdict.explanation
