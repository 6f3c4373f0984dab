// Which filter a profile needs on a kernel: what Landlock does not give there, the filter must. Pure.

import type { FilterOptions } from '#sandbox/host/seccomp/filter.ts';
import { LANDLOCK_ABI } from './floor.ts';
import type { KernelOffers, LaunchProfile } from './launch-profile.ts';

/** `hasOwnUser` is what the profile asks; that the kernel can give it is checked before. */
export function filterOptionsOf(profile: LaunchProfile, kernel: KernelOffers): FilterOptions {
  const { landlockAbi: abi, arch } = kernel;
  const hasOwnUser = profile.uid !== undefined;
  const unix = abi >= LANDLOCK_ABI.namedSockets ? 'unix' : 'pairs';
  return {
    arch,
    program: profile.program,
    sockets: profile.network === 'unix' ? unix : profile.network,
    refusesPathTruncate: abi < LANDLOCK_ABI.truncation,
    refusesSignalsToOthers: abi < LANDLOCK_ABI.scopes && !hasOwnUser,
    refusesFileAttributes: !hasOwnUser,
    refusesSetsid: true,
  };
}
