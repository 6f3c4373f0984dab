import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressBytes, createClassify } from '#effects/net/addresses.ts';

const classify = createClassify(() => ['192.168.7.7', '8.8.4.4', '2a00:1:2::3']);

describe('an address', () => {
  test.each([
    ['8.8.8.8', 'public'],
    ['1.1.1.1', 'public'],
    ['172.15.255.255', 'public'],
    ['172.32.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.128.0.0', 'public'],
    ['2606:4700:4700::1111', 'public'],
    ['2001:4860:4860::8888', 'public'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
  ])('%s is %s', (address, kind) => {
    expect(classify(address)).toBe(kind);
  });

  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::7f00:1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::1',
    '100::1',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd00:c1::a9fe:a9fe',
    'fd20:ce::254',
    'fe80::1',
    'febf::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:0:7f00:1::',
    '2001:10::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '4000::1',
    '2a00:1::5efe:7f00:1',
    '2a00:1::200:5efe:7f00:1',
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '010.0.0.1',
    '256.1.1.1',
    '1.2.3.4.5',
    ':::1',
    '1::2::3',
    '12345::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
  ])('%s is one that nothing opens', (address) => {
    expect(classify(address)).toBe('never');
  });

  test('of this machine is its own, private or not', () => {
    expect(['192.168.7.7', '8.8.4.4', '2a00:1:2:0:0:0:0:3'].map(classify)).toEqual(Array(3).fill('loopback'));
  });

  test('in the network that this machine is on is private, though its number is anybody’s', () => {
    const near = createClassify(() => ['2a00:1:2:3::5/64', '81.2.69.142/28', '10.0.0.5/24', 'fe80::1%eth0/64']);
    expect(['2a00:1:2:3:ffff::1', '81.2.69.129', '10.0.0.9'].map(near)).toEqual(Array(3).fill('private'));
    expect(['2a00:1:2:3::5', '81.2.69.142'].map(near)).toEqual(Array(2).fill('loopback'));
    expect(['2a00:1:2:4::1', '81.2.69.128', '81.2.69.112', '81.2.69.127'].map(near)).toEqual([
      ...['public', 'private', 'public', 'public'],
    ]);
    expect(near('169.254.169.254')).toBe('never');
    // Where the machine's networks are not asked about, a name leads to its neighbours.
    expect(createClassify(() => [])('2a00:1:2:3:ffff::1')).toBe('public');
  });

  test('of IPv6 is read as the URL standard reads it', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const bytes = addressBytes(text);
        const parsed = URL.parse(`http://[${text}]/`);
        expect(bytes === undefined).toBe(parsed === null);
        if (bytes === undefined || parsed === null) return;
        expect(bytes).toEqual(addressBytes(parsed.hostname.slice(1, -1)));
      }),
    );
  });
});
