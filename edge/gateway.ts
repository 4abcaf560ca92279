/**
 * The gateway: sources hand readings to the outbox, the uplink takes them to ingest, the clock says when they were
 * taken, presence and health say how it goes. This file puts them together; start reading here.
 */
import { join } from 'node:path';
import { HEALTH_INTERVAL_MS, type Health } from '../contract/health.ts';
import { Topics } from '../contract/topics.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { MqttLink } from '../runtime/mqtt-link.ts';
import type { Random } from '../runtime/random.ts';
import { type Service, startAll, stopAll } from '../runtime/service.ts';
import { readBootId } from './boot.ts';
import { type ConfirmedInstant, confirmedInstantFile } from './confirmed-instant.ts';
import { GatewayClock } from './gateway-clock.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { HeldReadings } from './held-readings.ts';
import type { Outbox } from './outbox/outbox.ts';
import { PresenceKeeper } from './presence-keeper.ts';
import { SourceSink } from './source-sink.ts';
import type { Source } from './sources/source.ts';
import type { SourceContext } from './sources/source-kind.ts';
import { type GatewayLink, Uplink, type UplinkState } from './uplink.ts';

export type { GatewayLink };

export interface GatewayDeps {
  readonly config: GatewayConfig;
  /** Not started; the gateway starts and stops it. */
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Version of the program, said in presence and health. */
  readonly version?: string;
  /** Sources beside those of the configuration. */
  readonly sources?: readonly Source[];
  /** Makes the feeds of simulated sources in the configuration. */
  readonly feed?: SourceContext['feed'];
  /** A connection that the caller starts and stops; by default the gateway makes its own over MQTT. */
  readonly link?: GatewayLink;
  /** What stands between the gateway and its own connection; by default nothing. For trying what a network may do. */
  readonly wrapLink?: (link: MqttLink) => GatewayLink;
  /** Identity of this boot of the machine. */
  readonly boot?: string;
  /** Where the last instant of a confirmed clock is kept; by default in the data folder. */
  readonly confirmedInstant?: ConfirmedInstant;
}

export interface Gateway extends Service {
  /** What it says of itself on `{prefix}/{gateway}/health`. */
  health(): Health;
  uplink(): UplinkState;
  /** Puts every batch that was set aside back in line. Returns how many. */
  retrySetAside(): Promise<number>;
  readonly sources: readonly Source[];
}

/** Health follows a connection at a random moment within this, so that a fleet does not report in one instant. */
const FIRST_HEALTH_MS = 2_000;

/**
 * Throws when a source of the configuration cannot be made. Nothing is opened before `start()`; a gateway that was
 * stopped is not started again, another one is made.
 */
export function createGateway(deps: GatewayDeps): Gateway {
  const { config, outbox, clock, random, log, version = 'unknown' } = deps;
  const gateway = config.id;
  const boot = deps.boot ?? readBootId();
  const topics = new Topics(config.topicPrefix);
  const confirmedInstant = deps.confirmedInstant ?? confirmedInstantFile(join(config.dataFolder, 'confirmed-instant'));

  const gatewayClock: GatewayClock = new GatewayClock({
    clock,
    random,
    log,
    boot,
    confirmedInstant,
    probe: () => uplink.probe(),
    onMeasured: () => held.date(),
  });
  const held = new HeldReadings({ outbox, gatewayClock, log });
  const ownLink = deps.link === undefined ? createLink(deps, () => presence.will()) : undefined;
  const link = deps.link ?? wrapped(deps, ownLink as MqttLink);
  const presence = new PresenceKeeper({ gateway, topics, link, clock, now: () => gatewayClock.now(), version });
  const uplink = new Uplink({
    gateway,
    topics,
    outbox,
    link,
    clock,
    random,
    log,
    options: config.uplink,
    onTime: (at, askedAt) => gatewayClock.heard(at, askedAt),
  });
  const context = { gateway, zone: config.zone, clock, random, log, feed: deps.feed };
  const sources = [...config.sources.map((plan) => plan.create(context)), ...(deps.sources ?? [])];
  const feeders = sources.map((source) => {
    const onHeldLate = () => held.date();
    const sink = new SourceSink({ source: source.name, outbox, gatewayClock, clock, boot, onHeldLate });
    return { source, sink };
  });

  let startedAt = clock.monotonicMs();
  let isRunning = false;
  const timers: Timer[] = [];
  let firstHealth: Timer | undefined;

  const sayHealth = () => {
    // What the disk refused to date is tried again.
    if (outbox.counters().undated > 0) held.date();
    if (!isRunning || !link.connected) return;
    link.publish({ topic: topics.of(gateway, 'health'), payload: JSON.stringify(health()), qos: 0, retain: false });
  };

  const health = (): Health => {
    const counters = outbox.counters();
    const oldestAt = outbox.oldestAt();
    return {
      version,
      epoch: outbox.epoch,
      epochs: [...new Set([outbox.epoch, ...outbox.epochs()])].slice(0, 1_000),
      at: Math.round(clock.now()),
      uptime_s: Math.round((clock.monotonicMs() - startedAt) / 1_000),
      outbox: {
        produced: counters.produced,
        stored: counters.stored,
        rejected: { ...counters.rejected },
        dropped: counters.dropped,
        buffered: counters.buffered,
        set_aside: counters.setAside,
        undated: counters.undated,
        batches: counters.batches,
        bytes: counters.bytes,
        capacity_bytes: counters.capacityBytes,
        oldest_s: oldestAt === undefined ? 0 : Math.max(0, Math.round((clock.now() - oldestAt) / 1_000)),
      },
      later: { ...uplink.state().later },
      clock_offset_ms: gatewayClock.offsetMs === undefined ? null : Math.round(gatewayClock.offsetMs),
      memory_mib: Math.round(process.memoryUsage.rss() / (1024 * 1024)),
      sources: sources.map((source) => source.state()),
    };
  };

  // In the order in which they start; they stop in reverse.
  const services: Service[] = [
    outboxService(outbox),
    {
      name: 'gateway clock',
      start: async () => gatewayClock.start(),
      stop: async () => gatewayClock.stop(),
    },
    ...(ownLink === undefined ? [] : [ownLink]),
    {
      name: 'uplink',
      start: async () => {
        link.onDisconnect(() => {
          presence.disconnected();
          gatewayClock.disconnected();
          firstHealth?.cancel();
        });
        await presence.start();
        await uplink.start();
        link.onConnect(() => {
          if (!isRunning) return;
          presence.connected();
          gatewayClock.connected();
          firstHealth = clock.after(random() * FIRST_HEALTH_MS, sayHealth);
        });
        timers.push(clock.every(HEALTH_INTERVAL_MS, sayHealth));
      },
      stop: async () => {
        for (const timer of [...timers, firstHealth]) timer?.cancel();
        presence.leave();
        await uplink.stop();
      },
    },
    ...feeders.map(({ source, sink }) => ({
      name: `source ${source.name}`,
      start: () => source.start(sink),
      stop: async () => {
        sink.hurry();
        await source.stop();
      },
    })),
  ];

  return {
    name: `gateway ${gateway}`,
    sources,
    async start() {
      startedAt = clock.monotonicMs();
      isRunning = true;
      await startAll(services);
    },
    async stop() {
      isRunning = false;
      await stopAll(services);
    },
    health,
    uplink: () => uplink.state(),
    retrySetAside: () => uplink.retrySetAside(),
  };
}

function createLink(
  { config, clock, random, log }: GatewayDeps,
  will: () => ReturnType<PresenceKeeper['will']>,
): MqttLink {
  const { token, ...broker } = config.broker;
  const options = { ...broker, clientId: config.id, username: config.id, password: token, will };
  return new MqttLink({ options, clock, random, log });
}

function wrapped({ wrapLink }: GatewayDeps, link: MqttLink): GatewayLink {
  return wrapLink === undefined ? link : wrapLink(link);
}

function outboxService(outbox: Outbox): Service {
  return { name: 'outbox', start: () => outbox.start(), stop: () => outbox.stop() };
}
