// Whether the addresses that a name led to may be dialled. Called by the effect `net` only. **Trust:** the addresses are whatever the
// name's owner wrote there.

import type { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { isThisMachine } from '#domain/labels.ts';
import { denied } from '#domain/refusal.ts';
import type { AddressClass } from './address-table.ts';
import type { Classify } from './addresses.ts';

type Named = { readonly host: string; readonly addresses: readonly string[]; readonly isPlain: boolean };

type Vetting = {
  readonly classify: Classify;
  readonly space: { readonly privateHosts: readonly string[]; readonly loopbackHosts: readonly string[] };
  readonly logger: Logger;
};

/**
 * The addresses, where each of them may be dialled for this host. One that may not refuses all: a name that leads to both is made for
 * an attack, or by a mistake that somebody should see.
 *
 * @throws `CAPABILITY_DENIED`; the address is told to the log alone
 */
export function vetAddresses(
  { host, addresses, isPlain }: Named,
  { classify, space, logger }: Vetting,
): readonly string[] {
  // That nothing leaves by these names is what labels and sinks go by, whatever a resolver or a file of hosts says of them.
  const isHere = isThisMachine(host);
  const isGiven: Readonly<Record<AddressClass, boolean>> = {
    // Without TLS nothing goes to what is anybody's.
    public: !isPlain && !isHere,
    private: !isHere && space.privateHosts.includes(host),
    loopback: space.loopbackHosts.includes(host),
    never: false,
  };
  if (addresses.length > LIMITS.netAddressesMax) throw refused(host, 'never', isPlain);
  for (const address of addresses) {
    const kind = classify(address);
    if (isGiven[kind]) continue;
    logger.warn('a plugin asked for a host whose address it may not reach', { host, address, kind });
    throw refused(host, kind, isPlain);
  }
  return addresses;
}

const REMEDIES: Readonly<Record<AddressClass, string>> = {
  public: 'ask for it by https',
  private: 'have the operator name the host under `net.privateHosts` in config.yaml',
  loopback: 'have the operator name the host under `net.loopbackHosts` in config.yaml',
  never: 'nothing opens such addresses: have the name lead to others',
};

const NAMED_HERE = 'localhost and names that end with it are this machine only: give the other one a name of its own';

function refused(asked: string, kind: AddressClass, isPlain: boolean): SmcpError {
  const allowed = isPlain
    ? ['addresses of private networks or of this machine, for hosts that the operator has named']
    : ['addresses of the public network'];
  const message = 'the host leads to an address that plugins may not reach';
  const isElsewhere = isThisMachine(asked) && kind !== 'loopback';
  return denied({ capability: 'net', asked, allowed, message, remedy: isElsewhere ? NAMED_HERE : REMEDIES[kind] });
}
