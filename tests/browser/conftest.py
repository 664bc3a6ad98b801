"""JupyterLab on loopback, as a learner or an instructor starts it, and the system's Chromium to look at it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

REPOSITORY = Path(__file__).parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Milliseconds to wait for anything: Validate runs a whole chapter, which may take a minute on two free cores.
PATIENCE = 120_000
START_SECONDS = 60


@dataclass
class Server:
    """A running JupyterLab: its address with the token, and what it printed."""

    port: int
    token: str
    log: Path

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"


@dataclass
class Watched:
    """A page, and what it did: the hosts it asked for, the errors it reported."""

    page: Page
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._request)
        self.page.on("websocket", lambda socket: self._address(socket.url))
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.outside.append(url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def jupyterlab(folder: Path, own: Path, config_path: Path | None) -> Iterator[Server]:
    """JupyterLab with ``folder`` as its root.

    own:         an empty folder for its configuration, data and runtime files: nobody's settings count here.
    config_path: further settings, as `make lab` gives them.
    """
    server = Server(free_port(), secrets.token_hex(16), own / "log.txt")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment |= {f"JUPYTER_{kind}_DIR": str(own / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    environment |= {"OMP_NUM_THREADS": "1", "IPYTHONDIR": str(own / "ipython"), "MPLCONFIGDIR": str(own / "matplotlib")}
    # The packages of this working tree, wherever the installed ones lie; nbgrader starts alembic from the PATH.
    environment["PYTHONPATH"] = str(REPOSITORY)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    if config_path is not None:
        environment["JUPYTER_CONFIG_PATH"] = str(config_path)
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": server.port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": server.token,
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with server.log.open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _await(server, process)
        yield server
    finally:
        process.terminate()  # JupyterLab ends its kernels on SIGTERM
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(server.address("api/status"), timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{server.log.read_text()[-4000:]}")


# These last for one module, not for the session: while Playwright's loop runs, no other test of the same process
# could start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    if program is None:
        reason = f"no browser: none of {', '.join(PROGRAMS)} is on the PATH"
        # On continuous integration a missing browser must not pass for a passed test.
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    SCREENSHOTS.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    arguments = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses its sandbox to root
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """``start_server(folder, config_path)``: JupyterLab in that folder until the module's tests have run."""
    with ExitStack() as running:

        def start(folder: Path, config_path: Path | None = None) -> Server:
            return running.enter_context(jupyterlab(folder, tmp_path_factory.mktemp("jupyter"), config_path))

        yield start


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[str], Watched]]:
    """``open_page(address)``: a page of 1280 pixels with no memory of another."""
    with ExitStack() as opened:

        def open_page(address: str) -> Watched:
            context: Any = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
            opened.callback(context.close)
            context.set_default_timeout(PATIENCE)
            watched = Watched(context.new_page())
            watched.page.goto(address)
            return watched

        yield open_page
