"""Hostile peers on loopback sockets, and what they do to a data centre or a client in a process of its own.

    python -m tests.hostile                      every attack, measured
    python -m tests.hostile --ci                 the short form: some attacks; counts, bounds and settlement, no times
    python -m tests.hostile NAME... --uvloop     some attacks, with the victims on uvloop

An attack is one function under `attacks`, entered into the table of `attack.py` by its decorator. Those that the
library does not withstand yet stand in `not_yet.py`, those of the short form in `in_ci.py`.
"""
