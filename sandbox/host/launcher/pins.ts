// What the launcher's files must be, by SHA-256. Written by `npm run build:launcher`; launcher.ts refuses any other bytes.

export const LAUNCHER_PINS = {
  source: {
    'kernel.h': '44bb0b906ba6298869ad70f41ed29e282b95a53797d86852ce790074a74df59f',
    'launcher.c': '365bb19005973cea44fa5329ed3b1e3dce70d8b9085433e654bbae78d57c2975',
  },
  prebuilt: {
    'linux-arm64': 'cf5064bb94bfe1ce10f1b7294a8365636399c2a26bd9bb78f604ee84dcee1432',
    'linux-x64': 'b3e53841f654ac167b6e36e0feb8015c4ea6614f9c2dc58b62740294e57c0af6',
  },
} as const;
