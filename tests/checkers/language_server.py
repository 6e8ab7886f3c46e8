"""What an editor asks a language server, over pipes: completion, hovering, the signature of a call.

The protocol is JSON-RPC with a header before each message. Every question opens its text as the whole of one document;
the mark `CARET` in the text is where the user's cursor stands.
"""

from __future__ import annotations

import itertools
import json
import queue
import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

__all__ = ["CARET", "LanguageServer", "LanguageServerError", "Signature"]

CARET = "‸"
"""Stands in a text for the user's cursor."""

SECONDS = 60.0
"""More than any answer takes, on a machine that is busy with other things too."""

DOCUMENT = "program.py"

Message = dict[str, Any]


class _Item(TypedDict):
    label: str


class _Completions(TypedDict):
    items: list[_Item]


class _Text(TypedDict):
    value: str


class _Hover(TypedDict):
    contents: _Text


class _Parameter(TypedDict):
    label: str | list[int]


class _Signature(TypedDict, total=False):
    label: str
    documentation: _Text
    parameters: list[_Parameter]


class _SignatureHelp(TypedDict):
    signatures: list[_Signature]


class Signature(NamedTuple):
    """What an editor shows while the user writes the arguments of a call."""

    label: str
    """The whole of it."""
    parameters: list[str]
    """Each parameter with its type, as the label writes it."""
    documentation: str


class LanguageServerError(Exception):
    """The server ended, answered with an error, or did not answer in time."""


class LanguageServer:
    """A language server in a process of its own, and one document.

    Use it as a context manager. Every method that asks raises LanguageServerError.
    """

    def __init__(self, command: Sequence[str], folder: Path, settings: Mapping[str, object]) -> None:
        """Start the server.

        Args:
            command: what starts it, with pipes as its transport.
            folder: the workspace.
            settings: what the server is told when it asks for its configuration, by section.

        """
        self._settings = settings
        self._uri = (folder / DOCUMENT).as_uri()
        self._folder = folder
        self._numbers = itertools.count(1)
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._to, self._from = self._process.stdin, self._process.stdout
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        plain = {"contentFormat": ["plaintext"]}
        shown = {"documentationFormat": ["plaintext"]}
        self._ask(
            "initialize",
            {
                "processId": None,
                "rootUri": self._folder.as_uri(),
                "workspaceFolders": [{"uri": self._folder.as_uri(), "name": self._folder.name}],
                "capabilities": {
                    "workspace": {"configuration": True, "workspaceFolders": True},
                    "textDocument": {
                        "hover": plain,
                        "completion": {"completionItem": shown},
                        "signatureHelp": {
                            "signatureInformation": {**shown, "parameterInformation": {"labelOffsetSupport": True}}
                        },
                    },
                },
            },
        )
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": self._settings})
        self._open("")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        with self._process:
            self._reader.join()

    def completions(self, text: str) -> list[str]:
        """Return the names that the server offers at the caret."""
        found: _Completions | None = self._at_caret("textDocument/completion", text)
        return [] if found is None else [item["label"] for item in found["items"]]

    def hover(self, text: str) -> str:
        """Return what the server shows of the name at the caret, as plain text."""
        found: _Hover | None = self._at_caret("textDocument/hover", text)
        return "" if found is None else found["contents"]["value"]

    def signatures(self, text: str) -> list[Signature]:
        """Return the signatures of the call whose arguments the caret stands in."""
        found: _SignatureHelp | None = self._at_caret("textDocument/signatureHelp", text)
        return [] if found is None else [_shown(signature) for signature in found["signatures"]]

    def _at_caret(self, method: str, text: str) -> Any:
        before, caret, after = text.partition(CARET)
        if not caret:
            raise ValueError("the text has no caret")
        self._change(before + after)
        lines = before.split("\n")
        position = {"line": len(lines) - 1, "character": len(lines[-1])}
        return self._ask(method, {"textDocument": {"uri": self._uri}, "position": position})

    def _open(self, text: str) -> None:
        document = {"uri": self._uri, "languageId": "python", "version": next(self._numbers), "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})

    def _change(self, text: str) -> None:
        document = {"uri": self._uri, "version": next(self._numbers)}
        self._tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def _ask(self, method: str, params: Message) -> Any:
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": params})
        end = time.monotonic() + SECONDS
        while True:
            try:
                message = self._messages.get(timeout=max(end - time.monotonic(), 0))
            except queue.Empty:
                raise LanguageServerError(f"no answer to {method} within {SECONDS:.0f} seconds") from None
            if message is None:
                raise LanguageServerError(f"the language server ended while it was asked for {method}")
            if "method" in message:
                self._serve(message)
            elif message["id"] == number:
                if "error" in message:
                    raise LanguageServerError(f"{method}: {message['error']}")
                return message["result"]

    def _serve(self, message: Message) -> None:
        """Answer what the server asks; what it only tells needs no answer."""
        if "id" not in message:
            return
        result: object = None
        if message["method"] == "workspace/configuration":
            result = [self._settings.get(item["section"]) for item in message["params"]["items"]]
        self._send({"id": message["id"], "result": result})

    def _tell(self, method: str, params: Message) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Message) -> None:
        if self._to is None:
            raise LanguageServerError("the language server has no pipe")
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        try:
            self._to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            self._to.flush()
        except OSError as error:
            raise LanguageServerError("the language server ended") from error

    def _read(self) -> None:
        """Queue every message of the server, and None at the end."""
        while self._from is not None and (message := _next_message(self._from)) is not None:
            self._messages.put(message)
        self._messages.put(None)


def _next_message(stream: IO[bytes]) -> Message | None:
    length = 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not length:
        return None
    body = stream.read(length)
    if len(body) < length:
        return None
    message: Message = json.loads(body)
    return message


def _shown(signature: _Signature) -> Signature:
    label = signature["label"]
    parameters = []
    for parameter in signature.get("parameters", []):
        part = parameter["label"]
        parameters.append(part if isinstance(part, str) else label[part[0] : part[1]])
    documentation = signature.get("documentation")
    return Signature(label, parameters, documentation["value"] if documentation else "")
