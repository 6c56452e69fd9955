"""Workbooks of plans: their sheets and cells, read, checked, made and added to."""
