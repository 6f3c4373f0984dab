import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { systemReadPaths } from '#sandbox/host/launcher/system-paths.ts';
import {
  IS_ROOT,
  launchAs,
  makeFile,
  makeFolder,
  makeOwnFolder,
  ORDINARY_HOST,
  PROCESSES_MAX,
  profileFor,
  ROOT_HOST,
} from './harness.ts';

const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());

const MODULES = join(import.meta.dirname, '../../../node_modules');
const NODE_PATHS = [
  ...systemReadPaths('node'),
  { path: dirname(process.execPath), access: 'read' as const },
  { path: join(MODULES, 'isolated-vm'), access: 'read' as const },
  { path: join(MODULES, 'node-gyp-build'), access: 'read' as const },
];
const LIMITS_OF_NODE = {
  dataBytes: 2 ** 32,
  fileBytes: 2 ** 20,
  descriptors: 256,
  processes: PROCESSES_MAX,
  stackBytes: 2 ** 23,
};

const HOSTS = [ROOT_HOST, ORDINARY_HOST];
/** Every layer of this machine, and the fewest that are enough: what Debian 12 has. */
const CASES = HOSTS.flatMap((host) => [undefined, 2].map((abiMax) => ({ host, abiMax, name: host.name })));

const script = (name: string, text: string): string => makeFile(join(folder.path, name), { uid: 0, mode: 0o644, text });

describe.each(CASES)('on Landlock ABI $abiMax, for $name', ({ host, abiMax }) => {
  const run = (command: readonly [string, ...string[]], changes: Partial<LaunchProfile>) => {
    const report = launchAs(host, {
      profile: profileFor(command, changes),
      ...(abiMax === undefined ? {} : { abiMax }),
    });
    return { out: report.stdout, code: report.exitCode, err: report.stderr.slice(-2000), failed: report.failed };
  };
  const general = test.skipIf(!IS_ROOT && host.uid === 0);
  const done = (out: string) => ({ out, code: 0, err: '', failed: undefined });

  general('a shell starts programs, joins them by pipes and waits for them', () => {
    const text = 'echo one | tr o 0 | cat; (exit 3); echo $?; sleep 0 & wait $!; echo $?; printf %s "$(echo two)"';
    expect(run(['/bin/bash', '--norc', '-c', text], {})).toEqual(done('0ne\n3\n0\ntwo'));
  });

  general('Python has threads, programs, pools of processes, and an event loop of its own', () => {
    const code = `
import asyncio, json, subprocess, tempfile, threading, sqlite3, hashlib, random, os
said = []
thread = threading.Thread(target=said.append, args=('thread',)); thread.start(); thread.join()
said.append(subprocess.run(['/usr/bin/echo', 'child'], capture_output=True, text=True).stdout.strip())
async def main():
    child = await asyncio.create_subprocess_exec('/usr/bin/echo', 'loop', stdout=asyncio.subprocess.PIPE)
    said.append((await child.communicate())[0].decode().strip())
asyncio.run(main())
with tempfile.TemporaryDirectory(dir='.') as place:
    base = sqlite3.connect(place + '/base'); base.execute('create table t(x)'); base.execute('insert into t values (1)'); base.commit()
    os.rename(place + '/base', place + '/other')
said.append(len(os.listdir('.')))
print(json.dumps(said))`;
    const work = makeOwnFolder(join(folder.path, `python-${host.uid}-${abiMax}`), host.programUid ?? host.uid);
    const changes: Partial<LaunchProfile> = {
      network: 'unix',
      cwd: work,
      paths: [...systemReadPaths('python'), { path: work, access: 'write' }],
    };
    expect(run(['/usr/bin/python3', '-ISc', code], changes)).toEqual(done('["thread", "child", "loop", 0]\n'));
  });

  general('Node runs with its compiler, a thread and a child', () => {
    const path = script(
      'general.cjs',
      `
      const { execFile } = require('node:child_process');
      const { Worker } = require('node:worker_threads');
      let sum = 0; for (let i = 0; i < 1e6; i++) sum += i;
      execFile('/usr/bin/echo', ['child'], (error, out) => {
        if (error) throw error;
        const worker = new Worker('require("node:worker_threads").parentPort.postMessage("thread")', { eval: true });
        worker.on('message', (said) => console.log(out.trim(), said, sum));
      });`,
    );
    const changes: Partial<LaunchProfile> = {
      network: 'unix',
      limits: LIMITS_OF_NODE,
      paths: [...NODE_PATHS, { path, access: 'read' }],
    };
    expect(run([process.execPath, path], changes)).toEqual(done('child thread 499999500000\n'));
  });

  general('git makes a repository and a commit where the user is its own', () => {
    const uid = host.programUid ?? host.uid;
    const work = makeOwnFolder(join(folder.path, `git-${host.uid}-${abiMax}`), uid);
    const text = 'git init -q . && echo x > f && git add f && git commit -qm first && git log --format=%s';
    const env = Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'a'],
        [`GIT_${who}_EMAIL`, 'a@b'],
      ]),
    );
    const changes: Partial<LaunchProfile> = {
      cwd: work,
      env: { ...env, PATH: '/usr/bin:/bin', HOME: work, GIT_CONFIG_NOSYSTEM: '1' },
      paths: [...systemReadPaths('native'), { path: work, access: 'write' }],
    };
    const report = run(['/bin/sh', '-c', text], changes);
    if (host.programUid === undefined) {
      // It changes modes by path, which is refused to who shares the host's user.
      expect(report).toMatchObject({ out: '', err: expect.stringMatching(/chmod|could not/) });
    } else expect(report).toMatchObject({ out: 'first\n', code: 0 });
  });

  general('a warden runs isolates, and makes no code, program, file or socket', () => {
    const path = script(
      'warden.cjs',
      `
      const ivm = require(${JSON.stringify(join(MODULES, 'isolated-vm'))});
      const { spawnSync } = require('node:child_process');
      const attempt = (name, act) => { try { return act() === false ? [] : [name]; } catch { return []; } };
      const worked = [
        ...attempt('program', () => spawnSync('/usr/bin/true').status === 0),
        ...attempt('file', () => require('node:fs').writeFileSync('/tmp/smcp-warden', '')),
        ...attempt('read', () => require('node:fs').readFileSync('/etc/passwd')),
        ...attempt('signal', () => process.kill(process.ppid, 0)),
        ...attempt('user', () => process.setuid(0)),
      ];
      const socket = require('node:net').connect(9, '127.0.0.1');
      socket.on('error', (error) => {
        const isolate = new ivm.Isolate({ memoryLimit: 32 });
        isolate.createContext().then(async (context) => {
          const script = await isolate.compileScript('let s = 0; for (let i = 0; i < 1e5; i++) s += i; s');
          console.log(JSON.stringify([await script.run(context), error.code, worked]));
          isolate.dispose();
          process.kill(process.pid, 'SIGKILL');
        });
      });`,
    );
    const changes: Partial<LaunchProfile> = {
      program: 'warden',
      limits: { ...LIMITS_OF_NODE, dataBytes: 2 ** 28, fileBytes: 0 },
      paths: [...NODE_PATHS, { path, access: 'read' }],
    };
    const command = [process.execPath, '--jitless', '--no-node-snapshot', '--no-warnings', path] as const;
    expect(run([...command], changes)).toEqual({
      out: '[4999950000,"EPERM",[]]\n',
      code: null,
      err: '',
      failed: undefined,
    });
  });

  general('a warden that would make code dies before it runs any', () => {
    const path = script('jit.cjs', 'console.log("alive")');
    const changes: Partial<LaunchProfile> = {
      program: 'warden',
      limits: LIMITS_OF_NODE,
      paths: [...NODE_PATHS, { path, access: 'read' }],
    };
    expect(run([process.execPath, path], changes)).toMatchObject({
      out: '',
      err: expect.stringContaining('SetPermissions'),
    });
    expect(run([process.execPath, path], { ...changes, program: 'general' })).toEqual(done('alive\n'));
  });
});
