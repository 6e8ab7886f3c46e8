"""The data centre that is attacked: `python -m tests.hostile.victims.dc`, started by the harness."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.localdc import LocalDC
from tests.hostile.victims.common import answer, commands, run
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall

TAKES = 0.06
"""Seconds for a slow answer: more than one replay of a packet takes."""

MUCH = 900_000
"""Bytes of a large answer, such as a part of a file is."""


async def main(options: dict[str, Any]) -> None:
    """Serve until the harness closes the pipe."""
    async with LocalDC(key=RSAPrivateKey.from_pem(options["pem"])) as dc:
        answer(
            {
                "address": dc.address,
                "api_id": dc.api_id,
                "api_hash": dc.api_hash,
                "bot_token": dc.bot_token,
            }
        )

        @dc.handler(api.functions.help.GetNearestDc)
        async def nearest(_call: IncomingCall) -> Any:
            await asyncio.sleep(TAKES)
            return api.types.NearestDc(country="XX", this_dc=2, nearest_dc=2)

        @dc.handler(api.functions.help.GetPassportConfig)
        async def much(_call: IncomingCall) -> Any:
            return api.types.help.PassportConfig(hash=0, countries_langs=api.types.DataJSON(data="x" * MUCH))

        pushed = 0

        async def handle(command: dict[str, Any]) -> dict[str, Any]:
            nonlocal pushed
            if command["do"] == "push":
                pushed += 1
                sent = await dc.push(api.types.UpdatesTooLong())
                return {"sessions": sent, "pushed": pushed}
            state = dc._centre.listener.state
            return {
                "connections": dc._centre.listener.connections,
                "sessions": sum(len(key.sessions) for key in state),
                "keys": len(list(state)),
            }

        await commands(handle)


if __name__ == "__main__":
    run(main)
