/**
 * How far the server's heap may outgrow what lives in it before V8 collects the garbage.
 *
 * Left to itself V8 lets a heap of 200 MiB grow two to four times as large, since collecting seldom costs least: with
 * 10,000 gateways that was 200 to 500 MiB of garbage (docs/benchmarks.md). V8 has a flag for it (`node --v8-options`):
 * a fixed share, and one that keeps a large heap small costs a small, busy one a seventh more work. So it is set anew
 * after each major collection, for the next one.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

const MIB = 1024 * 1024;
/** Up to here a heap may grow whatever lives in it. */
const FREELY_BYTES = 128 * MIB;
/** Beyond it: garbage, as a share of what lives. */
const LEAST_PERCENT = 30;
/** The share of a small heap: with more of it a heap that grows fast goes far beyond before the next collection. */
const MOST_PERCENT = 100;

/** Until the process ends. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${MOST_PERCENT}`);
  new PerformanceObserver((list) => {
    if (!list.getEntries().some(isMajor)) return;
    setFlagsFromString(`--heap-growing-percent=${growthPercent(getHeapStatistics().used_heap_size)}`);
  }).observe({ entryTypes: ['gc'] });
}

/** How much garbage may come on top of what lives, in per cent of it. */
export function growthPercent(liveBytes: number): number {
  const percent = Math.round((FREELY_BYTES / liveBytes - 1) * 100);
  return Math.min(MOST_PERCENT, Math.max(LEAST_PERCENT, percent));
}

function isMajor(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
