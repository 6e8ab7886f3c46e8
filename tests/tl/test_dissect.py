"""The exact walk: every byte is somewhere in the tree, and the tree agrees with what was decoded."""

from __future__ import annotations

import random

import pytest

from benchmarks.fixtures import get_user_photos, photos_slice
from tests.tl.strategies import Maker
from tl import DecodeError, api
from tl.dissect import Node, locate
from tl.plan import CLASSLESS


def check_tiles(node: Node) -> None:
    """The children of a node stand side by side and end where it ends; only ids and counts are its own."""
    at = node.offset
    for index, child in enumerate(node.children):
        assert child.offset - at in ((0, 4, 8) if index == 0 else (0,))
        at = child.offset + child.length
        check_tiles(child)
    assert not node.children or at == node.offset + node.length


def test_a_request() -> None:
    request = get_user_photos()
    tree = api.schema.dissect(request.to_bytes())
    assert [(node.offset, node.length, node.path, node.declared, node.value) for node in tree.walk()] == [
        (0, 24, "photos.GetUserPhotos", "Object", "photos.getUserPhotos"),
        (4, 4, "photos.GetUserPhotos.user_id", "InputUser", "inputUserSelf"),
        (8, 4, "photos.GetUserPhotos.offset", "int", 0),
        (12, 8, "photos.GetUserPhotos.max_id", "long", 0),
        (20, 4, "photos.GetUserPhotos.limit", "int", 100),
    ]


def test_a_slice() -> None:
    made = photos_slice(photos=3)
    tree = api.schema.dissect(made.to_bytes(), "photos.Photos")
    check_tiles(tree)
    nodes = {node.path: node for node in tree.walk()}
    sizes = nodes["photos.PhotosSlice.photos[1].sizes"]
    assert (sizes.declared, sizes.value) == ("Vector<PhotoSize>", 4)
    assert nodes["photos.PhotosSlice.photos[2].sizes[3].sizes[4]"].value == 60_002
    assert nodes["photos.PhotosSlice.users[0].flags"].declared == "#"
    assert nodes["photos.PhotosSlice.users[0].first_name"].value == "Ada"


def test_a_vector_alone() -> None:
    tree = api.schema.dissect(api.encode([1, 2], "Vector<long>"), "Vector<long>")
    assert [(node.path, node.value) for node in tree.walk()] == [
        ("Vector<long>", 2),
        ("Vector<long>[0]", 1),
        ("Vector<long>[1]", 2),
    ]


def test_what_can_be_decoded_can_be_walked() -> None:
    for index, name in enumerate(name for name in api.schema if name not in CLASSLESS):
        data = Maker(api.schema, random.Random(index)).object(name).to_bytes()
        assert locate(api.schema._catalog, data, 0, api.schema.kind(None), 128, whole=True)[0] is None
        tree = api.schema.dissect(data)
        assert tree.length == len(data)
        check_tiles(tree)


def test_a_walk_that_fails_says_where() -> None:
    with pytest.raises(DecodeError) as caught:
        api.schema.dissect(photos_slice(photos=2).to_bytes()[:700])
    assert caught.value.path.startswith("photos.PhotosSlice.photos[1].")


def test_what_follows_is_not_looked_at() -> None:
    assert api.schema.dissect(get_user_photos().to_bytes() + b"tail").length == 24
