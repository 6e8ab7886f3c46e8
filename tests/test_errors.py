"""The error families: what a name, a number and a code become."""

from __future__ import annotations

import pytest

from mtproto.errors import (
    BadRequest,
    ConnectionLost,
    DeadlineExceeded,
    ExchangeFailed,
    FloodWait,
    Forbidden,
    InternalServerError,
    Migrate,
    NotAcceptable,
    NotFound,
    OutcomeUnknown,
    RemoteProtocolError,
    RpcError,
    SeeOther,
    TransportError,
    Unauthorized,
    own_copy,
    rpc_error,
)
from tl import DecodeError


@pytest.mark.parametrize(
    ("message", "name", "argument"),
    [
        ("FLOOD_WAIT_31", "FLOOD_WAIT_X", 31),
        ("FILE_MIGRATE_4", "FILE_MIGRATE_X", 4),
        ("FILE_PART_7_MISSING", "FILE_PART_X_MISSING", 7),
        ("INTERDC_2_CALL_ERROR", "INTERDC_X_CALL_ERROR", 2),
        ("2FA_CONFIRM_WAIT_60", "2FA_CONFIRM_WAIT_X", 60),
        ("USER_ID_INVALID", "USER_ID_INVALID", None),
        ("Timeout", "Timeout", None),
        ("X_" + "9" * 5000, "X_" + "9" * 5000, None),
    ],
)
def test_the_number_in_a_name_is_its_argument(message: str, name: str, argument: int | None) -> None:
    error = rpc_error(400, message)
    assert (error.name, error.argument, error.message) == (name, argument, message)


@pytest.mark.parametrize(
    ("code", "message", "family"),
    [
        (303, "USER_MIGRATE_2", Migrate),
        (303, "SOMETHING", SeeOther),
        (400, "LIMIT_INVALID", BadRequest),
        (401, "AUTH_KEY_UNREGISTERED", Unauthorized),
        (403, "CHAT_WRITE_FORBIDDEN", Forbidden),
        (404, "NOT_FOUND", NotFound),
        (406, "AUTH_KEY_DUPLICATED", NotAcceptable),
        (420, "FLOOD_WAIT_5", FloodWait),
        (500, "RPC_CALL_FAIL", InternalServerError),
        (-503, "Timeout", InternalServerError),
        (777, "WHO_KNOWS", InternalServerError),
    ],
)
def test_a_code_selects_the_family_and_unknown_codes_count_as_500(
    code: int, message: str, family: type[RpcError]
) -> None:
    assert type(rpc_error(code, message)) is family


def test_families_carry_their_number_under_its_own_name() -> None:
    flood, migrate = rpc_error(420, "FLOOD_WAIT_31"), rpc_error(303, "PHONE_MIGRATE_4")
    assert isinstance(flood, FloodWait)
    assert flood.seconds == 31
    assert isinstance(migrate, Migrate)
    assert migrate.dc == 4


def test_the_text_names_code_message_and_method() -> None:
    assert str(rpc_error(400, "USER_ID_INVALID", "photos.getUserPhotos")) == (
        "400 USER_ID_INVALID (answer to photos.getUserPhotos)"
    )
    assert "-404" in str(TransportError(-404))


def test_a_missed_deadline_is_a_timeout_error_too() -> None:
    assert issubclass(DeadlineExceeded, TimeoutError)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionLost("gone"),
        DeadlineExceeded("late"),
        ExchangeFailed("resPQ", "nonce", "what was found"),
        OutcomeUnknown("a handle", "the server forgot it"),
        RemoteProtocolError("frame", "too long", [1, 2]),
        TransportError(-404),
        rpc_error(420, "FLOOD_WAIT_31", "help.getConfig"),
        rpc_error(303, "USER_MIGRATE_4"),
        DecodeError("unknown constructor", "a.b", 4, 8),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_copy_for_one_caller_is_the_same_error_as_another_object(error: Exception) -> None:
    error.add_note("once")
    copy = own_copy(error)
    assert copy is not error
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert dict(vars(copy)) == vars(error)
    assert copy.__traceback__ is None
    assert copy.__cause__ is error
    copy.add_note("twice")
    assert error.__notes__ == ["once"]
    assert str(own_copy(error, "127.0.0.1:443")) == f"{error} (127.0.0.1:443)"


def test_the_cause_of_a_copy_is_the_cause_of_the_error_however_often_it_is_copied() -> None:
    error = ConnectionLost("gone")
    error.__cause__ = cause = OSError("why")
    copy = error
    for _ in range(3):
        copy = own_copy(copy)
        assert copy.__cause__ is cause
