"""Which methods of the API may be executed twice (core.telegram.org/methods).

A call whose outcome is lost may go out again if it only reads. A name proves nothing: `messages.getBotCallbackAnswer`
presses a button. What stands in no table is never repeated, unless the caller says `idempotent=True`.

How the tables were reviewed:

- The functions of layer 229 were judged by their names, and those of the tables by their declarations too.
- For each method of `READERS` and `CONDITIONAL` the documentation's description was read as well, mostly in copies of
  core.telegram.org. The copy that describes all parameters and errors is older than layer 218; of most of the later
  methods only the sentence that describes them was read.
- No official description was found of `account.getWebBrowserSettings`, `communities.*`, `ephemeral.getWelcomeMessages`
  and `messages.getRichMessage`. These stand in `READERS` for their names and declarations alone.
- A method was moved out of `READERS` where the description tells of a side effect or of a limit of calls, or leaves
  a doubt. The documentation does not tell all side effects, and no method was tried on Telegram's servers.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tl import TLFunction

__all__ = ["CONDITIONAL", "NOT_REPEATED", "READERS", "TRANSPARENT", "is_repeatable"]

TRANSPARENT = frozenset(
    {
        "initConnection",
        "invokeAfterMsg",
        "invokeAfterMsgs",
        "invokeWithBusinessConnection",
        "invokeWithLayer",
        "invokeWithMessagesRange",
        "invokeWithTakeout",
        "invokeWithoutUpdates",
    }
)
"""Wrappers that leave a query as repeatable as it is. The tokens of the others are good for one use."""

READERS = frozenset(
    {
        "account.checkUsername",
        "account.getAccountTTL",
        "account.getAllSecureValues",
        "account.getAuthorizationForm",  # shares nothing: account.acceptAuthorization does
        "account.getAuthorizations",
        "account.getAutoDownloadSettings",
        "account.getAutoSaveSettings",
        "account.getBotBusinessConnection",
        "account.getBusinessChatLinks",
        "account.getChannelDefaultEmojiStatuses",
        "account.getChannelRestrictedStatusEmojis",
        "account.getChatThemes",
        "account.getCollectibleEmojiStatuses",
        "account.getConnectedBots",
        "account.getContactSignUpNotification",
        "account.getContentSettings",
        "account.getDefaultBackgroundEmojis",
        "account.getDefaultEmojiStatuses",
        "account.getDefaultGroupPhotoEmojis",
        "account.getDefaultProfilePhotoEmojis",
        "account.getGlobalPrivacySettings",
        "account.getMultiWallPapers",
        "account.getNotifyExceptions",
        "account.getNotifySettings",
        "account.getPaidMessagesRevenue",
        "account.getPasskeys",
        "account.getPassword",  # each answer brings a challenge; a client uses the one of the answer that it gets
        "account.getPrivacy",
        "account.getReactionsNotifySettings",
        "account.getRecentEmojiStatuses",
        "account.getSavedMusicIds",
        "account.getSavedRingtones",
        "account.getSecureValue",
        "account.getTheme",
        "account.getThemes",
        "account.getUniqueGiftChatThemes",
        "account.getWallPaper",
        "account.getWallPapers",
        "account.getWebAuthorizations",
        "account.getWebBrowserSettings",
        "aicompose.getTone",
        "aicompose.getToneExample",  # fetches one of the examples that exist
        "aicompose.getTones",
        "bots.canSendMessage",
        "bots.checkUsername",
        "bots.getAccessSettings",
        "bots.getAdminedBots",
        "bots.getBotCommands",
        "bots.getBotInfo",
        "bots.getBotMenuButton",
        "bots.getBotRecommendations",
        "bots.getPopularAppBots",
        "bots.getPreviewInfo",
        "bots.getPreviewMedias",
        "bots.getRequestedWebViewButton",  # shows what a bot has prepared; messages.sendBotRequestedPeer presses it
        "channels.checkSearchPostsFlood",  # tells what a search would cost, and makes none
        "channels.checkUsername",
        "channels.exportMessageLink",  # tells the link to a message
        "channels.getAdminLog",
        "channels.getAdminedPublicChannels",
        "channels.getChannelRecommendations",
        "channels.getChannels",
        "channels.getFullChannel",
        "channels.getGroupsForDiscussion",
        "channels.getInactiveChannels",
        "channels.getLeftChannels",
        "channels.getMessageAuthor",
        "channels.getMessages",
        "channels.getParticipant",
        "channels.getParticipants",
        "channels.getSendAs",
        "chatlists.checkChatlistInvite",
        "chatlists.getExportedInvites",
        "chatlists.getLeaveChatlistSuggestions",
        "communities.getJoinedCommunities",
        "communities.getParticipantJoinedChats",
        "communities.getPeerLinkRequests",
        "contacts.getBirthdays",
        "contacts.getBlocked",
        "contacts.getContactIDs",
        "contacts.getContacts",
        "contacts.getSaved",
        "contacts.getStatuses",
        "contacts.getTopPeers",
        "contacts.search",
        "ephemeral.getWelcomeMessages",  # those that a chat is set up with
        "fragment.getCollectibleInfo",
        "help.getAppConfig",
        "help.getAppUpdate",
        "help.getCdnConfig",
        "help.getConfig",
        "help.getCountriesList",
        "help.getDeepLinkInfo",
        "help.getInviteText",
        "help.getNearestDc",
        "help.getPassportConfig",
        "help.getPeerColors",
        "help.getPeerProfileColors",
        "help.getPremiumPromo",
        "help.getPromoData",  # hides nothing: help.hidePromoData does
        "help.getSupport",
        "help.getSupportName",
        "help.getTermsOfServiceUpdate",  # accepts nothing: help.acceptTermsOfService does
        "help.getTimezonesList",
        "help.getUserInfo",
        "langpack.getDifference",
        "langpack.getLangPack",
        "langpack.getLanguage",
        "langpack.getLanguages",
        "langpack.getStrings",
        "messages.checkHistoryImport",
        "messages.checkHistoryImportPeer",
        "messages.checkQuickReplyShortcut",
        "messages.getAdminsWithInvites",
        "messages.getAllDrafts",
        "messages.getAllStickers",
        "messages.getArchivedStickers",
        "messages.getAttachMenuBot",
        "messages.getAttachMenuBots",
        "messages.getAttachedStickers",
        "messages.getAvailableEffects",
        "messages.getAvailableReactions",
        "messages.getBotApp",
        "messages.getChatInviteImporters",
        "messages.getChats",
        "messages.getCommonChats",
        "messages.getCustomEmojiDocuments",
        "messages.getDefaultHistoryTTL",
        "messages.getDefaultTagReactions",
        "messages.getDhConfig",  # random bytes differ, and nobody keeps them
        "messages.getDialogFilters",
        "messages.getDialogUnreadMarks",
        "messages.getDialogs",
        "messages.getDiscussionMessage",
        "messages.getDocumentByHash",
        "messages.getEmojiGameInfo",
        "messages.getEmojiGroups",
        "messages.getEmojiKeywords",
        "messages.getEmojiKeywordsDifference",
        "messages.getEmojiKeywordsLanguages",
        "messages.getEmojiProfilePhotoGroups",
        "messages.getEmojiStatusGroups",
        "messages.getEmojiStickerGroups",
        "messages.getEmojiStickers",
        "messages.getExportedChatInvite",  # shows a link that exists
        "messages.getExportedChatInvites",  # shows links that exist
        "messages.getExtendedMedia",  # buys nothing: shows what was bought meanwhile
        "messages.getFactCheck",
        "messages.getFavedStickers",
        "messages.getFeaturedEmojiStickers",
        "messages.getFeaturedStickers",
        "messages.getForumTopics",
        "messages.getForumTopicsByID",
        "messages.getFullChat",
        "messages.getFutureChatCreatorAfterLeave",
        "messages.getGameHighScores",
        "messages.getHistory",  # marks nothing as read: messages.readHistory does
        "messages.getInlineGameHighScores",
        "messages.getMaskStickers",
        "messages.getMessageEditData",
        "messages.getMessageReactionsList",
        "messages.getMessageReadParticipants",
        "messages.getMessages",
        "messages.getMessagesReactions",
        "messages.getMyStickers",
        "messages.getOldFeaturedStickers",
        "messages.getOnlines",
        "messages.getOutboxReadDate",
        "messages.getPaidReactionPrivacy",
        "messages.getPeerDialogs",
        "messages.getPeerSettings",
        "messages.getPersonalChannelHistory",
        "messages.getPinnedDialogs",
        "messages.getPinnedSavedDialogs",
        "messages.getPollResults",
        "messages.getPollVotes",
        "messages.getPreparedInlineMessage",  # shows what a bot has prepared; messages.sendInlineBotResult sends it
        "messages.getQuickReplies",
        "messages.getQuickReplyMessages",
        "messages.getRecentLocations",
        "messages.getRecentReactions",
        "messages.getRecentStickers",
        "messages.getReplies",
        "messages.getRichMessage",
        "messages.getSavedDialogs",
        "messages.getSavedDialogsByID",
        "messages.getSavedGifs",
        "messages.getSavedHistory",
        "messages.getSavedReactionTags",
        "messages.getScheduledHistory",
        "messages.getScheduledMessages",
        "messages.getSearchCounters",
        "messages.getSearchResultsCalendar",
        "messages.getSearchResultsPositions",
        "messages.getSplitRanges",
        "messages.getStickerSet",
        "messages.getStickers",
        "messages.getSuggestedDialogFilters",
        "messages.getTopReactions",
        "messages.getUnreadMentions",
        "messages.getUnreadPollVotes",
        "messages.getUnreadReactions",
        "messages.search",
        "messages.searchCustomEmoji",
        "messages.searchEmojiStickerSets",
        "messages.searchGlobal",
        "messages.searchSentMedia",
        "messages.searchStickerSets",
        "messages.searchStickers",
        "payments.checkCanSendGift",
        "payments.checkGiftCode",  # shows a code, and does not use it up
        "payments.getBankCardData",
        "payments.getConnectedStarRefBot",
        "payments.getConnectedStarRefBots",
        "payments.getCraftStarGifts",
        "payments.getGiveawayInfo",
        "payments.getPaymentReceipt",
        "payments.getPremiumGiftCodeOptions",
        "payments.getResaleStarGifts",
        "payments.getSavedInfo",
        "payments.getSavedStarGift",
        "payments.getSavedStarGifts",
        "payments.getStarGiftActiveAuctions",
        "payments.getStarGiftAuctionAcquiredGifts",
        "payments.getStarGiftCollections",
        "payments.getStarGiftUpgradeAttributes",
        "payments.getStarGiftUpgradePreview",  # upgrades nothing
        "payments.getStarGifts",
        "payments.getStarsGiftOptions",
        "payments.getStarsGiveawayOptions",
        "payments.getStarsRevenueStats",
        "payments.getStarsStatus",
        "payments.getStarsSubscriptions",
        "payments.getStarsTopupOptions",
        "payments.getStarsTransactions",
        "payments.getStarsTransactionsByID",
        "payments.getSuggestedStarRefBots",
        "payments.getUniqueStarGift",
        "payments.getUniqueStarGiftValueInfo",
        "phone.getCallConfig",
        "phone.getGroupCall",
        "phone.getGroupCallChainBlocks",
        "phone.getGroupCallJoinAs",
        "phone.getGroupCallStars",
        "phone.getGroupCallStreamChannels",
        "phone.getGroupParticipants",
        "photos.getUserPhotos",
        "premium.getBoostsList",
        "premium.getBoostsStatus",
        "premium.getMyBoosts",
        "premium.getUserBoosts",
        "smsjobs.getSmsJob",  # finishes no job: smsjobs.finishJob does
        "smsjobs.getStatus",
        "smsjobs.isEligibleToJoin",
        "stats.getBroadcastStats",
        "stats.getMegagroupStats",
        "stats.getMessagePublicForwards",
        "stats.getMessageStats",
        "stats.getPollStats",
        "stats.getStoryPublicForwards",
        "stats.getStoryStats",
        "stats.loadAsyncGraph",
        "stickers.checkShortName",
        "stickers.suggestShortName",
        "stories.canSendStory",
        "stories.exportStoryLink",  # tells the link to a story of a peer that has a username
        "stories.getAlbumStories",
        "stories.getAlbums",
        "stories.getAllReadPeerStories",
        "stories.getAllStories",
        "stories.getChatsToSend",
        "stories.getPeerMaxIDs",
        "stories.getPeerStories",  # counts no view: stories.incrementStoryViews does
        "stories.getPinnedStories",
        "stories.getStoriesArchive",
        "stories.getStoriesByID",  # counts no view: stories.incrementStoryViews does
        "stories.getStoriesViews",
        "stories.getStoryReactionsList",
        "stories.getStoryViewsList",
        "stories.searchPosts",
        "updates.getChannelDifference",  # clients repeat it at intervals for channels that they look at
        "updates.getDifference",  # moves no state at the server
        "updates.getState",  # moves no state at the server
        "upload.getCdnFile",
        "upload.getCdnFileHashes",
        "upload.getFile",
        "upload.getFileHashes",
        "users.getFullUser",
        "users.getRequirementsToContact",
        "users.getSavedMusic",
        "users.getSavedMusicByID",
        "users.getUsers",
    }
)
"""Methods that only read, as far as their documentation tells."""


def _unset(*fields: str) -> Callable[[TLFunction[Any]], bool]:
    """Return a test of a request: whether none of these fields is set. A field that a layer does not have is not."""
    return lambda request: not any(getattr(request, field, None) for field in fields)


def _absent(field: str) -> Callable[[TLFunction[Any]], bool]:
    """Return a test of a request: whether an optional field is left out; 0 and "" are values."""
    return lambda request: getattr(request, field, None) is None


CONDITIONAL: Mapping[str, Callable[[TLFunction[Any]], bool]] = MappingProxyType(
    {
        # A search for words uses up free searches, or stars; one for a hashtag does neither.
        "channels.searchPosts": _absent("query"),
        # Both publish one's own place; a self_expires of 0 hides it.
        "contacts.getLocated": lambda request: _unset("background")(request) and _absent("self_expires")(request),
        # It follows a referral link, which may count for the referrer.
        "contacts.resolveUsername": _absent("referer"),
        # It counts a view.
        "messages.getMessagesViews": _unset("increment"),
        # It makes a new key, and the old one is of no more use.
        "phone.getGroupCallStreamRtmpUrl": _unset("revoke"),
    }
)
"""Methods that only read, depending on what they are asked."""

NOT_REPEATED: Mapping[str, str] = MappingProxyType(
    {
        "account.getPasswordSettings": "its proof of the password is good for one use",
        "account.getTmpPassword": "makes a temporary password, and its proof of the password is good for one use",
        "bots.checkDownloadFileParams": "may let the server open the bot's link, which may do anything",
        "chatlists.getChatlistUpdates": "is allowed once in each chatlist_update_period of the client configuration",
        "contacts.getSponsoredPeers": "hands out advertisements, each to be reported upon once",
        "contacts.resolvePhone": "is allowed once in three seconds",
        "ephemeral.getCallbackAnswer": "presses a button",
        "help.getRecentMeUrls": "imports the referral that the application was installed with",
        "messages.checkChatInvite": "may let the user look into the chat for a time, and may make a payment form",
        "messages.getBotCallbackAnswer": "presses a button",
        "messages.getEmojiURL": "makes a link that logs in whoever opens it",
        "messages.getInlineBotResults": "asks a bot, which may do anything",
        "messages.getSponsoredMessages": "hands out advertisements, each to be reported upon once",
        "messages.getWebPage": "may let the server open a link, which may do anything",
        "messages.getWebPagePreview": "may let the server open a link, which may do anything",
        "payments.canPurchaseStore": "is the step before a purchase; nobody tells what the server makes of it",
        "payments.getPaymentForm": "makes a form with an id of its own",
        "payments.getStarGiftAuctionState": "also subscribes the user to the updates of the auction",
        "payments.getStarGiftWithdrawalUrl": "begins a withdrawal; its proof of the password is good for one use",
        "payments.getStarsRevenueAdsAccountUrl": "makes a link that logs in whoever opens it",
        "payments.getStarsRevenueWithdrawalUrl": "begins a withdrawal; its proof of the password is good for one use",
        "upload.getWebFile": "may let the server open somebody's link, which may do anything",
    }
)
"""Methods that are called like readers and do more than read, or may: what they do."""


def is_repeatable(request: TLFunction[Any]) -> bool:
    """Tell whether a call may be executed twice, by the tables of this module."""
    while request.NAME in TRANSPARENT:
        inner: TLFunction[Any] | None = getattr(request, "query", None)
        if inner is None:
            return False
        request = inner
    if request.NAME in READERS:
        return True
    condition = CONDITIONAL.get(request.NAME)
    return condition is not None and condition(request)
