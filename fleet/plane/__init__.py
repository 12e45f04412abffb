"""What gates talk to: a thin application on the tables of ``fleet.registry``. Any number of them may run side by side."""
