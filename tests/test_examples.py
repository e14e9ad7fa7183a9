"""The examples for systemd, compose and Kubernetes are well-formed, and name commands that there are. No more is tested here."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"
COMMANDS = {path.stem for path in (ROOT / "crawler" / "commands").glob("*.py")}


def ours(words: str) -> bool:
    return all(part.split()[0] in COMMANDS for part in words.split("scrapy ")[1:] if part.split())


def test_compose_names_services_and_commands_that_there_are() -> None:
    document = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())
    services = document["services"]
    for service in services.values():
        assert all(other in services for other in service.get("depends_on", ()))
        assert all(volume.partition(":")[0] in document["volumes"] for volume in service.get("volumes", ()))
        assert ours(" ".join(service["command"]))
        assert not any("KEY" in name for name in service.get("environment", {})), "keys come from .env"


def test_kubernetes_labels_and_claims_fit_together() -> None:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text()))
    assert [each["kind"] for each in documents].count("CronJob") == 2
    claims = {each["metadata"]["name"] for each in documents if each["kind"] == "PersistentVolumeClaim"}
    for each in documents:
        spec = each["spec"]
        if each["kind"] in ("Deployment", "StatefulSet"):
            assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
        pod = (
            spec["jobTemplate"]["spec"]["template"]["spec"]
            if each["kind"] == "CronJob"
            else spec.get("template", {}).get("spec")
        )
        for container in pod["containers"] if pod else ():
            assert ours(" ".join(container["command"]))
        for volume in (pod or {}).get("volumes", ()):
            assert volume["persistentVolumeClaim"]["claimName"] in claims


@pytest.mark.parametrize("name", ["cleancopy-scheduler.service", "cleancopy-worker.service"])
def test_units_are_units(name: str, tmp_path: Path) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string((EXAMPLES / name).read_text())
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    if shutil.which("systemd-analyze") is None:
        return
    # The program need not lie there: any that does will do for the syntax.
    text = (
        (EXAMPLES / name)
        .read_text()
        .replace("/opt/cleancopy/.venv/bin/dask", "/bin/true")
        .replace("User=cleancopy", "User=root")
    )
    copy = tmp_path / name.replace(".service", "@1.service")
    copy.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=30, check=False)
    assert f"{copy.name}:" not in done.stderr and "Unknown" not in done.stderr, done.stderr
