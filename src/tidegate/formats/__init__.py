"""Writers and readers of files, and plots."""
