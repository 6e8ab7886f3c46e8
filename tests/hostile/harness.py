"""One attack from its beginning to its end: the victims' processes, what they did in peace and under attack."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.message.key_state import KeyState, Salt
from tests.hostile.attack import DC, Attack, Goals
from tests.hostile.process import Victim, VictimStuck
from tests.hostile.scene import Scene
from tests.hostile.scene_client import ClientScene
from tests.hostile.scene_dc import DcScene, Relay

__all__ = ["Course", "Outcome", "percentile", "run_attack"]

SLACK = 0.2
"""Seconds by which a call may be settled after its deadline."""

SLACK_IN_CI = 1.0
"""The same on machines that may be slow and busy."""

BUSY = 25.0
"""Milliseconds: where calls take that long without an attack, the attack is judged by what it adds."""

HEALTHY_EVERY = 0.01
HEALTHY_WITHIN = 5.0
WARM_UP = 0.2
"""Seconds of calls that are not counted: the first of each kind builds what reads and writes it."""

ATTACKED_EVERY = 0.05
ATTACKED_WITHIN = 1.0
OPENS_WITHIN = 5.0
OPENS_WITHIN_UNDER_ATTACK = 3.0
PUSH_EVERY = 0.2
SPARE_UPDATES = 3
"""The last ones, which may be under way when the client reports."""
AFTERWARDS = 1.5
"""Seconds that an attack goes on when no new calls are made: those that are under way must be settled all the same."""

GRACE = 10.0
"""Seconds that a victim may be late with its report before it counts as stuck."""

FAKE_TLS_SECRET = "ee" + "11" * 16 + b"example.com".hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How attacks are run.

    Attributes:
        seconds: for which each one lasts.
        short: with smaller numbers, and without judging times, as in CI.
        uvloop: all victims run on uvloop.
        asyncio_debug: the victims' loops run in asyncio's debug mode, which is slow.

    """

    seconds: float = 4.0
    short: bool = False
    uvloop: bool = False
    asyncio_debug: bool = False


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one attack.

    Attributes:
        name: of the attack, with the face where a client was attacked.
        quiet: the healthy client's calls without the attack.
        stormy: the same under it.
        attacked: against a client, the calls over the attacked connection.
        grown: bytes of peak memory above idle.
        cpu: processor seconds of the victim under attack.
        missed: the goals that were missed, in words.
        notes: what else was seen.

    """

    attack: Attack
    name: str
    quiet: dict[str, Any] = field(default_factory=dict)
    stormy: dict[str, Any] = field(default_factory=dict)
    attacked: dict[str, Any] = field(default_factory=dict)
    grown: int = 0
    cpu: float = 0.0
    missed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that at least this share of all does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


@cache
def _rsa_key() -> RSAPrivateKey:
    """Return one key for all servers of a run: making it takes longer than an attack."""
    return RSAPrivateKey.generate()


async def run_attack(attack: Attack, course: Course, face: str = "asyncio") -> Outcome:
    """Run one attack and judge what came of it."""
    name = attack.name if attack.against == DC else f"{attack.name} ({face})"
    outcome = Outcome(attack=attack, name=name)
    if attack.options.get("uvloop"):
        course = replace(course, uvloop=True)
    course = replace(course, seconds=max(course.seconds, attack.options.get("at_least", 0.0)))
    run = _against_dc if attack.against == DC else _against_client
    try:
        await run(attack, course, outcome, face)
    except VictimStuck as stuck:
        outcome.missed.append(str(stuck))
    except (OSError, EOFError, TimeoutError) as error:  # before there was an attack
        outcome.missed.append(f"the victim was not to be reached: {type(error).__name__}")
    _judge(outcome, attack.goals, course)
    return outcome


# The judgement -------------------------------------------------------------------------------------------------------


def _judge(outcome: Outcome, goals: Goals, course: Course) -> None:
    missed, stormy, attacked = outcome.missed, outcome.stormy, outcome.attacked
    slack = SLACK_IN_CI if course.short else SLACK
    for who, calls in (("healthy", stormy), ("attacked", attacked)):
        for error, count in calls.get("failed", {}).items():
            if error.startswith("foreign"):
                missed.append(f"{count} {who} calls ended in a {error}")
        if calls.get("overrun", 0.0) > slack:
            missed.append(f"a call of the {who} client was settled {calls['overrun']:.1f} s after its deadline")
    if goals.answered and stormy.get("failed"):
        missed.append(f"healthy calls failed: {_counted(stormy['failed'])}")
    if goals.attacked_answered and attacked.get("failed"):
        missed.append(f"attacked calls failed: {_counted(attacked['failed'])}")
    p99, quiet = (percentile(calls.get("took", []), 0.99) for calls in (stormy, outcome.quiet))
    allowed = goals.p99
    if quiet > BUSY:
        allowed += quiet
        outcome.notes.append(f"the machine is busy: without the attack p99 was {quiet:.0f} ms already")
    if p99 > allowed and not course.short:
        missed.append(f"p99 {p99:.0f} ms, at most {allowed:.0f}")
    if outcome.grown > goals.memory:
        missed.append(f"{outcome.grown >> 20} MiB above idle, at most {goals.memory >> 20}")


def _counted(failed: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in failed.items())


# Victims -------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _victim(module: str, outcome: Outcome, course: Course, **config: Any) -> AsyncIterator[Victim]:
    loop = {"uvloop": course.uvloop, "asyncio_debug": course.asyncio_debug}
    victim = await Victim.start(f"tests.hostile.victims.{module}", {**loop, **config})
    try:
        yield victim
    finally:
        await victim.end()
        outcome.missed += dict.fromkeys(victim.complaints)
        outcome.notes += victim.errors.splitlines()[-3:] if victim.complaints else []


@asynccontextmanager
async def _attacker(attack: Attack, scene: Scene, outcome: Outcome) -> AsyncIterator[asyncio.Task[None]]:
    """Let the attacker prepare; it attacks once `scene.go` is set, and is stopped at the end."""

    async def run() -> None:
        await attack.run(scene)

    task = asyncio.get_running_loop().create_task(run())
    try:
        prepared = asyncio.ensure_future(scene.prepared.wait())
        await asyncio.wait({task, prepared}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        prepared.cancel()
        if task.done():
            task.result()
        yield task
    finally:
        scene.on = False
        scene.go.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(attack.options.get("patience", 2.0)):
                await asyncio.wait({task})
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled() and (error := task.exception()) is not None:
            what = f"the attacker ended with {type(error).__name__}: {error}"
            # Connections that the victim has closed end an attack as the attacker may expect.
            (outcome.notes if isinstance(error, OSError | EOFError | VictimStuck) else outcome.missed).append(what)
        scene.close()
        outcome.missed += scene.complaints
        outcome.notes += scene.notes


# Against a data centre -----------------------------------------------------------------------------------------------


async def _against_dc(attack: Attack, course: Course, outcome: Outcome, _face: str) -> None:
    pem = _rsa_key().to_pem()
    async with _victim("dc", outcome, course, pem=pem) as dc, _victim("client", outcome, course) as client:
        ready = await dc.hear()
        await client.hear()
        scene = DcScene(dc, ready, [_rsa_key().public], short=course.short)
        await scene.prepare(attack.options.get("earlier", 0))
        address = scene.address
        if attack.options.get("record"):
            scene.relay = Relay(scene.address)
            address = await scene.relay.start()
        try:
            async with _attacker(attack, scene, outcome) as task:
                opened = await client.ask(
                    GRACE,
                    do="open",
                    who=["healthy"],
                    face="asyncio",
                    address=address,
                    pem=_rsa_key().public.to_pem(),
                    state=scene.healthy.to_bytes().hex(),
                    timeout=OPENS_WITHIN,
                    request=attack.options.get("request", "config"),
                    **{name: ready[name] for name in ("api_id", "api_hash", "bot_token")},
                )
                if opened["error"]:
                    outcome.missed.append(f"the healthy client could not connect: {opened['error']}")
                    return
                await _storm_dc(dc, client, scene, course, outcome)
                del task
        finally:
            if scene.relay is not None:
                await scene.relay.close()


async def _storm_dc(dc: Victim, client: Victim, scene: DcScene, course: Course, outcome: Outcome) -> None:
    await _healthy(client, WARM_UP)
    outcome.quiet = await _healthy(client, min(1.0, course.seconds))
    idle, cpu = dc.memory(), dc.cpu()
    dc.forget_peak()
    scene.strike(course.seconds + AFTERWARDS)
    await asyncio.sleep(0.2)
    pushing = asyncio.get_running_loop().create_task(_push(dc, scene))
    try:
        every = outcome.attack.options.get("every", HEALTHY_EVERY)
        outcome.stormy = await _healthy(client, course.seconds, every)
    finally:
        outcome.grown, outcome.cpu = max(0, dc.peak() - idle), dc.cpu() - cpu
        scene.on = False
        pushed = await pushing
    if outcome.attack.goals.updates:
        # No call is made to fetch them: what is pushed has to come by itself.
        got = sum(outcome.stormy["updates"].values())
        if got < pushed - SPARE_UPDATES:
            outcome.missed.append(f"{pushed - got} of {pushed} updates did not come in time")


async def _healthy(client: Victim, seconds: float, every: float = HEALTHY_EVERY) -> dict[str, Any]:
    options = {"seconds": seconds, "every": every, "within": HEALTHY_WITHIN}
    told = await client.ask(seconds + HEALTHY_WITHIN + GRACE, do="measure", who=["healthy"], healthy=options)
    report: dict[str, Any] = told["healthy"]
    return report


async def _push(dc: Victim, scene: Scene) -> int:
    """Have the data centre push updates to the healthy client; return how many."""
    pushed = 0
    while scene.on:
        try:
            pushed = (await dc.ask(GRACE, do="push"))["pushed"]
        except VictimStuck as stuck:
            scene.complaints.append(str(stuck))
            break
        await asyncio.sleep(PUSH_EVERY)
    return pushed


# Against a client ----------------------------------------------------------------------------------------------------


async def _against_client(attack: Attack, course: Course, outcome: Outcome, face: str) -> None:
    key = _rsa_key()
    async with _victim("dc", outcome, course, pem=key.to_pem()) as dc, _victim("client", outcome, course) as client:
        ready = await dc.hear()
        await client.hear()
        scene = ClientScene(client, key, short=course.short)
        scene.honest = (ready["address"][0], ready["address"][1])
        address = await scene.start()
        try:
            async with _attacker(attack, scene, outcome):
                common = {"do": "open", "face": face, "pem": key.public.to_pem(), "timeout": OPENS_WITHIN}
                healthy = await client.ask(GRACE, **common, who=["healthy"], address=ready["address"])
                if healthy["error"]:
                    outcome.missed.append(f"the healthy connection was not opened: {healthy['error']}")
                    return
                await _storm_client(client, scene, course, outcome, {**common, **_way(attack, scene, address)})
        finally:
            await scene.stop()


def _way(attack: Attack, scene: ClientScene, address: tuple[str, int]) -> dict[str, Any]:
    """Return the options of the connection that is attacked."""
    options = {name: value for name, value in attack.options.items() if name not in ("at_least", "patience")}
    chosen: dict[str, Any] = {"address": address, "read_updates": options.pop("reads", True), "request": "users"}
    if options.pop("honest_behind", False):
        chosen["request"] = "config"
    elif options.pop("state", True):
        state = KeyState(auth_key=scene.auth_key, dc_id=2, salts=[Salt(0, (1 << 31) - 1, 1)])
        chosen["state"] = state.to_bytes().hex()
    through = options.pop("through", None)
    host, port = address
    if through == "tg":
        chosen |= {
            "proxy": f"tg://proxy?server={host}&port={port}&secret={FAKE_TLS_SECRET}",
            "address": scene.honest,
        }
    elif through is not None:
        chosen |= {"proxy": f"{through}://{host}:{port}", "address": scene.honest}
    return {**chosen, **options}


async def _storm_client(
    client: Victim, scene: ClientScene, course: Course, outcome: Outcome, way: dict[str, Any]
) -> None:
    await _healthy(client, WARM_UP)
    outcome.quiet = await _healthy(client, min(1.0, course.seconds))
    opens_under_attack = "state" not in way and "pfs" not in way
    opened = False
    if not opens_under_attack:
        await _open(client, outcome, way, within=OPENS_WITHIN, must=True)
        await _both(client, 0.3)  # so that what comes first is over
    idle, cpu = client.memory(), client.cpu()
    client.forget_peak()
    scene.strike(course.seconds + AFTERWARDS)
    try:
        if opens_under_attack:
            opening = {**way, "timeout": OPENS_WITHIN_UNDER_ATTACK}
            opened = await _open(client, outcome, opening, within=OPENS_WITHIN_UNDER_ATTACK, must=False)
            if not opened:
                outcome.stormy = await _healthy(client, course.seconds)
        if not opens_under_attack or opened:
            reports = await _both(client, course.seconds)
            outcome.stormy, outcome.attacked = reports["healthy"], reports["attacked"]
    finally:
        outcome.grown, outcome.cpu = max(0, client.peak() - idle), client.cpu() - cpu
    closed = await client.ask(GRACE, do="close", who=["attacked"])
    if closed["attacked"]["error"] or closed["attacked"]["seconds"] > ATTACKED_WITHIN + SLACK_IN_CI:
        outcome.missed.append(f"the attacked client did not close: {closed['attacked']}")


async def _open(client: Victim, outcome: Outcome, way: dict[str, Any], *, within: float, must: bool) -> bool:
    """Open the connection that is attacked; return whether that succeeded."""
    told = await client.ask(within + GRACE, **way, who=["attacked"])
    if told["error"].startswith("foreign"):
        outcome.missed.append(f"open() ended in a {told['error']}")
    elif must and told["error"]:
        outcome.missed.append(f"the connection was not opened: {told['error']}")
    elif told["seconds"] > within + SLACK_IN_CI:
        outcome.missed.append(f"open() was settled {told['seconds'] - within:.1f} s after its deadline")
    outcome.notes.append(f"open: {told['error'] or 'done'} after {told['seconds']:.1f} s")
    return not told["error"]


async def _both(client: Victim, seconds: float) -> dict[str, Any]:
    """Measure both connections at once."""
    return await client.ask(
        seconds + HEALTHY_WITHIN + GRACE,
        do="measure",
        who=["healthy", "attacked"],
        healthy={"seconds": seconds, "every": HEALTHY_EVERY, "within": HEALTHY_WITHIN},
        attacked={"seconds": seconds, "every": ATTACKED_EVERY, "within": ATTACKED_WITHIN},
    )
