"""Days past their time: their keys and then their rows go, and how the keys of the day are kept until then."""
