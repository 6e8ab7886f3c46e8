"""The asyncio faces and the blocking ones have one source."""

from __future__ import annotations

import pytest

from tests.structure.faces import FACES, Face


@pytest.mark.parametrize("face", FACES, ids=[face.target for face in FACES])
def test_a_blocking_face_is_what_is_made_of_its_asyncio_face(face: Face) -> None:
    assert face.stored() == face.made(), "run `python -m tests.structure.faces`"
