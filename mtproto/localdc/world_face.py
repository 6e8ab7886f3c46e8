"""What a program sees of the world of a local DC, or of a network of them: the bot, and the application."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtproto.localdc.world import User, World

__all__ = ["WorldFace"]


class WorldFace(ABC):
    """Something that has a world. It holds nothing itself."""

    __slots__ = ()

    @property
    @abstractmethod
    def world(self) -> World:
        """Users and pictures."""

    @property
    def bot(self) -> User:
        """Whom `bot_token` logs in."""
        return self.world.bot

    @property
    def bot_token(self) -> str:
        """What `auth.importBotAuthorization` takes, at the bot's home DC."""
        return self.world.bot_token

    @property
    def api_id(self) -> int:
        """The application id that logins take."""
        return self.world.api_id

    @property
    def api_hash(self) -> str:
        """What belongs to `api_id`."""
        return self.world.api_hash
