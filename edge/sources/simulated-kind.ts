/**
 * Config of a simulated source, one entry of `sources` in gateway.yaml:
 *   kind: simulated
 *   name: school
 *   profile: school
 *   seed: 7
 */
import { z } from 'zod';
import { SimulatedSource } from './simulated.ts';
import type { SourceKind } from './source-kind.ts';

export interface SimulatedDevice {
  readonly name: string;
  /** What is simulated; the simulators know the profiles. */
  readonly profile: string;
  readonly seed: number;
  readonly zone: string | undefined;
}

export const simulatedKind: SourceKind<'simulated'> = {
  kind: 'simulated',
  schema: (fields) =>
    z
      .strictObject({
        kind: z.literal('simulated'),
        name: fields.name,
        profile: z.string().min(1),
        seed: z.int().min(0).default(1),
      })
      .transform(({ kind, name, profile, seed }) => ({
        kind,
        name,
        needsZone: true,
        create: ({ zone, clock, random, log, feed }) => {
          if (feed === undefined) throw new Error(`source ${name}: this process has no simulators. Remove the source.`);
          return new SimulatedSource({ name, feed: feed({ name, profile, seed, zone }), clock, random, log });
        },
      })),
};
