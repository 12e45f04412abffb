"""Colours set by hand: accepted with reason, source and end, in bulk only by two people, and watched."""
