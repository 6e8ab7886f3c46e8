"""A client of another layer: its schema is loaded by the layer's number."""

import asyncio

import tl
from mtproto import LocalDC, connect


async def main() -> None:
    layer = tl.load_layer(181)
    async with LocalDC() as dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id, schema=layer) as client:
        nearest = await client(layer.functions.help.GetNearestDc())
        assert nearest.this_dc == dc.dc_id


asyncio.run(main())
