// `smcp policy import-profiles`: the profiles of the Python SMCP's governor as a policy of roles. Does no I/O. Trust: the text is a
// person's; what can't be carried over is left out and told, so that nobody gets more than before.

import { pointerSegment } from '#base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { nearest } from '#base/nearest.ts';
import { visibleJson } from '#base/visible.ts';
import { parseYaml, type YamlDocument } from '#base/yaml.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyFinding } from '#domain/policy-ports.ts';
import { patternsOfProfile } from './profile-patterns.ts';

export type ImportedProfiles = {
  /** The policy; absent where the text is no set of profiles at all. */
  readonly policy?: string;
  /** Errors: what is left out, or could mean more than it says. Warnings: what means something else here. */
  readonly findings: readonly PolicyFinding[];
};

type Finding = Omit<PolicyFinding, 'line' | 'column'>;
/** A profile, and where it stands. */
type Profile = { readonly name: string; readonly pointer: string; readonly value: Json };
type Role = { readonly name: string; readonly from: string; readonly patterns: readonly string[] };

/** @param agents who gets the default profile: here no client is without a name. */
export function importProfiles(text: string, agents: readonly AgentName[]): ImportedProfiles {
  const outcome = parseYaml(text);
  if (outcome.kind === 'problems') {
    return { findings: outcome.problems.map((problem) => ({ severity: 'error', pointer: '', ...problem })) };
  }
  const { value, locate } = outcome.document;
  const profiles = isJsonObject(value) ? profilesOf(value['profiles']) : undefined;
  if (!isJsonObject(value) || profiles === undefined) {
    const message = 'this holds no profiles';
    const remedy = 'write default_profile, and profiles as a map of maps with mode and a list, or as a list of them';
    return { findings: placed([error('', message, remedy)], locate) };
  }
  const findings: Finding[] = Object.keys(value)
    .filter((key) => key !== 'default_profile' && key !== 'profiles')
    .map((key) =>
      error(`/${pointerSegment(key)}`, `nobody knows what ${shown(key)} does`, 'write what it meant by hand'),
    );
  const roles = rolesOf(profiles, findings);
  const standard = defaultRole(value, roles, findings);
  if (standard !== undefined && agents.length === 0) {
    const message = `clients without a profile got ${shown(standard.from)}; here each agent has a name, and only what it is given`;
    const remedy = `name agents with --agent, or give them the role ${standard.name}`;
    findings.push({ severity: 'warning', pointer: '/default_profile', message, remedy });
  }
  return { policy: textOf(roles, standard, agents), findings: placed(findings, locate) };
}

/** A map by name, or a list with names. */
function profilesOf(written: Json | undefined): readonly Profile[] | undefined {
  if (Array.isArray(written)) {
    return written.map((value: Json, at) => ({
      ...{ pointer: `/profiles/${at}`, value },
      name: isJsonObject(value) ? String(value['name'] ?? '') : '',
    }));
  }
  if (!isJsonObject(written)) return undefined;
  return Object.entries(written).map(([name, value]) => ({
    ...{ name, value, pointer: `/profiles/${pointerSegment(name)}` },
  }));
}

/** Each profile as a role; what is left out of one is told. */
function rolesOf(profiles: readonly Profile[], findings: Finding[]): readonly Role[] {
  const roles: Role[] = [];
  for (const { name: from, pointer, value } of profiles) {
    const name = roleName(from);
    if (name === undefined) {
      findings.push(error(pointer, `${shown(from)} can't be the name of a role`, 'give the profile another name'));
      continue;
    }
    if (roles.some((role) => role.name === name)) {
      findings.push(error(pointer, `two profiles would be the role ${name}`, 'give one of them another name'));
      continue;
    }
    const { patterns, findings: found } = patternsOfProfile(value);
    findings.push(...found.map((one) => error(`${pointer}${one.pointer}`, one.message, one.remedy)));
    roles.push({ name, from, patterns });
  }
  return roles;
}

/** Names are in lower case here. */
function roleName(from: string): string | undefined {
  const name = from.toLowerCase().replaceAll(' ', '-');
  return /^[a-z0-9][a-z0-9_.-]{0,63}$/.test(name) ? name : undefined;
}

/** There, a name that no profile has gave everything: here it gives nothing, and is told. */
function defaultRole(value: JsonObject, roles: readonly Role[], findings: Finding[]): Role | undefined {
  const named = value['default_profile'];
  if (named === undefined || named === null) return undefined;
  const role = roles.find(({ from }) => from === named);
  if (role !== undefined) return role;
  const near = nearest(
    String(named),
    roles.map(({ from }) => from),
  );
  const remedy = near === undefined ? 'name one of the profiles' : `did you mean ${shown(near)}?`;
  findings.push(error('/default_profile', `no profile that was taken over is called ${shown(String(named))}`, remedy));
  return undefined;
}

/** The schema's bounds of one grant. */
const PATTERNS_MAX = 256;

/** Quoted as JSON, which is YAML, so that nothing in a name is anything else. */
function textOf(roles: readonly Role[], standard: Role | undefined, agents: readonly AgentName[]): string {
  const ofRoles = roles.flatMap(({ name, from, patterns }) => [
    ...(from === name ? [] : [`  # the profile ${visibleJson(from)}`]),
    `  ${visibleJson(name)}:`,
    ...(patterns.length === 0 ? ['    grants: []'] : ['    grants:']),
    ...chunks(patterns).map((part) => `      - tools: ${visibleJson(part)}`),
  ]);
  const given = standard === undefined ? '{}' : `{ roles: [${visibleJson(standard.name)}] }`;
  return [
    'version: 1',
    ...(ofRoles.length === 0 ? ['roles: {}'] : ['roles:', ...ofRoles]),
    ...(agents.length === 0
      ? ['agents: {}']
      : ['agents:', ...agents.map((name) => `  ${visibleJson(name)}: ${given}`)]),
    '',
  ].join('\n');
}

function chunks(patterns: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(patterns.length / PATTERNS_MAX) }, (_, part) =>
    patterns.slice(part * PATTERNS_MAX, (part + 1) * PATTERNS_MAX),
  );
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 64));

function error(pointer: string, message: string, remedy: string): Finding {
  return { severity: 'error', pointer, message, remedy };
}

function placed(findings: readonly Finding[], locate: YamlDocument['locate']): readonly PolicyFinding[] {
  return findings
    .slice(0, LIMITS.policyFindingsMax)
    .map((finding) => ({ ...finding, ...locate(finding.pointer) }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}
