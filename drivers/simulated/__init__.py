"""Wire-accurate peers: what stands at the other end of the wire in the demo and in tests."""
