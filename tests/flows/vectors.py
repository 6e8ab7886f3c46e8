"""Runs public vectors of thumbnails: a function for each kind, which raises where the library disagrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtproto.flows import jpeg_of_stripped, outline_path

__all__ = ["RUNNERS"]

Vector = dict[str, Any]


def run_stripped_jpeg(vector: Vector) -> None:
    assert jpeg_of_stripped(bytes.fromhex(vector["stripped"])).hex() == vector["jpeg"]


def run_svg_path(vector: Vector) -> None:
    assert outline_path(bytes.fromhex(vector["encoded"])) == vector["path"]


RUNNERS: dict[str, Callable[[Vector], None]] = {"stripped-jpeg": run_stripped_jpeg, "svg-path": run_svg_path}
