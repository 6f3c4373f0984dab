// home/config.yaml: parsed, checked, with defaults. The environment variables of older set-ups are read here too.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { readOwnedFile } from '#base/owned-file.ts';
import { compileOwnSchema, type Problem, type Validator } from '#base/schema.ts';
import { type Position, parseYaml } from '#base/yaml.ts';
import { type ConsoleConfig, consoleOf } from './console.ts';
import { NO_TARGETS, type NotifyConfig, notifyOf, type WrittenNotify } from './notify.ts';
import { type OAuthConfig, oauthOf, type WrittenOAuth } from './oauth.ts';
import { checkTrustedProxies } from './trusted-proxies.ts';

export type Config = {
  /** `trustProxy`: addresses and networks of proxies whose word on a client's address is taken. */
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly names: readonly string[];
    readonly trustProxy: readonly string[];
  };
  /** More directories of plugins. */
  readonly plugins: readonly string[];
  /** `pinned`: a plugin that appears or changes waits for a person · `always`: it is served. */
  readonly approve: 'pinned' | 'always';
  /** Of plugins without plugin.json. `discoveredTimeoutMs`: how long a call may take; absent: as by default. */
  readonly discovered: { readonly discoveredTimeoutMs?: number };
  /** `users`: numbers that plugins get as their users where the server is root; nobody else may have them. */
  readonly sandbox: { readonly users: { readonly first: number; readonly count: number } };
  /** `directory`: relative to the home. `bytesMax`, `filesMax`: of each workspace. */
  readonly workspaces: { readonly directory: string; readonly bytesMax: number; readonly filesMax: number };
  /** Host names (canonical) whose addresses may be private, or of this machine: no request of a plugin reaches any other such address. */
  readonly net: { readonly privateHosts: readonly string[]; readonly loopbackHosts: readonly string[] };
  /** `auto`: an edit of the policy's file is applied once it is whole · `manual`: it waits until somebody applies it. */
  readonly policy: { readonly apply: 'auto' | 'manual' };
  /** Who is told of what wants a person's attention. */
  readonly notify: NotifyConfig;
  /** Whose access tokens are taken, beside our own; absent: nobody's. */
  readonly oauth?: OAuthConfig;
  readonly console: ConsoleConfig;
  readonly log: { readonly name: string; readonly public: boolean };
  /** `keyFile` absent: in the home's `keys`. `sources`: by the secret's name. */
  readonly secrets: { readonly keyFile?: string; readonly sources: { readonly [name: string]: SecretSource } };
  readonly logging: { readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent' };
};

/** Where a secret is kept that is not in the home's database. Exactly one of them. */
export type SecretSource =
  | { readonly file: string }
  | { readonly env: string }
  | { readonly credential: string }
  | { readonly command: readonly string[]; readonly environment?: readonly string[] };

const DEFAULTS: Config = {
  server: { host: '127.0.0.1', port: 8000, names: [], trustProxy: [] },
  plugins: [],
  approve: 'pinned',
  discovered: {},
  sandbox: { users: { first: LIMITS.pluginUidFirst, count: LIMITS.pluginUidsMax } },
  workspaces: {
    directory: 'workspaces',
    bytesMax: LIMITS.workspaceBytesDefault,
    filesMax: LIMITS.workspaceFilesDefault,
  },
  net: { privateHosts: [], loopbackHosts: [] },
  policy: { apply: 'auto' },
  notify: NO_TARGETS,
  console: {},
  log: { name: 'smcp.local', public: false },
  secrets: { sources: {} },
  logging: { level: 'info' },
};

export type Environment = { readonly [name: string]: string | undefined };

/** What checks config.yaml, made when it is first needed: that takes a tenth of a second. */
export type ConfigCheck = () => Validator;

export function createConfigCheck(): ConfigCheck {
  let made: Validator | undefined;
  return () => {
    made ??= compileOwnSchema(configSchema());
    return made;
  };
}

/**
 * The configuration of a home; the defaults when it has no config.yaml. Paths of the environment are made absolute here: they
 * are relative to where the command was given, those of the file to the home.
 *
 * @throws `CONFIG_INVALID`, with `details.findings` where lines are wrong · `HOME_UNSAFE` when the file is a link, no plain file,
 * another user's or writable by others.
 *
 * @param check of whoever reads it more than once
 */
export function loadConfig(file: string, env: Environment, check = createConfigCheck()): Config {
  const text = readOwnedFile(file, {
    bytesMax: LIMITS.configBytesMax,
    keptFrom: 'being written',
    code: 'CONFIG_INVALID',
  });
  const own = text === undefined ? {} : (parseConfig(text, file, check) as Written);
  const oauth = oauthOf(own.oauth, file);
  return withEnvironment(
    {
      server: {
        ...DEFAULTS.server,
        ...own.server,
        trustProxy: checkTrustedProxies(own.server?.trustProxy ?? [], file),
      },
      ...pluginsOf(own.plugins),
      discovered: DEFAULTS.discovered,
      sandbox: { ...DEFAULTS.sandbox, ...own.sandbox },
      workspaces: { ...DEFAULTS.workspaces, ...own.workspaces },
      net: { ...DEFAULTS.net, ...own.net },
      policy: { ...DEFAULTS.policy, ...own.policy },
      notify: notifyOf(own.notify, file),
      ...(oauth === undefined ? {} : { oauth }),
      console: consoleOf(own.console, file),
      log: { ...DEFAULTS.log, ...own.log },
      secrets: { ...DEFAULTS.secrets, ...own.secrets },
      logging: { ...DEFAULTS.logging, ...own.logging },
    },
    env,
  );
}

/** As the file says it: `plugins` is a list of directories, or an object with it. */
type Written = Omit<Partial<Config>, 'plugins' | 'approve' | 'notify' | 'oauth'> & {
  readonly notify?: WrittenNotify;
  readonly oauth?: WrittenOAuth;
  readonly plugins?:
    | readonly string[]
    | { readonly directories?: readonly string[]; readonly approve?: Config['approve'] };
};

function pluginsOf(written: Written['plugins'] = {}): Pick<Config, 'plugins' | 'approve'> {
  const { directories = DEFAULTS.plugins, approve = DEFAULTS.approve } =
    'map' in written ? { directories: written } : written;
  return { plugins: directories, approve };
}

/** @throws `CONFIG_INVALID` */
export function parseConfig(text: string, file: string, check = createConfigCheck()): JsonObject {
  const outcome = parseYaml(text);
  if (outcome.kind === 'problems') throw invalid(file, outcome.problems);
  const { value, locate } = outcome.document;
  const problems = [...check()(value), ...unclearSources(value as Written)];
  if (problems.length > 0) {
    throw invalid(
      file,
      problems.map(({ pointer, message, remedy }) => ({
        ...locate(pointer),
        message: `${pointer} ${message}`.trim(),
        ...(remedy === undefined ? {} : { remedy }),
      })),
    );
  }
  return value as JsonObject;
}

/** Sources of secrets that are more than one. Looks at nothing whose form is wrong. */
function unclearSources({ secrets }: Written): readonly Problem[] {
  const sources: unknown = secrets?.sources;
  if (!isJsonObject(sources)) return [];
  return Object.entries(sources).flatMap(([name, source]): Problem[] => {
    if (!isJsonObject(source)) return [];
    const kinds = Object.keys(source).filter((key) => key !== 'environment');
    const message = `has ${kinds.length} sources: ${kinds.join(', ')}`;
    return kinds.length < 2
      ? []
      : [{ pointer: `/secrets/sources/${name}`, message, remedy: 'name one of file, env, credential and command' }];
  });
}

function invalid(file: string, findings: readonly (Position & { message: string; remedy?: string })[]): SmcpError {
  return new SmcpError('CONFIG_INVALID', `${file} is not a valid configuration`, {
    details: { file, findings, remedy: 'correct the lines named; schemas/config.v1.json describes every key' },
  });
}

function configSchema(): JsonObject {
  return JSON.parse(readFileSync(new URL('../../schemas/config.v1.json', import.meta.url), 'utf8'));
}

/** The sections that config.yaml may have, by name. */
export function configSections(): readonly string[] {
  return Object.keys(configSchema()['properties'] as JsonObject);
}

/** What older set-ups say by environment variable, where it does not weaken the rules. */
function withEnvironment(config: Config, env: Environment): Config {
  const portText = env['MCP_PORT'];
  const port = portText === undefined ? config.server.port : Number(portText);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || portText === '') {
    throw new SmcpError('CONFIG_INVALID', `MCP_PORT is ${JSON.stringify(portText)}, which is no port`, {
      details: { remedy: 'set it to a number from 0 to 65535, or unset it' },
    });
  }
  const directory = env['MCP_PLUGINS_DIR'];
  return {
    ...config,
    server: { ...config.server, port, host: env['MCP_HOST'] || config.server.host },
    plugins: directory ? [...config.plugins, resolve(directory)] : config.plugins,
    discovered: timeoutFrom(env['MCP_PLUGIN_TIMEOUT']),
  };
}

/** Seconds, as older set-ups give them. Where a plugin has a plugin.json, that says it. */
function timeoutFrom(text: string | undefined): Config['discovered'] {
  if (text === undefined) return {};
  const discoveredTimeoutMs = Math.round(Number(text) * 1000);
  if (text.trim() === '' || !(discoveredTimeoutMs >= 1 && discoveredTimeoutMs <= LIMITS.timeoutMsMax)) {
    const message = `MCP_PLUGIN_TIMEOUT is ${JSON.stringify(text)}, which is no time that a call may take`;
    throw new SmcpError('CONFIG_INVALID', message, {
      details: { remedy: `set it to seconds, at most ${LIMITS.timeoutMsMax / 1000}, or unset it` },
    });
  }
  return { discoveredTimeoutMs };
}

/** Sentences on variables of older set-ups that are not honoured, each with what to use instead. */
export function refusedVariables(env: Environment): readonly string[] {
  const instead: readonly (readonly [string, string])[] = [
    ['MCP_AUTH_DISABLED', 'every agent needs a token: smcp agent token NAME'],
    ['MCP_API_KEY', 'keys belong to agents: smcp agent token NAME'],
    ['MCP_API_KEYS', 'keys belong to agents: smcp agent token NAME'],
  ];
  return instead
    .filter(([name]) => env[name] !== undefined)
    .map(([name, remedy]) => `${name} is not honoured; ${remedy}`);
}
