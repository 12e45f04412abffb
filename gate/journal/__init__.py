"""The durable record of every presentation."""
