"""Types that every room shares: instants, windows, intervals, flags, units, series, errors.

Nothing here does input or output, and nothing here imports a heavy library.
"""
