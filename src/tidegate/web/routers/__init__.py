"""One module a resource: a handler parses, calls one service and shapes the answer."""
