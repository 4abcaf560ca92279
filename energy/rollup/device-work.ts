/** Claimed days of devices as work, put together so that many devices share each question to the store. */
import { MARKED_DAY_MS, MARKS_PER_DAY, type MarkedDay } from '../../contract/roll-up-marks.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { DeviceKey } from '../../store/telemetry-store.ts';
import { glitchMsOf } from '../counter-rules.ts';
import { slotsLookedAhead } from '../counting/count-values.ts';
import type { SlotWindow } from '../counting/slots.ts';
import type { DeviceFacts } from './device-facts.ts';
import type { CountedWith } from './stored-series.ts';

export interface DeviceWork {
  readonly key: DeviceKey;
  readonly facts: DeviceFacts;
  /** With which multipliers its sealed rows were counted. */
  readonly sealed: readonly CountedWith[];
  readonly marked: MarkedDay;
  /** Quarter hours by stamp that changed, first to last; undefined when only hours are owed. */
  readonly dirty: SlotWindow | undefined;
  /** Beginnings of hours that are owed, epoch milliseconds. */
  readonly owedHours: readonly number[];
}

/** Quarter hours of devices that one group may have: a day of 32 devices. Commits wait while it is written. */
const MOST_DEVICE_SLOTS = 32 * MARKS_PER_DAY;
/** Stretches that begin and end within the same two hours are read together. */
const ALIKE_SLOTS = 8;
const HOUR_MS = MARKED_DAY_MS / 24;

/** Quarter hours before `sealedSlot` are left out: they are never rolled up again. */
export function deviceWork(
  marked: MarkedDay,
  facts: DeviceFacts,
  sealedSlot: number,
  sealed: readonly CountedWith[] = [],
): DeviceWork {
  const first = (marked.day / MARKED_DAY_MS) * MARKS_PER_DAY;
  const slots = marked.quarters.map((quarter) => first + quarter).filter((slot) => slot >= sealedSlot);
  const firstSlot = slots[0];
  const endSlot = (slots.at(-1) ?? 0) + 1;
  return {
    key: { gateway: marked.gateway, device: marked.device },
    facts,
    sealed,
    marked,
    dirty: firstSlot === undefined ? undefined : { firstSlot, slots: endSlot - firstSlot },
    owedHours: marked.hours.filter((hour) => first + hour * 4 >= sealedSlot).map((hour) => marked.day + hour * HOUR_MS),
  };
}

/**
 * Quarter hours to read before those that changed: the ones that they touch in steady state, and the one whose position
 * is counted from.
 */
export function leadSlots({ facts }: Pick<DeviceWork, 'facts'>): number {
  return slotsLookedAhead({ glitchMs: glitchMsOf(facts.intervalMs) }) + 2;
}

/** In the order of the work; each group is of one day, and of stretches alike, with as much to read before them. */
export function groupsOf(work: readonly DeviceWork[]): DeviceWork[][] {
  const groups: DeviceWork[][] = [];
  const open = new Map<string, { works: DeviceWork[]; slots: number }>();
  for (const one of work) {
    const { firstSlot, slots } = one.dirty ?? { firstSlot: 0, slots: 0 };
    const lead = leadSlots(one);
    const begin = Math.floor(firstSlot / ALIKE_SLOTS);
    const likeness = `${one.marked.day}/${begin}/${Math.ceil((firstSlot + slots) / ALIKE_SLOTS)}/${lead}`;
    const group = getOrCreate(open, likeness, () => {
      const works: DeviceWork[] = [];
      groups.push(works);
      return { works, slots: 0 };
    });
    group.works.push(one);
    group.slots += slots + lead + 1;
    if (group.slots >= MOST_DEVICE_SLOTS) open.delete(likeness);
  }
  return groups;
}
