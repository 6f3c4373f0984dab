// A policy whose texts are lists of letters: the more letters, the more rights; `!` makes one invalid. Grants are by the
// beginning of a tool's name.

import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import type { RequiredAct } from '#domain/act-ports.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PersonName } from '#domain/person.ts';
import type {
  PolicyAdmin,
  PolicyAuthor,
  PolicyDecider,
  PolicyFileState,
  PolicyFinding,
  PolicyVersionView,
} from '#domain/policy-ports.ts';
import { NOTHING_TAKEN } from '#domain/usage.ts';

export const ana = 'ana' as AgentName;
export const bea = 'bea' as AgentName;

/** Grants of the fake policy: what a name must begin with. */
type Grants = Map<string, readonly string[]>;

const FINDING: PolicyFinding = { severity: 'error', line: 1, column: 1, pointer: '', message: 'no "!" is taken' };

type Version = { readonly text: string; readonly by: string };

/** Agents: `ana` with the plugin's tools, `bea` with the admin tools too. `did` gets `apply` for each change. */
export function createPolicy(did: string[]) {
  const grants: Grants = new Map([
    ['ana', ['paint__']],
    ['bea', ['paint__', 'smcp__']],
  ]);
  const state: { fileState: PolicyFileState } = { fileState: { kind: 'in-force' } };
  const versions: Version[] = [{ text: 'a', by: 'start' }];
  const ref = () => ({ version: versions.length, digest: sha256(versions.at(-1)?.text ?? '') });
  const agents: AgentName[] = [ana, bea];
  const view = ({ text, by }: Version, index: number): PolicyVersionView & { readonly text: string } => ({
    version: index + 1,
    digest: sha256(text),
    appliedMs: 1_000 * index,
    by,
    isInForce: index + 1 === versions.length,
    text,
  });
  const isGranted = (agent: string, name: string) =>
    grants.get(agent)?.some((prefix) => name.startsWith(prefix)) ?? false;
  const put = async (text: string, { by, mayWiden }: PolicyAuthor) => {
    did.push('apply');
    if (text.includes('!'))
      throw new SmcpError('POLICY_INVALID', '/home/policy.yaml:1:1', { details: { remedy: 'mend /home/policy.yaml' } });
    const inForce = versions.at(-1)?.text ?? '';
    if (!mayWiden && text.length > inForce.length) throw new SmcpError('POLICY_WIDENS', 'somebody could do more');
    versions.push({ text, by });
    return ref();
  };
  const version = (number: number) => {
    const found = versions[number - 1];
    if (found === undefined) throw new SmcpError('POLICY_VERSION_UNKNOWN', 'no such version');
    return view(found, number - 1);
  };
  const policy = {
    decide: ({ agent, tool }) =>
      isGranted(agent, tool.name)
        ? { kind: 'allow', rule: 'granted', reason: 'granted', policy: ref() }
        : { kind: 'deny', rule: 'default-deny', reason: 'no grant', remedy: 'add one', policy: ref() },
    mayCall: isGranted,
    take: () => NOTHING_TAKEN,
    current: ref,
    onChange: () => () => {},
    show: (): ReturnType<PolicyAdmin['show']> => ({
      text: versions.at(-1)?.text ?? '',
      policy: ref(),
      file: '/home/policy.yaml',
      fileState: state.fileState,
    }),
    required: () => new Set<RequiredAct>(),
    people: () => new Map([['cleo' as PersonName, 'approver']]),
    agents: () => agents,
    reload: async () => ref(),
    addAgent: async (name, author) => {
      await put(versions.at(-1)?.text ?? '', author);
      agents.push(name);
      return ref();
    },
    apply: (text, author) => put(text ?? 'a', author),
    check: async (text) => (text?.includes('!') ? [FINDING] : []),
    diff: async (text) => ({ from: ref(), to: sha256(text ?? 'a'), text: '', widenings: [] }),
    history: () => versions.map(view).toReversed(),
    version,
    rollback: (number, author) => put(version(number).text, author),
  } satisfies PolicyDecider & PolicyAdmin;
  return { policy, grants, versions, state };
}
