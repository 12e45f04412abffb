"""The verifier: a checkpoint that reads a credential, decides by a signed rule set, speaks and records."""

__version__ = "0.1.0"
