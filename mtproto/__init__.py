"""The MTProto protocol."""
