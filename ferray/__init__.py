"""ferray: hyper-parameter sweeps for facial expression recognition on a multi-GPU cluster."""

__version__ = "0.1.0"
