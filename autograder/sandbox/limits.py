"""How much a submission may use."""

from __future__ import annotations

from dataclasses import dataclass, fields

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one submission may use; all numbers are positive integers or floats, ``file_bytes`` may be 0.

    memory_bytes:             address space beyond what the warm parent has, in bytes; more gives MemoryError.
    cpu_seconds:              CPU time of one submission, in seconds, all its threads and processes together.
    cpu_seconds_per_request:  CPU time of one request, in seconds.
    wall_seconds:             wall-clock time of one request, in seconds; generous, since a machine may be busy.
    processes:                threads of a learner's process; it can have no further processes.
    open_files:               file descriptors.
    file_bytes:               size of a file that is written, in bytes; there is no place to write one to.
    output_bytes:             printed bytes that are kept for each request.
    output_bytes_total:       printed bytes beyond which a request is ended.
    reply_bytes:              size of an encoded reply, in bytes.
    """

    memory_bytes: int = 2048 * MIB
    cpu_seconds: float = 120.0
    cpu_seconds_per_request: float = 20.0
    wall_seconds: float = 90.0
    processes: int = 64
    open_files: int = 64
    file_bytes: int = 0
    output_bytes: int = 1 * MIB
    output_bytes_total: int = 64 * MIB
    reply_bytes: int = 80 * MIB

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name == "file_bytes" else 1e-3
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
                raise ValueError(f"{field.name}: must be a number of at least {least}, got {value!r}")
