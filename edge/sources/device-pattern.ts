/** Which device a topic speaks of: `{1}` in a pattern stands for level 1 of the topic, counted from 0. */
import { deviceIdFrom } from '../device-id.ts';

/** Topics remembered per pattern, to notice two names that would become one id. */
const MOST_NAMES = 10_000;
const LEVEL = /\{(\d{1,2})\}/g;

export type DeviceOf = (topic: string) => { readonly device: string } | { readonly words: string };

/** `pattern` is a device id, or a text with levels, such as `{1}` or `plug-{1}-{2}`. */
export function devicePattern(pattern: string): DeviceOf {
  const nameById = new Map<string, string>();
  return (topic) => {
    const levels = topic.split('/');
    const missing = [...pattern.matchAll(LEVEL)].find(([, level]) => levels[Number(level)] === undefined);
    if (missing !== undefined) return { words: `the topic has no level ${missing[1]}: change "device" in the source` };
    const name = pattern.replace(LEVEL, (_, level: string) => levels[Number(level)] ?? '');
    const device = deviceIdFrom(name);
    if (device === undefined) return { words: `"${name}" cannot be made a device id: change "device" in the source` };
    const known = nameById.get(device);
    if (known !== undefined && known !== name) {
      return { words: `"${name}" and "${known}" would both be device ${device}: rename one of them` };
    }
    if (known === undefined && nameById.size < MOST_NAMES) nameById.set(device, name);
    return { device };
  };
}
