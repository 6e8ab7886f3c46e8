"""What the user reads about an error."""

from __future__ import annotations

import pytest

from mtproto.cli.errors import explain
from mtproto.errors import DeadlineExceeded, TransportError, rpc_error


@pytest.mark.parametrize("message", ["USER_MIGRATE_4", "FILE_MIGRATE_4", "PHONE_MIGRATE_4"])
def test_a_migration_names_the_data_centre_and_the_option(message: str) -> None:
    text = explain(rpc_error(303, message, "photos.getUserPhotos"))
    assert message in text
    assert "--dc-id 4" in text


def test_a_flood_wait_names_the_seconds() -> None:
    assert "31 seconds" in explain(rpc_error(420, "FLOOD_WAIT_31"))


def test_a_system_error_names_the_file() -> None:
    assert explain(FileNotFoundError(2, "No such file or directory", "pictures")) == (
        "pictures: No such file or directory"
    )


def test_an_error_without_a_text_is_named_by_its_class() -> None:
    assert explain(OSError()) == "OSError"


def test_a_deadline_keeps_its_own_text() -> None:
    assert explain(DeadlineExceeded("no answer within 3 seconds")) == "no answer within 3 seconds"


def test_the_librarys_texts_are_kept() -> None:
    assert explain(TransportError(-429)) == str(TransportError(-429))
