"""The blocking faces, made of the asyncio ones: one source, two drivers.

    python -m tests.structure.faces            writes the blocking faces again

A face is a file without any waiting of its own: its `await`s lead to a driver, which waits for asyncio or for threads.
So the blocking file is the asyncio file without `async` and `await`, and with some other names and words.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FACES", "Face"]

ROOT = Path(__file__).resolve().parent.parent.parent

NOTE = "# Made of {source} by `python -m tests.structure.faces`. Change that file instead.\n\n"

SPELLINGS = (
    ("async def ", "def "),
    ("async with ", "with "),
    ("async for ", "for "),
    ("await ", ""),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    ("AsyncIterator", "Iterator"),
    ("AsyncDriver", "ThreadDriver"),
    ("driver_async", "driver_threads"),
    ("StartedCall", "BlockingCall"),
    ("AsyncBackground", "ThreadBackground"),
    ("AsyncMailbox", "ThreadMailbox"),
    ("AsyncNews", "ThreadNews"),
    ("AsyncPauses", "ThreadPauses"),
    ("AsyncTicker", "ThreadTicker"),
    ("AwaitedMethods", "BlockingMethods"),
    ("tl._api.awaited", "tl._api.blocking"),
    ("waiting_async", "waiting_threads"),
)
"""What differs in every face: the asyncio spelling and the blocking one, in the order in which they are replaced."""


@dataclass(frozen=True)
class Face:
    """One pair of files.

    Attributes:
        source: the asyncio face, a path in the repository.
        target: the blocking face.
        docstring: that of the blocking module.
        words: texts that differ in this pair only; each must stand in the source.

    """

    source: str
    target: str
    docstring: str
    words: tuple[tuple[str, str], ...]

    def made(self) -> str:
        """Return the text of the blocking face.

        Raises:
            ValueError: one of the `words` is not in the source.

        """
        text = (ROOT / self.source).read_text(encoding="utf-8")
        text = text[text.index('"""\n\nfrom __future__') + len('"""\n\n') :]
        for there, here in self.words:
            if there not in text:
                raise ValueError(f"{self.source} has no text {there!r}")
            text = text.replace(there, here)
        for there, here in SPELLINGS:
            text = re.sub(rf"(?<![A-Za-z_]){re.escape(there)}", here, text)
        return f'"""{self.docstring}"""\n\n' + NOTE.format(source=self.source) + text

    def stored(self) -> str:
        """Return the text of the blocking face as it stands in the repository."""
        return (ROOT / self.target).read_text(encoding="utf-8")


FACES = (
    Face(
        "mtproto/net/shells/connection.py",
        "mtproto/net/shells/blocking.py",
        "The blocking connection: one client's link, pumped by a thread of its own; calls wait in any other thread.",
        (
            ("class Connection:", "class BlockingConnection:"),
            ('["Connection"]', '["BlockingConnection"]'),
            ("Belongs to one event loop.", "Any thread may use it."),
        ),
    ),
    Face(
        "mtproto/client/client.py",
        "mtproto/client/blocking.py",
        "The client without asyncio: objects in, objects out, over one `net.BlockingConnection`.",
        (
            ("import asyncio\n", "import time\n"),
            ("import AsyncIterator, Generator, Sequence", "import Iterator, Sequence"),
            ("from typing import TYPE_CHECKING, Any, TypeVar", "from typing import TYPE_CHECKING, TypeVar"),
            (
                "    def __await__(self) -> Generator[Any, None, Self]:\n"
                '        """Connect, as `open()` does: `client = await connect(...)`. '
                'Only `close()` ends the connection then."""\n'
                "        return self.open().__await__()\n\n",
                "",
            ),
            ("asyncio.get_running_loop().time()", "time.monotonic()"),
            ("from mtproto.net import Connection\n", "from mtproto.net import BlockingConnection\n"),
            ("connection: Connection,", "connection: BlockingConnection,"),
            ("Client(Connection(", "Client(BlockingConnection("),
            ("one data centre, for asyncio (", "one data centre, from any thread ("),
            ("Any number of tasks of one event loop may call at once.", "Any number of threads may call at once."),
            ("use it as an asynchronous context\n    manager,", "use it as a context\n    manager,"),
            (" or await it, which is `open()`, and `close()` it.", " or pair `open()` with `close()`."),
            ("entering it (`async with`) connects, and so does awaiting it.", "entering it (`with`) connects."),
        ),
    ),
    Face(
        "mtproto/account/lanes.py",
        "mtproto/account/lanes_threads.py",
        "The lanes of a blocking account: clients by data centre and name, opened when first needed, closed when idle.",
        (),
    ),
    Face(
        "mtproto/account/running.py",
        "mtproto/account/running_threads.py",
        "Runs flows in the thread that asks for them: does what each step says, and sends in what came of it.",
        (
            ("import Awaitable, Callable", "import Callable"),
            ("Awaitable[Any]", "Any"),
            ("Awaitable[None]", "None"),
            ("Awaitable[bytes]", "bytes"),
        ),
    ),
    Face(
        "mtproto/account/calls.py",
        "mtproto/account/calls_threads.py",
        "The calls of an account, for threads: by the policy, with the login where a data centre wants it.",
        (
            ("import AsyncNews, Gate", "import Gate, AsyncNews"),
            ("mtproto.account.lanes import", "mtproto.account.lanes_threads import"),
            ("mtproto.account.running import", "mtproto.account.running_threads import"),
        ),
    ),
    Face(
        "mtproto/account/peers.py",
        "mtproto/account/peers_threads.py",
        "Who is meant by what a program writes, for threads: references, requests with references, photos of users.",
        (
            ("import AsyncIterator, Awaitable, Callable", "import Callable, Iterator"),
            ("Awaitable[Any]", "Any"),
            ("__aiter__", "__iter__"),
            ("            for photo in page:\n                yield photo\n", "            yield from page\n"),
        ),
    ),
    Face(
        "mtproto/account/cdn_lanes.py",
        "mtproto/account/cdn_lanes_threads.py",
        "Connections to CDNs, for threads: each has RSA keys of its own, knows no login, and carries parts alone.",
        (
            ("import Awaitable, Callable", "import Callable"),
            ("Awaitable[Any]", "Any"),
        ),
    ),
    Face(
        "mtproto/account/download_run.py",
        "mtproto/account/download_run_threads.py",
        "One download under way, for threads: makes the calls that the machine orders, and gives out the bytes that "
        "came.",
        (
            ("import Awaitable, Callable", "import Callable"),
            ("Awaitable[Any]", "Any"),
            ("mtproto.account.transfer_calls import", "mtproto.account.transfer_calls_threads import"),
        ),
    ),
    Face(
        "mtproto/account/upload_run.py",
        "mtproto/account/upload_run_threads.py",
        "One upload under way, for threads: reads what the machine wants, and makes the calls that it orders.",
        (("mtproto.account.transfer_calls import", "mtproto.account.transfer_calls_threads import"),),
    ),
    Face(
        "mtproto/account/transfer_calls.py",
        "mtproto/account/transfer_calls_threads.py",
        "The calls of one transfer that are under way, for threads: over which lanes, in the budget of the account.",
        (
            ("import Awaitable, Callable, Iterable, Iterator", "import Callable, Iterable, Iterator"),
            ("Awaitable[Any]", "Any"),
        ),
    ),
    Face(
        "mtproto/account/transfers.py",
        "mtproto/account/transfers_threads.py",
        "What the downloads and the uploads of an account share, for threads: budget, lanes, progress, the end.",
        (
            ("mtproto.account.calls import", "mtproto.account.calls_threads import"),
            ("mtproto.account.cdn_lanes import", "mtproto.account.cdn_lanes_threads import"),
            ("mtproto.account.peers import", "mtproto.account.peers_threads import"),
            ("mtproto.account.transfer_calls import", "mtproto.account.transfer_calls_threads import"),
        ),
    ),
    Face(
        "mtproto/account/uploads.py",
        "mtproto/account/uploads_threads.py",
        "Uploads of an account, for threads: of files, of open files, of bytes.",
        (
            ("mtproto.account.calls import", "mtproto.account.calls_threads import"),
            ("mtproto.account.transfers import", "mtproto.account.transfers_threads import"),
            ("mtproto.account.upload_run import", "mtproto.account.upload_run_threads import"),
        ),
    ),
    Face(
        "mtproto/account/lifetime.py",
        "mtproto/account/lifetime_threads.py",
        "A blocking account from its opening to its end: what is read, what is saved now and then, what is given back.",
        (
            ("mtproto.account.lanes import", "mtproto.account.lanes_threads import"),
            ("mtproto.account.transfers import", "mtproto.account.transfers_threads import"),
        ),
    ),
    Face(
        "mtproto/account/downloads.py",
        "mtproto/account/downloads_threads.py",
        "Downloads of an account, for threads: into files, into memory, into what takes bytes, and piece by piece.",
        (
            ("import AsyncGenerator, Awaitable, Callable", "import Callable, Generator"),
            ("AsyncGenerator[bytes, None]", "Generator[bytes, None, None]"),
            ("Awaitable[Any]", "Any"),
            ("mtproto.account.calls import", "mtproto.account.calls_threads import"),
            ("mtproto.account.download_run import", "mtproto.account.download_run_threads import"),
            ("mtproto.account.transfer_calls import", "mtproto.account.transfer_calls_threads import"),
            ("mtproto.account.transfers import", "mtproto.account.transfers_threads import"),
        ),
    ),
    Face(
        "mtproto/account/incoming.py",
        "mtproto/account/incoming_threads.py",
        "What the server sends unasked, in order, for threads: the driver of `flows.UpdateOrder`.",
        (
            ("import AsyncGenerator", "import Generator"),
            ("AsyncGenerator[IncomingItem[TLObject], None]", "Generator[IncomingItem[TLObject], None, None]"),
            ("mtproto.account.calls import", "mtproto.account.calls_threads import"),
            ("mtproto.account.lanes import", "mtproto.account.lanes_threads import"),
        ),
    ),
    Face(
        "mtproto/account/account.py",
        "mtproto/account/blocking.py",
        "The account without asyncio: one login over several data centres, which any thread may use.",
        (
            (
                "import AsyncGenerator, Callable, Generator, Iterable, Sequence",
                "import Callable, Generator, Iterable, Sequence",
            ),
            ("mtproto.account.incoming import", "mtproto.account.incoming_threads import"),
            (
                "    def __await__(self) -> Generator[Any, None, Self]:\n"
                '        """Read the store, as `open()` does: `account = await Account(...)`. '
                '`close()` gives the store back."""\n'
                "        return self.open().__await__()\n\n",
                "",
            ),
            ("mtproto.account.calls import", "mtproto.account.calls_threads import"),
            ("mtproto.account.downloads import", "mtproto.account.downloads_threads import"),
            ("mtproto.account.lanes import", "mtproto.account.lanes_threads import"),
            ("mtproto.account.lifetime import", "mtproto.account.lifetime_threads import"),
            ("mtproto.account.transfers import", "mtproto.account.transfers_threads import"),
            ("mtproto.account.uploads import", "mtproto.account.uploads_threads import"),
            ("mtproto.account.peers import", "mtproto.account.peers_threads import"),
            ("mtproto.account.running import", "mtproto.account.running_threads import"),
            ("several data centres, for asyncio (", "several data centres, from any thread ("),
            ("Use it as an asynchronous context manager,", "Use it as a context manager,"),
            (" or await it, which is `open()`, and `close()` it.", " or pair `open()` with `close()`."),
            ("Belongs to one event loop.", "Any thread may use it."),
            (" (an\n                awaitable of it, if you like). Without it,", ".\n                Without it,"),
            ("AsyncGenerator[IncomingItem[TLObject], None]", "Generator[IncomingItem[TLObject], None, None]"),
            ("AsyncGenerator[IncomingItem[Told], None]", "Generator[IncomingItem[Told], None, None]"),
            ("AsyncGenerator[IncomingItem[Any], None]", "Generator[IncomingItem[Any], None, None]"),
            ("AsyncGenerator[bytes, None]", "Generator[bytes, None, None]"),
        ),
    ),
)


def main() -> None:
    """Write the blocking faces again."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.structure.faces",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="It writes:\n" + "\n".join(f"  {face.target}   out of {face.source}" for face in FACES),
    )
    parser.parse_args()
    for face in FACES:
        (ROOT / face.target).write_text(face.made(), encoding="utf-8")


if __name__ == "__main__":
    main()
