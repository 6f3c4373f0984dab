// `oauth` of config.yaml: which issuers are told apart, and what each must say of itself.

import { describe, expect, test } from 'vitest';
import { oauthOf, type WrittenOAuth } from '#config/oauth.ts';

const AUDIENCE = 'https://smcp.example/mcp';
const one = { issuer: 'https://a.example', audience: AUDIENCE, agentClaim: 'azp' };
const other = { ...one, issuer: 'https://b.example', speaksFor: ['b_*'] };
const read = (written: WrittenOAuth) => oauthOf(written, 'config.yaml');

test('one issuer is written by itself or as a list, and needs no address of keys', () => {
  expect(read(one)).toEqual(read([one]));
  expect(read(one)).toEqual({
    resource: AUDIENCE,
    issuers: [
      {
        ...one,
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        requiredScopes: [],
        type: 'at+jwt',
        leewaySeconds: 30,
      },
    ],
  });
  expect(read({ ...one, jwks: { uri: 'https://a.example/certs' } })?.issuers[0]?.jwks).toEqual({
    uri: 'https://a.example/certs',
  });
});

test('who is named under agents is who it speaks for, unless speaksFor says less', () => {
  const agents = { desktop: 'athena', ci: 'builder', ci2: 'builder' };
  expect(read({ ...one, agents })?.issuers[0]?.speaksFor).toEqual(['athena', 'builder']);
  expect(read({ ...one, agents, speaksFor: ['athena'] })?.issuers[0]?.speaksFor).toEqual(['athena']);
  expect(read(one)?.issuers[0]?.speaksFor).toBeUndefined();
});

describe('several issuers', () => {
  test('are taken when each says which agents are its own', () => {
    const named = { ...one, agents: { desktop: 'athena' } };
    expect(read([named, other])?.issuers.map(({ issuer }) => issuer)).toEqual([one.issuer, other.issuer]);
  });

  test.each<[string, WrittenOAuth, string]>([
    ['one that may speak for everybody', [one, other], '/oauth/0/speaksFor is missing'],
    ['one that is named twice', [other, { ...other, audience: AUDIENCE }], '/oauth/1/issuer is named before'],
    [
      'two addresses of this server',
      [other, { ...other, issuer: 'https://c.example', resource: 'https://d.example' }],
      '/oauth/1/resource is another one',
    ],
    [
      'one over http elsewhere',
      [other, { ...other, issuer: 'http://c.example' }],
      '/oauth/1/issuer is no address that can be trusted',
    ],
  ])('are refused with %s', (_, written, message) => {
    expect(() => read(written)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => read(written)).toThrow(message);
  });
});

test.each<[string, object, string]>([
  ['http elsewhere', { issuer: 'http://a.example' }, '/oauth/issuer is no address'],
  ['a fragment', { issuer: 'https://a.example/#' }, '/oauth/issuer is no address'],
  ['a password', { issuer: 'https://me:pw@a.example' }, '/oauth/issuer is no address'],
  ['a host that only begins like this machine', { issuer: 'http://127.0.0.1.example' }, '/oauth/issuer is no address'],
  ['a query, and no address of its keys', { issuer: 'https://a.example?x=1' }, '/oauth/issuer has a query'],
  ['an audience that is no address, and no resource', { audience: 'smcp' }, '/oauth/audience is no address'],
  ['keys over http elsewhere', { jwks: { uri: 'http://a.example/certs' } }, '/oauth/jwks/uri is no address'],
])('an issuer with %s is refused', (_, more, message) => {
  expect(() => read({ ...one, ...more })).toThrow(message);
  expect(read({ ...one, issuer: 'http://127.0.0.1:9000/realms/home' })).toBeDefined();
});
