// What the launcher's files must be, by SHA-256. Written by `npm run build:launcher`; launcher.ts refuses any other bytes.

export const LAUNCHER_PINS = {
  source: {
    'keeper.h': '595b3d120ffc148ffbe0c83e5593bd80a17153c8b7facfeeda1807e7c279a2d8',
    'kernel.h': 'd9e514b6d1a7485b7118bf0cd27114a4b14d3009bf4d62c30c35a378c87e13be',
    'launcher.c': 'd08aa0fe70214fef125717754cd8d2b6c8660309db46352401c43392f5ca2a12',
  },
  prebuilt: {
    'linux-arm64': '8b61c1d752a69605d3f2facfbc7c7024fede0eb94e58de9f150a6b979c5466a6',
    'linux-x64': '37bfe64a932b7d134c4e2aeef2c9fb44aab91e83bb7ecd4bc716776a545242ea',
  },
} as const;
