"""`mtproto demo`: the main job over TCP, shown step by step, and every result checked."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from mtproto.cli.demo_checks import check_file, check_listing
from mtproto.cli.dump import annotated_hex
from mtproto.cli.errors import CommandFailed
from mtproto.cli.exchange_view import step_table
from mtproto.cli.listing import Listing, download
from mtproto.cli.progress import progress_bar
from mtproto.cli.render import bytes_text, photo_summary, photo_table, plain_table, seconds_text
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.client import connect
from mtproto.crypto import backend
from mtproto.errors import ExchangeFailed, MTProtoError
from mtproto.flows import sizes_of
from mtproto.localdc import LocalDC, load_world
from tl import api

if TYPE_CHECKING:
    from mtproto.client import Client
    from mtproto.exchange import Step
    from mtproto.localdc import User, World

__all__ = ["Demo", "command"]

_MOST_PHOTOS = 20  # so few that the table fits on a screen and the download is short
_TIMEOUT = 60.0  # much longer than any call of the demo takes


@click.command("demo", short_help="Show a raw photos.getUserPhotos, and check all of it.")
@debug_option
@pass_terminal
def command(terminal: Terminal) -> None:
    """Show a raw photos.getUserPhotos, from the key exchange to the pictures, and check all of it.

    The data centre runs in this process, on a loopback TCP socket. Nothing leaves this machine.
    """
    asyncio.run(_demonstrate(terminal))


async def _demonstrate(terminal: Terminal) -> None:
    began = time.perf_counter()
    async with LocalDC() as dc:
        demo = Demo(terminal, dc, load_world())
        demo.took("start the data centre", began)
        await demo.run()


class Demo:
    """One run of the demo.

    Args:
        terminal: the terminal to write to.
        dc: the data centre to talk to; it runs.
        world: the world that the data centre should serve, loaded once more for the comparison.

    """

    def __init__(self, terminal: Terminal, dc: LocalDC, world: World) -> None:
        self._out = terminal.out
        self._dc = dc
        self._world = world
        self._steps: list[Step] = []
        self._differences: list[str] = []
        self._times: list[tuple[str, float]] = []

    def took(self, what: str, began: float) -> None:
        """Note how long a part took, up to now; `began` is a `time.perf_counter()`."""
        self._times.append((what, time.perf_counter() - began))

    async def run(self) -> None:
        """Show everything.

        Raises:
            CommandFailed: a result is wrong; the text names each difference.
            MTProtoError: a call failed.

        """
        dc = self._dc
        self._title("1. a local data centre")
        self._say(f"DC {dc.dc_id} listens on {dc.address[0]}:{dc.address[1]}, AES-IGE by {backend()}")
        for key in dc.keys:
            self._say(f"its RSA key: {key.n.bit_length()} bits, fingerprint {key.fingerprint & (1 << 64) - 1:016x}")
        client = connect(
            dc.address,
            keys=dc.keys,
            api_id=dc.api_id,
            api_hash=dc.api_hash,
            dc_id=dc.dc_id,
            timeout=_TIMEOUT,
            trace=self._steps.append,
        )
        self._title("2. an authorization key (core.telegram.org/mtproto/auth_key)")
        await self._exchange(client)
        try:
            await self._use(client)
        finally:
            await client.close()
        self._summarize()

    async def _exchange(self, client: Client) -> None:
        began = time.perf_counter()
        try:
            await client.open()
        except MTProtoError as error:
            raise CommandFailed(self._why(error)) from error
        finally:
            for step in self._steps:
                self._out.print(step_table(step))
        self.took("connect and exchange a key", began)
        if client.state is not None:
            self._say(f"the key's id is {client.state.auth_key.id_bytes.hex()}; the key itself never travels")

    def _why(self, error: MTProtoError) -> str:
        if isinstance(error, ExchangeFailed) and error.check == "server_public_key_fingerprints":
            held = ", ".join(f"{key.fingerprint & (1 << 64) - 1:016x}" for key in self._dc.keys)
            return f"the RSA key differs: the data centre has none with fingerprint {held} ({error})"
        last = self._steps[-1].message.NAME if self._steps else "the connection"
        return f"the key exchange failed after {last}: {error}"

    async def _use(self, client: Client) -> None:
        user = max((u for u in self._world.users if len(u.photos) <= _MOST_PHOTOS), key=lambda u: len(u.photos))
        self._title("3. a login, and a user to look at")
        owner = await self._log_in(client, user)
        self._title("4. the request")
        request = api.functions.photos.GetUserPhotos(user_id=owner, offset=0, max_id=0, limit=100)
        body = request.to_bytes()
        self._say(str(request))
        self._out.print(annotated_hex(api.schema.dissect(body), body))
        self._title("5. the answer")
        began = time.perf_counter()
        received = await client.call_bytes(body)
        self.took("photos.getUserPhotos", began)
        began = time.perf_counter()
        answer = api.decode(received, request.result)
        self.took("decode the answer", began)
        self._say(f"{answer.NAME}, {len(received)} bytes, read as {request.result}")
        listing = Listing(count=getattr(answer, "count", len(answer.photos)), photos=answer.photos, users=answer.users)
        self._say(photo_summary(listing))
        self._out.print(photo_table(listing))
        self._differences += check_listing(answer, user)
        self._title("6. the pictures")
        await self._download(client, owner, listing.photos, user)

    async def _log_in(self, client: Client, user: User) -> Any:
        began = time.perf_counter()
        dc = self._dc
        login = await client(
            api.functions.auth.ImportBotAuthorization(
                flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
            )
        )
        me = login.user if isinstance(login, api.types.auth.Authorization) else login
        if not isinstance(me, api.types.User):
            raise CommandFailed(f"auth.importBotAuthorization: {me.NAME} came instead of a user")
        self._say(f"auth.importBotAuthorization: logged in as @{me.username}")
        peer = await client(api.functions.contacts.ResolveUsername(username=user.username))
        found = peer.users[0]
        if not isinstance(found, api.types.User):
            raise CommandFailed(f"contacts.resolveUsername: {found.NAME} came instead of a user")
        self._say(f"contacts.resolveUsername: @{user.username} is user {found.id}")
        self.took("log in and resolve a name", began)
        return api.types.InputUser(user_id=found.id, access_hash=found.access_hash or 0)

    async def _download(self, client: Client, owner: Any, photos: list[Any], user: User) -> None:
        began = time.perf_counter()
        originals = {photo.id: photo for photo in user.photos}
        files = [file for photo in photos if photo.id in originals for file in sizes_of(photo)]
        fetched = 0
        with progress_bar(self._out, f"{len(files)} files", sum(file.size for file in files)) as advance:
            for file in files:
                data = await download(client, file, owner=owner, advance=advance)
                fetched += len(data)
                original = originals[file.carrier.id].file(file.type)
                if original is None:
                    self._differences.append(f"photo {file.carrier.id}: the data centre has no size {file.type}")
                else:
                    self._differences += check_file(file, data, original)
        self.took(f"download and check {len(files)} files, {bytes_text(fetched)}", began)
        self._say("compared with the data centre's files: SHA-256, declared size, prefixes of progressive JPEGs")

    def _summarize(self) -> None:
        self._title("how long it took")
        table = plain_table("time", "part", right=frozenset({"time"}))
        table.show_header = False
        for what, seconds in (*self._times, ("all of it", sum(seconds for _, seconds in self._times))):
            table.add_row(seconds_text(seconds), Text(what))
        self._out.print(table)
        if self._differences:
            raise CommandFailed("\n".join([f"{len(self._differences)} differences:", *self._differences]))
        self._out.print(Text("everything matches", style="bold green"))

    def _title(self, text: str) -> None:
        self._out.print(Text(f"\n{text}", style="bold underline"))

    def _say(self, text: str) -> None:
        self._out.print(Text(text))
