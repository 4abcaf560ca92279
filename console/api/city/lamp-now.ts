/** A lamp of the city as the arithmetic of lamps sees it. */
import type { LampNow } from '../../../energy/lamp-state.ts';
import type { Position } from '../../../energy/sun.ts';
import type { Site } from '../../../register/model.ts';
import type { DeviceNow } from './city-now.ts';

export function lampNow({ values, intervalMs, lastTime }: DeviceNow): LampNow {
  return {
    command: values.get('lamp_command_percent')?.value,
    dim: values.get('lamp_dim_level_percent')?.value,
    powerW: values.get('lamp_power_w')?.value,
    failure: values.get('lamp_failure')?.value,
    time: Number.isFinite(lastTime) ? lastTime : undefined,
    intervalMs,
  };
}

export function positionOf({ latitude, longitude }: Site): Position | undefined {
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}
