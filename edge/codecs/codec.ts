/** A codec is what the bytes of a foreign device mean. Pure: no I/O, no clock of its own. */
import type { SourceReading } from '../sources/source.ts';

export interface CodecContext {
  /** Device id the message belongs to, from the source's configuration. */
  readonly device: string;
  /** IANA zone for formats that write local time without an offset. */
  readonly zone: string;
  /** Epoch milliseconds when the message arrived: tells the two halves of a repeated hour apart. */
  readonly receivedAt: number;
}

export type CodecResult =
  | { readonly ok: true; readonly readings: readonly SourceReading[] }
  /** `words` names the field that is wrong and what was expected. */
  | { readonly ok: false; readonly words: string };

export interface Codec {
  readonly name: string;
  decode(payload: Uint8Array, context: CodecContext): CodecResult;
}
