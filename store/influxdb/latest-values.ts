/** The newest value of each series, by its time, kept in memory: filled by commits, and once from the server. */
import { WHOLE_BATCH } from '../../contract/verdicts.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { AdmittedBatch, LatestQuery, LatestValue } from '../telemetry-store.ts';
import type { RefusedByBatch } from './write-lanes.ts';
import { skippedIndexes } from './write-request.ts';

/** A commit number below every commit of this process: values that the server already had. */
export const BEFORE_ALL_COMMITS = 0;

interface Newest {
  time: number;
  value: number;
  /** Of two values for one time the later commit wins, though the earlier may end after it. */
  commit: number;
}

export class LatestValues {
  readonly #byGateway = new Map<string, Map<string, Map<string, Newest>>>();

  /** Takes what a commit stored; `commit` numbers commits in the order in which they were asked for. */
  takeCommit(commit: number, batches: readonly AdmittedBatch[], refused: RefusedByBatch): void {
    for (const batch of batches) {
      const skipped = skippedIndexes(batch);
      if (skipped.has(WHOLE_BATCH)) continue;
      const refusedIndexes = new Set(refused.get(batch)?.map(({ index }) => index));
      const devices = this.#devices(batch.gateway);
      for (const [index, { device, time, values }] of batch.readings.entries()) {
        if ((skipped.size > 0 && skipped.has(index)) || (refusedIndexes.size > 0 && refusedIndexes.has(index)))
          continue;
        const metrics = metricsOf(devices, device);
        for (const metric in values) take(metrics, metric, time, values[metric] as number, commit);
      }
    }
  }

  take({ gateway, device, metric, time, value }: LatestValue, commit: number): void {
    take(metricsOf(this.#devices(gateway), device), metric, time, value, commit);
  }

  find(query: LatestQuery): LatestValue[] {
    const found: LatestValue[] = [];
    for (const [gateway, devices] of chosen(this.#byGateway, query.gateway)) {
      for (const [device, metrics] of chosen(devices, query.device)) {
        for (const [metric, { time, value }] of chosen(metrics, query.metric)) {
          found.push({ gateway, device, metric, time, value });
        }
      }
    }
    return found;
  }

  #devices(gateway: string): Map<string, Map<string, Newest>> {
    return getOrCreate(this.#byGateway, gateway, () => new Map());
  }
}

function metricsOf(devices: Map<string, Map<string, Newest>>, device: string): Map<string, Newest> {
  return getOrCreate(devices, device, () => new Map());
}

function take(metrics: Map<string, Newest>, metric: string, time: number, value: number, commit: number): void {
  const newest = metrics.get(metric);
  if (newest === undefined) metrics.set(metric, { time, value, commit });
  else if (time > newest.time || (time === newest.time && commit >= newest.commit)) {
    newest.time = time;
    newest.value = value;
    newest.commit = commit;
  }
}

function chosen<T>(map: ReadonlyMap<string, T>, key: string | undefined): Iterable<readonly [string, T]> {
  if (key === undefined) return map;
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}
