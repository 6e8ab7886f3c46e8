"""How a local DC misbehaves on command: named faults, each armed for one time.

    dc.faults.bad_server_salt()             # the next call is answered with bad_server_salt
    dc.faults.cut(byte=10, packet=2)        # the third packet from now ends after ten bytes, and so does the connection
    dc.faults.applied["cut"]                # how often that has happened

`Faults` holds one method for each, `FAULTS` describes them for whoever wants a list.
"""

from __future__ import annotations

from mtproto.localdc.faults.catalogue import FAULTS, FaultInfo
from mtproto.localdc.faults.faults import Faults
from mtproto.localdc.faults.files import CDN_FILE, CDN_HASH, FILE_HASH, REUPLOAD, FileFaults, PartAnswer

__all__ = ["CDN_FILE", "CDN_HASH", "FAULTS", "FILE_HASH", "REUPLOAD", "FaultInfo", "Faults", "FileFaults", "PartAnswer"]
