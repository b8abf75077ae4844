"""Keys of a cloud stay in the environment that they are in, and go to no other node through Ray."""

from __future__ import annotations

from ray.tune.execution import class_cache

# What Tune would copy from the driver's environment into every worker's `runtime_env`. Ray writes that into the logs of
# each node and shows it to all who may ask the cluster.
CREDENTIALS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"})


def keep_credentials_here() -> None:
    """Have Tune copy none, for which it has no public way: a node uses those of its own environment or role."""
    class_cache.ENV_VARS_TO_PROPAGATE = frozenset(class_cache.ENV_VARS_TO_PROPAGATE) - CREDENTIALS
