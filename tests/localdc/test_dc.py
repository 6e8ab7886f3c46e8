"""The DC over real sockets: started in every way, asked by our own connections."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto.rsa import RSAPrivateKey, RSAPublicKey
from mtproto.errors import TransportError
from mtproto.localdc import IncomingCall, LocalDC, LocalDCThread
from mtproto.localdc.keys import read_keys
from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Connection
from mtproto.session import Result, RpcFailed
from tests.localdc.test_dispatch import init, with_layer
from tests.net.support import SOON
from tl import api, service

GET_CONFIG = api.functions.help.GetConfig()


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return RSAPrivateKey.generate()


@pytest.fixture
def dc(key: RSAPrivateKey) -> Iterator[LocalDCThread]:
    with LocalDCThread(key=key) as running:
        yield running


def connect(dc: LocalDCThread, state: KeyState | None = None) -> BlockingConnection:
    return BlockingConnection(dc.address, dc.keys, dc_id=dc.dc_id, state=state)


def ask(connection: BlockingConnection, request: Any, *, idempotent: bool = False) -> Any:
    outcome = connection.call(request.to_bytes(), timeout=SOON, idempotent=idempotent)
    return read(outcome, request)


def read(outcome: Any, request: Any) -> Any:
    if isinstance(outcome, RpcFailed):
        return f"{outcome.code} {outcome.message}"
    assert isinstance(outcome, Result)
    return api.decode(outcome.body, request.result)


def log_in(dc: LocalDCThread) -> Any:
    return with_layer(
        init(
            api.functions.auth.ImportBotAuthorization(
                flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
            )
        )
    )


def test_the_main_job(dc: LocalDCThread) -> None:
    with connect(dc) as connection:
        assert ask(connection, log_in(dc)).user.id == dc.bot.id
        user = ask(connection, api.functions.contacts.ResolveUsername(username="plenty")).users[0]
        named = api.types.InputUser(user_id=user.id, access_hash=user.access_hash)
        answer = ask(connection, api.functions.photos.GetUserPhotos(user_id=named, offset=0, max_id=0, limit=100))
        assert (answer.count, len(answer.photos)) == (250, 100)
        photo = answer.photos[0]
        location = api.types.InputPhotoFileLocation(
            id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference, thumb_size="c"
        )
        part = ask(connection, api.functions.upload.GetFile(location=location, offset=0, limit=1 << 20))
    ready = next(user for user in dc.client_info()["users"] if user["username"] == "plenty")
    expected = {size["type"]: size["sha256"] for size in ready["photos"][0]["sizes"]}
    assert int(ready["photos"][0]["id"]) == photo.id
    assert hashlib.sha256(part.bytes).hexdigest() == expected["c"]


def test_the_config_names_the_port_that_was_found(dc: LocalDCThread) -> None:
    with connect(dc) as connection:
        option = ask(connection, with_layer(init(GET_CONFIG))).dc_options[0]
    assert (option.ip_address, option.port) == dc.address


def test_a_public_host_is_what_clients_are_told(key: RSAPrivateKey) -> None:
    with LocalDCThread(key=key, public_host="192.0.2.7") as dc:
        host, port = dc.address
        assert host == "192.0.2.7"
        assert dc.client_info()["host"] == "192.0.2.7"
        with BlockingConnection(("127.0.0.1", port), dc.keys) as connection:
            assert ask(connection, with_layer(init(GET_CONFIG))).dc_options[0].ip_address == "192.0.2.7"


def test_a_handler_of_ones_own_in_three_lines(dc: LocalDCThread) -> None:
    @dc.handler(api.functions.photos.GetUserPhotos)
    def photos(call: IncomingCall) -> Any:
        return api.types.photos.Photos(photos=[], users=[])

    request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
    with connect(dc) as connection:
        ask(connection, log_in(dc))
        assert ask(connection, request) == api.types.photos.Photos(photos=[], users=[])


def test_a_handler_that_takes_its_time_holds_up_nobody(dc: LocalDCThread) -> None:
    gate = asyncio.Event()

    @dc.handler(api.functions.help.GetNearestDc)
    async def slow(call: IncomingCall) -> Any:
        await gate.wait()
        return api.types.NearestDc(country="", this_dc=9, nearest_dc=9)

    @dc.handler(api.functions.updates.GetState)
    def opener(call: IncomingCall) -> Any:
        gate.set()
        return api.types.updates.State(pts=1, qts=1, date=1, seq=1, unread_count=0)

    nearest = api.functions.help.GetNearestDc()
    with connect(dc) as connection:
        ask(connection, log_in(dc))
        waiting = connection.start(nearest.to_bytes())
        ask(connection, api.functions.updates.GetState())
        assert read(waiting.result(SOON), nearest).this_dc == 9


def test_file_references_can_be_let_expire(dc: LocalDCThread) -> None:
    with connect(dc) as connection:
        ask(connection, log_in(dc))
        request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1)
        photo = ask(connection, request).photos[0]
        location = api.types.InputPhotoFileLocation(
            id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference, thumb_size="a"
        )
        dc.expire_file_references()
        fetch = api.functions.upload.GetFile(location=location, offset=0, limit=4096)
        assert ask(connection, fetch) == "400 FILE_REFERENCE_EXPIRED"


def test_the_login_belongs_to_the_key_not_to_the_connection(dc: LocalDCThread) -> None:
    state_of_updates = api.functions.updates.GetState()
    with connect(dc) as connection:
        ask(connection, log_in(dc))
        state = connection.state
    with connect(dc, state) as again:
        assert ask(again, state_of_updates).NAME == "updates.state"
    with connect(dc) as stranger:
        assert ask(stranger, with_layer(init(state_of_updates))) == "401 AUTH_KEY_UNREGISTERED"


def test_keys_and_logins_outlive_the_dc_in_a_state_file(tmp_path: Path) -> None:
    file = tmp_path / "dc.json"
    with LocalDCThread(state=file) as dc:
        fingerprint = dc.keys[0].fingerprint
        with connect(dc) as connection:
            ask(connection, log_in(dc))
            state = connection.state
    with LocalDCThread(state=file) as dc:
        assert dc.keys[0].fingerprint == fingerprint
        with connect(dc, state) as connection:
            # The server's time, as the client has learned it, may lie behind the moment at which this DC began: such a
            # message could be one that the DC of before has executed, so that only what may be repeated is repeated.
            assert ask(connection, api.functions.updates.GetState(), idempotent=True).NAME == "updates.state"


def test_a_destroyed_key_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    file = tmp_path / "dc.json"
    with LocalDCThread(state=file) as dc:
        with BlockingConnection(dc.address, dc.keys) as connection:
            ask(connection, log_in(dc))
            assert len(read_keys(file)[1]) == 1
            outcome = connection.call(service.functions.DestroyAuthKey().to_bytes(), timeout=SOON)
            assert isinstance(outcome, Result)
            assert service.decode(outcome.body) == service.types.DestroyAuthKeyOk()
        assert read_keys(file)[1] == []


def test_two_data_centres_at_a_time(key: RSAPrivateKey) -> None:
    with LocalDCThread(key=key) as one, LocalDCThread(key=key, dc_id=4) as other:
        assert one.address != other.address
        with connect(one) as first, connect(other) as second:
            assert ask(first, with_layer(init(GET_CONFIG))).this_dc == 2
            assert ask(second, with_layer(init(GET_CONFIG))).this_dc == 4


def test_a_client_that_wants_another_dc_is_told_so(dc: LocalDCThread) -> None:
    connection = BlockingConnection(dc.address, dc.keys, dc_id=dc.dc_id + 1)
    with pytest.raises(TransportError, match="-444"):
        connection.open(timeout=SOON)
    connection.close()


def test_a_fault_is_armed_in_one_line(dc: LocalDCThread) -> None:
    dc.faults.dh_gen_retry()
    with connect(dc) as connection:
        assert ask(connection, with_layer(init(GET_CONFIG))).this_dc == 2


def test_a_port_that_is_taken_is_an_os_error_and_leaves_no_thread(key: RSAPrivateKey) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dc = LocalDCThread(port=taken.getsockname()[1], key=key)
        with pytest.raises(OSError, match="in use"):
            dc.start()
        dc.close()


def test_closing_twice_does_no_harm(key: RSAPrivateKey) -> None:
    dc = LocalDCThread(key=key)
    dc.start()
    dc.close()
    dc.close()


def test_in_an_asyncio_program(key: RSAPrivateKey) -> None:
    async def run() -> Any:
        async with LocalDC(key=key) as dc, Connection(dc.address, dc.keys) as connection:
            return read(await connection.call(with_layer(init(GET_CONFIG)).to_bytes()), GET_CONFIG)

    assert asyncio.run(run()).this_dc == 2


def test_the_client_info_is_what_a_client_needs(dc: LocalDCThread) -> None:
    ready = dc.client_info()
    assert list(ready) == [
        "host", "port", "dc_id", "public_key_pem", "fingerprint", "api_id", "api_hash", "bot_token", "users",
        "chats",
    ]  # fmt: skip
    public = RSAPublicKey.from_pem(ready["public_key_pem"])
    assert ready["public_key_pem"].startswith("-----BEGIN RSA PUBLIC KEY-----")
    assert int(ready["fingerprint"], 16) == public.fingerprint % (1 << 64)
    assert [(user["username"], len(user["photos"])) for user in ready["users"]][:2] == [
        ("localdc_bot", 6),
        ("nobody", 0),
    ]
    assert [size["type"] for size in ready["users"][-1]["photos"][-1]["sizes"]] == ["a", "b", "c", "v", "u"]
    assert [chat["title"] for chat in ready["chats"]] == ["The kitchen", "The workshop", "The attic"]
    assert ready["chats"][0]["members"] == [user["id"] for user in ready["users"]]
    assert ready["chats"][0]["id"] == str(dc.world.chats[0].id)
