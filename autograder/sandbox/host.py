"""The trusted side of the sandbox: starts a worker, asks it, keeps its limits, and believes nothing it says.

    with Sandbox(student_edition, Limits()) as sandbox, sandbox.session() as session:
        reply = session.ask(request)

One session is one submission. The worker forks one child for it at the first question and a fresh one after a child
has ended; with the session every process of it is gone. Linux only. A Sandbox serves one session at a time and belongs
to one process and thread; for more, make more of them.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import autograder
from autograder.sandbox.limits import Limits
from autograder.sandbox.worker import CONFINED, LENGTH, NO_REPLY, OUT_OF_MEMORY, TOKEN_BYTES
from autograder.values import Plain, ProtocolError, decode, encode

# What of the grader enters the sandbox. Of `autograder` and `autograder.sandbox` themselves only the names do.
ENTERING = ("values.py", "running.py", "probes", "sandbox/confinement.py", "sandbox/worker.py")
SERVE = "autograder.running:serve"

START_SECONDS = 180.0  # imports on a busy machine with cold disks
COMMAND_SECONDS = 30.0  # forking or reaping: milliseconds, unless the machine is stuck
CLOSING_SECONDS = 1.0  # from closing its reply to ending: more, and the child did not mean to end
# Users that no system hands out to people; each worker has its own, since the kernel counts processes by user.
FIRST_USER, USERS = 61_000, 4_000
NOBODY = 65_534

# Libraries, and what PyTorch asks about the processor.
SYSTEM_PATHS = (
    *map(Path, ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache"]),
    *map(Path, ["/proc/cpuinfo", "/sys/devices/system/cpu"]),
)

_worker_number = itertools.count()


class Ended(Exception):
    """A learner's process ended, or was ended, before it replied: the learner's doing.

    kind: "memory", "cpu", "wall" (worth another try: the machine may have been busy), "exit", "signal", "reply" (no
    well-formed one) or "output" (too much printed). detail: a sentence about it.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kind, self.detail)


class SandboxError(Exception):
    """The sandbox itself does not work: nothing is known about the submission."""


class Sandbox:
    """A warm worker and what it needs; a context manager.

    student_edition: a folder with a ``dl_helpers`` package and nothing else; first on the worker's import path.
    limits:          what a submission may use.
    isolate:         False runs the same worker without any protection: for one's own work alone.
    serve:           "module:function" in the worker that takes a decoded request and returns a plain value.
    warm:            whether the worker imports NumPy, PyTorch and Matplotlib before its first fork.
    preload:         further modules that it imports then: what submissions import need not be loaded for each again.

    Raises ``SandboxError`` where the worker cannot be started; ``autograder.sandbox.verify`` finds out why.
    """

    def __init__(
        self,
        student_edition: Path,
        limits: Limits | None = None,
        isolate: bool = True,
        *,
        serve: str = SERVE,
        warm: bool = True,
        preload: Sequence[str] = (),
    ) -> None:
        if not Path(student_edition).is_dir():
            raise ValueError(f"student_edition: must be a folder, got {student_edition}")
        self.student_edition = Path(student_edition)
        self.limits = limits or Limits()
        self.isolate = isolate
        self.serve = serve
        self.warm = warm
        self.preload = tuple(preload)
        self._resources = contextlib.ExitStack()
        self._busy = False

    def __enter__(self) -> Sandbox:
        if sys.platform != "linux":
            raise SandboxError("the sandbox runs on Linux only; grade in a Linux virtual machine or WSL2")
        with contextlib.ExitStack() as resources:
            self._start(resources)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def session(self) -> Session:
        """A submission's session; a context manager."""
        return Session(self)

    def _start(self, resources: contextlib.ExitStack) -> None:
        stage = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        _stage_grader(stage / "grader")
        _stage(self.student_edition, stage / "student")
        self._errors = stage / "errors"
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        resources.callback(self._control.close)
        host = os.pidfd_open(os.getpid())  # by which the worker sees that this process is gone
        resources.callback(os.close, host)
        with theirs, self._errors.open("wb") as errors:
            command, environment = self._command(stage, theirs.fileno(), host)
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[theirs.fileno(), host],
                start_new_session=True,
            )
        resources.callback(_stop, process)
        ready, self._worker = self._receive(START_SECONDS)
        resources.callback(_stop_worker, self._worker)
        if ready != b"ready":
            raise SandboxError(f"the worker began with {ready!r}")
        self._worker_bytes = _address_space(self._worker)

    def _command(self, stage: Path, control: int, host: int) -> tuple[list[str], dict[str, str]]:
        worker = [*worker_python(), "-m", "autograder.sandbox.worker"]
        settings: dict[str, Any] = {
            "isolate": self.isolate,
            "control": control,
            "host": host,
            "serve": self.serve,
            "warm": self.warm,
            "preload": self.preload,
            "packages": [str(folder) for folder in package_folders()],
            "user": None,
        }
        if not self.isolate:
            scratch = stage / "scratch"
            scratch.mkdir()
            settings["student"] = str(stage / "student")
            return [*worker, json.dumps(settings)], _environment(str(stage / "grader"), str(scratch))

        if os.getuid() == 0:
            settings["user"] = FIRST_USER + (os.getpid() + next(_worker_number)) % USERS
        visible = [path for path in (*SYSTEM_PATHS, *python_paths()) if path.exists()]
        settings["student"] = "/student"
        settings["readable"] = ["/student", "/grader", "/dev/zero", "/dev/urandom", *map(str, visible)]
        settings["writable"] = ["/dev/null"]
        command = [*bubblewrap(stage / "student", stage / "grader"), "--", *worker, json.dumps(settings)]
        return command, _environment("/grader", "/tmp")

    def _receive(self, seconds: float) -> tuple[bytes, int]:
        """The worker's next message, and the descriptor that came with it or -1."""
        self._control.settimeout(seconds)
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, 4096, 1)
        except BaseException as error:
            self._control.close()  # or a late answer would be taken for that to the next command
            if isinstance(error, TimeoutError):
                raise SandboxError(f"the worker did not answer for {seconds:.0f} s") from None
            if isinstance(error, OSError):
                raise SandboxError(f"the worker is lost: {error}") from error
            raise
        if not message:
            raise SandboxError(f"the worker ended: {self._complaint()}")
        return message, descriptors[0] if descriptors else -1

    def _complaint(self) -> str:
        """The end of what bubblewrap or the worker wrote to its standard error."""
        return self._errors.read_bytes()[-2000:].decode(errors="replace").strip() or "it said nothing"

    def _send(self, command: dict[str, Any], descriptors: list[int]) -> None:
        try:
            self._control.settimeout(COMMAND_SECONDS)
            socket.send_fds(self._control, [json.dumps(command).encode()], descriptors)
        except OSError as error:
            raise SandboxError(f"the worker is lost: {error}; {self._complaint()}") from error

    def _fork(self, cpu_seconds: float) -> _Child:
        requests_out, requests_in = os.pipe()
        replies_out, replies_in = os.pipe()
        output_out, output_in = os.pipe()
        limits = {
            "address_space": self._worker_bytes + self.limits.memory_bytes,
            "cpu_seconds": math.ceil(cpu_seconds) + 1,  # behind the host's own count, which is finer
            "processes": self.limits.processes,
            "open_files": self.limits.open_files,
            "file_bytes": self.limits.file_bytes,
        }
        theirs = [requests_out, replies_in, output_in]
        try:
            self._send({"do": "fork", "limits": limits}, theirs)
            _, handle = self._receive(COMMAND_SECONDS)
        except SandboxError:
            for descriptor in (requests_in, replies_out, output_out):
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return _Child(handle, requests_in, replies_out, output_out)

    def _sweep(self) -> tuple[int, float]:
        """Ends all processes of the submission: the child's wait status and the CPU seconds of all."""
        self._send({"do": "sweep"}, [])
        message, _ = self._receive(COMMAND_SECONDS)
        swept = json.loads(message)
        return swept["status"], swept["cpu_seconds"]


class _Child:
    """The host's ends of a child's pipes, and its pidfd."""

    def __init__(self, handle: int, requests: int, replies: int, output: int) -> None:
        self.handle, self.requests, self.replies, self.output = handle, requests, replies, output
        for descriptor in (requests, replies, output):
            os.set_blocking(descriptor, False)
        self._process = _process_id(handle)

    def cpu_seconds(self) -> float:
        """What the process has used so far, all threads together; also after its end, until it is reaped."""
        # The id of a process's CPU clock, as clock_getcpuclockid(3) makes it.
        try:
            return time.clock_gettime((~self._process << 3) | 2)
        except OSError as error:  # only the worker reaps it, when told to or with its own end
            raise SandboxError("the worker ended, and the learner's process with it") from error

    def ended(self) -> bool:
        return _ready(self.handle, 0)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def close(self) -> None:
        for descriptor in (self.handle, self.requests, self.replies, self.output):
            os.close(descriptor)


class Session:
    """One submission's time in the sandbox.

    output:       what the submission printed since the last ``ask`` began, cut at ``limits.output_bytes``.
    cpu_seconds:  what its processes have used.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._limits = sandbox.limits
        self._open = False
        self._child: _Child | None = None
        self._swept_cpu_seconds = 0.0
        self._printed = bytearray()
        self._printed_bytes = 0

    def __enter__(self) -> Session:
        if self._sandbox._busy:
            raise RuntimeError("the sandbox is in a session already; one worker serves one submission at a time")
        self._sandbox._busy = self._open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sandbox._busy = self._open = False
        if self._child is not None:
            self._bury(self._child)

    @property
    def output(self) -> str:
        text = self._printed.decode(errors="replace")
        left_out = self._printed_bytes - len(self._printed)
        return f"{text}\n[{left_out:,} more bytes were printed]" if left_out else text

    @property
    def cpu_seconds(self) -> float:
        return self._swept_cpu_seconds + (self._child.cpu_seconds() if self._child else 0.0)

    def ask(self, request: dict[str, Any]) -> Plain:
        """The reply to a request, a dict of plain values.

        Raises ``Ended`` where there is none for a reason of the learner's, after which the next question goes to a
        fresh process; ``SandboxError`` where the sandbox itself failed; ``TypeError`` and ``ValueError`` where the
        request is no plain value or too large.
        """
        if not self._open:
            raise RuntimeError("a session is asked within its `with` block: what it starts must be ended")
        data = encode(request)
        self._printed.clear()
        self._printed_bytes = 0
        if self._child is not None and self._is_spent(self._child):
            self._bury(self._child)
        left = self._limits.cpu_seconds - self.cpu_seconds
        if left <= 0:
            raise Ended("cpu", f"the submission's {self._limits.cpu_seconds:g} s of CPU time are used up")
        if self._child is None:
            self._child = self._born(left)
        reply = self._exchange(self._child, data, min(left, self._limits.cpu_seconds_per_request))
        try:
            return decode(reply)
        except ProtocolError as error:
            self._end(self._child, "reply", f"the reply is no value: {error}")

    def _born(self, cpu_seconds: float) -> _Child:
        """A fresh child, once it has said that it is confined. Nothing of the learner's has run in it."""
        child = self._sandbox._fork(cpu_seconds)
        if _ready(child.replies, COMMAND_SECONDS) and os.read(child.replies, 1) == CONFINED:
            return child
        cause = self._cause(self._bury(child))
        raise SandboxError(f"a child could not be confined: {cause[1]}; {self.output or 'it said nothing'}")

    def _is_spent(self, child: _Child) -> bool:
        """Whether the child has ended or closed its reply since it was last asked. Takes away what it wrote unasked."""
        with contextlib.suppress(BlockingIOError):
            if not os.read(child.replies, 1 << 20):
                return True
        return child.ended()

    def _exchange(self, child: _Child, data: bytes, cpu_seconds: float) -> bytes:
        """The bytes of the reply to the request ``data``."""
        token = secrets.token_bytes(TOKEN_BYTES)
        outgoing = memoryview(token + LENGTH.pack(len(data)) + data)
        incoming = _Incoming(token, self._limits.reply_bytes)
        cpu_end = child.cpu_seconds() + cpu_seconds
        wall_end = time.monotonic() + self._limits.wall_seconds
        closing_end = math.inf

        waiting = select.poll()
        waiting.register(child.requests, select.POLLOUT)
        for descriptor in (child.replies, child.output, child.handle, self._sandbox._worker):
            waiting.register(descriptor, select.POLLIN)

        while True:
            cpu_left = cpu_end - child.cpu_seconds()
            wall_left = wall_end - time.monotonic()
            closing_left = closing_end - time.monotonic()
            if cpu_left <= 0:
                self._end(child, "cpu", f"it used more than {cpu_seconds:.3g} s of CPU time")
            if wall_left <= 0:
                self._end(child, "wall", f"it took longer than {self._limits.wall_seconds:g} s")
            if closing_left <= 0:
                self._end(child, "reply", "it closed the way back without a reply")
            # With every core at work, the CPU time cannot run out before this.
            soonest = max(cpu_left / (os.cpu_count() or 1), 0.01)
            ready = dict(waiting.poll(1000 * min(soonest, wall_left, closing_left)))

            if self._sandbox._worker in ready:
                raise SandboxError(f"the worker ended: {self._sandbox._complaint()}")
            if child.requests in ready:
                try:
                    outgoing = outgoing[os.write(child.requests, outgoing) :]
                except BrokenPipeError:  # nobody will read it any more
                    outgoing = outgoing[:0]
                    closing_end = min(closing_end, time.monotonic() + CLOSING_SECONDS)
                if not outgoing:
                    waiting.unregister(child.requests)
            ended = child.handle in ready
            # A child that has ended can write no more: then all that it wrote is taken.
            if (child.replies in ready or ended) and not incoming.read(child.replies) and not ended:
                waiting.unregister(child.replies)
                closing_end = min(closing_end, time.monotonic() + CLOSING_SECONDS)
            # After the reply, since what a request prints comes before its reply.
            if child.output in ready and not self._read_output(child):
                waiting.unregister(child.output)
            elif ended or incoming.complete:
                self._read_output(child)

            if self._printed_bytes > self._limits.output_bytes_total:
                self._end(child, "output", f"it printed more than {self._limits.output_bytes_total:,} bytes")
            if incoming.problem:
                self._end(child, "reply", incoming.problem)
            if incoming.complete:
                return incoming.reply
            if ended:
                self._end(child)

    def _read_output(self, child: _Child) -> bool:
        """Takes what has been printed, unless it is far too much; False at its end."""
        while self._printed_bytes <= self._limits.output_bytes_total:
            try:
                piece = os.read(child.output, 1 << 16)
            except BlockingIOError:
                return True
            if not piece:
                return False
            self._printed += piece[: self._limits.output_bytes - len(self._printed)]
            self._printed_bytes += len(piece)
        return True

    def _end(self, child: _Child, kind: str | None = None, detail: str = "") -> NoReturn:
        """Ends the child and raises ``Ended``; without a kind, with what its own end tells."""
        status = self._bury(child)
        if kind is None:
            kind, detail = self._cause(status)
        raise Ended(kind, detail)

    def _bury(self, child: _Child) -> int:
        """Ends all processes of the submission; the child's wait status."""
        self._child = None
        try:
            child.kill()
            status, cpu_seconds = self._sandbox._sweep()
            self._swept_cpu_seconds += cpu_seconds
            self._read_output(child)
        finally:
            child.close()
        return status

    def _cause(self, status: int) -> tuple[str, str]:
        """The kind and detail of an end that the host did not bring about, from a wait status."""
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == signal.SIGXCPU or self.cpu_seconds >= self._limits.cpu_seconds:
                return "cpu", "it used up its CPU time"
            if number == signal.SIGKILL:  # the kernel's way out when the machine has no memory left
                return "memory", "the system ended it, most likely for want of memory"
            return "signal", f"it was ended by signal {number} ({signal.strsignal(number)})"
        code = os.WEXITSTATUS(status)
        if code == OUT_OF_MEMORY:
            return "memory", "it had no memory left"
        if code == NO_REPLY:
            return "reply", "it could not reply"
        return "exit", f"it ended its own process with status {code}"


class _Incoming:
    """A reply on its way: the request's token, the length, the bytes."""

    def __init__(self, token: bytes, most_bytes: int) -> None:
        self._token = token
        self._most_bytes = most_bytes
        self._data = bytearray()
        self._wanted = len(token) + LENGTH.size  # bytes, the head first
        self._has_head = False
        self.problem: str | None = None

    @property
    def complete(self) -> bool:
        return self._has_head and len(self._data) == self._wanted

    @property
    def reply(self) -> bytes:
        return bytes(memoryview(self._data)[len(self._token) + LENGTH.size :])

    def read(self, source: int) -> bool:
        """Takes what has come and belongs to the reply; False at the end of ``source``."""
        while not self.complete and self.problem is None:
            try:
                piece = os.read(source, min(self._wanted - len(self._data), 1 << 20))
            except BlockingIOError:
                return True
            if not piece:
                return False
            self._data += piece
            if not self._has_head and len(self._data) == self._wanted:
                self._read_head()
        return True

    def _read_head(self) -> None:
        self._has_head = True
        length = LENGTH.unpack_from(self._data, len(self._token))[0]
        if not secrets.compare_digest(self._data[: len(self._token)], self._token):
            self.problem = "something else was written in place of the reply"
        elif not 0 < length <= self._most_bytes:
            self.problem = f"the reply has {length:,} bytes, {self._most_bytes:,} are the most"
        self._wanted += length


def bubblewrap(student: Path, grader: Path) -> list[str]:
    """The command line up to ``--`` that shows a program the two folders, the system's libraries, this Python and its
    installed packages without the course's own, all read-only, and nothing else of the machine.

    Raises ``SandboxError`` where bubblewrap is not installed.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap is not installed: there is no program bwrap")
    command = [program, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--as-pid-1", "--new-session", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if os.getuid() == 0:
        # No user namespace: root would be root in it, for whom no process limit holds, and another user could not
        # enter folders of root's. The worker's first step is to become a user without rights.
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]
        if "--disable-userns" in subprocess.run([program, "--help"], capture_output=True, text=True).stdout:
            command.append("--disable-userns")  # from 0.8; the children's filter forbids namespaces in any case

    # The warm parent's imports may write here; its children may not.
    command += ["--perms", "1777", "--tmpfs", "/tmp"]
    own = python_paths()
    # Left to itself, bubblewrap makes the folders above a mount accessible to their owner alone.
    above = {parent for path in (*SYSTEM_PATHS, *own, Path("/dev/null")) for parent in path.parents}
    for path in sorted(above - {Path("/")}):
        command += ["--perms", "0755", "--dir", str(path)]
    for path in SYSTEM_PATHS:
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            command += ["--ro-bind", str(path), str(path)]
    # The order matters: the course may lie in one of the system's folders, and Python's environment in the course's.
    command += _covered(_course_folders(), SYSTEM_PATHS)
    for path in own:
        command += ["--ro-bind", str(path), str(path)]
    mounted = [path for path in (*SYSTEM_PATHS, *own) if not path.is_symlink()]
    homes = {*package_folders(), *(home for path in mounted for home in path.glob("python*/*-packages"))}
    command += _covered([home / name for home in sorted(homes) for name in ("autograder", "dl_helpers")], mounted)
    command += ["--ro-bind", str(student), "/student", "--ro-bind", str(grader), "/grader"]
    for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
        command += ["--dev-bind", device, device]
    return [*command, "--remount-ro", "/", "--chdir", "/"]


def worker_python() -> list[str]:
    """This Python without a virtual environment, its .pth files and the user's packages; it writes no bytecode."""
    return [os.path.realpath(sys.executable), "-s", "-S", "-P", "-B"]


def python_paths() -> list[Path]:
    """This Python's program, its library and the folders of installed packages, none of them a virtual environment's
    own links."""
    prefix = Path(sys.base_prefix)
    paths = [Path(os.path.realpath(sys.executable)), prefix / "lib", prefix / "lib64", *package_folders()]
    return [path for path in dict.fromkeys(paths) if path.exists()]


def package_folders() -> list[Path]:
    """Where this process's installed packages lie, in the order of import."""
    return [Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]


def _course_folders() -> list[Path]:
    """The repository that this package stands in, or the package and its sibling where they are installed."""
    parent = Path(autograder.__path__[0]).resolve().parent
    return [parent] if (parent / "pyproject.toml").exists() else [parent / "autograder", parent / "dl_helpers"]


def _covered(folders: Iterable[Path], visible: Iterable[Path]) -> list[str]:
    """Options that put an empty folder over those of ``folders`` that could be seen."""
    options = []
    for folder in folders:
        if folder.is_dir() and any(folder.is_relative_to(path) for path in visible):
            options += ["--tmpfs", str(folder)]
    return options


def _environment(python_path: str, scratch: str) -> dict[str, str]:
    """All of the worker's environment variables."""
    return {
        "PYTHONPATH": python_path,
        "PYTHONHASHSEED": "0",  # sets come in the same order each time
        "LANG": "C.UTF-8",
        "HOME": scratch,
        "MPLCONFIGDIR": scratch,
        "MPLBACKEND": "Agg",
        "JOBLIB_MULTIPROCESSING": "0",  # it would warn that it cannot start processes
        "USER": "learner",  # there is no list of accounts to ask
        "CUDA_VISIBLE_DEVICES": "",
        # More threads than one give other last digits, and hang forked children.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "NUMEXPR_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
    }


def _stage_grader(target: Path) -> None:
    """Puts the modules that enter the sandbox, and no others, below ``target``, their packages' own files empty."""
    source = Path(autograder.__path__[0])
    package = target / "autograder"
    _make_folder(target)
    for folder in (package, package / "sandbox"):
        _make_folder(folder)
        (folder / "__init__.py").touch()
        (folder / "__init__.py").chmod(0o644)
    for name in ENTERING:
        _stage(source / name, package / name)


def _stage(source: Path, target: Path) -> None:
    """Copies a file or folder without links and caches, readable for the sandbox's user whatever the umask."""
    if source.is_dir():
        _make_folder(target)
        for entry in source.iterdir():
            if not entry.is_symlink() and entry.name != "__pycache__":
                _stage(entry, target / entry.name)
    else:
        shutil.copyfile(source, target)
        target.chmod(0o644)


def _make_folder(path: Path) -> None:
    path.mkdir()
    path.chmod(0o755)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _stop_worker(handle: int) -> None:
    """Ends the worker, and with it everybody in its namespace."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    _ready(handle, CLOSING_SECONDS)
    os.close(handle)


def _ready(descriptor: int, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(1000 * seconds))


def _process_id(handle: int) -> int:
    """The id, as the host sees it, of a pidfd's process. Raises ``SandboxError`` once it has been reaped."""
    for line in Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines():
        if line.startswith("Pid:") and int(line.split()[1]) > 0:
            return int(line.split()[1])
    raise SandboxError("the worker ended, or the kernel (before Linux 5.4) does not tell a pidfd's process")


def _address_space(handle: int) -> int:
    """The size of a process's address space in bytes."""
    pages = Path(f"/proc/{_process_id(handle)}/statm").read_text().split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
