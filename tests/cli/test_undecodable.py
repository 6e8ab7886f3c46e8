"""An answer that can't be read is not lost: the error carries its bytes, and the command line keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.client import blocking
from tl import DecodeError, api

if TYPE_CHECKING:
    from pathlib import Path

    from mtproto.localdc import LocalDCThread
    from mtproto.localdc.calls import IncomingCall
    from tests.cli.conftest import Run

UNREADABLE: bytes = api.types.photos.Photos.ID.to_bytes(4, "little") + bytes.fromhex(
    "15c4b51c 01000000 2b0c1f1f 5ec12e75"
)


@pytest.fixture
def broken(dc: LocalDCThread) -> LocalDCThread:
    """A data centre whose photos hold a constructor of a later layer."""

    @dc.handler(api.functions.photos.GetUserPhotos)
    def unreadable(_call: IncomingCall) -> bytes:
        return UNREADABLE

    return dc


REQUEST = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)


def test_the_error_of_a_call_carries_the_bytes_of_the_answer_and_shows_none(broken: LocalDCThread) -> None:
    with blocking.connect(broken.address, keys=broken.keys, api_id=broken.api_id, api_hash=broken.api_hash) as client:
        client(
            api.functions.auth.ImportBotAuthorization(
                flags=0, api_id=broken.api_id, api_hash=broken.api_hash, bot_auth_token=broken.bot_token
            )
        )
        with pytest.raises(DecodeError, match=r"photos\.Photos\.photos\[0\]: unknown constructor 0x1f1f0c2b") as caught:
            client(REQUEST)
    assert caught.value.raw == UNREADABLE
    assert "752ec15e" not in f"{caught.value} {caught.value!r}"
    assert "5ec12e75" not in f"{caught.value} {caught.value!r}"


CALL = ("call", "photos.getUserPhotos", '{"user_id": {"_": "inputUserSelf"}, "offset": 0, "max_id": 0, "limit": 9}')


@pytest.mark.parametrize("command", [CALL, ("photos", "me")])
@pytest.mark.usefixtures("broken")
def test_a_command_keeps_an_answer_that_it_cannot_read(
    run: Run, reach: list[str], bot: dict[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    kept = tmp_path / "answer"
    result = run(*command, *reach, env=bot)
    assert result.exit_code == 1
    assert "unknown constructor 0x1f1f0c2b" in result.stderr
    assert "its 20 bytes are not kept; --save-undecodable FILE keeps them" in result.stderr
    result = run(*command, *reach, "--save-undecodable", str(kept), env=bot)
    assert result.exit_code == 1
    assert f"`mtproto decode {kept}`" in result.stderr
    assert kept.read_bytes() == UNREADABLE
    assert kept.stat().st_mode & 0o777 == 0o600
    shown = run("decode", str(kept))
    assert "photos.Photos.photos" in shown.stdout
    assert "unknown constructor 0x1f1f0c2b at byte 12" in shown.stderr


def test_the_folder_is_looked_for_before_anything_is_sent(run: Run, tmp_path: Path) -> None:
    result = run("call", "help.getConfig", "--save-undecodable", str(tmp_path / "none" / "answer"))
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr
