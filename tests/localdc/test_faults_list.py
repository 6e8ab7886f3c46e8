"""The list of faults is complete and says how each is written; what is written wrongly is refused before it waits."""

from __future__ import annotations

import os
import threading

import pytest

from mtproto import blocking
from mtproto.errors import LocalProtocolError
from mtproto.exchange import ExchangeFaults
from mtproto.localdc import FAULTS, Faults, LocalDCThread
from mtproto.localdc.faults.armed import ArmedFaults, Effect
from tl import api

MACHINERY = {
    "applied",
    "change_answer",
    "change_fields",
    "change_part",
    "exchange",
    "files",
    "apply",
    "armed",
    "disarm",
    "incoming",
    "outgoing",
    "override",
    "reading",
    "take_answer",
    "updates",
    "writing",
}


def new_faults() -> Faults:
    return Faults(os.urandom)


def test_every_fault_stands_in_the_list() -> None:
    methods = {name for name in dir(Faults) if not name.startswith("_")}
    assert methods - MACHINERY == set(FAULTS)


def test_every_fault_is_described() -> None:
    for fault in FAULTS.values():
        assert fault.description.endswith("."), fault.name
        assert fault.usage.startswith(fault.name)


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("flood", "flood"),
        ("bad_msg", "bad_msg=code"),
        ("cut", "cut=byte[,packet: 0]"),
        ("stale_packet", "stale_packet[=seconds: -400]"),
        ("wrong_hash", "wrong_hash[=constructor: dh_gen_ok]"),
    ],
)
def test_the_usage_names_the_arguments(name: str, usage: str) -> None:
    assert FAULTS[name].usage == usage


ARGUMENTS = {"bad_msg": "16", "transport_error": "-404", "cut": "10", "cut_received": "3", "flip_bit": "7,1"}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_armed_by_its_name(name: str) -> None:
    faults = new_faults()
    FAULTS[name].arm(faults, ARGUMENTS.get(name, "0" if name == "flip_received_bit" else ""))
    assert faults.armed is (name not in dir(ExchangeFaults))
    assert faults.applied == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bad_msg", ""),
        ("bad_msg", "16,17"),
        ("bad_msg", "sixteen"),
        ("flood", "1"),
        ("cut", "-1"),
        ("cut", "1,-1"),
        ("cut_received", "-1"),
        ("flip_bit", "-1"),
        ("flip_received_bit", "-1"),
        ("garbage", "-1"),
        ("garbage_stream", "0"),
        ("oversize_frame", "25"),
        ("oversize_frame", "8"),
        ("gzip_bomb", "0"),
        ("short_part", "0"),
        ("stalled_part", "0"),
        ("stalled_part", "86401"),
        ("file_grows", "0"),
        ("file_flood_wait", "-1"),
        ("file_premium_wait", "-1"),
        ("container_of", "0"),
        ("transport_error", "404"),
        ("transport_error", "-2147483649"),
        ("bad_msg", "99"),
        ("bad_msg", "0"),
        ("stale_packet", "9999999999"),
        ("garbage", "99999999999"),
        ("garbage_stream", "99999999999"),
        ("oversize_frame", "16000000000008"),
        ("dh_gen_retry", "0"),
        ("dh_gen_retry", "99999999999"),
        ("bad_g", "4294967296"),
        ("wrong_nonce", "resPQX"),
        ("wrong_server_nonce", "pong"),
        ("wrong_hash", "resPQ"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(name: str, text: str) -> None:
    faults = new_faults()
    with pytest.raises(LocalProtocolError, match=name if name != "wrong_hash" else "resPQ"):
        FAULTS[name].arm(faults, text)
    assert not faults.armed


def test_what_was_taken_back_does_not_happen(local_dc: LocalDCThread) -> None:
    for name, fault in FAULTS.items():
        fault.arm(local_dc.faults, ARGUMENTS.get(name, "0" if name == "flip_received_bit" else ""))
    local_dc.faults.disarm()
    assert not local_dc.faults.armed
    with blocking.connect(local_dc.address, keys=local_dc.keys, api_id=local_dc.api_id) as client:
        assert client(api.functions.help.GetNearestDc()).this_dc == local_dc.dc_id
    assert local_dc.faults.applied == {}


def test_a_dc_has_faults_of_its_own(local_dc: LocalDCThread) -> None:
    local_dc.faults.flood()
    assert local_dc.faults.armed
    assert not LocalDCThread(key=local_dc.private_key).faults.armed


# ArmedFaults


def test_the_first_fault_that_fits_takes_what_comes() -> None:
    happened: list[str] = []
    waiting: ArmedFaults[int, str] = ArmedFaults(happened.append)
    waiting.arm("even", lambda number: Effect("even") if number % 2 == 0 else None)
    waiting.arm("any", lambda number: Effect("any"))
    waiting.arm("any", lambda number: Effect("any again"))
    assert [waiting.show(number) for number in (3, 4, 5, 6)] == [
        ("any", True),
        ("even", True),
        ("any again", True),
        None,
    ]
    assert happened == ["any", "even", "any"]
    assert not waiting


def test_a_fault_that_is_not_over_waits_on_and_has_not_happened() -> None:
    happened: list[str] = []
    waiting: ArmedFaults[int, str] = ArmedFaults(happened.append)
    waiting.arm("third", lambda number: Effect("last", over=True) if number == 3 else Effect("not yet", over=False))
    assert [waiting.show(number) for number in (1, 2)] == [("not yet", False)] * 2
    assert happened == []
    assert waiting.show(3) == ("last", True)
    assert happened == ["third"]


def test_faults_may_be_armed_in_any_thread_while_others_are_used_up() -> None:
    waiting: ArmedFaults[int, int] = ArmedFaults(lambda name: None)
    armed = 2000

    def arm() -> None:
        for _ in range(armed):
            waiting.arm("one", Effect)

    threads = [threading.Thread(target=arm) for _ in range(4)]
    for thread in threads:
        thread.start()
    used = 0
    while any(thread.is_alive() for thread in threads) or waiting:
        used += waiting.show(0) is not None
    assert used == 4 * armed
