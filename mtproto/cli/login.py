"""`mtproto login`: as a bot, by phone, or by a QR code; the login is kept in the session file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from mtproto.cli.answers import VARIABLES, Asker, has_person, is_given
from mtproto.cli.errors import CommandFailed
from mtproto.cli.listening import in_folder
from mtproto.cli.local_answers import LocalAnswers
from mtproto.cli.options import connection_options
from mtproto.cli.qr_drawing import SUFFIXES, drawn, write_picture
from mtproto.cli.session import open_blocking_account, wants_account
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.cli.whoami import myself, show_user, user_line
from mtproto.errors import LoggedOut, Unauthorized
from mtproto.flows import QRCode

if TYPE_CHECKING:
    from mtproto import blocking
    from mtproto.cli.options import Target
    from mtproto.cli.session import OpenAccount
    from mtproto.flows import Notice
    from mtproto.localdc import LocalNetworkThread

__all__ = ["command"]

BOT_TOKEN = "MTPROTO_BOT_TOKEN"  # noqa: S105  # the name of the variable
PHONE = "MTPROTO_PHONE"

_EPILOG = "\b\nAnswers come from variables, or from the files that MTPROTO_…_FILE name:\n" + "\n".join(
    f"  {variable:<22} {words}" for variable, words in ((BOT_TOKEN, "a bot's token"), *VARIABLES)
)


class _Arguments(TypedDict, total=False):
    """What `Account.login` is told."""

    bot_token: str
    phone: str
    qr: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """The way to log in that the options choose; none of them: the program chooses."""

    bot: bool
    phone: str | None = field(repr=False)
    qr: bool

    @property
    def is_open(self) -> bool:
        """Whether no option chooses a way."""
        return not (self.bot or self.qr or self.phone is not None)


def _phone(context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    context.ensure_object(Terminal).secrets.add(value)
    return value


def _picture(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in SUFFIXES:
        raise click.BadParameter(f"{value} ends in none of {', '.join(SUFFIXES)}")
    return in_folder(context, parameter, value)


@click.command("login", short_help="Log in, as a bot or as a user, and keep the login.", epilog=_EPILOG)
@click.option("--bot", is_flag=True, help="As a bot, by its token.")
@click.option(
    "--phone",
    is_flag=False,
    flag_value="",
    callback=_phone,
    metavar="[NUMBER]",
    help="As a user, by a code that is sent to the phone; without NUMBER it is asked for.",
)
@click.option("--qr", is_flag=True, help="As a user, by a QR code that another device scans.")
@click.option(
    "--qr-file",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_picture,
    metavar="FILE.png|FILE.svg",
    help="Draw the QR code into this file, again for each new code, and remove the file in the end; stands for --qr.",
)
@click.option("--json", "json_", is_flag=True, help="Print JSON, and nothing else on stdout.")
@connection_options
@debug_option
@pass_terminal
def command(
    terminal: Terminal, bot: bool, phone: str | None, qr: bool, qr_file: Path | None, json_: bool, target: Target
) -> None:
    """Log in, and keep the login in the file of --session, for every other command.

    With --local and none of --bot, --phone and --qr, one of the network's users is logged in by phone. The network
    itself knows the code.
    """
    way = _Way(bot, phone, qr or qr_file is not None)
    if way.bot + (way.phone is not None) + way.qr > 1:
        raise click.UsageError("--bot, --phone and --qr exclude one another")
    if not wants_account(target):
        raise click.UsageError("a login is kept in a file: --session FILE")
    with open_blocking_account(target, begins=True) as opened:
        answer = _Login(terminal, opened, target, qr_file).run(way)
        session = None if target.session is None else str(target.session)
        show_user(terminal, answer, json_=json_, home_dc=opened.account.home_dc, session=session)
        if session is not None:
            terminal.note(f"the login is kept in {session}: whoever has the file is logged in")


def _digits(phone: str | None) -> str:
    """Return the digits of a phone number in international form, without the zeros that may stand for its +."""
    return "".join(sign for sign in phone or "" if sign.isdecimal()).lstrip("0")


class _Login:
    """One login.

    Args:
        terminal: where a person is asked and told.
        opened: the account.
        target: what the options say.
        qr_file: where QR codes are drawn into; None: on the terminal alone.

    """

    def __init__(
        self,
        terminal: Terminal,
        opened: OpenAccount[blocking.Account, LocalNetworkThread],
        target: Target,
        qr_file: Path | None,
    ) -> None:
        self._terminal = terminal
        self._account = opened.account
        self._network = opened.network
        self._target = target
        self._qr_file = qr_file
        self._local = None if opened.network is None else LocalAnswers(terminal, opened.network)

    def run(self, way: _Way) -> Any:
        """Log in, and return the answer to `myself`. A login that the server has ended begins anew."""
        account = self._account
        if self._local is not None:
            self._local.introduce(self._target.session)
        if account.user_id is not None:
            try:
                answer = account(myself(account.schema))
            except (LoggedOut, Unauthorized) as error:
                self._terminal.note(f"{error}; a new login begins")
            else:
                self._refuse_another(way, answer)
                self._terminal.note(f"{self._target.session} is logged in already; `mtproto logout` ends that login")
                return answer
        asker = Asker(self._terminal, None if self._local is None else self._local.known(fill=way.is_open))
        try:
            account.login(ask=asker, tell=self._tell, **self._arguments(way, asker))
        finally:
            if self._qr_file is not None:
                self._qr_file.unlink(missing_ok=True)
        return account(myself(account.schema))

    def _refuse_another(self, way: _Way, answer: Any) -> None:
        """Raise `CommandFailed` where the options name another account than the one that is logged in."""
        if len(answer) != 1 or answer[0].NAME != "user":
            return
        user = answer[0]
        is_other = way.bot and not user.bot
        if way.phone is not None:
            number, known = _digits(way.phone), _digits(getattr(user, "phone", None))
            is_other = user.bot or (number != "" and known not in ("", number))
        if is_other:
            raise CommandFailed(
                f"{self._target.session} holds the login of another account: {user_line(user)}; `mtproto logout` ends "
                "that login, and another --session FILE keeps both"
            )

    def _arguments(self, way: _Way, asker: Asker) -> _Arguments:
        if self._local is not None and way.is_open:
            return {"phone": self._local.choose()}
        if way.qr:
            if self._qr_file is None and not self._terminal.err.is_terminal:
                raise click.UsageError(
                    "there is no terminal to draw the QR code on: give --qr-file FILE.png, or FILE.svg"
                )
            return {"qr": True}
        by_phone = way.is_open and is_given(PHONE)  # meant for a login, as a token need not be
        if way.bot or (way.is_open and not by_phone and self._target.bot_token is not None):
            own = None if self._network is None else self._network.bot_token
            return {"bot_token": own or self._target.bot_token or asker.secret("the token from @BotFather", BOT_TOKEN)}
        if way.is_open and not by_phone and not has_person(self._terminal):
            raise click.UsageError("how to log in is not said: --bot, --phone or --qr")
        if self._local is not None and way.phone:
            self._local.take(way.phone)
        return {"phone": way.phone or ""}

    def _tell(self, notice: Notice) -> None:
        if isinstance(notice, QRCode):
            self._draw(notice)
        self._terminal.note(str(notice))
        if isinstance(notice, QRCode) and self._local is not None:
            self._local.scan(notice.text)

    def _draw(self, code: QRCode) -> None:
        if self._qr_file is not None:
            write_picture(code.text, self._qr_file)
            self._terminal.note(f"the QR code is in {self._qr_file}")
        if self._terminal.err.is_terminal:
            self._terminal.err.out(drawn(code.text), highlight=False)
