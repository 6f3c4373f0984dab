// Arguments that a tool wants repeated in headers, as the schema says by `x-mcp-header`.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseExactJson } from '#base/exact-json.ts';
import { HTTP_CLIENTS } from './clients.ts';
import { fakeTool, HERMES, openDoor, type TestDoor, TOOLS } from './fakes.ts';
import { send, stateless } from './http.ts';

const GOOD = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    where: {
      type: 'object',
      properties: {
        count: { type: 'integer', 'x-mcp-header': 'Count' },
        dry: { type: 'boolean', 'x-mcp-header': 'dry' },
      },
    },
  },
};
/** With what no header can be: of another type, and under a name that is no token. */
const SCHEMA = {
  ...GOOD,
  properties: {
    ...GOOD.properties,
    ratio: { type: 'number', 'x-mcp-header': 'Ratio' },
    odd: { type: 'string', 'x-mcp-header': 'a b' },
  },
};

let door: TestDoor;
beforeEach(async () => {
  door = await openDoor();
  const others = TOOLS.filter(({ name }) => name !== 'demo__echo');
  door.catalog.replace([...others, fakeTool('echo', { inputSchema: SCHEMA })]);
});
afterEach(() => door.gateway.close());

async function call(args: unknown, headers: { [name: string]: string }, token = 'athena-token') {
  const request = stateless('tools/call', { name: 'demo__echo', arguments: args });
  const answer = await send(door.url, {
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${token}`, ...headers },
  });
  return [answer.status, JSON.parse(answer.text).error?.code];
}

const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

describe('headers that say what the arguments do', () => {
  test.each([
    ['a text', { region: 'eu' }, { 'mcp-param-region': 'eu' }],
    ['a text that no header holds', { region: ' é\n' }, { 'mcp-param-region': base64(' é\n') }],
    ['a text that looks encoded', { region: '=?base64?x?=' }, { 'mcp-param-region': base64('=?base64?x?=') }],
    ['a number, in another spelling', { where: { count: 42 } }, { 'mcp-param-count': '42.0' }],
    [
      'a number of many digits',
      parseExactJson('{"where":{"count":9007199254740993}}'),
      { 'mcp-param-count': '9007199254740993' },
    ],
    ['a truth', { where: { dry: false } }, { 'mcp-param-dry': 'false' }],
    ['nothing for what is left out or null', { region: null }, {}],
    ['nothing for what can not be repeated', { ratio: 0.5, odd: 'x' }, {}],
    ['something that the tool does not know', {}, { 'mcp-param-other': 'x' }],
  ])('%s', async (_what, args, headers) => {
    expect(await call(args, headers)).toEqual([200, undefined]);
  });
});

describe('headers that do not', () => {
  test.each([
    ['another text', { region: 'eu' }, { 'mcp-param-region': 'us' }],
    ['another case', { region: 'eu' }, { 'mcp-param-region': 'EU' }],
    ['none', { region: 'eu' }, {}],
    ['one for what is left out', {}, { 'mcp-param-region': 'eu' }],
    ['one for what is null', { region: null }, { 'mcp-param-region': 'null' }],
    ['one that only looks encoded', { region: '=?base64?!?=' }, { 'mcp-param-region': '=?base64?!?=' }],
    ['another number', { where: { count: 42 } }, { 'mcp-param-count': '43' }],
    [
      'the double next to it',
      parseExactJson('{"where":{"count":9007199254740993}}'),
      { 'mcp-param-count': '9007199254740992' },
    ],
    ['digits that a double drops', { where: { count: 2 ** 53 } }, { 'mcp-param-count': '9007199254740993' }],
    ['no number', { where: { count: 0 } }, { 'mcp-param-count': '' }],
    ['another truth', { where: { dry: true } }, { 'mcp-param-dry': 'True' }],
    ['two', { region: 'eu' }, { 'mcp-param-region': 'eu, us' }],
  ])('are refused: %s', async (_what, args, headers) => {
    expect(await call(args, headers)).toEqual([400, -32020]);
    expect(door.dispatcher.requests).toEqual([]);
  });
});

test('a tool that the agent does not see is denied as ever, whatever the headers', async () => {
  door.policy.grant(HERMES, new Set());
  expect(await call({ region: 'eu' }, { 'mcp-param-region': 'us' }, 'hermes-token')).toEqual([200, undefined]);
  expect(door.dispatcher.requests).toHaveLength(1);
});

test('the 2.x client sends them as they are wanted', async () => {
  door.catalog.replace([fakeTool('echo', { inputSchema: GOOD })]);
  const stateless = HTTP_CLIENTS.at(-1);
  const client = await stateless?.connect({ url: door.url, token: 'athena-token' });
  await client?.list();
  const args = { region: 'São Paulo', where: { count: 7, dry: true } };
  const result = await client?.call({ name: 'demo__echo', arguments: args });
  expect(result?.['structuredContent']).toEqual({ agent: 'athena', args });
  await client?.close();
});
