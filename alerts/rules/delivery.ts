/** The way of the readings: gateways, their devices, outboxes and clocks, and the store at its end. */
import { GATEWAY, PIPELINE } from '../../contract/self-report.ts';
import { figure, written } from '../../energy/findings/finding.ts';
import type { DeviceFacts, GatewayFacts } from '../alert-inputs.ts';
import type { AlertRule, Firing } from '../alert-rule.ts';
import { reported } from '../grafana-form.ts';
import { fromFinding } from './from-finding.ts';
import { gatewayAway } from './unknown.ts';

const MINUTE_MS = 60_000;
/** As the boards count silent devices (ingest/gateway-words.ts). */
const SILENT_INTERVALS = 3;
const SILENT_MS = 15 * MINUTE_MS;
/** What waits longer has missed its quarter hour, and its day's figures wait for it. */
export const OLDEST_S = 900;
/** From here on the outbox drops readings before anybody is there. */
const NEARLY_FULL = 0.8;
/** Time servers keep a clock within a second; readings half a minute off still fall into their quarter hour. */
export const CLOCK_OFF_MS = 30_000;
const OFFSET_WORDS_FROM_MS = 120_000;

const ONLINE = (figureText: string): string => `${figureText} * last("online")`;

export const gatewaySilent = fromFinding('silent-gateway', {
  id: 'gateway-silent',
  title: 'Gateway silent',
  summary:
    'A gateway is not connected and has delivered nothing for 10 minutes, or is connected and has delivered nothing for an hour. Its readings wait on its disk; nothing is lost while it has room. From a day on it is critical.',
  whatToDo:
    'Check its power and its line to the broker; if both are there, the log of the gateway says what it cannot reach. Many at once: look at the network and the broker first.',
  severity: 'warning',
  owner: 'technician',
  forMs: 2 * MINUTE_MS,
  keepMs: MINUTE_MS,
  reads: ['intake', 'gateways', 'latest'],
  place: ['gateway'],
  // A gateway that is back has no such row within the minute; one that never was in service is no alarm for a board.
  grafana: reported(GATEWAY, 'last("last_reading_age_s") * (1 - last("online"))', ['gateway', 'site'], {
    limit: { above: 600 },
    unit: 's',
  }),
});

export const deviceSilent: AlertRule = {
  id: 'device-silent',
  title: 'Devices silent',
  summary:
    'A gateway is connected, but some of its devices have missed three readings and at least a quarter of an hour. One alert a gateway, since one cable often serves several devices.',
  whatToDo:
    'Look at the sources of the gateway on the gateways page: is a bus unplugged, an address wrong, a device switched off? A device that is gone for good: retire it in the register.',
  severity: 'warning',
  owner: 'technician',
  forMs: 5 * MINUTE_MS,
  keepMs: MINUTE_MS,
  reads: ['intake', 'gateways', 'latest'],
  place: ['gateway'],
  evaluate: ({ now, uptimeMs, gateways }) =>
    gateways.flatMap((gateway): Firing[] => {
      // What still waits in its outbox is not missing.
      if (gateway.state !== 'online' || (gateway.oldestS ?? 0) > OLDEST_S) return [];
      const silent = gateway.devices.filter(
        (device) => now - lastHeard(device, now - uptimeMs) > silentAfterMs(device),
      );
      const [first] = silent;
      if (first === undefined) return [];
      const listed = silent.slice(0, 5).map(({ name }) => name);
      const more = silent.length - listed.length;
      const isOne = silent.length === 1;
      return [
        {
          severity: 'warning',
          site: gateway.site,
          gateway: gateway.gateway,
          device: isOne ? first.device : null,
          devices: silent.map(({ device }) => `${gateway.gateway}/${device}`),
          since: Math.min(...silent.map((device) => lastHeard(device, now - uptimeMs))),
          title: `${isOne ? first.name : `${silent.length} devices`} of ${gateway.name} ${isOne ? 'is' : 'are'} silent`,
          words: `${silent.length} of ${gateway.devices.length} devices missed three readings or more: ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
          figures: [figure('Silent', silent.length, ''), figure('Devices', gateway.devices.length, '')],
        },
      ];
    }),
  unknown: gatewayAway,
  grafana: reported(GATEWAY, ONLINE('last("silent_devices")'), ['gateway', 'site'], { limit: { above: 0 }, unit: '' }),
};

/** One that never sent anything is waited for from the start on; one that nobody listed is expected by nobody. */
function lastHeard({ lastReading, isNew }: DeviceFacts, startedAt: number): number {
  return lastReading ?? (isNew ? Number.POSITIVE_INFINITY : startedAt);
}

function silentAfterMs({ intervalMs = 0 }: DeviceFacts): number {
  return Math.max(SILENT_MS, SILENT_INTERVALS * intervalMs);
}

export const outboxGrowing: AlertRule = {
  id: 'outbox-growing',
  title: 'Outbox growing',
  summary:
    'Readings have waited in the outbox of a connected gateway for more than 15 minutes: it produces faster than it delivers, or what it sends is not acknowledged. From four fifths full it is critical. Told for no gateway while the store fails, which is an alert of its own.',
  whatToDo:
    'Look at the line of the gateway and at "later" on the gateways page, which says why ingest does not take its batches. If it is catching up after an outage, the figure falls: wait.',
  severity: 'warning',
  owner: 'technician',
  forMs: 10 * MINUTE_MS,
  keepMs: 2 * MINUTE_MS,
  reads: ['intake', 'gateways'],
  place: ['gateway'],
  evaluate: ({ gateways, storeFault }) =>
    storeFault === '' ? gateways.filter(({ state }) => state === 'online').flatMap(growing) : [],
  unknown: (inputs, place) =>
    inputs.storeFault === '' ? gatewayAway(inputs, place) : 'the store takes no readings, so outboxes must grow',
  grafana: reported(GATEWAY, ONLINE('last("outbox_oldest_s")'), ['gateway', 'site'], {
    limit: { above: OLDEST_S },
    unit: 's',
  }),
};

function growing({ gateway, name, site, oldestS = 0, fullShare = 0, buffered = 0 }: GatewayFacts): Firing[] {
  const isFull = fullShare >= NEARLY_FULL;
  if (buffered === 0 || (oldestS <= OLDEST_S && !isFull)) return [];
  return [
    {
      severity: isFull ? 'critical' : 'warning',
      site,
      gateway,
      title: `The outbox of ${name} grows`,
      words: `${written(buffered)} readings wait in it, the oldest for ${written(oldestS / 60)} minutes; it is ${written(100 * fullShare)} % full.`,
      figures: [
        figure('Waiting', buffered, 'readings'),
        figure('Oldest', oldestS / 60, 'min'),
        figure('Full', 100 * fullShare, '%'),
      ],
    },
  ];
}

export const outboxDropping = fromFinding('outbox-dropping', {
  id: 'outbox-dropping',
  title: 'Outbox full',
  summary:
    'The outbox of a gateway was full, so that it dropped readings, and it has not emptied since. These readings are lost; they are counted.',
  whatToDo: 'Give its outbox more room (outbox: capacity_mib), and find out why it could not deliver for so long.',
  severity: 'critical',
  owner: 'technician',
  forMs: MINUTE_MS,
  keepMs: 2 * MINUTE_MS,
  reads: ['intake', 'gateways'],
  place: ['gateway'],
  // What was dropped once stays a finding; an alert is only that it may go on.
  only: ({ severity }) => severity === 'critical',
  unknown: gatewayAway,
  grafana: reported(GATEWAY, 'last("dropped") * last("buffered")', ['gateway', 'site'], {
    limit: { above: 0 },
    unit: '',
  }),
});

export const twoEpochs = fromFinding('two-epochs', {
  id: 'two-epochs',
  title: 'Gateway runs twice',
  summary: 'Two starts of one gateway are alive at once: its disk or image was copied. Both send under one name.',
  whatToDo: 'Stop one of the two, and give it an id and a token of its own: lamplighter gateway add.',
  severity: 'critical',
  owner: 'technician',
  forMs: 0,
  keepMs: 2 * MINUTE_MS,
  reads: ['intake', 'gateways'],
  place: ['gateway'],
  unknown: gatewayAway,
  grafana: reported(GATEWAY, 'last("two_epochs")', ['gateway', 'site'], { limit: { above: 0 }, unit: '' }),
});

export const clockOff: AlertRule = {
  id: 'clock-off',
  title: 'Clock of a gateway off',
  summary:
    'The clock of a gateway differs from that of ingest by more than 30 seconds. Readings are dated by the clock of the gateway, so they may fall into the wrong quarter hour.',
  whatToDo:
    'Give the gateway a time server it can reach (systemd-timesyncd, chrony), and check its battery-backed clock. If many are off by the same, it is the clock of the server.',
  severity: 'warning',
  owner: 'technician',
  forMs: 5 * MINUTE_MS,
  keepMs: MINUTE_MS,
  reads: ['intake', 'gateways'],
  place: ['gateway'],
  evaluate: ({ gateways }) =>
    gateways.flatMap(({ gateway, name, site, state, clockOffsetMs = 0 }): Firing[] => {
      if (state !== 'online' || Math.abs(clockOffsetMs) <= CLOCK_OFF_MS) return [];
      const off = Math.abs(clockOffsetMs);
      const isLong = off >= OFFSET_WORDS_FROM_MS;
      const amount = isLong ? `${written(off / MINUTE_MS)} minutes` : `${written(off / 1_000)} seconds`;
      return [
        {
          severity: 'warning',
          site,
          gateway,
          title: `The clock of ${name} is off`,
          words: `It is ${amount} ${clockOffsetMs > 0 ? 'slow' : 'fast'}.`,
          figures: [figure('Off by', -clockOffsetMs / 1_000, 's')],
        },
      ];
    }),
  unknown: gatewayAway,
  grafana: reported(GATEWAY, ONLINE('last("clock_offset_ms")'), ['gateway', 'site'], {
    limit: { outside: [-CLOCK_OFF_MS, CLOCK_OFF_MS] },
    unit: 'ms',
  }),
};

export const storeFailing = fromFinding('store', {
  id: 'store-failing',
  title: 'Store failing',
  summary:
    'Readings cannot be stored or read, or ingest itself does not answer. They wait on the gateways; none is lost while their disks have room.',
  whatToDo:
    'Do what the words say; "lamplighter store check" tells more. In Grafana it also fires when nothing is reported at all, since what is down cannot say so.',
  severity: 'critical',
  owner: 'operator',
  forMs: MINUTE_MS,
  keepMs: MINUTE_MS,
  reads: [],
  place: [],
  grafana: reported(PIPELINE, 'last("store_failing")', ['process'], {
    limit: { above: 0 },
    unit: '',
    noData: 'Alerting',
  }),
});

export const deadLetters = fromFinding('dead-letters', {
  id: 'dead-letters',
  title: 'Readings rejected',
  summary: 'Readings were refused for good, and are kept as dead letters with the reason.',
  whatToDo:
    'Each says what is wrong with it. Mend the cause, then send them again or drop them: on the gateways page, or with lamplighter dead-letters. The alert ends when none is left.',
  severity: 'warning',
  owner: 'technician',
  forMs: MINUTE_MS,
  keepMs: 0,
  reads: ['intake'],
  place: [],
  grafana: reported(PIPELINE, 'last("dead_letters")', ['process'], { limit: { above: 0 }, unit: 'readings' }),
});
