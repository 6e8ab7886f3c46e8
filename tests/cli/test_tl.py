"""`mtproto tl stubs`: a typed package of a schema that runs."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tl.stub_reader import read_stubs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

CHAT = """
// LAYER 7
user#11111111 id:int name:string = User;
userEmpty#22222222 id:int = User;
---functions---
send#55555555 flags:# to:User text:string silent:flags.0?true = User;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chat.tl"
    path.write_text(CHAT, "utf-8")
    return path


def test_the_package_runs_and_its_stubs_know_the_schema(run: Run, file: Path) -> None:
    out = file.parent / "chat"
    assert run("tl", "stubs", str(file), "--out", str(out)).exit_code == 0
    program = (
        "import chat\n"
        "call = chat.functions.Send(to=chat.types.User(id=1, name='a'), text='x')\n"
        "assert isinstance(chat.decode(call.to_bytes()).to, chat.boxed.User)\n"
        "print(call, chat.schema.layer)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=file.parent)
    assert (done.stdout, done.stderr) == ("send to:(user id:1 name:'a') text:'x' 7\n", "")
    stubs = out / "_stubs"
    found = read_stubs({path.relative_to(stubs).as_posix(): path.read_text("utf-8") for path in stubs.rglob("*.pyi")})
    assert found["functions"]["Send"].result == "types.User | types.UserEmpty"
    assert found["functions"]["Send"].parameters == {"to": "boxed.User", "text": "str", "silent": "bool"}


def test_a_package_is_made_again_and_what_is_gone_from_the_schema_goes(run: Run, file: Path) -> None:
    out = file.parent / "chat"
    file.write_text(CHAT + "photos.get#66666666 = User;", "utf-8")
    assert run("tl", "stubs", str(file), "--out", str(out)).exit_code == 0
    assert (out / "_stubs" / "functions" / "photos.pyi").is_file()
    file.write_text(CHAT, "utf-8")
    assert run("tl", "stubs", str(file), "--out", str(out)).exit_code == 0
    assert not (out / "_stubs" / "functions" / "photos.pyi").exists()


def test_a_folder_with_anything_else_in_it_is_left_alone(run: Run, file: Path) -> None:
    other = file.parent / "other"
    other.mkdir()
    (other / "kept.txt").write_text("kept", "utf-8")
    result = run("tl", "stubs", str(file), "--out", str(other))
    assert result.exit_code == 1
    assert "holds files that `mtproto tl stubs` did not make" in result.stderr
    assert [path.name for path in other.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("name", ["my-chat", "class", "7"])
def test_a_name_that_python_can_not_import_is_refused(run: Run, file: Path, name: str) -> None:
    result = run("tl", "stubs", str(file), "--out", str(file.parent / name))
    assert result.exit_code == 1
    assert f"{name!r} is no name that Python can import" in result.stderr


def test_a_mistake_in_the_schema_is_named_with_its_place(run: Run, file: Path) -> None:
    file.write_text("user id:int = User", "utf-8")
    result = run("tl", "stubs", str(file), "--out", str(file.parent / "chat"))
    assert result.exit_code == 1
    assert "the last declaration lacks its ';'" in result.stderr
    assert not (file.parent / "chat").exists()


@pytest.mark.parametrize(
    "name",
    [
        'a""" + str(print("ran")) + """.tl',
        "a'''\nprint('ran').tl",
        "\\N{no such}\\u12.tl",
        'ends with"',
        "ends with\\",
        "\udcff.tl",
    ],
)
def test_the_name_of_the_file_is_text_in_the_package_and_never_code(run: Run, file: Path, name: str) -> None:
    odd = file.rename(file.with_name(name))
    assert run("tl", "stubs", str(odd), "--out", str(file.parent / "chat")).exit_code == 0
    program = "import chat; print(ascii(chat.__doc__))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=file.parent)
    assert done.stderr == ""
    shown = name.encode("utf-8", "backslashreplace").decode()  # no docstring holds a byte that is no UTF-8
    assert ast.literal_eval(done.stdout).startswith(f"The schema of {shown}, as ")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_a_file_may_begin_with_a_byte_order_mark_and_have_comments_in_any_encoding(
    run: Run, file: Path, encoding: str
) -> None:
    file.write_text("// caf\xe9\n" + CHAT, encoding)
    assert run("tl", "stubs", str(file), "--out", str(file.parent / "chat")).exit_code == 0
    program = "import chat; print(len(chat.schema))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=file.parent)
    assert (done.stdout, done.stderr) == ("3\n", "")
