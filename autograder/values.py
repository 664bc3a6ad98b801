"""Plain values: the only thing that crosses the wall between the grader and a learner's code.

A plain value is None, a bool, int, float, complex, str or bytes, a numeric ``numpy.ndarray``, a ``Tensor``, a
``Named`` function, an ``Other``, a ``Raised``, or a list, tuple or dict of plain values. ``plain`` makes one of
anything; ``encode`` and ``decode`` carry it over the wall and ``resolve`` makes it usable on the far side.

On the wire: 4 bytes magic, the header's and the body's length (little-endian, 8 bytes each), a JSON header that
describes the value's nodes, and a body in which texts, bytes and array data follow each other in the header's
order. The header holds no free text, so its size is known from the number of nodes. ``decode`` believes nothing.
"""

from __future__ import annotations

import importlib
import json
import math
import re
import struct
import sys
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

MAX_DEPTH = 32  # containers within each other
MAX_NODES = 1_000_000  # values, keys and containers together
MAX_BYTES = 64 * 2**20  # texts, bytes, array data and digits together
MAX_INT_BITS = 14_000  # 4215 decimal digits, below the 4300 that int(text) accepts
MAX_NAME = 200  # characters of a type's name
MAX_EQUAL_HASHES = 100  # keys of one dict that share another's hash; by chance there is hardly ever one

_MAGIC = b"DLV1"
_PREFIX = struct.Struct("<4sQQ")
# Signs that open or separate JSON values: six for each node at most, as in ',["array","<f8",[]]'. This bounds what
# json.loads builds before nodes are counted.
_MAX_SEPARATORS = 6 * MAX_NODES
_PROBES = re.compile(r"autograder\.probes(\.[a-z][a-z0-9_]*)?")
_PUBLIC_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,4299}")
# NumPy's codes of the dtypes that cross. Long doubles do not: their bytes differ between machines.
_CODES = "?bhilqBHILQefdFD"
_DTYPES = frozenset(np.dtype(code).newbyteorder("<").str for code in _CODES)
_TORCH_DTYPES = frozenset(f"torch.{np.dtype(code).name}" for code in _CODES)
_NUMPY_SCALARS = tuple(np.dtype(code).type for code in _CODES)


class TooLarge(ValueError):
    """A value goes over one of this module's limits; the message names it."""


class ProtocolError(ValueError):
    """Bytes that are no encoded plain value, or a plain value that may not be resolved."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """A ``torch.Tensor`` or ``torch.nn.Parameter``: its values, detached, on the CPU. Any shape; a dtype NumPy has."""

    array: np.ndarray


@dataclass(frozen=True)
class Named:
    """A function or class that stands at the top level of a probes module and crosses as its name."""

    module: str
    name: str


@dataclass(frozen=True)
class Other:
    """Something that is not plain; all that is kept is a short name of its type."""

    type_name: str


@dataclass(frozen=True)
class Raised:
    """An exception: its type's name, its message, and the line of the answer cell where it left the learner's code.

    ``line`` counts from 1 and ``text`` is that line's source; they are None and "" where no such line is known.
    """

    type_name: str
    message: str
    line: int | None = None
    text: str = ""


Plain: TypeAlias = (
    None
    | bool
    | int
    | float
    | complex
    | str
    | bytes
    | np.ndarray
    | Tensor
    | Named
    | Other
    | Raised
    | list[Any]
    | tuple[Any, ...]
    | dict[Any, Any]
)


class _Budget:
    """Counts nodes and bytes of one value and raises ``error`` where a limit is passed."""

    def __init__(self, error: type[ValueError]) -> None:
        self.error = error
        self.nodes = 0
        self.bytes = 0

    def node(self, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise self.error(f"the value is nested more than {MAX_DEPTH} levels deep")
        if self.nodes > MAX_NODES:
            raise self.error(f"the value has more than {MAX_NODES:,} parts")

    def take(self, count: int) -> None:
        self.bytes += count
        if self.bytes > MAX_BYTES:
            raise self.error(f"the value is larger than {MAX_BYTES // 2**20} MiB")

    def take_array(self, dimensions: int, count: int) -> None:
        self.nodes += dimensions  # the shape's numbers stand in the header like values
        self.take(count)


def plain(value: Any) -> Plain:
    """The plain value of anything; containers and arrays are copied, what is not plain becomes ``Other``.

    Only exact types are plain: a subclass may override any method, and none of a learner's methods is called here.
    NumPy scalars become 0-d arrays, tensors become ``Tensor``. Raises ``TooLarge`` over a limit, before copying.
    """
    return _plain(value, _Budget(TooLarge), 0)


def _plain(value: Any, budget: _Budget, depth: int) -> Plain:
    budget.node(depth)
    kind = type(value)
    # `is` throughout: `==`, `in` and `isinstance` may run code of a learner's metaclass.
    if value is None or kind is bool or kind is float or kind is complex:
        return value
    if kind is int:
        if value.bit_length() > MAX_INT_BITS:
            raise TooLarge(f"an integer has more than {MAX_INT_BITS:,} bits")
        budget.take(value.bit_length() // 3)
        return value
    if kind is str:
        budget.take(len(value))
        return value
    if kind is bytes:
        budget.take(len(value))
        return value
    if kind is list:
        return [_plain(item, budget, depth + 1) for item in value]
    if kind is tuple:
        return tuple([_plain(item, budget, depth + 1) for item in value])
    if kind is dict:
        return _plain_dict(value, budget, depth)
    if kind is np.ndarray:
        return _plain_array(value, budget)
    if any(kind is scalar for scalar in _NUMPY_SCALARS):
        return _plain_array(np.array(value), budget)
    if kind is Tensor:
        array = _plain_array(value.array, budget) if type(value.array) is np.ndarray else None
        return Tensor(array) if type(array) is np.ndarray else Other(_type_name(kind))
    if kind is Named or kind is Other or kind is Raised:
        return kind(*[_plain(part, budget, depth + 1) for part in vars(value).values()])
    torch = sys.modules.get("torch")  # who has not imported torch has no tensors
    if torch is not None and (kind is torch.Tensor or kind is torch.nn.Parameter):
        return _plain_tensor(torch, value, budget)
    return Other(_type_name(kind))


def _plain_dict(value: dict[Any, Any], budget: _Budget, depth: int) -> Plain:
    result = {}
    for key, item in value.items():
        plain_key = _plain(key, budget, depth + 1)
        if not _is_key(plain_key):
            return Other(f"dict with a key of type {_type_name(type(key))}")
        result[plain_key] = _plain(item, budget, depth + 1)
    return result


def _is_key(value: Any) -> bool:
    kind = type(value)
    if kind is tuple:
        return all(_is_key(part) for part in value)
    return value is None or kind is bool or kind is int or kind is float or kind is str


def _plain_array(array: np.ndarray, budget: _Budget) -> Plain:
    if array.dtype.newbyteorder("<").str not in _DTYPES:
        return Other(f"numpy.ndarray of dtype {_short(array.dtype.name)}")
    budget.take_array(
        array.ndim, array.nbytes
    )  # of the values, not of the memory behind: a broadcast view has few bytes of its own
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


def _plain_tensor(torch: Any, tensor: Any, budget: _Budget) -> Plain:
    if tensor.layout is not torch.strided or tensor.device.type == "meta" or tensor.is_quantized:
        return Other(f"torch.Tensor on {tensor.device.type}, {tensor.layout}")
    if str(tensor.dtype) not in _TORCH_DTYPES:
        return Other(f"torch.Tensor of dtype {tensor.dtype}")
    budget.take_array(tensor.dim(), tensor.numel() * tensor.element_size())  # before it is brought to the CPU
    array = _plain_array(tensor.detach().resolve_conj().resolve_neg().cpu().numpy(), _Budget(TooLarge))
    return Tensor(array) if isinstance(array, np.ndarray) else array


def _type_name(kind: type) -> str:
    """``module.qualname`` of a type, read through ``type`` itself, so that a metaclass cannot interfere."""
    name = vars(type)["__qualname__"].__get__(kind)
    module = vars(type)["__module__"].__get__(kind)
    if type(module) is not str or module in ("builtins", "__main__"):
        return _short(name)
    return _short(f"{module}.{name}")


def _short(text: str) -> str:
    return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1] + "…"


def encode(value: Plain) -> bytes:
    """The bytes of a plain value. Raises ``TypeError`` for a value that is not plain and ``TooLarge`` over a limit."""
    body: list[bytes] = []
    header = json.dumps(_write(value, body, _Budget(TooLarge), 0), separators=(",", ":"), allow_nan=False).encode()
    return b"".join([_PREFIX.pack(_MAGIC, len(header), sum(map(len, body))), header, *body])


def _write(value: Any, body: list[bytes], budget: _Budget, depth: int) -> Any:
    """The header's node for ``value``; what is not a number or a name goes to ``body``."""
    budget.node(depth)
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        if value.bit_length() > MAX_INT_BITS:
            raise TooLarge(f"an integer has more than {MAX_INT_BITS:,} bits")
        budget.take(value.bit_length() // 3)
        return ["int", str(value)]
    if kind is float:
        return ["float", value.hex()]
    if kind is complex:
        return ["complex", value.real.hex(), value.imag.hex()]
    if kind is str:
        return _write_bytes("str", value.encode("utf-8", "surrogatepass"), body, budget)
    if kind is bytes:
        return _write_bytes("bytes", value, body, budget)
    if kind is np.ndarray:
        return _write_array("array", value, body, budget)
    if kind is Tensor:
        return _write_array("tensor", value.array, body, budget)

    if kind is list or kind is tuple:
        parts = value
    elif kind is dict:
        parts = [part for pair in value.items() for part in pair]
        if not all(_is_key(key) for key in value):
            raise TypeError("encode: a dict's keys must be None, bool, int, float, str or tuples of them")
    elif kind is Named or kind is Other or kind is Raised:
        parts = vars(value).values()
    else:
        raise TypeError(f"encode: a value of type {_type_name(kind)} is not plain; pass it through plain() first")
    return [kind.__name__.lower(), *[_write(part, body, budget, depth + 1) for part in parts]]


def _write_bytes(tag: str, data: bytes, body: list[bytes], budget: _Budget) -> list[Any]:
    budget.take(len(data))
    body.append(data)
    return [tag, len(data)]


def _write_array(tag: str, array: Any, body: list[bytes], budget: _Budget) -> list[Any]:
    if type(array) is not np.ndarray or array.dtype.newbyteorder("<").str not in _DTYPES:
        raise TypeError(f"encode: {tag} must hold a numeric numpy.ndarray, got {_type_name(type(array))}")
    budget.take_array(array.ndim, array.nbytes)
    dtype = array.dtype.newbyteorder("<")
    body.append(array.astype(dtype, copy=False).tobytes(order="C"))
    return [tag, dtype.str, list(array.shape)]


def decode(data: bytes) -> Plain:
    """The plain value of ``encode``'s bytes, exactly; arrays are C-ordered, writable and in the machine's byte order.

    Raises ``ProtocolError`` for any other bytes and for values over this module's limits, and nothing else.
    """
    try:
        return _Reader(data).value()
    except RecursionError:
        raise ProtocolError("the header is nested too deep") from None


class _Reader:
    """Reads one encoded value; ``position`` is how much of the body has been used."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _PREFIX.size:
            raise ProtocolError(f"{len(data)} bytes are no value: {_PREFIX.size} are the least")
        magic, header_length, body_length = _PREFIX.unpack_from(data)
        if magic != _MAGIC:
            raise ProtocolError("the bytes do not begin like a value")
        if len(data) != _PREFIX.size + header_length + body_length:
            raise ProtocolError("the bytes are not as long as they say")
        header = bytes(data[_PREFIX.size : _PREFIX.size + header_length])
        if header.count(b"[") + header.count(b",") > _MAX_SEPARATORS or b"{" in header:
            raise ProtocolError(f"the header has an object or more than {_MAX_SEPARATORS:,} parts")
        try:
            self.header = json.loads(header.decode("ascii"))
        except ValueError:  # not ASCII, not JSON, or a number with too many digits
            raise ProtocolError("the header is not JSON") from None
        self.body = memoryview(data)[_PREFIX.size + header_length :]
        self.position = 0
        self.budget = _Budget(ProtocolError)

    def value(self) -> Plain:
        value = self.read(self.header, 0)
        if self.position != len(self.body):
            raise ProtocolError("the body is longer than the header says")
        return value

    def read(self, node: Any, depth: int) -> Plain:
        self.budget.node(depth)
        if node is None or node is True or node is False:
            return node
        if type(node) is not list or not node or type(node[0]) is not str:
            raise ProtocolError("a node is neither null, true, false nor a tagged list")
        tag, *parts = node
        if tag == "int":
            return self.integer(*self.texts(parts, 1))
        if tag == "float":
            return self.real(*self.texts(parts, 1))
        if tag == "complex":
            real, imaginary = self.texts(parts, 2)
            return complex(self.real(real), self.real(imaginary))
        if tag == "bytes":
            return bytes(self.take(parts[0] if len(parts) == 1 else None))
        if tag == "str":
            return self.text(self.take(parts[0] if len(parts) == 1 else None))
        if tag == "array":
            return self.array(parts)
        if tag == "tensor":
            return Tensor(self.array(parts))

        values: list[Any] = [self.read(part, depth + 1) for part in parts]
        if tag == "list":
            return values
        if tag == "tuple":
            return tuple(values)
        if tag == "dict":
            return self.dictionary(values)
        kinds = [type(value) for value in values]
        if tag == "named" and kinds == [str, str]:
            return Named(*values)
        if tag == "other" and kinds == [str]:
            return Other(*values)
        if tag == "raised" and kinds in ([str, str, int, str], [str, str, type(None), str]):
            return Raised(*values)
        raise ProtocolError("a node's tag is not known or its parts do not fit it")

    def texts(self, parts: list[Any], count: int) -> list[str]:
        if len(parts) != count or any(type(part) is not str for part in parts):
            raise ProtocolError("a number is not written as text")
        return parts

    def integer(self, text: str) -> int:
        if not _DECIMAL.fullmatch(text):
            raise ProtocolError("an integer is not in decimal digits or has too many")
        self.budget.take(len(text))
        value = int(text)
        if value.bit_length() > MAX_INT_BITS:
            raise ProtocolError(f"an integer has more than {MAX_INT_BITS:,} bits")
        return value

    def real(self, text: str) -> float:
        try:
            value = float.fromhex(text)
        except (ValueError, OverflowError):
            raise ProtocolError("a float is not in hexadecimal digits") from None
        if value.hex() != text:
            raise ProtocolError("a float is not in its usual hexadecimal form")
        return value

    def take(self, count: Any) -> memoryview:
        """The body's next ``count`` bytes."""
        if type(count) is not int or not 0 <= count <= len(self.body) - self.position:
            raise ProtocolError("a length is no number or points outside the body")
        self.budget.take(count)
        self.position += count
        return self.body[self.position - count : self.position]

    def text(self, data: memoryview) -> str:
        try:
            return str(data, "utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise ProtocolError("a text is not UTF-8") from None

    def array(self, parts: list[Any]) -> np.ndarray:
        if len(parts) != 2 or type(parts[0]) is not str or parts[0] not in _DTYPES or type(parts[1]) is not list:
            raise ProtocolError("an array's dtype or shape is missing or not allowed")
        dtype, shape = np.dtype(parts[0]), parts[1]
        if len(shape) > 64 or any(type(side) is not int or not 0 <= side < 2**63 for side in shape):
            raise ProtocolError("an array's shape is not made of at most 64 non-negative integers")
        self.budget.take_array(len(shape), 0)
        data = self.take(math.prod(shape) * dtype.itemsize)
        if dtype.kind == "b" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
            raise ProtocolError("a Boolean array holds a byte that is neither 0 nor 1")
        try:
            array = np.frombuffer(data, dtype=dtype).reshape(shape)
        except ValueError:  # an empty array whose other sides NumPy cannot count
            raise ProtocolError("an array's shape is too large") from None
        return array.astype(dtype.newbyteorder("="))

    def dictionary(self, values: list[Any]) -> dict[Any, Any]:
        keys, items = values[::2], values[1::2]
        if len(keys) != len(items) or not all(_is_key(key) for key in keys):
            raise ProtocolError("a dict has a key without a value or a key that may not be one")
        # Numbers chosen to share one hash make a dict compare every key with every other: hours for a million.
        if len({hash(key) for key in keys}) < len(keys) - MAX_EQUAL_HASHES:
            raise ProtocolError("a dict has too many keys of the same hash")
        result = dict(zip(keys, items, strict=True))
        if len(result) != len(keys):
            raise ProtocolError("a dict has the same key twice")
        return result


def named(function: Any) -> Named:
    """The name under which a probes module's function or class crosses.

    Raises ``ValueError`` unless it stands at the top level of ``autograder.probes`` or ``autograder.probes.<topic>``
    under its own, public name.
    """
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    try:
        found = _look_up(Named(str(module), str(name)))
    except ProtocolError as error:
        raise ValueError(f"function: {module}.{name} cannot be passed by name: {error}") from None
    if found is not function:
        raise ValueError(f"function: {module}.{name} is another object than the one given")
    return Named(str(module), str(name))


def resolve(value: Plain) -> Any:
    """A usable copy of a plain value: ``Named`` becomes the function, ``Tensor`` a ``torch.Tensor``, all else stays.

    Arrays and tensors are fresh, so that a callee that writes to its arguments spoils nobody else's. Raises
    ``ProtocolError`` for a ``Named`` that is no public function or class of a probes module.
    """
    if isinstance(value, list):
        return [resolve(item) for item in value]
    if isinstance(value, tuple):
        return tuple(resolve(item) for item in value)
    if isinstance(value, dict):
        return {key: resolve(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, Tensor):
        import torch

        return torch.from_numpy(value.array.copy())
    if isinstance(value, Named):
        return _look_up(value)
    return value


def _look_up(name: Named) -> Any:
    if not _PROBES.fullmatch(name.module):
        raise ProtocolError("its module must be autograder.probes or autograder.probes.<topic>")
    if not _PUBLIC_NAME.fullmatch(name.name):
        raise ProtocolError("its name must be public and stand at the module's top level")
    try:
        module = importlib.import_module(name.module)
    except ModuleNotFoundError as error:
        if error.name != name.module:
            raise
        raise ProtocolError(f"there is no module {name.module}") from None
    found = vars(module).get(name.name)
    # What a probes module has imported is not its own.
    if not callable(found) or getattr(found, "__module__", None) != name.module:
        raise ProtocolError(f"{name.module} defines no {name.name}")
    return found
