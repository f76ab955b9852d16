"""Proving every combination: `python -m proof --help`, or `nox -s matrix`.

What a check can read decides its key: a digest of those files, of this program and of the
tools. Combinations with equal keys share one run of the check, which sees no other file, and
a result is kept until its key changes. A sample of the combinations shares nothing.
"""
