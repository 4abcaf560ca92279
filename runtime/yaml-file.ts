/**
 * A YAML file read and checked in one go: the value, or every fault at once, each with its line, its field and words
 * that say what to do. For the files that people write: a gateway's configuration, a city's manifest.
 */
import { readFileSync } from 'node:fs';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

export interface YamlFault {
  readonly file: string;
  /** Counted from 1; 0 when the fault is not in a line, such as a file that cannot be read. */
  readonly line: number;
  /** Path of the field, such as `sources[0].codec`; empty for the file as a whole. */
  readonly field: string;
  /** What is wrong and what to do. Never holds the value, which may be a secret. */
  readonly words: string;
}

export type YamlResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** Reads `path` and checks it against `schema`. Never throws for a fault of the file. */
export function readYamlFile<Schema extends z.ZodType>(path: string, schema: Schema): YamlResult<z.output<Schema>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const words = `cannot be read: ${(error as Error).message}. Check the path and the permissions.`;
    return { ok: false, faults: [{ file: path, line: 0, field: '', words }] };
  }
  return parseYaml(text, path, schema);
}

/** The same for a text at hand; `file` only names it in the faults. */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
): YamlResult<z.output<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    const faults = broken.map((error) => ({
      file,
      line: lines.linePos(error.pos[0]).line,
      field: '',
      words:
        error.code === 'DUPLICATE_KEY'
          ? `'${keyAt(text, error.pos[0])}' stands here a second time. Keep one of the two, with what belongs to it.`
          : `is not valid YAML here: ${error.message}`,
    }));
    return { ok: false, faults };
  }
  let raw: unknown;
  try {
    raw = document.toJS();
  } catch (error) {
    return { ok: false, faults: [{ file, line: 0, field: '', words: `cannot be read: ${(error as Error).message}` }] };
  }
  const result = schema.safeParse(raw ?? {});
  if (result.success) return { ok: true, value: result.data };
  const faults = result.error.issues
    .flatMap((issue) => flatten(issue, []))
    .map(({ path, words }) => ({ file, line: lineOf(document, path, lines), field: fieldName(path), words }))
    .sort((one, other) => one.line - other.line);
  return { ok: false, faults };
}

function keyAt(text: string, start: number): string {
  return /^[\w-]*/.exec(text.slice(start))?.[0] ?? '';
}

/** One line for a person: `gateway.yaml:12: sources[0].codec: …`. */
export function faultText(fault: YamlFault): string {
  const place = fault.line > 0 ? `${fault.file}:${fault.line}` : fault.file;
  return fault.field === '' ? `${place}: ${fault.words}` : `${place}: ${fault.field}: ${fault.words}`;
}

interface Fault {
  readonly path: Path;
  readonly words: string;
}

function flatten(issue: Issue, above: Path): Fault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      words: 'is not a known setting here. Remove it, or correct its spelling.',
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that came closest: its faults lie deepest, and are fewest.
    const branches = issue.errors.map((branch) => branch.flatMap((inner) => flatten(inner, path)));
    const depth = (faults: Fault[]) => Math.max(...faults.map((fault) => fault.path.length));
    branches.sort((one, other) => depth(other) - depth(one) || one.length - other.length);
    return branches[0] ?? [];
  }
  return [{ path, words: wordsOf(issue) }];
}

function wordsOf(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return `is missing. Add it (${expected(issue.expected)}).`;
  }
  if (issue.code === 'invalid_type') return `has the wrong type. Write ${expected(issue.expected)}.`;
  if (issue.code === 'invalid_value') return `must be ${issue.values.map((value) => String(value)).join(' or ')}.`;
  if (issue.code === 'invalid_union') {
    const options = 'options' in issue ? issue.options : undefined;
    return options === undefined
      ? 'is missing or not of a known kind.'
      : `must be ${options.map(String).join(' or ')}.`;
  }
  if (issue.code === 'too_small') return `is too small. ${issue.message.replace('Too small: ', '')}.`;
  if (issue.code === 'too_big') return `is too large. ${issue.message.replace('Too big: ', '')}.`;
  return issue.message;
}

function expected(type: string): string {
  const words: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a group of settings',
    record: 'a group of settings',
  };
  return words[type] ?? type;
}

function fieldName(path: Path): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`;
    return name === '' ? String(part) : `${name}.${String(part)}`;
  }, '');
}

/** The line of the field; of a missing field, the line of what should hold it. */
function lineOf(document: Document, path: Path, lines: LineCounter): number {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) break;
      offset = start(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number' && node.items[part] !== undefined) {
      node = node.items[part];
      offset = start(node) ?? offset;
    } else {
      break;
    }
  }
  return lines.linePos(offset).line;
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
