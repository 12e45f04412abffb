"""What is set for gates at the desk: merged, checked by the gate's own checks, and written out to be signed."""
