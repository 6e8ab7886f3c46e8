"""The error families: what a name, a number and a code become."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto._error_names import WAITS
from mtproto.errors import (
    _FAMILIES,
    BadRequest,
    ConnectionLost,
    DeadlineExceeded,
    ExchangeFailed,
    Flood,
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

FAMILIES = {*_FAMILIES.values(), FloodWait, InternalServerError, Migrate}


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
        ("FLOOD_WAIT_" + "9" * 5000, "FLOOD_WAIT_" + "9" * 5000, None),
        ("FLOOD_PREMIUM_WAIT_7", "FLOOD_PREMIUM_WAIT_X", 7),
        ("FLOOD_WAIT_", "FLOOD_WAIT_", None),
        ("FLOOD_WAIT_-3", "FLOOD_WAIT_-3", None),
        ("FLOOD_WAIT_3_4", "FLOOD_WAIT_3_4", None),
        ("FLOOD_WAIT_3S", "FLOOD_WAIT_3S", None),
        ("FLOOD_WAIT_X", "FLOOD_WAIT_X", None),
        ("FLOOD_WAIT_\u0663", "FLOOD_WAIT_\u0663", None),
        ("3FA_CONFIRM_WAIT_60", "3FA_CONFIRM_WAIT_60", None),
        ("XFA_CONFIRM_WAIT_60", "XFA_CONFIRM_WAIT_60", None),
        ("FILE_REFERENCE_2_EXPIRED", "FILE_REFERENCE_X_EXPIRED", 2),
        ("FILE_PART_0_MISSING", "FILE_PART_X_MISSING", 0),
        ("PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_5MIN", "PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_XMIN", 5),
        ("PREMIUM_SUB_ACTIVE_UNTIL_1767225600", "PREMIUM_SUB_ACTIVE_UNTIL_X", 1767225600),
        ("MD5_CHECKSUM_INVALID", "MD5_CHECKSUM_INVALID", None),
        ("SHA256_HASH_INVALID", "SHA256_HASH_INVALID", None),
        ("AUTH_TOKEN_INVALID2", "AUTH_TOKEN_INVALID2", None),
        ("RECAPTCHA_CHECK_signup__6Ld_12_AbC_34", "RECAPTCHA_CHECK_signup__6Ld_12_AbC_34", None),
        ("APNS_VERIFY_CHECK_123_456", "APNS_VERIFY_CHECK_123_456", None),
        ("WHO_KNOWS_5", "WHO_KNOWS_5", None),
    ],
)
def test_the_number_in_a_name_is_its_argument(message: str, name: str, argument: int | None) -> None:
    error = rpc_error(400, message)
    assert (error.name, error.argument, error.message) == (name, argument, message)


def test_each_number_of_a_template_is_an_argument() -> None:
    error = rpc_error(400, "INPUT_CONSTRUCTOR_INVALID_1604042050_133")  # as a data centre of this library says it
    assert (error.name, error.arguments) == ("INPUT_CONSTRUCTOR_INVALID_X_X", (1604042050, 133))
    error = rpc_error(400, "INPUT_METHOD_INVALID_1604042050_133")
    assert (error.name, error.arguments) == ("INPUT_METHOD_INVALID_X_X", (1604042050, 133))


@given(name=st.from_regex(r"[A-Za-z0-9_]{0,40}", fullmatch=True), code=st.sampled_from([303, 400, 420, 500]))
def test_a_name_with_its_numbers_is_the_message(name: str, code: int) -> None:
    error = rpc_error(code, name)
    assert (error.name == name) == (not error.arguments)
    parts = error.name.split("X")
    assert not error.arguments or error.message.startswith(parts[0])


@given(
    template=st.sampled_from(sorted(WAITS)),
    suffix=st.integers(0, 10**19).map(str) | st.text(max_size=8) | st.sampled_from(["", "X", "0", "00", "1" * 21]),
)
def test_no_wait_is_unknown_or_endless(template: str, suffix: str) -> None:
    """For every message of code 420: a `FloodWait` has a number of seconds that can be slept, all else has none."""
    error = rpc_error(420, template.removesuffix("X") + suffix)
    told = suffix.isascii() and suffix.isdigit() and len(suffix) <= 20
    assert isinstance(error, FloodWait) == told
    assert isinstance(error, Flood)
    if isinstance(error, FloodWait):
        assert error.seconds == min(max(int(suffix), 1), 14 * 86400)
        assert error.argument == int(suffix)
    else:
        assert not hasattr(error, "seconds")


@pytest.mark.parametrize("message", ["FROZEN_METHOD_INVALID", "ADDRESS_INVALID", "FLOOD_WAIT_", "STORY_SEND_FLOOD_1"])
def test_an_error_that_tells_no_wait_can_not_be_made_one(message: str) -> None:
    with pytest.raises(ValueError, match="tells no wait"):
        FloodWait(420, message)


@pytest.mark.parametrize(
    "message", ["FILE_MIGRATE_0", "FILE_MIGRATE_", "FILE_MIGRATE_X", "X_MIGRATE_2", "FILE_MIGRATE_2A"]
)
def test_an_error_that_names_no_data_centre_is_no_migration(message: str) -> None:
    assert type(rpc_error(303, message)) is SeeOther
    with pytest.raises(ValueError, match="names no data centre"):
        Migrate(303, message)


def test_every_template_of_the_documented_errors_is_known(shared: Path) -> None:
    rows = [line.split("\t") for line in (shared / "schema" / "errors.tsv").read_text().splitlines()[1:]]
    for code, name, *_ in rows:
        error = rpc_error(int(code), name.replace("%d", "7"))
        assert error.name == name.replace("%d", "X") or name == "FILE_PART_0_MISSING"
        assert error.arguments == (7,) * name.count("%d") or name == "FILE_PART_0_MISSING"


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
        (420, "SLOWMODE_WAIT_5", FloodWait),
        (420, "2FA_CONFIRM_WAIT_5", FloodWait),
        (420, "TAKEOUT_INIT_DELAY_5", FloodWait),
        (420, "FLOOD_TEST_PHONE_WAIT_5", FloodWait),
        (420, "FROZEN_METHOD_INVALID", Flood),
        (420, "ADDRESS_INVALID", Flood),
        (420, "PREMIUM_SUB_ACTIVE_UNTIL_1767225600", Flood),
        (420, "STORY_SEND_FLOOD_WEEKLY_1767225600", Flood),
        (420, "STORY_SEND_FLOOD_MONTHLY_1767225600", Flood),
        (400, "FLOOD_WAIT_5", BadRequest),
        (406, "PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_5MIN", NotAcceptable),
        (500, "RPC_CALL_FAIL", InternalServerError),
        (-503, "Timeout", InternalServerError),
        (777, "WHO_KNOWS", InternalServerError),
    ],
)
def test_a_code_selects_the_family_and_unknown_codes_count_as_500(
    code: int, message: str, family: type[RpcError]
) -> None:
    error = rpc_error(code, message)
    assert next(kind for kind in type(error).__mro__ if kind in FAMILIES) is family


def test_families_carry_their_number_under_its_own_name() -> None:
    flood, migrate = rpc_error(420, "FLOOD_WAIT_31"), rpc_error(303, "PHONE_MIGRATE_4")
    assert isinstance(flood, FloodWait)
    assert flood.seconds == 31
    assert isinstance(migrate, Migrate)
    assert migrate.dc == 4


def test_the_text_names_code_message_and_method() -> None:
    assert str(rpc_error(400, "USER_ID_INVALID", "photos.getUserPhotos")) == (
        "400 USER_ID_INVALID (answer to photos.getUserPhotos): "
        "there is no such user, or the access hash is another account's"
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
