"""Plans: which requests are due, and the run that carries them out."""
