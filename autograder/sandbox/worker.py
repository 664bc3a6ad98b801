"""The process inside the sandbox: a warm parent that has imported everything once, and the children it forks.

The parent is process 1 of its namespace. It takes two commands from the host over a socket, ``fork`` and ``sweep``,
runs no learner's code and never sees a learner's bytes: requests and replies go through pipes between host and child,
which the host makes and the parent only hands on. Once a child has run the first line of a submission, everything in
that process belongs to the learner: what it replies is a claim to be judged, and nothing else.

A child is asked several times. A request is 16 random bytes, the length (8 bytes, little-endian) and an encoded dict;
the reply repeats the 16 bytes, so that nothing written for one request is taken for the reply to the next.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import itertools
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from autograder.sandbox import confinement

TOKEN_BYTES = 16
LENGTH = struct.Struct("<Q")
CONFINED = b"C"  # a child's first byte, before it has read a request
# What a child that ends itself says with its exit status. Only labels: a learner's code may use the same numbers.
OUT_OF_MEMORY, NO_REPLY = 71, 72
PARENT_OPEN_FILES = 256

Serve = Callable[[dict[str, Any]], Any]


def main(settings: dict[str, Any]) -> None:
    """The warm parent's life. ``settings`` come from ``host.Sandbox``."""
    isolate: bool = settings["isolate"]
    if settings["user"] is not None:
        confinement.become(settings["user"])
    if isolate:
        if os.getpid() != 1:
            raise RuntimeError("an isolated worker must be process 1 of its own namespace")
        confinement.process_control(confinement.PR_SET_PDEATHSIG, signal.SIGKILL)
    confinement.process_control(confinement.PR_SET_NO_NEW_PRIVS, 1)
    confinement.process_control(confinement.PR_SET_DUMPABLE, 0)  # children of the same user cannot look in
    resource.setrlimit(resource.RLIMIT_NOFILE, (PARENT_OPEN_FILES, PARENT_OPEN_FILES))
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal's signals are the host's to handle

    # Until here the standard library's folders and the grader's.
    sys.path[:] = [settings["student"], *sys.path, *settings["packages"]]
    importlib.import_module("autograder.values")
    if settings["warm"]:
        warm_up()
    for module in settings["preload"]:
        importlib.import_module(module)
    module, name = settings["serve"].split(":")
    serve: Serve = getattr(importlib.import_module(module), name)
    rules = confinement.landlock_rules(settings["readable"], settings["writable"]) if isolate else None
    gc.collect()
    gc.freeze()  # children share these pages as long as the collector leaves them alone

    with socket.socket(fileno=settings["control"]) as control:
        handle = os.pidfd_open(os.getpid())
        socket.send_fds(control, [b"ready"], [handle])
        os.close(handle)
        obey(control, settings["host"], serve, rules)


def warm_up() -> None:
    """Imports what chapters use, and runs what is slow at its first call."""
    import torch

    # One thread, and before any computation: a parent that has computed with two hangs its children, and results
    # with one and two threads differ in their last digits.
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    parameter = torch.nn.Parameter(torch.ones(1))
    parameter.grad = torch.ones(1)
    torch.optim.Adam([parameter]).step()  # the first step imports torch's compiler

    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.figure().add_subplot().set_title("fonts")
    plt.savefig(io.BytesIO())
    plt.close("all")


def obey(control: socket.socket, host: int, serve: Serve, rules: int | None) -> None:
    """Follows the host's commands until it closes the socket or dies; ``host`` is its pidfd."""
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(host, select.POLLIN)
    child: int | None = None
    while True:
        if any(descriptor == host for descriptor, _ in waiting.poll()):
            return
        message, descriptors, _, _ = socket.recv_fds(control, 4096, 3)
        if not message:
            return
        command = json.loads(message)
        if command["do"] == "fork":
            sys.stdout.flush()
            sys.stderr.flush()
            child = os.fork()
            if child == 0:
                live(serve, rules, command["limits"], *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            handle = os.pidfd_open(child)
            socket.send_fds(control, [b"forked"], [handle])
            os.close(handle)
        elif command["do"] == "sweep":
            status, cpu_seconds = sweep(child, isolated=rules is not None)
            child = None
            control.send(json.dumps({"status": status, "cpu_seconds": cpu_seconds}).encode())


def sweep(child: int | None, isolated: bool) -> tuple[int, float]:
    """Ends and reaps every process but this one; the child's wait status and CPU seconds."""
    if isolated:
        # Everybody in this namespace, whatever they did to hide. Outside of one it would be the user's whole session.
        if os.getpid() != 1:
            raise RuntimeError("only process 1 of its own namespace may signal all others")
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    elif child is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    status, cpu_seconds = 0, 0.0
    while True:
        try:
            process, how, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return status, cpu_seconds
        cpu_seconds += usage.ru_utime + usage.ru_stime
        if process == child:
            status = how


def live(serve: Serve, rules: int | None, limits: dict[str, int], requests: int, replies: int, output: int) -> NoReturn:
    """A child's life: confine itself, say so, then answer requests until there are none."""
    status = NO_REPLY
    try:
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        close_all_but(requests, replies, *([] if rules is None else [rules]))
        if rules is None:
            limits["processes"] = resource.getrlimit(resource.RLIMIT_NPROC)[1]  # the user's other processes count too
        confinement.limit(**limits)
        if rules is not None:
            confinement.apply_landlock(rules)
            os.close(rules)
            confinement.apply_filter(confinement.syscall_filter(os.getpid()))
        assert isinstance(sys.stdout, io.TextIOWrapper)
        sys.stdout.reconfigure(line_buffering=True)  # what is printed before a crash arrives
        os.write(replies, CONFINED)
        answer(serve, requests, replies)
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1 if error.code else 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status & 0xFF)


def close_all_but(*kept: int) -> None:
    """Closes every descriptor from 3 on that is not kept."""
    edges = sorted({2, *kept, PARENT_OPEN_FILES})
    for before, after in itertools.pairwise(edges):
        if before + 1 < after:  # os.closerange(0, 0) closes everything
            os.closerange(before + 1, after)


def answer(serve: Serve, requests: int, replies: int) -> None:
    # Bound once, so that a learner's code that replaces a module's functions by accident does not stop the replies.
    from autograder.values import decode, encode

    read, write, flush = os.read, os.write, flush_output
    while head := read_exactly(read, requests, TOKEN_BYTES + LENGTH.size):
        request = decode(read_exactly(read, requests, LENGTH.unpack_from(head, TOKEN_BYTES)[0]))
        assert isinstance(request, dict)
        reply = encode(serve(request))
        flush()
        rest = memoryview(head[:TOKEN_BYTES] + LENGTH.pack(len(reply)) + reply)
        while rest:
            rest = rest[write(replies, rest) :]


def read_exactly(read: Callable[[int, int], bytes], source: int, count: int) -> bytes:
    """``count`` bytes, or none at the end."""
    data = bytearray()
    while len(data) < count:
        piece = read(source, min(count - len(data), 1 << 20))
        if not piece:
            return b""
        data += piece
    return bytes(data)


def flush_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a learner's code may have closed or replaced it
            stream.flush()


def self_test(request: dict[str, Any]) -> dict[str, Any]:
    """For ``verify``: what a child may do of what it must not. Names of attempts and the errors that they met."""
    attempts: dict[str, Callable[[], Any]] = {
        "open a network socket": lambda: socket.socket().close(),
        "start a process": lambda: os.fork() or os._exit(0),
        "send a signal": lambda: os.kill(1, signal.SIGTERM),
        "write a file": lambda: open("/tmp/file", "w").close(),
        "read the list of accounts": lambda: open("/etc/passwd").close(),
        "see other processes": lambda: os.listdir("/proc"),
    }
    outcome: dict[str, Any] = {}
    for name, attempt in attempts.items():
        try:
            attempt()
            outcome[name] = "succeeded"
        except OSError as error:
            outcome[name] = type(error).__name__
    return outcome


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
