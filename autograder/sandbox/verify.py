"""Whether this machine can grade safely, and what to do where it cannot."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.limits import Limits

# The rest of the sandbox is imported by the checks that follow `_system`: elsewhere than on Linux it need not load.

# Switches of the kernel by which a system forbids user namespaces to ordinary users.
SWITCHES = (
    "kernel/apparmor_restrict_unprivileged_userns",
    "kernel/unprivileged_userns_clone",
    "user/max_user_namespaces",
)
APPARMOR_PROFILE = """\
abi <abi/4.0>,
include <tunables/global>
profile bwrap {program} flags=(unconfined) {{
  userns,
}}"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is well, what was found, and what to do where it is not ("" if well)."""

    ok: bool
    what: str
    remedy: str = ""


def diagnose() -> list[Finding]:
    """What grading needs of this machine, in the order in which it is needed; ends with the first thing missing."""
    findings = []
    for check in (_system, _processor, _landlock, _installed, _allowed, _confined):
        findings.append(check())
        if not findings[-1].ok:
            break
    return findings


def _system() -> Finding:
    if sys.platform == "linux":
        return Finding(True, f"Linux {platform.release()}")
    return Finding(
        False,
        f"this is {platform.system()}, and the sandbox needs Linux",
        "Grade in a Linux virtual machine, or on Windows in WSL2. Learning works everywhere.",
    )


def _processor() -> Finding:
    from autograder.sandbox.confinement import ARCHITECTURES

    machine = platform.machine()
    if machine in ARCHITECTURES:
        return Finding(True, f"processor {machine}")
    known = " or ".join(ARCHITECTURES)
    return Finding(False, f"the system call filter does not know {machine}", f"Grade on a machine with {known}.")


def _landlock() -> Finding:
    from autograder.sandbox.confinement import landlock_abi

    abi = landlock_abi()
    if abi:
        return Finding(True, f"Landlock ABI {abi}")
    return Finding(
        False,
        "the kernel has no Landlock, or it is switched off",
        "Use Linux 5.13 or newer. If it is, add landlock to the list of the kernel's start option lsm= (the list in "
        "force stands in /sys/kernel/security/lsm) and start again.",
    )


def _installed() -> Finding:
    program = shutil.which("bwrap")
    if program is None:
        return Finding(
            False,
            "bubblewrap is not installed: there is no program bwrap",
            "Install the package bubblewrap: apt install bubblewrap, dnf install bubblewrap, or conda install -c "
            "conda-forge bubblewrap.",
        )
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    return Finding(True, f"{version} at {program}")


def _allowed() -> Finding:
    from autograder.sandbox.host import bubblewrap, worker_python

    with tempfile.TemporaryDirectory() as folder:
        command = [*bubblewrap(Path(folder), Path(folder)), "--", *worker_python(), "-c", ""]
        run = subprocess.run(command, env={}, capture_output=True, text=True)
    if run.returncode == 0:
        return Finding(True, "bubblewrap may make namespaces")
    complaint = run.stderr.strip() or f"it ended with status {run.returncode}"
    if "nknown option" in complaint:
        return Finding(False, f"bubblewrap is too old: {complaint}", "Install bubblewrap 0.5 or newer.")
    return Finding(
        False,
        f"bubblewrap is installed but could not make its namespaces: {complaint}",
        remedy_where_denied(_switches(), _in_container(), os.getuid() == 0),
    )


def _switches() -> dict[str, str]:
    paths = {switch: Path("/proc/sys", switch) for switch in SWITCHES}
    return {switch: path.read_text().strip() for switch, path in paths.items() if path.exists()}


def _in_container() -> bool:
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() or "container" in os.environ


def remedy_where_denied(switches: Mapping[str, str], container: bool, root: bool) -> str:
    """What to do where bubblewrap may not make namespaces.

    switches: values of ``SWITCHES``, those that the kernel has; container: whether this is inside one; root: whether
    the user is root.
    """
    if container:
        return (
            "This is a container, whose system call filter forbids namespaces. Start it with --security-opt "
            "seccomp=unconfined --security-opt apparmor=unconfined"
            + (" --cap-add SYS_ADMIN (or --privileged)." if root else ", or grade outside of it.")
        )
    if not root and switches.get("kernel/apparmor_restrict_unprivileged_userns") == "1":
        profile = APPARMOR_PROFILE.format(program=shutil.which("bwrap") or "/usr/bin/bwrap")
        return (
            "This system (Ubuntu since 24.04) allows user namespaces only to programs with an AppArmor profile. Write "
            f"this to /etc/apparmor.d/bwrap:\n\n{profile}\n\nand run: sudo systemctl reload apparmor"
        )
    if not root and switches.get("kernel/unprivileged_userns_clone") == "0":
        return "Allow user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if switches.get("user/max_user_namespaces") == "0":
        return "Allow user namespaces: sudo sysctl -w user.max_user_namespaces=10000"
    return "Ask whoever runs this machine to allow bubblewrap to make namespaces; the message says which one failed."


def _confined() -> Finding:
    """Starts a worker and lets a child of it try what it must not."""
    from autograder.sandbox.host import Ended, Sandbox, SandboxError

    with tempfile.TemporaryDirectory() as folder:
        limits = Limits(cpu_seconds=10, cpu_seconds_per_request=10, wall_seconds=30)
        try:
            with (
                Sandbox(Path(folder), limits, serve="autograder.sandbox.worker:self_test", warm=False) as sandbox,
                sandbox.session() as session,
            ):
                outcome = session.ask({})
        except (SandboxError, Ended) as error:
            return Finding(False, f"a confined process could not be started: {error}", "The message says what failed.")
    attempts = outcome if isinstance(outcome, dict) else {}
    succeeded = [str(name) for name, result in attempts.items() if result == "succeeded"]
    if succeeded or not attempts:
        return Finding(
            False,
            f"a confined process could {', '.join(succeeded) or 'not be questioned'}",
            "Do not grade on this machine, and report this with the kernel's and bubblewrap's versions.",
        )
    return Finding(True, f"a confined process could not {', '.join(map(str, attempts))}")
