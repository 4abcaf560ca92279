import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { faultText, parseYaml, readYamlFile } from '../../runtime/yaml-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const schema = z.strictObject({
  name: z.string(),
  size: z.int().min(1).max(10),
  policy: z.enum(['oldest', 'newest']).default('oldest'),
  items: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('lamp'), watts: z.number() }),
      z.strictObject({ kind: z.literal('meter'), phases: z.int() }),
    ]),
  ),
});

function faults(text: string): string[] {
  const result = parseYaml(text, 'city.yaml', schema);
  return result.ok ? [] : result.faults.map(faultText);
}

test('a file in order gives its value', () => {
  const path = join(temporaryFolder(), 'city.yaml');
  writeFileSync(path, 'name: x\nsize: 3\nitems: []\n');
  expect(readYamlFile(path, schema)).toEqual({ ok: true, value: { name: 'x', size: 3, policy: 'oldest', items: [] } });
});

test('every fault is told at once, with line, field and what to do', () => {
  const text = `# a city
size: 99
policy: middle
colour: red
items:
  - kind: lamp
    watts: many
  - kind: fridge
  - kind: meter
    phases: 3
    extra: 1
`;
  expect(faults(text)).toEqual([
    'city.yaml:2: name: is missing. Add it (a text).',
    'city.yaml:2: size: is too large. expected number to be <=10.',
    'city.yaml:3: policy: must be oldest or newest.',
    'city.yaml:4: colour: is not a known setting here. Remove it, or correct its spelling.',
    'city.yaml:7: items[0].watts: has the wrong type. Write a number.',
    'city.yaml:8: items[1].kind: must be lamp or meter.',
    'city.yaml:11: items[2].extra: is not a known setting here. Remove it, or correct its spelling.',
  ]);
});

test('broken YAML names its line, a missing file its path', () => {
  expect(faults('name: x\nsize: [1, 2\n')[0]).toMatch(/^city\.yaml:3: is not valid YAML here/);
  expect(faults('name: a\nname: b\n')[0]).toMatch(/^city\.yaml:2: 'name' stands here a second time\. Keep one/);
  const missing = readYamlFile('/nowhere/city.yaml', schema);
  expect(missing.ok ? '' : missing.faults.map(faultText)[0]).toMatch(/^\/nowhere\/city\.yaml: cannot be read: ENOENT/);
});

test('an empty file lacks everything, and a list is not a group of settings', () => {
  expect(faults('').length).toBe(3);
  expect(faults('- 1\n')).toEqual(['city.yaml:1: has the wrong type. Write a group of settings.']);
});

test('a field behind an alias is found', () => {
  const text = 'name: x\nsize: 1\nitems:\n  - &one { kind: lamp, watts: 1 }\n  - *one\n  - kind: lamp\n';
  expect(faults(text)).toEqual(['city.yaml:6: items[2].watts: is missing. Add it (a number).']);
});

test('a value never stands in a fault', () => {
  const text = 'name: [hunter2]\nsize: hunter2\nitems: []\n';
  expect(faults(text).join('\n')).not.toContain('hunter2');
});
