"""Records to Facts to Decision: pure, deterministic, driven by data."""
