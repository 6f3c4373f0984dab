// What docs/admin-api.md says before its tables.

export const ADMIN_API_INTRODUCTION = `# Administration: commands, requests and tools

Written by \`npm run docs:admin-api\` from the table of operations (\`src/operations/table.ts\`); tests keep it the same, and hold the examples
against a real server. In the examples times, ids and digests have one value, and of a list the first entry is shown.

Every act of administration is one row of one table, and has up to four forms with equal answers:

- **a command**: \`smcp queue flush --agent athena\`; with \`--json\` it prints the answer as below. It ends with 0 when done, 1 when refused or when
  the answer is no, 2 for wrong input, 3 when no server answers.
- **a request** under \`/admin/v1\`, as \`/openapi.json\` describes it, with a token as \`Authorization: Bearer …\`. A body is a JSON object. A
  refusal is \`{"error": {"code", "message", "details"}}\`; codes are in [errors.md](errors.md).
- **a method of any client** that is generated from \`/openapi.json\`: its \`operationId\` is the operation's name.
- **a tool** \`smcp__NAME\` for agents, with the same input.

Effects: \`read\` changes nothing. \`write\` is recorded before it is done. \`stop\` only stops something: it is done at once, before its record.
A call of an agent is recorded in any case.

## Give an agent a few of them

\`\`\`yaml
version: 1
agents:
  warden:
    grants:
      - tools: ["smcp__status", "smcp__queue", "smcp__log_tail", "smcp__freeze", "smcp__queue_*"]
      - tools: ["smcp__policy_apply"]
        approval: { ttl: 15m }          # a person looks at each text first
\`\`\`

Only a pattern that begins with \`smcp__\` grants such a tool; \`*\` never does. The agent calls them as tools on any door, or sends the requests
with its own token, or gives the commands with \`SMCP_URL\` and \`SMCP_TOKEN\`; each is decided and recorded like any of its calls.
They run in a lane of their own, \`control\`, which is never paused.

**What is marked "a person only" no grant gives** ([decision 25](decisions/0025-what-is-left-to-people.md)): letting go what was stopped, and
making a right: tokens, secrets, approval of code. An agent that asks is answered \`PERSON_NEEDED\`. Beyond that an agent

- changes the policy only so that nobody can do more after it (\`POLICY_WIDENS\`), gives nobody a role and writes no \`id\` or \`why\`;
- approves no call of its own, nor one in its chain (\`APPROVAL_OWN\`);
- sets in the configuration only smaller workspaces and more messages (\`PERSON_NEEDED\`);
- is shown no paths of the machine, and no value of a secret, as nobody is.

So no sequence of granted tools gives any agent more than it had, beyond what a person approved; a test tries random sequences.

Not here, by design: \`log verify\`, since a server can't vouch for itself; and what works on files of whoever gives the command (\`policy test\`,
\`plugin check\`, \`new\`, \`test\`, \`trace\`, \`adopt\`). An agent leaves the policy by an edit: \`policy apply\` with a text without it.
`;
