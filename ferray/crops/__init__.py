"""Faces cut out of a data set's pictures: what is cut and how, what was found, and the report that a person checks."""
