"""A large object of S3 in parts: an upload that broke off goes on with those that the server has, and a stream reads range by
range, so that a connection that breaks costs one range. And what boto3 says -> one line that says what to do."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from storage.archive.store import ArchiveError, Missing, Store

ERRORS = (boto.ClientError, boto.BotoCoreError, Boto3Error)
_KEYS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws"
_BY_CODE = {
    "NoSuchBucket": "there is no such bucket: make it, or set NEWS_ARCHIVE_URI to one that exists",
    "InvalidBucketName": "that is no name for a bucket: set NEWS_ARCHIVE_URI to s3://bucket/prefix",
    "AccessDenied": "access is denied: these keys may not do this here; ask for s3:GetObject, PutObject, ListBucket",
    "403": "access is denied: these keys may not do this here; ask for s3:GetObject, PutObject, ListBucket",
    "InvalidAccessKeyId": f"the access key is unknown to the server: {_KEYS}",
    "SignatureDoesNotMatch": f"the secret key does not belong to the access key: {_KEYS}",
    "ExpiredToken": "the session token has expired: get a new one",
    "PermanentRedirect": "the bucket lies in another region: set AWS_DEFAULT_REGION to it",
    "AuthorizationHeaderMalformed": "the bucket lies in another region: set AWS_DEFAULT_REGION to it",
    "RequestTimeTooSkewed": "this machine's clock is more than 15 minutes off: set it (timedatectl set-ntp true)",
    "SlowDown": "the server throttles us, also after several tries: start again later; nothing is lost",
    "ServiceUnavailable": "the server is overloaded, also after several tries: start again later; nothing is lost",
    "InternalError": "the server fails, also after several tries: start again later; nothing is lost",
    "InsufficientStorage": "the server's disk is full: free some space there and start again",
    "BadDigest": "the bytes arrived changed: check the network and the server",
    "404": "nothing lies there: check the bucket's name in NEWS_ARCHIVE_URI",
}


def code_of(error: Exception) -> str:
    """The S3 error code, or the status as text where the answer had no body; empty when no answer came."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, boto.ClientError) else ""


def explained(error: Exception, name: str) -> ArchiveError:
    """An error of boto3 and the archive's URI -> the ArchiveError to raise."""
    if isinstance(error, boto.ClientError):
        code = code_of(error)
        what = _BY_CODE.get(code) or f"the server answered {code} to {error.operation_name}"
    elif isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError):
        what = f"no credentials: {_KEYS}"
    elif isinstance(error, boto.ProfileNotFound):
        what = f"{error}: set AWS_PROFILE to one that exists"
    elif isinstance(error, boto.NoRegionError):
        what = "no region: set AWS_DEFAULT_REGION"
    elif isinstance(error, boto.EndpointConnectionError | boto.ConnectionError | boto.HTTPClientError):
        what = "the server cannot be reached: check AWS_ENDPOINT_URL_S3 and the network; the spool goes up at the next start"
    else:
        told = " ".join(str(error).split()) or type(error).__name__
        what = f"boto3: {told}; the AWS_ variables and the files in ~/.aws say what it goes by"
    return ArchiveError(f"{name}: {what}")


# Bytes of a part; at most 10,000 parts make an object.
PART = 16 * 1024 * 1024


def upload_in_parts(
    client: Any,
    bucket: str,
    path_in_bucket: str,
    file: Path,
    *,
    metadata: Mapping[str, str],
    extra: Mapping[str, str],
    new: bool = True,
) -> None:
    """Put `file` under a key by a multipart upload; `new`: only where nothing lies. Raises what boto3 raises.

    Nothing is seen under the key before the last step. A broken upload is left on the server and taken up
    again by the next call for the same key: parts whose MD5 (their ETag) is that of ours are not sent again.
    """
    where = {"Bucket": bucket, "Key": path_in_bucket}
    upload, there = _broken_off(client, bucket, path_in_bucket)
    if upload is None:
        upload = client.create_multipart_upload(**where, Metadata=dict(metadata), ChecksumAlgorithm="SHA256", **extra)[
            "UploadId"
        ]
    done: list[dict[str, Any]] = []
    with file.open("rb") as stream:
        for number, piece in enumerate(iter(lambda: stream.read(PART), b""), 1):
            # Given for kept parts too: servers ask for it at the end, but not all of them list it.
            digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
            kept = there.get(number)
            if kept is None or kept["ETag"].strip('"') != hashlib.md5(piece, usedforsecurity=False).hexdigest():
                kept = client.upload_part(**where, UploadId=upload, PartNumber=number, Body=piece, ChecksumSHA256=digest)
            done.append({"PartNumber": number, "ETag": kept["ETag"], "ChecksumSHA256": digest})
    condition = {"IfNoneMatch": "*"} if new else {}
    client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": done}, **condition)


def _broken_off(client: Any, bucket: str, key: str) -> tuple[str | None, dict[int, dict[str, Any]]]:
    """The newest unfinished upload of this key and its parts by number; none, or none that we may list: (None, {})."""
    try:
        listed = client.list_multipart_uploads(Bucket=bucket, Prefix=key).get("Uploads", ())
        ours = sorted((each["Initiated"], each["UploadId"]) for each in listed if each["Key"] == key)
        if not ours:
            return None, {}
        pages = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=ours[-1][1])
        return ours[-1][1], {part["PartNumber"]: part for page in pages for part in page.get("Parts", ())}
    except ClientError as error:
        if code_of(error) not in ("AccessDenied", "403", "NotImplemented", "NoSuchUpload"):
            raise
        return None, {}  # then the upload begins anew


_RANGE = 4 * 1024 * 1024


class S3Stream(io.RawIOBase):
    """The object `key` of `store`, from its start; Missing when it is not there. Reads raise ArchiveError."""

    def __init__(self, store: Store, key: str) -> None:
        super().__init__()
        size = store.size(key)
        if size is None:
            raise Missing(f"{key} is not in the archive")
        self._store, self._key, self._size, self._at = store, key, size, 0
        self._held, self._held_at = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        place = self._at - self._held_at
        if not 0 <= place < len(self._held):
            if self._at >= self._size:
                return 0
            self._held, self._held_at, place = self._store.read_range(self._key, self._at, _RANGE), self._at, 0
        piece = self._held[place : place + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
