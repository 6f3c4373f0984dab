// A plugin that makes every host call as the types say: compiled against them and run in the sandbox by plugin-api.test.ts.

/** @type {import('smcp/plugin-api').Tools} */
export const tools = {
  make: async ({ calls = [] }, host) => {
    host.log('a line');
    host.log('warn', calls);
    host.progress({ progress: 1, total: 2, message: 'half' });
    await host.cost(0);
    /** @type {number} */
    const now = await host.now();
    /** @type {Uint8Array} */
    const bytes = await host.random(4);
    await host.store.set('a', { list: [1, null] });
    const kept = await host.store.get('a');
    const { keys, isCut } = await host.store.list({ prefix: '', after: '' });
    /** @type {boolean} */
    const wasThere = await host.store.delete('a');
    await host.files.makeFolder({ path: 'workspace/in' });
    await host.files.write({ path: 'workspace/in/a', text: 'a', mode: 'create' });
    await host.files.write({ path: 'workspace/in/a', base64: 'YQ==', mode: 'append' });
    const file = await host.files.read({ path: 'workspace/in/a', as: 'text', offset: 0, length: 10 });
    const listed = await host.files.list({ path: 'workspace/in' });
    const { kind } = await host.files.stat({ path: 'workspace/in' });
    await host.files.move({ from: 'workspace/in/a', to: 'workspace/b' });
    await host.files.remove({ path: 'workspace/b' });
    const response = await host.fetch('https://a.org/x', { method: 'POST', headers: { a: 'b' }, body: { text: 't' } });
    const { exitCode, stdout } = await host.run('git', ['log'], { stdin: '' });
    const other = await host.tools.call('other__greet', { name: 'x' });
    try {
      await host.fetch('https://b.org/');
    } catch (caught) {
      const { code } = /** @type {import('smcp/plugin-api').HostError} */ (caught);
      return {
        ...{ now, random: bytes.length, kept, keys, isCut, wasThere, file, entries: listed.entries, kind },
        ...{ status: response.status, exitCode, stdout, other, code },
      };
    }
    return null;
  },
};
