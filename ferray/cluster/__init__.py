"""Ray on several machines: the kinds of clusters, their settings, and the files that are rendered from both."""
