"""Fuzzing: hostile inputs, made from a seed, for everything that reads what comes from outside."""
