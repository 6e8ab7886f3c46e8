"""The blocking client: the answer needs no `await`, and results that are no objects have their Python type."""

from mtproto import blocking
from mtproto.localdc import LocalDCThread
from tl import api


def data_centres(config: api.types.Config) -> list[int]:
    return sorted({option.id for option in config.dc_options})


with LocalDCThread() as dc, blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
    assert data_centres(client(api.functions.help.GetConfig())) == [dc.dc_id]
    nearest: api.types.NearestDc = client(api.functions.help.GetNearestDc())
    country: str = nearest.country
    assert country == nearest.country
