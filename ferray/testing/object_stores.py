"""A bucket of S3's on the loopback, for tests and laboratories: moto's server, asked over HTTP by the real client."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

from ferray.system.environment import with_variables

BUCKET = "faces"
_ACCOUNT = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def bucket() -> Iterator[str]:
    """The address of an empty one; the environment leads clients of this process, and of those it starts, to it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {**_ACCOUNT, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    try:
        with with_variables(variables):
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            yield f"s3://{BUCKET}"
    finally:
        server.stop()
