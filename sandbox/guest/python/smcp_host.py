"""What a plugin of the protocol `json` needs to be a tool: its request, its answer, and host calls on descriptor 3.

Copied into a plugin, so that it is hashed with it. Needs nothing but Python 3.8. One call at a time, from one thread.

    import smcp_host

    def greet(args, host):
        return {"text": f"hello {args['name']}", "at": host.now()}

    smcp_host.serve({"greet": greet})
"""

import base64
import json
import sys

__all__ = ["HostError", "Host", "Response", "serve"]


class HostError(Exception):
    """A host call that was refused or failed: `code` as in docs/errors.md, `details` a dict, `call` its number."""

    def __init__(self, code, message, details=None, call=0):
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}
        self.call = call


class Response:
    """What `host.fetch` gives. `headers` by name in lower case."""

    def __init__(self, answer):
        self.status = answer["status"]
        self.ok = 200 <= self.status < 300
        self.url = answer.get("url", "")
        self.headers = answer.get("headers", {})
        self._body = answer.get("body") or {}

    def bytes(self):
        if "base64" in self._body:
            return base64.b64decode(self._body["base64"])
        return self._body.get("text", "").encode("utf-8")

    def text(self):
        """Without the mark of byte order at its start; what is no UTF-8 is replaced."""
        return self.bytes().decode("utf-8-sig", "replace")

    def json(self):
        return json.loads(self.text())


class _Store:
    def __init__(self, call):
        self._call = call

    def get(self, key):
        """None when there is none."""
        return self._call("store.get", {"key": key})

    def set(self, key, value):
        self._call("store.set", {"key": key, "value": value})

    def delete(self, key):
        """Whether there was one."""
        return self._call("store.delete", {"key": key})

    def list(self, prefix="", after=""):
        """A dict of `keys` and `isCut`."""
        return self._call("store.list", {"prefix": prefix, "after": after})


class _Files:
    """Paths are `workspace/…`."""

    def __init__(self, call):
        self._call = call

    def read(self, path, **options):
        """A dict of `text` or `base64`, `bytes` and `isCut`. Options: `as_="base64"`, `offset`, `length`."""
        if "as_" in options:
            options["as"] = options.pop("as_")
        return self._call("files.read", {"path": path, **options})

    def write(self, path, content, mode=None):
        """`content`: str or bytes."""
        is_text = isinstance(content, str)
        body = {"text": content} if is_text else {"base64": base64.b64encode(content).decode("ascii")}
        return self._call("files.write", {"path": path, **body, **({} if mode is None else {"mode": mode})})

    def list(self, path, after=None):
        return self._call("files.list", {"path": path, **({} if after is None else {"after": after})})

    def stat(self, path):
        return self._call("files.stat", {"path": path})

    def move(self, source, target):
        return self._call("files.move", {"from": source, "to": target})

    def remove(self, path):
        return self._call("files.remove", {"path": path})

    def make_folder(self, path):
        return self._call("files.makeFolder", {"path": path})


class _Tools:
    def __init__(self, call):
        self._call = call

    def call(self, tool, args=None):
        """What the tool answers; `tool` is `plugin__tool`."""
        return self._call("tools.call", {"tool": tool, "args": args or {}})


class Host:
    """Every host call. A refusal is a HostError, which the tool may catch."""

    def __init__(self, channel_number=3):
        self._out = open(channel_number, "wb", buffering=0, closefd=False)
        self._in = open(channel_number, "rb", closefd=False)
        self._last = 0
        self.store = _Store(self.call)
        self.files = _Files(self.call)
        self.tools = _Tools(self.call)

    def call(self, name, params):
        """Any host call by its name."""
        self._last += 1
        self._send(self._last, name, params)
        answer = json.loads(self._in.readline())
        if answer["ok"]:
            return answer["value"]
        error = answer["error"]
        raise HostError(error["code"], error["message"], error.get("details"), self._last)

    def _send(self, number, name, params):
        line = json.dumps({"id": number, "call": name, "params": params}) + "\n"
        rest = memoryview(line.encode("utf-8"))
        while rest:
            rest = rest[self._out.write(rest) or 0 :]

    def log(self, message, level="info"):
        self._send(0, "log", {"level": level, "message": str(message)[:4096]})

    def progress(self, progress, total=None, message=None):
        given = {"progress": progress, "total": total, "message": message}
        self._send(0, "progress", {key: value for key, value in given.items() if value is not None})

    def cost(self, amount):
        """Adds to what this call costs; plugin.json says `costMax`."""
        self.call("cost", {"amount": amount})

    def now(self):
        """Milliseconds since the Unix epoch."""
        return self.call("now", {})

    def random(self, byte_count=16):
        return base64.b64decode(self.call("random", {"bytes": byte_count}))

    def fetch(self, url, method=None, headers=None, body=None, redirect=None):
        """A Response. `body`: str or bytes."""
        if isinstance(body, str):
            body = {"text": body}
        elif body is not None:
            body = {"base64": base64.b64encode(body).decode("ascii")}
        given = {"url": url, "method": method, "headers": headers, "body": body, "redirect": redirect}
        return Response(self.call("fetch", {key: value for key, value in given.items() if value is not None}))

    def run(self, program, args=(), stdin=None):
        """A dict of `exitCode`, `stdout`, `stderr` and `isCut`."""
        more = {} if stdin is None else {"stdin": stdin}
        return self.call("run", {"program": program, "args": list(args), **more})


def serve(tools):
    """Answers the one request on stdin by the function of its name, and ends. What a tool prints goes to stderr."""
    request = json.load(sys.stdin)
    answer, sys.stdout = sys.stdout, sys.stderr
    tool = tools.get(request["tool"])
    try:
        if tool is None:
            raise LookupError(f"there is no tool {request['tool']}")
        result = {"result": tool(request["arguments"], Host())}
    except HostError as error:
        result = {"error": {"message": f"{error.code}: {error.message}", "hostCall": error.call}}
    except Exception as error:  # noqa: BLE001 - whatever a tool raises is its answer
        result = {"error": {"message": f"{type(error).__name__}: {error}"}}
    json.dump(result, answer)
    answer.flush()
