"""The files of docs/deploy hold what docs/deploy.md says of them, as far as no engine is needed."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import kubernetes_validate
import numpy as np
import pytest
import yaml

from serving.http.meters import Meters
from serving.http.operations import OPERATIONS
from serving.seen import Seen
from serving.settings import Settings

FILES = Path(__file__).parents[2] / "docs" / "deploy"
ROOT = FILES.parents[1]
PERSON = 10001


@pytest.fixture(scope="module")
def containerfile() -> list[list[str]]:
    """The last stage, an instruction a list of words."""
    text = (FILES / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    last = max(i for i, line in enumerate(lines) if line[0] == "FROM")
    return lines[last:]


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FILES / "kubernetes.yaml").read_text()))


@pytest.fixture(scope="module")
def pods(manifests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The pods' specifications by kind."""
    specs = {each["kind"]: each["spec"] for each in manifests}
    job = specs["CronJob"]["jobTemplate"]["spec"]["template"]
    return {"Deployment": specs["Deployment"]["template"]["spec"], "CronJob": job["spec"]}


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze on this machine")
    unit = (FILES / "querencia-serve.service").read_text()
    # It also looks whether programs and users are there, which are none of its own here.
    here = unit.replace("/srv/querencia/.venv/bin/querencia", "/bin/true")
    file = tmp_path / "querencia-serve.service"
    file.write_text(here.replace("User=querencia", "User=daemon"))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in told.stderr.splitlines() if "querencia-serve" in line]
    assert (told.returncode, ours) == (0, [])


def test_the_unit_gives_answers_the_time_they_may_take() -> None:
    unit = (FILES / "querencia-serve.service").read_text()
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(seconds) > Settings().service.answer_seconds + Settings().service.body_seconds
    assert "NoNewPrivileges=yes" in unit
    assert "ProtectSystem=strict" in unit


def test_the_container_runs_as_nobody_in_particular(containerfile: list[list[str]]) -> None:
    users = [line[1] for line in containerfile if line[0] == "USER"]
    assert users == [f"{PERSON}:{PERSON}"]
    after = containerfile[[line[0] for line in containerfile].index("USER") :]
    assert "RUN" not in {line[0] for line in after}
    assert not any(line[0] == "ADD" for line in containerfile)


def test_the_container_writes_nowhere_else(containerfile: list[list[str]]) -> None:
    volumes = [line[1] for line in containerfile if line[0] == "VOLUME"]
    folder = [line[1] for line in containerfile if line[0] == "WORKDIR"]
    assert volumes == folder == ["/srv/querencia"]
    (variables,) = [line[1:] for line in containerfile if line[0] == "ENV"]
    homes = dict(pair.split("=", 1) for pair in variables)
    assert all(homes[name].startswith("/tmp") for name in ("HOME", "MPLCONFIGDIR", "BENTOML_HOME"))  # noqa: S108


def test_the_container_is_asked_whether_it_is_well(containerfile: list[list[str]]) -> None:
    lines = {line[0]: " ".join(line[1:]) for line in containerfile}
    assert "/readyz" in lines["HEALTHCHECK"]
    assert lines["STOPSIGNAL"] == "SIGTERM"
    # As lists, so that signals reach the service and no shell in between.
    assert json.loads(lines["ENTRYPOINT"]) == ["querencia"]
    assert json.loads(lines["CMD"])[0] == "serve"


def test_the_container_installs_what_is_locked_and_copies_all_packages() -> None:
    text = (FILES / "Containerfile").read_text()
    assert "--require-hashes --no-deps -r requirements.lock" in text
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert set(re.findall(r"^COPY (\w+) \1$", text, re.MULTILINE)) == packages


def test_manifests_are_what_kubernetes_takes(manifests: list[dict[str, Any]]) -> None:
    for each in manifests:
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)
    kinds = [each["kind"] for each in manifests]
    assert kinds == ["Deployment", "Service", "CronJob", "PersistentVolumeClaim"]


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
def test_pods_are_closed(pods: Mapping[str, dict[str, Any]], kind: str) -> None:
    pod = pods[kind]
    (container,) = pod["containers"]
    person, closed = pod["securityContext"], container["securityContext"]
    assert (person["runAsNonRoot"], person["runAsUser"]) == (True, PERSON)
    assert person["seccompProfile"] == {"type": "RuntimeDefault"}
    assert closed["readOnlyRootFilesystem"] is True
    assert closed["allowPrivilegeEscalation"] is False
    assert closed["capabilities"] == {"drop": ["ALL"]}
    assert pod["automountServiceAccountToken"] is False
    assert {"memory"} <= set(container["resources"]["limits"])
    assert {each["mountPath"] for each in container["volumeMounts"]} == {"/srv/querencia", "/tmp"}  # noqa: S108


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
def test_pods_get_no_variables_that_configuration_would_refuse(
    pods: Mapping[str, dict[str, Any]], kind: str
) -> None:
    """Kubernetes tells of the service `querencia` as QUERENCIA_PORT, and so on."""
    assert pods[kind]["enableServiceLinks"] is False


def test_pods_are_asked_by_all_probes(pods: Mapping[str, dict[str, Any]]) -> None:
    (container,) = pods["Deployment"]["containers"]
    asked = {
        name: container[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "readiness", "liveness")
    }
    assert asked == {"startup": "/readyz", "readiness": "/readyz", "liveness": "/livez"}
    service = Settings().service
    grace = pods["Deployment"]["terminationGracePeriodSeconds"]
    assert grace > service.answer_seconds + service.body_seconds


def test_the_mlflow_ui_is_behind_a_password() -> None:
    text = (FILES / "Caddyfile").read_text()
    (site,) = re.findall(r"^mlflow\.\S+ \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    assert site.index("basic_auth") < site.index("reverse_proxy 127.0.0.1:5000")


@pytest.fixture(scope="module")
def told() -> str:
    """What /metrics tells when something was asked."""
    meters = Meters()
    for operation in OPERATIONS.values():
        meters.answered(operation.name, 200, 0.01)
    meters.asked({"ids": 1, "rows": 1})
    meters.swapped("swapped")
    seen, now = Seen(), datetime.now(UTC)
    seen.add(np.array([0.2, 0.7]))
    ranking = SimpleNamespace(risk=np.array([0.1, 0.9]))
    edition = SimpleNamespace(
        number=1, cutoff=now, trained_as_of=now, ranking=ranking, lines=[b"", b""], seen=seen
    )
    return meters.page(cast("Any", edition)).decode()


def names(expression: str) -> Iterator[str]:
    yield from re.findall(r"querencia_\w+", expression)


def test_the_dashboard_asks_for_what_is_told(told: str) -> None:
    board = json.loads((FILES / "grafana.json").read_text())
    asked = {
        name for panel in board["panels"] for t in panel["targets"] for name in names(t["expr"])
    }
    exist = set(re.findall(r"^(querencia_\w+)[{ ]", told, re.MULTILINE))
    assert asked - exist == set()
    families = set(re.findall(r"^# TYPE (querencia_\w+?)(?:_total)? ", told, re.MULTILINE))
    shown = {re.sub(r"_(total|bucket)$", "", name) for name in asked}
    assert {name for name in families if not name.endswith("_created")} == shown


def test_every_panel_of_the_dashboard_has_a_place_of_its_own() -> None:
    panels = json.loads((FILES / "grafana.json").read_text())["panels"]
    squares = [
        (x, y)
        for p in (panel["gridPos"] for panel in panels)
        for x in range(p["x"], p["x"] + p["w"])
        for y in range(p["y"], p["y"] + p["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24
