"""Measurements side by side with Telethon and Kurigram: `python -m benchmarks`.

`command` reads the options, `measurements/` holds one file for each group of rows, `bench` runs a row (rounds of the
libraries interleaved), `peer` drives one library in a process of its own (`peers/`), `compare` checks that all of
them read the same objects, `rows` and `report` turn samples into ratios, a table and JSON.
"""
