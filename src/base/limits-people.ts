// Bounds of people, their passkeys and the console. Part of LIMITS (limits.ts), by which everything else reads them.

export const PEOPLE_LIMITS = {
  /** How long a link to enrol is good: long enough to walk to a phone, short enough not to lie about. */
  inviteMs: 15 * 60_000,
  /** Links that wait, of all people: a new one for a person takes the place of the one before. */
  invitesMax: 64,
  /** Passkeys of one person: a phone, a laptop, keys in drawers. */
  passkeysPerPersonMax: 16,
  /** A public key: RSA of 4,096 bits has 550 bytes as SPKI. */
  passkeyKeyBytesMax: 1024,
  /** What an authenticator and a browser say of one signature: some hundred bytes each. */
  passkeyDataBytesMax: 2048,
  /** The id of a passkey. **Source:** WebAuthn Level 3 §4, credential id. */
  passkeyIdBytesMax: 1023,
  /** Between being asked to sign and the signature: somebody looks for their key. */
  challengeMs: 5 * 60_000,
  /** Challenges that wait, in all and of one address: of each the oldest is forgotten. */
  challengesMax: 1024,
  challengesPerAddressMax: 16,
  /** A session on the console ends when nothing was asked for this long, and in any case after that. */
  consoleIdleMs: 30 * 60_000,
  consoleSessionMs: 12 * 3_600_000,
  /** Sessions of one person: their devices. The oldest ends. */
  consoleSessionsPerPersonMax: 8,
  /** In all; the oldest ends. */
  consoleSessionsMax: 1024,
  /** Attempts that failed, of one address in a window; then it waits for the next. Nobody guesses 256 bits: it bounds work. */
  consoleFailuresMax: 30,
  consoleFailuresMs: 60_000,
  /** Addresses whose failures are remembered: the oldest is forgotten. */
  consoleAddressesMax: 1024,
  /** The body of a request of the console: an assertion is some KiB. */
  consoleBodyBytesMax: 32 * 1024,
  /** Acts that wait to be confirmed, and how long: whoever wants one does it again. */
  actsPendingMax: 64,
  /** Of all that wait, with what they are done with, as JSON: a policy of 1 MiB is there with its difference. */
  actsKeptBytesMax: 16 * 1024 * 1024,
  actMs: 3_600_000,
} as const;
