/**
 * Sends a new subscriber the retained messages it asked for [MQTT-3.3.1-6], no faster than it reads them: a technician
 * who subscribes to everything gets the presence and configuration of a whole city.
 */
import type { PublishPacket } from 'aedes';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { RetainedStore } from './retained-store.ts';
import type { Session } from './sessions.ts';

/** How long to wait before looking again whether the reader has room. */
const PAUSE_MS = 50;
/** QoS that stands for a refused subscription, MQTT 3.1.1 §3.9.3. */
const REFUSED = 128;

export interface GrantedFilter {
  readonly topic: string;
  readonly qos: number;
}

export async function replay(
  deps: { session: Session; retained: RetainedStore; clock: Clock },
  filters: readonly GrantedFilter[],
): Promise<void> {
  const { client, gate } = deps.session;
  for (const filter of filters) {
    if (filter.qos === REFUSED) continue;
    for (const packet of deps.retained.matching(filter.topic)) {
      while (!gate.hasRoom && !client.closed) await sleep(deps.clock, PAUSE_MS);
      if (client.closed) return;
      const qos = Math.min(packet.qos, filter.qos) as PublishPacket['qos'];
      const { topic, payload } = packet;
      // resolved once written, so that the whole store is never queued at once
      await new Promise<unknown>((resolve) =>
        client.publish({ cmd: 'publish', topic, payload, qos, retain: true, dup: false }, resolve),
      );
    }
  }
}
