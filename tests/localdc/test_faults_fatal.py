"""Faults that end a call or a connection for good: each with the error that is documented for it, and nothing worse."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.errors import ExchangeFailed, OutcomeUnknown, RemoteProtocolError, TransportError
from mtproto.exchange import ExchangeFaults
from mtproto.link import ExchangeStep, Failed, KeyCreated
from mtproto.localdc import IncomingCall
from mtproto.localdc.handlers.messages import send_message
from mtproto.session import MessageRefused, RequestLost, Undecodable
from tests.localdc.stage import Stage, opened_and_used, perform, perform_exchange
from tl import api

if TYPE_CHECKING:
    from mtproto.errors import MTProtoError

ONE_CALL: list[tuple[str, tuple[int, ...], type[MTProtoError], str, int]] = [
    ("bad_msg", (18,), MessageRefused, "refused with code 18, msg_id is not a multiple of 4", 0),
    ("bad_msg", (34,), MessageRefused, "refused with code 34, an even seqno is expected", 0),
    ("bad_msg", (35,), MessageRefused, "refused with code 35, an odd seqno is expected", 0),
    ("bad_msg", (20,), OutcomeUnknown, "it can't be known whether it was received", 0),
    ("gzip_bomb", (), RemoteProtocolError, "inflate to more than 16777216", 1),
    ("gzip_in_gzip", (), RemoteProtocolError, "nested more than 1 deep", 1),
]
"""Fault, arguments, the error of the call, its words, and how often the call was executed."""


@pytest.mark.parametrize(
    ("name", "arguments", "error", "words", "executed"), ONE_CALL, ids=[f"{row[0]}{row[1]}" for row in ONE_CALL]
)
def test_one_call_fails_and_the_next_one_is_answered(
    name: str, arguments: tuple[int, ...], error: type[MTProtoError], words: str, executed: int
) -> None:
    async def scene(stage: Stage) -> None:
        getattr(stage.dc.faults, name)(*arguments)
        request = stage.message()
        with pytest.raises(error, match=words):
            await stage.client(request)
        assert stage.dc.faults.applied[name] == 1
        assert [type(event.error) for event in stage.of(RequestLost)] == [error]
        assert stage.dc.executions(request.random_id) == executed
        assert await stage.send() == 1

    perform(scene)


@pytest.mark.parametrize(("name", "size"), [("gzip_bomb", 1 << 24 | 4), ("gzip_bomb", 1 << 26), ("gzip_in_gzip", 0)])
def test_what_is_packed_wrongly_is_told_to_whoever_reads_the_updates(name: str, size: int) -> None:
    async def scene(stage: Stage) -> None:
        getattr(stage.dc.faults, name)(*(size,) * bool(size))
        await asyncio.gather(stage.send(), return_exceptions=True)
        [told] = stage.of(Undecodable)
        assert isinstance(told.error, RemoteProtocolError)

    perform(scene)


def test_what_inflates_to_the_limit_is_no_bomb() -> None:
    """Too many zeros for an answer, but no more than may be inflated: it is the schema that can't read them."""

    async def scene(stage: Stage) -> bytes:
        stage.dc.faults.gzip_bomb(1 << 24)
        return await stage.client.call_bytes(stage.message().to_bytes())

    assert perform(scene) == bytes(1 << 24)


def test_a_call_that_may_be_repeated_survives_a_server_that_cannot_tell() -> None:
    async def scene(stage: Stage) -> int:
        stage.dc.faults.bad_msg(20)
        return await stage.send(idempotent=True)

    assert perform(scene) == 1


@pytest.mark.parametrize("idempotent", [False, True])
def test_a_call_that_was_executed_before_the_session_was_forgotten(idempotent: bool) -> None:
    """Nobody can know what became of it. Only a call that may be executed twice is sent again."""

    async def scene(stage: Stage) -> tuple[int, list[type]]:
        @stage.dc.handler(api.functions.messages.SendMessage)
        async def slow(call: IncomingCall) -> Any:
            answer = send_message(call)
            await asyncio.sleep(5)
            return answer

        request = stage.message()
        call = asyncio.ensure_future(stage.client(request, idempotent=idempotent))
        await asyncio.sleep(2)
        stage.dc.faults.session_forgotten()
        assert await stage.send() == 1
        outcome = await asyncio.gather(call, return_exceptions=True)
        assert stage.dc.faults.applied["session_forgotten"] == 1
        return stage.dc.executions(request.random_id), [type(result) for result in outcome]

    executed, outcome = perform(scene)
    assert executed == (2 if idempotent else 1)
    assert outcome == [api.types.UpdateShortSentMessage if idempotent else OutcomeUnknown]


def test_a_key_that_the_server_forgot_is_not_given_up_at_once_and_never_replaced() -> None:
    async def scene(stage: Stage) -> None:
        stage.dc.faults.key_forgotten()
        state = stage.client.state
        with pytest.raises(TransportError) as refused:
            await stage.send()
        assert refused.value.code == -404
        assert stage.dc.faults.applied["key_forgotten"] == 1
        assert stage.client.state is state
        assert len(stage.of(Failed)) == 1
        assert not stage.of(ExchangeStep)
        with pytest.raises(TransportError):
            await stage.send()

    perform(scene)


@pytest.mark.parametrize("times", [1, 2])
def test_a_404_that_passes_is_not_believed(times: int) -> None:
    async def scene(stage: Stage) -> None:
        for _ in range(times):
            stage.dc.faults.not_found()
        assert await stage.send() == 1
        assert stage.dc.faults.applied["not_found"] == times
        assert not stage.of(Failed)

    perform(scene)


def test_floods_are_waited_out() -> None:
    async def scene(stage: Stage) -> float:
        began = stage.loop.time()
        for _ in range(6):
            stage.dc.faults.flood()
        assert await stage.send(timeout=None) == 1
        assert stage.dc.faults.applied["flood"] == 6
        return stage.loop.time() - began

    assert perform(scene) > 0.5 * (1 + 1 + 2 + 4 + 8 + 16)


# Exchanges

REFUSED: list[tuple[Any, str, str]] = [
    (ExchangeFaults.bad_prime, "server_DH_inner_data", "dh_prime is not a safe prime"),
    (ExchangeFaults.bad_g, "server_DH_inner_data", "g does not generate a subgroup of prime order"),
    (ExchangeFaults.g_a_out_of_range, "server_DH_inner_data", "g_a"),
    (ExchangeFaults.wrong_nonce, "resPQ", "nonce"),
    (ExchangeFaults.wrong_server_nonce, "server_DH_params_ok", "server_nonce"),
    (ExchangeFaults.wrong_sha1, "server_DH_params_ok", "SHA1"),
    (ExchangeFaults.wrong_hash, "dh_gen_ok", "new_nonce_hash1"),
]
"""Faults of an exchange that a client must not forgive, and what it says of them."""


@pytest.mark.parametrize(("arm", "step", "check"), REFUSED, ids=[arm.__name__ for arm, _, _ in REFUSED])
def test_an_exchange_that_was_tampered_with_ends_at_once(arm: Any, step: str, check: str) -> None:
    async def scene(stage: Stage) -> None:
        arm(stage.dc.faults)
        with pytest.raises(ExchangeFailed) as failed:
            await stage.client.open()
        assert (failed.value.step, failed.value.check) == (step, check)
        assert stage.dc.faults.applied[arm.__name__] == 1
        assert not stage.of(KeyCreated)
        await opened_and_used(stage, stage.new_client())

    perform_exchange(scene)


SURVIVED: list[tuple[str, tuple[int, ...], int]] = [
    ("random_tail", (), 1),
    ("dh_gen_retry", (1,), 1),
    ("dh_gen_retry", (5,), 5),
    ("dh_gen_fail", (), 1),
    ("server_dh_params_fail", (), 1),
    ("transport_error", (-403,), 1),
    ("not_found", (), 1),
    ("flood", (), 1),
    ("cut", (30, 1), 1),
    ("cut_received", (50,), 1),
    ("garbage_stream", (), 1),
    ("oversize_frame", (), 1),
]


@pytest.mark.parametrize(("name", "arguments", "times"), SURVIVED, ids=[f"{row[0]}{row[1]}" for row in SURVIVED])
def test_an_exchange_that_went_wrong_by_accident_is_made_again(
    name: str, arguments: tuple[int, ...], times: int
) -> None:
    async def scene(stage: Stage) -> None:
        getattr(stage.dc.faults, name)(*arguments)
        await opened_and_used(stage, stage.client)
        assert stage.dc.faults.applied[name] == times
        assert len(stage.of(KeyCreated)) == 1

    perform_exchange(scene)


def test_every_answer_with_a_random_tail() -> None:
    async def scene(stage: Stage) -> list[int]:
        for _ in range(3):
            stage.dc.faults.random_tail()
        await opened_and_used(stage, stage.client)
        assert stage.dc.faults.applied["random_tail"] == 3
        return [event.step.size for event in stage.of(ExchangeStep) if not event.step.sent]

    for size, bare in zip(perform_exchange(scene), (84, 652, 72), strict=True):
        assert bare + 4 <= size <= bare + 128


@pytest.mark.parametrize("fault", ["dh_gen_fail", "server_dh_params_fail"])
def test_a_server_that_always_refuses_is_believed_in_the_end(fault: str) -> None:
    async def scene(stage: Stage) -> int:
        for _ in range(9):
            getattr(stage.dc.faults, fault)()
        with pytest.raises(ExchangeFailed, match="refused by the server"):
            await stage.client.open()
        return stage.dc.faults.applied[fault]

    assert perform_exchange(scene) == 4


def test_a_sixth_rejected_key_ends_the_exchange_and_another_one_begins() -> None:
    async def scene(stage: Stage) -> list[str]:
        stage.dc.faults.dh_gen_retry(6)
        await opened_and_used(stage, stage.client)
        return [event.step.message.NAME for event in stage.of(ExchangeStep) if not event.step.sent]

    assert perform_exchange(scene) == [
        *["resPQ", "server_DH_params_ok", *["dh_gen_retry"] * 5, "dh_gen_fail"],
        *["resPQ", "server_DH_params_ok", "dh_gen_ok"],
    ]


def test_the_wrong_dc_is_told_at_once() -> None:
    async def scene(stage: Stage) -> None:
        stage.dc.faults.wrong_dc()
        with pytest.raises(TransportError) as refused:
            await stage.client.open()
        assert refused.value.code == -444
        assert stage.dc.faults.applied["wrong_dc"] == 1
        await opened_and_used(stage, stage.new_client())

    perform_exchange(scene)


def test_garbage_in_place_of_an_answer_ends_the_exchange() -> None:
    async def scene(stage: Stage) -> None:
        stage.dc.faults.garbage()
        with pytest.raises(ExchangeFailed, match="req_pq_multi: envelope"):
            await stage.client.open()
        await opened_and_used(stage, stage.new_client())

    perform_exchange(scene)
