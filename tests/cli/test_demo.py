"""`mtproto demo`: what it shows, and that it notices whatever is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result

from mtproto.cli.app import commands
from mtproto.cli.exits import Exit
from mtproto.crypto.rsa import RSAPrivateKey, RSAPublicKey
from mtproto.localdc import LocalDC, load_world
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.handlers.photos import get_user_photos
from mtproto.localdc.handlers.upload import get_file
from tests.net.support import SOON
from tl import api

Tamper: TypeAlias = Callable[[LocalDC], None]

USER = next(user for user in load_world().users if user.username == "dozen")


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, rsa_key: RSAPrivateKey) -> Callable[..., Result]:
    """Run the command against a data centre that somebody meddled with."""

    def run(tamper: Tamper | None = None, keys: list[RSAPublicKey] | None = None) -> Result:
        class Tampered(LocalDC):
            def __init__(self) -> None:
                super().__init__(key=rsa_key)
                if tamper is not None:
                    tamper(self)

            @property
            def keys(self) -> list[RSAPublicKey]:
                return super().keys if keys is None else keys

        monkeypatch.setattr("mtproto.cli.demo.LocalDC", Tampered)
        return CliRunner().invoke(commands, ["demo"])

    return run


def listing(change: Callable[[Any], None]) -> Tamper:
    """Change the answer to `photos.getUserPhotos` before it goes out."""

    def tamper(dc: LocalDC) -> None:
        @dc.handler(api.functions.photos.GetUserPhotos)
        def changed(call: IncomingCall) -> Any:
            answer = get_user_photos(call)
            change(answer)
            return answer

    return tamper


def served(photo_id: int, letter: str, change: Callable[[bytes], bytes]) -> Tamper:
    """Change one file on its way out."""

    def tamper(dc: LocalDC) -> None:
        @dc.handler(api.functions.upload.GetFile)
        def changed(call: IncomingCall) -> Any:
            answer: Any = get_file(call)
            if (call.request.location.id, call.request.location.thumb_size) == (photo_id, letter):
                answer.bytes = change(answer.bytes)
            return answer

    return tamper


def size_of(answer: Any, letter: str) -> Any:
    return next(size for size in answer.photos[0].sizes if size.type == letter)


def test_it_shows_the_main_job_and_ends_with_status_0(demo: Callable[..., Result]) -> None:
    result = demo()
    assert result.exit_code == 0, result.stderr
    assert "everything matches" in result.stdout
    for step in ("req_pq_multi", "resPQ", "req_DH_params", "server_DH_params_ok", "set_client_DH_params", "dh_gen_ok"):
        assert step in result.stdout
    for photo in USER.photos:
        assert str(photo.id) in result.stdout
    assert "all of it" in result.stdout


def test_the_hex_of_the_request_is_whole_and_annotated(demo: Callable[..., Result]) -> None:
    body = api.functions.photos.GetUserPhotos(
        user_id=api.types.InputUser(user_id=USER.id, access_hash=USER.access_hash), offset=0, max_id=0, limit=100
    ).to_bytes()
    lines = [line.split() for line in demo().stdout.splitlines()]
    assert ["0", "a832cd91", "photos.GetUserPhotos", "Object", "photos.getUserPhotos"] in lines
    assert ["36", body[36:].hex(), "limit", "int", "100"] in lines
    start = lines.index(["offset", "bytes", "name", "type", "value"]) + 1
    words = [word for line in lines[start : start + 7] for word in line[1:] if len(word) == 8 and _is_hex(word)]
    assert bytes.fromhex("".join(words)) == body


def _is_hex(word: str) -> bool:
    return all(digit in "0123456789abcdef" for digit in word)


def test_it_shows_no_credentials(demo: Callable[..., Result]) -> None:
    world = load_world()
    output = demo().output
    assert world.bot_token not in output
    assert world.bot_token.partition(":")[2] not in output
    assert world.api_hash not in output


def test_a_flipped_byte_in_a_served_file_is_named(demo: Callable[..., Result]) -> None:
    photo = USER.photos[3]
    result = demo(served(photo.id, "b", lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:]))
    assert result.exit_code == 1
    assert f"photo {photo.id}, size b: the SHA-256 is another one; byte 99 is" in result.stderr
    assert "1 difference" in result.stderr


def test_a_file_that_is_cut_short_is_named(demo: Callable[..., Result]) -> None:
    photo = USER.photos[0]
    result = demo(served(photo.id, "a", lambda data: data[:-1]))
    assert result.exit_code == 1
    assert f"photo {photo.id}, size a: " in result.stderr
    assert "are declared" in result.stderr


def test_a_flipped_bit_in_the_rsa_key_is_named(demo: Callable[..., Result], rsa_key: RSAPrivateKey) -> None:
    public = rsa_key.public
    flipped = RSAPublicKey(public.n ^ 1 << 1000, public.e)
    result = demo(keys=[flipped])
    assert result.exit_code == Exit.CONNECTION
    assert "the RSA key differs" in result.stderr
    assert f"{flipped.fingerprint & (1 << 64) - 1:016x}" in result.stderr


def test_a_wrong_declared_size_is_named(demo: Callable[..., Result]) -> None:
    def change(answer: Any) -> None:
        size_of(answer, "a").size ^= 1

    result = demo(listing(change))
    assert result.exit_code == 1
    assert f"photo {USER.photos[0].id}, size a: " in result.stderr
    assert "bytes are declared" in result.stderr


@pytest.mark.parametrize("place", [0, -1])
def test_a_wrong_prefix_of_a_progressive_file_is_named(demo: Callable[..., Result], place: int) -> None:
    def change(answer: Any) -> None:
        size_of(answer, "c").sizes[place] += 1

    result = demo(listing(change))
    assert result.exit_code == 1
    assert f"photo {USER.photos[0].id}, size c: prefixes" in result.stderr


def test_a_size_that_is_missing_is_named(demo: Callable[..., Result]) -> None:
    def change(answer: Any) -> None:
        answer.photos[0].sizes.remove(size_of(answer, "b"))

    result = demo(listing(change))
    assert result.exit_code == 1
    assert f"photo {USER.photos[0].id}: sizes" in result.stderr


def test_a_photo_that_is_missing_is_named(demo: Callable[..., Result]) -> None:
    result = demo(listing(lambda answer: answer.photos.pop()))
    assert result.exit_code == 1
    assert "photos.getUserPhotos: the ids" in result.stderr


def test_as_a_process() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mtproto", "demo"], capture_output=True, text=True, check=False, timeout=SOON
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert "everything matches" in run.stdout
