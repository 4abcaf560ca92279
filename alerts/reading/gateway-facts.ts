/** Every gateway of the register, with what ingest hears of it. */
import { gatewayStateOf } from '../../contract/gateway-state.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { GatewayFacts } from '../alert-inputs.ts';
import type { HeardGateway } from './intake.ts';
import type { LatestCity } from './latest-city.ts';

export function gatewayFacts(
  register: RegisterView,
  heard: readonly HeardGateway[],
  city: LatestCity,
  now: number,
): GatewayFacts[] {
  const heardById = new Map(heard.map((one) => [one.gateway, one]));
  return register.gateways().map((gateway): GatewayFacts => {
    const status = heardById.get(gateway.id);
    const outbox = status?.health?.outbox;
    const devices = city.byGateway.get(gateway.id) ?? [];
    const intervals = devices.flatMap(({ intervalMs }) => (intervalMs === undefined ? [] : [intervalMs]));
    return {
      gateway: gateway.id,
      name: gateway.name,
      site: gateway.site,
      zone: register.site(gateway.site)?.zone ?? register.city?.()?.zone ?? 'UTC',
      state: gatewayStateOf(status, gateway.retired, now),
      lastReading: city.lastByGateway.get(gateway.id),
      intervalS: intervals.length === 0 ? undefined : Math.min(...intervals) / 1_000,
      buffered: outbox?.buffered,
      dropped: outbox?.dropped,
      twoEpochs: status?.twoEpochs ?? false,
      oldestS: outbox?.oldest_s,
      fullShare: outbox === undefined || outbox.capacity_bytes === 0 ? undefined : outbox.bytes / outbox.capacity_bytes,
      clockOffsetMs: status?.health?.clock_offset_ms ?? undefined,
      devices: devices.map(({ device, name, lastTime, intervalMs, isNew }) => ({
        device,
        name,
        lastReading: lastTime,
        intervalMs,
        isNew,
      })),
    };
  });
}
