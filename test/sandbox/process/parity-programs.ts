// Small programs whose end must be the same from a warm interpreter as from `python3 cli.py`. Data.

export type ParityProgram = { readonly name: string; readonly source: string; readonly words?: readonly string[] };

const program = (name: string, source: string, words?: readonly string[]): ParityProgram =>
  words === undefined ? { name, source } : { name, source, words };

export const PARITY_PROGRAMS: readonly ParityProgram[] = [
  program('prints and ends', 'print("hello")'),
  program('prints its arguments', 'import sys, json\nprint(json.dumps(sys.argv[1:]))', [
    'a',
    '',
    '--b=c d',
    'ünï',
    '\u{1f600}',
    'new\nline',
    '"',
  ]),
  program(
    'knows its own name',
    'import sys, os\nprint(os.path.basename(sys.argv[0]), os.path.basename(__file__), __name__)',
  ),
  program(
    'looks at what its module is',
    'print(sorted(k for k in globals()), __spec__, __package__, __doc__, type(__loader__).__name__, __loader__.name)',
  ),
  program('has a docstring', '"""What it is."""\nprint(__doc__)'),
  program('has annotations', 'x: int = 3\nprint(__annotations__)'),
  program('imports what lies beside it', 'import beside\nprint(beside.VALUE, beside.__name__)'),
  program(
    'finds its own folder first',
    'import sys, os\nprint(os.path.samefile(sys.path[0], os.path.dirname(__file__)))',
  ),
  program(
    'is what sys.modules says',
    'import sys\nX = 5\nimport __main__\nprint(__main__.X, sys.modules["__main__"] is __main__)',
  ),
  program('looks at its flags', 'import sys\nprint(sys.flags)'),
  program(
    'looks at its streams',
    'import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr): print(s.encoding, s.errors, s.isatty(), s.line_buffering, s.mode, s.name)',
  ),
  program('reads an empty stdin', 'import sys\nprint(repr(sys.stdin.read()))'),
  program('asks on an empty stdin', 'input("name? ")'),
  program('writes bytes that are no text', 'import sys\nsys.stdout.buffer.write(bytes(range(256)))'),
  program('writes a lone surrogate', 'print("\\udcff")'),
  program('does not end its line', 'import sys\nsys.stdout.write("no end")'),
  program('writes to both', 'import sys\nprint("out")\nprint("err", file=sys.stderr)\nsys.exit(3)'),
  program('exits with nothing', 'import sys\nsys.exit()'),
  program('exits with None', 'import sys\nprint(1)\nsys.exit(None)'),
  program('exits with 7', 'raise SystemExit(7)'),
  program('exits with 300', 'import sys\nsys.exit(300)'),
  program('exits with -1', 'import sys\nsys.exit(-1)'),
  program('exits with a huge number', 'import sys\nsys.exit(2**80)'),
  program('exits with True', 'import sys\nsys.exit(True)'),
  program('exits with a text', 'import sys\nprint("x")\nsys.exit("it went wrong")'),
  program('exits with a tuple', 'import sys\nsys.exit((1, 2))'),
  program('exits with a float', 'import sys\nsys.exit(1.5)'),
  program('exits from a function', 'import sys\ndef f(): sys.exit(4)\nf()'),
  program('ends at once', 'import os\nprint("lost", end="")\nos._exit(9)'),
  program('ends itself by a signal', 'import os, signal\nos.kill(os.getpid(), signal.SIGTERM)'),
  program('aborts', 'import os\nos.abort()'),
  program('is interrupted', 'raise KeyboardInterrupt'),
  program('sends itself an interrupt', 'import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)'),
  program('raises', 'def f(x):\n    return 1 / x\nf(0)'),
  program('raises a chain', 'try:\n    int("x")\nexcept ValueError as e:\n    raise RuntimeError("outer") from e'),
  program('raises a group', 'raise ExceptionGroup("many", [ValueError(1), TypeError("t")])'),
  program('raises what has notes', 'e = ValueError("v")\ne.add_note("a note")\nraise e'),
  program('raises at a level of its own', 'class Odd(BaseException): pass\nraise Odd("x")'),
  program('does not parse', 'print("never")\ndef f(:\n'),
  program('is indented wrong', 'if True:\nprint(1)'),
  program('is no text', '# \xff is fine in UTF-8\nprint("ok")'),
  program(
    'has a hook for what nobody catches',
    'import sys\nsys.excepthook = lambda t, v, tb: print("hook", t.__name__, v, tb.tb_lineno)\nraise ValueError(2)',
  ),
  program(
    'has a hook that fails',
    'import sys\ndef hook(*a): raise RuntimeError("in hook")\nsys.excepthook = hook\nraise ValueError(2)',
  ),
  program('warns', 'import warnings\nwarnings.warn("old", DeprecationWarning)\nwarnings.warn("look")'),
  program(
    'does something at its end',
    'import atexit\natexit.register(print, "first")\natexit.register(print, "second")\nprint("main")',
  ),
  program('does something at the end of a failure', 'import atexit, sys\natexit.register(print, "bye")\nsys.exit(2)'),
  program('leaves a file unflushed', 'f = open("x", "w")\nf.write("kept")\nimport atexit\n'),
  program(
    'has finalizers',
    'class A:\n    def __init__(self, n): self.n = n\n    def __del__(self): print("del", self.n)\na = A(1)\nb = A(2)\nb.me = b\nprint("main")',
  ),
  program(
    'removes a temporary folder at its end',
    'import tempfile, os\nd = tempfile.TemporaryDirectory()\nprint(os.path.isdir(d.name), os.path.dirname(d.name) == os.environ["TMPDIR"])',
  ),
  program(
    'waits for its threads',
    'import threading, time\ndef work():\n    time.sleep(0.2)\n    print("thread")\nthreading.Thread(target=work).start()\nprint("main")',
  ),
  program(
    'leaves a daemon thread',
    'import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint("main")',
  ),
  program(
    'fails in a thread',
    'import threading\nt = threading.Thread(target=lambda: 1 / 0, name="worker")\nt.start(); t.join()\nprint("main")',
  ),
  program(
    'has a pool of threads',
    'from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(3) as p: print(list(p.map(lambda x: x * x, range(5))))',
  ),
  program(
    'starts a program',
    'import subprocess\nr = subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True, text=True)\nprint(r)',
  ),
  program(
    'starts a program that prints',
    'import subprocess, sys\nprint("first", flush=True)\nsubprocess.run(["echo", "child"])\nprint("last")',
  ),
  program(
    'starts itself',
    'import subprocess, sys\nif len(sys.argv) > 1: print("inner")\nelse: print(subprocess.check_output([sys.executable, __file__, "x"], text=True))',
  ),
  program(
    'forks',
    'import os, sys\npid = os.fork()\nif pid == 0:\n    print("child")\n    sys.exit(5)\nprint("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))',
  ),
  program(
    'uses multiprocessing by fork',
    'import multiprocessing as m\ndef f(q): q.send(6)\nif __name__ == "__main__":\n    c = m.get_context("fork")\n    a, b = c.Pipe(duplex=False)\n    p = c.Process(target=f, args=(b,))\n    p.start(); print(a.recv()); p.join(); print(p.exitcode)',
  ),
  program(
    'uses multiprocessing by spawn',
    'import multiprocessing as m\ndef f(q): q.send(__name__)\nif __name__ == "__main__":\n    c = m.get_context("spawn")\n    a, b = c.Pipe(duplex=False)\n    p = c.Process(target=f, args=(b,))\n    p.start(); print(a.recv()); p.join(); print(p.exitcode)',
  ),
  program(
    'uses asyncio',
    'import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    return 3\nprint(asyncio.run(main()))',
  ),
  program(
    'handles a signal',
    'import signal, os\nsignal.signal(signal.SIGUSR1, lambda *a: print("got", a[0]))\nos.kill(os.getpid(), signal.SIGUSR1)',
  ),
  program(
    'looks at its signals',
    'import signal\nprint({s.name: str(signal.getsignal(s)) for s in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM)}, signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.set_wakeup_fd(-1))',
  ),
  program('sets an alarm', 'import signal, time\nsignal.alarm(1)\ntime.sleep(10)'),
  program('closes its stdout', 'import sys, os\nprint("x")\nsys.stdout.flush()\nos.close(1)\nprint("y")'),
  program('closes the stream', 'import sys\nprint("x")\nsys.stdout.close()'),
  program('pickles what it defines', 'import pickle\nclass A: pass\nprint(pickle.loads(pickle.dumps(A())).__class__)'),
  program(
    'counts its descriptors',
    'import os\ndef ok(fd):\n    try:\n        os.fstat(fd)\n        return True\n    except OSError: return False\nprint([fd for fd in range(256) if ok(fd)])',
  ),
  program(
    'looks at its limits',
    'import resource as r\nprint([r.getrlimit(k) for k in (r.RLIMIT_DATA, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE, r.RLIMIT_CORE, r.RLIMIT_CPU)])',
  ),
  program(
    'looks at its folder',
    'import os\nprint(os.getcwd() == os.environ["HOME"], os.listdir("."), oct(os.stat(".").st_mode), oct(os.umask(0)))',
  ),
  program('draws random numbers', 'import random\nprint(len({random.random() for _ in range(10)}))'),
  program(
    'parses arguments',
    'import argparse\np = argparse.ArgumentParser()\ns = p.add_subparsers(dest="c", required=True)\na = s.add_parser("add")\na.add_argument("--n", type=int, required=True)\nprint(p.parse_args())',
    ['add', '--n=4'],
  ),
  program(
    'refuses arguments',
    'import argparse\np = argparse.ArgumentParser()\np.add_argument("--n", type=int, required=True)\nprint(p.parse_args())',
    ['--n=x'],
  ),
  program(
    'shows its help',
    'import argparse\np = argparse.ArgumentParser(description="d")\np.add_argument("--n", type=int)\np.parse_args()',
    ['--help'],
  ),
  program(
    'logs',
    'import logging\nlogging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")\nlogging.info("hi")\nlogging.getLogger("a.b").error("bad")',
  ),
  program(
    'evaluates with its own globals',
    'x = 2\nprint(eval("x + 1"), [x for _ in range(2)])\nexec("y = x * 2")\nprint(y)',
  ),
  program('has a future import', 'from __future__ import annotations\nx: "no such" = 1\nprint(__annotations__)'),
  program('recurses without end', 'def f(): f()\ntry: f()\nexcept RecursionError as e: print(type(e).__name__, e)'),
  program('prints much', 'print("x" * 300000)\nprint("y" * 300000)'),
];
