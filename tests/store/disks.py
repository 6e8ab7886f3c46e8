"""A disk that is really full, and one that is really read-only: what programs and stores do. Needs root and Linux."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mtproto.crypto.rsa import RSAPublicKey
from mtproto.localdc import LocalDCThread
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.keys import read_keys
from mtproto.net import BlockingConnection
from mtproto.store import AccountRecord, FileStore, SQLiteStore, StoreError
from tests.store.endurance import Row
from tests.store.writer import hold
from tl import api

__all__ = ["account_rows", "cli_rows", "dc_rows"]

SIZE = "256k"
SOON = 30.0


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a disk of 256 KiB."""
    with TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> None:
    """Leave no byte of it free."""
    with (disk / "ballast").open("ab", buffering=0) as file:
        size = 1 << 16
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def remount(disk: Path, how: str) -> None:
    """Make it read-only (`ro`), or writable again (`rw`)."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def program(*arguments: str) -> list[str]:
    """Return the command that runs one of ours."""
    return [sys.executable, "-m", "mtproto", *arguments]


def cli_rows() -> Iterator[Row]:
    """Try `mtproto call --state` on such disks."""
    with small_disk() as disk, TemporaryDirectory() as folder, LocalDCThread() as dc:
        pem = Path(folder) / "key.pem"
        pem.write_text(dc.keys[0].to_pem())
        full_after: list[bool] = []

        @dc.handler(api.functions.help.GetConfig)
        def config(call: IncomingCall) -> Any:
            if full_after:
                fill(disk)
            return call.default()

        def call() -> tuple[int, bool, str, int]:
            before = len(dc._centre.keys.records)
            place = f"{dc.address[0]}:{dc.address[1]}"
            options = ("--dc", place, "--key", str(pem), "--state", str(disk / "state"), "--api-id", "1")
            done = subprocess.run(
                program("call", "help.getConfig", *options), capture_output=True, text=True, check=False
            )
            told = done.stderr.strip().replace(str(disk), "DISK")
            return done.returncode, bool(done.stdout), told, len(dc._centre.keys.records) - before

        def row(tried: str, expected: tuple[int, bool, int]) -> Row:
            code, answered, told, made = call()
            outcome = f"exit {code}, answer {'shown' if answered else 'not shown'}, {made} keys made: {told}"
            return Row("cli", tried, outcome, (code, answered, made) == expected)

        fill(disk)
        yield row("full disk, no file yet", (1, False, 0))
        (disk / "ballast").unlink()
        full_after.append(True)
        yield row("disk fills up during the call", (1, True, 1))
        (disk / "ballast").unlink()
        full_after.clear()
        yield row("the disk has room again", (0, True, 1))
        fill(disk)
        yield row("full disk, with a file", (1, False, 0))
        remount(disk, "ro")
        yield row("read-only folder, with a file", (1, False, 0))
        remount(disk, "rw")
        (disk / "ballast").unlink()
        yield row("the folder is writable again, the old file whole", (0, True, 0))


def dc_rows() -> Iterator[Row]:
    """Try `mtproto serve --state` on such disks."""
    with small_disk() as disk, TemporaryDirectory() as folder:
        state, ready = disk / "state", Path(folder) / "ready.json"
        command = program("serve", "--state", str(state), "--ready-file", str(ready))

        def refused(tried: str) -> Row:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            told = done.stderr.strip().replace(str(disk), "DISK")
            return Row("dc", tried, f"exit {done.returncode}: {told}", done.returncode == 1 and "\n" not in told)

        @contextmanager
        def serving() -> Iterator[subprocess.Popen[str]]:
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                process.stdout.readline()
                yield process

        def exchange() -> None:
            told = json.loads(ready.read_text())
            place, key = (told["host"], told["port"]), RSAPublicKey.from_pem(told["public_key_pem"])
            with BlockingConnection(place, [key], dc_id=told["dc_id"]) as connection:
                connection.call(api.functions.help.GetNearestDc().to_bytes(), timeout=SOON)

        def end(process: subprocess.Popen[str]) -> tuple[int, str]:
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate()
            return process.returncode, " / ".join(told.replace(str(disk), "DISK").splitlines())

        fill(disk)
        yield refused("full disk at the start")
        (disk / "ballast").unlink()
        with serving() as process:
            exchange()
            yield refused("a second data centre with the same file")
            fill(disk)
            exchange()
            kept = len(read_keys(state)[1])
            (disk / "ballast").unlink()
            exchange()
            now = len(read_keys(state)[1])
            code, told = end(process)
        outcome = f"exchanges and calls go on; keys kept {kept} of 2, with room again {now} of 3; exit {code}: {told}"
        yield Row("dc", "disk fills up and gets room again", outcome, (kept, now, code) == (1, 3, 0))
        with serving() as process:
            fill(disk)
            exchange()
            code, told = end(process)
        yield Row(
            "dc", "disk stays full to the end", f"exit {code}: {told}", code == 1 and len(read_keys(state)[1]) == 3
        )
        (disk / "ballast").unlink()
        remount(disk, "ro")
        yield refused("read-only folder, with a file")
        remount(disk, "rw")
        with serving() as process:
            code, told = end(process)
        outcome = f"{len(read_keys(state)[1])} of 3 keys; exit {code}"
        yield Row("dc", "the folder is writable again, the old file whole", outcome, code == 0 and not told)


def account_rows(kind: str) -> Iterator[Row]:
    """Try a store of accounts on such disks."""
    with small_disk() as disk:
        path = disk / "state"

        def held() -> FileStore | SQLiteStore:
            store = hold(kind, path)
            assert isinstance(store, FileStore | SQLiteStore)
            return store

        def refused(tried: str, attempt: Callable[[], object]) -> Row:
            try:
                attempt()
            except StoreError as error:
                return Row(kind, tried, str(error).replace(str(disk), "DISK"), True)
            return Row(kind, tried, "no error", False)

        def stands(tried: str, record: AccountRecord) -> Row:
            with closing(held()) as store:
                whole = store.load() == record
                store.save(record)
            return Row(kind, tried, "the old content stands" if whole else "OTHER CONTENT", whole)

        fill(disk)
        yield refused("full disk, nothing there yet", held)
        (disk / "ballast").unlink()
        old = AccountRecord(user_id=1, peers={"": "x" * 20_000})
        with closing(held()) as store:
            store.save(old)
            fill(disk)
            yield refused("disk fills up, save", lambda: store.save(AccountRecord(peers={"": "y" * 60_000})))
            yield refused("disk fills up, save_soft", lambda: store.save_soft(AccountRecord(peers={"": "y" * 60_000})))
        yield refused("full disk, with an account", held)
        (disk / "ballast").unlink()
        yield stands("the disk has room again", old)
        remount(disk, "ro")
        yield refused("read-only folder, with an account", held)
        remount(disk, "rw")
        yield stands("the folder is writable again", old)
