// Attacks on a person through their browser: words of agents that want to be markup, pages of other sites and ports that want the session
// or a signature, links and signatures that are used again. With controls: what the wall keeps out works where it is not.

import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addAuthenticator, type Browser, HAS_BROWSER, type Page, startBrowser } from './browser.ts';
import { type ConsoleWorld, callTool, enrol, POLICY, requestFor, signedInPerson, startConsoleWorld } from './world.ts';

let world: ConsoleWorld;
let browser: Browser;
let evil: { readonly server: Server; readonly port: number; readonly seen: string[] };

/** A server of somebody else on this machine, as an agent could start one: it notes what it is sent. */
async function startEvil() {
  const seen: string[] = [];
  const server = createServer(({ url, headers }, response) => {
    seen.push(`${url} ${headers.cookie ?? ''}`);
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>evil</title><body>evil');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, seen };
}

beforeAll(async () => {
  if (!HAS_BROWSER) return;
  world = await startConsoleWorld();
  browser = await startBrowser();
  evil = await startEvil();
});
afterAll(async () => {
  await browser?.close();
  evil?.server.close();
  await world?.end();
});

const HOSTILE = [
  '<img src=x onerror="document.title=\'owned\'">',
  '<script>document.title="owned"</script>',
  '</pre><h1>Approved</h1>',
  '\u202eevorppa\u202c',
  'a\u200bb',
];

/** Opens the request for a call with these arguments. */
async function openRequest(page: Page, message: string) {
  const call = await callTool(world, 'demo_text__echo', { message });
  const { id } = await requestFor(world.server, 'demo_text__echo');
  await page.open(`${world.origin}/console/approvals#${id}`);
  // The page that is there may show the request already, and is about to go: what the test looks at is the next one.
  await page.run(`document.documentElement.dataset.isOld = 'yes'`);
  await page.run('location.reload()').catch(() => {});
  await page.until(`document.documentElement.dataset.isOld === undefined && document.querySelector('pre')`);
  const deny = async () => {
    await world.server.smcp('approvals', 'deny', id);
    await call.ended;
  };
  return { id, deny };
}

describe.skipIf(!HAS_BROWSER)('words of an agent', () => {
  test.each(HOSTILE)('stay words: %j', async (message) => {
    const { page } = await signedInPerson(world, browser, 'ana');
    const { deny } = await openRequest(page, message);
    expect(await page.run('document.title')).toBe('Approvals · SMCP');
    expect(await page.run(`document.querySelectorAll('pre *, img, main script, pre + h1').length`)).toBe(0);
    const shown = await page.run<string>(`document.querySelector('pre').textContent`);
    for (const hidden of ['\u202e', '\u202c', '\u200b']) expect(shown).not.toContain(hidden);
    if (message.startsWith('<img')) expect(shown).toContain('<img src=x onerror=');
    await deny();
    await page.close();
  });

  test('the control: as markup they would have run', async () => {
    const page = await browser.page();
    await page.open(`http://127.0.0.1:${evil.port}/`);
    await page.run(`document.body.innerHTML = ${JSON.stringify(HOSTILE[0])}`);
    await page.until(`document.title === 'owned'`);
    expect(await page.run('document.title')).toBe('owned');
    await page.close();
  });

  test('become no markup by mistake either: the page takes no HTML at all, and runs no text', async () => {
    const { page } = await signedInPerson(world, browser, 'ana');
    await expect(page.run(`document.body.innerHTML = '<b>x</b>'`)).rejects.toThrow(/TrustedHTML/);
    await expect(
      page.run(`document.body.append(Object.assign(document.createElement('script'), {text: '1'}))`),
    ).rejects.toThrow(/TrustedScript/);
    await page.close();
  });

  test('of 90 KB are there whole, on a phone, with the two answers', async () => {
    const { page } = await signedInPerson(world, browser, 'ana');
    const { deny } = await openRequest(page, 'x'.repeat(90_000));
    expect((await page.run<string>(`document.querySelector('pre').textContent`)).match(/x{90000}/)).not.toBeNull();
    expect(await page.run('document.documentElement.scrollWidth')).toBe(360);
    expect(await page.text()).toContain('Approve with passkey');
    await deny();
    await page.close();
  });
});

describe.skipIf(!HAS_BROWSER)('a page of another port of this machine', () => {
  test('is sent the cookie, as browsers do, and can do nothing with it', async () => {
    const { page } = await signedInPerson(world, browser, 'ana');
    await page.open(`http://localhost:${evil.port}/console/`);
    const cookie = evil.seen.find((line) => line.includes('smcp-console='))?.split(' ')[1] ?? '';
    expect(cookie).not.toBe('');
    expect(await page.run(`sessionStorage.getItem('smcp-page')`)).toBeNull();
    const stolen = await fetch(`${world.server.url}/console/api/me`, { headers: { cookie } });
    expect(stolen.status).not.toBe(200);
    // Its own script is refused by the server, and reads nothing.
    const read = `fetch('${world.origin}/console/api/me', {credentials: 'include'}).then(() => 'read', () => 'refused')`;
    expect(await page.run(read)).toBe('refused');
    await page.close();
  });

  test('may have the passkey sign, and the signature counts for nothing', async () => {
    const { page } = await signedInPerson(world, browser, 'ana');
    const { id, deny } = await openRequest(page, 'for the thief');
    const { digest } = (await world.server.json('approvals', 'show', id)) as { readonly digest: string };
    const half = await page.run<string>(`sessionStorage.getItem('smcp-page')`);
    await page.open(`http://localhost:${evil.port}/console/`);
    const cookie = evil.seen.findLast((line) => line.includes('smcp-console='))?.split(' ')[1] ?? '';
    const assertion = await page.run(`(async () => {
      const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      const challenge = Uint8Array.from('${digest.slice(7)}'.match(/../g), (pair) => parseInt(pair, 16));
      const { rawId, response } = await navigator.credentials.get({ publicKey: { challenge, rpId: 'localhost', userVerification: 'required' } });
      return { credential: text(rawId), authenticatorData: text(response.authenticatorData), clientDataJSON: text(response.clientDataJSON), signature: text(response.signature) };
    })()`);
    // Even with both halves of the session, which it does not have.
    const answer = await post(`approvals/${id}/approve`, { assertion }, { cookie, 'x-smcp-page': half });
    expect(answer).toEqual([403, 'PASSKEY_REFUSED']);
    expect(await world.server.json('approvals', 'show', id)).toMatchObject({ state: 'pending' });
    await deny();
    await page.close();
  });

  test('can not frame the console', async () => {
    const page = await browser.page();
    await page.open(`http://localhost:${evil.port}/`);
    await page.run(`new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.src = '${world.origin}/console/';
      frame.onload = resolve;
      document.body.append(frame);
    })`);
    const { frameTree } = (await page.send('Page.getFrameTree')) as {
      frameTree: { childFrames?: readonly { frame: { url: string; unreachableUrl?: string } }[] };
    };
    const [child] = frameTree.childFrames ?? [];
    expect(child?.frame.url).toBe('chrome-error://chromewebdata/');
    await page.close();
  });
});

/** As a program sends it, with the headers of a page of the console. */
async function post(path: string, body: object, headers: Record<string, string>): Promise<readonly [number, string]> {
  const { request } = await import('node:http');
  const { hostname, port } = new URL(world.server.url);
  const own = { host: `localhost:${port}`, origin: world.origin, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, method: 'POST', path: `/console/api/${path}`, headers: { ...own, ...headers } },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const answer = JSON.parse(Buffer.concat(chunks).toString()) as { error?: { code: string } };
        resolve([response.statusCode ?? 0, answer.error?.code ?? '']);
      },
    );
    asked.on('error', reject).end(JSON.stringify(body));
  });
}

describe.skipIf(!HAS_BROWSER)('a link to enrol', () => {
  test('opens nothing the second time, and leaves the address at once', async () => {
    const page = await browser.page();
    await addAuthenticator(page);
    const link = await enrol(world.server, page, 'ben');
    expect(await page.run('location.href')).toBe(`${world.origin}/console/enroll`);
    const other = await browser.page();
    await addAuthenticator(other);
    await other.open(link);
    await other.press('Make a passkey');
    await other.until(`document.getElementById('status').classList.contains('wrong')`);
    expect(await other.text()).toContain('was used, has expired');
    await page.close();
    await other.close();
  });

  test('is of no use to a device that does not make sure of its owner', async () => {
    const page = await browser.page();
    await addAuthenticator(page, { isUserVerified: false });
    const { link } = (await world.server.json('person', 'invite', 'cleo')) as { readonly link: string };
    await page.open(link);
    await page.press('Make a passkey');
    await page.until(`document.getElementById('status').classList.contains('wrong')`);
    expect(await page.text()).toContain('The passkey was not used');
    await page.close();
  });
});

describe.skipIf(!HAS_BROWSER)('whoever presses Back after somebody signed out', () => {
  test('is asked to sign in, and is shown nothing of what was there', async () => {
    const { page } = await signedInPerson(world, browser, 'ana');
    const { deny } = await openRequest(page, 'words of a secret call');
    expect(await page.text()).toContain('words of a secret call');
    await page.press('Sign out');
    await page.until(`location.pathname === '/console/' && document.getElementById('sign-in')`);
    // The page that is left asks to sign in as well: what is looked at is the one that Back leads to.
    await page.run('window.isOld = true; history.back()');
    await page.until(
      `window.isOld === undefined && location.pathname === '/console/' && document.getElementById('sign-in')`,
    );
    expect(await page.text()).not.toContain('words of a secret call');
    expect(await page.run(`sessionStorage.length`)).toBe(0);
    await deny();
    await page.close();
  });

  test('has no page that the browser kept: one that is shown again is loaded anew', async () => {
    const { page } = await signedInPerson(world, browser, 'ana');
    const { deny } = await openRequest(page, 'words of a kept page');
    await page.run(`document.documentElement.dataset.kept = 'yes'`);
    await page.run(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))`);
    expect(await page.run(`document.documentElement.dataset.kept`)).toBe('yes');
    await page.run(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`);
    await page.until(`document.documentElement.dataset.kept === undefined && document.querySelector('pre')`);
    await deny();
    await page.close();
  });
});

describe.skipIf(!HAS_BROWSER)('an open page of somebody who lost their access', () => {
  test('is sent back to the sign-in when their passkeys were revoked, which open nothing', async () => {
    const { page } = await signedInPerson(world, browser, 'cleo');
    expect((await world.server.smcp('person', 'revoke', 'cleo')).code).toBe(0);
    await page.until(`location.pathname === '/console/'`);
    await page.press('Sign in');
    await page.until(`document.getElementById('status').classList.contains('wrong')`);
    expect(await page.text()).toContain('not known here');
    await page.close();
  });

  test('is sent back when the policy gives them another role, or names them no more', async () => {
    const policy = join(world.home, 'policy.yaml');
    for (const written of [
      POLICY.replace('cleo: { role: viewer }', 'cleo: { role: admin }'),
      POLICY.replace(/ {2}cleo.*\n/, ''),
    ]) {
      const { page } = await signedInPerson(world, browser, 'cleo');
      writeFileSync(policy, written);
      await page.until(`location.pathname === '/console/'`);
      writeFileSync(policy, POLICY);
      expect((await world.server.smcp('policy', 'apply')).code).toBe(0);
      await page.close();
    }
    expect(await world.server.json('person', 'list')).toMatchObject([{}, {}, { name: 'cleo', role: 'viewer' }]);
  });
});
