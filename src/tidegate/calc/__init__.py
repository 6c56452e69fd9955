"""Calendars, flags, units, sums and formulas."""
