// A guess at what the sandbox refused to a plugin's program, from what it said when it failed, and what to do about it: the line of
// plugin.json that would ask for it. Pure. **Trust:** the text is the plugin's; it decides nothing but a hint, and only what it
// names is named.

import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';
import type { CapabilityKind } from '#domain/capability.ts';

/** `host` and `path`: only where the text names them. */
export type MissingCapability =
  | { readonly kind: 'net'; readonly host?: string; readonly port?: number }
  | { readonly kind: 'files'; readonly path?: string };

/** What resolvers and the C library say where there is no network, in Python, Node and curl. */
const RESOLUTION =
  /Temporary failure in name resolution|Name or service not known|nodename nor servname provided|gaierror|\bEAI_AGAIN\b|\bENOTFOUND\b|Could not resolve host/;
/** A call that was not permitted, where the words around it are those of a connection. */
const NOT_PERMITTED = /\[Errno (?:1|13)\]|Operation not permitted|\bE(?:PERM|ACCES)\b/;
const OF_A_SOCKET = /socket|connect|urlopen|NewConnectionError|getaddrinfo|https?:\/\//i;
/** A path as Python, Node and shells quote it beside the refusal. */
const PATHS: readonly RegExp[] = [
  /\[Errno 13\][^'\n]{0,80}'([^'\n]{1,512})'/,
  /\bEACCES\b[^'\n]{0,80}'([^'\n]{1,512})'/,
  /(?:^|[\s:'"])(\/[^:'"\n]{1,512})['"]?: Permission denied/m,
];
const ACCESS_REFUSED = /\[Errno 13\]|Permission denied|\bEACCES\b/;

const URL_HOST = /https?:\/\/([A-Za-z0-9.-]{1,253})(?::(\d{1,5}))?/;
/** As urllib3 says where it could not connect. */
const POOL_HOST = /host='([A-Za-z0-9.-]{1,253})', port=(\d{1,5})/;
/** What a manifest takes for a host. */
const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const PORT_MAX = 65_535;

/** Failures are told last. */
const LOOKED_AT_LENGTH_MAX = 8 * 1024;

/** Undefined when nothing in the text looks like a refusal. Takes time linear in what is looked at. */
export function missingCapability(text: string): MissingCapability | undefined {
  const end = text.slice(-LOOKED_AT_LENGTH_MAX);
  const path = PATHS.map((pattern) => pattern.exec(end)?.[1]).find((found) => found !== undefined);
  if (path !== undefined && !RESOLUTION.test(end)) return { kind: 'files', path };
  if (RESOLUTION.test(end) || (NOT_PERMITTED.test(end) && OF_A_SOCKET.test(end)))
    return { kind: 'net', ...hostIn(end) };
  return ACCESS_REFUSED.test(end) ? { kind: 'files' } : undefined;
}

function hostIn(text: string): { readonly host?: string; readonly port?: number } {
  const [, name, port] = POOL_HOST.exec(text) ?? URL_HOST.exec(text) ?? [];
  const host = name?.toLowerCase();
  if (host === undefined || !HOST_NAME.test(host)) return {};
  const isHttp = port === undefined && new RegExp(`http://${host}`, 'i').test(text);
  const number = port === undefined ? (isHttp ? 80 : 443) : Number(port);
  return number >= 1 && number <= PORT_MAX ? { host, port: number } : { host };
}

export type RefusedPlugin = {
  readonly plugin: string;
  readonly hasManifest: boolean;
  /** Where its program finds its own code. */
  readonly codeFolder: string;
  /** Kinds that this version has an effect for. */
  readonly available: readonly CapabilityKind[];
};

/** What to do, as sentences. */
export function refusalRemedy(missing: MissingCapability, refused: RefusedPlugin): string {
  const own = missing.kind === 'files' ? pathBelow(refused.codeFolder, missing.path) : undefined;
  if (own !== undefined) {
    const file = JSON.stringify(visibleText(own, LIMITS.pluginPathBytesMax));
    return `by what it printed it tried to write ${file} beside its code, which is read-only for every plugin; let it write to $HOME, which is empty at each call`;
  }
  const { plugin, hasManifest, available } = refused;
  const later = available.includes(missing.kind)
    ? `; the program then gets it by host calls (protocol \`json\`), and still opens no ${missing.kind === 'net' ? 'connection' : 'file'} of its own`
    : `; this version can not give \`${missing.kind}\` yet, and says so`;
  const asks = `${lineFor(missing)} in its "capabilities" asks for that${later}`;
  const thing = `by what it printed it was refused ${refusedThing(missing)}`;
  return hasManifest
    ? `${thing}: ${plugin} may use what its plugin.json asks for and its agent is granted. ${asks}`
    : `${thing}: ${plugin} has no plugin.json, so it may use nothing. \`smcp plugin adopt DIR\` writes one; ${asks}`;
}

/** Undefined where it is not below, or can't be told without asking the disk. */
function pathBelow(folder: string, path: string | undefined): string | undefined {
  if (path === undefined || !path.startsWith(`${folder}/`)) return undefined;
  const rest = path.slice(folder.length + 1);
  return rest.split('/').includes('..') ? undefined : rest;
}

function refusedThing(missing: MissingCapability): string {
  if (missing.kind === 'net') return missing.host === undefined ? 'a connection' : `a connection to ${missing.host}`;
  return missing.path === undefined
    ? 'a file'
    : `the file ${JSON.stringify(visibleText(missing.path, LIMITS.pluginPathBytesMax))}`;
}

/** A manifest asks for folders of the agent's workspace, never for a path of the machine. */
function lineFor(missing: MissingCapability): string {
  if (missing.kind === 'files')
    return '`"files": [{ "path": "workspace", "access": "read" }]` (files of the agent\'s workspace)';
  const { host, port } = missing;
  if (host === undefined) return '`"net"` with the host and port that it needs';
  return `\`"net": [${JSON.stringify({ host, ports: [port ?? 443] })}]\``;
}
