"""``gate demo``: the real daemon against simulated devices, through a whole shift."""
