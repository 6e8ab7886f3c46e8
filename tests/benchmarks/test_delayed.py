"""The relay that holds bytes for a while: nothing is lost, and connections are counted."""

from __future__ import annotations

import socket

from benchmarks.delayed import delayed


def test_a_relay_passes_bytes_on_late_and_counts_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        with delayed({"host": host, "port": port, "dc_id": 2}, 0.001) as (dc, counts):
            assert (dc["dc_id"], dc["port"] == port) == (2, False)
            for _ in range(2):
                with socket.create_connection((dc["host"], dc["port"])) as client:
                    client.sendall(bytes(5))
                    far, _address = server.accept()
                    with far:
                        assert far.recv(5, socket.MSG_WAITALL) == bytes(5)
                        far.sendall(bytes(7))
                        assert client.recv(7, socket.MSG_WAITALL) == bytes(7)
                    assert client.recv(1) == b""
            assert counts()["all"] == 2
