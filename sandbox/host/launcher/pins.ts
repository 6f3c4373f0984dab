// What the launcher's files must be, by SHA-256. Written by `npm run build:launcher`; launcher.ts refuses any other bytes.

export const LAUNCHER_PINS = {
  source: {
    'keeper.h': '595b3d120ffc148ffbe0c83e5593bd80a17153c8b7facfeeda1807e7c279a2d8',
    'kernel.h': '38718b3d389a83913dd6c01548f90a698b1edec0fa84163a6da6d46975df275b',
    'launcher.c': 'a34ff39cc9a5d7e8a08178e02d218791a975d642336b15854b780de26b6027ad',
    'specification.h': 'bd70ca1a39142e892846aeb1a96ef01c8abaab99dd7df3b5f9edebfc25ca2f39',
  },
  prebuilt: {
    'linux-arm64': 'bc99ae01daf3d5f742ba3c551516507910fa8279f8e7eb9fccc2b438749f542b',
    'linux-x64': 'f72ced8729cd3752997084295fdd5a4b6e21b23b451ab48ab1f889b9a7a9aa07',
  },
} as const;
