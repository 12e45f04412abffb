"""What the fleet has set for this gate: tried before it is taken, watched afterwards, and given up by itself."""
