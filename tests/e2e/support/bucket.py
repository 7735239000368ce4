"""A bucket of a server of its own, as moto plays it."""

from contextlib import contextmanager

from conftest import aws_client

from .gateway import CREDENTIALS
from .process import Process, free_port

BUCKET = "answers"


@contextmanager
def bucket_of_its_own(logs):
    """A client of the empty bucket, and the parameters with which a cache uses it; its secret is `S3_SECRET`."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    moto = Process(f"moto-{port}", ["moto_server", "-H", "127.0.0.1", "-p", port], logs)
    moto.wait_until_answers(address)
    try:
        client = aws_client("s3", address)
        client.create_bucket(Bucket=BUCKET)
        place = {"s3_bucket_name": BUCKET, "s3_region_name": CREDENTIALS["AWS_REGION"], "s3_endpoint_url": address}
        secrets = {"s3_aws_access_key_id": "test", "s3_aws_secret_access_key": "os.environ/S3_SECRET"}
        yield client, {"type": "s3", **place, **secrets}
    finally:
        moto.end()
