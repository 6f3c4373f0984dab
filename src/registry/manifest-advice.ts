// What a person should look at in a manifest that would be served: names, descriptions that talk to the model, powers beyond need, and
// schemas that let too much in. Pure. Called by the check of a directory; keeps nothing from being served.

import { pointerSegment } from '#base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { kindsOf } from '#domain/capability.ts';
import type { Manifest, PluginProblem } from '#domain/manifest.ts';
import { askingAdvice } from './asking-advice.ts';
import { problem } from './problem.ts';

/** In characters. A model chooses by the description alone. */
const DESCRIPTION_LENGTH_MIN = 12;

/** Words of a description that are for the model instead of about the tool. Deliberately few: each is one that attacks were seen with. */
const INSTRUCTIONS: readonly RegExp[] = [
  /\b(ignore|disregard|forget|override)\b[^.]{0,40}\b(previous|prior|above|earlier|other|all)\b/i,
  /\b(do not|don't|never) (tell|mention|reveal|inform|show|ask)\b/i,
  /\b(before|after|instead of) (using|calling|running) (any|every|all|another|other)\b/i,
  /\byou (must|should|are) (always|never|now)\b/i,
  /\bsystem prompt\b|<\/?\s*(system|important|instructions?|secret)\s*>/i,
];

/** Signs that a person doesn't see, and a model reads. */
const UNSEEN = /[\p{Cf}\p{Co}\p{Cn}\u{e0000}-\u{e007f}]|[^\n\t\P{Cc}]/u;

type Told = { readonly pointer: string; readonly message: string; readonly remedy: string };

/** At most `LIMITS.problemsPerPluginMax`; `[]`: nothing to look at. */
export function manifestAdvice(manifest: Manifest): readonly PluginProblem[] {
  const told: readonly Told[] = [
    ...textAdvice('/description', manifest.description),
    ...manifest.tools.flatMap((tool, index) => [
      ...nameAdvice(manifest.name, tool.name, `/tools/${index}/name`),
      ...textAdvice(`/tools/${index}/description`, tool.description),
      ...(tool.title === undefined ? [] : spokenTo(`/tools/${index}/title`, tool.title)),
      ...schemaAdvice(tool.input, `/tools/${index}/input`, 0),
    ]),
    ...unusedKinds(manifest),
    ...askingAdvice(manifest.capabilities ?? {}),
  ];
  return told
    .slice(0, LIMITS.problemsPerPluginMax)
    .map(({ pointer, message, remedy }) => problem('MANIFEST_INVALID', { pointer }, message, remedy));
}

function nameAdvice(plugin: string, name: string, pointer: string): readonly Told[] {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) {
    return [
      { pointer, message: `${name} is not written as others are`, remedy: 'use lower case words with _ between them' },
    ];
  }
  const isRepeated = name.startsWith(`${plugin}_`) || name === plugin;
  const message = `agents will see ${plugin}__${name}, which says ${plugin} twice`;
  return isRepeated ? [{ pointer, message, remedy: "leave the plugin's name out of the tool's" }] : [];
}

function textAdvice(pointer: string, text: string): readonly Told[] {
  const isShort = text.trim().length < DESCRIPTION_LENGTH_MIN;
  const short = {
    pointer,
    message: 'says next to nothing',
    remedy: 'say what it does, and when to use it: models choose by it',
  };
  return [...(isShort ? [short] : []), ...spokenTo(pointer, text)];
}

function spokenTo(pointer: string, text: string): readonly Told[] {
  const words = INSTRUCTIONS.map((pattern) => pattern.exec(text)?.[0]).find((found) => found !== undefined);
  const told: Told[] = [];
  if (words !== undefined) {
    const message = `speaks to the model: ${JSON.stringify(words)}`;
    told.push({ pointer, message, remedy: 'describe the tool; what a model is to do is not for a plugin to say' });
  }
  if (UNSEEN.test(text)) {
    told.push({ pointer, message: 'holds characters that nobody sees', remedy: 'write it again without them' });
  }
  return told;
}

/** Only where every tool says what it uses: one that says nothing uses all. */
function unusedKinds({ capabilities = {}, tools }: Manifest): readonly Told[] {
  if (tools.some((tool) => tool.capabilities === undefined)) return [];
  return kindsOf(capabilities)
    .filter((kind) => !tools.some((tool) => tool.capabilities?.includes(kind)))
    .map((kind) => ({
      pointer: `/capabilities/${kind}`,
      message: `asks for ${kind}, which no tool uses`,
      remedy: 'leave it out, or name it in the `capabilities` of the tool that uses it',
    }));
}

const SCHEMAS_DEEP_MAX = 16;

function schemaAdvice(schema: Json | undefined, pointer: string, depth: number): readonly Told[] {
  if (!isJsonObject(schema) || depth > SCHEMAS_DEEP_MAX) return [];
  const { description } = schema;
  const below = Object.entries(isJsonObject(schema['properties']) ? schema['properties'] : {}).flatMap(([name, one]) =>
    schemaAdvice(one, `${pointer}/properties/${pointerSegment(name)}`, depth + 1),
  );
  return [
    ...(typeof description === 'string' ? spokenTo(`${pointer}/description`, description) : []),
    ...trapsOf(schema, pointer),
    ...below,
    ...schemaAdvice(schema['items'], `${pointer}/items`, depth + 1),
  ];
}

function trapsOf(schema: JsonObject, pointer: string): readonly Told[] {
  const has = (...keys: readonly string[]) => keys.some((key) => schema[key] !== undefined);
  if (has('enum', 'const', '$ref')) return [];
  switch (schema['type']) {
    case 'object':
      if (has('additionalProperties', 'unevaluatedProperties')) return [];
      return [{ pointer, message: 'takes any key beside those it names', remedy: 'add "additionalProperties": false' }];
    case 'string':
      if (has('maxLength', 'pattern')) return [];
      return [{ pointer, message: 'takes a text of any length', remedy: 'add maxLength' }];
    case 'array':
      return has('maxItems') ? [] : [{ pointer, message: 'takes any number of items', remedy: 'add maxItems' }];
    default:
      return [];
  }
}
