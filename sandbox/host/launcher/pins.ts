// What the launcher's files must be, by SHA-256. Written by `npm run build:launcher`; launcher.ts refuses any other bytes.

export const LAUNCHER_PINS = {
  source: {
    'kernel.h': '44bb0b906ba6298869ad70f41ed29e282b95a53797d86852ce790074a74df59f',
    'launcher.c': 'f7c6406211bb2c64e18eb1fa8f1f112ecf9bab03d0fcc77d9f256fd7093ed82a',
  },
  prebuilt: {
    'linux-arm64': '370af3fd3978f446cc1896548b0d977d96f412126ced23a5f3d809ed1ef5bceb',
    'linux-x64': 'c281729c3794a5d2b9444682d335e5522b644cd97b813b997883a6f4427bdbf6',
  },
} as const;
