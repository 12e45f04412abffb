"""What people see: sites and gates, claims, revocation; Django's views over ``fleet.registry``."""
