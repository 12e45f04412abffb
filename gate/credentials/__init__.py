"""Bytes or text to a Credential: pure parsers, one file per format."""
