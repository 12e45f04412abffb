"""Many gates on one machine, with the software of real ones, to rehearse with a server before there are gates."""
