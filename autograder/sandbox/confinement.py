"""What a learner's process may still do: the kernel's locks, applied by the process to itself before it runs anything.

Three independent layers stand behind the mount and network namespaces of bubblewrap: resource limits, Landlock (no
file can be written, only the mounted folders can be read) and a seccomp filter (an allow-list of system calls: no new
process or program, no socket, no signal to anybody else, no namespace, no tracing). A process cannot undo any of them.

Linux on x86_64 and aarch64. Every function raises ``OSError`` where the kernel refuses; nothing is skipped.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Iterable, Sequence

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
PR_SET_NAME, PR_GET_NAME = 15, 16


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _system_call(number: int, *arguments: object) -> int:
    """``arguments`` are ctypes values: the C function is variadic and must know their widths."""
    return _libc.syscall(ctypes.c_long(number), *arguments)


def process_control(option: int, value: int) -> None:
    """prctl(2) with one number."""
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), f"prctl({option}, {value})")


def become(user: int) -> None:
    """Gives up root for good: the user and group ``user`` as real, effective and saved ids, and no further groups."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if os.getresuid() != (user,) * 3 or os.getresgid() != (user,) * 3 or os.getgroups():
        raise PermissionError(f"the process could not become user {user}")


def limit(address_space: int, cpu_seconds: int, processes: int, open_files: int, file_bytes: int) -> None:
    """Sets the resource limits, soft and hard alike. Bytes and seconds; ``processes`` counts the user's threads."""
    for kind, value in (
        (resource.RLIMIT_AS, address_space),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(kind, (value, value))


# --- Landlock: https://docs.kernel.org/userspace-api/landlock.html -------------------------------------------------

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same on all architectures
_LANDLOCK_VERSION = 1
_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIRECTORY = 1 << 1, 1 << 2, 1 << 3
# Rights over files that a kernel knows, by its ABI: execute ... make symlink, then refer, truncate, ioctl on devices.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_TRUNCATE = 1 << 14
_TCP_RIGHTS = 0b11  # bind, connect; from ABI 4
_SCOPES = 0b11  # abstract Unix sockets, signals; from ABI 6


def landlock_abi() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    version = _system_call(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_LANDLOCK_VERSION))
    return max(version, 0)


def landlock_rules(readable: Iterable[str], writable: Iterable[str]) -> int:
    """A file descriptor of rules: read below the folders ``readable``, read and write the files ``writable``, no more.

    Raises ``OSError`` where the kernel has no Landlock.
    """
    abi = landlock_abi()
    if abi == 0:
        raise OSError("the kernel has no Landlock, or it is switched off; it needs Linux 5.13 with lsm=landlock")
    files = _FILE_RIGHTS[min(abi, 5)]
    attributes = struct.pack("=QQQ", files, _TCP_RIGHTS if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = _checked(
        _system_call(_LANDLOCK_CREATE, attributes[:size], ctypes.c_size_t(size), ctypes.c_uint32(0)),
        "landlock_create_ruleset",
    )
    for path in readable:
        _allow(rules, path, _READ_FILE | _READ_DIRECTORY if os.path.isdir(path) else _READ_FILE)
    for path in writable:
        _allow(rules, path, files & (_READ_FILE | _WRITE_FILE | _TRUNCATE))
    return rules


def _allow(rules: int, path: str, rights: int) -> None:
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, folder)
        number = _system_call(_LANDLOCK_ADD, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
        _checked(number, f"landlock_add_rule({path})")
    finally:
        os.close(folder)


def apply_landlock(rules: int) -> None:
    """Restricts this process, and all it becomes, to ``rules``. Needs no_new_privs."""
    number = _system_call(_LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    _checked(number, "landlock_restrict_self")


# --- seccomp: https://docs.kernel.org/userspace-api/seccomp_filter.html --------------------------------------------

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column below, AUDIT_ARCH

# The numbers of the system calls on x86_64 and aarch64; None where the architecture does without.
SYSTEM_CALLS: dict[str, tuple[int | None, int | None]] = {
    # files: reading, and writing to what is open; Landlock decides what can be opened
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "lseek": (8, 62),
    "open": (2, None),
    "openat": (257, 56),
    "close": (3, 57),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    # memory
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "mincore": (27, 232),
    "brk": (12, 214),
    # threads; clone itself has a condition below
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "rseq": (334, 293),
    "set_tid_address": (218, 96),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "membarrier": (324, 283),
    "arch_prctl": (158, None),
    # time
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "alarm": (37, None),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    # signals to oneself
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigpending": (127, 136),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "pause": (34, None),
    # questions about oneself and the machine
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getpgid": (121, 155),
    "getpgrp": (111, None),
    "getsid": (124, 156),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "getgroups": (115, 158),
    "getrusage": (98, 165),
    "getrlimit": (97, 163),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "getrandom": (318, 278),
    "wait4": (61, 260),
    # the end
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# Allowed under a condition on an argument, written in `syscall_filter`.
CONDITIONAL_CALLS: dict[str, tuple[int, int]] = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "tgkill": (234, 131),
}

_CLONE_THREAD = 0x00010000
# ptrace and the new time, mount, cgroup, uts, ipc, user, pid and network namespaces
_CLONE_REFUSED = 0x00002000 | 0x00000080 | 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000
_CLONE_REFUSED |= 0x20000000 | 0x40000000
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 1030, 1032)  # DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC, GETPIPE_SZ
_IOCTL_COMMANDS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, F(N)CLEX

_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD_WORD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST = 0x15, 0x35
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One struct sock_filter; the jumps count the instructions to pass over."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _low(argument: int) -> int:
    """Where the lower 32 bits of a call's argument lie; both architectures are little-endian."""
    return _ARGUMENTS + 8 * argument


def _when(number: int, *tests: tuple[int, int, Sequence[int]]) -> bytes:
    """Allows the call ``number`` if every test (offset, mask, values) finds its masked word among the values."""
    refuse = _instruction(_RETURN, _ERRNO | _EPERM)
    inner = b""
    for offset, mask, values in tests:
        inner += _instruction(_LOAD_WORD, offset) + _instruction(_AND, mask)
        for index, value in enumerate(values):
            inner += _instruction(_JUMP_IF_EQUAL, value, if_true=len(values) - index)  # over the rest and the refusal
        inner += refuse
    inner += _instruction(_RETURN, _ALLOW)
    return _instruction(_JUMP_IF_EQUAL, number, if_false=len(inner) // 8) + inner


def syscall_filter(process: int, machine: str | None = None) -> bytes:
    """The BPF program for the process with the id ``process``; what is not allowed fails with EPERM.

    machine: "x86_64" or "aarch64", by default this one. Raises ``OSError`` for others.
    """
    machine = machine or platform.machine()
    if machine not in ARCHITECTURES:
        raise OSError(f"no system call filter is known for {machine}: it runs on {' and '.join(ARCHITECTURES)}")
    column, architecture = ARCHITECTURES[machine]
    allow, refuse = _instruction(_RETURN, _ALLOW), _instruction(_RETURN, _ERRNO | _EPERM)
    every_bit = 0xFFFFFFFF

    program = [
        _instruction(_LOAD_WORD, _ARCHITECTURE),
        _instruction(_JUMP_IF_EQUAL, architecture, if_true=1),
        _instruction(_RETURN, _KILL_PROCESS),
        _instruction(_LOAD_WORD, _NUMBER),
        # The x32 numbers are another way to the same calls.
        _instruction(_JUMP_IF_AT_LEAST, _X32, if_false=1),
        refuse,
    ]
    for numbers in SYSTEM_CALLS.values():
        number = numbers[column]
        if number is not None:
            program += [_instruction(_JUMP_IF_EQUAL, number, if_false=1), allow]

    call = {name: numbers[column] for name, numbers in CONDITIONAL_CALLS.items()}
    program += [
        # Threads, but no processes and no namespaces.
        _when(call["clone"], (_low(0), _CLONE_THREAD | _CLONE_REFUSED, [_CLONE_THREAD])),
        # Its flags lie in memory, where a filter cannot look; the C library turns to clone where clone3 is unknown.
        _instruction(_JUMP_IF_EQUAL, call["clone3"], if_false=1),
        _instruction(_RETURN, _ERRNO | _ENOSYS),
        _when(call["fcntl"], (_low(1), every_bit, _FCNTL_COMMANDS)),
        _when(call["ioctl"], (_low(1), every_bit, _IOCTL_COMMANDS)),
        _when(call["prctl"], (_low(0), every_bit, [PR_SET_NAME, PR_GET_NAME])),
        # Limits may be read: the pointer to new ones must be null in both its halves.
        _when(call["prlimit64"], (_low(2), every_bit, [0]), (_low(2) + 4, every_bit, [0])),
        # abort() and raise() signal oneself.
        _when(call["tgkill"], (_low(0), every_bit, [process])),
        refuse,
    ]
    return b"".join(program)


def apply_filter(program: bytes) -> None:
    """Installs a filter of ``syscall_filter`` for good. Needs no_new_privs and a process with one thread."""
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]

    whole = Program(len(program) // 8, ctypes.addressof(buffer))
    mode_filter, zero = ctypes.c_ulong(2), ctypes.c_ulong(0)
    _checked(_libc.prctl(PR_SET_SECCOMP, mode_filter, ctypes.byref(whole), zero, zero), "prctl(PR_SET_SECCOMP)")
