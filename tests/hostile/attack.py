"""The table of attacks: name, against whom, what it does, and what the victim must keep to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.hostile.scene_client import ClientScene
    from tests.hostile.scene_dc import DcScene

__all__ = ["CLIENT", "DC", "MANY", "ONE", "REGISTRY", "Attack", "Goals", "against_client", "against_dc"]

DC: Final = "dc"
CLIENT: Final = "client"

ONE = 50.0
"""Milliseconds: the healthy client's p99 under the attack of one connection."""

MANY = 250.0
"""The same under the attack of 500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """What the victim must keep to.

    Attributes:
        p99: milliseconds that the healthy client's calls take at most, but for one in a hundred.
        memory: bytes above idle at most.
        answered: whether all calls of the healthy client must be answered.
        updates: whether the healthy client must receive every update that is pushed meanwhile.
        attacked_answered: against a client: whether the calls over the attacked connection must be answered too.

    """

    p99: float = ONE
    memory: int = 64 << 20
    answered: bool = True
    updates: bool = True
    attacked_answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack.

    Attributes:
        name: what it is called on the command line.
        against: `DC` or `CLIENT`.
        what: what it does, in one sentence.
        run: the attacker; it gets the scene, prepares, calls `scene.begin()`, and attacks while `scene.on`.
        goals: what the victim must keep to.
        options: of the victim.
        faces: against a client: the faces that are attacked.

    """

    name: str
    against: str
    what: str
    run: Callable[[Any], Awaitable[None]]
    goals: Goals = field(default_factory=Goals)
    options: dict[str, Any] = field(default_factory=dict)
    faces: tuple[str, ...] = ("asyncio", "blocking")


REGISTRY: dict[str, Attack] = {}
"""All attacks by name; filled when `tests.hostile.attacks` is imported."""


def _enter(attack: Attack) -> None:
    if attack.name in REGISTRY:
        raise ValueError(f"two attacks are called {attack.name}")
    REGISTRY[attack.name] = attack


def against_dc(
    name: str, what: str, *, goals: Goals | None = None, **options: Any
) -> Callable[[Callable[[DcScene], Awaitable[None]]], Callable[[DcScene], Awaitable[None]]]:
    """Enter the decorated function into the table, as an attack on a data centre.

    Of `options`, `at_least` is for how many seconds it goes on however short the course is, and `patience` how many it
    may take to end; `record` leads the healthy client through a relay that keeps what it sends (`scene.recorded`), and
    `earlier` gives a number of earlier sessions of the healthy client's key (`scene.earlier`). `request` and `every`
    say what the healthy client calls, and how often; `uvloop` puts the victims on it.
    """

    def enter(run: Callable[[DcScene], Awaitable[None]]) -> Callable[[DcScene], Awaitable[None]]:
        _enter(Attack(name=name, against=DC, what=what, run=run, goals=goals or Goals(), options=options, faces=()))
        return run

    return enter


def against_client(
    name: str,
    what: str,
    *,
    goals: Goals | None = None,
    faces: tuple[str, ...] = ("asyncio", "blocking"),
    **options: Any,
) -> Callable[[Callable[[ClientScene], Awaitable[None]]], Callable[[ClientScene], Awaitable[None]]]:
    """Enter the decorated function into the table, as an attack on a client.

    `options` are those of the connection that is attacked. Besides, `state=False` lets it make its key under attack;
    `reads=False` leaves its updates unread; `through` leads it through the attacker as a proxy of that scheme ("http",
    "socks5", "tg"); `honest_behind` says that the attacker passes on to an honest data centre; `at_least` and
    `patience` are as in `against_dc`.
    """

    def enter(run: Callable[[ClientScene], Awaitable[None]]) -> Callable[[ClientScene], Awaitable[None]]:
        _enter(
            Attack(name=name, against=CLIENT, what=what, run=run, goals=goals or Goals(), options=options, faces=faces)
        )
        return run

    return enter
