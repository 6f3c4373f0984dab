# Runs one Python program again and again, each time in a process of its own that begins where an interpreter with the usual
# modules loaded stands: that is what most of a short program's time goes into. The host starts it under the launcher, with
# the confinement of the program itself (sandbox/host/process/fork-server.ts), as: python3 fork_server.py PROGRAM.
#
# A child is forked before its call is known and reads the call itself, so nothing of a call is ever in this process but what
# passes through one buffer on its way to the host, and that is wiped. A child has no descriptor of the host's by the time
# the program begins; this process never runs a line of the program. One call at a time.
#
#   from the host, on descriptor 3, read by the child: u32be length, JSON {"args": [...], "cpu": seconds, "env": {...}}
#   to the host: one byte what, u32be length, bytes. 'r': the number of the child that waits for the next call. 'o' and 'e': of
#   its stdout and stderr. 'x': JSON, how the call ended.
import atexit
import gc
import json
import os
import resource
import select
import signal
import sys
import threading
import weakref
from importlib.machinery import SourceFileLoader
from types import ModuleType

HOST = 3
PIECE_BYTES = 65536
REQUEST_BYTES_MAX = 1 << 20
# More than fits into a pipe, so that what a child printed before it ended is all read, and what its children print is not.
DRAIN_BYTES_MAX = 2 << 20

# What short command-line programs load. None of these starts a thread, opens a file that stays open, or draws random numbers
# that children would share.
AHEAD = """
argparse ast base64 bisect calendar collections configparser contextlib copy csv dataclasses datetime decimal difflib enum
fnmatch functools getopt glob hashlib heapq html importlib.metadata inspect io itertools json locale logging math
mimetypes operator pathlib platform pprint re resource select shlex shutil signal socket stat statistics string struct
subprocess tempfile textwrap threading time traceback types typing unicodedata urllib.error urllib.parse urllib.request
uuid warnings xml.etree.ElementTree zlib
""".split()


def load_ahead():
    for name in AHEAD:
        try:
            __import__(name)
        except ImportError:
            # A Python without this module, or a machine without its library: the program is told so when it asks.
            pass


def write_all(pieces):
    while pieces:
        done = os.writev(HOST, pieces)
        while pieces and done >= len(pieces[0]):
            done -= len(pieces[0])
            pieces.pop(0)
        if pieces and done:
            pieces[0] = memoryview(pieces[0])[done:]


def frame(what, body):
    write_all([what + len(body).to_bytes(4, "big"), body])


def read_exactly(count):
    pieces = bytearray()
    while len(pieces) < count:
        piece = os.read(HOST, count - len(pieces))
        if not piece:
            return None
        pieces += piece
    return bytes(pieces)


class Relay:
    """What one child prints, on its way to the host, through a buffer that is wiped."""
    def __init__(self, buffer, readers):
        self.buffer = buffer
        self.open = dict(readers)

    def pass_on(self, fd):
        """The bytes that came; 0 at the end; None when there is nothing to read."""
        try:
            count = os.readv(fd, [self.buffer])
        except BlockingIOError:
            return None
        if count:
            frame(self.open[fd], memoryview(self.buffer)[:count])
        return count

    def drain(self):
        for fd in list(self.open):
            os.set_blocking(fd, False)
            left = DRAIN_BYTES_MAX
            while left > 0:
                count = self.pass_on(fd)
                if not count:
                    break
                left -= count
            os.close(fd)
        self.open.clear()
        self.buffer[:] = bytes(len(self.buffer))


def reap_rest():
    """Whether anything of the child is left. What it left behind is this process's child now."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True


def follow(child, relay, wake):
    """Passes on what the child prints until it has ended, and tells how."""
    poller = select.poll()
    poller.register(wake, select.POLLIN)
    for fd in relay.open:
        poller.register(fd, select.POLLIN)
    ended = None
    while ended is None:
        for fd, _ in poller.poll():
            if fd == wake:
                os.read(wake, 4096)
                pid, status, used = os.wait4(child, os.WNOHANG)
                if pid == child:
                    ended = (status, used)
            elif relay.pass_on(fd) == 0:
                poller.unregister(fd)
                os.close(fd)
                del relay.open[fd]
    relay.drain()
    return ended


def serve():
    """Returns in the child of each call, with its arguments; ends in this process."""
    wake, notice = os.pipe()
    os.set_blocking(notice, False)
    os.set_blocking(wake, True)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(notice, warn_on_full_buffer=False)
    buffer = bytearray(PIECE_BYTES)
    gc.collect()
    gc.freeze()
    while True:
        out_reader, out_writer = os.pipe()
        error_reader, error_writer = os.pipe()
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for fd in (wake, notice, out_reader, error_reader):
                os.close(fd)
            return become(out_writer, error_writer)
        os.close(out_writer)
        os.close(error_writer)
        frame(b"r", b"%d" % child)
        status, used = follow(child, Relay(buffer, {out_reader: b"o", error_reader: b"e"}), wake)
        left = reap_rest()
        cpu_us = int((used.ru_utime + used.ru_stime) * 1e6)
        frame(b"x", b'{"status":%d,"cpuUs":%d,"rssKib":%d,"left":%d}' % (status, cpu_us, used.ru_maxrss, left))
        if left:
            # The keeper ends what is left together with this.
            os._exit(0)


def become(out_writer, error_writer):
    """In the child: waits for its call, and has nothing of the host's when it returns."""
    size = read_exactly(4)
    length = 0 if size is None else int.from_bytes(size, "big")
    if not 0 < length <= REQUEST_BYTES_MAX:
        os._exit(0)
    request = json.loads(read_exactly(length))
    # Opened anew: flags and offset of the one that is there are shared with every other child.
    empty = os.open(os.devnull, os.O_RDONLY)
    for fd, standard in ((empty, 0), (out_writer, 1), (error_writer, 2)):
        os.dup2(fd, standard)
    for fd in (HOST, empty, out_writer, error_writer):
        os.close(fd)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    seconds = request["cpu"] if most == resource.RLIM_INFINITY else min(request["cpu"], most)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    os.environ.update(request["env"])
    return request["args"]


def main_module(program, arguments):
    """The module that `python3 PROGRAM` would run, as it would find itself."""
    sys.argv[:] = [program, *arguments]
    sys.orig_argv[:] = [sys.orig_argv[0], program, *arguments]
    sys.path[0] = os.path.dirname(os.path.realpath(program))
    module = ModuleType("__main__")
    module.__file__ = program
    module.__loader__ = SourceFileLoader("__main__", program)
    module.__builtins__ = sys.modules["builtins"]
    module.__annotations__ = {}
    module.__cached__ = None
    sys.modules["__main__"] = module
    return module


def report(error):
    """Prints what was not caught, without the frames of this file, as the program itself would have."""
    error.__traceback__ = error.__traceback__.tb_next
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except BaseException as second:
        sys.stderr.write("Error in sys.excepthook:\n")
        second.__traceback__ = second.__traceback__.tb_next
        sys.__excepthook__(type(second), second, second.__traceback__)
        sys.stderr.write("\nOriginal exception was:\n")
        sys.__excepthook__(type(error), error, error.__traceback__)


def exit_code(error):
    """What an interpreter ends with after `sys.exit`."""
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(1 << 63) <= code < 1 << 63 else 0xFF
    sys.stderr.write(str(code) + "\n")
    return 1


def flush(code):
    """What could not be written makes it 120, as in an interpreter, which says so of stdout."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException as error:
            if name == "stdout" and code != 120:
                where = "while flushing sys.stdout:" if sys.version_info >= (3, 14) else f"in: {stream!r}"
                sys.stderr.write(f"Exception ignored {where}\n{type(error).__name__}: {error}\n")
            code = 120
    return code


def drop_modules(known):
    """Lets go of what the program made, so that files are flushed and finalizers run."""
    new = [weakref.ref(sys.modules.pop(name)) for name in list(sys.modules) if is_new(name, known)]
    gc.collect()
    for reference in reversed(new):
        clear(reference())
    gc.collect()


def clear(module):
    names = {} if module is None else module.__dict__
    for name in [name for name in names if name != "__builtins__"]:
        names[name] = None


def is_new(name, known):
    return (name not in known or name == "__main__") and isinstance(sys.modules[name], ModuleType)


def finish(code, known, is_interrupted):
    """Ends as an interpreter does, but for its own modules: to take them apart copies each of their pages, which takes longer
    than most programs run. While other threads go on that is left to the interpreter."""
    threading._shutdown()
    atexit._run_exitfuncs()
    code = flush(code)
    if threading.active_count() > 1:
        sys.exit(code)
    drop_modules(known)
    code = flush(code)
    if is_interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
    os._exit(code)


def run(module):
    """What it ends with, and whether nobody caught the interrupt that ended it."""
    uncaught = None
    try:
        with open(module.__file__, "rb") as source:
            text = source.read()
        exec(compile(text, module.__file__, "exec", dont_inherit=True), module.__dict__)
    except SystemExit as error:
        return exit_code(error), False
    except BaseException as error:
        uncaught = error
    if uncaught is None:
        return 0, False
    # Not while it is handled: a hook that fails does not do so because of it.
    report(uncaught)
    return 1, isinstance(uncaught, KeyboardInterrupt)


# Loaded before any fork, so that the children share them.
load_ahead()
_known = frozenset(sys.modules)
_own = sys.modules["__main__"]
# From here on the child is the program.
_code, _is_interrupted = run(main_module(sys.argv[1], serve()))
finish(_code, _known, _is_interrupted)
