"""A data centre that answers as you say and misbehaves when you say so: for tests of a client of your own."""

from typing import Any

from mtproto import blocking
from mtproto.errors import FloodWait
from mtproto.localdc import LocalDCThread, Refused
from tl import api

with LocalDCThread() as dc:
    answers = iter([Refused(420, "FLOOD_WAIT_31"), api.types.NearestDc(country="NL", this_dc=2, nearest_dc=4)])

    @dc.handler(api.functions.help.GetNearestDc)
    def nearest(call: Any) -> Any:
        """Refuse the first call, and answer the second one."""
        answer = next(answers)
        if isinstance(answer, Refused):
            raise answer
        return answer

    with blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
        try:
            client(api.functions.help.GetNearestDc())
        except FloodWait as error:
            print("wait for", error.seconds, "seconds")
        dc.faults.bad_server_salt()
        dc.faults.cut(byte=20)
        print("nearest:", client(api.functions.help.GetNearestDc()).nearest_dc)
    print("on the way:", ", ".join(sorted(dc.faults.applied)))
