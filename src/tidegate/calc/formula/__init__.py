"""Formulas: a typed tree, the languages that are read into it, and its evaluation on arrays.

A language is a front end: it turns text into the tree of `tree.py`. Everything after that, the
check of kinds, the evaluation and the flags, is the same for every language.
"""
