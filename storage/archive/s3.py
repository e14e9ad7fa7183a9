"""A store in an S3 bucket: create-only by conditional puts, checked by SHA-256, resumed where an upload broke
off.

Endpoint, keys and region come from boto3's own variables and files (AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID,
...). Further settings: NEWS_S3_SSE (AES256 or aws:kms), NEWS_S3_SSE_KMS_KEY_ID, NEWS_S3_STORAGE_CLASS.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import urlsplit

import boto3
import botocore.config
import botocore.session
from botocore import exceptions as boto

from storage.archive.keys import check_key, check_prefix
from storage.archive.s3_parts import ERRORS, PART, S3Stream, code_of, explained, upload_in_parts
from storage.archive.store import ArchiveError, Conflict, Missing, Store

# Writers at once in `put_all`; boto3's pool holds ten connections.
_AT_ONCE = 8
# NoSuchUpload: the upload was completed already, and its answer lost.
_TAKEN = ("PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchUpload")
_READS = 3
# Variables of the environment, and the field of every put that each is for.
_EXTRA = {
    "NEWS_S3_SSE": "ServerSideEncryption",
    "NEWS_S3_SSE_KMS_KEY_ID": "SSEKMSKeyId",
    "NEWS_S3_STORAGE_CLASS": "StorageClass",
}
_GONE = ("NoSuchKey", "NotFound", "404")
_BROKEN_OFF = (boto.IncompleteReadError, boto.ResponseStreamingError, boto.ReadTimeoutError)
_Found = TypeVar("_Found")


class S3Store(Store):
    """`Store` in `bucket` below `prefix`. The client is made once; it may be used by several threads."""

    def __init__(self, bucket: str, prefix: str) -> None:
        if not bucket:
            raise ArchiveError("s3:// needs a bucket: set NEWS_ARCHIVE_URI to s3://bucket/prefix")
        self.bucket = bucket
        self._above = f"{check_key(prefix)}/" if prefix else ""
        self._client = s3_client(self._name())
        self._extra = {field: os.environ[name] for name, field in _EXTRA.items() if os.environ.get(name)}

    def check_writable(self) -> None:
        """Nothing to do here: the conditional put of the marker, which follows, needs the right to write."""

    def put_new(self, key: str, data: bytes) -> bool:
        digest = hashlib.sha256(data).hexdigest()
        return self._new(key, digest, lambda: self._put(key, data, IfNoneMatch="*"))

    def put_all(self, parts: Iterable[tuple[str, bytes]]) -> int:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return sum(pool.map(lambda part: self.put_new(*part), parts))

    def put_file(self, key: str, path: Path) -> bool:
        if path.stat().st_size <= PART:
            return self.put_new(key, path.read_bytes())
        digest = _file_digest(path)
        if self.size(key) is not None:  # a large file is not sent only to hear that it is there
            return self._must_equal(key, digest)
        return self._new(key, digest, lambda: self._send(key, path, digest, new=True))

    def replace(self, key: str, path: Path) -> None:
        if path.stat().st_size > PART:
            self._call(lambda: self._send(key, path, _file_digest(path), new=False))
        else:
            self._call(lambda: self._put(key, path.read_bytes()))
        self._forget_versions(key, but_newest=True)

    def read(self, key: str) -> bytes:
        return self._fetch(key)

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        if length <= 0:
            return b""
        return self._fetch(key, Range=f"bytes={offset}-{offset + length - 1}")

    def open_stream(self, key: str) -> BinaryIO:
        return io.BufferedReader(S3Stream(self, key), 1 << 20)

    def size(self, key: str) -> int | None:
        found = self._head(key)
        return None if found is None else int(found["ContentLength"])

    def digest(self, key: str) -> str | None:
        found = self._head(key)
        if found is None:
            return None
        kept = found.get("Metadata", {}).get("sha256")
        if kept is None:  # another tool wrote it
            with self.open_stream(key) as stream:
                return hashlib.file_digest(cast(io.BufferedReader, stream), "sha256").hexdigest()
        return str(kept)

    def entries(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Folder by folder: servers list in different orders, and sorting everything at once would not stay
        flat.
        """
        check_prefix(prefix)
        stack = [self._folder(prefix)]
        while stack:
            for key, size in stack[-1]:
                if size is None:
                    stack.append(self._folder(key))
                    break
                yield key, size
            else:
                stack.pop()

    def delete(self, key: str) -> bool:
        if self.size(key) is None:
            return False
        self._call(lambda: self._client.delete_object(Bucket=self.bucket, Key=self._path(key)))
        self._forget_versions(key, but_newest=False)
        return True

    def _name(self) -> str:
        return f"s3://{self.bucket}/{self._above}".rstrip("/")

    def _path(self, key: str) -> str:
        return self._above + check_key(key)

    def _call(self, act: Callable[[], _Found]) -> _Found:
        try:
            return act()
        except ERRORS as error:
            raise explained(error, self._name()) from error

    def _put(self, key: str, data: bytes, **condition: str) -> None:
        digest = hashlib.sha256(data).digest()
        self._client.put_object(
            Bucket=self.bucket,
            Key=self._path(key),
            Body=data,
            ChecksumSHA256=base64.b64encode(digest).decode(),
            Metadata={"sha256": digest.hex()},
            **condition,
            **self._extra,
        )

    def _send(self, key: str, path: Path, digest: str, *, new: bool) -> None:
        metadata = {"sha256": digest}
        upload_in_parts(self._client, self.bucket, self._path(key), path, metadata=metadata, extra=self._extra, new=new)

    def _new(self, key: str, digest: str, send: Callable[[], None]) -> bool:
        """Send a new object. When something is there, perhaps it is our own write, its answer lost and sent again."""
        try:
            send()
        except ERRORS as error:
            if code_of(error) not in _TAKEN or self.size(key) is None:
                raise explained(error, self._name()) from error
            return self._must_equal(key, digest)
        return True

    def _fetch(self, key: str, **how: str) -> bytes:
        """The bytes of an object or a range, none of one behind its end. botocore tries again until an answer begins; a body
        that breaks off is asked for again here."""
        for left in reversed(range(_READS)):
            try:
                found = self._client.get_object(Bucket=self.bucket, Key=self._path(key), **how)
                return cast(bytes, found["Body"].read())
            except ERRORS as error:
                if code_of(error) in _GONE:
                    raise Missing(f"{key} is not in the archive {self._name()}") from None
                if code_of(error) in ("InvalidRange", "416"):
                    return b""
                if not left or not isinstance(error, _BROKEN_OFF):
                    raise explained(error, self._name()) from error
        raise AssertionError("the last try returns or raises")

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            return cast(dict[str, Any], self._client.head_object(Bucket=self.bucket, Key=self._path(key)))
        except ERRORS as error:
            if code_of(error) in _GONE:
                return None
            raise explained(error, self._name()) from error

    def _must_equal(self, key: str, digest: str) -> bool:
        """False when the object under the key is this content already; Conflict when it is another."""
        if self.digest(key) != digest:
            raise Conflict(f"{key} holds another content already; nothing was overwritten. Run `scrapy verify`")
        return False

    def _folder(self, prefix: str) -> Iterator[tuple[str, int | None]]:
        """What begins with a prefix, down to the next slash: (key, size), or (key/, None) for a folder; in
        order.
        """
        found: list[tuple[str, int | None]] = []
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self._above + prefix, Delimiter="/"
        )
        cut = len(self._above)
        for page in self._call(lambda: list(pages)):
            # Some servers list a folder that was emptied as an object with a slash behind its name.
            objects = (each for each in page.get("Contents", ()) if not each["Key"].endswith("/"))
            found += [(each["Key"][cut:], int(each["Size"])) for each in objects]
            found += [(each["Prefix"][cut:], None) for each in page.get("CommonPrefixes", ())]
        return iter(sorted(found, key=lambda each: each[0]))

    def _forget_versions(self, key: str, *, but_newest: bool) -> None:
        """Delete what a versioned bucket still keeps of an object; without the right to, the error says so."""
        path = self._path(key)
        try:
            found = self._client.list_object_versions(Bucket=self.bucket, Prefix=path)
        except ERRORS as error:
            if code_of(error) in ("NotImplemented", "MethodNotAllowed", "501"):
                return  # a server without versions
            raise explained(error, self._name()) from error
        for each in [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]:
            if each["Key"] == path and not (but_newest and each["IsLatest"]) and each["VersionId"] != "null":
                where = {"Bucket": self.bucket, "Key": path, "VersionId": each["VersionId"]}
                self._call(functools.partial(self._client.delete_object, **where))


def s3_client(name: str) -> Any:
    """A boto3 client as boto3's own variables and files say; ArchiveError when they cannot be used."""
    config = botocore.config.Config(
        connect_timeout=10,
        read_timeout=60,
        # Checksums that we give by hand go to every server; the ones botocore adds are unknown to many.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    if not os.environ.get("AWS_MAX_ATTEMPTS"):
        # Six tries with botocore's growing, jittered waits; a server away for longer is an error that is told.
        config = config.merge(botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 6}))
    try:
        # A session of its own: boto3's default one keeps the keys that it met first.
        core = botocore.session.Session()
        core.register_component("data_loader", _descriptions())
        session = boto3.session.Session(botocore_session=core)
        client = session.client("s3", config=config)
        host = urlsplit(client.meta.endpoint_url).hostname or ""
        if not host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
            config = config.merge(botocore.config.Config(s3={"addressing_style": "path"}))
            client = session.client("s3", config=config)
    except (boto.BotoCoreError, ValueError) as error:
        raise explained(error, name) from error
    return client


def download(uri: str, to: Path) -> None:
    """`s3://bucket/key` -> its bytes under the path `to`, which is there only when it is whole. Keys of others are not
    those of an archive: any letters, any length. ArchiveError in one line."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise ArchiveError(f"{uri}: name an object as s3://bucket/key")
    client = s3_client(uri)
    try:
        client.download_file(bucket, key, str(to))
    except ERRORS as error:
        if code_of(error) in _GONE:
            raise ArchiveError(f"{uri}: there is no such object in the bucket") from error
        raise explained(error, uri) from error
    finally:
        client.close()


@functools.cache
def _descriptions() -> Any:
    """What botocore reads of its files on S3: most of a client's making, so it is read once."""
    return botocore.session.Session().get_component("data_loader")


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
