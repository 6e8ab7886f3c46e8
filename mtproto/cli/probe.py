"""`mtproto probe`: whether an address speaks MTProto, and with which keys."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from mtproto.cli.dump import tree_table
from mtproto.cli.errors import CommandFailed
from mtproto.cli.options import PROXY, TIMEOUT, TRANSPORT, address
from mtproto.cli.render import seconds_text
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.crypto import RSAPublicKey
from mtproto.datacenters import OLD_KEYS, PRODUCTION_KEYS, TEST_KEYS
from mtproto.exchange import ClientExchange
from mtproto.message import unpack_plain
from mtproto.net import ask_plain, route_to
from tl import service

if TYPE_CHECKING:
    from tl import TLObject

__all__ = ["command"]

_OWNERS = {
    key.fingerprint: owner
    for owner, keys in (
        ("an old key of Telegram's", OLD_KEYS),
        ("Telegram's test servers", TEST_KEYS),
        ("Telegram's production servers", PRODUCTION_KEYS),
    )
    for key in keys
}


@click.command("probe", short_help="Ask an address whether it speaks MTProto.")
@click.argument("place", metavar="HOST:PORT", type=address)
@TRANSPORT
@PROXY
@TIMEOUT
@debug_option
@pass_terminal
def command(
    terminal: Terminal, place: tuple[str, int], transport: str | None, proxy: str | None, timeout: float
) -> None:
    """Send one `req_pq_multi` to HOST:PORT, and show what comes back and how long it took. No key is made.

    A proxy that speaks MTProto leads where it likes: with one, it is the proxy that is asked, and its data centre 2.
    """
    # Any key will do: the exchange ends after its first query.
    exchange = ClientExchange([RSAPublicKey.from_data(PRODUCTION_KEYS[0])], 0, os.urandom)
    question = exchange.start(time.time())
    began = time.perf_counter()
    answer = asyncio.run(ask_plain(place, question, transport=transport, proxy=proxy, timeout=timeout))
    took = time.perf_counter() - began
    body = unpack_plain(answer).body
    message, _ = service.decode_prefix(body)
    _show(
        terminal,
        message,
        body,
        f"{len(answer)} bytes after {seconds_text(took)}, by {transport or route_to(place, None, proxy).framing}",
    )
    asked: Any = exchange.steps[0].message
    if getattr(message, "nonce", None) != asked.nonce:
        raise CommandFailed(f"{message.NAME} does not answer this question: its nonce is another one")


def _show(terminal: Terminal, message: TLObject, body: bytes, summary: str) -> None:
    terminal.out.print(Text(f"{message.NAME}: {summary}"))
    terminal.out.print(tree_table(service.schema.dissect(body)))
    for fingerprint in getattr(message, "server_public_key_fingerprints", ()):
        owner = _OWNERS.get(fingerprint, "an unknown key")
        terminal.out.print(Text(f"key {fingerprint & (1 << 64) - 1:016x}: {owner}"))
