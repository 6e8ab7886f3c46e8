"""What both victims share: lines of JSON in and out, and the event loop."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["answer", "commands", "config", "run"]

MEMORY = 6 << 30
"""Bytes of addresses that a victim may have: an attack must not take the machine with it."""


def config() -> dict[str, Any]:
    """Return the first line that the harness sent."""
    first: dict[str, Any] = json.loads(sys.stdin.readline())
    return first


def answer(message: dict[str, Any]) -> None:
    """Send one line to the harness."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def commands(handle: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]) -> None:
    """Answer one line after the other until the harness closes the pipe."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "harness") as pool:
        while line := await loop.run_in_executor(pool, sys.stdin.readline):
            command = json.loads(line)
            answer({**await handle(command), "ask": command["ask"]})


def run(main: Callable[[dict[str, Any]], Coroutine[Any, Any, None]]) -> None:
    """Be a victim: read the configuration, and run `main` on the loop that it names."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    options = config()
    factory = None
    if options.get("uvloop"):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(debug=bool(options.get("asyncio_debug")), loop_factory=factory) as runner:
        if options.get("asyncio_debug"):
            runner.get_loop().slow_callback_duration = 3600.0  # slowness is measured from outside
        runner.run(main(options))
