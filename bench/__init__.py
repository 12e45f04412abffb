"""Measurements: each prints figures of this machine and, where it can, a ratio to the least that is possible."""
