"""A victim in a process of its own: started, asked by lines of JSON, measured through /proc, and always reaped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["Victim", "VictimStuck"]

ROOT = Path(__file__).parents[2]
LINE_LIMIT = 1 << 24
KEPT_LINES = 400
ENDS_WITHIN = 10.0
STARTS_WITHIN = 30.0

FOREIGN = (
    "Traceback (most recent call last)",
    "Warning",
    "never retrieved",
    "Exception in callback",
    "Exception ignored",
    "Fatal error",
    "socket.send() raised exception",
    "Unclosed",
)
"""What on stderr tells of a foreign exception or of a warning."""


class VictimStuck(Exception):
    """The victim did not answer the harness in time, or has ended."""


class Victim:
    """One process. `async with Victim.started(…)`; its standard streams belong to the harness."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process
        self._errors: list[str] = []
        self._reader = asyncio.get_running_loop().create_task(self._read_errors())
        self.complaints: list[str] = []
        self._asking = asyncio.Lock()
        self._asked = 0

    @classmethod
    async def start(cls, module: str, config: dict[str, Any]) -> Victim:
        """Start `python -X dev -W error -m module` and hand it `config` as its first line."""
        environment = {
            **os.environ,
            "PYTHONMALLOC": "default",  # what -X dev would choose pads every block, and memory is measured here
            "PYTHONUNBUFFERED": "1",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-X", "dev", "-W", "error", "-m", module),
            cwd=ROOT,
            env=environment,
            limit=LINE_LIMIT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        victim = cls(module.rpartition(".")[2], process)
        try:
            await victim.tell(config)
        except BaseException:
            await victim.end()
            raise
        return victim

    # Questions ---------------------------------------------------------------------------------------------------

    async def tell(self, message: dict[str, Any]) -> None:
        """Send one line."""
        stdin = self._process.stdin
        if stdin is None:
            raise VictimStuck("no pipe")
        try:
            stdin.write(json.dumps(message).encode() + b"\n")
            await stdin.drain()
        except ConnectionError:
            raise VictimStuck(f"{self.name} has ended") from None

    async def hear(self, within: float = STARTS_WITHIN) -> dict[str, Any]:
        """Return the next line of the victim."""
        stdout = self._process.stdout
        if stdout is None:
            raise VictimStuck("no pipe")
        try:
            async with asyncio.timeout(within):
                line = await stdout.readline()
        except TimeoutError:
            raise VictimStuck(f"{self.name} did not answer within {within:.0f} s") from None
        if not line:
            raise VictimStuck(f"{self.name} has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def ask(self, within: float, **message: Any) -> dict[str, Any]:
        """Send one line and return the one that answers it; the answers to questions that were given up are skipped."""
        async with self._asking:
            self._asked += 1
            await self.tell({**message, "ask": self._asked})
            while (answer := await self.hear(within)).pop("ask") != self._asked:
                pass
        return answer

    # Measures ----------------------------------------------------------------------------------------------------

    def _status(self, field: str) -> int:
        try:
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith(field):
                    return int(line.split()[1]) << 10
        except OSError:
            pass
        return 0

    def memory(self) -> int:
        """Return the resident memory, bytes."""
        return self._status("VmRSS:")

    def forget_peak(self) -> None:
        """Let `peak` begin anew (proc(5), clear_refs)."""
        with contextlib.suppress(OSError):
            Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """Return the largest resident memory since the last `forget_peak`, bytes."""
        return self._status("VmHWM:")

    def cpu(self) -> float:
        """Return the processor seconds used so far."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # The end -----------------------------------------------------------------------------------------------------

    async def end(self) -> None:
        """Let it end by itself, else kill it; note what it complained of."""
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await process.wait()
        except TimeoutError:
            self.complaints.append(f"{self.name} did not end within {ENDS_WITHIN:.0f} s")
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await self._reader
        if process.returncode and process.returncode > 0:
            self.complaints.append(f"{self.name} ended with status {process.returncode}")
        self.complaints += [line for line in self._errors if any(sign in line for sign in FOREIGN)][:20]

    @property
    def errors(self) -> str:
        """All that stood on stderr, as far as it was kept."""
        return "\n".join(self._errors)

    async def _read_errors(self) -> None:
        stderr = self._process.stderr
        while stderr is not None:
            try:
                line = await stderr.readline()
            except ValueError:  # longer than the limit
                continue
            if not line:
                return
            if len(self._errors) < KEPT_LINES:
                self._errors.append(line.decode("utf-8", "replace").rstrip())
