"""Uploads one file with tuspy: python tuspy_upload.py ENDPOINT TOKEN SESSION FILE NAME."""

import sys

from tusclient.client import TusClient

RETRIES = 60
CHUNK_BYTES = 16 * 1024 * 1024


def upload(endpoint: str, token: str, session: str, file: str, name: str) -> None:
    client = TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})
    metadata = {"session": session, "filename": name}
    client.uploader(file, chunk_size=CHUNK_BYTES, retries=RETRIES, retry_delay=0.5, metadata=metadata).upload()


if __name__ == "__main__":
    upload(*sys.argv[1:])
