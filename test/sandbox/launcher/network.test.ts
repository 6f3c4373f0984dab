import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { kernelOf, launchAs, NOBODY, ORDINARY_HOST, profileFor, runFree } from './harness.ts';

const PYTHON = '/usr/bin/python3';
const servers = [createServer(), createServer()];
afterAll(() => servers.forEach((server) => void server.close()));

async function listen(): Promise<readonly number[]> {
  const ports: number[] = [];
  for (const server of servers) {
    server.on('connection', (socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    ports.push(typeof address === 'object' && address !== null ? address.port : 0);
  }
  return ports;
}

const PROBE = `
import errno, json, socket, sys
allowed, other = map(int, sys.argv[1:])
inet, stream = socket.AF_INET, socket.SOCK_STREAM
def fast(port): socket.socket(inet, stream).sendto(b'x', 0x20000000, ('127.0.0.1', port))
def option():
    s = socket.socket(inet, stream); s.setsockopt(6, 30, 1); s.connect(('127.0.0.1', other))
acts = {
  'the port': lambda: socket.create_connection(('127.0.0.1', allowed), 5),
  'another port': lambda: socket.create_connection(('127.0.0.1', other), 5),
  'another by Fast Open': lambda: fast(other),
  'another by Fast Open as an option': option,
  'UDP': lambda: socket.socket(inet, socket.SOCK_DGRAM).connect(('127.0.0.1', other)),
  'a port of its own': lambda: socket.create_server(('127.0.0.1', 0)),
  'listening without a port': lambda: socket.socket(inet, stream).listen(1),
  'a pair': lambda: socket.socketpair(),
}
worked = []
for name, act in acts.items():
    try: act(); worked.append(name)
    except OSError: pass
print(json.dumps(worked))
`;

describe('a program with TCP', () => {
  test('connects to the ports that it was given, and does nothing else with a network', async () => {
    const [allowed = 0, other = 0] = await listen();
    const command = [PYTHON, '-ISc', PROBE, String(allowed), String(other)] as const;
    const confined = launchAs(ORDINARY_HOST, {
      profile: profileFor([...command], { network: 'inet', connectPorts: [allowed] }),
    });
    expect(confined).toMatchObject({ stdout: '["the port", "a pair"]\n', exitCode: 0 });
    const none = launchAs(ORDINARY_HOST, { profile: profileFor([...command], { network: 'inet' }) });
    expect(none.stdout).toBe('["a pair"]\n');
    const free = JSON.parse(runFree(NOBODY, command)) as string[];
    // A kernel may have TCP Fast Open switched off.
    expect(free.filter((act) => act !== 'another by Fast Open')).toHaveLength(7);
    expect(kernelOf().landlockAbi).toBeGreaterThanOrEqual(4);
  });
});
