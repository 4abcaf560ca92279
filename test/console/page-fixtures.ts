/** A city as /api tells it: 24 buildings, 12 circuits, 6 air stations, six things wrong. Figures follow the hour. */
import type { AnalyticsReply } from '../../console/api/analytics/replies-analytics.ts';
import type {
  AirReply,
  CircuitReply,
  CityReply,
  CitySiteReply,
  EnergyReply,
  LightsReply,
  ProblemReply,
  SiteRowReply,
} from '../../console/api/replies-city.ts';

export const ZONE = 'America/New_York';
const DAY = 86_400_000;

const BUILDINGS: readonly (readonly [
  id: string,
  name: string,
  use: string,
  latitude: number,
  longitude: number,
  kw: number,
])[] = [
  ['city-hall', 'City Hall', 'office', 42.3604, -71.058, 310],
  ['central-library', 'Central Library', 'library', 42.3493, -71.0782, 240],
  ['latin-school', 'Latin School', 'school', 42.3376, -71.1015, 92],
  ['east-high', 'East Boston High School', 'school', 42.3803, -71.0312, 61],
  ['brighton-high', 'Brighton High School', 'school', 42.3489, -71.1492, 55],
  ['hyde-park-school', 'Hyde Park School', 'school', 42.2553, -71.1256, 44],
  ['city-hospital', 'City Hospital', 'hospital', 42.3355, -71.0729, 880],
  ['mattahunt-pool', 'Mattahunt Pool', 'pool', 42.2785, -71.0993, 66],
  ['charlestown-pool', 'Charlestown Pool', 'pool', 42.3752, -71.0602, 71],
  ['engine-33', 'Engine 33', 'fire-station', 42.3468, -71.0855, 14],
  ['engine-53', 'Engine 53', 'fire-station', 42.2867, -71.1279, 11],
  ['frontage-depot', 'Frontage Road Depot', 'depot', 42.3395, -71.0617, 38],
  ['police-a1', 'Police District A-1', 'police', 42.3612, -71.0602, 33],
  ['police-hq', 'Police Headquarters', 'police', 42.3337, -71.0908, 121],
  ['jp-community', 'Curtis Hall Community Center', 'community-center', 42.3098, -71.1149, 19],
  ['vine-street', 'Vine Street Community Center', 'community-center', 42.3271, -71.0758, 17],
  ['city-museum', 'City Museum', 'museum', 42.3394, -71.094, 205],
  ['archives', 'City Archives', 'office', 42.2795, -71.1668, 26],
  ['roslindale-library', 'Roslindale Library', 'library', 42.2862, -71.1287, 15],
  ['mattapan-library', 'Mattapan Library', 'library', 42.2761, -71.0935, 18],
  ['dorchester-school', 'Dorchester School', 'school', 42.3003, -71.0657, 58],
  ['southie-school', 'South Boston School', 'school', 42.3361, -71.0449, 49],
  ['allston-garage', 'Allston Garage', 'depot', 42.3561, -71.1312, 22],
  ['parks-office', 'Parks Office', 'office', 42.3312, -71.0757, 20],
];
const CIRCUITS: readonly (readonly [id: string, name: string, latitude: number, longitude: number])[] = [
  ['lights-beacon-hill', 'Beacon Hill', 42.3588, -71.0685],
  ['lights-back-bay', 'Back Bay', 42.3512, -71.0812],
  ['lights-seaport', 'Seaport', 42.3501, -71.0421],
  ['lights-dorchester', 'Dorchester Avenue', 42.3113, -71.0571],
  ['lights-roxbury', 'Roxbury Crossing', 42.3314, -71.0953],
  ['lights-jp', 'Jamaica Pond', 42.3182, -71.1205],
  ['lights-hyde-park', 'Hyde Park Avenue', 42.2643, -71.1201],
  ['lights-eastie', 'Maverick Square', 42.3691, -71.0395],
  ['lights-charlestown', 'Charlestown Navy Yard', 42.3741, -71.0541],
  ['lights-brighton', 'Brighton Center', 42.3499, -71.1567],
  ['lights-mattapan', 'Mattapan Square', 42.2674, -71.0932],
  ['lights-west-roxbury', 'West Roxbury', 42.2794, -71.1558],
];
const STATIONS: readonly (readonly [id: string, name: string, latitude: number, longitude: number, pm: number])[] = [
  ['air-nubian', 'Nubian Square', 42.3295, -71.0836, 11.4],
  ['air-kenmore', 'Kenmore', 42.3489, -71.0961, 7.2],
  ['air-chelsea-creek', 'Chelsea Creek', 42.3868, -71.0236, 17.9],
  ['air-harbor', 'Long Wharf', 42.3602, -71.0494, 6.1],
  ['air-franklin-park', 'Franklin Park', 42.3009, -71.0885, 5.4],
  ['air-neponset', 'Neponset', 42.2866, -71.0413, 8.8],
];

export const PROBLEMS = (now: number): ProblemReply[] => {
  const since = (hours: number) => ({
    since: new Date(now - hours * 3_600_000).toISOString(),
    since_ms: now - hours * 3_600_000,
  });
  return [
    {
      id: 'p1',
      kind: 'dark-circuit',
      severity: 'critical',
      site: 'lights-seaport',
      gateway: 'gw-lights-seaport',
      device: null,
      ...since(3.2),
      title: 'Seaport is dark',
      words: '40 of 40 lamps are commanded on and none is lit.',
      what_to_do: 'Look at the breaker and the contactor in the feeder cabinet before sending anyone to a lamp.',
      figures: [
        { label: 'Lit', value: 0, unit: 'of 40 lamps' },
        { label: 'Power', value: 0.02, unit: 'kW' },
      ],
    },
    {
      id: 'p2',
      kind: 'high-co2',
      severity: 'warning',
      site: 'dorchester-school',
      gateway: 'gw-dorchester-school',
      device: 'room-2',
      ...since(1.1),
      title: 'Room 204 needs air',
      words: 'CO₂ in Room 204 has been above 1,770 ppm for 66 minutes.',
      what_to_do: 'Open windows; then look at the damper and the fan of the room.',
      figures: [{ label: 'CO₂', value: 2140, unit: 'ppm' }],
    },
    {
      id: 'p3',
      kind: 'after-hours',
      severity: 'warning',
      site: 'latin-school',
      gateway: 'gw-latin-school',
      device: 'main-meter',
      ...since(5.5),
      title: 'Latin School runs after hours',
      words: 'It draws 92 kW although it closed at 17:00; on other evenings it draws 31 kW.',
      what_to_do: 'Look at the schedule of the air handling units; someone may have left them in manual.',
      figures: [
        { label: 'Now', value: 92, unit: 'kW' },
        { label: 'Usual', value: 31, unit: 'kW' },
      ],
    },
    {
      id: 'p4',
      kind: 'silent-gateway',
      severity: 'critical',
      site: 'engine-53',
      gateway: 'gw-engine-53',
      device: null,
      ...since(26),
      title: 'The gateway of Engine 53 is silent',
      words: 'Nothing has been heard from it for 26 hours. Its readings wait in its outbox if it has power.',
      what_to_do: 'Check power and network at the site.',
      figures: [{ label: 'Last heard', value: 26, unit: 'h ago' }],
    },
    {
      id: 'p5',
      kind: 'meter-reset',
      severity: 'info',
      site: 'parks-office',
      gateway: 'gw-parks-office',
      device: 'main-meter',
      ...since(52),
      title: 'A meter of Parks Office began again',
      words: 'Its counter fell from 482,113.4 to 0.2 kWh. The first value after it is a new start, not consumption.',
      what_to_do: 'If the meter was exchanged, enter the exchange; otherwise look at it.',
      figures: [
        { label: 'Before', value: 482113.4, unit: 'kWh' },
        { label: 'After', value: 0.2, unit: 'kWh' },
      ],
    },
    {
      id: 'p6',
      kind: 'day-burner',
      severity: 'warning',
      site: 'lights-jp',
      gateway: 'gw-lights-jp',
      device: 'lamp-17',
      ...since(7),
      title: 'A lamp at Jamaica Pond burns by day',
      words: 'Lamp 17 is commanded off and draws 58 W.',
      what_to_do: 'Its relay may be stuck: exchange the controller.',
      figures: [{ label: 'Power', value: 58, unit: 'W' }],
    },
  ];
};

/** Hour of the day at the site, 0 to 24. */
function hourAt(time: number): number {
  return ((((time - 5 * 3_600_000) % DAY) + DAY) % DAY) / 3_600_000;
}

export function loadAt(time: number, kw: number): number {
  const hour = hourAt(time);
  const isWeekend = [0, 6].includes(new Date(time - 5 * 3_600_000).getUTCDay());
  const day = isWeekend ? 0.15 : 0.65 * Math.exp(-(((hour - 13) / 4.5) ** 2));
  return kw * (0.35 + day + 0.03 * Math.sin(time / 300_000) + 0.015 * Math.sin(time / 47_000));
}

export const isNight = (time: number) => hourAt(time) < 6.5 || hourAt(time) > 16.4;

function budgetOf(now: number, kwh: number, share: number): SiteRowReply['budget'] {
  const [from, to] = [Date.parse('2026-07-01T04:00:00Z'), Date.parse('2027-07-01T04:00:00Z')];
  const known = (now - from) / 86_400_000;
  const allowed = (kwh * known) / 365;
  return {
    fiscal_year: 2027,
    from: new Date(from).toISOString(),
    from_ms: from,
    to: new Date(to).toISOString(),
    to_ms: to,
    budget_kwh: kwh,
    used_kwh: allowed * share,
    allowed_kwh: allowed,
    known_days: known,
    percent: 100 * share,
  };
}

export function sites(now: number): SiteRowReply[] {
  const problems = PROBLEMS(now);
  const trouble = (id: string) => {
    const here = problems.filter((one) => one.site === id);
    return { problems: here.length, worst_severity: here[0]?.severity ?? null };
  };
  const night = isNight(now);
  return [
    ...BUILDINGS.map(([id, name, use, latitude, longitude, kw], index): SiteRowReply => {
      const isSilent = id === 'engine-53';
      const energy = kw * 4.1 * hourAt(now) * 0.14 + 20;
      return {
        id,
        name,
        kind: 'building',
        use,
        floor_area_m2: kw * 95,
        latitude,
        longitude,
        zone: ZONE,
        power_kw: loadAt(now, kw),
        power_age_s: isSilent ? 93_600 : 4 + index,
        energy_today_kwh: isSilent ? null : energy,
        energy_today_percent: isSilent ? 0 : 100,
        same_weekday_kwh: energy * (id === 'latin-school' ? 0.62 : 0.95 + (index % 5) * 0.03),
        last_reading_age_s: isSilent ? 93_600 : 4 + index,
        budget: id === 'engine-53' ? null : budgetOf(now, kw * 4_000, id === 'latin-school' ? 1.31 : 0.94),
        lamps: null,
        state: isSilent ? 'silent' : 'live',
        ...trouble(id),
      };
    }),
    ...CIRCUITS.map(([id, name, latitude, longitude]): SiteRowReply => {
      const isDark = id === 'lights-seaport';
      return {
        id,
        name: `Streetlights ${name}`,
        kind: 'streetlights',
        use: null,
        floor_area_m2: null,
        latitude,
        longitude,
        zone: ZONE,
        power_kw: night && !isDark ? 2.4 : 0.05,
        power_age_s: 22,
        last_reading_age_s: 22,
        budget: null,
        energy_today_kwh: 14.2,
        energy_today_percent: 100,
        same_weekday_kwh: 14,
        lamps: { total: 40, lit: night && !isDark ? 40 : 0, commanded: night ? 40 : 0 },
        state: 'live',
        ...trouble(id),
      };
    }),
    ...STATIONS.map(
      ([id, name, latitude, longitude]): SiteRowReply => ({
        id,
        name: `Air ${name}`,
        kind: 'station',
        use: null,
        floor_area_m2: null,
        latitude,
        longitude,
        zone: ZONE,
        power_kw: null,
        power_age_s: null,
        last_reading_age_s: 31,
        budget: null,
        energy_today_kwh: null,
        energy_today_percent: null,
        same_weekday_kwh: null,
        lamps: null,
        state: 'live',
        ...trouble(id),
      }),
    ),
  ];
}

export function city(now: number): CityReply {
  const lights_ = lights(now).totals;
  return {
    name: 'Boston',
    zone: ZONE,
    at: new Date(now).toISOString(),
    at_ms: now,
    store_fault: '',
    power_kw: {
      value: sites(now).reduce((sum, site) => sum + (site.power_kw ?? 0), 0),
      sites_reporting: 35,
      sites_total: 36,
    },
    solar_kw: isNight(now) ? 0 : 84.2,
    energy_today: { kwh: 21_804, coverage_percent: 98.4, same_weekday_kwh: 20_912, change_percent: 4.3 },
    lamps: {
      total: lights_.total,
      lit: lights_.lit,
      commanded: lights_.commanded,
      failed: lights_.failed,
      dark_circuits: 1,
    },
    air: {
      stations: 6,
      worst: { site: 'air-chelsea-creek', metric: 'pm2_5_ug_per_m3', value: 17.9, unit: 'µg/m³', band: 'moderate' },
    },
    gateways: { total: 42, online: 41, silent: 1 },
    problems: { total: 6, by_severity: { critical: 2, warning: 3, info: 1 } },
    roll_ups: {
      state: 'caught-up',
      pending_quarters: 0,
      oldest_s: 0,
      behind_s: 0,
      caught_up_at: new Date(now).toISOString(),
      fault: '',
      failed_devices: [],
    },
    history: {
      state: 'done',
      done_readings: 4_210_000,
      total_readings: 4_210_000,
      percent: 100,
      oldest_day: '2026-11-08',
    },
  };
}

export function siteDetail(id: string, now: number): CitySiteReply | undefined {
  const site = sites(now).find((one) => one.id === id);
  if (site === undefined) return undefined;
  const gateway = `gw-${id}`;
  const age_s = site.power_age_s ?? 5;
  const value = (metric: string, amount: number, unit: string) => ({
    metric,
    value: amount,
    unit,
    time_ms: now - age_s * 1_000,
    age_s,
  });
  return {
    ...site,
    at: new Date(now).toISOString(),
    at_ms: now,
    store_fault: '',
    address: null,
    contract_demand_kw: site.kind === 'building' ? 500 : null,
    schedule: site.kind === 'building' ? { days: [1, 2, 3, 4, 5], open: '07:00', close: '17:00' } : null,
    meters: [
      {
        gateway,
        device: 'main-meter',
        name: 'Main meter',
        kind: 'electricity-meter',
        carrier: 'electricity',
        power: value('active_power_kw', site.power_kw ?? 0, 'kW'),
        counter: value('active_energy_kwh', 918_273.5, 'kWh'),
        today: { value: site.energy_today_kwh, unit: 'kWh', coverage_percent: 99.4 },
      },
      {
        gateway,
        device: 'solar',
        name: 'Solar roof',
        kind: 'solar-meter',
        carrier: 'solar',
        power: value('solar_power_kw', isNight(now) ? 0 : 21.4, 'kW'),
        counter: value('solar_energy_kwh', 48_110.2, 'kWh'),
        today: { value: 31.5, unit: 'kWh', coverage_percent: 99.1 },
      },
      {
        gateway,
        device: 'gas-meter',
        name: 'Gas meter',
        kind: 'gas-meter',
        carrier: 'gas',
        power: value('gas_flow_m3_per_h', 4.31, 'm³/h'),
        counter: value('gas_volume_m3', 81_223.11, 'm³'),
        today: { value: 46.2, unit: 'm³', coverage_percent: 100 },
      },
      {
        gateway,
        device: 'water-meter',
        name: 'Water meter',
        kind: 'water-meter',
        carrier: 'water',
        power: value('water_flow_m3_per_h', 0.412, 'm³/h'),
        counter: value('water_volume_m3', 12_840.511, 'm³'),
        today: { value: 3.9, unit: 'm³', coverage_percent: 92 },
      },
    ],
    rooms: ['Hall', 'Room 204', 'Library'].map((name, index) => {
      const co2 = [612, 2_140, 1_011][index] as number;
      return {
        gateway,
        device: `room-${index + 1}`,
        name,
        temperature_c: 20.4 + index,
        humidity_percent: 38 + index,
        co2_ppm: co2,
        co2_band: ['good', 'very-poor', 'acceptable'][index] as string,
        age_s: 12,
      };
    }),
    gateways: [],
    problems: PROBLEMS(now).filter((problem) => problem.site === id),
  };
}

export function energy(query: URLSearchParams, now: number): EnergyReply {
  const carrier = (query.get('carrier') ?? 'electricity') as EnergyReply['carrier'];
  const asked = query.get('from') ?? '';
  const from = asked.includes('-') ? Date.parse(`${asked}T05:00:00Z`) : Number(asked);
  const rows = Array.from({ length: Math.ceil((now - from) / DAY) }, (_, index) => {
    const from_ms = from + index * DAY;
    const isWeekend = [0, 6].includes(new Date(from_ms).getUTCDay());
    const coverage = index === 3 ? 71 : index === 4 ? 0 : index === 9 ? 96 : 100;
    return {
      from: new Date(from_ms).toISOString(),
      from_ms,
      to: new Date(from_ms + DAY).toISOString(),
      to_ms: from_ms + DAY,
      value: coverage === 0 ? null : (isWeekend ? 610 : 1_120 + index * 9) * (coverage / 100),
      coverage_percent: coverage,
      interpolated: 0,
      estimated: 0,
      peak: coverage === 0 ? null : 118.4 - index,
      peak_at: coverage === 0 ? null : new Date(from_ms + 14 * 3_600_000).toISOString(),
      peak_at_ms: coverage === 0 ? null : from_ms + 14 * 3_600_000,
      events: index === 9 ? ['reset' as const] : [],
    };
  });
  const reset = from + 9.4 * DAY;
  return {
    carrier,
    metric: 'active_energy_kwh',
    from: new Date(from).toISOString(),
    from_ms: from,
    to: new Date(now).toISOString(),
    to_ms: now,
    every: 'day',
    devices: [],
    unit: carrier === 'gas' || carrier === 'water' ? 'm³' : 'kWh',
    demand_unit: carrier === 'gas' || carrier === 'water' ? 'm³/h' : 'kW',
    zone: ZONE,
    total: rows.reduce((sum, row) => sum + (row.value ?? 0), 0),
    coverage_percent: 91,
    interpolated: 0,
    estimated: 0,
    peak: 118.4,
    peak_at: new Date(from + 14 * 3_600_000).toISOString(),
    peak_at_ms: from + 14 * 3_600_000,
    rows,
    events_total: 1,
    events: [
      {
        kind: 'reset',
        device: 'gw/main-meter',
        metric: 'active_energy_kwh',
        value_at: new Date(reset).toISOString(),
        booked: 0,
        decided_by: 'rule',
        at: new Date(reset).toISOString(),
        at_ms: reset,
        until: new Date(reset + 10_000).toISOString(),
        until_ms: reset + 10_000,
        before: 482_113.4,
        after: 0.2,
        words: 'The counter fell from 482,113.4 to 0.2 kWh and went on from there.',
      },
    ],
  };
}

export function analytics(query: URLSearchParams, now: number): AnalyticsReply {
  const carrier = (query.get('carrier') ?? 'electricity') as AnalyticsReply['carrier'];
  const unit = carrier === 'gas' || carrier === 'water' ? 'm³' : 'kWh';
  const demand_unit = carrier === 'gas' || carrier === 'water' ? 'm³/h' : 'kW';
  const from_ms = query.get('from') === 'month' ? now - 22 * DAY : Number(query.get('from'));
  const of = (value: number | null, unit_: string) => ({
    value,
    unit: unit_,
    refusal: value === null ? { code: 'too-few-days', words: 'Too few whole days are known.' } : null,
    known_percent: 97.4,
    measured_percent: 96.8,
  });
  const range = (from: number, to: number) => ({
    from: new Date(from).toISOString(),
    from_ms: from,
    to: new Date(to).toISOString(),
    to_ms: to,
  });
  const at_ms = now - 3 * DAY;
  const when = { at: new Date(at_ms).toISOString(), at_ms, at_local: '2026-11-20T17:40-05:00' };
  const compared = (name: 'last-week' | 'last-year', days: number, value: number | null) => ({
    with: name,
    ...of(value, '%'),
    ...range(from_ms - days * DAY, now - days * DAY),
    amount: value === null ? null : 7_410,
    earlier_amount: value === null ? null : 7_020,
    change: value === null ? null : 390,
    days_compared: value === null ? null : 7,
    days_asked: 7,
    earlier_known_percent: value === null ? 0 : 99.2,
    earlier_measured_percent: value === null ? 0 : 98.8,
  });
  const cells = Array.from({ length: 7 }, (_, weekday) =>
    Array.from({ length: 24 }, (__, hour) =>
      weekday === 2 && hour === 3
        ? null
        : weekday > 0 && weekday < 6 && hour > 6 && hour < 19
          ? 70 + 20 * Math.sin(((hour - 6) * Math.PI) / 13)
          : 24,
    ),
  );
  const degrees = { days: 7, days_asked: 7 };
  return {
    site: query.get('site') ?? '',
    site_name: 'Latin School',
    zone: ZONE,
    carrier,
    unit,
    demand_unit,
    ...range(from_ms, now),
    meters: [{ gateway: 'gw', device: 'main-meter', name: 'Main meter' }],
    amount: { ...of(7_410, unit), interpolated: 12.4, estimated: 0 },
    base_load: { ...of(24.2, demand_unit), days: 7, days_asked: 7, share_of_mean_percent: 51 },
    peak: { ...of(118.4, demand_unit), ...when },
    monthly_peaks: [{ month: '2026-11', ...range(from_ms, now), ...of(118.4, demand_unit), ...when }],
    load_factor: of(41, '%'),
    after_hours: { ...of(46, '%'), amount: 3_408, total: 7_410, share_of_time_percent: 70, holidays: 'massachusetts' },
    profile: { ...of(90, demand_unit), cells, counts: cells.map((hours) => hours.map(() => 4)) },
    comparisons: [compared('last-week', 7, 5.6), compared('last-year', 364, null)],
    weather: {
      station: { site: 'air-station', name: 'Roof station', distance_km: 2.1, is_far: false },
      base_c: 18.33,
      heating: { ...of(61, 'K·d'), ...degrees },
      cooling: { ...of(0, 'K·d'), ...degrees },
      normal_change: {
        ...of(null, '%'),
        observed: null,
        expected: null,
        change: null,
        days_compared: null,
        days_asked: 7,
        baseline_from: null,
        baseline_to: null,
        baseline_days: 0,
        model: null,
      },
    },
    cost: {
      ...of(1_284.55, 'USD'),
      tariff: 'example-electric-tou',
      revisions: ['2026-01'],
      is_example: true,
      is_named: false,
      notes: ['The tariff is an example: replace it by your own.'],
      lines: [],
    },
    emissions: {
      kind: 'bought',
      location: {
        ...of(1_790, 'kg CO₂e'),
        gwp: 'AR5',
        factors: [{ id: 'egrid-newe-2023', revision: '2', year: 2_023, source: 'eGRID', is_second_hand: true }],
      },
      market: { ...of(1_790, 'kg CO₂e'), gwp: 'AR5', factors: [], basis: 'grid-average' },
    },
  };
}

export function lights(now: number): LightsReply {
  const night = isNight(now);
  const circuits = CIRCUITS.map(([id, name, latitude, longitude], index) => {
    const isDark = id === 'lights-seaport';
    const failed = index === 7 ? 2 : 0;
    const commanded = night ? 40 : 0;
    const lit = night && !isDark ? 40 - failed : id === 'lights-jp' && !night ? 1 : 0;
    return {
      site: id,
      name,
      latitude,
      longitude,
      gateway: `gw-${id}`,
      lamps: { total: 40, lit, commanded, failed, silent: 0 },
      power_kw: lit * 0.06,
      expected_kw: commanded * 0.06,
      energy_last_night_kwh: isDark ? 0.3 : 27.4 + index,
      state:
        isDark && night
          ? ('dark' as const)
          : id === 'lights-jp' && !night
            ? ('day-burning' as const)
            : night
              ? ('lit' as const)
              : ('off' as const),
      problems: isDark || id === 'lights-jp' || failed > 0 ? 1 : 0,
      worst_severity: isDark ? ('critical' as const) : id === 'lights-jp' || failed > 0 ? ('warning' as const) : null,
    };
  });
  const sum = (key: keyof LightsReply['totals']) => circuits.reduce((total, { lamps }) => total + lamps[key], 0);
  return {
    at: new Date(now).toISOString(),
    at_ms: now,
    store_fault: '',
    totals: {
      total: sum('total'),
      lit: sum('lit'),
      commanded: sum('commanded'),
      failed: sum('failed'),
      silent: sum('silent'),
    },
    circuits,
  };
}

export function circuit(id: string, now: number): CircuitReply | undefined {
  const row = lights(now).circuits.find(({ site }) => site === id);
  if (row === undefined) return undefined;
  const night = isNight(now);
  const { lamps: totals, problems: _, ...rest } = row;
  return {
    ...rest,
    at: new Date(now).toISOString(),
    at_ms: now,
    store_fault: '',
    totals,
    problems: PROBLEMS(now).filter(({ site }) => site === id),
    lamps: Array.from({ length: 40 }, (_none, index): CircuitReply['lamps'][number] => {
      const number = index + 1;
      const base = {
        gateway: `gw-${id}`,
        device: `lamp-${String(number).padStart(2, '0')}`,
        name: `Lamp ${number}`,
        command_percent: night ? 70 : 0,
        nominal_w: 60,
        burn_h: 9_120 + number,
        failure: false,
        age_s: 18,
      };
      if (id === 'lights-seaport' && night) return { ...base, dim_percent: 0, power_w: 0.4, state: 'dark' };
      if (id === 'lights-jp' && number === 17) {
        return { ...base, command_percent: 0, dim_percent: 100, power_w: 58, state: 'day-burner' };
      }
      if (number === 9) return { ...base, dim_percent: 0, power_w: 0.4, failure: true, state: 'failed' };
      if (number === 31) return { ...base, dim_percent: null, power_w: null, age_s: 7_300, state: 'silent' };
      const dim = night ? 40 + ((number * 7) % 61) : 0;
      return { ...base, dim_percent: dim, power_w: dim * 0.6, state: dim > 0 ? 'lit' : 'off' };
    }),
  };
}

const of = (site: string) => ({ gateway: `gw-${site}`, device: 'station' });

export function air(now: number): AirReply {
  const bands = (pm: number) => (pm <= 9 ? 'good' : pm <= 35.4 ? 'moderate' : 'unhealthy-sensitive');
  return {
    at: new Date(now).toISOString(),
    at_ms: now,
    store_fault: '',
    stations: STATIONS.map(([site, name, latitude, longitude, pm]) => ({
      site,
      name,
      latitude,
      longitude,
      gateway: `gw-${site}`,
      device: 'station',
      values: [
        { ...of(site), metric: 'pm2_5_ug_per_m3', value: pm, unit: 'µg/m³', band: bands(pm), age_s: 31 },
        { ...of(site), metric: 'pm10_ug_per_m3', value: pm * 1.7, unit: 'µg/m³', band: null, age_s: 31 },
        { ...of(site), metric: 'no2_ppb', value: 9 + pm, unit: 'ppb', band: null, age_s: 31 },
        { ...of(site), metric: 'o3_ppb', value: 31 - pm / 2, unit: 'ppb', band: null, age_s: 31 },
      ],
      band: bands(pm),
    })),
    rooms: [
      {
        site: 'dorchester-school',
        gateway: 'gw-dorchester-school',
        device: 'room-2',
        name: 'Room 204',
        co2_ppm: 2_140,
        band: 'very-poor',
        since: new Date(now - 3_960_000).toISOString(),
        temperature_c: 22.8,
        humidity_percent: 44,
        age_s: 12,
      },
      ...BUILDINGS.slice(0, 9).map(([site, name], index) => ({
        site,
        gateway: `gw-${site}`,
        device: 'room-1',
        name: `${name.split(' ')[0]} hall`,
        co2_ppm: 1_120 - index * 60,
        band: index < 3 ? 'acceptable' : 'good',
        since: null,
        temperature_c: 20 + index / 5,
        humidity_percent: 37,
        age_s: 12,
      })),
    ],
  };
}
