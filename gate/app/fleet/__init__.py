"""A gate's end of the fleet's contract: who it is, how it is, what it is told to do."""
