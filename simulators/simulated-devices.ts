/** The devices of a simulated city: which there are, how often they speak, and what each says at an instant. */
import { metricById } from '../contract/metrics.ts';
import type { Meter } from '../register/model.ts';
import { BuildingLoad } from './building-load.ts';
import { chance, streamOf, wander } from './chance.ts';
import type { BuildingSite, SimulatedCity, StationSite, StreetlightSite } from './city.ts';
import { type CityContext, contextOf } from './city-context.ts';
import type { RegisterFault } from './city-faults.ts';
import { indoorAir } from './indoor-air.ts';
import { breaksOf, displayOf, exchangesOf, limitOf, type RegisterBreak, registerOf } from './meter-register.ts';
import { outdoorAir } from './outdoor-air.ts';
import { StreetlightCircuit } from './streetlight-circuit.ts';

export type Values = Readonly<Record<string, number>>;

export interface SimulatedDevice {
  readonly site: string;
  /** One gateway a site. */
  readonly gateway: string;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  /** It speaks at the instants `phaseMs + n · intervalMs`, epoch milliseconds … */
  readonly intervalMs: number;
  readonly phaseMs: number;
  /** … before this one … */
  readonly until: number;
  /** … but for those in these stretches, [from, to), which are in order and apart from each other. */
  readonly pauses: readonly { readonly from: number; readonly to: number }[];
  /** What a technician has written down about its register of energy. */
  readonly meter?: Meter | undefined;
  /** Of a lamp, watts. */
  readonly nominalW?: number | undefined;
  /** What it says at an instant, each value rounded to what its metric shows. A pure function. */
  valuesAt(time: number): Values;
  /** What has truly passed through it, whatever its register shows, to more digits than it says. Of counters. */
  countedAt(metric: string, time: number): number;
  /** Where its register of energy falls, up to an instant. */
  breaksUntil(time: number): readonly RegisterBreak[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Three phases of 120/208 V. */
const LINE_V = 208;

const ENERGY = 'active_energy_kwh';

export function gatewayOf(site: string): string {
  return `${site}-gateway`;
}

export function devicesOf(city: SimulatedCity): SimulatedDevice[] {
  const context = contextOf(city);
  return city.sites.flatMap((site) => {
    if (site.kind === 'building') return buildingDevices(site, context);
    return site.kind === 'streetlights' ? circuitDevices(site, context) : stationDevices(site, context);
  });
}

function buildingDevices(site: BuildingSite, context: CityContext): SimulatedDevice[] {
  const load = new BuildingLoad(site, context);
  const { city } = context;
  const { electricityMs, meterMs, roomMs } = city.intervals;
  const make = maker(site.id, context);
  const hasSolar = site.solarKw > 0;
  const isHere = (fault: { readonly site: string }) => fault.site === site.id;
  const faults = city.faults.registers.filter(isHere);
  const taken = (time: number) => load.taken.totalAt(time);
  const register = displayOf(registerOf(taken, faults), city.faults.displays.filter(isHere));
  const mains = mainsOf(site.id, context);
  const main = make('main-meter', 'Main electricity meter', 'electricity-meter', electricityMs, (time) => {
    const values = mains(load.taken.rateAt(time) - (hasSolar ? load.fed.rateAt(time) : 0), time);
    values[ENERGY] = register(time);
    if (hasSolar) values.active_energy_export_kwh = load.fed.totalAt(time);
    return values;
  });
  const devices: SimulatedDevice[] = [
    {
      ...main,
      meter: meterOf(taken, faults),
      countedAt: (metric, time) => (metric === ENERGY ? taken(time) : main.countedAt(metric, time)),
      breaksUntil: (time) => breaksOf(taken, faults, time),
    },
  ];
  if (hasSolar) {
    const solar = (time: number) => ({
      solar_power_kw: load.solar.rateAt(time),
      solar_energy_kwh: load.solar.totalAt(time),
    });
    devices.push(make('solar-meter', 'Solar roof', 'solar-inverter', meterMs, solar));
  }
  if (site.hasGas) {
    const gas = (time: number) => ({ gas_flow_m3_per_h: load.gas.rateAt(time), gas_volume_m3: load.gas.totalAt(time) });
    devices.push(make('gas-meter', 'Gas meter', 'gas-meter', meterMs, gas));
  }
  if (site.hasWater) {
    const water = (time: number) => ({
      water_flow_m3_per_h: load.water.rateAt(time),
      water_volume_m3: load.water.totalAt(time),
    });
    devices.push(make('water-meter', 'Water meter', 'water-meter', meterMs, water));
  }
  for (const [index, room] of site.rooms.entries()) {
    devices.push(make(`air-${index + 1}`, room, 'air-sensor', roomMs, indoorAir(site, index, load, context)));
  }
  return devices;
}

function meterOf(taken: (time: number) => number, faults: readonly RegisterFault[]): Meter | undefined {
  const swaps = exchangesOf(taken, faults).map((exchange) => ({ metric: ENERGY, ...exchange }));
  const limit = limitOf(faults);
  if (swaps.length === 0 && !Number.isFinite(limit)) return undefined;
  return { ...(Number.isFinite(limit) ? { register_limit: limit } : {}), swaps };
}

function circuitDevices(site: StreetlightSite, context: CityContext): SimulatedDevice[] {
  const circuit = new StreetlightCircuit(site, context);
  const { electricityMs, lampMs } = context.city.intervals;
  const make = maker(site.id, context);
  const mains = mainsOf(site.id, context);
  const feeder = make('feeder', 'Circuit meter', 'electricity-meter', electricityMs, (time) => {
    const values = mains(circuit.power(time), time);
    values.active_energy_kwh = circuit.energy(time);
    return values;
  });
  const lamps = Array.from({ length: site.lamps }, (_, lamp) => {
    const number = String(lamp + 1).padStart(2, '0');
    const device = make(`lamp-${number}`, `Lamp ${number}`, 'lamp', lampMs, (time) => {
      const { commandPercent, levelPercent, watts, energyKwh, burnH, hasFailed } = circuit.lamp(lamp, time);
      return {
        lamp_command_percent: commandPercent,
        lamp_dim_level_percent: levelPercent,
        lamp_power_w: watts,
        lamp_energy_kwh: energyKwh,
        lamp_burn_h: burnH,
        lamp_failure: hasFailed ? 1 : 0,
      };
    });
    return { ...device, nominalW: site.lampW };
  });
  return [feeder, ...lamps];
}

function stationDevices(site: StationSite, context: CityContext): SimulatedDevice[] {
  const make = maker(site.id, context);
  const { stationMs } = context.city.intervals;
  return [make('station', 'Air station', 'air-station', stationMs, outdoorAir(site, context))];
}

/** What a three-phase meter says besides energy. */
function mainsOf(site: string, { city }: CityContext): (powerKw: number, time: number) => Record<string, number> {
  const stream = streamOf(city.seed, site, 'mains');
  // One grid, one frequency.
  const grid = streamOf(city.seed, 'grid');
  return (powerKw, time) => {
    const volts =
      LINE_V * (1 + 0.012 * wander(stream, time, 20 * MINUTE_MS) + 0.003 * wander(stream + 1, time, MINUTE_MS));
    const powerFactor = 0.95 + 0.03 * wander(stream + 2, time, 3 * HOUR_MS);
    return {
      active_power_kw: powerKw,
      voltage_v: volts,
      current_a: (Math.abs(powerKw) * 1_000) / (Math.sqrt(3) * volts * powerFactor),
      power_factor: powerFactor,
      frequency_hz: 60 + 0.025 * wander(grid, time, 15_000),
    };
  };
}

function maker(site: string, { city }: CityContext) {
  const until = city.faults.silent.find((fault) => fault.site === site)?.from ?? Number.POSITIVE_INFINITY;
  return (
    id: string,
    name: string,
    kind: string,
    intervalMs: number,
    exactAt: (time: number) => Record<string, number>,
  ): SimulatedDevice => ({
    site,
    gateway: gatewayOf(site),
    id,
    name,
    kind,
    intervalMs,
    phaseMs: Math.floor(chance(streamOf(city.seed, site, id, 'phase'), 0) * intervalMs),
    until,
    pauses: pausesOf(city, site, id),
    valuesAt: (time) => round(exactAt(time)),
    countedAt: (metric, time) => exactAt(time)[metric] ?? Number.NaN,
    breaksUntil: () => [],
  });
}

/** In order; those that overlap are one. */
function pausesOf({ faults }: SimulatedCity, site: string, id: string): { from: number; to: number }[] {
  const pauses: { from: number; to: number }[] = [];
  const ofDevice = faults.pauses.filter((pause) => pause.site === site && (pause.device ?? id) === id);
  for (const { from, to } of ofDevice.sort((one, other) => one.from - other.from)) {
    const last = pauses.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else pauses.push({ from, to });
  }
  return pauses;
}

const scales = new Map<string, number>();

/** In place: millions of readings are made for a fortnight's history. */
function round(values: Record<string, number>): Values {
  for (const metric in values) {
    let scale = scales.get(metric);
    if (scale === undefined) {
      scale = 10 ** (metricById.get(metric)?.decimals ?? 0);
      scales.set(metric, scale);
    }
    // Adding 0 turns −0 into 0.
    values[metric] = Math.round((values[metric] as number) * scale) / scale + 0;
  }
  return values;
}
