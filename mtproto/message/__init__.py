"""What the key exchange and the session share: envelopes, message ids, the authorization key and its state.

`envelope` (plain, MTProto 2.0 and 1.0, to bytes and back), `message_ids`, `auth_key` (`AuthKey`), `key_state`
(`KeyState`, `Salt`, `ExchangeResult`).
"""
