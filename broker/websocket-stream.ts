/**
 * The bytes of a WebSocket as a stream that Aedes can read: MQTT control packets may begin and end anywhere in the
 * binary frames [MQTT-6.0.0-2], so frames are only containers.
 */
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

export class WebSocketStream extends Duplex {
  readonly remoteAddress: string;
  readonly #socket: WebSocket;
  #isHeld = false;
  #isFull = false;

  constructor(socket: WebSocket, remoteAddress: string) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    socket.on('message', (data, isBinary) => {
      // [MQTT-6.0.0-1] anything but binary closes the connection; whoever listens for it says why
      if (!isBinary) this.emit('text');
      else if (!this.destroyed && !this.push(data as Buffer)) this.#setFull(true);
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      if (!this.destroyed) this.push(null);
    });
  }

  /** Reads nothing from the network while true. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#flow();
  }

  override _read(): void {
    if (this.#isFull) this.#setFull(false);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      done(new Error('connection closed'));
      return;
    }
    this.#socket.send(chunk, { binary: true, compress: false }, (error) => done(error));
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }

  #setFull(isFull: boolean): void {
    this.#isFull = isFull;
    this.#flow();
  }

  #flow(): void {
    const { readyState, OPEN, isPaused } = this.#socket;
    if (readyState !== OPEN) return;
    const pauses = this.#isHeld || this.#isFull;
    if (pauses && !isPaused) this.#socket.pause();
    else if (!pauses && isPaused) this.#socket.resume();
  }
}
