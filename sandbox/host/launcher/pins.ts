// What the launcher's files must be, by SHA-256. Written by `npm run build:launcher`; launcher.ts refuses any other bytes.

export const LAUNCHER_PINS = {
  source: {
    'keeper.h': '595b3d120ffc148ffbe0c83e5593bd80a17153c8b7facfeeda1807e7c279a2d8',
    'kernel.h': 'd9e514b6d1a7485b7118bf0cd27114a4b14d3009bf4d62c30c35a378c87e13be',
    'launcher.c': 'd338bbc457735e1c3cf200460c7cbb4f44ea2b7e153603c50b41c60affc5ae48',
  },
  prebuilt: {
    'linux-arm64': '6518711ba4ed6053ea5f2fe763d1048ad06b6f42bc2edb207e8583e36007a1e1',
    'linux-x64': '4082c658f4fcd234b74c64f78286928f48768edf558ea0fbac5e216a6e5efbb6',
  },
} as const;
