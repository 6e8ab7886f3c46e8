"""The classes of errors that are known by name: which there are, what they are kinds of, and how they are copied."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto import errors
from mtproto._error_names import MIGRATIONS, WAITS
from mtproto._known_errors import _MEANINGS, CLASSES, CODES, class_name, meaning
from mtproto.crypto import DHCheckFailed
from mtproto.errors import (
    BadRequest,
    FloodWait,
    InternalServerError,
    LoggedOut,
    LoginCancelled,
    Migrate,
    MTProtoError,
    NotAcceptable,
    PhoneNumberInvalid,
    RpcError,
    SessionPasswordNeeded,
    Unauthorized,
    own_copy,
    rpc_error,
)
from tests.structure import error_classes

FAMILIES = errors._FAMILIES
names = st.sampled_from(sorted(CODES))
codes = st.sampled_from([*FAMILIES, 500, -503, 777])


def message_of(name: str) -> str:
    """Return what a server would send: a template with its numbers."""
    return "_".join({"X": "7", "XMIN": "7MIN"}.get(word, word) for word in name.split("_"))


def class_of(name: str) -> Any:
    return getattr(errors, class_name(name))


def test_an_error_can_be_caught_by_its_name() -> None:
    with pytest.raises(errors.PhoneCodeInvalid) as caught:
        raise rpc_error(400, "PHONE_CODE_INVALID", "auth.signIn")
    assert isinstance(caught.value, BadRequest)
    assert caught.value.method == "auth.signIn"
    assert issubclass(SessionPasswordNeeded, Unauthorized)
    with pytest.raises(errors.SlowmodeWait) as slow:
        raise rpc_error(420, "SLOWMODE_WAIT_31")
    assert slow.value.seconds == 31
    with pytest.raises(errors.FileMigrate) as elsewhere:
        raise rpc_error(303, "FILE_MIGRATE_4")
    assert elsewhere.value.dc == 4


def test_a_misspelt_name_is_an_error_at_once_and_for_type_checkers() -> None:
    with pytest.raises(AttributeError, match="PhoneCodeInvalide"):
        _ = errors.PhoneCodeInvalide  # type: ignore[attr-defined]  # strict checkers report an ignore without need
    assert not hasattr(errors, "__path__")
    assert not hasattr(errors, "PHONE_CODE_INVALID")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("PHONE_CODE_INVALID", "PhoneCodeInvalid"),
        ("FILE_PART_X_MISSING", "FilePartMissing"),
        ("INPUT_METHOD_INVALID_X_X", "InputMethodInvalid"),
        ("PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_XMIN", "PreviousChatImportActiveWait"),
        ("2FA_CONFIRM_WAIT_X", "TwoFaConfirmWait"),
        ("MD5_CHECKSUM_INVALID", "Md5ChecksumInvalid"),
        ("FLOOD_WAIT_X", "FloodWait"),
        ("Timeout", "Timeout"),
    ],
)
def test_the_name_of_a_class_is_the_errors_name_without_numbers(name: str, expected: str) -> None:
    assert class_name(name) == expected
    assert class_of(name).__name__ == expected


def test_every_documented_error_has_a_class_in_the_family_of_its_code(shared: Path) -> None:
    rows = [line.split("\t") for line in (shared / "schema" / "errors.tsv").read_text().splitlines()[1:]]
    documented = [(int(code), name.replace("%d", "7")) for code, name, *_ in rows if " " not in name]
    assert len(documented) > 500
    for code, message in documented:
        error = rpc_error(code, message)
        assert type(error) is class_of(error.name)
        assert isinstance(error, FAMILIES.get(code, InternalServerError))


@pytest.mark.parametrize("name", sorted(CODES))
def test_an_error_with_its_own_code_is_of_the_class_of_its_name(name: str) -> None:
    error = rpc_error(CODES[name], message_of(name))
    assert error.name == name
    assert type(error) is class_of(name)
    assert isinstance(error, FAMILIES.get(CODES[name], InternalServerError))
    assert isinstance(error, FloodWait) == (name in WAITS)
    assert isinstance(error, Migrate) == (name in MIGRATIONS)
    assert meaning(name, 7) in str(error)


@given(name=names, code=codes)
def test_an_error_is_of_the_family_of_its_code_whatever_the_name(name: str, code: int) -> None:
    """It is of its name's class as well, but where the number of a wait or of a migration has another meaning."""
    error = rpc_error(code, message_of(name))
    assert isinstance(error, FAMILIES.get(code, InternalServerError))
    assert isinstance(error, class_of(name)) == (name not in WAITS | MIGRATIONS or code == CODES[name])
    assert type(rpc_error(code, message_of(name))) is type(error)


def test_a_name_with_the_code_of_another_family_is_caught_by_both() -> None:
    error = rpc_error(406, "PHONE_NUMBER_INVALID")
    assert isinstance(error, PhoneNumberInvalid)
    assert isinstance(error, NotAcceptable)
    assert type(error).__name__ == "PhoneNumberInvalid"


@given(message=st.text(max_size=40), code=codes)
def test_an_unknown_name_is_an_error_of_the_family(message: str, code: int) -> None:
    error = rpc_error(code, message)
    assert type(error) in {*FAMILIES.values(), InternalServerError} or error.name in CODES
    assert error.description == "" or error.name in CODES


def test_names_that_share_a_class_share_a_code() -> None:
    for name, code in CODES.items():
        assert CODES[CLASSES[class_name(name)]] == code


def test_no_class_takes_the_place_of_another_name_of_the_module() -> None:
    assert CLASSES.keys() & set(vars(errors)["__all__"]) == {"FloodWait"}
    assert all(name.isidentifier() for name in CLASSES)


def test_a_class_is_the_same_for_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second takes the class of the first, also where both began to make it."""
    real, first = errors._made, []
    monkeypatch.setattr(errors, "_NAMED", {})
    monkeypatch.setattr(errors, "_MIXED", {})

    def overtaken(make: Callable[[], type[RpcError]]) -> type[RpcError]:
        def made(*arguments: Any) -> type[RpcError]:
            monkeypatch.setattr(errors, "_made", real)
            first.append(make())
            return real(*arguments)

        monkeypatch.setattr(errors, "_made", made)
        return make()

    assert overtaken(lambda: errors.PhoneNumberInvalid) is first.pop()
    assert overtaken(lambda: type(rpc_error(406, "PHONE_NUMBER_INVALID"))) is first.pop()


def test_the_names_are_loaded_with_the_first_error_not_before() -> None:
    program = (
        "import sys, mtproto.errors\nprint('mtproto._known_errors' in sys.modules)\n"
        "mtproto.errors.rpc_error(400, 'X')\nprint('mtproto._known_errors' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_the_stub_for_type_checkers_is_made_of_the_names() -> None:
    assert error_classes.STUB.read_text(encoding="utf-8") == error_classes.made(), (
        "run `python -m tests.structure.error_classes`"
    )


def test_editors_are_offered_the_names() -> None:
    assert {"PhoneCodeInvalid", "FloodWait", "rpc_error"} <= set(dir(errors))


# What errors say


def test_what_is_explained_is_known() -> None:
    assert _MEANINGS.keys() <= CODES.keys()
    assert not (WAITS | MIGRATIONS) - _MEANINGS.keys()


@pytest.mark.parametrize(("name", "text"), _MEANINGS.items())
def test_a_text_fits_into_an_error(name: str, text: str) -> None:
    assert ("{X}" in text) == ("X" in name.split("_") or name.endswith("_XMIN"))
    assert text[0].islower() or text.startswith("Telegram")
    assert text[-1] != "."
    assert "{" not in rpc_error(CODES[name], message_of(name)).description


def test_an_error_says_what_to_do_and_with_which_number() -> None:
    error = rpc_error(420, "FLOOD_WAIT_31", "help.getConfig")
    assert error.description == "too many calls: repeat the call after 31 seconds"
    assert str(error) == f"420 FLOOD_WAIT_31 (answer to help.getConfig): {error.description}"
    assert str(rpc_error(400, "FLOOD_WAIT_X")) == "400 FLOOD_WAIT_X: too many calls: repeat the call after X seconds"
    assert str(rpc_error(400, "NOBODY_KNOWS")) == "400 NOBODY_KNOWS"


def test_a_login_that_is_over_says_why() -> None:
    error = LoggedOut("SESSION_REVOKED")
    assert error.reason == "SESSION_REVOKED"
    assert "SESSION_REVOKED: the login was ended from another device" in str(error)
    assert str(LoggedOut("by hand")) == "the login is over: by hand"
    assert str(LoginCancelled()) == "the login was cancelled"
    assert isinstance(error, MTProtoError)
    assert not isinstance(error, RpcError)


# Copies


class Mine(RpcError):
    """A class of a program that uses the library."""


KEPT = [
    rpc_error(420, "FLOOD_WAIT_31", "help.getConfig"),
    rpc_error(420, "SLOWMODE_WAIT_31"),
    rpc_error(303, "USER_MIGRATE_4"),
    rpc_error(400, "PHONE_CODE_INVALID", "auth.signIn"),
    rpc_error(406, "PHONE_NUMBER_INVALID"),
    rpc_error(400, "NOBODY_KNOWS"),
    RpcError(400, "PHONE_CODE_INVALID"),
    BadRequest(400, "PHONE_CODE_INVALID"),
    errors.PhoneCodeInvalid(406, "SOMETHING_ELSE"),
    Mine(500, "MINE"),
    LoggedOut("SESSION_REVOKED"),
    LoginCancelled(),
    DHCheckFailed("g"),
    errors.ConnectionLost("gone"),
    errors.DeadlineExceeded("late"),
    errors.ExchangeFailed("resPQ", "nonce", "found"),
    errors.OptionError("no", "one", "other"),
    errors.OutcomeUnknown("a handle", "forgotten"),
    errors.RemoteProtocolError("frame", "too long", [1, 2]),
    errors.TransportError(-404),
]


@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy, own_copy])
@pytest.mark.parametrize("error", KEPT, ids=lambda error: f"{type(error).__name__}-{error}")
def test_a_copy_is_the_same_error(error: MTProtoError, again: Callable[[MTProtoError], MTProtoError]) -> None:
    vars(error)["where"] = "here"  # a program may hang things on it
    made = again(error)
    assert made is not error
    assert type(made) is type(error)
    assert (made.args, str(made), vars(made)) == (error.args, str(error), vars(error))
    described = own_copy(error, "127.0.0.1:443")
    assert str(again(described)) == str(described) == f"{error} (127.0.0.1:443)"
