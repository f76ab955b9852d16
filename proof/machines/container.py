"""A container of nothing but Linux namespaces, for machines without an engine.

As a program it is the inside of one: it finds its files, gives up its rights, and becomes
the command. As a module it starts that program.

Root's own rights are enough, and so are those to make a namespace of users. There, the one
user that is mapped is that of the image, and it may do what root does while the image is built.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

USER = 10001

# The parts of this machine that stand for the operating system of an image.
SYSTEM = ("/bin", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/usr")
# What of these belongs to the image all the same.
OWN = "/usr/local"
TEMPORARY = "/tmp"  # noqa: S108 -- the container's, which nobody shares

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_NOATIME, MS_BIND, MS_REC = 32, 1024, 4096, 16384
# What a mount is not allowed: in a namespace of users, that cannot be undone.
KEPT_FLAGS = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


@dataclass(frozen=True)
class Box:
    """What a command gets to see.

    Attributes:
        tree: the files of the image, at a place of this machine.
        root: an empty folder of this machine, to put them together in.
        mounts: folders and files from elsewhere, by where they are to be seen.
        writable: the mounts that may be written to.
        building: whether the command makes the image: it may write, and has a network.
        user: the number to run as; while building it is root's.
    """

    tree: str
    root: str
    workdir: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    writable: tuple[str, ...] = ()
    building: bool = False
    user: int = 0


@cache
def unshare() -> list[str] | None:
    """Return the command that makes the namespaces, or None where none can be made."""
    common = ["--mount", "--pid", "--fork", "--kill-child"]
    mapped = ["--user", f"--map-user={USER}", f"--map-group={USER}", "--keep-caps"]
    for options in (common, mapped + common):
        command = ["unshare", *options]
        try:
            trial = [*command, "--net", "--mount-proc", "true"]
            tried = subprocess.run(trial, check=False, capture_output=True)
        except FileNotFoundError:
            return None
        if tried.returncode == 0:
            return command
    return None


class Running:
    """A command in a container, and what it says."""

    def __init__(self, box: Box, command: list[str]) -> None:
        namespaces = unshare() or []
        network = [] if box.building else ["--net"]
        _make_mount_points(box)
        self._box = box
        self.process = subprocess.Popen(
            [*namespaces, *network, *_inside("start", box, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def _number(self) -> int:
        """Return the number by which this machine knows the command, 0 when it has ended."""
        pid = self.process.pid
        while self.process.poll() is None:
            if children := Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split():
                return int(children[0])
            time.sleep(0.01)
        return 0

    def call(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run another command in the same container."""
        return subprocess.run(
            _inside("join", self._box, command, pid=self._number()),
            check=False,
            capture_output=True,
            encoding="utf-8",
        )

    def send(self, name: str) -> None:
        """Send the command a signal, such as TERM."""
        if number := self._number():
            os.kill(number, getattr(signal, f"SIG{name}"))


def _inside(verb: str, box: Box, command: list[str], **more: Any) -> list[str]:
    specification = json.dumps({**asdict(box), **more})
    return [sys.executable, "-P", __file__, verb, specification, *command]


def _make_mount_points(box: Box) -> None:
    """Make what other files are mounted on, and the links that stand for parts of the system."""
    tree = Path(box.tree)
    for name in SYSTEM:
        if Path(name).is_symlink():
            if not (tree / name[1:]).is_symlink():
                (tree / name[1:]).symlink_to(Path(name).readlink())
        elif Path(name).is_dir():
            (tree / name[1:]).mkdir(exist_ok=True)
    for name in (OWN, "/dev", "/proc", TEMPORARY, *box.mounts):
        place = tree / name[1:]
        if name in box.mounts and Path(box.mounts[name]).is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        else:
            place.mkdir(parents=True, exist_ok=True)


# What follows runs inside.


def _mount(source: str, target: str, *, kind: str = "", flags: int = 0, data: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode()):
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}")


def _bind(source: str, target: str, *, writable: bool) -> None:
    _mount(source, target, flags=MS_BIND | MS_REC)
    if not writable:
        _make_read_only(target)


def _make_read_only(target: str) -> None:
    kept = os.statvfs(target).f_flag & KEPT_FLAGS
    _mount("", target, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def _start(box: Box, command: list[str]) -> NoReturn:
    root = box.root
    _mount(box.tree, root, flags=MS_BIND)
    for name in SYSTEM:
        if Path(name).is_dir() and not Path(name).is_symlink():
            _bind(name, root + name, writable=False)
    _bind(box.tree + OWN, root + OWN, writable=box.building)
    _bind("/dev", f"{root}/dev", writable=True)
    _mount("proc", f"{root}/proc", kind="proc")
    flags = 0 if box.building else MS_NOSUID | MS_NODEV | MS_NOEXEC  # as engines mount it
    _mount("tmpfs", root + TEMPORARY, kind="tmpfs", flags=flags, data="mode=1777")
    for place, source in box.mounts.items():
        _bind(source, root + place, writable=place in box.writable)
    if not box.building:
        _make_read_only(root)
        _raise_loopback()
    os.chroot(root)
    _become(box, command)


def _raise_loopback() -> None:
    """Turn on the one interface that a network of one's own begins with."""
    import fcntl  # noqa: PLC0415 -- there is none on Windows

    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def _join(box: Box, command: list[str], pid: int) -> NoReturn:
    root = os.open(f"/proc/{pid}/root", os.O_PATH)
    same_users = os.stat(f"/proc/{pid}/ns/user").st_ino == os.stat("/proc/self/ns/user").st_ino  # noqa: PTH116
    kinds = os.CLONE_NEWNS | os.CLONE_NEWNET | (0 if same_users else os.CLONE_NEWUSER)
    os.setns(os.pidfd_open(pid), kinds)
    os.fchdir(root)
    os.chroot(".")
    _become(box, command)


def _become(box: Box, command: list[str]) -> NoReturn:
    os.chdir(box.workdir)
    if not box.building:
        libc = ctypes.CDLL(None)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getuid() != box.user:
            os.setgroups([])
            os.setgid(box.user)
            os.setuid(box.user)
    os.umask(0o022)
    os.execvpe(command[0], command, dict(box.environment))  # noqa: S606 -- to be that command


def main(verb: str, specification: str, *command: str) -> NoReturn:
    """Become the command, in a new container or in one that runs."""
    given = json.loads(specification)
    pid = given.pop("pid", 0)
    box = Box(**given)
    if verb == "join":
        _join(box, list(command), pid)
    _start(box, list(command))


if __name__ == "__main__":
    main(*sys.argv[1:])
