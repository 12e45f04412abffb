"""What gates talk to: a thin application on the tables of ``fleet.registry``. Several may run side by side."""
