// What of the plugins that were found may be served: what the release, a directory's first start or a person approved.
// load-registry.ts asks it for each plugin whenever it decides what is served.
// **Trust:** the lock file is the home owner's; everything in a plugin is its author's.

import { type Clock, rfc3339 } from '#base/clock.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { Approval, PluginFacts, PluginReview } from '#domain/approval.ts';
import type { CapabilityKind } from '#domain/capability.ts';
import type { Plugin, PluginProblem } from '#domain/manifest.ts';
import { approvalDigest, differencesOf, factsOf, isApproved, narrowPlugin, summaryOf } from './approval.ts';
import { askedSecrets } from './asked-secrets.ts';
import type { DirectoryNames } from './discover.ts';
import { type Approved, lockText, openLockFile } from './lock-file.ts';
import { problem } from './problem.ts';
import type { Found } from './scan.ts';

/** Directories of plugins that were approved at their first start. **Durability:** on disk when `add` returns. */
export type SeenDirectories = {
  readonly has: (path: string) => boolean;
  readonly add: (path: string) => void;
};

export type ApprovalOptions = {
  readonly home: string;
  /** `pinned`: what appears or changes waits for a person · `always`: it is served. */
  readonly approve: 'pinned' | 'always';
};

/** `plugin`: as it may be served, with less than it asks where a person said so. */
export type Judgement =
  | { readonly kind: 'approved'; readonly plugin: Plugin }
  | { readonly kind: 'waiting'; readonly problem: PluginProblem };

export type Judge = (found: Found) => Judgement | undefined;

export type Approvals = {
  /** Undefined for what can't be served anyway. Gives the same object for the same plugin and approval. */
  readonly judge: Judge;
  /** What a person is shown of it. */
  readonly review: (plugin: Plugin, files: readonly string[]) => PluginReview;
  /** Reads the file again. @throws as `LockFile.read`; then what was approved before stays so. */
  readonly reread: () => void;
  /**
   * Approves what the directories hold that this home never started with; a name that was approved stays as it was.
   *
   * **Durability:** on disk when it returns; a crash in between approves no more than what was there then.
   */
  readonly pinFirst: (found: readonly Found[], roots: readonly DirectoryNames[]) => void;
  /**
   * Approves exactly what `digest` names.
   *
   * **Durability:** on disk when it returns.
   * @throws `PLUGIN_CHANGED` when the plugin is another one by now · `USAGE` for one that came with the product.
   */
  readonly approve: (plugin: Plugin, files: readonly string[], act: ApprovalAct) => void;
};

export type ApprovalAct = {
  readonly digest: string;
  /** Absent: what a person left out of the last approval of this name stays out. */
  readonly without?: readonly CapabilityKind[];
  readonly by: string;
};

type Ports = { readonly clock: Clock; readonly logger: Logger; readonly seen: SeenDirectories };

/** @throws `HOME_UNSAFE` · `PLUGINS_LOCK_INVALID` as `LockFile.read` */
export function openApprovals(ports: Ports, { home, approve: mode }: ApprovalOptions): Approvals {
  const { clock, logger, seen } = ports;
  const file = openLockFile(home);
  let approved: Approved = file.read();
  const served = createNarrower();
  const digestOf = createDigester();

  const judge: Judge = ({ plugin, files }) => {
    if (plugin === undefined) return undefined;
    if (plugin.origin === 'product') return { kind: 'approved', plugin };
    const approval = approved.get(plugin.name);
    const isServed = mode === 'always' || (approval !== undefined && digestOf(plugin) === approvalDigest(approval));
    if (isServed) return { kind: 'approved', plugin: served(plugin, approval?.without ?? []) };
    return { kind: 'waiting', problem: unapproved(factsOf(plugin, files ?? []), approval) };
  };

  return {
    judge,
    review: (plugin, files) => reviewOf(plugin, files, approved.get(plugin.name)),
    reread: () => {
      approved = file.read();
    },
    pinFirst: (found, roots) => {
      if (mode === 'always') return;
      const isNew = (root: DirectoryNames | undefined) => root?.every((path) => !seen.has(pathKey(path))) === true;
      const fresh = found.filter(
        ({ candidate: { root }, plugin }) => plugin?.origin === 'external' && isNew(root) && !approved.has(plugin.name),
      );
      const act = { without: [], by: 'first start', time: rfc3339(clock.nowMs()) };
      const pinned = withThoseThatFit(
        approved,
        fresh.flatMap(({ plugin, files = [] }) =>
          plugin === undefined ? [] : [{ ...factsOf(plugin, files), ...act }],
        ),
      );
      if (pinned.size > approved.size) {
        file.write(pinned);
        const names = [...pinned.keys()].filter((name) => !approved.has(name));
        logger.info('plugins approved: the first start with their directory', { plugins: names });
        approved = pinned;
      }
      // Last: a start that ends before goes on with those it did not come to, and approves no other code of the others.
      for (const path of roots.flat()) if (!seen.has(pathKey(path))) seen.add(pathKey(path));
    },
    approve: (plugin, files, { digest, without, by }) => {
      if (plugin.origin === 'product') throw ofTheRelease(plugin.name);
      const facts = factsOf(plugin, files);
      if (approvalDigest(facts) !== digest) throw changed(plugin.name);
      // What somebody wrote to the file meanwhile is kept.
      const next = new Map(file.read());
      const stays = without ?? next.get(plugin.name)?.without ?? [];
      next.set(plugin.name, { ...facts, without: stays, by, time: rfc3339(clock.nowMs()) });
      file.write(next);
      approved = next;
    },
  };
}

/** A path of any length as a key of fixed length. */
const pathKey = (path: string): Digest => sha256(path);

/** Asked for every plugin whenever something is switched: its digest is worked out once. The listing has no part in it. */
function createDigester() {
  const known = new WeakMap<Plugin, Digest>();
  return (plugin: Plugin): Digest => {
    const digest = known.get(plugin) ?? approvalDigest(factsOf(plugin, []));
    known.set(plugin, digest);
    return digest;
  };
}

/** The same object for the same plugin and the same kinds: what has not changed is not told. */
function createNarrower() {
  const known = new WeakMap<Plugin, { readonly kinds: string; readonly plugin: Plugin }>();
  return (plugin: Plugin, without: readonly CapabilityKind[]): Plugin => {
    const kinds = without.toSorted().join();
    const last = known.get(plugin);
    if (last?.kinds === kinds) return last.plugin;
    const narrowed = narrowPlugin(plugin, without);
    known.set(plugin, { kinds, plugin: narrowed });
    return narrowed;
  };
}

/** What is too much for the file waits for a person, who approves one after the other. */
function withThoseThatFit(approved: Approved, fresh: readonly Approval[]): Approved {
  const next = new Map(approved);
  let bytes = Buffer.byteLength(lockText(next));
  for (const one of fresh) {
    bytes += Buffer.byteLength(lockText(new Map([[one.name, one]])));
    if (bytes <= LIMITS.pluginsLockBytesMax) next.set(one.name, one);
  }
  return next;
}

function reviewOf(plugin: Plugin, files: readonly string[], approval: Approval | undefined): PluginReview {
  const facts = factsOf(plugin, files);
  const isServed = plugin.origin === 'product' || isApproved(facts, approval);
  return {
    name: plugin.name,
    state: isServed ? 'approved' : 'waiting',
    digest: approvalDigest(facts),
    ...(approval === undefined
      ? {}
      : { before: { digest: approvalDigest(approval), by: approval.by, time: approval.time } }),
    without: approval?.without ?? [],
    exposed: askedSecrets(plugin.manifest)
      .filter(({ isExposed }) => isExposed)
      .map(({ name }) => name),
    differences: plugin.origin === 'product' ? [] : differencesOf(approval, facts),
  };
}

function unapproved(facts: PluginFacts, approval: Approval | undefined): PluginProblem {
  const message =
    approval === undefined
      ? 'nobody approved it yet'
      : `is not what ${approval.by} approved at ${approval.time}: ${summaryOf(differencesOf(approval, facts))}`;
  return problem('PLUGIN_UNAPPROVED', { file: '' }, message, `smcp plugin approve ${facts.name}`);
}

const ofTheRelease = (name: string): SmcpError =>
  new SmcpError('USAGE', `${name} came with the product, whose release approves it`, {
    details: { remedy: 'switch it off with smcp plugin disable, or narrow what a grant gives' },
  });

const changed = (name: string): SmcpError =>
  new SmcpError('PLUGIN_CHANGED', `the plugin ${name} is not what this digest names`, {
    details: { remedy: `look again: smcp plugin approve ${name}` },
  });
