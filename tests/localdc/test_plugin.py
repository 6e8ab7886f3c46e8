"""The pytest fixture, used as somebody else's test suite would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.net.support import SOON

SUITE = """
from mtproto import blocking
from tl import api

ADDRESSES = []

def test_mine(local_dc):
    @local_dc.handler(api.functions.help.GetNearestDc)
    def nearest(call):
        return api.types.NearestDc(country="mine", this_dc=2, nearest_dc=2)

    ADDRESSES.append(local_dc.address)
    with blocking.connect(local_dc.address, keys=local_dc.keys, api_id=local_dc.api_id) as client:
        assert client(api.functions.help.GetNearestDc()).country == "mine"

def test_the_next_one_has_a_dc_of_its_own(local_dc):
    with blocking.connect(local_dc.address, keys=local_dc.keys, api_id=local_dc.api_id) as client:
        assert client(api.functions.help.GetNearestDc()).country == ""
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder of its own, with the plugin named unless the installed package names it already."""
    command = [sys.executable, "-m", "pytest", "-p", "mtproto.localdc.pytest_plugin", "-p", "no:cacheprovider"]
    root = Path(__file__).resolve().parents[2]
    environment = {"PYTHONPATH": str(root), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=SOON, check=False
    )


def test_a_foreign_suite_gets_a_dc_for_each_test(tmp_path: Path) -> None:
    (tmp_path / "test_foreign.py").write_text(SUITE)
    done = run(tmp_path, "-q", "-W", "error")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_loads_nothing_of_ours_before_a_test_asks(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    ours = {name for name in sys.modules if name.split('.')[0] in ('mtproto', 'tl')}\n"
        "    assert ours <= {'mtproto', 'mtproto._lazy', 'mtproto.localdc', 'mtproto.localdc.pytest_plugin'}\n"
        "    assert 'cryptography' not in sys.modules\n"
    )
    done = run(tmp_path, "-q")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
