"""The *restricted* profile of Kubernetes' Pod Security Standards, all of its controls.

https://kubernetes.io/docs/concepts/security/pod-security-standards, as of Kubernetes 1.37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

type Object = dict[str, Any]

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
CONFINED = {"RuntimeDefault", "Localhost"}
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")


def containers_of(spec: Object) -> list[Object]:
    """Return all containers of a pod, of each kind."""
    kinds = ("containers", "initContainers", "ephemeralContainers")
    return [container for kind in kinds for container in spec.get(kind, [])]


def breaches(template: Object) -> Iterator[str]:
    """Yield how a pod, or what makes pods, breaks the profile."""
    spec = template["spec"]
    pod = spec.get("securityContext", {})
    yield from _of_the_pod(template, spec, pod)
    for container in containers_of(spec):
        own = container.get("securityContext", {})
        for breach in (
            *_of_contexts(own),
            *_of_rights(own),
            *_of_identity({**pod, **own}),
            *_of_reach(container),
        ):
            yield f"container {container['name']} {breach}"


def _of_the_pod(template: Object, spec: Object, pod: Object) -> Iterator[str]:
    for sharing in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(sharing):
            yield f"shares the node's namespace: {sharing}"
    for volume in spec.get("volumes", []):
        for kind in volume.keys() - {"name"} - VOLUMES:
            yield f"mounts a volume of the type {kind}"
    for sysctl in pod.get("sysctls", []):
        if sysctl["name"] not in SYSCTLS:
            yield f"sets {sysctl['name']}"
    for name, value in template.get("metadata", {}).get("annotations", {}).items():
        if "apparmor" in name and not value.startswith(("runtime/default", "localhost/")):
            yield f"runs without AppArmor: {value}"
    yield from _of_contexts(pod)


def _of_contexts(context: Object) -> Iterator[str]:
    """Yield what neither the pod nor a container may say."""
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "is a process of the node: hostProcess"
    profile = context.get("appArmorProfile", {}).get("type", "RuntimeDefault")
    if profile not in CONFINED:
        yield f"runs without AppArmor: {profile}"
    selinux = context.get("seLinuxOptions", {})
    if selinux.get("type", "") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield "chooses its SELinux options"


def _of_rights(own: Object) -> Iterator[str]:
    if own.get("privileged"):
        yield "is privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain rights: allowPrivilegeEscalation"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield "keeps capabilities"
    if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "adds capabilities"
    if own.get("procMount", "Default") != "Default":
        yield "sees all of /proc"


def _of_identity(context: Object) -> Iterator[str]:
    """Yield what is wrong with settings that a container may leave to its pod."""
    if context.get("runAsNonRoot") is not True:
        yield "may run as root: runAsNonRoot"
    if context.get("runAsUser") == 0:
        yield "runs as root: runAsUser"
    if context.get("seccompProfile", {}).get("type") not in CONFINED:
        yield "may make any system call: seccompProfile"


def _of_reach(container: Object) -> Iterator[str]:
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "takes a port of the node"
    lifecycle = container.get("lifecycle", {})
    handlers = [container.get(name, {}) for name in PROBES]
    handlers += [lifecycle.get(name, {}) for name in HOOKS]
    for handler in handlers:
        for action in ("httpGet", "tcpSocket"):
            if handler.get(action, {}).get("host"):
                yield "has a probe or hook that reaches beyond the pod"
