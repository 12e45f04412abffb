"""What a gate is set up with: commented defaults, hardware variants, phrases, example rule sets. Data, no code."""
