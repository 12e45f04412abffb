"""Signed content: whom the gate believes."""
