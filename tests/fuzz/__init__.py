"""Fuzzing: every parser that meets the network, fed with what nobody would send.

    python -m tests.fuzz                 all targets in turn, until interrupted (`make fuzz`)
    python -m tests.fuzz --target NAME --inputs 100000
    python -m tests.fuzz --ci            a minute or less for each group, in parallel; always the same inputs
    python -m tests.fuzz.with_atheris NAME        the same targets under libFuzzer, guided by coverage

A target takes bytes. It returns what it understood, or raises the error that its parser promises for what it refuses;
whatever else happens is a finding: another exception, a broken promise (`Violation`), an input that takes too long or
for ever.
Findings land in `findings/`; once understood they move to `cases/`, which `test_cases.py` replays for good.
"""
