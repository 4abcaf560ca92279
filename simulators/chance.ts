/** Chance that is the same every time it is asked: numbers from a seed, a stream and an index. */

/** A 32-bit number from a text, FNV-1a: a stream of its own for each device and purpose. */
export function streamOf(seed: number, ...names: readonly (string | number)[]): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const character of names.join('\u0000')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}

/** Evenly spread in [0, 1). The mixing steps are those of MurmurHash3's 32-bit finalizer. */
export function chance(stream: number, index: number): number {
  let hash =
    (stream ^ Math.imul(index | 0, 0x9e3779b1) ^ Math.imul(Math.floor(index / 4_294_967_296), 0x85ebca77)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}

/**
 * A curve in [-1, 1] that wanders with the given period (milliseconds), smooth in time. Streams turn at different
 * instants, so that no two curves do anything at the same moment.
 */
export function wander(stream: number, time: number, periodMs: number): number {
  const position = time / periodMs + (stream & 1_023) / 1_024;
  const index = Math.floor(position);
  const part = position - index;
  const blend = part * part * (3 - 2 * part);
  return (chance(stream, index) * (1 - blend) + chance(stream, index + 1) * blend) * 2 - 1;
}
