"""Modular powers: Python's `pow`, whatever they run on."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mtproto.crypto
from mtproto.crypto import powers
from mtproto.crypto.dh import KNOWN_PRIME
from mtproto.crypto.powers import PowerBackend, power

BACKENDS: dict[str, Callable[[], PowerBackend]] = {
    "gmpy2": powers._gmpy2,
    "python": lambda: PowerBackend("python", pow),
    "chosen": lambda: PowerBackend(powers.power_backend(), power),
}

integers = st.integers(-(1 << 70), 1 << 70) | st.integers(-3, 3)
big = st.integers(1, 1 << 2100)


def load(name: str) -> Callable[[int, int, int], int]:
    try:
        return BACKENDS[name]().power
    except ImportError:
        pytest.skip(f"{name} is not installed")


def is_installed() -> bool:
    try:
        powers._gmpy2()
    except ImportError:
        return False
    return True


def outcome(function: Callable[[int, int, int], int], *numbers: int) -> int | str:
    """Return what comes out: a plain integer, or the name of what is raised."""
    try:
        result = function(*numbers)
    except ValueError as error:
        return type(error).__name__
    assert type(result) is int
    return result


@pytest.mark.parametrize("name", BACKENDS)
@given(base=integers, exponent=st.integers(-100, 1 << 70) | st.integers(-3, 3), modulus=integers)
def test_every_backend_is_pow_for_all_integers(name: str, base: int, exponent: int, modulus: int) -> None:
    assert outcome(load(name), base, exponent, modulus) == outcome(pow, base, exponent, modulus)


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=10)
@given(base=big, exponent=big, modulus=big)
def test_every_backend_is_pow_for_numbers_of_the_exchange(name: str, base: int, exponent: int, modulus: int) -> None:
    assert load(name)(base, exponent, modulus) == pow(base, exponent, modulus)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    ("base", "exponent", "modulus"),
    [
        (5, 0, 7),
        (5, 0, 1),
        (0, 0, 7),
        (0, 3, 7),
        (5, 3, 1),
        (5, 3, -1),
        (5, 3, 8),
        (5, 3, -7),
        (5, -1, 7),
        (-5, 3, 7),
        (7, 3, 7),
        (50, 3, 7),
        (14, -1, 7),
        (5, 3, 0),
        (5, -3, 0),
        (3, KNOWN_PRIME - 1, KNOWN_PRIME),
        (KNOWN_PRIME + 2, KNOWN_PRIME, KNOWN_PRIME),
        (True, True, 3),
    ],
)
def test_every_backend_is_pow_at_the_edges(name: str, base: int, exponent: int, modulus: int) -> None:
    assert outcome(load(name), base, exponent, modulus) == outcome(pow, base, exponent, modulus)


def test_gmpy2_serves_every_power_of_a_positive_exponent_and_an_odd_modulus(monkeypatch: pytest.MonkeyPatch) -> None:
    gmpy2 = pytest.importorskip("gmpy2", reason="gmpy2 is not installed")
    served: list[tuple[int, ...]] = []

    def powmod_sec(*numbers: int) -> int:
        served.append(numbers)
        return 0

    monkeypatch.setattr(gmpy2, "powmod_sec", powmod_sec)
    function = powers._gmpy2().power
    for exponent, modulus in [(1, 1), (1, 3), (KNOWN_PRIME, KNOWN_PRIME), (0, 3), (-1, 3), (1, 2), (1, -3)]:
        function(2, exponent, modulus)
    assert served == [(2, 1, 1), (2, 1, 3), (2, KNOWN_PRIME, KNOWN_PRIME)]


@pytest.mark.parametrize("absent", [(), ("gmpy2",)])
def test_a_process_uses_gmpy2_where_it_is_installed(absent: tuple[str, ...]) -> None:
    program = f"""
import sys
sys.modules.update(dict.fromkeys({absent!r}))
import mtproto.crypto
assert not sys.modules.get("gmpy2")
from mtproto.crypto.powers import power
print(mtproto.crypto.power_backend(), power(3, 5, 7))
"""
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert output.split() == ["gmpy2" if not absent and is_installed() else "python", "5"]


def test_the_backend_of_this_process_does_not_change() -> None:
    assert mtproto.crypto.power_backend() == powers._powers().name
    assert powers._powers() is powers._powers()


def test_no_power_of_three_numbers_is_made_elsewhere() -> None:
    """Only `powers.py` calls `pow`, but for inverses, whose exponent is -1."""
    root = Path(mtproto.crypto.__file__).parent.parent
    found = [
        f"{file.relative_to(root)}:{node.lineno}"
        for file in sorted(root.rglob("*.py"))
        if file.name != "powers.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pow" and ast.unparse(node.args[1]) != "-1"
    ]
    assert found == []
