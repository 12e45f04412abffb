"""Every fault of a rule set at once, for those who write it; a gate stops at the first one (``ruleset.load``)."""
