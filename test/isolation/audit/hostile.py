"""Hostile acts of a restricted child, each in a process of its own; prints as JSON the names of all, by what they are after, and of those that worked.

Run as a plugin by the real runtime, and with nothing around it. Beside it lie the launcher's probe, whose acts are tried too, and
given.json: the numbers of system calls, and what there is to attack. Nothing here does harm where it works.
"""
import builtins
import ctypes
import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import threading
import time

CODE = os.path.dirname(os.path.realpath(__file__))
WORK = os.getcwd()
with open(CODE + "/given.json", encoding="utf-8") as given:
    GIVEN = {**json.load(given), "work": WORK}
SECRET, OUTSIDE, HOST = GIVEN["secret"], GIVEN["outside"], GIVEN["host"]
TRIED = []
SECONDS_MAX = 10


def attempt(part, name, act):
    """Whether it works, in a process of its own: what it spoils is only its own."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(SECONDS_MAX)
        try:
            worked = act() is not False
        except BaseException:
            worked = False
        os._exit(0 if worked else 1)
    TRIED.append({"group": part, "name": name, "worked": os.waitpid(pid, 0)[1] == 0})


def group(name):
    return lambda what, act: attempt(name, what, act)


def load_probe():
    """The launcher's probe but for its last lines, with the forking attempt in place of its own."""
    with open(CODE + "/probe.py", encoding="utf-8") as file:
        text = file.read()
    with open("given.json", "w", encoding="utf-8") as file:
        json.dump(GIVEN, file)
    sys.argv = ["probe.py", WORK + "/given.json"]
    names = {"__name__": "probe"}
    exec(compile(text[: text.index("\nfor part in (")], "probe.py", "exec"), names)
    return names


PROBE = load_probe()
call, in_child, read = PROBE["call"], PROBE["in_child"], PROBE["read"]
LIBC = PROBE["LIBC"]


def b(path):
    return path.encode()


def is_secret(text):
    return GIVEN["value"] in text


def text_of(path):
    with open(path, encoding="latin1") as file:
        return file.read()


def secrets():
    act = group("secrets")
    act("a secret by its path", lambda: is_secret(text_of(SECRET)))
    act("a secret through the root of /proc/self", lambda: is_secret(text_of("/proc/self/root" + SECRET)))
    act("a secret through the root of the server's process", lambda: is_secret(text_of("/proc/%d/root%s" % (HOST, SECRET))))
    act("a secret by a way up and down again", lambda: is_secret(text_of(WORK + "/.." * WORK.count("/") + SECRET)))
    act("a secret in the server's environment", lambda: is_secret(text_of("/proc/%d/environ" % HOST)))
    act("a secret in its own environment", lambda: any(is_secret(value) for value in os.environ.values()))
    act("a secret in a descriptor that it inherited", inherited)
    act("a secret among the server's descriptors", lambda: any(is_secret(text_of("/proc/%d/fd/%s" % (HOST, n))) for n in os.listdir("/proc/%d/fd" % HOST) if is_file(n)))
    act("the memory of the server as a file", lambda: os.open("/proc/%d/mem" % HOST, os.O_RDONLY))
    act("the map of the server's memory", lambda: len(text_of("/proc/%d/maps" % HOST)) > 0)
    act("the command line of the server", lambda: len(text_of("/proc/%d/cmdline" % HOST)) > 0)
    act("the users of the machine", lambda: len(text_of("/etc/passwd")) > 0)
    act("the root folder", lambda: len(os.listdir("/")) > 0)
    act("the devices of the kernel", lambda: len(os.listdir("/sys")) > 0)
    act("the code of other plugins", lambda: len(os.listdir(os.path.dirname(CODE))) > 0)
    act("the folders of other calls", lambda: len(os.listdir(os.path.dirname(WORK))) > 0)


def inherited():
    for fd in range(3, 256):
        try:
            if is_secret(os.pread(fd, 64, 0).decode("latin1")):
                return True
        except OSError:
            pass
    return False


def is_file(number):
    try:
        return os.path.realpath("/proc/%d/fd/%s" % (HOST, number)) == SECRET
    except OSError:
        return False


def writes():
    act = group("writes")
    own = CODE + "/cli.py"
    act("write a hook of a repository", lambda: open(OUTSIDE + "/.git/hooks/pre-commit", "w").close())
    act("write its own code", lambda: open(own, "ab").close())
    act("add to its own code", lambda: open(CODE + "/sitecustomize.py", "w").close())
    act("put other code in place of its own", lambda: (open("other.py", "w").close(), os.rename("other.py", CODE + "/spare.py")))
    act("remove a file of its code", lambda: os.unlink(CODE + "/removed.py"))
    act("change the mode of its code by path", lambda: os.chmod(CODE + "/spare.py", 0o600))
    act("change the mode of its code by a descriptor", lambda: os.fchmod(os.open(CODE + "/spare.py", os.O_RDONLY), 0o444))
    act("write below /tmp", lambda: touch_and_remove("/tmp/smcp-left-%d" % os.getpid()))
    act("write to shared memory", lambda: touch_and_remove("/dev/shm/smcp-left-%d" % os.getpid()))
    act("write beside its own folder", lambda: touch_and_remove(os.path.dirname(WORK) + "/left-%d" % os.getpid()))


def touch_and_remove(path):
    open(path, "x").close()
    os.unlink(path)


def links():
    act = group("links")
    act("read through a link to a folder", lambda: (os.symlink(OUTSIDE, "dir"), is_secret(text_of("dir/secret")))[1])
    act("read through a chain of links", lambda: (os.symlink("/", "up"), os.symlink("up" + OUTSIDE, "on"), is_secret(text_of("on/secret")))[2])
    act("write through a link", lambda: (os.symlink(OUTSIDE + "/file", "through"), open("through", "ab").close()))
    act("read by a second name", lambda: (os.link(SECRET, "second"), is_secret(text_of("second")))[1])
    act("swap a file of its own for one outside", exchange)
    act("move its folder out", lambda: (os.mkdir("sub"), os.rename("sub", OUTSIDE + "/sub-%d" % os.getpid())))
    act("walk out by ..", lambda: (os.chdir(".." + "/.." * 20), is_secret(text_of("." + SECRET)))[1])
    act("walk out by an open folder", lambda: is_secret(os.pread(os.open("../" * 20 + SECRET[1:], os.O_RDONLY, dir_fd=os.open(".", os.O_RDONLY)), 64, 0).decode()))
    act("win a race between a file and a link", race)


def exchange():
    open("mine", "w").close()
    call("renameat2", -100, b(WORK + "/mine"), -100, b(OUTSIDE + "/exchanged"), 2)


def race():
    """A name that is by turns a file of its own and a link to the secret."""
    open("raced-file", "w").close()
    os.symlink(SECRET, "raced-link")
    until = threading.Event()

    def flip():
        while not until.is_set():
            for name in ("raced-file", "raced-link"):
                os.link(name, "raced-new", follow_symlinks=False)
                os.rename("raced-new", "raced")

    thread = threading.Thread(target=flip, daemon=True)
    thread.start()
    # For a second: a fast machine tries thousands of times before the other thread has begun.
    end = time.monotonic() + 1
    while time.monotonic() < end:
        try:
            if is_secret(text_of("raced")):
                return True
        except OSError:
            pass
    until.set()
    return False


def starts():
    """Code that the server's environment would bring into the program, or into one that it starts."""
    act = group("start-up variables")
    for name in ("LD_PRELOAD", "NODE_OPTIONS", "PYTHONSTARTUP", "BASH_ENV", "PYTHONPATH"):
        act(name, lambda name=name: name in os.environ)
    act("code by PYTHONPATH", lambda: getattr(builtins, "smcp_injected", False))
    act("code by BASH_ENV", lambda: b"injected" in subprocess.run(["/bin/bash", "-c", "true"], capture_output=True).stdout)
    act("a library by LD_PRELOAD", lambda: bool(LIBC.smcp_injected))


def sockets():
    act = group("sockets")
    stream, datagram, raw = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
    for name, family, kind, protocol in (
        ("TCP over IPv6", socket.AF_INET6, stream, 0),
        ("UDP over IPv6", socket.AF_INET6, datagram, 0),
        ("MPTCP", socket.AF_INET, stream, 262),
        ("UDP-Lite", socket.AF_INET, datagram, 136),
        ("SCTP", socket.AF_INET, stream, 132),
        ("ICMP", socket.AF_INET, raw, 1),
        ("raw packets", socket.AF_PACKET, raw, 0),
        ("netlink of routes", socket.AF_NETLINK, raw, 0),
        ("netlink of audit", socket.AF_NETLINK, raw, 9),
        ("the machine's host", socket.AF_VSOCK, stream, 0),
        ("XDP", 44, raw, 0),
        ("keys", 15, raw, 2),
        ("local sequences", socket.AF_UNIX, socket.SOCK_SEQPACKET, 0),
    ):
        act("a socket for " + name, lambda f=family, k=kind, p=protocol: call("socket", f, k, p))
    act("a socket of any other family", other_family)
    act("ask a name server", ask_name_server)
    act("listen on an abstract name", lambda: bind_and_listen("\0smcp-audit-%d" % os.getpid()))
    act("listen on a name", lambda: bind_and_listen(WORK + "/listener"))
    act("connect by a message with Fast Open", lambda: socket.socket(socket.AF_INET, stream).sendmsg([b"x"], [], 0x20000000, ("127.0.0.1", GIVEN["port"])))
    act("take a descriptor from a service", take_descriptor)


def other_family():
    known = {0, socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK, 44, 15}
    for family in set(range(64)) - known:
        for kind in (1, 2, 3, 5):
            try:
                call("socket", family, kind, 0)
                return True
            except OSError:
                pass
    return False


def ask_name_server():
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.settimeout(5)
    asked.sendto(b"where?", ("127.0.0.1", GIVEN["dnsPort"]))
    return asked.recv(64) == b"here"


def bind_and_listen(name):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(name)
    listener.listen(1)


def take_descriptor():
    """What a service of the machine would hand over to whoever asks."""
    asked = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    asked.settimeout(5)
    asked.connect(GIVEN["unix"])


def processes():
    act = group("processes")
    place = ctypes.create_string_buffer(8)
    part = lambda address: ctypes.create_string_buffer(address.to_bytes(8, "little") + (8).to_bytes(8, "little"), 16)
    local = part(ctypes.addressof(place))
    act("read the memory of the server", lambda: call("process_vm_readv", HOST, local, 1, part(GIVEN["hostAddress"]), 1, 0))
    act("write the memory of the server", lambda: call("process_vm_writev", HOST, local, 0, part(GIVEN["hostAddress"]), 0, 0))
    act("trace the server", lambda: call("ptrace", 0x4206, HOST, 0, 0))
    act("see the server", lambda: os.kill(HOST, 0))
    act("signal the server's group", lambda: os.kill(-GIVEN["hostGroup"], 0))
    act("signal a thread of the server", lambda: call("tkill", HOST, 0))
    act("hold the server by a descriptor", lambda: call("pidfd_open", HOST, 0))
    act("signal the server by its folder in /proc", lambda: call("pidfd_send_signal", os.open("/proc/%d" % HOST, os.O_RDONLY), 0, 0, 0))
    act("take a descriptor out of the server", lambda: call("pidfd_getfd", call("pidfd_open", HOST, 0), 0, 0))
    act("compare itself with the server", lambda: call("kcmp", os.getpid(), HOST, 2, 0, 0))
    act("read the server's list of locks", lambda: call("get_robust_list", HOST, ctypes.create_string_buffer(8), ctypes.create_string_buffer(8)))
    act("change the server's priority for the disk", lambda: call("ioprio_set", 1, HOST, (2 << 13) | 4))
    act("count events of the server", lambda: call("perf_event_open", event(), HOST, -1, -1, 0))
    act("move pages of the server", lambda: call("move_pages", HOST, 0, 0, 0, 0, 0))
    act("enter the server's network", lambda: call("setns", os.open("/proc/%d/ns/net" % HOST, os.O_RDONLY), 0x40000000))
    act("fork twice into a session of its own", lambda: in_child(lambda: (os.setsid(), in_child(lambda: True))[1]))


def event():
    """Of the software, in user mode: `perf_event_attr` with exclude_kernel and exclude_hv."""
    attributes = bytearray(128)
    attributes[0:8] = (1).to_bytes(4, "little") + (128).to_bytes(4, "little")
    attributes[40:48] = (1 | 1 << 5 | 1 << 6).to_bytes(8, "little")
    return bytes(attributes)


def spaces():
    act = group("namespaces and mounts")
    flags = {"mounts": 0x20000, "cgroups": 0x2000000, "host names": 0x4000000, "System V": 0x8000000, "processes": 0x20000000, "networks": 0x40000000}
    for name, flag in flags.items():
        act("a namespace of " + name, lambda flag=flag: call("unshare", flag))
        act("a namespace of %s in one of users" % name, lambda flag=flag: call("unshare", 0x10000000 | flag))
    act("root in a namespace of users", nested_root)
    act("mount", lambda: call("mount", b"none", b(OUTSIDE), b"tmpfs", 0, 0) + call("umount2", b(OUTSIDE), 2))
    act("a file system by its new door", lambda: call("fsopen", b"tmpfs", 0))
    act("a copy of a mount", lambda: call("open_tree", -100, b"/usr", 1))
    act("change the root", lambda: call("chroot", b"/"))
    act("a sandbox of its own", lambda: (call("unshare", 0x10000000 | 0x20000), call("mount", b"none", b"/", 0, 0x44000, 0)))
    act("the host name", lambda: call("sethostname", os.uname().nodename.encode(), len(os.uname().nodename)))


def nested_root():
    uid = os.getuid()
    call("unshare", 0x10000000)
    with open("/proc/self/uid_map", "w") as file:
        file.write("0 %d 1" % uid)
    return os.getuid() == 0


def doors():
    act = group("doors of the kernel")
    if os.uname().machine == "x86_64":
        act("a call of x32", lambda: LIBC.syscall(ctypes.c_long(0x40000000 | 39)) > 0)
        # getpid by the numbers of 32 bits.
        act("a call by int 0x80", lambda: run_code(b"\xb8\x14\0\0\0\xcd\x80\xc3") > 0)
        act("a table of segments", lambda: call("modify_ldt", 0, ctypes.create_string_buffer(64), 64))
        act("a socket by int 0x80", lambda: 0 < run_code(b"\x53\xb8\x67\x01\0\0\xbb\x02\0\0\0\xb9\x01\0\0\0\x31\xd2\xcd\x80\x5b\xc3") < 4096)
    act("a process by clone3", lambda: call("clone3", ctypes.create_string_buffer(b"\0" * 32 + (17).to_bytes(8, "little") + b"\0" * 24, 64), 64) or os._exit(0))
    act("a filter that asks itself", lambda: PROBE["call"]("seccomp", 1, 8, sock_filter()))
    act("the sizes of notifications", lambda: call("seccomp", 3, 0, ctypes.create_string_buffer(8)))
    act("a restriction of Landlock on itself", lambda: call("landlock_create_ruleset", 0, 0, 1))
    act("faults in user mode", lambda: call("userfaultfd", 1))
    act("programs of the kernel", lambda: call("bpf", 0, ctypes.create_string_buffer((2).to_bytes(4, "little") + (4).to_bytes(4, "little") * 2 + (1).to_bytes(4, "little") + bytes(112), 128), 128))
    act("hidden memory", lambda: call("memfd_secret", 0))
    act("a handle opened again", lambda: open_by_handle())
    act("the log of the kernel", lambda: call("syslog", 3, ctypes.create_string_buffer(64), 64))
    act("watching a file system", lambda: call("fanotify_init", 0x200, 0))
    act("pages given to a pipe", lambda: vmsplice())
    act("a keyring of its own", lambda: call("keyctl", 1, 0))
    act("a terminal", lambda: os.openpty())
    act("the number of a program's owner", lambda: subprocess.run([GIVEN["suid"]], capture_output=True, text=True).stdout.find("uid=0(") >= 0)


def run_code(code):
    page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


def sock_filter():
    call("prctl", 38, 1, 0, 0, 0)
    instructions = ctypes.create_string_buffer(b"\x06\0\0\0\0\0\xff\x7f", 8)
    sock_filter.kept = instructions
    return ctypes.create_string_buffer((1).to_bytes(8, "little") + ctypes.addressof(instructions).to_bytes(8, "little"), 16)


def open_by_handle():
    out = ctypes.create_string_buffer((128).to_bytes(4, "little") + bytes(200), 204)
    call("name_to_handle_at", -100, b(SECRET), out, ctypes.byref(ctypes.c_int()), 0)
    return call("open_by_handle_at", os.open(OUTSIDE, os.O_RDONLY), out, 0)


def vmsplice():
    bytes_ = ctypes.create_string_buffer(8)
    part = ctypes.create_string_buffer(ctypes.addressof(bytes_).to_bytes(8, "little") + (8).to_bytes(8, "little"), 16)
    return call("vmsplice", os.pipe()[1], part, 1, 0)


def probe():
    """But for its resources, whose amounts fit another profile than a plugin's."""
    for part in ("files", "sockets", "processes", "kernel"):
        PROBE["attempt"] = lambda name, act, part=part: attempt(part, name, act)
        PROBE[part]()


for part in (probe, secrets, writes, links, starts, sockets, processes, spaces, doors):
    part()
print(json.dumps({"uid": os.getuid(), "acts": TRIED}), flush=True)
