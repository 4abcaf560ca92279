/** Which meters count what a site takes, and from when to when they stood there. */
import type { RollUp } from '../contract/roll-up.ts';
import type { Carrier } from '../contract/site-figures.ts';
import type { Period } from '../energy/calendar.ts';
import { METRICS_OF } from '../energy/carriers.ts';
import { QUARTER_MS } from '../energy/counter-rules.ts';
import type { Device } from '../register/model.ts';
import type { RegisterView } from '../register/register-view.ts';
import { expectedUntil } from '../register/retirement.ts';
import type { DeviceKey } from '../store/telemetry-store.ts';

/** What is reported. What lamps tell of themselves is counted by the meter of their circuit already. */
export const REPORTED_CARRIERS = [
  'electricity',
  'export',
  'solar',
  'gas',
  'water',
  'heat',
] as const satisfies Carrier[];
export type ReportedCarrier = (typeof REPORTED_CARRIERS)[number];

export interface SiteMeter extends DeviceKey {
  readonly carrier: ReportedCarrier;
  /** Id of the counter. */
  readonly metric: string;
  readonly name: string;
  /** When it stood at the site and readings were due, within the month, in whole quarter hours. */
  readonly stays: readonly Period[];
}

/** Where a site has meters of this kind, they are its mains, and what hangs behind them is not counted twice. */
const MAIN_KIND = 'electricity-meter';

export interface SiteMetersQuery {
  readonly register: Pick<RegisterView, 'device' | 'gateway'>;
  readonly site: string;
  readonly period: Period;
  /** Devices that ever told this counter, by its id. */
  readonly tellers: ReadonlyMap<string, readonly DeviceKey[]>;
  /** Roll-ups at the site, of any width. */
  readonly rows: readonly RollUp[];
}

/** In the order of carriers, then of devices; those that stood elsewhere all the time are not among them. */
export function siteMeters(query: SiteMetersQuery): SiteMeter[] {
  const spans = spansOf(query.rows);
  return REPORTED_CARRIERS.flatMap((carrier) => {
    const { counter } = METRICS_OF[carrier];
    const keys = new Map((query.tellers.get(counter) ?? []).map((key) => [nameOf(key), key]));
    for (const { metric, key } of spans.values()) if (metric === counter) keys.set(nameOf(key), key);
    const meters = [...keys]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([name, key]) => {
        const device = query.register.device(key.gateway, key.device);
        const stays = staysOf(query, device, spans.get(`${name}/${counter}`));
        if (stays.length === 0) return [];
        const meter = { ...key, carrier, metric: counter, name: device?.name ?? name, stays };
        return [{ meter, isMain: device?.kind === MAIN_KIND }];
      });
    const isElectric = carrier === 'electricity' || carrier === 'export';
    const mains = isElectric ? meters.filter(({ isMain }) => isMain) : [];
    return (mains.length > 0 ? mains : meters).map(({ meter }) => meter);
  });
}

interface Span extends Period {
  readonly key: DeviceKey;
  readonly metric: string;
}

/** From the first to the last known row of each series. */
function spansOf(rows: readonly RollUp[]): Map<string, Span> {
  const spans = new Map<string, Span>();
  for (const { gateway, device, metric, start, consumption } of rows) {
    if (consumption === null) continue;
    const name = `${gateway}/${device}/${metric}`;
    const known = spans.get(name);
    const [from, to] = [Math.min(start, known?.from ?? start), Math.max(start + QUARTER_MS, known?.to ?? 0)];
    spans.set(name, { key: { gateway, device }, metric, from, to });
  }
  return spans;
}

function staysOf(
  { register, site, period }: SiteMetersQuery,
  device: Device | undefined,
  span: Span | undefined,
): Period[] {
  if (device === undefined) return span === undefined ? [] : [within(span, period)];
  const { placements } = device;
  return placements.flatMap((placement, index) => {
    if (placement.site !== site) return [];
    // What was told before the first placement belongs to it; without any nothing was due yet.
    const first = index === 0 ? Math.min(placement.from, span?.from ?? placement.from) : placement.from;
    // What a retired device says all the same is counted; without a date nothing is due after its last word.
    const lastWord = span?.to ?? first;
    const end = placements[index + 1]?.from ?? Math.max(expectedUntil(register, device, lastWord), lastWord);
    const stay = within({ from: wholeQuarter(first), to: wholeQuarter(end) }, period);
    return stay.from < stay.to ? [stay] : [];
  });
}

/** A quarter hour belongs to where the device stood when it began. */
function wholeQuarter(time: number): number {
  return Math.ceil(time / QUARTER_MS) * QUARTER_MS;
}

function within({ from, to }: Period, period: Period): Period {
  return { from: Math.max(from, period.from), to: Math.min(to, period.to) };
}

function nameOf({ gateway, device }: DeviceKey): string {
  return `${gateway}/${device}`;
}
