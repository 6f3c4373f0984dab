// The host calls of the capability `files`. Called by the broker, and by the world of a plugin's test with an effect of its own. Which
// path and what access is decided here; that a path leads nowhere else is the effect's.

import type { Json, JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { LabelledPlace } from '#domain/label-ports.ts';
import { malformed } from '#domain/refusal.ts';
import { WORKSPACE, type WorkspaceName, type WorkspacePath, workspaceOf } from '#domain/workspace-path.ts';
import type { FilesEffect, WorkspaceFiles } from '#effects/files/files-effect.ts';
import type { CallContext, CallHandler, CallHandlers } from './call-handler.ts';
import { readContent, readMode, readText } from './files-content.ts';
import { allowedPath, commonTarget } from './files-paths.ts';
import { fieldsOf, invalid } from './params.ts';

/** **Trust:** the name is the policy's. */
const nameOf = ({ agent, workspace }: CallContext): WorkspaceName => workspace ?? workspaceOf(agent);

/** A call at these paths learns something of what is there, if only by how it fails; what it leaves there says something, too. */
const touching = (context: CallContext, ...paths: readonly WorkspacePath[]) => {
  const places = paths.map(({ names }): LabelledPlace => ({ kind: 'file', workspace: nameOf(context), names }));
  return { looksAt: places, writesTo: places };
};

const lookingAt = (context: CallContext, path: WorkspacePath) => ({ looksAt: touching(context, path).looksAt });

export function createFilesCalls(effect: FilesEffect): CallHandlers {
  const filesOf = (context: CallContext): WorkspaceFiles => effect.of(nameOf(context));
  return {
    ...lookingCalls(filesOf),
    'files.write': (params, context) => {
      const { path: named, mode, ...content } = fieldsOf('files.write', params, ['path', 'text', 'base64', 'mode']);
      const { path, target } = allowedPath('files.write', named, { context, needs: 'write' });
      const written = { bytes: readContent(content), mode: readMode(mode) };
      return {
        target,
        ...touching(context, path),
        perform: async (signal) => ({ bytes: (await filesOf(context).write(path, written, signal)).size }),
      };
    },
    'files.move': (params, context) => {
      const fields = fieldsOf('files.move', params, ['from', 'to']);
      const from = allowedPath('files.move', fields['from'], { context, needs: 'write' });
      const to = allowedPath('files.move', fields['to'], { context, needs: 'write' });
      return {
        target: commonTarget(from.target, to.target),
        ...touching(context, from.path, to.path),
        perform: (signal) => done(filesOf(context).move(from.path, to.path, signal)),
      };
    },
    'files.remove': (params, context) => {
      const { path: named } = fieldsOf('files.remove', params, ['path']);
      const { path, target } = allowedPath('files.remove', named, { context, needs: 'write' });
      return {
        target,
        ...touching(context, path),
        perform: (signal) => done(filesOf(context).remove(path, signal)),
      };
    },
    'files.makeFolder': (params, context) => {
      const { path: named } = fieldsOf('files.makeFolder', params, ['path']);
      const { path, target } = allowedPath('files.makeFolder', named, { context, needs: 'write' });
      return {
        target,
        ...touching(context, path),
        perform: (signal) => done(filesOf(context).makeFolder(path, signal)),
      };
    },
  };
}

function lookingCalls(filesOf: (context: CallContext) => WorkspaceFiles) {
  return {
    'files.read': (params, context) => {
      const { path: named, as, offset, length } = fieldsOf('files.read', params, ['path', 'as', 'offset', 'length']);
      const { path, target } = allowedPath('files.read', named, { context, needs: 'read' });
      const range = {
        offset: readCount(offset, 'offset') ?? 0,
        lengthMax: Math.min(readCount(length, 'length') ?? LIMITS.fileReadBytesMax, LIMITS.fileReadBytesMax),
      };
      const isText = readAs(as) === 'text';
      return {
        target,
        ...lookingAt(context, path),
        perform: async (signal) => {
          const { bytes, size } = await filesOf(context).read(path, range, signal);
          const isCut = range.offset + bytes.length < size;
          if (!isText) return { base64: Buffer.from(bytes).toString('base64'), bytes: size, isCut };
          const { text, isCut: isShorter } = readText(bytes, isCut);
          return { text, bytes: size, isCut: isCut || isShorter };
        },
      };
    },
    'files.list': (params, context) => {
      const { path: named = WORKSPACE, after = '' } = fieldsOf('files.list', params, ['path', 'after']);
      const { path, target } = allowedPath('files.list', named, { context, needs: 'read' });
      if (typeof after !== 'string') {
        throw invalid('files.list: after is the name of the last one before', 'leave it out to begin with the first');
      }
      const countMax = LIMITS.fileEntriesListedMax;
      return {
        target,
        ...lookingAt(context, path),
        perform: async (signal) => {
          // One more than is shown tells whether there are more.
          const found = await filesOf(context).list(path, { after, countMax: countMax + 1 }, signal);
          return { entries: found.slice(0, countMax).map((entry) => ({ ...entry })), isCut: found.length > countMax };
        },
      };
    },
    'files.stat': (params, context) => {
      const { path: named } = fieldsOf('files.stat', params, ['path']);
      const { path, target } = allowedPath('files.stat', named, { context, needs: 'read' });
      return {
        target,
        ...lookingAt(context, path),
        perform: async (signal): Promise<JsonObject> => ({ ...(await filesOf(context).stat(path, signal)) }),
      };
    },
  } satisfies { readonly [name: string]: CallHandler };
}

async function done(change: Promise<void>): Promise<null> {
  await change;
  return null;
}

function readCount(value: Json | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`files.read: ${name} is a whole number of bytes`, 'leave it out to read the whole file');
}

function readAs(value: Json = 'text'): 'text' | 'base64' {
  if (value === 'text' || value === 'base64') return value;
  throw malformed({
    asked: typeof value === 'string' ? value : 'no text',
    allowed: ['text', 'base64'],
    ...{ message: 'files.read: as is none of these', remedy: 'leave it out to read text' },
  });
}
