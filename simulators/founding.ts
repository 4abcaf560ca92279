/**
 * When the demo city of a data folder was founded, kept in its folder: faults and history are told from that instant,
 * so they stay where they are over restarts, and whoever reads the file knows the ground truth.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LamplighterError } from '../contract/error-codes.ts';
import { demoCity, type Intervals, type SimulatedCity } from './city.ts';
import { hasMeterFault, type MeterFaultName, meterFault, treasureHunt } from './city-faults.ts';

const DAY_MS = 86_400_000;
export const HISTORY_DAYS = 14;
/** Faults begin up to this long before the founding; counters must count by then. */
const EARLIEST_FAULT_MS = 14 * DAY_MS;
/** A fault of a meter that is asked for later begins after this, so that nothing of it was told yet, and shows after more. */
const SOON_MS = 30_000;
const SHOWS_AFTER_MS = 150_000;
export const SOONEST_METER_FAULT_MS = SOON_MS + 10_000;
/** In a new city it shows in the history, so long before the founding. */
const SHOWN_BEFORE_MS = 2 * DAY_MS;

const instant = z.int().min(0);
const foundingSchema = z.strictObject({
  version: z.literal(1),
  seed: z.int().min(0),
  /** Epoch milliseconds of the first start. */
  founded: instant,
  /** Epoch milliseconds at which its history begins. */
  begins: instant,
  registers: z.array(
    z.strictObject({
      kind: z.enum(['reset', 'rollover', 'swap']),
      site: z.string(),
      from: instant,
      restart: z.number().optional(),
      limit: z.number().optional(),
      at: instant.optional(),
    }),
  ),
  displays: z
    .array(
      z.strictObject({
        kind: z.enum(['glitch-zero', 'dip', 'spike']),
        site: z.string(),
        from: instant,
        to: instant,
        by: z.number().optional(),
      }),
    )
    .default([]),
  pauses: z
    .array(z.strictObject({ site: z.string(), device: z.string().optional(), from: instant, to: instant }))
    .default([]),
});
export type Founding = z.infer<typeof foundingSchema>;

export interface AskedMeterFault {
  readonly name: MeterFaultName;
  /** How soon it shows in a city that ran before, milliseconds, SOONEST_METER_FAULT_MS or more. */
  readonly ms?: number;
}

export interface FoundingRequest {
  readonly seed: number;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly historyMs: number;
  readonly meterFaults: readonly AskedMeterFault[];
}

export function foundingFile(dataFolder: string): string {
  return join(dataFolder, 'demo-city.json');
}

/** The founding of a data folder, undefined without a demo city. @throws LamplighterError when it cannot be read. */
export function readFounding(dataFolder: string): Founding | undefined {
  const file = foundingFile(dataFolder);
  if (!existsSync(file)) return undefined;
  try {
    return foundingSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new LamplighterError(
      'bad-request',
      `${file} cannot be read (${(error as Error).message.slice(0, 200)}), and without it nobody knows what the demo city said. ` +
        'Restore it from a backup, or start the demo with another data folder.',
    );
  }
}

/** The founding of a data folder, made when there is none; durable when this returns. */
export function foundCity(dataFolder: string, { seed, now, historyMs, meterFaults }: FoundingRequest): Founding {
  const known = readFounding(dataFolder);
  if (known !== undefined && known.seed !== seed) {
    throw new LamplighterError(
      'bad-request',
      `the data folder ${dataFolder} holds the demo city of seed ${known.seed}. Start it with --seed ${known.seed}, or with another --data.`,
    );
  }
  const begins = now - historyMs;
  const founding = known ?? { version: 1, seed, founded: now, begins, registers: [], displays: [], pauses: [] };
  const missing = meterFaults.filter(({ name }) => !hasMeterFault(founding, name));
  const faults = missing.map(({ name, ms = SHOWS_AFTER_MS }) =>
    known === undefined
      ? meterFault(name, begins, Math.round(Math.max(historyMs - SHOWN_BEFORE_MS, historyMs / 2)))
      : meterFault(name, now + SOON_MS, Math.max(ms, SOONEST_METER_FAULT_MS) - SOON_MS),
  );
  const next: Founding = {
    ...founding,
    registers: [...founding.registers, ...faults.flatMap(({ registers }) => registers)],
    displays: [...founding.displays, ...faults.flatMap(({ displays }) => displays)],
    pauses: [...founding.pauses, ...faults.flatMap(({ pauses }) => pauses)],
  };
  if (known === undefined || missing.length > 0) write(foundingFile(dataFolder), dataFolder, next);
  return next;
}

/** The city, with everything that is wrong in it. */
export function cityOf(founding: Founding, intervals: Partial<Intervals> = {}): SimulatedCity {
  const { seed, founded, begins, registers, displays, pauses } = founding;
  const faults = treasureHunt(founded);
  return demoCity(seed, {
    intervals,
    faults: { ...faults, registers: [...faults.registers, ...registers], displays, pauses },
    firstDay: Math.floor(Math.min(begins, founded - EARLIEST_FAULT_MS) / DAY_MS) - 2,
  });
}

/** On disk before it is renamed into place: the first reading must not be older than the truth about it. */
function write(file: string, folder: string, founding: Founding): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${file}.new`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(founding, undefined, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
