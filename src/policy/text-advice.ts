// Conditions that compare URLs and paths as texts: `startsWith("https://good.example")` is true of `https://good.example@evil.example/`.
// Warnings for `policy check`, with what to write in their place. Pure.

import { type CelNode, pathOf, walkCel } from '#base/cel-tree.ts';
import { schemasAt, schemasOfProperty } from '#base/cel-values.ts';
import type { JsonObject } from '#base/json.ts';
import { canonicalHost } from '#domain/host-name.ts';
import { parseTarget } from '#domain/net-target.ts';
import { parsePlainPath } from '#domain/plain-path.ts';
import type { ConditionAdvice } from './condition-advice.ts';

type Call = Extract<CelNode, { readonly kind: 'call' }>;
type Kind = 'url' | 'path';

const COMPARISONS: readonly string[] = ['startsWith', 'endsWith', 'contains', 'matches'];
/** The last word of a property's name. */
const URL_NAME = /(^|[_-]|[a-z])(ur[il]|href|link|endpoint|origin|webhook)s?$/i;
const PATH_NAME = /(^|[_-]|[a-z])(path|file|filename|dir|directory|folder|root|cwd)s?$/i;
const URL_FORMATS: readonly string[] = ['uri', 'iri', 'uri-reference', 'iri-reference', 'url'];

/** Of one condition, for one tool; `schema` `{}` where none is known. `[]`: nothing to look at. */
export function adviseTexts(tree: CelNode, schema: JsonObject): readonly ConditionAdvice[] {
  const calls = [...walkCel(tree)].filter((node) => node.kind === 'call');
  return calls.flatMap((call) => [...adviseComparison(call, schema), ...adviseHelper(call)]);
}

function adviseComparison(call: Call, schema: JsonObject): readonly ConditionAdvice[] {
  const { name, target, args, offset } = call;
  if (!COMPARISONS.includes(name) || target === undefined) return [];
  const literal = textOf(args[0]);
  if (isHost(target)) return adviseHostComparison(call, literal);
  const kind = kindOf(target, literal, schema);
  // Nothing in front of it makes `.pdf` another ending.
  if (kind === undefined || (kind === 'path' && name === 'endsWith' && literal?.includes('/') === false)) return [];
  const fields = pathOf(target);
  const shown = fields === undefined ? 'it' : [fields.variable, ...fields.fields].join('.');
  const what = kind === 'url' ? 'a URL' : 'a path';
  return [
    {
      within: offset,
      message: `${name} looks at ${shown} as a text, and it is ${what}: others read it otherwise`,
      remedy: `write ${replacement(kind, shown, literal)}; what can't be read in one way then grants nothing`,
    },
  ];
}

function replacement(kind: Kind, shown: string, literal: string | undefined): string {
  if (kind === 'path') {
    const root = literal === undefined || parsePlainPath(literal) === undefined ? '/folder' : literal;
    return `within(${shown}, ${JSON.stringify(root)})`;
  }
  const parsed = literal === undefined ? undefined : parseTarget(literal);
  const host = parsed?.kind === 'target' ? parsed.target.host : 'the.host';
  return `host(${shown}) == ${JSON.stringify(host)}`;
}

/** A host is a text that is read in one way; its end without a dot before it is also that of other hosts. */
function adviseHostComparison({ name, offset }: Call, literal: string | undefined): readonly ConditionAdvice[] {
  const isExact = name === 'endsWith' && literal?.startsWith('.') === true;
  if (isExact || name === 'matches') return [];
  const ending = name === 'endsWith' && literal !== undefined ? `.${literal}` : '.example.com';
  const message = `${name} is true of other hosts, too`;
  return [
    { within: offset, message, remedy: `compare it whole with ==, or write endsWith(${JSON.stringify(ending)})` },
  ];
}

/** What a helper is compared with, and given, by the policy's own words. */
function adviseHelper({ name, args, offset, target }: Call): readonly ConditionAdvice[] {
  if (name === 'within' && target === undefined) {
    const root = textOf(args[1]);
    if (root === undefined || parsePlainPath(root) !== undefined) return [];
    return [
      {
        within: offset,
        message: `nothing lies within ${JSON.stringify(root)}: it is no plain path`,
        remedy: 'write /folder or folder, without . and ..',
      },
    ];
  }
  if (name !== '_==_' && name !== '_!=_') return [];
  const other = args.find((arg) => !isHost(arg));
  const literal = args.some(isHost) ? textOf(other) : undefined;
  if (literal === undefined || canonicalHost(literal) === literal) return [];
  const canonical = canonicalHost(literal);
  const remedy = canonical === undefined ? 'write the host alone, in lower case' : `write ${JSON.stringify(canonical)}`;
  return [{ within: offset, message: `no host is ${JSON.stringify(literal)}`, remedy }];
}

const isHost = (node: CelNode): boolean => node.kind === 'call' && node.name === 'host' && node.target === undefined;

function textOf(node: CelNode | undefined): string | undefined {
  return node?.kind === 'constant' && node.type === 'string' ? node.text : undefined;
}

/** By what it is compared with, by the format that the schema gives it, else by its name. */
function kindOf(target: CelNode, literal: string | undefined, schema: JsonObject): Kind | undefined {
  if (literal !== undefined && /^\^?https?:\/\//i.test(literal)) return 'url';
  const path = pathOf(target);
  if (path?.variable !== 'args') return literal?.startsWith('/') === true ? 'path' : undefined;
  const known = path.fields.reduce(
    (schemas, field) => schemasOfProperty(schemas, field, schema),
    schemasAt(schema, schema) as readonly JsonObject[],
  );
  if (known.some(({ format }) => typeof format === 'string' && URL_FORMATS.includes(format))) return 'url';
  const name = path.fields.at(-1) ?? '';
  if (URL_NAME.test(name)) return 'url';
  return PATH_NAME.test(name) || literal?.startsWith('/') === true ? 'path' : undefined;
}
