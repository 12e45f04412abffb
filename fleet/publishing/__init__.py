"""Signed bundles go to ever more gates, ring by ring, and back again where gates fall sick of them."""
