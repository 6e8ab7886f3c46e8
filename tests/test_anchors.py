"""What users of other libraries suffer from, by the public issues that tell it: one test for each, over sockets."""

from __future__ import annotations

import asyncio
import base64
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.errors import ConnectionLost, DeadlineExceeded, NotAcceptable, OutcomeUnknown, RemoteProtocolError
from mtproto.exchange import ClientExchange, ServerExchange
from mtproto.limits import DEFAULT_LIMITS
from mtproto.link import Broken, ClientLink, Failed, LinkStatus, StatusChanged
from mtproto.localdc import Call, LocalDCThread, Refused
from mtproto.localdc.handlers.messages import send_message
from mtproto.message.key_state import KeyState
from mtproto.message.message_ids import server_msg_id
from mtproto.proxy import ProxyServer
from mtproto.session import ForeignSession, Result, Undecodable, Update
from mtproto.transport import Secret, SecretKind
from tests.client.test_clients import PHOTOS, blocking_client_of, client_of, login
from tests.exchange.support import CHEAP_PQ, Randomness, join
from tests.exchange.test_halves import A, B, agreed
from tests.link.support import ANSWER, DC, QUERY, Pair, known_state, of_type, rsa_key
from tests.localdc.stage import Stage, perform
from tl import DecodeError, Schema, api, service

if TYPE_CHECKING:
    from mtproto.link import LinkEvent, SessionSlot

YEAR = 365 * 86400.0
UNKNOWN = bytes.fromhex("0df0adba")
"""An id that no schema has, 0xbaadf00d, as it stands on the wire."""


# 1. "A wrong clock: everything is dropped and the client hangs, or start-up dies with 'msg_id is too low'"


@pytest.mark.parametrize("wrong_by", [-YEAR, -400.0, 400.0, YEAR])
def test_1_a_wrong_clock_is_learned_and_the_call_sent_once_more(wrong_by: float) -> None:
    async def scene(stage: Stage) -> None:
        state = KeyState.from_bytes(stage.client.connection.state.to_bytes())  # type: ignore[union-attr] # it is open
        async with stage.new_client(state=state, clock=lambda: stage.loop.clock() + wrong_by) as client:
            request = stage.message()
            await client(request)
            assert stage.dc.executions(request.random_id) == 1
            assert client.state is not None
            assert client.state.time_offset == pytest.approx(-wrong_by, abs=2)

    perform(scene)


def test_1_ids_that_make_no_sense_end_in_an_error_that_names_both_times() -> None:
    pair = Pair()
    pair.connect()
    slot = slot_of(pair)
    ids = [server_msg_id(pair.now + seconds, 0, reply=False) for seconds in (YEAR, *range(20))]
    events = deliver(pair, [slot.session.craft(ANSWER, pair.now, msg_id=msg_id, seqno=1) for msg_id in ids])
    [broken] = of_type(events, Broken)
    assert "2025-06-15" in str(broken.error)
    assert "2026-06-15" in str(broken.error)


def slot_of(pair: Pair) -> SessionSlot:
    """Return the server's half of the client's session."""
    [slot] = [slot for key in pair.state for slot in key.sessions.values()]
    return slot


def deliver(pair: Pair, packets: list[bytes]) -> list[LinkEvent]:
    """Hand the client packets of the server, and return what it says of them."""
    framing = pair.server._intake.wire.transport if pair.server is not None else None
    assert framing is not None
    return pair.client.received(b"".join(map(framing.pack, packets)), pair.now)


# 2. "'wrong session ID' floods when one key is used twice"


def test_2_messages_of_other_sessions_are_one_typed_event_bounded_and_slowed_down() -> None:
    pair = Pair()
    for _ in range(4):
        while not pair.ready:
            pair.advance(0.1)
        slot = slot_of(pair)
        others = [slot.session.craft(ANSWER, pair.now, session_id=slot.session_id ^ 1) for _ in range(100)]
        events = deliver(pair, others)
        assert [type(event) for event in events] == [ForeignSession] * 16 + [Broken]
        pair.cut()
    waits = [later - earlier for earlier, later in pairwise(pair.attempts)]
    assert waits[0] < 0.1 < 0.4 < waits[1] < waits[2]
    request = pair.client.send(QUERY)
    pair.advance(20)
    assert pair.of(Result) == [Result(request, ANSWER + QUERY)]


# 3. "An unknown constructor kills the loop"


def test_3_an_unknown_constructor_fails_its_own_message_alone(local_dc: LocalDCThread) -> None:
    two = api.types.photos.Photos(photos=[api.types.PhotoEmpty(id=1)] * 2, users=[]).to_bytes()
    empty = api.types.PhotoEmpty(id=1).to_bytes()
    with blocking_client_of(local_dc) as client:
        client(login(local_dc))
        good = client(PHOTOS)
        local_dc.handler(api.functions.photos.GetUserPhotos)(lambda _: two.replace(empty, UNKNOWN + bytes(8), 1))
        with pytest.raises(DecodeError) as caught:
            client(PHOTOS)
        assert caught.value.id == 0xBAADF00D
        assert caught.value.path == "photos.Photos.photos[0]"
        assert UNKNOWN in client.call_bytes(PHOTOS.to_bytes())
        assert client(api.functions.help.GetNearestDc()).this_dc == local_dc.dc_id
    assert good.photos


def test_3_an_update_that_nobody_knows_is_delivered_as_raw_bytes() -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    pair.settle()
    slot = pair.queries[0].slot
    garbled = service.types.NewSessionCreated(first_msg_id=0, unique_id=1, server_salt=2).to_bytes()[:-4]
    for body in (UNKNOWN + b"what", garbled):
        slot.session.push(body)
    request = pair.client.send(QUERY)
    pair.settle()
    assert [event.body for event in pair.of(Update)] == [UNKNOWN + b"what"]
    [undecodable] = pair.of(Undecodable)
    assert undecodable.body == garbled
    assert isinstance(undecodable.error, DecodeError)
    assert pair.of(Result)[-1].request is request


# 4. "TYPE NOT FOUND, where?"


def test_4_a_decode_error_says_where() -> None:
    types = api.types
    action = types.MessageActionEmpty()
    message = types.MessageService(id=1, peer_id=types.PeerUser(user_id=1), date=0, action=action)
    four = [types.UpdateNewMessage(message=message, pts=1, pts_count=1)] * 4
    data = types.Updates(updates=four, users=[], chats=[], date=0, seq=0).to_bytes()
    at = data.rfind(action.to_bytes())
    for wrong, reason in (
        (data[:at] + UNKNOWN + data[at + 4 :], "unknown constructor 0xbaadf00d at byte 176, 36 bytes left"),
        (data[:at], "a word of 4 bytes goes past the end at byte 176, 0 bytes left"),
    ):
        with pytest.raises(DecodeError) as caught:
            api.decode(wrong)
        assert str(caught.value) == f"Updates.updates[3].message.action: {reason}"


# 5. "How do I load another layer?"


def test_5_any_schema_is_loaded_at_run_time_and_several_stand_side_by_side() -> None:
    before = Schema.parse("user#11111111 id:int = User;\n---functions---\ngetUser id:int = User;", layer=1)
    after = Schema.parse("user#11111111 id:long name:string = User;\n---functions---\ngetUser id:int = User;", layer=2)
    assert (before.layer, after.layer, api.layer) == (1, 2, 229)
    older, newer = before.types.User(id=1), after.types.User(id=1, name="one")
    assert before.decode(older.to_bytes()) == older
    assert after.decode(newer.to_bytes(), after.functions.GetUser(id=1).result) == newer
    with pytest.raises(DecodeError):
        before.decode(newer.to_bytes())
    assert api.schema.get(0x11111111) is None


# 6. "A zero session id gets -404; p, q, g_b or keys with leading zero bytes fail one time in some hundreds"


def test_6_a_session_id_is_never_zero() -> None:
    drawn = [bytes(8), bytes(8)]
    random = Random(1).randbytes
    link = ClientLink(
        [rsa_key().public],
        dc_id=DC,
        random=lambda size: drawn.pop() if drawn and size == 8 else random(size),
        state=known_state(),
    )
    assert link.session is not None
    assert link.session.session_id != 0
    assert drawn == []


@pytest.mark.parametrize("zero", [False, True])
def test_6_leading_zero_bytes_of_numbers_keys_and_nonces_are_kept(zero: bool) -> None:
    lead = b"\0\0" if zero else b"\1\1"
    a, b = A[zero], B[zero, zero, zero]
    of_client = {16: [lead * 8], 32: [lead * 16], 256: [b.to_bytes(256, "big")]}
    of_server = {16: [lead * 8], 256: [a.to_bytes(256, "big")]}
    client = ClientExchange([rsa_key().public], DC, Randomness(1, of_client))
    server = ServerExchange([rsa_key()], Randomness(2, of_server), pq=CHEAP_PQ)
    join(client, server)
    key = agreed(client, server).auth_key
    assert (key.data[0] == 0) is zero


# 7. "Calls that hang or are sent twice"


def test_7_every_call_has_a_deadline() -> None:
    async def scene(stage: Stage) -> None:
        stage.dc.handler(api.functions.messages.SendMessage)(never)
        with pytest.raises(DeadlineExceeded):
            await stage.client(stage.message(), timeout=30)
        stage.dc.handler(api.functions.messages.SendMessage)(send_message)
        assert await stage.send() == 1

    async def never(_: Call) -> Any:
        await asyncio.Event().wait()

    perform(scene)


@pytest.mark.parametrize("lost", ["cut", "cut_received", "lost_answer"])
def test_7_what_a_lost_connection_leaves_open_is_asked_for_and_never_sent_twice(lost: str) -> None:
    async def scene(stage: Stage) -> None:
        fault = getattr(stage.dc.faults, lost)
        fault(*((10,) if lost != "lost_answer" else ()))
        assert await stage.send() == 1
        assert stage.dc.faults.applied[lost] == 1

    perform(scene)


def test_7_what_nobody_can_know_is_said_and_not_guessed() -> None:
    async def scene(stage: Stage) -> None:
        @stage.dc.handler(api.functions.messages.SendMessage)
        async def slow(call: Call) -> Any:
            answer = send_message(call)
            await asyncio.sleep(5)
            return answer

        request = stage.message()
        call = asyncio.ensure_future(stage.client(request))
        await asyncio.sleep(2)
        stage.dc.faults.session_forgotten()
        await stage.send()
        with pytest.raises(OutcomeUnknown):
            await call
        assert stage.dc.executions(request.random_id) == 1

    perform(scene)


# 8. "AUTH_KEY_DUPLICATED loops; reconnect storms"


def test_8_a_key_that_is_used_twice_is_fatal() -> None:
    async def scene(stage: Stage) -> None:
        @stage.dc.handler(api.functions.messages.SendMessage)
        def duplicated(_: Call) -> Any:
            raise Refused(406, "AUTH_KEY_DUPLICATED")

        with pytest.raises(NotAcceptable, match="AUTH_KEY_DUPLICATED"):
            await stage.send()
        assert [type(event) for event in stage.events if isinstance(event, Failed)] == [Failed]
        await asyncio.sleep(3600)
        assert LinkStatus.READY not in [event.status for event in stage.of(StatusChanged)]
        with pytest.raises(ConnectionLost, match="AUTH_KEY_DUPLICATED"):
            await stage.send()

    perform(scene)


def test_8_attempts_to_reconnect_grow_rare_and_never_fall_into_step() -> None:
    attempts = []
    for drawn in (0, 4):
        pair = Pair()
        pair.random(drawn)  # so that the two are not the same client
        pair.connect()
        pair.cut()
        pair.attempts.clear()
        pair.reachable = False
        began = pair.now
        pair.advance(3600)
        attempts.append([moment - began for moment in pair.attempts])
    for times in attempts:
        assert times[0] == 0
        assert len(times) < 100
        assert all(30 <= later - earlier <= 60 for earlier, later in pairwise(times[8:]))
    assert not set(attempts[0][1:]) & set(attempts[1][1:])


# 9. "PFS is hard"


def test_9_binding_temporary_keys_is_one_option(local_dc: LocalDCThread) -> None:
    with blocking_client_of(local_dc, pfs=True) as client:
        client(login(local_dc))
        assert client(PHOTOS).photos
    permanent, temporary = local_dc._records.values()
    assert temporary.permanent is permanent
    assert temporary.inited
    assert not permanent.inited  # nothing came under it


# 10. "Fake-TLS proxies"


def test_10_ee_secrets_are_read_in_hexadecimal_in_base64url_and_in_links(local_dc: LocalDCThread) -> None:
    secret = Secret(bytes(range(16)), SecretKind.FAKE_TLS, "www.example.org")
    plain = b"\xee" + bytes(range(16)) + b"www.example.org"
    spellings = [plain.hex(), base64.urlsafe_b64encode(plain).decode().rstrip("=")]
    assert [Secret.parse(spelling) for spelling in spellings] == [secret, secret]

    async def main() -> None:
        async with ProxyServer([secret], {local_dc.dc_id: local_dc.address}) as proxy:
            host, port = proxy.address
            for spelling in spellings:
                link = f"https://t.me/proxy?server={host}&port={port}&secret={spelling}"
                async with client_of(local_dc, proxy=link) as client:
                    await client(login(local_dc))
                    assert (await client(PHOTOS)).photos

    asyncio.run(main())


# 11. "Is there a local server to test against?"


def test_11_a_local_data_centre_answers_as_a_test_says(local_dc: LocalDCThread) -> None:
    @local_dc.handler(api.functions.photos.GetUserPhotos)
    def photos(call: Call) -> Any:
        return api.types.photos.Photos(photos=[api.types.PhotoEmpty(id=call.request.limit)], users=[])

    with blocking_client_of(local_dc) as client:
        client(login(local_dc))
        assert [photo.id for photo in client(PHOTOS).photos] == [100]


# 12. "gzip bombs"


def test_12_a_gzip_bomb_ends_its_call_with_an_error_that_names_the_limit() -> None:
    async def scene(stage: Stage) -> None:
        stage.dc.faults.gzip_bomb()
        with pytest.raises(RemoteProtocolError, match=str(DEFAULT_LIMITS.inflated)):
            await stage.send()
        assert await stage.send() == 1

    perform(scene)
