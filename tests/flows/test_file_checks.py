"""Downloads whose hashes are known: no byte is given out unchecked, whether a data centre or a CDN sent it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.crypto import RSAPrivateKey
from mtproto.errors import ConnectionLost, DeadlineExceeded, ExchangeFailed, MTProtoError
from mtproto.flows import (
    FileChanged,
    FilePart,
    HashesMissing,
    HashMismatch,
    UnexpectedAnswer,
    cdn_keys,
)
from tests.flows.file_world import (
    CDN,
    HOME,
    KIB,
    MIB,
    REQUEST_TOKEN,
    FileServer,
    Outcome,
    Player,
    content,
    encrypt,
    refusal,
    t,
)

SIZE = 2 * MIB + 300
ODD = 100_000


def spoil(data: bytes) -> bytes:
    """Change the last byte."""
    return data[:-1] + bytes([data[-1] ^ 1]) if data else data


def on_cdn(size: int = SIZE, **how: Any) -> FileServer:
    return FileServer(content(size), redirects=True, **how)


@pytest.mark.parametrize("size", [0, 1, 128 * KIB, 300_000, MIB, SIZE, 9 * MIB])
@pytest.mark.parametrize("limit", [128 * KIB, ODD, MIB, 4096])
def test_a_verified_file_comes_whole(size: int, limit: int) -> None:
    player = Player.of(FileServer(content(size), hash_limit=limit), verify=True)
    assert player.run() == content(size)
    assert player.most <= 4 * MIB


@pytest.mark.parametrize("size", [1, MIB - 1, MIB, 3 * MIB])
def test_a_verified_file_of_unknown_size_comes_whole(size: int) -> None:
    assert Player.of(FileServer(content(size)), None, verify=True).run() == content(size)


@settings(max_examples=50)
@given(st.integers(0, 3 * MIB), st.integers(1, MIB), st.sampled_from([128 * KIB, ODD]), st.booleans())
def test_a_range_is_verified_with_the_rest_of_its_hashed_ranges(start: int, length: int, limit: int, cdn: bool) -> None:
    server = FileServer(content(SIZE), hash_limit=limit, redirects=cdn)
    player = Player.of(server, verify=not cdn, offset=start, length=length)
    assert player.run() == content(SIZE)[start : start + length]


@pytest.mark.parametrize("cdn", [False, True])
def test_holes_that_cut_hashed_ranges_are_filled_and_verified(cdn: bool) -> None:
    have = [(10, 50_000), (200_000, 200_001), (MIB - 5, 2 * MIB)]
    server = FileServer(content(SIZE), redirects=cdn)
    player = Player.of(server, verify=not cdn, have=have)
    player.run()
    assert {start: start + len(data) for start, data in player.got.items()}
    missing = set(range(0, SIZE, 7))
    for start, end in [*have, *((start, start + len(data)) for start, data in player.got.items())]:
        missing -= set(range(start, end))
    assert not missing
    assert all(data == content(SIZE)[start : start + len(data)] for start, data in player.got.items())


def test_bytes_that_are_wrong_once_are_asked_for_again() -> None:
    server = FileServer(content(SIZE), flaw=spoil)
    player = Player.of(server, verify=True)

    def special(order: FilePart) -> Outcome:
        if len(server.parts) > 4:
            server.flaw = bytes
        return ...

    assert player.run(special) == content(SIZE)
    assert any("wrong" in str(notice) for notice in player.told)


def test_bytes_that_stay_wrong_are_an_error_and_none_of_them_is_given_out() -> None:
    server = FileServer(content(SIZE), flaw=spoil)
    player = Player.of(server, verify=True)
    with pytest.raises(HashMismatch) as found:
        player.run()
    assert found.value.end - found.value.start == 128 * KIB
    assert all(data == content(SIZE)[start : start + len(data)] for start, data in player.got.items())


@pytest.mark.parametrize("answer", [[], [t.FileHash(offset=5 * 128 * KIB, limit=128 * KIB, hash=bytes(32))]])
def test_hashes_that_the_server_does_not_tell_are_an_error(answer: list[Any]) -> None:
    player = Player.of(FileServer(content(SIZE)), verify=True)
    with pytest.raises(HashesMissing):
        player.run(lambda order: ... if order.limit else answer)
    assert player.got == {}


def test_hashes_that_end_too_early_are_an_error_in_a_file_of_unknown_size() -> None:
    server = FileServer(content(SIZE))
    player = Player.of(server, None, verify=True)
    with pytest.raises(HashesMissing):
        player.run(lambda order: ... if order.limit else server.hashes(0, 3))
    assert b"".join(player.got[start] for start in sorted(player.got)) == content(SIZE)[: 3 * 128 * KIB]


def test_a_file_of_unknown_size_that_ends_before_its_hashes_do_is_an_error() -> None:
    server = FileServer(content(SIZE), flaw=lambda data: data[: 128 * KIB])
    with pytest.raises(HashMismatch):
        Player.of(server, None, verify=True).run()


@pytest.mark.parametrize(
    "wrong",
    [
        t.FileHash(offset=-1, limit=5, hash=bytes(32)),
        t.FileHash(offset=0, limit=0, hash=bytes(32)),
        t.FileHash(offset=0, limit=2 * MIB, hash=bytes(32)),
        t.FileHash(offset=0, limit=5, hash=bytes(31)),
    ],
)
def test_what_is_no_hash_of_a_range_is_an_error(wrong: Any) -> None:
    player = Player.of(FileServer(content(SIZE)), verify=True)
    with pytest.raises(UnexpectedAnswer, match="getFileHashes"):
        player.run(lambda order: ... if order.limit else [wrong])


def test_hashes_behind_the_end_say_that_the_file_has_grown() -> None:
    server = FileServer(content(5 * MIB))
    player = Player.of(server, 4 * 128 * KIB, verify=True)
    with pytest.raises(FileChanged):
        player.run(lambda order: None if order.limit else ...)


def test_a_server_that_never_answers_with_hashes_lets_nothing_pile_up() -> None:
    player = Player.of(FileServer(content(20 * MIB)), verify=True)
    with pytest.raises(DeadlineExceeded):
        player.run(lambda order: ... if order.limit else None)
    assert player.most <= 3 * MIB


def test_of_more_hashes_than_are_kept_those_of_the_lowest_bytes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.flows.file_checks.HASHES_KEPT", 100)
    size, limit = 1200, 4
    server = FileServer(content(size), hash_limit=limit, hashes_per_answer=size)
    player = Player.of(server, verify=True)
    kept: list[int] = []

    def count(_: FilePart) -> Outcome:
        kept.append(len(player.download._checked._hashes))
        return ...

    assert player.run(count) == content(size)
    assert max(kept) == 100
    assert server.methods.count("upload.getFileHashes") <= 4


# CDN


@pytest.mark.parametrize("size", [1, 128 * KIB, 300_000, MIB, SIZE, 9 * MIB])
@pytest.mark.parametrize("known", [0, 1, 100])
def test_a_redirected_file_comes_from_the_cdn(size: int, known: int) -> None:
    player = Player.of(on_cdn(size, redirect_hashes=known))
    assert player.run() == content(size)
    assert player.told == []
    assert {order.dc for order in player.server.asked if order.is_cdn} == {CDN}
    assert all(not order.is_cdn or order.request.NAME == "upload.getCdnFile" for order in player.server.asked)
    assert "upload.getCdnFile" in player.server.methods
    assert ("upload.getCdnFileHashes" in player.server.methods) == (known * 128 * KIB < size)


@pytest.mark.parametrize("error", [ConnectionLost("refused"), DeadlineExceeded("mute"), None])
def test_a_cdn_that_cannot_be_reached_is_left_soon(error: Exception | None) -> None:
    player = Player.of(on_cdn())
    began = player.now
    assert player.run(lambda order: error if order.is_cdn else ...) == content(SIZE)
    assert player.now - began <= 60
    assert "not from the CDN" in str(player.told[-1])


def test_a_file_that_the_cdn_has_lost_is_brought_there_again_once() -> None:
    server = on_cdn()
    player = Player.of(server)
    lost = t.upload.CdnFileReuploadNeeded(request_token=REQUEST_TOKEN)

    def special(order: FilePart) -> Outcome:
        return lost if order.is_cdn and "upload.reuploadCdnFile" not in server.methods else ...

    assert player.run(special) == content(SIZE)
    assert server.methods.count("upload.reuploadCdnFile") == 1


LOST = t.upload.CdnFileReuploadNeeded(request_token=REQUEST_TOKEN)


@pytest.mark.parametrize(
    ("method", "outcome"),
    [
        ("upload.getCdnFile", refusal(400, "FILE_TOKEN_INVALID")),
        ("upload.getCdnFile", ConnectionLost("cut")),
        ("upload.getCdnFile", ExchangeFailed("req_DH_params", "key", "no key of the CDN")),
        ("upload.getCdnFile", None),
        ("upload.getCdnFile", refusal(420, "FLOOD_WAIT_61")),
        ("upload.getCdnFile", LOST),
        ("upload.getCdnFile", t.upload.CdnFile(bytes=b"")),
        ("upload.getCdnFile", t.upload.CdnFile(bytes=bytes(2 * MIB))),
        ("upload.getCdnFile", t.upload.CdnFile(bytes=bytes(512 * KIB))),
        ("upload.getCdnFile", FileServer(b"").file(b"x")),
        ("upload.getCdnFileHashes", refusal(400, "FILE_TOKEN_INVALID")),
        ("upload.getCdnFileHashes", []),
        ("upload.getCdnFileHashes", [t.FileHash(offset=0, limit=5, hash=b"x")]),
        ("upload.getCdnFileHashes", FileServer(b"").redirect()),
        ("upload.reuploadCdnFile", refusal(400, "REQUEST_TOKEN_INVALID")),
        ("upload.reuploadCdnFile", refusal(500, "CDN_UPLOAD_TIMEOUT")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_whatever_goes_wrong_on_a_cdn_the_file_comes_from_the_data_centre(method: str, outcome: Any) -> None:
    server = on_cdn(redirect_hashes=0)
    player = Player.of(server)

    def special(order: FilePart) -> Outcome:
        if method == order.request.NAME:
            return outcome
        return LOST if order.is_cdn and method == "upload.reuploadCdnFile" else ...

    assert player.run(special) == content(SIZE)
    turns = [notice for notice in player.told if "not from the CDN" in str(notice)]
    assert len(turns) == 1
    after = server.asked[-1]
    assert (after.request.NAME, after.dc, after.request.cdn_supported) == ("upload.getFile", 4, False)  # type: ignore[attr-defined]


def test_bytes_of_a_cdn_with_a_wrong_hash_are_never_given_out() -> None:
    server = on_cdn(cdn_flaw=spoil)
    player = Player.of(server)
    assert player.run() == content(SIZE)
    assert "SHA-256" in str(player.told[-1])
    ranges = sorted((order.offset, order.offset + order.limit) for order in server.asked if order.is_cdn)
    assert all(end <= start for (_, end), (start, _) in pairwise(ranges))


@pytest.mark.parametrize("cdn", [False, True])
@pytest.mark.parametrize("flaw", [bytes, spoil])
def test_bytes_that_come_before_their_hashes_wait_for_them(cdn: bool, flaw: Any) -> None:
    server = FileServer(content(SIZE), redirects=cdn, redirect_hashes=0, cdn_flaw=flaw)
    player = Player.of(server, verify=not cdn)
    answered = 0
    while parts := [order for order in player.collect() if order.limit]:
        player.settle(parts[0], server.answer(parts[0]))
        answered += 1
    assert answered > 3
    assert player.got == {}
    assert player.run() == content(SIZE)


def test_bytes_of_a_cdn_that_can_not_be_checked_any_more_come_from_the_data_centre() -> None:
    server = FileServer(content(SIZE), redirects=True, redirect_hashes=0)
    player = Player.of(server)
    while parts := [order for order in player.collect() if order.limit]:
        player.settle(parts[0], server.answer(parts[0]))
    assert [order.request.NAME for order in player.pending] == ["upload.getCdnFileHashes"]
    player.settle(player.pending[0], refusal(400, "FILE_TOKEN_INVALID"))
    assert player.download.bytes_in_flight == 0
    assert player.run() == content(SIZE)


def test_bytes_of_the_data_centre_are_checked_too_where_a_hash_is_known() -> None:
    server = on_cdn(redirect_hashes=100, cdn_flaw=spoil, flaw=spoil)
    player = Player.of(server)
    with pytest.raises(HashMismatch):
        player.run()
    assert all(data == content(SIZE)[start : start + len(data)] for start, data in player.got.items())


@pytest.mark.parametrize(("field", "value"), [("encryption_key", b"short"), ("encryption_iv", bytes(32))])
def test_a_redirect_without_a_good_key_is_not_followed(field: str, value: bytes) -> None:
    server = on_cdn()
    redirect = server.redirect()
    setattr(redirect, field, value)
    player = Player.of(server)

    def special(order: FilePart) -> Outcome:
        return redirect if getattr(order.request, "cdn_supported", False) else ...

    assert player.run(special) == content(SIZE)
    assert not any(order.is_cdn for order in server.asked)


def test_a_client_without_cdns_is_never_redirected() -> None:
    server = on_cdn()
    player = Player.of(server, limits={"cdn": False})
    assert player.run() == content(SIZE)
    assert not any(order.is_cdn for order in server.asked)


def test_the_counter_of_the_cipher_begins_with_the_number_of_the_block() -> None:
    whole = encrypt(0, content(MIB))
    assert encrypt(4096, content(MIB)[4096:]) == whole[4096:]


def test_keys_of_cdns_are_read_and_what_is_no_key_is_left_out() -> None:
    key = RSAPrivateKey.generate().public
    texts = [(CDN, key.to_pem()), (CDN, "no key"), (204, key.to_pem()), (204, "\udcff")]
    keys = [t.CdnPublicKey(dc_id=dc, public_key=text) for dc, text in texts]
    assert cdn_keys(t.CdnConfig(public_keys=keys)) == {CDN: [key], 204: [key]}
    assert len(cdn_keys(t.CdnConfig(public_keys=keys[:1] * 100))[CDN]) == 64
    with pytest.raises(UnexpectedAnswer):
        cdn_keys(t.upload.CdnFile(bytes=b""))


# everything at once

PASSING = [
    ConnectionLost("cut"),
    DeadlineExceeded("slow"),
    refusal(500, "INTERNAL"),
    refusal(420, "FLOOD_WAIT_3"),
    refusal(420, "FLOOD_WAIT_100"),
    refusal(420, "FLOOD_PREMIUM_WAIT_100"),
    refusal(303, "FILE_MIGRATE_2"),
    refusal(303, "FILE_MIGRATE_4"),
    refusal(400, "FILE_REFERENCE_EXPIRED"),
    refusal(400, "FILE_TOKEN_INVALID"),
    refusal(400, "REQUEST_TOKEN_INVALID"),
    refusal(400, "LOCATION_INVALID"),
]
FLAWS: list[str | Exception] = [
    *("spoil", "cut", "empty", "long", "redirect", "lost", "hashes", "stall", "double", "stale"),
]


def outcome_of(flaw: str, order: FilePart, server: FileServer) -> Outcome:
    """Return what comes of an order where something is wrong."""
    match flaw:
        case "redirect":
            return server.redirect()
        case "lost":
            return t.upload.CdnFileReuploadNeeded(request_token=REQUEST_TOKEN)
        case "hashes":
            return server.hashes(order.offset, 2)
        case "stale":
            server.reference = b"another"
            return ConnectionLost("cut")
    answer: Any = server.answer(order)
    if not hasattr(answer, "bytes"):
        return [] if isinstance(answer, list) else answer
    data = answer.bytes
    changed = {"spoil": spoil(data), "cut": data[:-1000], "empty": b"", "long": data + b"x"}
    return answer.replace(bytes=changed[flaw])


def play(data: st.DataObject, player: Player, trusted: tuple[str, ...]) -> None:
    """Play with troubles at each turn; after a while all goes well. Data centres do nothing that is `trusted`."""
    left = data.draw(st.integers(0, 25))
    server = player.server
    for _ in range(2000):
        orders = player.collect()
        if player.is_over:
            return
        if left and data.draw(st.integers(0, 9)) == 0:
            left -= 1
            player.wait()
            continue
        if not orders:
            player.wait()
            continue
        order = orders[data.draw(st.integers(0, len(orders) - 1))] if left else orders[0]
        if not left or data.draw(st.booleans()):
            player.settle(order, server.answer(order))
            continue
        left -= 1
        flaw: str | Exception = data.draw(st.sampled_from([*FLAWS, *PASSING]))
        if isinstance(flaw, Exception):
            player.settle(order, flaw)
        elif flaw == "stall":
            player.settle(order, None)
        elif flaw == "double":
            player.settle(order, server.answer(order), keep=True)
        elif flaw not in trusted or order.is_cdn:
            player.settle(order, outcome_of(flaw, order, server))
    raise AssertionError("the download has no end")


@given(st.data())
def test_whatever_comes_the_bytes_are_right_or_the_error_has_a_name(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([1, 70_000, MIB, MIB + 99, 2 * MIB, SIZE]))
    verify = data.draw(st.booleans())
    server = FileServer(
        content(size),
        redirects=data.draw(st.booleans()),
        hash_limit=data.draw(st.sampled_from([128 * KIB, ODD])),
        redirect_hashes=data.draw(st.sampled_from([0, 1, 100])),
        cdn_flaw=spoil if data.draw(st.booleans()) else bytes,
    )
    told = data.draw(st.sampled_from([size, size, size, size - 1, size + 5000, None]))
    player = Player.of(server, told, dc=data.draw(st.sampled_from([HOME, 4])), verify=verify)
    unnoticed = ("spoil", "long") if told is None or told > size else ("spoil",)  # where nothing is checked
    play(data, player, () if verify else unnoticed)
    whole = content(size)
    for start, piece in player.got.items():
        assert piece == whole[start : start + len(piece)]
    if player.download.error is not None:
        assert isinstance(player.download.error, MTProtoError)
    elif told == size:
        assert player.result() == whole
    else:
        assert told is None or told < size
    assert player.most <= 4 * MIB
