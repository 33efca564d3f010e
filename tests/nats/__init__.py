"""NATS as readers meet it: the real server, the real callout, and clients that try everything."""
