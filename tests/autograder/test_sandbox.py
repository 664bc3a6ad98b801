"""The sandbox: what a hostile submission tries, and that it gets nothing, ends rightly and leaves nothing behind."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.probes import call
from autograder.sandbox import confinement, host, verify
from autograder.sandbox.host import Ended, Sandbox, SandboxError, Session
from autograder.sandbox.limits import Limits
from autograder.values import Raised, Tensor, named

# Stands for autograder.running: runs a request's code in the session's namespace and returns its `result`.
SERVE = "dl_helpers.stand_in:serve"
STAND_IN = """
from autograder.values import Raised, plain

namespace = {}

def serve(request):
    namespace["result"] = None
    try:
        exec(request["code"], namespace)
        return plain(namespace["result"])
    except Exception as error:
        return Raised(type(error).__name__, str(error)[:300])
"""
REPOSITORY = Path(__file__).resolve().parents[2]
CHECKS = 6  # what `diagnose` looks at; the last is the confinement itself
# CPU limits are small to keep the tests short, the wall limit is large since test machines are busy.
LIMITS = Limits(cpu_seconds=60, cpu_seconds_per_request=1, wall_seconds=60)


@pytest.fixture(scope="module", autouse=True)
def able() -> None:
    """On CI a machine that cannot run the sandbox is a failure; elsewhere the tests are skipped, saying why.

    A machine that has everything, and on which a child is not confined all the same, is a failure everywhere.
    """
    findings = verify.diagnose()
    if not findings[-1].ok:
        message = f"{findings[-1].what}. {findings[-1].remedy}"
        if os.environ.get("CI") or len(findings) == CHECKS:
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edition")
    (folder / "dl_helpers").mkdir()
    (folder / "dl_helpers" / "__init__.py").touch(mode=0o600)
    (folder / "dl_helpers" / "stand_in.py").write_text(STAND_IN)
    return folder


@pytest.fixture(scope="module")
def warm(edition: Path) -> Iterator[Sandbox]:
    with Sandbox(edition, Limits(), serve=SERVE) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def cold(edition: Path) -> Iterator[Sandbox]:
    """Without PyTorch and Matplotlib: quicker to start and to fork."""
    with Sandbox(edition, LIMITS, serve=SERVE, warm=False) as sandbox:
        yield sandbox


def run(session: Session, code: str) -> Any:
    return session.ask({"code": textwrap.dedent(code)})


def outcome(session: Session, code: str) -> Any:
    """The kind of an end, an exception's type name, or the result."""
    try:
        result = run(session, code)
    except Ended as ended:
        return ended.kind
    return result.type_name if isinstance(result, Raised) else result


def descendants(process: int) -> set[int]:
    """All processes that come from ``process``, seen from the host."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
    found: set[int] = set()
    while True:
        more = {child for child, parent in parents.items() if parent in found | {process}} - found
        if not more:
            return found
        found |= more


def worker_process(sandbox: Sandbox) -> int:
    return host._process_id(sandbox._worker)


# --- What honest submissions need ----------------------------------------------------------------------------------


def test_a_session_keeps_its_process_and_the_next_has_a_fresh_one(cold: Sandbox) -> None:
    with cold.session() as session:
        first = run(session, "import os, math; math.pi = 3; kept = 5; result = os.getpid()")
        assert run(session, "import math; result = (os.getpid(), kept, math.pi)") == (first, 5, 3)
    with cold.session() as session:
        assert run(session, "import math; result = (math.pi > 3.1, 'kept' in dir())") == (True, False)
    assert descendants(worker_process(cold)) == set()


def test_values_cross_exactly(cold: Sandbox) -> None:
    array = np.array([[np.nan, -0.0], [np.inf, 1e-300]])
    with cold.session() as session:
        result = session.ask({"code": "result = request", "request": None})
        assert isinstance(result, Raised) and result.type_name == "NameError"
        reply: Any = run(session, "import numpy as np\nresult = {'a': np.array([[np.nan, -0.0], [np.inf, 1e-300]])}")
    assert reply["a"].tobytes() == array.tobytes() and reply["a"].shape == (2, 2)


def test_large_requests_and_replies(cold: Sandbox) -> None:
    with cold.session() as session:
        text = "x" * (20 * 2**20)
        assert session.ask({"code": "result = 'y' * (20 * 2**20)", "text": text}) == "y" * (20 * 2**20)


def test_output_belongs_to_its_request(cold: Sandbox) -> None:
    with cold.session() as session:
        run(session, "import sys; print('one'); print('two', file=sys.stderr)")
        assert session.output == "one\ntwo\n"
        run(session, "result = 1")
        assert session.output == ""
        with pytest.raises(Ended, match="status 0"):
            run(session, "import os; print('last words'); os._exit(0)")
        assert session.output == "last words\n"


def test_kept_output_is_capped(edition: Path) -> None:
    limits = Limits(output_bytes=10)
    with Sandbox(edition, limits, serve=SERVE, warm=False) as sandbox, sandbox.session() as session:
        run(session, "print('0123456789abcdef')")
        assert session.output.startswith("0123456789\n") and "7 more bytes" in session.output


HONEST = {
    "training step": """
        import torch
        layer = torch.nn.Linear(3, 2)
        optimizer = torch.optim.AdamW(layer.parameters())
        torch.nn.functional.cross_entropy(layer(torch.ones(4, 3)), torch.ones(4).long()).backward()
        optimizer.step()
        result = layer.weight.shape == (2, 3)""",
    "convolution": """
        import torch
        image = torch.ones(2, 3, 16, 16, requires_grad=True)
        torch.nn.Conv2d(3, 4, 3)(image).square().mean().backward()
        result = bool(image.grad.isfinite().all())""",
    "figure": """
        import io, matplotlib.pyplot as plt
        plt.plot([1, 2]); plt.title("$x^2$"); target = io.BytesIO(); plt.savefig(target)
        result = target.getvalue()[:4] == b"\\x89PNG" """,
    "saved to memory": """
        import io, torch
        target = io.BytesIO(); torch.save({"a": torch.ones(2)}, target); target.seek(0)
        result = torch.load(target)["a"].sum().item() == 2""",
    "scikit-learn": """
        from sklearn.linear_model import LogisticRegression
        result = LogisticRegression().fit([[0.0], [1.0]], [0, 1]).predict([[2.0]]).tolist() == [1]""",
    "threads": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as pool:
            result = list(pool.map(abs, [-1, 2])) == [1, 2]""",
    "progress bar": """
        from tqdm import tqdm
        result = sum(tqdm(range(3))) == 3""",
    "matrix product": """
        import numpy as np
        result = float((np.ones((300, 300)) @ np.ones((300, 300))).sum()) == 300.0**3""",
    "null device": """
        import os
        with open(os.devnull, "w") as sink: sink.write("x")
        result = True""",
    "late import": "import sqlite3, zoneinfo, decimal, unittest; result = True",
}


@pytest.mark.parametrize("code", HONEST.values(), ids=HONEST.keys())
def test_honest_code_works(warm: Sandbox, code: str) -> None:
    with warm.session() as session:
        assert run(session, code) is True, session.output
        assert "rror" not in session.output and "arning" not in session.output


def test_tensors_cross(warm: Sandbox) -> None:
    with warm.session() as session:
        reply = run(session, "import torch; result = torch.arange(3.0, requires_grad=True)")
    assert isinstance(reply, Tensor) and reply.array.tolist() == [0.0, 1.0, 2.0]


def test_the_graders_own_entry(edition: Path) -> None:
    """An answer run as in grading, by ``autograder.running``."""
    cases: list[Any] = [((np.arange(3.0),), {}), ((1,), {})]
    request = {"setup": "import numpy as np", "references": [], "name": "double", "probe": named(call), "cases": cases}
    answer = "def double(x):\n    return 2 * x[:]"
    with Sandbox(edition, Limits()) as sandbox, sandbox.session() as session:
        reply: Any = session.ask({**request, "answer": answer})
    assert reply["definition"] is None
    assert reply["outcomes"][0].tolist() == [0.0, 2.0, 4.0]
    assert (reply["outcomes"][1].type_name, reply["outcomes"][1].line) == ("TypeError", 2)


def test_one_thread_no_accelerator_and_nothing_of_the_hosts_environment(
    edition: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_HOST", "1")
    with Sandbox(edition, LIMITS, serve=SERVE) as sandbox, sandbox.session() as session:
        environment: Any = run(session, "import os; result = dict(os.environ)")
        threads = run(session, "import torch; result = (torch.get_num_threads(), torch.cuda.is_available())")
        status = Path(f"/proc/{worker_process(sandbox)}/status").read_text()
    assert "A_SECRET_OF_THE_HOST" not in environment
    assert {environment[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL")} == {"1"}
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    assert threads == (1, False)
    assert "Threads:\t1\n" in status  # a fork takes one thread with it: locks that others hold stay locked


def test_children_of_different_workers_are_alike(edition: Path, cold: Sandbox) -> None:
    code = "import random; result = (list({'a', 'b', 'c', 'd'}), hash('text'))"
    with Sandbox(edition, LIMITS, serve=SERVE, warm=False) as other, other.session() as there, cold.session() as here:
        assert run(here, code) == run(there, code)


# --- What hostile and broken submissions try -----------------------------------------------------------------------

# For each: the code, and the kind of its end, the exception that it met, or the result that it is left with.
HOSTILE: dict[str, tuple[str, Any]] = {
    "endless loop": ("while True: pass", "cpu"),
    "endless loop that ignores signals": (
        """
        import signal
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except OSError: pass
        while True: pass""",
        "cpu",
    ),
    "endless loop that swallows everything": (
        """
        while True:
            try:
                while True: pass
            except BaseException: pass""",
        "cpu",
    ),
    "endless work inside NumPy": ("import numpy as np; a = np.ones(10**6); np.convolve(a, a)", "cpu"),
    "endless work in threads": (
        """
        import hashlib, threading
        def work():
            while True: hashlib.sha256(b"x" * 10**6)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()""",
        "cpu",
    ),
    "immediate end": ("import os; os._exit(0)", "exit"),
    "SystemExit": ("raise SystemExit", "exit"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "reply"),
    "abort": ("import os; os.abort()", "signal"),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", "signal"),
    "endless recursion": ("def f(): f()\nf()", "RecursionError"),
    "kill its parent": ("import os; os.kill(1, 9)", "PermissionError"),
    "kill everybody": ("import os; os.kill(-1, 9)", "PermissionError"),
    "kill itself": ("import os; os.kill(os.getpid(), 9)", "PermissionError"),
    "kill the parent's thread": (
        """
        import ctypes, platform
        number = {"x86_64": 234, "aarch64": 131}[platform.machine()]  # tgkill
        result = ctypes.CDLL(None).syscall(number, 1, 1, 2)""",
        -1,
    ),
    "3 GB array": ("import numpy as np; np.ones(3 * 2**30, np.uint8)", "MemoryError"),
    "3 GB list": ("x = [0] * (3 * 2**27)", "MemoryError"),
    "growing list": ("x = []\nwhile True: x.append(bytes(10**6))", "MemoryError"),
    "3 GB map": ("import mmap; mmap.mmap(-1, 3 * 2**30)", "OSError"),
    "fork": ("import os; os.fork()", "PermissionError"),
    "fork bomb": (
        """
        import os
        made = 0
        for _ in range(1000):
            try: os.fork(); made += 1
            except PermissionError: pass
        result = made""",
        0,
    ),
    "thread bomb": (
        """
        import threading
        stop, made = threading.Event(), 0
        try:
            for _ in range(10000):
                threading.Thread(target=stop.wait, daemon=True).start(); made += 1
        except RuntimeError: pass
        result = 10 < made < 64""",
        True,
    ),
    "program": ("import subprocess; subprocess.run(['/bin/true'])", "PermissionError"),
    "shell": ("import os; result = os.system('true') != 0", True),
    "replaces itself": ("import os, sys; os.execv(sys.executable, [sys.executable])", "PermissionError"),
    "process pool": (
        "import multiprocessing as m; m.get_context('fork').Process(target=print).start()",
        "PermissionError",
    ),
    "100 MB on one line": ("print('x' * 100_000_000)", "output"),
    "endless printing": ("while True: print('x' * 1000)", "output"),
    "closes everything": ("import os; os.closerange(0, 1000)", "reply"),
    "closes everything and stays": ("import os, time; os.closerange(0, 1000); time.sleep(1000)", "reply"),
    "closes its standard output": ("import sys; sys.stdout.close(); sys.stderr.close(); result = 1", 1),
    "replaces its standard output": (
        "import sys\nclass S:\n    def flush(self): raise ValueError\nsys.stdout = S(); result = 1",
        1,
    ),
    "breaks the operating system's module": ("import os; os.read = os.write = os.close = None; result = 1", 1),
    "writes to every descriptor": (
        """
        import os
        for descriptor in range(3, 64):
            try: os.write(descriptor, b"\\0" * 64)
            except OSError: pass
        result = 'honest'""",
        "reply",
    ),
    "shadows a library": ("import sys; sys.modules['numpy'] = sys.modules['torch'] = None; result = 1", 1),
    "infinite descriptors": (
        "import os\nopened = 0\ntry:\n    while True: os.dup(0); opened += 1\nexcept OSError: result = opened < 64",
        True,
    ),
}


@pytest.mark.parametrize(("code", "expected"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_code_ends_rightly_and_the_next_is_not_harmed(cold: Sandbox, code: str, expected: Any) -> None:
    worker = worker_process(cold)
    with cold.session() as session:
        result = outcome(session, code)
        assert type(result) is type(expected) and result == expected, session.output[-500:]
        assert len(session.output) <= cold.limits.output_bytes + 100
        assert run(session, "result = 'next'") == "next"
        assert len(descendants(worker)) == 1
    assert descendants(worker) == set()
    with cold.session() as session:
        assert run(session, "import os, sys; result = os.getppid()") == 1
    assert worker_process(cold) == worker


def test_memory_of_tensors(warm: Sandbox) -> None:
    with warm.session() as session:
        assert outcome(session, "import torch; torch.ones(3 * 2**30, dtype=torch.uint8)") == "RuntimeError"
        assert outcome(session, "import torch\nx = []\nwhile True: x.append(torch.empty(10**7))") == "RuntimeError"
        assert run(session, "x = None; result = 'next'") == "next"


# Finds the token of the request in progress on the stack, as any learner's code can.
FORGERY = """
    import os, sys
    from autograder.sandbox.worker import LENGTH
    from autograder.values import encode
    frame = sys._getframe()
    while "head" not in frame.f_locals: frame = frame.f_back
    token, replies = frame.f_locals["head"][:16], frame.f_locals["replies"]
    data = {data}
    os.write(replies, token + LENGTH.pack({length}) + data)
    {then}
"""


def test_a_forged_reply_is_a_claim_like_any_other(cold: Sandbox) -> None:
    """Whatever a process of the learner's says is only ever judged; a forger gains a value that it could return."""
    with cold.session() as session:
        assert run(session, FORGERY.format(data="encode('forged')", length="len(data)", then="os._exit(0)")) == "forged"
        assert session._child is not None and host._ready(session._child.handle, 30)  # until it has ended
        assert run(session, "result = 'next'") == "next"


@pytest.mark.parametrize(
    ("data", "length", "then"),
    [
        ("b'no value'", "8", ""),
        ("b'short'", "100", "os._exit(0)"),
        ("b''", "2**63", ""),
        ("b''", "0", ""),
        ("b'\\x80\\x04.'", "3", ""),
    ],
)
def test_malformed_replies(cold: Sandbox, data: str, length: str, then: str) -> None:
    with cold.session() as session:
        assert outcome(session, FORGERY.format(data=data, length=length, then=then)) in ("reply", "exit")
        assert run(session, "result = 'next'") == "next"


def test_a_reply_without_the_requests_token_is_none(cold: Sandbox) -> None:
    """A well-formed reply in everything but its first bytes."""
    with cold.session() as session:
        forgery = FORGERY.format(data="encode('forged')", length="len(data)", then="")
        assert outcome(session, forgery.replace("token + LENGTH", "bytes(16) + LENGTH")) == "reply"
        assert run(session, "result = 'next'") == "next"


def test_nothing_written_for_one_request_answers_the_next(cold: Sandbox) -> None:
    """A reply that lies ready before its request was sent does not carry its token."""
    early = "from autograder.values import encode; import os, sys\nframe = sys._getframe()\n"
    early += "while 'replies' not in frame.f_locals: frame = frame.f_back\n"
    early += "descriptor = frame.f_locals['replies']\n"
    with cold.session() as session:
        run(session, early + "result = descriptor")
        code = """
            import threading, time, os
            def later():
                time.sleep(0.2)
                os.write(descriptor, b'\\0' * 16 + (3).to_bytes(8, 'little') + b'DLV')
            threading.Thread(target=later).start()
            result = 1"""
        assert run(session, code) == 1
        time.sleep(0.5)  # until it has been written; if the machine is slower, the reply below still cannot be it
        assert outcome(session, "result = 'honest'") in ("honest", "reply")


def test_reply_larger_than_the_limit(edition: Path) -> None:
    with Sandbox(edition, Limits(reply_bytes=1000), serve=SERVE, warm=False) as sandbox, sandbox.session() as session:
        assert outcome(session, "result = 'x' * 2000") == "reply"
        assert run(session, "result = 'x' * 500") == "x" * 500


WRITABLE_PLACES = ["/tmp", "/var/tmp", "/dev/shm", "/dev", "/", "/student/dl_helpers", "/grader/autograder", "/usr/lib"]


@pytest.mark.parametrize("place", [*WRITABLE_PLACES, str(host.package_folders()[0]), str(Path.home()), "."])
def test_no_file_can_be_written(cold: Sandbox, place: str) -> None:
    name = f"written-by-a-submission-{os.getpid()}"
    attempts = f"""
        import os
        path = os.path.join({place!r}, {name!r})
        result = []
        for attempt in (
            lambda: open(path, "w"),
            lambda: os.mkdir(path),
            lambda: os.symlink("/", path),
            lambda: os.mkfifo(path),
            lambda: os.open(path, os.O_CREAT | os.O_RDWR),
            lambda: os.open({place!r}, os.O_TMPFILE | os.O_RDWR),
        ):
            try: attempt(); result.append("succeeded")
            except OSError: result.append("refused")"""
    with cold.session() as session:
        assert run(session, attempts) == ["refused"] * 6
    assert not (Path(place) / name).exists()


def test_what_is_there_cannot_be_changed(cold: Sandbox) -> None:
    changes = """
        import os
        path = "/grader/autograder/values.py"
        result = []
        for attempt in (
            lambda: open(path, "a"),
            lambda: os.remove(path),
            lambda: os.rename(path, path + "2"),
            lambda: os.chmod(path, 0o777),
            lambda: os.truncate(path, 0),
            lambda: os.utime(path),
            lambda: os.link(path, "/tmp/link"),
            lambda: open("/dev/urandom", "w"),
        ):
            try: attempt(); result.append("succeeded")
            except OSError: result.append("refused")"""
    with cold.session() as session:
        assert run(session, changes) == ["refused"] * 8


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/etc/shadow",
        "/etc/hostname",
        "/home",
        "/root",
        "/tmp",
        "/var",
        "/sys/class/net",
        "/proc",
        "/proc/self/maps",
        "/proc/1/mem",
        "/proc/1/environ",
        "/dev/shm",
        "/dev/mem",
        "/bin/sh",
        "/",
        str(REPOSITORY),
        str(REPOSITORY / "pyproject.toml"),
        str(REPOSITORY / "dl_helpers"),
        str(REPOSITORY / "autograder" / "exercise.py"),
        str(Path(__file__)),
        str(Path.home()),
    ],
)
def test_the_host_cannot_be_read(cold: Sandbox, path: str) -> None:
    attempts = f"""
        import os
        result = []
        for attempt in (os.listdir, open):
            try: attempt({path!r}); result.append("succeeded")
            except OSError: result.append("refused")"""
    with cold.session() as session:
        assert run(session, attempts) == ["refused"] * 2


def test_only_what_enters_can_be_imported(cold: Sandbox) -> None:
    code = """
        import importlib
        result = []
        for name in ("autograder.exercise", "autograder.exercises", "autograder.judge", "autograder.sandbox.host"):
            try: importlib.import_module(name); result.append(name)
            except ModuleNotFoundError: pass"""
    with cold.session() as session:
        assert run(session, code) == []
        paths: Any = run(session, "import sys, dl_helpers, autograder; result = [sys.path[0], dl_helpers.__file__]")
        assert paths == ["/student", "/student/dl_helpers/__init__.py"]
        assert not any(path.startswith(str(REPOSITORY)) for path in run(session, "result = sys.path[:2]"))


def test_the_student_edition_may_be_private_to_the_grader(tmp_path: Path) -> None:
    package = tmp_path / "edition" / "dl_helpers"
    package.mkdir(parents=True)
    for name, text in (("__init__.py", ""), ("stand_in.py", STAND_IN)):
        (package / name).write_text(text)
        (package / name).chmod(0o600)
    (package / "outside.py").symlink_to("/etc/passwd")
    for folder in (package, package.parent):
        folder.chmod(0o700)
    with Sandbox(package.parent, LIMITS, serve=SERVE, warm=False) as sandbox, sandbox.session() as session:
        assert run(session, "import os; result = os.path.lexists('/student/dl_helpers/outside.py')") is False


def test_no_socket_of_any_family(cold: Sandbox) -> None:
    code = """
        import socket
        result = []
        for family in range(46):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                try: socket.socket(family, kind); result.append(family)
                except PermissionError: pass
        try: socket.socketpair(); result.append("pair")
        except PermissionError: pass"""
    with cold.session() as session:
        assert run(session, code) == []
        assert outcome(session, "import urllib.request; urllib.request.urlopen('http://127.0.0.1:1')") == "URLError"


# Calls that have led out of sandboxes, with harmless arguments; their numbers on x86_64 and aarch64.
DANGEROUS_CALLS = {
    "unshare": (272, 97, "0x10000000"),
    "setns": (308, 268, "0, 0"),
    "mount": (165, 40, "0, 0, 0, 0, 0"),
    "pivot_root": (155, 41, "0, 0"),
    "chroot": (161, 51, "0"),
    "ptrace": (101, 117, "0, 0, 0, 0"),
    "process_vm_readv": (310, 270, "1, 0, 0, 0, 0, 0"),
    "pidfd_open": (434, 434, "1, 0"),
    "pidfd_getfd": (438, 438, "0, 0, 0"),
    "memfd_create": (319, 279, "b'x', 0"),
    "io_uring_setup": (425, 425, "1, 0"),
    "bpf": (321, 280, "0, 0, 0"),
    "perf_event_open": (298, 241, "0, 0, 0, 0, 0"),
    "userfaultfd": (323, 282, "0"),
    "keyctl": (250, 219, "0, 0, 0, 0, 0"),
    "add_key": (248, 217, "0, 0, 0, 0, 0"),
    "open_by_handle_at": (304, 265, "0, 0, 0"),
    "shmget": (29, 194, "0, 4096, 0o1777"),
    "mq_open": (240, 180, "b'x', 0o102, 0o600, 0"),
    "setuid": (105, 146, "0"),
    "capset": (126, 91, "0, 0"),
    "personality": (135, 92, "0"),
    "seccomp": (317, 277, "0, 0, 0"),
    "execve": (59, 221, "b'/bin/true', 0, 0"),
    "kill": (62, 129, "1, 0"),
    "tkill": (200, 130, "1, 0"),
    "rt_sigqueueinfo": (129, 138, "1, 0, 0"),
    "sched_setaffinity": (203, 122, "1, 0, 0"),
    "setpriority": (141, 140, "0, 1, 0"),
    "landlock_create_ruleset": (444, 444, "0, 0, 1"),
    "raise its limits": (302, 261, "0, 7, (ctypes.c_ulong * 2)(100, 100), 0"),  # prlimit64
    "new user namespace": (56, 220, "0x10000000 | 17, 0, 0, 0, 0"),  # clone
    "trace others": (157, 167, "0x59616d61, 1, 0, 0, 0"),  # prctl(PR_SET_PTRACER)
    "become visible": (157, 167, "4, 1, 0, 0, 0"),  # prctl(PR_SET_DUMPABLE)
    "type into the terminal": (16, 29, "0, 0x5412, b'x'"),  # ioctl(TIOCSTI)
    "signal on input": (72, 25, "0, 8, 1"),  # fcntl(F_SETOWN)
}


@pytest.mark.parametrize("call", DANGEROUS_CALLS.values(), ids=DANGEROUS_CALLS.keys())
def test_dangerous_system_calls_fail(cold: Sandbox, call: tuple[int, int, str]) -> None:
    number = call[0] if platform.machine() == "x86_64" else call[1]
    code = f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        result = (libc.syscall({number}, {call[2]}), ctypes.get_errno())"""
    with cold.session() as session:
        assert run(session, code) == (-1, errno.EPERM)


def test_the_identity_of_a_child_is_worth_nothing(cold: Sandbox) -> None:
    with cold.session() as session:
        users: Any = run(session, "import os; result = (*os.getresuid(), *os.getresgid(), *os.getgroups())")
        assert set(users) <= {host.NOBODY, *range(host.FIRST_USER, host.FIRST_USER + host.USERS)}
        process = max(descendants(worker_process(cold)))
        status = dict(line.split(":\t") for line in Path(f"/proc/{process}/status").read_text().splitlines())
    assert (status["CapEff"], status["CapPrm"], status["CapAmb"]) == ("0" * 16,) * 3
    assert (status["NoNewPrivs"], status["Seccomp"], status["Seccomp_filters"]) == ("1", "2", "1")


def test_a_child_has_no_descriptors_but_its_own(cold: Sandbox) -> None:
    code = """
        import os, stat
        result = []
        for descriptor in range(256):
            try: result.append(stat.S_IFMT(os.fstat(descriptor).st_mode))
            except OSError: pass
        result = [kind == stat.S_IFIFO for kind in result]"""
    with cold.session() as session:
        # The null device, standard output and error, requests and replies.
        assert run(session, code) == [False, True, True, True, True]


def test_the_mounts_alone_keep_the_host_out(tmp_path: Path) -> None:
    """The namespaces without the locks that a child puts on itself: what a warm parent could do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"""
import os, socket
for path in ("/x", "/usr/lib/x", "/student/x", "/grader/x", "/dev/x", {str(host.package_folders()[0] / "x")!r}):
    try: open(path, "w"); print("wrote", path)
    except OSError: pass
for path in ("/etc/passwd", "/root/.bashrc", "/home", "/var", "/proc/1", {str(REPOSITORY / "pyproject.toml")!r}):
    if os.path.exists(path): print("sees", path)
try: socket.create_connection(("127.0.0.1", {server.getsockname()[1]}), 1); print("connected")
except OSError: pass
# A Python that is installed below /tmp is seen there, and nothing beside it.
print([home for home, _, files in os.walk("/tmp") if files and "python" not in home and "-packages" not in home])
print(len([name for _, name in socket.if_nameindex() if name != "lo"]), os.getpid())
"""
        command = [*host.bubblewrap(tmp_path, tmp_path), "--", *host.worker_python(), "-c", program]
        finished = subprocess.run(command, env={}, capture_output=True, text=True, timeout=60)
    assert finished.stdout == "[]\n0 1\n", finished.stdout + finished.stderr


def test_threads_that_outlive_their_request(cold: Sandbox) -> None:
    worker = worker_process(cold)
    with cold.session() as session:
        code = """
            import threading, time, sys
            def sleep():
                while True: time.sleep(0.01)
            def work():
                while True: pass
            for target in (sleep, sleep, work): threading.Thread(target=target).start()
            result = 'left running'"""
        assert run(session, code) == "left running"
        assert run(session, "result = 'next'") == "next"
    assert descendants(worker) == set()


def test_what_ends_between_two_requests_costs_nothing(cold: Sandbox) -> None:
    with cold.session() as session:
        code = "import os, threading; threading.Timer(0.05, os._exit, [3]).start(); result = os.getpid()"
        first = run(session, code)
        assert session._child is not None and host._ready(session._child.handle, 30)
        assert run(session, "import os; result = os.getpid()") != first


# --- Limits --------------------------------------------------------------------------------------------------------


def test_wall_clock(edition: Path) -> None:
    with Sandbox(edition, Limits(wall_seconds=0.5), serve=SERVE, warm=False) as sandbox, sandbox.session() as session:
        start = time.monotonic()
        with pytest.raises(Ended) as ended:
            run(session, "import time; time.sleep(1000)")
        assert ended.value.kind == "wall" and "0.5 s" in ended.value.detail
        assert time.monotonic() - start < 20  # far from 1000, whatever the machine is doing
        assert run(session, "result = 'next'") == "next"


def test_one_budget_of_cpu_for_all_requests_of_a_submission(edition: Path) -> None:
    limits = Limits(cpu_seconds=1.0, cpu_seconds_per_request=0.6, wall_seconds=60)
    spin = "import time\nwhile time.process_time() < {}: pass\nresult = 'done'"
    with Sandbox(edition, limits, serve=SERVE, warm=False) as sandbox:
        with sandbox.session() as session:
            assert outcome(session, spin.format(0.4)) == "done"
            assert 0.4 <= session.cpu_seconds < 0.6
            assert outcome(session, spin.format(9)) == "cpu"  # less than 0.6 were left
            # The budget covers a process that has ended; what it took beyond is one poll of the host's.
            assert 1.0 <= session.cpu_seconds < 1.5
            with pytest.raises(Ended, match="used up"):
                run(session, "result = 1")
        with sandbox.session() as session:
            assert run(session, "result = 'another submission'") == "another submission"


def test_cpu_is_counted_when_a_process_ends_itself(edition: Path) -> None:
    limits = Limits(cpu_seconds=0.5, cpu_seconds_per_request=0.5, wall_seconds=60)
    spin = "import os, time\nwhile time.process_time() < 0.3: pass\nos._exit(0)"
    with Sandbox(edition, limits, serve=SERVE, warm=False) as sandbox, sandbox.session() as session:
        assert [outcome(session, spin) for _ in range(3)] == ["exit", "cpu", "cpu"]


def test_the_kernel_holds_the_cpu_limit_too(cold: Sandbox) -> None:
    with cold.session() as session:
        limits: Any = run(session, "import resource as r; result = [r.getrlimit(k) for k in (0, 1, 4, 6, 7)]")
    cpu, file_size, core, processes, open_files = limits
    assert cpu == (61, 61) and file_size == (0, 0) and core == (0, 0)
    assert processes == (64, 64) and open_files == (64, 64)


@pytest.mark.parametrize("field", ["memory_bytes", "cpu_seconds", "wall_seconds", "processes", "output_bytes"])
def test_limits_must_be_positive_numbers(field: str) -> None:
    for value in (0, -1, "1", None, True, float("nan")):
        with pytest.raises(ValueError, match=field):
            Limits(**{field: value})  # type: ignore[arg-type]


# --- The sandbox itself --------------------------------------------------------------------------------------------


def test_one_session_at_a_time(cold: Sandbox) -> None:
    with cold.session(), pytest.raises(RuntimeError, match="one submission at a time"), cold.session():
        pass
    with cold.session() as session:
        assert run(session, "result = 1") == 1
    for unopened in (session, cold.session()):
        with pytest.raises(RuntimeError, match="within"):
            run(unopened, "result = 1")


def test_preloaded_modules_are_there_from_the_start(edition: Path) -> None:
    with Sandbox(edition, LIMITS, serve=SERVE, warm=False, preload=["colorsys"]) as sandbox:
        for _ in range(2):
            with sandbox.session() as session:
                assert run(session, "import sys; result = 'colorsys' in sys.modules") is True


def test_a_late_answer_of_the_worker_is_not_taken_for_another(edition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(edition, LIMITS, serve=SERVE, warm=False) as sandbox:
        os.kill(worker_process(sandbox), signal.SIGSTOP)
        monkeypatch.setattr(host, "COMMAND_SECONDS", 0.1)
        with pytest.raises(SandboxError, match="did not answer"), sandbox.session() as session:
            run(session, "result = 1")
        os.kill(worker_process(sandbox), signal.SIGCONT)
        monkeypatch.setattr(host, "COMMAND_SECONDS", 30.0)
        with pytest.raises(SandboxError, match="lost"), sandbox.session() as session:
            run(session, "result = 1")


def test_sandboxes_side_by_side(edition: Path) -> None:
    results: list[Any] = []

    def grade(number: int) -> None:
        with Sandbox(edition, LIMITS, serve=SERVE, warm=False) as sandbox:
            for _ in range(3):
                with sandbox.session() as session:
                    results.append(run(session, f"import os; result = ({number}, os.getppid())"))

    threads = [threading.Thread(target=grade, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == sorted([(number, 1) for number in range(3)] * 3)


def test_nothing_is_left_when_a_sandbox_closes(edition: Path) -> None:
    before = descendants(os.getpid())
    descriptors = len(os.listdir("/proc/self/fd"))
    with Sandbox(edition, LIMITS, serve=SERVE, warm=False) as sandbox, sandbox.session() as session:
        run(session, "import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()")
        assert descendants(os.getpid()) > before
    assert descendants(os.getpid()) == before
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_the_worker_goes_when_its_host_is_killed(edition: Path, tmp_path: Path) -> None:
    program = f"""
import sys, time
from pathlib import Path
from autograder.sandbox.host import Sandbox, _process_id
with Sandbox(Path({str(edition)!r}), serve={SERVE!r}, warm=False) as sandbox, sandbox.session() as session:
    session.ask({{"code": "import threading; threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()"}})
    print(_process_id(sandbox._worker), flush=True)
    time.sleep(1000)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # who is killed does not tidy up
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=environment
    )
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    handle = os.pidfd_open(worker)
    process.kill()
    process.wait()
    process.stdout.close()
    try:
        assert host._ready(handle, 30), "the worker outlives its host"
    finally:
        os.close(handle)


def test_a_lost_worker_is_not_the_learners_doing(edition: Path) -> None:
    with Sandbox(edition, LIMITS, serve=SERVE, warm=False) as sandbox:
        session = sandbox.session()
        killer = threading.Timer(0.3, os.kill, [worker_process(sandbox), signal.SIGKILL])
        killer.start()
        with pytest.raises(SandboxError, match="worker"), session:
            run(session, "import time; time.sleep(1000)")
        with pytest.raises(SandboxError), sandbox.session() as another:
            run(another, "result = 1")


def test_a_worker_that_cannot_start_says_why(edition: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxError, match="No module named 'dl_helpers.nothing'"):
        Sandbox(edition, serve="dl_helpers.nothing:serve", warm=False).__enter__()
    with pytest.raises(ValueError, match="student_edition"):
        Sandbox(tmp_path / "nothing")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="bubblewrap is not installed"):
        Sandbox(edition, serve=SERVE).__enter__()


def test_a_child_that_cannot_be_confined_is_not_asked(edition: Path) -> None:
    # The worker may not have that many files itself, and cannot give its child more.
    with (
        Sandbox(edition, Limits(open_files=10_000), serve=SERVE, warm=False) as sandbox,
        sandbox.session() as session,
        pytest.raises(SandboxError, match="could not be confined"),
    ):
        run(session, "result = 1")


def test_without_isolation_the_same_worker_answers(edition: Path) -> None:
    with Sandbox(edition, LIMITS, isolate=False, serve=SERVE, warm=False) as sandbox:
        with sandbox.session() as session:
            assert run(session, "import os; result = os.getppid()") == worker_process(sandbox)
            assert outcome(session, "while True: pass") == "cpu"
            assert outcome(session, "import numpy as np; np.ones(3 * 2**30, np.uint8)") == "MemoryError"
            assert outcome(session, "import os; os._exit(5)") == "exit"
            assert run(session, "import sys; result = 'autograder.exercise' in sys.modules") is False
        assert descendants(worker_process(sandbox)) == set()


def test_ended_survives_a_process_pool() -> None:
    import pickle

    ended = pickle.loads(pickle.dumps(Ended("cpu", "too long")))
    assert (ended.kind, ended.detail) == ("cpu", "too long")


def test_the_course_is_covered_where_it_lies_below_a_mounted_folder(tmp_path: Path) -> None:
    (tmp_path / "lib" / "course").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    folders = [tmp_path / "lib" / "course", tmp_path / "lib" / "absent", tmp_path / "elsewhere"]
    assert host._covered(folders, [tmp_path / "lib"]) == ["--tmpfs", str(tmp_path / "lib" / "course")]


def test_an_installed_course_is_covered(edition: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the course was installed as a package and not from its repository, its modules lie among the others."""
    home = tmp_path / "lib" / "python3" / "site-packages"
    for name in ("autograder/exercises", "dl_helpers", "library"):
        (home / name).mkdir(parents=True)
        (home / name / "__init__.py").write_text("")
    tmp_path.chmod(0o755)
    monkeypatch.setattr(host, "SYSTEM_PATHS", (*host.SYSTEM_PATHS, tmp_path / "lib"))
    with Sandbox(edition, LIMITS, serve=SERVE, warm=False) as sandbox, sandbox.session() as session:
        code = f"""
            import os
            home = {str(home)!r}
            result = {{name: os.listdir(os.path.join(home, name)) for name in os.listdir(home)}}"""
        assert run(session, code) == {"autograder": [], "dl_helpers": [], "library": ["__init__.py"]}


def test_a_course_below_a_mounted_folder_cannot_be_read(
    edition: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib" / "course").mkdir(parents=True)
    (tmp_path / "lib" / "course" / "secret").write_text("secret")
    (tmp_path / "lib" / "library").write_text("library")
    tmp_path.chmod(0o755)
    monkeypatch.setattr(host, "SYSTEM_PATHS", (*host.SYSTEM_PATHS, tmp_path / "lib"))
    monkeypatch.setattr(host, "_course_folders", lambda: [tmp_path / "lib" / "course"])
    with Sandbox(edition, LIMITS, serve=SERVE, warm=False) as sandbox, sandbox.session() as session:
        assert run(session, f"result = open({str(tmp_path / 'lib' / 'library')!r}).read()") == "library"
        assert outcome(session, f"open({str(tmp_path / 'lib' / 'course' / 'secret')!r})") == "FileNotFoundError"


def test_as_an_ordinary_user(edition: Path, tmp_path: Path) -> None:
    """The way through a user namespace, which root does not take."""
    if os.getuid() != 0:
        pytest.skip("the user is an ordinary one: all other tests went this way")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed: root cannot try the ordinary user's way")
    program = f"""
import os
from pathlib import Path
from autograder.sandbox import host
from autograder.sandbox.host import Ended, Sandbox
from autograder.sandbox.limits import Limits
assert os.getuid() == {host.NOBODY} and "--unshare-user" in host.bubblewrap(Path("/"), Path("/"))
codes = [
    "import os; result = (os.getuid(), os.getppid())",
    "import numpy as np; result = np.ones(3 * 2**30, np.uint8)",
    "while True: pass",
    "open('/etc/passwd')",
    "open('/tmp/x', 'w')",
    "import threading, time\\nfor _ in range(100): threading.Thread(target=time.sleep, args=(100,)).start()",
    "import os; os._exit(0)",
]
with Sandbox(Path("/edition"), Limits(cpu_seconds_per_request=1), serve={SERVE!r}, warm=False) as sandbox:
    for code in codes:
        with sandbox.session() as session:
            try:
                reply = session.ask({{"code": code}})
                print(getattr(reply, "type_name", reply))
            except Ended as ended:
                print(ended.kind)
"""
    # A view of this machine in which an ordinary user can read Python and the course, wherever they lie.
    view = ["bwrap", "--dev-bind", "/", "/", "--perms", "1777", "--tmpfs", "/tmp"]
    hidden = {Path("/", *path.parts[1:2]) for path in (*host.python_paths(), REPOSITORY)} - {Path("/usr"), Path("/lib")}
    for folder in sorted(hidden):
        view += ["--perms", "0755", "--tmpfs", str(folder)]
    shown = {*host.python_paths(), REPOSITORY / "autograder"}
    for folder in sorted({parent for path in shown for parent in path.parents if len(parent.parts) > 2}):
        if folder.parts[1] != "usr":
            view += ["--perms", "0755", "--dir", str(folder)]
    for path in sorted(shown):
        view += ["--ro-bind", str(path), str(path)]
    copy = tmp_path / "edition"
    shutil.copytree(edition, copy)
    subprocess.run(["chmod", "--recursive", "a+rX", str(copy)], check=True)
    view += ["--perms", "0755", "--dir", "/tmp/edition", "--ro-bind", str(copy), "/tmp/edition"]
    view += ["--cap-add", "ALL", "setpriv", f"--reuid={host.NOBODY}", f"--regid={host.NOBODY}", "--clear-groups"]
    paths = os.pathsep.join(map(str, [REPOSITORY, *host.package_folders()]))
    finished = subprocess.run(
        [*view, *host.worker_python(), "-c", program.replace("/edition", "/tmp/edition")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
    )
    expected = [
        f"({host.NOBODY}, 1)",
        "MemoryError",
        "cpu",
        "FileNotFoundError",
        "PermissionError",
        "RuntimeError",
        "exit",
    ]
    assert finished.stdout.splitlines() == expected, finished.stderr


# --- The system call filter ----------------------------------------------------------------------------------------

ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def judged(program: bytes, machine: str, number: int, *arguments: int) -> int:
    """What a filter says to a call: the few instructions of classic BPF that filters use, carried out."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", number, AUDIT[machine], 0, *(value & (2**64 - 1) for value in padded))
    position, accumulator = 0, 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("<HBBI", program, 8 * position)
        position += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code == 0x15:
            position += if_true if accumulator == value else if_false
        elif code == 0x35:
            position += if_true if accumulator >= value else if_false
        elif code == 0x06:
            return value
        else:
            raise AssertionError(f"instruction {code:#x} is not one that filters use")


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_the_filter_allows_its_list_and_nothing_else(machine: str, column: int) -> None:
    program = confinement.syscall_filter(77, machine)
    listed = {numbers[column] for numbers in confinement.SYSTEM_CALLS.values()} - {None}
    conditional = {numbers[column] for numbers in confinement.CONDITIONAL_CALLS.values()}
    for number in range(600):
        if number not in conditional:
            assert judged(program, machine, number) == (ALLOW if number in listed else EPERM), number
    other = {"x86_64": "aarch64", "aarch64": "x86_64"}[machine]
    assert judged(program, other, 0) == KILL
    assert judged(program, machine, 0x40000000) == EPERM  # read by its x32 number
    assert judged(program, machine, -1) == EPERM


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_the_filters_conditions(machine: str, column: int) -> None:
    program = confinement.syscall_filter(77, machine)

    def says(name: str, *arguments: int) -> int:
        return judged(program, machine, confinement.CONDITIONAL_CALLS[name][column], *arguments)

    thread = 0x003D0F00  # the flags of pthread_create
    assert says("clone", thread) == ALLOW
    for flags in (17, 0, 0x4100 | 17, thread & ~0x10000, thread | 0x10000000, thread | 0x2000, thread | 0x20000):
        assert says("clone", flags) == EPERM, hex(flags)
    assert says("clone3", 0, 88) == ENOSYS
    assert says("prctl", 15) == ALLOW
    assert says("prctl", 4) == EPERM and says("prctl", 22) == EPERM
    assert says("prlimit64", 0, 7, 0, 1 << 40) == ALLOW
    assert says("prlimit64", 0, 7, 1 << 40, 0) == EPERM  # a pointer whose lower half is zero
    assert says("prlimit64", 0, 7, 1, 0) == EPERM
    assert says("tgkill", 77, 80, 6) == ALLOW
    assert says("tgkill", 1, 1, 6) == EPERM and says("tgkill", -1, 1, 6) == EPERM
    assert [says("ioctl", 0, command) for command in (0x5401, 0x5451, 0x5412)] == [ALLOW, ALLOW, EPERM]
    assert [says("fcntl", 0, command) for command in (0, 1032, 8, 10, 1033)] == [ALLOW, ALLOW, EPERM, EPERM, EPERM]


def test_other_processors_are_refused() -> None:
    with pytest.raises(OSError, match="riscv64"):
        confinement.syscall_filter(1, "riscv64")


HEADERS = {"x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "/usr/include/asm-generic/unistd.h"}


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_numbers_are_the_kernels(machine: str, column: int) -> None:
    header = Path(HEADERS[machine])
    if not header.exists():
        pytest.skip(f"the kernel's header {header} is not installed (linux-libc-dev)")
    text = header.read_text()
    for name, numbers in {**confinement.SYSTEM_CALLS, **confinement.CONDITIONAL_CALLS}.items():
        alias = "newfstatat|fstatat" if name == "newfstatat" else name  # the generic header's name for it
        found = re.search(rf"#define __NR(?:3264)?_(?:{alias}) (\d+)", text)
        assert (int(found[1]) if found else None) == numbers[column], name


# --- Verify --------------------------------------------------------------------------------------------------------


def test_diagnose_says_what_was_found() -> None:
    findings = verify.diagnose()
    assert [finding.ok for finding in findings] == [True] * CHECKS
    assert all(finding.what and not finding.remedy for finding in findings)


def test_diagnose_ends_with_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert "not installed" in verify.diagnose()[-1].what and "apt install" in verify.diagnose()[-1].remedy
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        assert len(verify.diagnose()) == 1 and "WSL2" in verify.diagnose()[0].remedy
    with monkeypatch.context() as patch:
        patch.setattr(confinement, "landlock_abi", lambda: 0)
        assert "Landlock" in verify.diagnose()[-1].what and "lsm=" in verify.diagnose()[-1].remedy
    with monkeypatch.context() as patch:
        denied = tmp_path / "bwrap"
        denied.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n")
        denied.chmod(0o755)
        patch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        finding = verify.diagnose()[-1]
        assert not finding.ok and "setting up uid map: Permission denied" in finding.what and finding.remedy
        denied.write_text("#!/bin/sh\necho 'bwrap: Unknown option --perms' >&2; exit 1\n")
        assert "too old" in verify.diagnose()[-1].what


@pytest.mark.parametrize(
    ("switches", "container", "root", "words"),
    [
        ({"kernel/apparmor_restrict_unprivileged_userns": "1"}, False, False, "/etc/apparmor.d/bwrap"),
        ({"kernel/apparmor_restrict_unprivileged_userns": "1"}, True, False, "seccomp=unconfined"),
        ({}, True, True, "--cap-add SYS_ADMIN"),
        ({"kernel/unprivileged_userns_clone": "0"}, False, False, "kernel.unprivileged_userns_clone=1"),
        ({"user/max_user_namespaces": "0"}, False, False, "user.max_user_namespaces"),
        ({"kernel/apparmor_restrict_unprivileged_userns": "1"}, False, True, "Ask whoever runs this machine"),
        ({}, False, False, "Ask whoever runs this machine"),
    ],
)
def test_the_remedy_fits_the_cause(switches: dict[str, str], container: bool, root: bool, words: str) -> None:
    assert words in verify.remedy_where_denied(switches, container, root)
