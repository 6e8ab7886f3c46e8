"""A login of ours goes on in other clients, and theirs in ours: strings and files, and nobody logs in again."""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mtproto import blocking
from mtproto.localdc import LocalNetworkThread
from mtproto.localdc.accounts import LocalAccount
from mtproto.store import (
    AccountRecord,
    ForeignLogin,
    MemoryStore,
    export_foreign_file,
    export_foreign_string,
    import_foreign_file,
    import_foreign_string,
)
from tests.interop.conftest import RunClient, key_for_every_client
from tl import api

pytestmark = pytest.mark.interop

STRINGS = {
    "telethon": ("telethon", "telethon_session.py"),
    "kurigram": ("pyrogram", "kurigram_session.py"),
    "gramjs": ("telegram", "gramjs_session.cjs"),
    "mtcute": ("@mtcute/node", "mtcute_session.js"),
}
"""The package and the script of each client."""

FILES = {
    "telethon": ("telethon", "telethon_session.py"),
    "pyrogram": ("pyrogram", "kurigram_session.py"),
    "kurigram": ("pyrogram", "kurigram_session.py"),
}
HOME = 2
LOGINS = {"auth.sendCode", "auth.signIn", "auth.importBotAuthorization", "auth.exportLoginToken"}


@dataclass
class Place:
    """A network, somebody who is logged in there with us, how many calls that took, and the ready file."""

    network: LocalNetworkThread
    account: LocalAccount
    record: AccountRecord
    before: int
    ready: dict[str, Any]

    @property
    def address(self) -> tuple[str, int]:
        return self.network.addresses[HOME]

    def check_no_login(self) -> None:
        """Check that whoever called since did so without a login."""
        methods = {call.method for call in list(self.network.dcs[HOME].calls)[self.before :]}
        assert "users.getUsers" in methods
        assert not methods & LOGINS

    def goes_on(self, login: ForeignLogin) -> None:
        """Check that a login of another client works with us."""
        assert login.auth_key == ForeignLogin.from_record(self.record).auth_key
        record = login.with_known(user_id=self.record.user_id, is_bot=False, test=False).to_record()
        with blocking.Account(
            MemoryStore(record),
            api_id=self.network.api_id,
            api_hash=self.network.api_hash,
            dcs=self.network.addresses,
            keys=self.network.keys,
        ) as account:
            [me] = account(api.functions.users.GetUsers(id=[api.types.InputUserSelf()]))
        assert me.id == self.account.user.id


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The parameter is the host; 127.0.0.1 by default."""
    host = getattr(request, "param", "127.0.0.1")
    with LocalNetworkThread(dcs=(1, HOME, 4), host=host, key=key_for_every_client()) as network:
        account = network.accounts.named("triple")
        assert account.dc_id == HOME
        store = MemoryStore()
        with blocking.Account(
            store, api_id=network.api_id, api_hash=network.api_hash, dcs=network.addresses, keys=network.keys
        ) as ours:
            ours.login(phone=account.phone, ask=lambda _: account.code)
            record = store.load()
        host, port = network.addresses[HOME]
        before = len(network.dcs[HOME].calls)
        yield Place(
            network, account, record, before, {**network.client_info(), "host": host, "port": port, "dc_id": HOME}
        )


def has_ipv6() -> bool:
    """Tell whether a server can listen at ::1."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("client", STRINGS)
def test_a_string_of_ours_is_a_login_of_theirs_and_theirs_one_of_ours(
    run_client: RunClient, place: Place, client: str
) -> None:
    check_string(run_client, place, client)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("place", ["::1"], indirect=True)
@pytest.mark.parametrize("client", [client for client in STRINGS if client != "kurigram"])
def test_a_string_with_an_address_of_ipv6_does_the_same(run_client: RunClient, place: Place, client: str) -> None:
    check_string(run_client, place, client)


def check_string(run_client: RunClient, place: Place, client: str) -> None:
    ours = ForeignLogin.from_record(place.record, address=place.address)
    module, script = STRINGS[client]
    seen = run_client(module, script, export_foreign_string(ours, client), **place.ready)
    assert seen["me"] == place.account.user.username
    theirs = import_foreign_string(seen["string"])
    assert (theirs.dc_id, theirs.auth_key) == (ours.dc_id, ours.auth_key)
    if client in ("telethon", "mtcute"):
        assert theirs.address == place.address
    if client in ("kurigram", "mtcute"):
        assert (theirs.user_id, theirs.is_bot) == (ours.user_id, False)
    if client == "gramjs":
        assert seen["port"] == place.address[1]
    place.goes_on(theirs)
    place.check_no_login()


@pytest.mark.parametrize("client", FILES)
def test_a_file_of_ours_is_a_login_of_theirs_and_theirs_one_of_ours(
    run_client: RunClient, place: Place, client: str, tmp_path: Path
) -> None:
    ours = ForeignLogin.from_record(place.record, address=place.address)
    path = tmp_path / "ours.session"
    path.write_bytes(export_foreign_file(ours, client))
    module, script = FILES[client]
    seen = run_client(module, script, str(path), **place.ready)
    assert seen["me"] == place.account.user.username
    theirs = import_foreign_file((tmp_path / seen["file"]).read_bytes())
    assert (theirs.dc_id, theirs.auth_key, theirs.address) == (ours.dc_id, ours.auth_key, place.address)
    place.goes_on(theirs)
    place.check_no_login()


def test_an_old_string_of_351_characters_is_read_as_kurigram_reads_it(run_client: RunClient, place: Place) -> None:
    ours = ForeignLogin.from_record(place.record)
    packed = struct.pack(">B?256sI?", ours.dc_id, False, ours.auth_key, ours.user_id, False)
    old = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    assert len(old) == 351
    seen = run_client("pyrogram", "kurigram_session.py", old, **place.ready)
    assert seen["me"] == place.account.user.username
    read = import_foreign_string(old).with_known(api_id=place.network.api_id)
    assert seen["string"] == export_foreign_string(read, "kurigram")
    place.goes_on(read)
    place.check_no_login()
