// What the launcher's files must be, by SHA-256. Written by `npm run build:launcher`; launcher.ts refuses any other bytes.

export const LAUNCHER_PINS = {
  source: {
    'keeper.h': '118e16a8d6ffc185908659d4380911caa38df9a2cd5bffe1ed92560b74e3e884',
    'kernel.h': '5e29ef6f0481ab616aa0fae2517c88c761ac40932ebb8c289e1461939ca7bd1d',
    'launcher.c': 'fcff612877031ee10fbf9c1960867de62dd6b41b31306a71adb9ab4aa12b78bb',
    'specification.h': 'a721b076f1f709549788f0ec24c346e0d4da77bb6861ee3578d4cbfe2cf13f05',
  },
  prebuilt: {
    'linux-arm64': 'cb326c6cbf033b421b1e103477a76e11aa8137eaac845cd221a24c63d26ff989',
    'linux-x64': '4e5a4b4b45f9f5940181af631e341e7068fe713a79db54f7013f145f51514447',
  },
} as const;
