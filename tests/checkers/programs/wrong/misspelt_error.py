from mtproto import errors

try:
    print()
# mypy says: Module has no attribute "PhoneCodeInvalidd"
# pyright says: "PhoneCodeInvalidd" is not a known attribute of module
except errors.PhoneCodeInvalidd:
    print()
