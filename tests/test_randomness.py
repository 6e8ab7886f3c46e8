"""Whatever is drawn at random comes from the operating system, unless the caller brings a source of his own.

core.telegram.org/mtproto/security_guidelines: nonces, exponents, session ids and padding need a secure generator. Each
room shows that it draws from the source that it is given; here stands what they are given, and that there is no other.
"""

from __future__ import annotations

import ast
import inspect
import os
from pathlib import Path
from typing import Any

import pytest

from mtproto.localdc.data_centre import DataCentre
from mtproto.net import Listener, ask_plain
from mtproto.net.options import ConnectionOptions
from mtproto.proxy import ProxyServer

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("place", [ConnectionOptions, Listener, DataCentre, ProxyServer, ask_plain])
def test_the_source_is_by_default_that_of_the_operating_system(place: Any) -> None:
    assert inspect.signature(place).parameters["random"].default is os.urandom


def test_no_module_imports_a_generator_that_can_be_foretold() -> None:
    for package in ("mtproto", "tl"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_bytes())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
                module = node.module if isinstance(node, ast.ImportFrom) else None
                assert "random" not in (names if module is None else [module]), file
