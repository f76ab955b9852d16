"""Each control of the restricted profile notices what breaks it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from proof.formats.pod_security import breaches

SOUND: dict[str, Any] = {
    "metadata": {"annotations": {}},
    "spec": {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
            "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
        },
        "containers": [
            {
                "name": "app",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
                },
                "livenessProbe": {"httpGet": {"path": "/", "port": 1}},
                "ports": [{"containerPort": 1}],
            }
        ],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    },
}
POD = ("spec", "securityContext")
CONTAINER = ("spec", "containers", 0)
OWN = (*CONTAINER, "securityContext")

# Where, what, and what is said of it.
BREACHES = [
    (("spec", "hostNetwork"), True, "hostNetwork"),
    (("spec", "hostPID"), True, "hostPID"),
    (("spec", "hostIPC"), True, "hostIPC"),
    (("spec", "volumes", 0, "hostPath"), {"path": "/"}, "hostPath"),
    (("spec", "volumes", 0, "nfs"), {"server": "x", "path": "/"}, "nfs"),
    (("metadata", "annotations", "container.apparmor.x/app"), "unconfined", "AppArmor"),
    ((*POD, "sysctls"), [{"name": "kernel.msgmax", "value": "1"}], "kernel.msgmax"),
    ((*POD, "windowsOptions"), {"hostProcess": True}, "hostProcess"),
    ((*POD, "appArmorProfile"), {"type": "Unconfined"}, "AppArmor"),
    ((*POD, "seLinuxOptions"), {"type": "spc_t"}, "SELinux"),
    ((*POD, "runAsNonRoot"), None, "runAsNonRoot"),
    ((*POD, "runAsUser"), 0, "runAsUser"),
    ((*POD, "seccompProfile"), {"type": "Unconfined"}, "seccompProfile"),
    ((*OWN, "windowsOptions"), {"hostProcess": True}, "hostProcess"),
    ((*OWN, "appArmorProfile"), {"type": "Unconfined"}, "AppArmor"),
    ((*OWN, "seLinuxOptions"), {"role": "x"}, "SELinux"),
    ((*OWN, "runAsNonRoot"), False, "runAsNonRoot"),
    ((*OWN, "runAsUser"), 0, "runAsUser"),
    ((*OWN, "seccompProfile"), {"type": "Unconfined"}, "seccompProfile"),
    ((*OWN, "privileged"), True, "privileged"),
    ((*OWN, "allowPrivilegeEscalation"), None, "allowPrivilegeEscalation"),
    ((*OWN, "capabilities"), {"drop": ["NET_RAW"]}, "keeps capabilities"),
    ((*OWN, "capabilities"), {"drop": ["ALL"], "add": ["CHOWN"]}, "adds capabilities"),
    ((*OWN, "procMount"), "Unmasked", "/proc"),
    ((*CONTAINER, "ports", 0, "hostPort"), 80, "port of the node"),
    ((*CONTAINER, "livenessProbe", "httpGet", "host"), "10.0.0.1", "beyond the pod"),
    (
        (*CONTAINER, "lifecycle"),
        {"preStop": {"tcpSocket": {"host": "10.0.0.1"}}},
        "beyond the pod",
    ),
    (("spec", "initContainers"), [{"name": "first"}], "container first"),
    (("spec", "ephemeralContainers"), [{"name": "later"}], "container later"),
]


def test_a_sound_pod_breaks_nothing() -> None:
    assert list(breaches(SOUND)) == []


@pytest.mark.parametrize(("where", "value", "said"), BREACHES)
def test_a_breach_is_noticed(where: tuple[str | int, ...], value: object, said: str) -> None:
    pod = copy.deepcopy(SOUND)
    node: Any = pod
    for key in where[:-1]:
        node = node[key]
    node[where[-1]] = value
    assert said in "\n".join(breaches(pod))
