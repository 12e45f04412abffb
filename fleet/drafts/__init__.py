"""Rule sets that are edited at the desk: read within bounds, checked by the gate's own code, taken to be signed."""
