"""The two small machines that run exchanges inside links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.exchange import ServerExchange
from mtproto.link.key_maker import KeyMaker
from mtproto.link.server_key_maker import ServerKeyMaker
from tests.link.support import DC, NOW, rsa_key, seeded

if TYPE_CHECKING:
    pass


def maker(seed: int = 5) -> KeyMaker:
    return KeyMaker([rsa_key().public], DC, seeded(seed))


def giver() -> ServerKeyMaker:
    return ServerKeyMaker(lambda: ServerExchange([rsa_key()], seeded()))


def test_a_client_keeps_few_answers_and_no_copies() -> None:
    client = maker()
    client.start(NOW)
    client.receive(b"same")
    client.receive(b"same")
    for number in range(100):
        client.receive(bytes((number,)))
    assert len(client._answers) <= 5
    assert client._answers.count(b"same") == 1


def test_a_client_keeps_one_large_answer_at_most() -> None:
    client = maker()
    client.start(NOW)
    for number in range(4):
        client.receive(bytes((number,)) * 1_000_000)
    assert len(client._answers) == 1
    assert client.take_work(NOW) is not None
    for number in range(4):
        client.receive(bytes((number,)) * 20_000)
    assert len(client._answers) == 3


def test_a_client_takes_one_step_at_a_time() -> None:
    client = maker()
    client.start(NOW)
    client.receive(b"one")
    client.receive(b"two")
    assert client.take_work(NOW) is not None
    assert client.take_work(NOW) is None
    assert client.deadline is None


def test_a_server_keeps_few_queries_and_takes_one_step_at_a_time() -> None:
    server = giver()
    for number in range(100):
        server.receive(bytes((number,)))
    assert len(server._queries) <= 4
    work = server.take_work(NOW)
    assert work is not None
    assert server.take_work(NOW) is None
    server.finish(work)
    assert server.take_work(NOW) is not None


def test_a_server_begins_anew_with_each_first_query() -> None:
    server = giver()
    answers = []
    for seed in (1, 2):
        server.receive(maker(seed).start(NOW))
        work = server.take_work(NOW)
        assert work is not None
        work.run()
        server.finish(work)
        answers.append(work)
    assert answers[0].exchange is not answers[1].exchange
    assert all(work.error is None for work in answers)
