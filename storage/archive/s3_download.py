"""An object of anybody in S3 -> a file. Keys of others are not those of an archive: any letters, any length."""

from __future__ import annotations

import os
from pathlib import Path

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from storage.archive.s3 import s3_client
from storage.archive.s3_errors import code_of, explained
from storage.archive.store import ArchiveError


def download(uri: str, to: Path) -> None:
    """`s3://bucket/key` -> its bytes under the path `to`, which is there only when it is whole. ArchiveError in one line."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise ArchiveError(f"{uri}: name an object as s3://bucket/key")
    client = s3_client(uri, os.environ)
    try:
        client.download_file(bucket, key, str(to))
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey"):
            raise ArchiveError(f"{uri}: there is no such object in the bucket") from error
        raise explained(error, uri) from error
    except (BotoCoreError, Boto3Error) as error:
        raise explained(error, uri) from error
    finally:
        client.close()
