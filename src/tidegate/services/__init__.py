"""The verbs of Tidegate, each bringing rooms together."""
