"""The contact sheet: one page without anything from outside, in which no text of a stranger is more than a text."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.cli.contact_sheet import LARGEST_THUMBNAIL, contact_sheet
from mtproto.cli.errors import CommandFailed
from mtproto.cli.photo_records import (
    FileRecord,
    OwnerRecord,
    PhotoRecord,
    ThumbnailRecord,
    read_records,
    write_records,
)

THUMBNAIL = ThumbnailRecord("image/jpeg", base64.b64encode(b"\xff\xd8\xff thumbnail").decode())
PICTURE = FileRecord("c", "ada/20200913-122640_5400000000000000001.jpg", "image/jpeg", 640, 640, 10_608, "00" * 32)
VIDEO = FileRecord("u", "ada/20200913-122640_5400000000000000001_u.mp4", "video/mp4", 320, 320, 20_000, "00" * 32)
PHOTO = PhotoRecord("5400000000000000001", 1_600_000_000, (PICTURE, VIDEO), ("custom emoji 5 on #000001",), THUMBNAIL)
ADA = OwnerRecord("1000001", "ada", "Ada Lovelace", "ada", (PHOTO,))

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
    "-->]]><!--",
    "\u202egnp.exe\x00\x1b[31m",
    "\ud800lone",
]


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.sources: dict[str, str] = {}
        self._inside = ""
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.sources[self._inside] = self.sources.get(self._inside, "") + data
        else:
            self.texts.append(data)

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """The elements and the names of their attributes."""
        return [(tag, tuple(attributes)) for tag, attributes in self.tags]

    def all(self, tag: str, attribute: str) -> list[str]:
        return [found for name, attributes in self.tags if name == tag and (found := attributes.get(attribute))]


def hostile_owner(text: str) -> OwnerRecord:
    file = replace(PICTURE, type=text, path=f"ada/{text or 'x'}")
    photo = replace(PHOTO, id=text, moves=(text,), files=(file, VIDEO))
    return OwnerRecord(text, text or "ada", f"x{text}", text, (photo,))


def test_a_page_shows_names_dates_sizes_and_links() -> None:
    page = Page(contact_sheet([ADA, OwnerRecord("2", "", "", "2")]))
    text = " ".join(page.texts)
    for wanted in (
        "Ada Lovelace",
        "@ada",
        "2020-09-13 12:26",
        "10.6 kB",
        "20.0 kB",
        "custom emoji 5",
        "user 2",
        "Times are UTC",
    ):
        assert wanted in text
    assert page.all("a", "href")[2:5] == [PICTURE.path, PICTURE.path, VIDEO.path]
    assert page.all("img", "src") == [f"data:image/jpeg;base64,{THUMBNAIL.data}"]
    assert page.all("time", "datetime") == ["2020-09-13T12:26:40Z"]


def test_a_page_needs_nothing_from_outside_and_its_policy_knows_its_own_script() -> None:
    page = Page(contact_sheet([ADA]))
    assert not page.all("script", "src") + page.all("link", "href")
    assert "http" not in page.sources["script"] + page.sources["style"]
    (policy,) = [found for found in page.all("meta", "content") if found.startswith("default-src 'none'")]
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.sources[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_stranger_becomes_an_element_an_attribute_or_a_link_elsewhere(text: str) -> None:
    plain, hostile = Page(contact_sheet([hostile_owner("plain")])), Page(contact_sheet([hostile_owner(text)]))
    assert hostile.shape() == plain.shape()
    assert hostile.sources == plain.sources
    assert f"x{text}".replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "\ufffd") in hostile.texts


@settings(max_examples=10)
@given(st.lists(st.text(st.characters(exclude_characters="/"), max_size=30), min_size=20, max_size=20))
def test_whatever_texts_hold_the_page_has_the_same_elements(texts: list[str]) -> None:
    plain = Page(contact_sheet([hostile_owner("plain")] * 20))
    hostile = Page(contact_sheet([hostile_owner(text) for text in texts if text != ".."] + [hostile_owner("x")] * 20))
    assert {*hostile.shape()} == {*plain.shape()}
    assert len(hostile.all("a", "class")) == len(texts) - texts.count("..") + 20
    assert all(not href.startswith(("/", "javascript:", "data:")) for href in hostile.all("a", "href"))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.jpg", "ada/../../x.jpg", "", "."])
def test_a_path_that_leads_out_of_the_folder_gets_no_link(path: str) -> None:
    page = Page(contact_sheet([replace(ADA, photos=(replace(PHOTO, files=(replace(PICTURE, path=path),)),))]))
    assert not [href for href in page.all("a", "href") if href]
    assert "nothing saved" in page.texts


def test_a_path_that_looks_like_a_scheme_stays_a_path() -> None:
    page = Page(contact_sheet([replace(ADA, photos=(replace(PHOTO, files=(replace(PICTURE, path="javascript:x"),)),))]))
    assert page.all("a", "href") == ["javascript%3Ax"] * 2


@pytest.mark.parametrize(
    "thumbnail",
    [
        None,
        ThumbnailRecord("text/html", THUMBNAIL.data),
        ThumbnailRecord("image/jpeg", "no base64!"),
        ThumbnailRecord("image/jpeg", base64.b64encode(bytes(LARGEST_THUMBNAIL + 1)).decode()),
    ],
)
def test_a_thumbnail_that_can_not_be_shown_is_left_out(thumbnail: ThumbnailRecord | None) -> None:
    page = Page(contact_sheet([replace(ADA, photos=(replace(PHOTO, thumbnail=thumbnail),))]))
    assert not page.all("img", "src")
    assert "no thumbnail" in page.texts


def test_a_page_of_nobody_is_a_page() -> None:
    assert "0 photos" in Page(contact_sheet([])).texts


def test_without_the_template_engine_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(CommandFailed, match=r"mtproto-raw\[sheet\]"):
        contact_sheet([ADA])


def test_records_are_read_as_they_were_written_and_ids_are_strings(tmp_path: Path) -> None:
    assert read_records(tmp_path) == []
    write_records(tmp_path, [ADA])
    assert read_records(tmp_path) == [ADA]
    content = json.loads((tmp_path / "photos.json").read_text())
    assert content["users"][0]["photos"][0]["id"] == "5400000000000000001"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"users": 5}', '{"users": [{}]}', '{"users": [{"id": 5}]}', '"\\ud800"', "\x00", "[" * 100_000],
)
def test_a_damaged_file_of_records_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "photos.json").write_text(text)
    with pytest.raises(CommandFailed, match=r"photos\.json is no list of photos"):
        read_records(tmp_path)


def test_a_date_that_no_calendar_has_is_refused(tmp_path: Path) -> None:
    write_records(tmp_path, [replace(ADA, photos=(replace(PHOTO, date=10**30),))])
    with pytest.raises(CommandFailed, match="date is 1e"):
        read_records(tmp_path)
