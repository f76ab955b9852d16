"""The release command of Kubernetes, run with a docker and a kubectl that only note their calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from proof import matrix

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the command is a shell script")

COMPONENT = "app.kubernetes.io/component"
DIGEST = f"sha256:{'5b1f0c3a' * 8}"

TOOLS = {
    "docker": f"""#!/bin/sh
echo "docker $*" >>"$NOTES/calls"
while [ "$1" != --metadata-file ]; do shift; done
[ -z "$BUILT" ] || printf '{{\\n  "containerimage.digest": "{DIGEST}"\\n}}\\n' >"$2"
""",
    "kubectl": f"""#!/bin/sh
if [ "$1" = kustomize ]; then
    exec "{sys.executable}" -P -c 'import sys, pathlib, yaml, proof.formats.kustomize as k
print(yaml.safe_dump_all(k.render(pathlib.Path(sys.argv[1]))))' "$2"
fi
echo "$*" >>"$NOTES/calls"
[ -z "${{KUBECONFIG:-}}" ] || cp "$KUBECONFIG" "$NOTES/kubeconfig"
case $* in
*"apply --filename "*) cp "$5" "$NOTES/applied.yaml" ;;
*"get job "*) echo "$JOB" ;;
*"get deployments"*) exit "$REACHED" ;;
*"rollout status"*) exit "$ROLLED_OUT" ;;
esac
""",
}


@dataclass(frozen=True)
class Ended:
    """How a release ended, and what it called and applied."""

    code: int
    errors: str
    notes: Path

    @property
    def calls(self) -> list[str]:
        """Return the commands, without what they have in common."""
        calls = (self.notes / "calls").read_text(encoding="utf-8").splitlines()
        return [call.removeprefix("--namespace my-service ") for call in calls]

    def applied(self, selector: str) -> list[dict[str, Any]]:
        """Return what an `apply` with a selector of the form `key!=value` chose."""
        key, value = selector.split("!=")
        objects = yaml.safe_load_all((self.notes / "applied.yaml").read_text(encoding="utf-8"))
        return [item for item in objects if item["metadata"]["labels"].get(key) != value]

    def kinds(self) -> list[list[str]]:
        """Return the kinds that each `apply` chose."""
        return [
            sorted({item["kind"] for item in self.applied(call.rpartition(" ")[2])})
            for call in self.calls
            if call.startswith("apply")
        ]


@pytest.fixture(scope="module")
def project(bake_session: Callable[..., Path]) -> Path:
    """Return a project that is deployed to Kubernetes."""
    return bake_session(deploy="kubernetes")


@pytest.fixture
def release(project: Path, tmp_path: Path) -> Callable[..., Ended]:
    """Return a function that runs the command."""
    for name, text in TOOLS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)

    def run(*arguments: str, **environment: str) -> Ended:
        (tmp_path / "calls").write_text("", encoding="utf-8")
        told = {
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(matrix.ROOT),
            "NOTES": str(tmp_path),
            "IMAGE": "registry.example.com/You/my-service",
            "BUILT": "yes",
            "JOB": "SuccessCriteriaMet Complete",
            "REACHED": "0",
            "ROLLED_OUT": "0",
        }
        ended = subprocess.run(
            [shutil.which("sh") or "sh", project / "deploy" / "release", *arguments],
            env={**os.environ, **told, **environment},
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        return Ended(ended.returncode, ended.stderr, tmp_path)

    return run


def test_a_release_migrates_before_it_touches_the_app(release: Callable[..., Ended]) -> None:
    ended = release("v1.2.3")

    assert (ended.code, ended.errors) == (0, "")
    assert [" ".join(call.split()[:2]) for call in ended.calls] == [
        "get deployments",
        "docker buildx",
        "delete job",
        "apply --filename",
        "get job",
        "logs --selector",
        "apply --filename",
        "rollout status",
    ]
    before, after = ended.kinds()
    assert before == [
        "ConfigMap",
        "Deployment",
        "Job",
        "NetworkPolicy",
        "Service",
        "ServiceAccount",
    ]
    assert "Job" not in after
    first = ended.applied(f"{COMPONENT}!=app")
    assert [o["metadata"]["name"] for o in first if o["kind"] == "Deployment"] == ["redis"]


def test_what_is_applied_has_its_version_and_its_image_by_digest(
    release: Callable[..., Ended],
) -> None:
    ended = release("V1.20_rc.")

    image = f"registry.example.com/you/my-service@{DIGEST}"
    assert "--tag registry.example.com/you/my-service:V1.20_rc. " in ended.calls[1]
    objects = {(o["kind"], o["metadata"]["name"]): o for o in ended.applied("none!=none")}
    job = objects["Job", "migrate-v1-20-rc"]
    app = objects["Deployment", "app"]
    assert app["metadata"]["annotations"] == {"kubernetes.io/change-cause": "V1.20_rc."}
    for made in (job, app):
        assert made["spec"]["template"]["spec"]["containers"][0]["image"] == image


@pytest.mark.parametrize("state", ["Failed", "FailureTarget Failed"])
def test_a_failed_migration_stops_the_release(release: Callable[..., Ended], state: str) -> None:
    ended = release("v1", JOB=state)

    assert ended.code == 1
    assert "the migration failed" in ended.errors
    assert len(ended.kinds()) == 1
    assert "HorizontalPodAutoscaler" not in ended.kinds()[0]


def test_pods_that_do_not_become_ready_fail_the_release(release: Callable[..., Ended]) -> None:
    ended = release("v1", ROLLED_OUT="1")

    assert ended.code == 1
    assert "v1 does not become ready" in ended.errors


def test_nothing_is_built_for_a_cluster_that_is_out_of_reach(release: Callable[..., Ended]) -> None:
    ended = release("v1", REACHED="1")

    assert ended.code != 0
    assert ended.calls == ["get deployments"]


def test_an_image_without_a_digest_is_not_applied(release: Callable[..., Ended]) -> None:
    ended = release("v1", BUILT="")

    assert ended.code != 0
    assert not ended.kinds()


def test_an_earlier_image_comes_back_without_building_and_migrating(
    release: Callable[..., Ended],
) -> None:
    ended = release("--no-migration", "v0.9", DIGEST=DIGEST)

    assert ended.code == 0
    assert not [call for call in ended.calls if call.startswith(("docker", "delete", "get job"))]
    (kinds,) = ended.kinds()
    assert "Job" not in kinds


def test_staging_is_released_to_its_own_namespace(release: Callable[..., Ended]) -> None:
    ended = release("v1", "staging")

    assert ended.code == 0
    assert all("my-service-staging" in c for c in ended.calls if not c.startswith("docker"))
    namespaces = {item["metadata"]["namespace"] for item in ended.applied("none!=none")}
    assert namespaces == {"my-service-staging"}


def test_a_pipeline_reaches_the_cluster_by_address_token_and_certificate(
    release: Callable[..., Ended], project: Path
) -> None:
    ended = release("v1", DEPLOY_TARGET="https://cluster.example.com", DEPLOY_KEY="aGVhZGVy.e30.x")

    config = yaml.safe_load((ended.notes / "kubeconfig").read_text(encoding="utf-8"))
    assert (ended.notes / "kubeconfig").stat().st_mode & 0o077 == 0
    assert config["users"][0]["user"] == {"token": "aGVhZGVy.e30.x"}
    cluster = config["clusters"][0]["cluster"]
    assert cluster["server"] == "https://cluster.example.com"
    assert Path(cluster["certificate-authority"]) == project / "deploy" / "cluster.crt"
    context = next(c for c in config["contexts"] if c["name"] == config["current-context"])
    names = {config["clusters"][0]["name"], config["users"][0]["name"]}
    assert set(context["context"].values()) == names


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ([], {}, "usage"),
        (["a b"], {}, "is not a valid image tag"),
        (["v1", "test"], {}, "no deploy/overlays/test"),
        (["v1"], {"IMAGE": ""}, "REGISTRY/REPOSITORY"),
        (["v1"], {"DEPLOY_TARGET": "https://cluster.example.com"}, "DEPLOY_KEY"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_done(
    release: Callable[..., Ended], arguments: list[str], environment: dict[str, str], said: str
) -> None:
    ended = release(*arguments, **environment)

    assert ended.code != 0
    assert said in ended.errors
    assert ended.calls == []


def test_a_release_leaves_the_project_and_the_machine_as_they_were(
    release: Callable[..., Ended], project: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    release("v1", TMPDIR=str(scratch))

    assert before == {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert not list(scratch.iterdir())
