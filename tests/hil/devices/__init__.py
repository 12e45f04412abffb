"""What is plugged into the emulated machine: the host's end of each of its devices."""
