"""What boto3 says -> one line that says what to do."""

from __future__ import annotations

from boto3.exceptions import Boto3Error
from botocore import exceptions as boto

from storage.archive.store import ArchiveError

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
