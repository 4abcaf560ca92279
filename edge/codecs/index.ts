/** The codecs. A new device type is a file beside this one, a line here, and a fixture in test/edge/codecs/. */
import type { Codec } from './codec.ts';
import { tasmota } from './tasmota.ts';

export const CODECS: readonly Codec[] = [tasmota];

export const codecByName: ReadonlyMap<string, Codec> = new Map(CODECS.map((codec) => [codec.name, codec]));

if (codecByName.size !== CODECS.length) throw new Error('two codecs have the same name: see edge/codecs/index.ts');
