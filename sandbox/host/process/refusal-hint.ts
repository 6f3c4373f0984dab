// A guess at what the sandbox refused, from what a program wrote before it failed. A guess because the program may say what it
// likes, and may have failed for another reason; it decides nothing. Pure.

/** Paths as Python, Node and shells quote them in their errors. */
const PATH_REFUSED =
  /(?:PermissionError: \[Errno 13\] Permission denied: '([^'\n]+)'|EACCES: permission denied, \w+ '([^'\n]+)'|(?:^|: )(\/[^:\n]+): Permission denied)/m;
const NETWORK_REFUSED =
  /Temporary failure in name resolution|Name or service not known|EAI_AGAIN|Could not resolve host|socket\.gaierror|PermissionError: \[Errno 1\] Operation not permitted[\s\S]{0,200}$|urlopen error|connect (?:EPERM|EACCES)/m;
const HOST_NAMED = /https?:\/\/([a-z0-9.-]+)(?::(\d+))?/i;
const SOCKET_IN_SIGHT = /socket|connect|urlopen|getaddrinfo|resolve|resolution|https?:/i;

const TEXT_LENGTH_MAX = 200;
/** What is looked at, from the end: failures are told last. */
const LOOKED_AT_LENGTH_MAX = 8 * 1024;
const asks = (line: string): string =>
  `this is a guess from what it printed: it may have been refused what its plugin.json does not ask; ${line}`;

/** What to do, as a sentence; undefined when nothing in the text looks like a refusal. **Trust:** the text is the plugin's. */
export function refusalHint(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const stderr = text.slice(-LOOKED_AT_LENGTH_MAX);
  if (NETWORK_REFUSED.test(stderr) && SOCKET_IN_SIGHT.test(stderr)) {
    const [, host = 'HOST', port] = HOST_NAMED.exec(stderr) ?? [];
    const entry = { host: host.slice(0, TEXT_LENGTH_MAX), ports: [Number(port ?? 443)] };
    return asks(
      `programs have no network of their own, and a plugin that may use the host's asks for \`"net": [${JSON.stringify(entry)}]\``,
    );
  }
  const [, ...paths] = PATH_REFUSED.exec(stderr) ?? [];
  const path = paths.find((one) => one !== undefined);
  if (path === undefined) return undefined;
  const entry = { path: path.slice(0, TEXT_LENGTH_MAX), access: 'read' };
  return asks(
    `a plugin that may use files asks for \`"files": [${JSON.stringify(entry)}]\`; without, it has its own code and the folder that $HOME names`,
  );
}
