// Every operation in all its forms, from the one table: a command, a request, a method of a client generated from the document, a
// tool on a door. Each form does it anew on a server that was put back, and answers the same; what is left to people is no tool.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadExamples } from '#admin/examples.ts';
import type { Json } from '#base/json.ts';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { leavesRecord, type Operation, pathParameters } from '#operations/operation.ts';
import { OPERATIONS } from '#operations/table.ts';
import { memoryTerminal } from '#test/cli/memory-terminal.ts';
import { lasting, seenByAll } from './admin-answers.ts';
import { type Input, inScene, SCENES } from './admin-scenes.ts';
import { argvOf, LEFT_OUT, stdinOf } from './admin-words.ts';
import { type AdminWorld, startAdminWorld } from './admin-world.ts';
import { connectStreamable, errorOf } from './clients.ts';

let world: AdminWorld;

beforeAll(async () => {
  world = await startAdminWorld();
});

afterAll(() => world.end());

type Done = { readonly answer: Json; readonly code?: number };

async function byCommand(operation: Operation, input: Input): Promise<Done> {
  const { terminal, written } = memoryTerminal({ SMCP_URL: world.server().url, SMCP_TOKEN: world.adminToken });
  const argv = [...argvOf(operation, input), '--json'];
  const code = await runCommandLine(COMMANDS, argv, {
    terminal: { ...terminal, input: stdinOf(operation, input) },
    version: '1',
  });
  expect([argv.join(' '), written.err]).toEqual([argv.join(' '), '']);
  return { answer: JSON.parse(written.out) as Json, code };
}

async function byRequest({ method, path }: Operation, input: Input): Promise<Done> {
  const inPath = pathParameters(path);
  const filled = path.replace(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(String(input[name])));
  const rest = Object.entries(input).filter(([name]) => !inPath.includes(name));
  const query = method === 'POST' ? '' : `?${new URLSearchParams(rest.map(([name, value]) => [name, String(value)]))}`;
  const response = await fetch(`${world.server().url}/admin/v1${filled}${query}`, {
    method,
    headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: JSON.stringify(Object.fromEntries(rest)) } : {}),
  });
  expect(response.status).toBe(200);
  return { answer: (await response.json()) as Json };
}

async function byGeneratedMethod({ name }: Operation, input: Input): Promise<Done> {
  const { status, data } = await world.admin().call(name, { ...input });
  expect(status).toBe(200);
  return { answer: data as Json };
}

async function byTool({ name }: Operation, input: Input): Promise<Done> {
  const client = await connectStreamable(world.server().url, world.tokens['ops'] ?? '');
  try {
    const result = await client.call(`smcp__${name}`, { ...input });
    expect([name, result.isError ?? false, result.content[0]?.text]).toEqual([name, false, expect.any(String)]);
    return { answer: JSON.parse(result.content[0]?.text ?? '') as Json };
  } finally {
    await client.close();
  }
}

const FORMS = { command: byCommand, request: byRequest, 'generated method': byGeneratedMethod, tool: byTool } as const;

type Form = keyof typeof FORMS;

function formsOf({ name, isForPeople }: Operation): readonly Form[] {
  const hasCommand = !LEFT_OUT.some((left) => left.operation === name);
  return (Object.keys(FORMS) as Form[]).filter(
    (form) => (form !== 'command' || hasCommand) && (form !== 'tool' || isForPeople !== true),
  );
}

const rows = OPERATIONS.map((operation) => [operation.name, operation] as const);

describe('an operation', () => {
  test.each(rows)('%s answers the same in each of its forms', async (name, operation) => {
    const answers: [Form, Json][] = [];
    for (const form of formsOf(operation)) {
      const { answer, code } = await inScene(world, name, (input) => FORMS[form](operation, input));
      if (code !== undefined) expect(code).toBe(operation.saysNo?.(answer) === true ? 1 : 0);
      answers.push([form, seenByAll(name, lasting(answer))]);
    }
    const [, first] = answers[0] ?? [];
    for (const [form, answer] of answers) expect([form, answer]).toEqual([form, first]);
  });

  test.each(rows)('%s is recorded by a person and by an agent as its effect says', async (name, operation) => {
    const added = (form: Form) =>
      inScene(world, name, async (input) => {
        const before = await world.entries();
        await FORMS[form](operation, input);
        return (await world.entries()) - before;
      });
    const own = await added('request');
    // What a person only looks at leaves nothing; an act leaves its record, and some what they put in force besides.
    expect(leavesRecord(operation) ? own >= 1 : own === 0).toBe(true);
    // A call leaves its intent and its outcome, a look as well.
    if (operation.isForPeople !== true) expect(await added('tool')).toBeGreaterThanOrEqual(2);
  });

  test.each(rows.filter(([, { isForPeople }]) => isForPeople))('%s is no tool: it takes a person', async (name) => {
    await inScene(world, name, async (input) => {
      const client = await connectStreamable(world.server().url, world.tokens['ops'] ?? '');
      const refused = errorOf(await client.call(`smcp__${name}`, { ...input }));
      await client.close();
      expect(refused).toMatchObject({ code: 'PERSON_NEEDED' });
    });
  });
});

describe('the example in the documents', () => {
  test.each(rows)('of %s has the form of what is asked and answered', async (name, operation) => {
    await inScene(world, name, async (input) => {
      const { answer } = await byRequest(operation, input);
      expect(formOf({ input, answer: seenByAll(name, answer) })).toEqual(
        formOf(loadExamples()[name] as unknown as Json),
      );
    });
  });
});

/** The names in it, two levels deep. */
function formOf(value: unknown, depth = 2): unknown {
  if (depth === 0 || value === null || typeof value !== 'object' || Array.isArray(value)) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, formOf(below, depth - 1)]));
}

test('every operation has a scene, and no scene is of another', () => {
  expect(Object.keys(SCENES).toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted());
});

test('what has no command says why, and only that', () => {
  const words = new Set(COMMANDS.map((command) => command.words.join('_').replaceAll('-', '_')));
  const without = OPERATIONS.filter(({ name }) => !words.has(name)).map(({ name }) => name);
  expect(
    LEFT_OUT.filter(({ isLocal }) => !isLocal)
      .map(({ operation }) => operation)
      .toSorted(),
  ).toEqual(without.toSorted());
});
