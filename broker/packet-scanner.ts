/**
 * Finds the packet borders in a byte stream (MQTT 3.1.1 §2.2), so that a packet's announced length is judged before
 * a byte of its body is kept. Looks at fixed headers only: some two steps a packet, none per byte.
 */

export interface PacketSizes {
  /** Most bytes after the fixed header. */
  readonly connect: number;
  readonly publish: number;
  /** SUBSCRIBE and everything else. */
  readonly other: number;
}

export type ScanFault = 'not-mqtt' | 'malformed' | 'connect-too-large' | 'packet-too-large';

const CONNECT = 1;
const PUBLISH = 3;
/** Control packet type 1 with its reserved flags zero [MQTT-2.2.2-1]. */
const CONNECT_HEADER = 0x10;

export class PacketScanner {
  readonly #sizes: PacketSizes;
  /** 0 before any byte came. */
  #type = 0;
  #inLength = false;
  #length = 0;
  #lengthBytes = 0;
  /** Body bytes still to come. */
  #missing = 0;
  /** Packets that were announced in full so far, and those of them that are PUBLISH. */
  packets = 0;
  publishes = 0;
  /** The CONNECT has arrived to its last byte. */
  connectComplete = false;

  constructor(sizes: PacketSizes) {
    this.#sizes = sizes;
  }

  /** Moves on by one chunk. A fault is final: the connection must be closed and the chunk thrown away. */
  scan(chunk: Uint8Array): ScanFault | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing > 0) {
        const step = Math.min(this.#missing, chunk.length - at);
        this.#missing -= step;
        at += step;
        if (this.#missing === 0) this.#ended();
        continue;
      }
      const byte = chunk[at] as number;
      at++;
      const fault = this.#inLength ? this.#lengthByte(byte) : this.#header(byte);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #header(byte: number): ScanFault | undefined {
    // [MQTT-3.1.0-1] the first packet must be a CONNECT
    if (this.#type === 0 && byte !== CONNECT_HEADER) return 'not-mqtt';
    this.#type = byte >> 4;
    this.#inLength = true;
    this.#length = 0;
    this.#lengthBytes = 0;
    return undefined;
  }

  #lengthByte(byte: number): ScanFault | undefined {
    this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
    this.#lengthBytes++;
    if (byte >= 0x80) return this.#lengthBytes === 4 ? 'malformed' : undefined;
    this.#inLength = false;
    if (this.#type === CONNECT) {
      if (this.#length > this.#sizes.connect) return 'connect-too-large';
    } else if (this.#type === PUBLISH) {
      if (this.#length > this.#sizes.publish) return 'packet-too-large';
      this.publishes++;
    } else if (this.#length > this.#sizes.other) {
      return 'packet-too-large';
    }
    this.packets++;
    this.#missing = this.#length;
    if (this.#missing === 0) this.#ended();
    return undefined;
  }

  #ended(): void {
    if (this.#type === CONNECT) this.connectComplete = true;
  }
}
