// A headless Chromium with a virtual authenticator, driven over its own protocol (CDP) through a pipe. A page is what a person has open.
// **Source:** Chrome DevTools Protocol, domains Target, Page, Runtime, Emulation, WebAuthn.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { removeFolder } from '#test/smoke/remove-folder.ts';

const CHROMIUM = '/usr/bin/chromium';
export const HAS_BROWSER = existsSync(CHROMIUM);

type Params = { readonly [name: string]: unknown };
type Message = { readonly id?: number; readonly result?: Params; readonly error?: { readonly message: string } };

/** Sends one command and resolves with its result; of a page where `sessionId` is given. */
type Send = (method: string, params?: Params, sessionId?: string) => Promise<Params>;

export type Page = {
  readonly open: (url: string) => Promise<void>;
  /** The value of an expression in the page. Promises are waited for. */
  readonly run: <Value>(expression: string) => Promise<Value>;
  /** Resolves once the expression is true; with its value. */
  readonly until: (expression: string) => Promise<void>;
  /** As a thumb does: the element must be there and visible. */
  readonly press: (text: string) => Promise<void>;
  readonly text: () => Promise<string>;
  readonly send: (method: string, params?: Params) => Promise<Params>;
  readonly close: () => Promise<void>;
};

export type Browser = {
  /** A page of a person of their own: nothing is shared with others. `width`: of the screen, in CSS pixels. */
  readonly page: (options?: { readonly width?: number }) => Promise<Page>;
  readonly close: () => Promise<void>;
};

export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'smcp-chromium-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const child = spawn(CHROMIUM, [...flags, `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: profile },
  });
  const send = speak(child);
  return {
    page: (options) => openPage(send, options),
    close: async () => {
      const ended = once(child, 'exit');
      await send('Browser.close').catch(() => child.kill('SIGKILL'));
      await ended;
      removeFolder(profile);
    },
  };
}

/** Messages are JSON with a zero byte at their end: descriptor 3 takes them, 4 gives them. */
function speak(child: ChildProcess): Send {
  const [, , , input, output] = child.stdio as [null, null, null, Writable, Readable];
  const waiting = new Map<number, (message: Message) => void>();
  let last = 0;
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\0');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      waiting.get(message.id ?? 0)?.(message);
      waiting.delete(message.id ?? 0);
    }
  });
  output.on('close', () => {
    for (const answer of waiting.values()) answer({ error: { message: 'the browser has ended' } });
  });
  return (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, ({ result, error }) => {
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      const session = sessionId === undefined ? {} : { sessionId };
      input.write(`${JSON.stringify({ id: last, method, params, ...session })}\0`);
    });
}

async function openPage(send: Send, { width = 1024 }: { readonly width?: number } = {}): Promise<Page> {
  const { browserContextId } = await send('Target.createBrowserContext');
  const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const own = (method: string, params: Params = {}) => send(method, params, String(sessionId));
  await own('Page.enable');
  await own('Runtime.enable');
  await own('WebAuthn.enable');
  await own('Emulation.setDeviceMetricsOverride', { width, height: 780, deviceScaleFactor: 2, mobile: width < 600 });
  const run = async <Value>(expression: string): Promise<Value> => {
    const options = { awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = (await own('Runtime.evaluate', { expression, ...options })) as {
      readonly result: { readonly value: Value };
      readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
    };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? expression);
    return result.value;
  };
  const until = async (expression: string) => {
    for (;;) {
      // A page that is being left has no value to give.
      if (await run<boolean>(`Boolean(${expression})`).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  const find = (text: string) =>
    `[...document.querySelectorAll('button, a')].find((one) => one.textContent.includes(${JSON.stringify(text)}) && one.checkVisibility() && !one.disabled)`;
  return {
    open: async (url) => {
      await own('Page.navigate', { url });
      await until(`document.readyState === 'complete' && location.href !== 'about:blank'`);
    },
    run,
    until,
    press: async (text) => {
      // Until then nothing listens to it.
      await until(`document.readyState === 'complete' && ${find(text)}`);
      await run(`${find(text)}.click()`);
    },
    text: () => run<string>('document.body.innerText'),
    send: own,
    close: async () => void (await send('Target.disposeBrowserContext', { browserContextId })),
  };
}

/** Gives the page an authenticator as phones have one: it keeps passkeys and makes sure of its owner. Its id. */
export async function addAuthenticator(page: Page, more: Params = {}): Promise<string> {
  const options = {
    ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
    ...{ isUserVerified: true, automaticPresenceSimulation: true, ...more },
  };
  return String((await page.send('WebAuthn.addVirtualAuthenticator', { options }))['authenticatorId']);
}
