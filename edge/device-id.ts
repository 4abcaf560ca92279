/** Device ids made from the names that foreign systems use. */
import { ID_PATTERN } from '../contract/ids.ts';

/** `Tasmota_A1B2` becomes `tasmota-a1b2`; undefined when nothing of the name can stand in an id. */
export function deviceIdFrom(name: string): string | undefined {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return ID_PATTERN.test(id) ? id : undefined;
}
