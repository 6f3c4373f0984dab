"""Hostile acts, each by itself; prints as JSON the names of all and of those that worked. Run by attacks.test.ts, confined and not.

The first argument is a file with a JSON object: the numbers of system calls, and what there is to attack.
"""
import ctypes
import fcntl
import json
import mmap
import os
import signal
import socket
import sys

with open(sys.argv[1], encoding="utf-8") as given:
    GIVEN = json.load(given)
CALLS = GIVEN["calls"]
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
TRIED = []
WORKED = []


def call(name, *args):
    """The call's result; raises OSError."""
    if name not in CALLS:
        raise OSError(38, name)
    fixed = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result = LIBC.syscall(ctypes.c_long(CALLS[name]), *fixed)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def attempt(name, act):
    TRIED.append(name)
    try:
        if act() is not False:
            WORKED.append(name)
    except (OSError, ValueError, MemoryError):
        pass


def in_child(act):
    """Whether it works in a process of its own, which it may change or end."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        try:
            ok = act() is not False
        except BaseException:
            ok = False
        os._exit(0 if ok else 1)
    return os.waitpid(pid, 0)[1] == 0


def read(path):
    with open(path, "rb") as file:
        return len(file.read(1)) == 1


def files():
    outside, victim_file = GIVEN["outside"], GIVEN["outside"] + "/file"
    other = GIVEN["outside"] + "/other"
    work = GIVEN["work"]
    b = lambda path: path.encode()
    attempt("read a file", lambda: read(victim_file))
    attempt("list a folder", lambda: os.listdir(outside))
    attempt("write a file", lambda: open(other, "ab").close())
    attempt("make a file", lambda: open(outside + "/made", "wb").close())
    attempt("make a folder", lambda: os.mkdir(outside + "/folder"))
    attempt("remove a file", lambda: os.unlink(outside + "/removed"))
    attempt("rename a file", lambda: os.rename(outside + "/renamed", outside + "/renamed2"))
    attempt("take a file in", lambda: os.rename(outside + "/moved", work + "/moved"))
    attempt("link a file in and read it", lambda: (os.link(victim_file, work + "/linked"), read(work + "/linked")))
    attempt("read through a symbolic link", lambda: (os.symlink(victim_file, work + "/symbolic"), read(work + "/symbolic"))[1])
    attempt("truncate by path", lambda: call("truncate", b(other), 0))
    attempt("truncate while opening to read", lambda: os.open(GIVEN["readable"], os.O_RDONLY | os.O_TRUNC))
    attempt("truncate while opening for nothing", lambda: os.open(other, 3 | os.O_TRUNC))
    attempt("open for nothing", lambda: os.open(victim_file, 3))
    attempt("write what may be read", lambda: os.open(GIVEN["readable"], os.O_WRONLY))
    attempt("change a mode", lambda: os.chmod(victim_file, 0o600))
    attempt("change a mode back", lambda: os.chmod(victim_file, 0o666))
    attempt("change times", lambda: os.utime(victim_file, (1, 1)))
    attempt("change a group", lambda: os.chown(victim_file, -1, os.getgid()))
    attempt("ask about a file", lambda: os.stat(victim_file))
    attempt("touch a file that all may write", lambda: os.utime(other))
    attempt("set an attribute", lambda: os.setxattr(victim_file, "user.smcp", b"x"))
    attempt("watch a folder", lambda: call("inotify_add_watch", call("inotify_init1", 0), b(outside), 0x100))
    attempt("execute what was written", lambda: execute_written(work))
    attempt("make a program that runs as its owner", lambda: os.chmod(open(work + "/suid", "wb").name, 0o4755))
    attempt("lease a file", lambda: fcntl.fcntl(open(work + "/leased", "wb"), 1024, fcntl.F_WRLCK))
    attempt("make a pipe with a name", lambda: os.mkfifo(work + "/fifo"))
    attempt("read its environment", lambda: read("/proc/self/environ"))
    attempt("list processes", lambda: os.listdir("/proc"))
    attempt("read another's environment", lambda: read("/proc/%d/environ" % GIVEN["victim"]))
    attempt("look through another's directory", lambda: os.stat("/proc/%d/root/etc" % GIVEN["victim"]))


def execute_written(work):
    path = work + "/program"
    with open(path, "wb") as file, open("/usr/bin/true", "rb") as source:
        file.write(source.read())
    os.chmod(path, 0o700)
    return in_child(lambda: os.execv(path, [path]))


def sockets():
    port, unix, abstract = GIVEN["port"], GIVEN["unix"], "\0" + GIVEN["abstract"]
    stream = socket.SOCK_STREAM
    attempt("connect over TCP", lambda: socket.create_connection(("127.0.0.1", port), 5))
    attempt("connect over MPTCP", lambda: socket.socket(socket.AF_INET, stream, 262).connect(("127.0.0.1", port)))
    attempt("connect by TCP Fast Open", lambda: socket.socket(socket.AF_INET, stream).sendto(b"x", 0x20000000, ("127.0.0.1", port)))
    attempt("send over UDP", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)))
    attempt("listen over TCP", lambda: socket.socket(socket.AF_INET, stream).listen(1))
    attempt("connect to a socket with a name", lambda: socket.socket(socket.AF_UNIX, stream).connect(unix))
    attempt("connect to an abstract socket", lambda: socket.socket(socket.AF_UNIX, stream).connect(abstract))
    attempt("send from one of a pair to a name", lambda: datagram_from_pair(unix + ".dgram"))
    attempt("talk to the kernel by netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
    attempt("use the kernel's ciphers", lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET, 0).bind(("hash", "sha256")))


def datagram_from_pair(path):
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    pair[0].sendto(b"x", path)


def processes():
    victim = GIVEN["victim"]
    out = ctypes.create_string_buffer(128)
    attempt("signal another process", lambda: os.kill(victim, 0))
    attempt("signal another thread", lambda: call("tgkill", victim, victim, 0))
    attempt("signal with a value", lambda: signal_with_value(victim))
    attempt("own a descriptor for another", lambda: own_for(victim))
    attempt("limit another process", lambda: call("prlimit64", victim, 7, 0, out))
    attempt("slow another process", lambda: os.setpriority(os.PRIO_PROCESS, victim, 1))
    attempt("bind another to a processor", lambda: os.sched_setaffinity(victim, os.sched_getaffinity(victim)))
    attempt("hold another by a descriptor", lambda: call("pidfd_open", victim, 0))
    attempt("trace another process", lambda: trace(victim))
    attempt("be traced", lambda: in_child(lambda: call("ptrace", 0, 0, 0, 0)))
    attempt("leave the session", lambda: in_child(lambda: os.setsid()))
    attempt("leave the process group", lambda: in_child(lambda: os.setpgid(0, 0)))
    attempt("outlive the parent", lambda: in_child(lambda: call("prctl", 1, 0, 0, 0, 0)))


def signal_with_value(victim):
    info = ctypes.create_string_buffer(128)
    ctypes.memmove(ctypes.addressof(info) + 8, (-1).to_bytes(4, "little", signed=True), 4)
    return call("rt_sigqueueinfo", victim, 0, info)


def own_for(victim):
    reading, _ = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, victim)


def trace(victim):
    call("ptrace", 16, victim, 0, 0)
    os.waitpid(victim, 0x40000000)
    call("ptrace", 17, victim, 0, 0)


def kernel():
    path = GIVEN["work"].encode()
    attempt("a namespace of users", lambda: in_child(lambda: call("unshare", 0x10000000)))
    attempt("a child in a namespace of users", lambda: call("clone", 0x10000000 | 17, 0, 0, 0, 0) or os._exit(0))
    attempt("a child of the parent", lambda: in_child(lambda: call("clone", 0x8000 | 17, 0, 0, 0, 0) or os._exit(0)))
    attempt("keyrings", lambda: call("keyctl", 0, -3, 1))
    attempt("a key", lambda: call("add_key", b"user", b"smcp", b"x", 1, -3))
    attempt("io_uring", lambda: call("io_uring_setup", 1, ctypes.create_string_buffer(256)))
    attempt("asynchronous I/O", lambda: call("io_setup", 1, ctypes.create_string_buffer(8)))
    attempt("shared memory of System V", lambda: call("shmget", 0, 4096, 0o1600))
    attempt("messages of System V", lambda: call("msgget", 0, 0o1600))
    attempt("semaphores of System V", lambda: call("semget", 0, 1, 0o1600))
    attempt("queues of POSIX", lambda: call("mq_open", b"smcp%d" % os.getpid(), 0o102, 0o600, 0))
    attempt("a file without a name", lambda: call("memfd_create", b"x", 0))
    attempt("another personality", lambda: in_child(lambda: call("personality", 0x40000)))
    attempt("a second filter", lambda: in_child(second_filter))
    attempt("a second ruleset", lambda: call("landlock_create_ruleset", 0, 0, 1))
    attempt("splice", lambda: splice())
    attempt("a handle of a file", lambda: handle(path))


def second_filter():
    call("prctl", 38, 1, 0, 0, 0)
    instructions = ctypes.create_string_buffer(b"\x06\0\0\0\0\0\xff\x7f", 8)
    program = ctypes.create_string_buffer((1).to_bytes(8, "little") + ctypes.addressof(instructions).to_bytes(8, "little"), 16)
    return call("seccomp", 1, 0, program)


def splice():
    reading, writing = os.pipe()
    os.write(writing, b"x")
    return call("tee", reading, os.pipe()[1], 1, 0)


def handle(path):
    out = ctypes.create_string_buffer((128).to_bytes(4, "little") + bytes(200), 204)
    mount = ctypes.c_int()
    return call("name_to_handle_at", -100, path, out, ctypes.byref(mount), 0)


def resources():
    attempt("many processes", lambda: in_child(many_processes))
    attempt("many descriptors", lambda: in_child(lambda: [os.dup(1) for _ in range(200)]))
    attempt("a large file", lambda: in_child(large_file))
    attempt("much memory", lambda: in_child(lambda: mmap.mmap(-1, 512 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)))


def many_processes():
    """Each waits for the end of a pipe, so that none is left."""
    reading, writing = os.pipe()
    children = []
    try:
        for _ in range(80):
            pid = os.fork()
            if pid == 0:
                os.close(writing)
                os.read(reading, 1)
                os._exit(0)
            children.append(pid)
    finally:
        os.close(writing)
        for pid in children:
            os.waitpid(pid, 0)


def large_file():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open(GIVEN["work"] + "/large", "wb") as file:
        file.truncate(8 << 20)


for part in (files, sockets, processes, kernel, resources):
    part()
print(json.dumps({"tried": TRIED, "worked": WORKED}), flush=True)
