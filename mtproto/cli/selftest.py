"""`mtproto selftest`: whether everything works at a server, as a report that may be sent on."""

from __future__ import annotations

import asyncio
import json
import platform
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from mtproto import __version__
from mtproto.cli.errors import CommandFailed
from mtproto.cli.options import API_HASH, API_ID, BOT_TOKEN, PROXY, TIMEOUT
from mtproto.cli.render import plain_table, seconds_text
from mtproto.cli.selftest_checks import checks_of
from mtproto.cli.selftest_sites import local_site, test_site
from mtproto.cli.selftest_stand import CheckFailed, CheckSkipped, Stand
from mtproto.cli.selftest_transcript import Outcome, error_name
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.crypto import backend
from tl import api, nearest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from mtproto.cli.selftest_checks import Check
    from mtproto.cli.selftest_sites import Site
    from mtproto.cli.selftest_transcript import Fact

__all__ = ["command", "run_checks"]

_COLOURS = {"passed": "green", "failed": "bold red", "skipped": "yellow"}


@click.command("selftest", short_help="Check everything at a server, for a report.")
@click.option("--test", is_flag=True, help="At Telegram's test servers; needs --api-id.")
@click.option("--local", is_flag=True, help="At a network of local data centres: the default.")
@click.option("--json", "json_", is_flag=True, help="Print the report with its transcript as JSON, and nothing else.")
@click.option("--only", "names", metavar="CHECK", multiple=True, help="Make this check only; may be repeated.")
@PROXY
@TIMEOUT
@API_ID
@API_HASH
@BOT_TOKEN
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    test: bool,
    local: bool,
    json_: bool,
    names: tuple[str, ...],
    proxy: str | None,
    timeout: float,
    api_id: int | None,
    api_hash: str | None,
    bot_token: str | None,
) -> None:
    """Exchange keys, resume, lose salts, pack, fetch a file, use temporary keys, cut a connection, try all transports.

    Each check stands for itself. The report holds names, sizes and times: no key, no credential, no phone number, no
    text of a server. The exit status is 1 if a check failed. The check of a file needs a login: that of --bot-token,
    or, with --test, that of a test number.
    """
    if test and local:
        raise click.UsageError("--test and --local exclude one another")
    if not test and proxy is not None:
        raise click.UsageError("--proxy needs --test: the local network is on this machine")
    site = None
    if test:
        if api_id is None:
            raise click.UsageError("Telegram's test servers want an application's id: MTPROTO_API_ID or --api-id")
        site = test_site(api_id, api_hash or "", bot_token)
    asyncio.run(_run(terminal, site, names, timeout=timeout, proxy=proxy, json_=json_))


async def _run(
    terminal: Terminal, site: Site | None, names: Sequence[str], *, timeout: float, proxy: str | None, json_: bool
) -> None:
    async with AsyncExitStack() as stack:
        if site is None:
            site = await stack.enter_async_context(local_site())
        checks = _chosen(checks_of(site), names)
        stand = Stand(site, timeout, proxy)
        outcomes = []
        async for outcome in run_checks(stand, checks):
            outcomes.append(outcome)
            if not json_:
                terminal.note(f"{outcome.outcome}: {outcome.name}")
    report = Report(site.name, proxy is not None, outcomes)
    if json_:
        terminal.write(terminal.secrets.hide(json.dumps(report.to_dict(), indent=1)))
    else:
        report.show(terminal, {check.name: check.about for check in checks})
    failed = [outcome.name for outcome in report.outcomes if outcome.outcome == "failed"]
    if failed:
        raise CommandFailed(f"{len(failed)} of {len(report.outcomes)} checks failed: {', '.join(failed)}")


def _chosen(checks: Sequence[Check], names: Sequence[str]) -> Sequence[Check]:
    known = [check.name for check in checks]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"there is no check {name!r}{nearest(name, known)}", param_hint="--only")
    return [check for check in checks if not names or check.name in names]


async def run_checks(stand: Stand, checks: Sequence[Check]) -> AsyncIterator[Outcome]:
    """Make checks one after the other, and give what came of each: no failure of one stops the others."""
    for check in checks:
        yield await _outcome(stand, check)


async def _outcome(stand: Stand, check: Check) -> Outcome:
    recorder = stand.begin()
    facts: Mapping[str, Fact] = {}
    outcome, reason = "passed", ""
    try:
        async with asyncio.timeout(check.limit) as limit:
            facts = await check.run(stand)
    except CheckSkipped as error:
        outcome, reason = "skipped", str(error)
    except CheckFailed as error:
        outcome, reason = "failed", str(error)
    except Exception as error:  # whatever it is, the other checks are to be made
        over = isinstance(error, TimeoutError) and limit.expired()
        outcome, reason = "failed", f"not done within {check.limit:.0f} s" if over else error_name(error)
    return Outcome(
        name=check.name,
        outcome=outcome,
        reason=reason,
        seconds=recorder.seconds,
        facts=facts,
        transcript=recorder.entries,
    )


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all checks, and of what they were made with.

    Attributes:
        servers: where the checks went.
        proxied: whether they went through a proxy.
        outcomes: what came of each.

    """

    servers: str
    proxied: bool
    outcomes: Sequence[Outcome]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON."""
        return {
            "mtproto": __version__,
            "python": platform.python_version(),
            "system": platform.system(),
            "aes": backend(),
            "layer": api.layer,
            "servers": self.servers,
            "proxy": self.proxied,
            **self._counts(),
            "checks": [outcome.to_dict() for outcome in self.outcomes],
        }

    def _counts(self) -> dict[str, int]:
        return {name: sum(outcome.outcome == name for outcome in self.outcomes) for name in _COLOURS}

    def show(self, terminal: Terminal, about: Mapping[str, str]) -> None:
        """Show the report as a table: a row for each check."""
        table = plain_table("check", "outcome", "time", "what", right=frozenset({"time"}))
        for outcome in self.outcomes:
            facts = ", ".join(f"{name} {value}" for name, value in outcome.facts.items())
            words = outcome.reason or f"{about[outcome.name]}{f' ({facts})' if facts else ''}"
            table.add_row(
                Text(outcome.name),
                Text(outcome.outcome, style=_COLOURS[outcome.outcome]),
                seconds_text(outcome.seconds),
                Text(terminal.secrets.hide(words)),
            )
        terminal.out.print(table)
        counts = ", ".join(f"{count} {name}" for name, count in self._counts().items())
        terminal.out.print(Text(f"{self.servers}: {counts}"))
