"""Plain values: exact round trips, and bytes that are no value give a ProtocolError and nothing else."""

from __future__ import annotations

import collections
import json
import math
import struct
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder import probes, values
from autograder.values import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    Named,
    Other,
    ProtocolError,
    Raised,
    Tensor,
    TooLarge,
    decode,
    encode,
    named,
    plain,
    resolve,
)


def same(first: Any, second: Any) -> bool:
    """Equal to the bit: types, dtypes, shapes, signs of zero, the payload of NaNs in arrays, order of keys."""
    if type(first) is not type(second):
        return False
    if isinstance(first, np.ndarray):
        return (first.dtype, first.shape, first.tobytes()) == (second.dtype, second.shape, second.tobytes())
    if isinstance(first, Tensor):
        return same(first.array, second.array)
    if isinstance(first, float):
        return math.isnan(first) and math.isnan(second) or (first.hex() == second.hex())
    if isinstance(first, complex):
        return same(first.real, second.real) and same(first.imag, second.imag)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return same(list(first.items()), list(second.items()))
    return bool(first == second)


text = st.text(st.characters(codec=None), max_size=8)  # lone surrogates too
arrays = st.sampled_from(sorted(values._DTYPES)).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
keys = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda parts: st.lists(parts, max_size=2).map(tuple),
    max_leaves=3,
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**13_999), max_value=2**13_999)
    | st.floats()
    | st.complex_numbers()
    | text
    | st.binary(max_size=8)
    | arrays
    | arrays.map(Tensor)
    | st.builds(Named, text, text)
    | st.builds(Other, text)
    | st.builds(Raised, text, text, st.none() | st.integers(), text)
)
plain_values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(plain_values)
def test_round_trip_is_exact(value: Any) -> None:
    assert same(decode(encode(value)), value)
    assert same(plain(value), value)


@given(plain_values)
def test_encoding_is_a_function_of_the_value(value: Any) -> None:
    assert encode(decode(encode(value))) == encode(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_protocol_error(data: bytes) -> None:
    try:
        decode(data)
    except ProtocolError:
        return
    raise AssertionError("random bytes were taken for a value")


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(plain_values, st.data())
def test_damaged_bytes_are_a_value_or_a_protocol_error(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(encoded) - 1))
        how = data.draw(st.sampled_from(["change", "delete", "insert"]))
        if how == "change":
            encoded[position] = data.draw(st.integers(0, 255))
        elif how == "delete" and len(encoded) > 1:
            del encoded[position]
        else:
            encoded.insert(position, data.draw(st.integers(0, 255)))
    try:
        result = decode(bytes(encoded))
    except ProtocolError:
        return
    assert same(decode(encode(result)), result)  # what was let through is a plain value


json_nodes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(
            st.sampled_from(["int", "float", "complex", "str", "bytes", "array", "tensor", "list", "tuple", "dict"]),
            inner,
        ).map(list)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=8,
)


def wire(header: Any, body: bytes = b"") -> bytes:
    """What a forger would write: the prefix with right lengths, any header, any body."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<4sQQ", b"DLV1", len(text), len(body)) + text + body


@given(json_nodes, st.binary(max_size=16))
def test_any_header_is_a_value_or_a_protocol_error(header: Any, body: bytes) -> None:
    try:
        result = decode(wire(header, body))
    except ProtocolError:
        return
    assert same(decode(encode(result)), result)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (["array", "<f8", [2]], b"\0" * 8),  # fewer bytes than the shape needs
        (["array", "<f8", [1]], b"\0" * 16),  # bytes left over
        (["array", "|O", [1]], b"\0" * 8),
        (["array", "<V8", [1]], b"\0" * 8),
        (["array", "<f16", [1]], b"\0" * 16),
        (["array", ">f8", [1]], b"\0" * 8),
        (["array", "<f8", [-1, -1]], b"\0" * 8),
        (["array", "<f8", [True]], b"\0" * 8),
        (["array", "<f8", [1.0]], b"\0" * 8),
        (["array", "<f8", [1] * 65], b"\0" * 8),
        (["array", "<f8", [0, 2**62, 2**62]], b""),
        (["array", "<f8", [0, 2**70]], b""),
        (["array", "|b1", [1]], b"\2"),
        (["array", "<f8"], b""),
        (["str", -1], b""),
        (["str", 2], b"\xff\xff"),
        (["str", True], b"a"),
        (["int", "١"], b""),
        (["int", "01"], b""),
        (["int", "-0"], b""),
        (["int", "1_0"], b""),
        (["int", "9" * 4301], b""),
        (["int", "9" * 4300], b""),  # 4300 digits, but more bits than the limit
        (["int", 1], b""),
        (["float", "0x1p+99999"], b""),
        (["float", " 0x1.0000000000000p+0"], b""),
        (["float", "1.0"], b""),
        (["complex", "0x0.0p+0"], b""),
        (["dict", ["list"], None], b""),
        (["dict", ["array", "|b1", []], None], b"\0"),
        (["dict", None], b""),
        (["dict", None, None, None, True], b""),
        (["dict", ["int", "1"], None, True, None], b""),  # 1 == True
        (["named", None, None], b""),
        (["other", ["int", "1"]], b""),
        (["raised", None], b""),
        (["set"], b""),
        ([], b""),
        ({}, b""),
        (1, b""),
        ("text", b""),
        (b"[" * 100_000, b""),
        (b"[" * 9_000_000, b""),
        (b"[NaN]", b""),
        (b'["list",' + b"1" * 5000 + b"]", b""),
        (b"\xff", b""),
        (b"null null", b""),
    ],
)
def test_forged_bytes_are_refused(header: Any, body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(wire(header, body))


def test_lengths_must_agree() -> None:
    good = encode([1, "a"])
    assert decode(good) == [1, "a"]
    for bad in (good + b"\0", good[:-1], b"", good[:10], b"XXXX" + good[4:], b"DLV1" + b"\xff" * 16 + good[20:]):
        with pytest.raises(ProtocolError):
            decode(bad)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_depth_limit_on_both_sides() -> None:
    assert same(decode(encode(plain(nested(MAX_DEPTH)))), nested(MAX_DEPTH))
    for function in (plain, encode):
        with pytest.raises(TooLarge, match=str(MAX_DEPTH)):
            function(nested(MAX_DEPTH + 1))
    header: list[Any] = ["list"]
    for _ in range(MAX_DEPTH + 1):
        header = ["list", header]
    with pytest.raises(ProtocolError, match="deep"):
        decode(wire(header))
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    with pytest.raises(TooLarge):
        plain(cyclic)


def test_node_limit_on_both_sides() -> None:
    many = [None] * MAX_NODES
    for function in (plain, encode):
        with pytest.raises(TooLarge, match="1,000,000"):
            function(many)
    with pytest.raises(ProtocolError, match="1,000,000"):
        decode(wire(b'["list"' + b",null" * MAX_NODES + b"]"))
    doubling: list[Any] = [0]
    for _ in range(MAX_DEPTH - 1):
        doubling = [doubling, doubling]  # 2**31 nodes of 31 lists
    with pytest.raises(TooLarge):
        plain(doubling)


def test_byte_limit_is_checked_before_a_view_is_copied() -> None:
    huge = np.broadcast_to(np.float64(1.0), (2**40,))  # 8 TiB, were it copied
    for value in (huge, [huge], torch.zeros(1).expand(2**40), "a" * (MAX_BYTES + 1), b"a" * (MAX_BYTES + 1)):
        with pytest.raises(TooLarge, match="64 MiB"):
            plain(value)
    with pytest.raises(TooLarge, match="64 MiB"):
        encode(huge)
    half = np.zeros(MAX_BYTES // 2 + 1, np.uint8)
    with pytest.raises(TooLarge):
        plain([half, half])
    with pytest.raises(TooLarge, match="bits"):
        plain(10**5000)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(1.5), np.array(1.5, np.float32)),
        (np.bool_(True), np.array(True)),
        (np.longlong(3), np.array(3, np.int64)),
        (np.array([1, 2], ">i4"), np.array([1, 2], np.int32)),
        (np.asfortranarray(np.arange(6).reshape(2, 3)), np.arange(6).reshape(2, 3)),
        (np.arange(6)[::-2], np.array([5, 3, 1])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (torch.tensor([1.0, -0.0], requires_grad=True), Tensor(np.array([1.0, -0.0], np.float32))),
        (torch.nn.Parameter(torch.ones(2, 1)), Tensor(np.ones((2, 1), np.float32))),
        (torch.tensor([1 + 2j]).conj(), Tensor(np.array([1 - 2j], np.complex64))),
        (torch.tensor(True), Tensor(np.array(True))),
    ],
)
def test_plain_of_numpy_and_torch(value: Any, expected: Any) -> None:
    assert same(plain(value), expected)
    assert same(decode(encode(plain(value))), expected)


def test_plain_copies() -> None:
    array, tensor = np.zeros(2), torch.zeros(2)
    result: Any = plain([array, tensor])
    array[0], tensor[0] = 1, 1
    assert result[0][0] == 0 and result[1].array[0] == 0


class Liar:
    """Anything that looks at it runs its code."""

    touched = False

    def __getattribute__(self, name: str) -> Any:
        type.__setattr__(Liar, "touched", True)
        raise RuntimeError("touched")

    __eq__ = __hash__ = __repr__ = __len__ = __iter__ = __array__ = __bool__ = lambda self, *a: 1 / 0  # type: ignore


class Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError("touched")

    __hash__ = __eq__ = __instancecheck__ = lambda cls, *a: 1 / 0  # type: ignore


class MetaLiar(metaclass=Meta):
    pass


class ArraySubclass(np.ndarray):
    pass


class IntSubclass(int):
    pass


class FloatSubclass(np.float64):
    pass


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (IntSubclass(1), "IntSubclass"),
        (FloatSubclass(1), "FloatSubclass"),
        (np.zeros(2).view(ArraySubclass), "ArraySubclass"),
        (np.array([None]), "numpy.ndarray of dtype object"),
        (np.array(["a"]), "numpy.ndarray of dtype str"),
        (np.zeros(1, np.longdouble), "numpy.ndarray of dtype"),
        (np.zeros(1, [("a", "f8")]), "numpy.ndarray of dtype void"),
        (np.str_("a"), "numpy.str_"),
        ((i for i in range(3)), "generator"),
        ({1}, "set"),
        (collections.Counter("a"), "collections.Counter"),
        ({np.int64(1): 2}, "dict with a key of type numpy.int64"),
        ({(1, b""): 2}, "dict with a key of type tuple"),
        (len, "builtin_function_or_method"),
        (torch.zeros(2, device="meta"), "torch.Tensor on meta"),
        (torch.zeros(2).to_sparse(), "torch.Tensor on cpu, torch.sparse_coo"),
        (torch.zeros(2, dtype=torch.bfloat16), "torch.Tensor of dtype torch.bfloat16"),
        (torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
        (Tensor([1]), "autograder.values.Tensor"),  # type: ignore[arg-type]
    ],
)
def test_what_is_not_plain_becomes_other_untouched(value: Any, name: str) -> None:
    result = plain([value])
    assert isinstance(result, list) and type(result[0]) is Other
    assert name in result[0].type_name


def test_objects_that_lie_are_not_touched() -> None:
    result = plain([Liar(), MetaLiar(), MetaLiar])
    assert isinstance(result, list)
    module = __name__
    assert result == [Other(f"{module}.Liar"), Other(f"{module}.MetaLiar"), Other(f"{module}.Meta")]
    assert not Liar.touched


def test_a_types_name_is_short_text() -> None:
    odd = type("x" * 1000, (), {"__module__": 7})
    result = plain(odd())
    assert isinstance(result, Other) and len(result.type_name) == values.MAX_NAME


@pytest.mark.parametrize("value", [{1}, object(), np.array([None]), np.float64(1), {b"": 1}, Tensor([1])])  # type: ignore
def test_encode_refuses_what_is_not_plain(value: Any) -> None:
    with pytest.raises(TypeError, match="encode"):
        encode(value)


def test_named_functions_cross_by_name() -> None:
    assert named(probes.call) == Named("autograder.probes", "call")
    assert resolve(decode(encode({"f": [named(probes.call)]}))) == {"f": [probes.call]}


@pytest.fixture
def topic() -> Any:
    module = ModuleType("autograder.probes.topic")
    exec(
        "import os\nfrom math import sqrt\n"
        "def double(x): return 2 * x\n"
        "def _private(x): return x\n"
        "class Walk: pass\n"
        "def maker():\n    def inner(): pass\n    return inner\n"
        "twice = maker()",
        module.__dict__,
    )
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def test_a_topics_functions_and_classes_are_named(topic: Any) -> None:
    assert resolve(named(topic.double)) is topic.double
    assert resolve(named(topic.Walk)) is topic.Walk


@pytest.mark.parametrize("name", ["_private", "twice", "sqrt", "os"])
def test_named_refuses_what_is_not_a_topics_own_public_function(topic: Any, name: str) -> None:
    with pytest.raises(ValueError, match="function"):
        named(vars(topic)[name])


@pytest.mark.parametrize("function", [len, json.dumps, lambda x: x, 3, plain])
def test_named_refuses_functions_of_other_modules(function: Any) -> None:
    with pytest.raises(ValueError, match="function"):
        named(function)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("autograder.values", "decode"),
        ("autograder.probes.", "call"),
        ("autograder.probes.topic.deeper", "call"),
        ("autograder.probes.nowhere", "call"),
        ("autograder.probesx", "call"),
        ("autograder.probes\n", "call"),
        ("autograder.probes", "__import__"),
        ("autograder.probes", "Any"),
        ("autograder.probes", "call.__globals__"),
        ("autograder.probes.topic", "os"),
        ("autograder.probes.topic", "sqrt"),
    ],
)
def test_resolve_refuses_all_but_a_topics_own_functions(topic: Any, module: str, name: str) -> None:
    with pytest.raises(ProtocolError):
        resolve([Named(module, name)])


def test_resolve_gives_fresh_arrays_and_tensors() -> None:
    array = np.zeros((2, 3), np.float32)
    first = resolve({"a": (array, Tensor(array), None)})
    first["a"][0][:] = 1
    first["a"][1].fill_(2)
    assert not array.any()
    assert first["a"][1].dtype is torch.float32 and first["a"][1].shape == (2, 3)
