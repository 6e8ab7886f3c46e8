"""Whatever the network does, every message is told once and in order: many plays, and machines that are broken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mtproto.flows.update_boxes import Box, Piece
from tests.flows.update_world import CHATS, Play, Reader, Server

INDEX = st.integers(0, 7)
CHAT = st.sampled_from(CHATS)
SENDS = st.tuples(st.just("send"), CHAT, st.integers(0, 2))
DELIVERS = st.tuples(st.just("deliver"), INDEX)
TURNS = st.one_of(
    SENDS,
    SENDS,
    SENDS,
    DELIVERS,
    DELIVERS,
    st.tuples(st.just("delete"), CHAT, st.integers(1, 3)),
    st.tuples(st.sampled_from(["repeat", "lose", "answer", "fail"]), INDEX),
    st.tuples(st.sampled_from(["ask", "missed"])) | st.tuples(st.just("take"), st.integers(1, 4)),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 0.6, 5.0])),
)
PLAYS = st.lists(TURNS, min_size=20, max_size=60)
AWAY = st.lists(
    st.one_of(TURNS, TURNS, TURNS, st.tuples(st.sampled_from(["restart", "give_up"]))), min_size=20, max_size=60
)
DELETES = st.tuples(st.just("delete"), CHAT, st.integers(1, 3))
QUIET = st.lists(st.one_of(SENDS, SENDS, DELETES), min_size=5, max_size=20)
FORGETTING = st.lists(st.one_of(TURNS, TURNS, TURNS, TURNS, st.just(("forget",))), min_size=20, max_size=60)


def play(turns: list[tuple[Any, ...]], *, room: int = 1024) -> Reader:
    """Play turns with a server, a network and a reader; at the end the reader is told that something was missed."""
    game = Play(room)
    for turn, *args in turns:
        getattr(game, turn)(*args)
    game.end()
    return game.reader


def play_quietly(turns: list[tuple[Any, ...]]) -> Reader:
    """Play turns in a network that loses, repeats and delays nothing; no call is to be made."""
    server = Server()
    reader = Reader(server)
    reader.settle()
    for turn, chat, number in turns:
        reader.receive(server.send(chat, number) if turn == "send" else server.delete(chat, number))
        reader.take()
        reader.wait(0.6)
        assert reader.fetches == []
    return reader


def all_told_once(reader: Reader) -> None:
    assert reader.told == reader.server.sent
    assert reader.gaps == []


@given(PLAYS)
@settings(max_examples=60)
def test_every_message_is_told_once_and_in_order_whatever_is_lost_repeated_or_late(turns: Any) -> None:
    all_told_once(play(turns))


@given(QUIET)
@settings(max_examples=50)
def test_what_comes_whole_and_in_order_is_told_without_a_call(turns: Any) -> None:
    all_told_once(play_quietly(turns))


@given(AWAY)
@settings(max_examples=40)
def test_a_restart_loses_and_repeats_nothing(turns: Any) -> None:
    all_told_once(play(turns))


@given(PLAYS, st.integers(1, 4))
@settings(max_examples=40)
def test_a_slow_reader_with_little_room_is_told_everything_once(turns: Any, room: int) -> None:
    all_told_once(play(turns, room=room))


@given(FORGETTING)
@settings(max_examples=40)
def test_a_gap_is_told_only_where_the_server_kept_nothing(turns: Any) -> None:
    reader = play(turns)
    assert reader.gaps == reader.server.too_long
    for chat, numbers in reader.told.items():
        sent = reader.server.sent[chat]
        assert [number for number in sent if number in numbers] == numbers
    missing = {chat for chat in CHATS if reader.told[chat] != reader.server.sent[chat]}
    sources = {chat if chat in reader.server.pts else 0 for chat in missing}
    assert sources <= set(reader.gaps)


def no_gap_check(box: Box, piece: Piece) -> bool:
    return box.value is not None and piece.last > box.value


def wrong_count(box: Box, piece: Piece) -> bool:
    return box.value is not None and piece.last - 1 == box.value


def no_dedupe(box: Box, piece: Piece) -> bool:
    return False


def told_again(box: Box, piece: Piece) -> bool:
    return box.value is not None and piece.last - piece.count <= box.value


MUTANTS = {
    "no gap check": {"is_next": no_gap_check},
    "wrong pts count": {"is_next": wrong_count},
    "no dedupe": {"is_old": no_dedupe, "is_next": told_again},
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_model_finds_a_machine_that_is_broken(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, broken in MUTANTS[mutant].items():
        monkeypatch.setattr(Box, name, broken)

    @settings(max_examples=100, phases=[Phase.generate])
    @given(PLAYS, QUIET)
    def modelled(turns: Any, quiet: Any) -> None:
        all_told_once(play(turns))
        all_told_once(play_quietly(quiet))

    with pytest.raises((AssertionError, BaseExceptionGroup)):
        modelled()
