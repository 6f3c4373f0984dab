import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { parseYaml } from '#base/yaml.ts';
import { addEmptyEntry, setScalar } from '#base/yaml-edit.ts';

const documentOf = (text: string) => {
  const outcome = parseYaml(text);
  if (outcome.kind === 'problems') throw new Error(outcome.problems[0]?.message);
  return outcome.document;
};
const problemsOf = (text: string) => {
  const outcome = parseYaml(text);
  return outcome.kind === 'problems' ? outcome.problems : [];
};
const firstAt = (text: string) => {
  const [first] = problemsOf(text);
  return `${first?.line}:${first?.column} ${first?.message}`;
};

describe('a YAML document', () => {
  test('becomes plain JSON; YAML 1.1 words and times stay text, keys are text', () => {
    const { value } = documentOf(
      'a: yes\nb: 0x10\nc: 2027-01-01T00:00:00Z\nd: ~\n1: [1.5, true]\n__proto__: { x: 1 }\n',
    );
    expect(JSON.stringify(value)).toBe(
      '{"1":[1.5,true],"a":"yes","b":16,"c":"2027-01-01T00:00:00Z","d":null,"__proto__":{"x":1}}',
    );
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('may be JSON, with tabs too', () => {
    expect(documentOf('{\n\t"a": [1,\n\t\t2]\n}').value).toEqual({ a: [1, 2] });
  });

  test('tells where keys and values stand, and inside a text', () => {
    const { locate } = documentOf('# x\nagents:\n  athena:\n    grants:\n      - when: args.x == 1\n        id: "a"\n');
    expect(locate('/agents/athena/grants/0/when', 'key')).toEqual({ line: 5, column: 9 });
    expect(locate('/agents/athena/grants/0/when')).toEqual({ line: 5, column: 15 });
    expect(locate('/agents/athena/grants/0/when', 'value', 7)).toEqual({ line: 5, column: 22 });
    expect(locate('/agents/athena/grants/0/id', 'value', 1)).toEqual({ line: 6, column: 15 });
    expect(locate('/agents/athena/nothing')).toEqual({ line: 4, column: 5 });
  });

  test('keeps line and column exact where the text is folded, quoted or escaped: it names the start', () => {
    const { locate } = documentOf('a: >-\n  one\n  two\nb: "x\\ny"\n');
    expect(locate('/a', 'value', 5)).toEqual({ line: 1, column: 4 });
    expect(locate('/b', 'value', 2)).toEqual({ line: 4, column: 4 });
  });

  test.each([
    ['a syntax error', 'a: 1\nb: "x\n', '3:1'],
    ['a tab as indentation', 'a:\n\tb: 1', '2:1'],
    ['a duplicate key', 'a: 1\nb: 2\na: 3\n', '3:1 the key "a" is there twice'],
    ['a tag', 'a: !x 1', '1:4 Unresolved tag'],
    ['a tag that is known', 'a: !!str 1', '1:10 tags are not taken'],
    ['a %YAML directive, which would change what words mean', '%YAML 1.1\n---\na: yes\n', '1:1 a %YAML directive'],
    ['two documents', 'a: 1\n---\nb: 2\n', '2:1'],
    ['a key that is a list', '? [a]\n: 1', '1:3'],
    ['a number that JSON has not', 'a: .inf', '1:4 this value is not JSON'],
    ['an alias to nothing', 'a: *x', '1:4 no anchor "x"'],
    ['an alias to itself', 'a: &x [*x]', '1:'],
  ])('is refused for %s', (_what, text, expected) => {
    expect(firstAt(text)).toContain(expected);
  });

  test('that multiplies itself by aliases is refused quickly', () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 7; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    expect(firstAt(bomb.join('\n'))).toMatch(/more than \d+ (aliases|values)/);
    const wide = `a: &a [${Array(6_000).fill('1').join(',')}]\nb: [${Array(40).fill('*a').join(',')}]`;
    expect(firstAt(wide)).toContain(`more than ${LIMITS.yamlValuesMax} values`);
    expect(documentOf('a: &a [1]\nb: *a').value).toEqual({ a: [1], b: [1] });
  });

  test.each([
    ['brackets', '['.repeat(100_000)],
    ['braces', '{a: '.repeat(20_000)],
    ['dashes', '- '.repeat(50_000)],
    ['closed brackets', '['.repeat(70) + ']'.repeat(70)],
  ])('nested too deeply by %s is refused', (_what, text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(LIMITS.yamlProblemsMax);
  });
});

describe('adding an entry', () => {
  const policy = `# top
version: 1

agents:           # who
    athena:       # the first
        grants:
            - tools: ["a__b"]   # one
            # more of athena's
    # between
    boreas: {}   # the second

# after
roles: {}
`;

  test('keeps every other line, comments and indentation', () => {
    const edited = addEmptyEntry(policy, 'agents', 'cirrus');
    expect(edited).toBe(
      policy.replace('    boreas: {}   # the second\n', '    boreas: {}   # the second\n    cirrus: {}\n'),
    );
  });

  test('goes below the comments of the last entry', () => {
    const text = 'agents:\n  athena:\n    roles: []\n    # of athena\n# of nobody\nversion: 1\n';
    expect(addEmptyEntry(text, 'agents', 'b')).toBe(
      'agents:\n  athena:\n    roles: []\n    # of athena\n  b: {}\n# of nobody\nversion: 1\n',
    );
  });

  test.each([
    ['a map without the key', 'version: 1', 'version: 1\nagents:\n  b: {}\n'],
    ['an empty value', 'agents:   # none yet\nversion: 1\n', 'agents:   # none yet\n  b: {}\nversion: 1\n'],
    ['an empty map', 'agents: {} # none\nversion: 1\n', 'agents:\n  b: {} # none\nversion: 1\n'],
    ['a map on one line', 'agents: { a: {} }\nversion: 1\n', 'agents: { a: {}, "b": {} }\nversion: 1\n'],
    ['JSON on one line', '{"version":1,"agents":{}}', '{"version":1,"agents":{"b": {}}}'],
    ['JSON without the key', '{"version": 1}', '{"version": 1, "agents": {"b": {}}}'],
    [
      'JSON on lines',
      '{\n  "agents": {\n    "a": {}\n  }\n}\n',
      '{\n  "agents": {\n    "a": {},\n    "b": {}\n  }\n}\n',
    ],
    ['a last line without an end', 'agents:\n  a: {}', 'agents:\n  a: {}\n  b: {}'],
    [
      'a text in several lines at the end',
      'agents:\n  a: |\n    x\n    y\n\n',
      'agents:\n  a: |\n    x\n    y\n  b: {}\n\n',
    ],
  ])('works in %s', (_what, before, after) => {
    expect(addEmptyEntry(before, 'agents', 'b')).toBe(after);
  });

  test('and leaves an anchor in the last entry where it stands', () => {
    const text = 'agents:\n  a: { when: &w x }\n  c: { when: *w } # as a\n';
    expect(addEmptyEntry(text, 'agents', 'b')).toBe(`${text}  b: {}\n`);
  });

  test.each(['null', 'true', '1e3', '2027-01-01', 'no'])('quotes the name %s', (name) => {
    const edited = addEmptyEntry('version: 1\n', 'agents', name) ?? '';
    expect(edited).toContain(`  "${name}": {}`);
    expect(documentOf(edited).value).toEqual({ version: 1, agents: { [name]: {} } });
  });

  test.each([
    ['text', 'agents: none\n'],
    ['an alias', 'x: &x { a: {} }\nagents: *x\n'],
    ['a map that an alias elsewhere stands for', 'agents: &x { a: {} }\ny: *x\n'],
    ['a list', '- a\n'],
    ['a broken document', 'agents: {\n'],
  ])('gives up on %s rather than change more', (_what, text) => {
    expect(addEmptyEntry(text, 'agents', 'b')).toBeUndefined();
  });
});

describe('setting one value', () => {
  const place = { section: 'logging', key: 'level' };

  test.each([
    [
      'that is there',
      '# mine\nversion: 1\nlogging:\n  level: info # loud\n',
      '# mine\nversion: 1\nlogging:\n  level: debug # loud\n',
    ],
    ['in quotes', 'logging: { level: "info" }\n', 'logging: { level: "debug" }\n'],
    ['in a section without it', 'logging:\n  other: 1\nlog: {}\n', 'logging:\n  other: 1\n  level: debug\nlog: {}\n'],
    ['in a section in braces', 'logging: {other: 1}\n', 'logging: {other: 1, "level": "debug"}\n'],
    ['in a text without the section', 'version: 1', 'version: 1\nlogging:\n  level: debug\n'],
    ['in JSON', '{"version": 1}', '{"version": 1, "logging": {"level": "debug"}}'],
  ])('%s keeps everything around it', (_what, before, after) => {
    expect(setScalar(before, place, 'debug')).toBe(after);
  });

  test('writes numbers and truths as such, and a text that looks like one in quotes', () => {
    expect(setScalar('logging: { level: 1 }', place, 2)).toBe('logging: { level: 2 }');
    expect(setScalar('logging: { level: 1 }', place, 'true')).toBe('logging: { level: "true" }');
  });

  test.each([
    ['an alias', 'x: &x { level: info }\nlogging: *x\n'],
    ['a value that an alias elsewhere stands for', 'logging: { level: &x info }\ny: *x\n'],
    ['a section that is a text', 'logging: none\n'],
    ['a broken document', 'logging: {\n'],
    ['a list', '- a\n'],
  ])('gives up on %s rather than change more', (_what, text) => {
    expect(setScalar(text, place, 'debug')).toBeUndefined();
  });
});
