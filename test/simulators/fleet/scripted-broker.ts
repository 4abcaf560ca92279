/** The other end of a light gateway's connection, in this process: says what a test tells it to. */
import { type Duplex, duplexPair } from 'node:stream';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import type { Acknowledgement } from '../../../contract/acknowledgement.ts';
import type { Batch } from '../../../contract/batch.ts';
import type { FleetTransport } from '../../../simulators/fleet/fleet-transport.ts';

export interface SentBatch extends Batch {
  readonly gateway: string;
  readonly text: string;
}

export class ScriptedBroker {
  readonly connects: string[] = [];
  readonly packets: Packet[] = [];
  readonly batches: SentBatch[] = [];
  readonly presences: { online: boolean; since: number }[] = [];
  readonly healths: Record<string, unknown>[] = [];
  /** Return code of the next CONNACKs. */
  returnCode = 0;
  session = 'one';
  readonly #sockets = new Map<string, Duplex>();
  readonly #nearEnds = new Map<string, Duplex>();

  readonly transport: FleetTransport = (ready) => {
    const [near, far] = duplexPair();
    let id = '';
    const incoming = parser();
    incoming.on('packet', (packet: Packet) => {
      this.packets.push(packet);
      if (packet.cmd === 'connect') {
        id = packet.clientId;
        this.connects.push(id);
        this.#sockets.set(id, far);
        this.#nearEnds.set(id, near);
        far.write(generate({ cmd: 'connack', returnCode: this.returnCode, sessionPresent: false }));
      } else if (packet.cmd === 'subscribe') {
        far.write(generate({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [0] }));
      } else if (packet.cmd === 'publish') this.#published(id, packet);
    });
    far.on('data', (bytes: Buffer) => incoming.parse(bytes));
    far.on('error', () => {});
    setImmediate(ready);
    return near;
  };

  #published(gateway: string, packet: IPublishPacket): void {
    const text = String(packet.payload);
    const body = JSON.parse(text);
    if (packet.topic.endsWith('/readings')) this.batches.push({ ...body, gateway, text });
    else if (packet.topic.endsWith('/presence')) this.presences.push(body);
    else this.healths.push(body);
  }

  /** Publishes an acknowledgement on the gateway's topic. */
  acknowledge(gateway: string, ack: Partial<Acknowledgement>): void {
    const body = { session: this.session, accepting: true, stored: [], rejected: [], later: [], at: 0, ...ack };
    const topic = `city/v1/${gateway}/ack`;
    this.#sockets
      .get(gateway)
      ?.write(generate({ cmd: 'publish', topic, payload: JSON.stringify(body), qos: 0, dup: false, retain: false }));
  }

  publish(gateway: string, channel: string, payload: string): void {
    const topic = `city/v1/${gateway}/${channel}`;
    this.#sockets.get(gateway)?.write(generate({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false }));
  }

  cut(gateway: string): void {
    this.#nearEnds.get(gateway)?.destroy();
  }
}
