/**
 * Devices that publish to a broker on site. The gateway subscribes there; a codec reads each message.
 *
 * Config, one entry of `sources` in gateway.yaml:
 *   kind: mqtt
 *   name: plugs
 *   url: mqtt://192.168.1.10:1883
 *   subscriptions:
 *     - { topic: tele/+/SENSOR, codec: tasmota, device: "{1}" }
 */
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { MqttLink } from '../../runtime/mqtt-link.ts';
import type { Random } from '../../runtime/random.ts';
import type { Codec } from '../codecs/codec.ts';
import { codecByName } from '../codecs/index.ts';
import { type DeviceOf, devicePattern } from './device-pattern.ts';
import { ReadingQueue } from './reading-queue.ts';
import { type Refusal, Refusals } from './refusals.ts';
import type { ReadingSink, Source, SourceState } from './source.ts';

export interface MqttSubscription {
  /** Topic filter, MQTT wildcards allowed. */
  readonly topic: string;
  readonly codec: string;
  /** Device id, or a pattern over the topic's levels (device-pattern.ts). */
  readonly device: string;
  /** IANA zone of the devices' local time. */
  readonly zone: string;
}

export interface MqttSourceOptions {
  readonly name: string;
  readonly url: string;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly caFile?: string | undefined;
  readonly subscriptions: readonly MqttSubscription[];
  /** Readings kept in memory while the disk refuses. */
  readonly mostWaiting?: number;
}

interface Subscription {
  readonly codec: Codec;
  readonly deviceOf: DeviceOf;
  readonly zone: string;
}

export class MqttSource implements Source {
  readonly name: string;
  readonly #options: MqttSourceOptions;
  readonly #clock: Clock;
  readonly #link: MqttLink;
  readonly #queue: ReadingQueue;
  readonly #refusals: Refusals;
  #state: 'starting' | 'running' | 'stopped' = 'stopped';

  /** Throws a RangeError when a subscription names no codec. */
  constructor(deps: { options: MqttSourceOptions; clock: Clock; random: Random; log: Log }) {
    const { options, clock, random } = deps;
    const log = deps.log.child({ source: options.name });
    this.name = options.name;
    this.#options = options;
    this.#clock = clock;
    const { url, clientId, username, password, caFile } = options;
    this.#link = new MqttLink({ options: { url, clientId, username, password, caFile }, clock, random, log });
    this.#queue = new ReadingQueue({
      clock,
      random,
      ...(options.mostWaiting === undefined ? {} : { most: options.mostWaiting }),
    });
    this.#refusals = new Refusals(clock, log);
    for (const { codec } of options.subscriptions) codecNamed(codec);
  }

  async start(sink: ReadingSink): Promise<void> {
    this.#state = 'starting';
    this.#queue.start(sink);
    this.#link.onConnect(() => {
      this.#state = 'running';
    });
    for (const { topic, codec, device, zone } of this.#options.subscriptions) {
      const subscription = { codec: codecNamed(codec), deviceOf: devicePattern(device), zone };
      await this.#link.subscribe(topic, (from, payload, retained) => this.#take(subscription, from, payload, retained));
    }
    await this.#link.start();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    await this.#link.stop();
    await this.#queue.stop();
  }

  state(): SourceState {
    const { delivered, lost } = this.#queue;
    const faults = this.#state === 'stopped' ? [] : this.#faults();
    return {
      name: this.name,
      kind: 'mqtt',
      state: faults.length > 0 ? 'failing' : this.#state,
      detail: faults.join('; ').slice(0, 500),
      readings: delivered,
      refused: this.#refusals.count,
      lost,
    };
  }

  /** The latest messages that could not be used, and why. */
  refusedExamples(): readonly Refusal[] {
    return this.#refusals.examples;
  }

  #faults(): string[] {
    const faults: string[] = [];
    if (!this.#link.connected && this.#link.lastError !== '')
      faults.push(`the broker on site: ${this.#link.lastError}`);
    if (this.#queue.fault !== '') faults.push(this.#queue.fault);
    return faults;
  }

  #take({ codec, deviceOf, zone }: Subscription, topic: string, payload: Uint8Array, retained = false): void {
    const found = deviceOf(topic);
    if ('words' in found) {
      this.#refusals.add(topic, payload, found.words);
      return;
    }
    const result = codec.decode(payload, { device: found.device, zone, receivedAt: this.#clock.now() });
    if (!result.ok) {
      this.#refusals.add(topic, payload, result.words);
      return;
    }
    // A retained message is of any age: without a time of its own nobody can say of when it speaks.
    const usable = retained ? result.readings.filter((reading) => reading.time !== undefined) : result.readings;
    if (usable.length < result.readings.length) {
      this.#refusals.add(topic, payload, 'a retained message without a time: it is of unknown age');
    }
    this.#queue.add(usable);
  }
}

function codecNamed(name: string): Codec {
  const codec = codecByName.get(name);
  if (codec === undefined) throw new RangeError(`there is no codec "${name}": see edge/codecs/index.ts`);
  return codec;
}
