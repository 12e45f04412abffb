"""The schema, as Django's models. ``fleet.plane`` works on the same tables by SQL of its own; a test compares the two."""
