"""The error families: what a name, a number and a code become."""

from __future__ import annotations

import pytest

from mtproto.errors import (
    BadRequest,
    DeadlineExceeded,
    FloodWait,
    Forbidden,
    InternalServerError,
    Migrate,
    NotAcceptable,
    NotFound,
    RpcError,
    SeeOther,
    TransportError,
    Unauthorized,
    rpc_error,
)


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
