"""Tests of the benchmarks' own machinery; none of them judges a time."""
