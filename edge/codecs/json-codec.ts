/**
 * What every codec of JSON messages has in common. A codec says what the fields mean; this parses, leaves out readings
 * without a value, refuses values that the catalogue calls implausible, and turns a `Refusal` into its words.
 */
import { metricById } from '../../contract/metrics.ts';
import type { SourceReading } from '../sources/source.ts';
import type { Codec, CodecContext } from './codec.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Throw it to refuse a message; the words name the field that is wrong and what was expected. */
export class Refusal extends Error {}

export interface JsonCodec {
  readonly name: string;
  /** What to ask when a message is no JSON, such as `Is this a SENSOR topic?` */
  readonly hint?: string;
  decode(message: Json, context: CodecContext): readonly SourceReading[];
}

export function jsonCodec({ name, hint, decode }: JsonCodec): Codec {
  return {
    name,
    decode(payload, context) {
      try {
        const readings = decode(parsed(payload, hint), context).filter(({ values }) => Object.keys(values).length > 0);
        for (const { values } of readings) checkRanges(values);
        return { ok: true, readings };
      } catch (error) {
        if (error instanceof Refusal) return { ok: false, words: error.message };
        throw error;
      }
    },
  };
}

/** The object at a field; a refusal when it is anything else. */
export function objectAt(value: unknown, field: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new Refusal(`${field}: expected an object`);
}

/** The number at a field; a refusal when it is anything else. */
export function numberAt(value: unknown, field: string): number {
  if (typeof value === 'number') return value;
  throw new Refusal(`${field}: expected a number`);
}

function parsed(payload: Uint8Array, hint: string | undefined): Json {
  let message: unknown;
  try {
    message = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
  } catch {
    throw new Refusal(['the payload is not JSON.', hint].filter((part) => part !== undefined).join(' '));
  }
  return objectAt(message, 'the payload');
}

function checkRanges(values: Readonly<Record<string, number>>): void {
  for (const [metric, value] of Object.entries(values)) {
    const row = metricById.get(metric);
    if (row === undefined || !(value >= row.min && value <= row.max)) {
      throw new Refusal(`${metric}: ${value} ${row?.symbol ?? ''} is not plausible (${row?.min} to ${row?.max})`);
    }
  }
}
