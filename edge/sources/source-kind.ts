/** A kind of source: what its entry in gateway.yaml looks like, and how one is made of it. */
import type { z } from 'zod';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { ConfigFields } from '../config-fields.ts';
import type { Feed } from './simulated.ts';
import type { SimulatedDevice } from './simulated-kind.ts';
import type { Source } from './source.ts';

/** What a source may use of the gateway that it runs in. */
export interface SourceContext {
  readonly gateway: string;
  /** IANA zone of the gateway; a configuration whose sources need it has it. */
  readonly zone: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Makes the feed of a simulated source; absent in a process without simulators. */
  readonly feed: ((device: SimulatedDevice) => Feed) | undefined;
}

/** A checked entry of `sources`, ready to become a source. */
export interface SourcePlan {
  readonly kind: string;
  readonly name: string;
  /** It reads local times and names no zone of its own. */
  readonly needsZone: boolean;
  create(context: SourceContext): Source;
}

/** Discriminated by `kind`. */
export type SourceSchema = z.ZodType<SourcePlan, unknown> & z.core.$ZodTypeDiscriminable;

export interface SourceKind<Kind extends string = string> {
  readonly kind: Kind;
  /** Schema of the entry, `kind` and `name` included. */
  schema(fields: ConfigFields): SourceSchema;
}
