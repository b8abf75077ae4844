"""The files of trials: their names, and whatever they lie on."""
