"""The REST service: a handler parses, calls one service and shapes the answer."""
