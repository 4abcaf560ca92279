/** The devices of a simulated city: which there are, how often they speak, and what each says at an instant. */
import { metricById } from '../contract/metrics.ts';
import { BuildingLoad } from './building-load.ts';
import { chance, streamOf, wander } from './chance.ts';
import type { BuildingSite, SimulatedCity, StreetlightSite } from './city.ts';
import { CivilDays } from './civil-days.ts';
import { StreetlightCircuit } from './streetlight-circuit.ts';
import { USES } from './uses.ts';
import { Weather } from './weather.ts';

export type Values = Readonly<Record<string, number>>;

export interface SimulatedDevice {
  readonly site: string;
  /** One gateway a site. */
  readonly gateway: string;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  /** It speaks at the instants `phaseMs + n · intervalMs`, epoch milliseconds. */
  readonly intervalMs: number;
  readonly phaseMs: number;
  /** What it says at an instant, each value rounded to what its metric shows. A pure function. */
  valuesAt(time: number): Values;
}

interface Shared {
  readonly city: SimulatedCity;
  readonly seed: number;
  readonly days: CivilDays;
  readonly weather: Weather;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Three phases of 120/208 V. */
const LINE_V = 208;

export function gatewayOf(site: string): string {
  return `${site}-gateway`;
}

export function devicesOf(city: SimulatedCity): SimulatedDevice[] {
  const days = new CivilDays(city.zone);
  const shared: Shared = { city, seed: city.seed, days, weather: new Weather(city.seed) };
  return city.sites.flatMap((site) =>
    site.kind === 'building' ? buildingDevices(site, shared) : circuitDevices(site, shared),
  );
}

function buildingDevices(site: BuildingSite, shared: Shared): SimulatedDevice[] {
  const load = new BuildingLoad(site, shared);
  const { electricityMs, gasMs, waterMs, airMs } = shared.city.intervals;
  const make = maker(site.id, shared);
  const hasSolar = site.solarKw > 0;
  const devices = [
    make('main-meter', 'Main electricity meter', 'electricity-meter', electricityMs, (time) => ({
      ...mains(site.id, load.taken.rateAt(time) - (hasSolar ? load.fed.rateAt(time) : 0), time, shared),
      active_energy_kwh: load.taken.totalAt(time),
      ...(hasSolar ? { active_energy_export_kwh: load.fed.totalAt(time) } : {}),
    })),
  ];
  if (hasSolar) {
    const solar = (time: number) => ({
      solar_power_kw: load.solar.rateAt(time),
      solar_energy_kwh: load.solar.totalAt(time),
    });
    devices.push(make('solar-meter', 'Solar roof', 'solar-inverter', electricityMs, solar));
  }
  if (site.hasGas) {
    const gas = (time: number) => ({ gas_flow_m3_per_h: load.gas.rateAt(time), gas_volume_m3: load.gas.totalAt(time) });
    devices.push(make('gas-meter', 'Gas meter', 'gas-meter', gasMs, gas));
  }
  if (site.hasWater) {
    const water = (time: number) => ({
      water_flow_m3_per_h: load.water.rateAt(time),
      water_volume_m3: load.water.totalAt(time),
    });
    devices.push(make('water-meter', 'Water meter', 'water-meter', waterMs, water));
  }
  for (const [index, room] of site.rooms.entries()) {
    devices.push(make(`air-${index + 1}`, room, 'air-sensor', airMs, indoorAir(site, index, load, shared)));
  }
  return devices;
}

function circuitDevices(site: StreetlightSite, shared: Shared): SimulatedDevice[] {
  const circuit = new StreetlightCircuit(site, shared);
  const { electricityMs, lampMs } = shared.city.intervals;
  const make = maker(site.id, shared);
  const feeder = make('feeder', 'Circuit meter', 'electricity-meter', electricityMs, (time) => ({
    ...mains(site.id, circuit.power(time), time, shared),
    active_energy_kwh: circuit.energy(time),
  }));
  const lamps = Array.from({ length: site.lamps }, (_, lamp) => {
    const number = String(lamp + 1).padStart(2, '0');
    return make(`lamp-${number}`, `Lamp ${number}`, 'lamp', lampMs, (time) => {
      const command = circuit.command(time);
      const hasFailed = circuit.isFailed(lamp, time);
      return {
        lamp_command_percent: command,
        lamp_dim_level_percent: hasFailed ? 0 : command,
        lamp_power_w: circuit.lampPower(lamp, time),
        lamp_energy_kwh: circuit.lampEnergy(lamp, time),
        lamp_burn_h: circuit.lampHours(lamp, time),
        lamp_failure: hasFailed ? 1 : 0,
      };
    });
  });
  return [feeder, ...lamps];
}

/** What a three-phase meter says besides energy. */
function mains(site: string, powerKw: number, time: number, { seed }: Shared): Values {
  const stream = streamOf(seed, site, 'mains');
  const volts =
    LINE_V * (1 + 0.012 * wander(stream, time, 20 * MINUTE_MS) + 0.003 * wander(stream + 1, time, MINUTE_MS));
  const powerFactor = 0.95 + 0.03 * wander(stream + 2, time, 3 * HOUR_MS);
  return {
    active_power_kw: powerKw,
    voltage_v: volts,
    current_a: (Math.abs(powerKw) * 1_000) / (Math.sqrt(3) * volts * powerFactor),
    power_factor: powerFactor,
    // One grid, one frequency.
    frequency_hz: 60 + 0.025 * wander(streamOf(seed, 'grid'), time, 15_000),
  };
}

function indoorAir(site: BuildingSite, room: number, load: BuildingLoad, { seed, weather }: Shared) {
  const { crowdPpm, indoorC } = USES[site.use];
  const stream = streamOf(seed, site.id, 'air', room);
  const busy = 0.55 + 0.45 * chance(stream, -1);
  return (time: number): Values => {
    // The air of a room follows its people slowly: the mean of the last hour.
    const people =
      (load.occupancy(time) + load.occupancy(time - 20 * MINUTE_MS) + load.occupancy(time - 40 * MINUTE_MS)) / 3;
    const outdoor = weather.outdoor(time);
    const drift = wander(stream, time, 2 * HOUR_MS);
    const setBack = outdoor < 12 ? -2 * (1 - people) : 0;
    return {
      temperature_c: indoorC + setBack + 0.03 * (outdoor - 12) + 0.8 * people * busy + 0.5 * drift,
      humidity_percent: Math.min(
        85,
        Math.max(14, 41 + 0.75 * (outdoor - 11) + 6 * wander(stream + 1, time, 8 * HOUR_MS)),
      ),
      co2_ppm: 425 + crowdPpm * busy * people * (1 + 0.2 * drift) + 12 * wander(stream + 2, time, 10 * MINUTE_MS),
    };
  };
}

function maker(site: string, { seed }: Shared) {
  return (
    id: string,
    name: string,
    kind: string,
    intervalMs: number,
    exactAt: (time: number) => Values,
  ): SimulatedDevice => ({
    site,
    gateway: gatewayOf(site),
    id,
    name,
    kind,
    intervalMs,
    phaseMs: Math.floor(chance(streamOf(seed, site, id, 'phase'), 0) * intervalMs),
    valuesAt: (time) => rounded(exactAt(time)),
  });
}

function rounded(values: Values): Values {
  const result: Record<string, number> = {};
  for (const [metric, value] of Object.entries(values)) {
    const scale = 10 ** (metricById.get(metric)?.decimals ?? 0);
    // Adding 0 turns −0 into 0.
    result[metric] = Math.round(value * scale) / scale + 0;
  }
  return result;
}
