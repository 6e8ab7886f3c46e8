"""Programs that hold one library each and time what the driver asks for.

They are started with the peer's own interpreter, so they import the standard library, `serve` and their library only.
"""
