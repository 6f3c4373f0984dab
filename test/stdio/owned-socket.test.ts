// A socket is looked at before it is used: whose it is, and who could open it.

import { chmodSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkOwnedSocket, socketAddress } from '#base/owned-socket.ts';
import { openSocketDoor, type TestSocketDoor } from './door.ts';

let door: TestSocketDoor;
beforeEach(async () => {
  door = await openSocketDoor();
});
afterEach(() => door.remove());

describe('a socket is looked at before it is used', () => {
  test.each([0o666, 0o660, 0o606, 0o640])('with mode %o it is refused', (mode) => {
    chmodSync(door.socket, mode);
    expect(() => checkOwnedSocket(door.socket)).toThrow(expect.objectContaining({ code: 'HOME_UNSAFE' }));
  });

  test('with mode 600 it is taken, and where there is none it says so', () => {
    expect(checkOwnedSocket(door.socket)).toBe(true);
    expect(checkOwnedSocket(`${door.socket}.not`)).toBe(false);
  });

  test('a link to it is refused', () => {
    const link = `${door.socket}.link`;
    symlinkSync(door.socket, link);
    expect(() => checkOwnedSocket(link)).toThrow(expect.objectContaining({ code: 'HOME_UNSAFE' }));
  });
});

describe('the address of a socket', () => {
  test('is its path where that is short', () => {
    using address = socketAddress(door.socket);
    expect(address.path).toBe(door.socket);
  });

  test('is refused where its long path leads nowhere', () => {
    const path = `/nowhere/${'x'.repeat(120)}/agents.sock`;
    expect(() => socketAddress(path)).toThrow(expect.objectContaining({ code: 'HOME_INVALID' }));
  });
});
