"""The packed history of layers, and the schemas that are made of it."""

from __future__ import annotations

import gc
import re
import sys
import threading
import weakref
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tl
from tests.history.__main__ import LACKING, PACKED, compressed, pack
from tl import Schema, SchemaError, api, history, layer_loader, service


def test_the_layers_that_there_are() -> None:
    numbers = tl.layers()
    assert len(numbers) == 168
    assert set(numbers) == {46, *range(51, 230)} - LACKING
    assert list(numbers) == sorted(numbers)
    assert numbers[-1] == api.layer


def test_the_packed_file_is_what_the_tool_makes_of_the_table(shared: Path) -> None:
    text = pack((shared / "schema/history.tsv").read_text("utf-8"))
    assert zlib.decompress(PACKED.read_bytes()).decode() == text
    assert len(compressed(text)) < 96_000


def test_each_layer_is_what_the_table_says(shared: Path) -> None:
    rows = [line.split("\t") for line in (shared / "schema/history.tsv").read_text("utf-8").splitlines()[1:]]
    for number in (46, 62, 98, 105, 126, 128, 133, 181, 194, 227, 228):
        declared = [(kind, text) for where, kind, text in rows if number in history.numbers(where)]
        types, _, functions = (history.text_of(number) or "").partition("---functions---\n")
        assert types.splitlines()[7:] == [f"{text};" for kind, text in declared if kind == "type"]
        assert functions.splitlines() == [f"{text};" for kind, text in declared if kind == "function"]


@pytest.mark.parametrize("number", [75, 181, 198, 227])
def test_layers_are_those_that_others_kept(shared: Path, number: int) -> None:
    kept = Schema.parse((shared / f"schema/layers/api-{number}.tl").read_text(), layer=number)
    ours = tl.load_layer(number)
    theirs = {str(kept.declaration(name)) for name in kept}
    mine = {str(ours.declaration(name)) for name in ours}
    assert mine - theirs <= {str(api.schema.declaration("vector"))}
    assert theirs - mine <= {str(service.schema.declaration(name)) for name in service.schema}


def test_the_history_ends_with_the_packaged_layer() -> None:
    last = Schema(history.text_of(api.layer) or "", dialect="telegram")
    assert last.layer == api.layer
    assert {str(last.declaration(name)) for name in last} == {str(api.schema.declaration(name)) for name in api.schema}


def test_ids_that_are_left_out_are_those_of_the_grammar() -> None:
    declared = [found for name in api.schema if (found := api.schema.declaration(name)) and "[" not in str(found)]
    lines = [str(declaration).partition(" ") for declaration in declared]
    ids = history.ids_of([f"{head.partition('#')[0]} {rest}" for head, _, rest in lines])
    assert len(ids) > 2400
    assert ids == [declaration.crc32("telegram") for declaration in declared]


def test_every_layer_can_be_used() -> None:
    for number in tl.layers()[::40]:
        text = history.text_of(number)
        assert text is not None
        schema = Schema.parse(text, dialect="telegram")
        assert schema.layer == number
        assert not [id_ for id_, count in Counter(map(schema.id_of, schema)).items() if count > 1]


def test_a_layer_is_one_schema_for_as_long_as_somebody_has_it() -> None:
    first = tl.load_layer(181)
    assert tl.load_layer(181) is first
    assert (first.layer, first.name, first.dialect) == (181, "layer 181", "telegram")
    user = first.types.InputUser(user_id=1, access_hash=2)
    gone = weakref.ref(tl.load_layer(99))
    gc.collect()
    assert gone() is None
    del first
    gc.collect()
    assert tl.load_layer(181).types.InputUser(user_id=1, access_hash=2) == user


def test_threads_that_load_a_layer_at_once_get_one_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_loader, "Schema", lambda *_text, **_options: Loaded())  # so that the threads meet
    monkeypatch.setattr(history, "text_of", lambda _layer: "")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-7)
    try:
        for _ in range(600):
            gate = threading.Barrier(3)
            found: list[Schema] = []

            def load(gate: threading.Barrier = gate, found: list[Schema] = found) -> None:
                gate.wait()
                found.append(tl.load_layer(181))

            threads = [threading.Thread(target=load) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found[0] is found[1] is found[2] is tl.load_layer(181)
    finally:
        sys.setswitchinterval(interval)


class Loaded:
    """Stands for a schema."""


def test_the_packaged_layer_is_the_packaged_schema() -> None:
    assert tl.load_layer(api.layer) is api.schema


@pytest.mark.parametrize("number", ["181", 181.0, True, None])
def test_what_is_no_int_is_no_layer(number: Any) -> None:
    with pytest.raises(TypeError, match=re.escape(f"a layer is an int, not {number!r}")):
        tl.load_layer(number)


@pytest.mark.parametrize(
    ("number", "nearest"), [(127, "126 and 128"), (48, "46 and 51"), (45, "46"), (230, "229"), (-1, "46"), (0, "46")]
)
def test_a_layer_that_nobody_kept_is_an_error_that_names_its_neighbours(number: int, nearest: str) -> None:
    with pytest.raises(SchemaError, match=f"no layer {number}; the nearest it has: {nearest}$"):
        tl.load_layer(number)


def test_declarations_by_id() -> None:
    assert [where for where, _ in history.declared_under(0x8DCA6AA5)] == ["46-229"]
    assert [where for where, _ in history.declared_under(0x9B447325)] == []
    several = history.declared_under(0xD10D979A)
    assert [where for where, _ in several] == ["46", "51-65"]
    assert {name for _, name in several} == {"user"}


def test_the_history_is_read_once_for_all_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer may send unknown ids without end, and a reading takes as long as a hundred thousand small packets."""
    history.declared_under(1)
    monkeypatch.setattr(history, "_packed", lambda: pytest.fail("the history was read again"))
    for key in (1, 2, 0xD10D979A, 0x8DCA6AA5):
        history.declared_under(key)


def test_a_name_with_two_forms_in_a_layer_means_the_newer_one() -> None:
    for number in (147, 198, 227):
        schema = tl.load_layer(number)
        assert schema.id_of("inputPeerPhotoFileLocation") == 0x37257E99
        assert schema.name_of(0x27D69997) == "inputPeerPhotoFileLocationLegacy"
