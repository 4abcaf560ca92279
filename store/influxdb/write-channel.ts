/** Line protocol to one bucket or database, one request after the other, by the client library's WriteApi. */
import { InfluxDB, type WriteApi } from '@influxdata/influxdb-client';
import { StoreFailure } from '../telemetry-store.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import type { InfluxdbTransport } from './influxdb-transport.ts';
import { type Refusal, readWriteFailure } from './server-answer.ts';

export type ServerVersion = '1' | '2';

export class WriteChannel {
  readonly #target: InfluxdbTarget;
  readonly #transport: InfluxdbTransport;
  #api: WriteApi | undefined;
  #apiVersion: ServerVersion | undefined;

  constructor(target: InfluxdbTarget, transport: InfluxdbTransport) {
    this.#target = target;
    this.#transport = transport;
  }

  /** One request. Undefined when it is stored; throws StoreFailure when nothing is known. */
  async send(body: string, version: ServerVersion): Promise<Refusal | undefined> {
    const api = this.#writeApi(version);
    try {
      api.writeRecord(body);
      await api.flush();
      return undefined;
    } catch (error) {
      const read = readWriteFailure(error, this.#target);
      if (read instanceof StoreFailure) throw read;
      return read;
    }
  }

  #writeApi(version: ServerVersion): WriteApi {
    if (this.#api === undefined || this.#apiVersion !== version) {
      this.#api = durableWriteApi(this.#target, this.#transport, version);
      this.#apiVersion = version;
    }
    return this.#api;
  }
}

/**
 * The only settings under which the client's `flush()` tells the truth: it must send exactly what one `writeRecord`
 * put in, once. An automatic flush (batchSize, maxBatchBytes, flushInterval) swallows its error and the next flush
 * finds nothing to fail on; a retry inside keeps lines that were reported as failed.
 */
function durableWriteApi(target: InfluxdbTarget, transport: InfluxdbTransport, version: ServerVersion): WriteApi {
  const client = new InfluxDB({ url: target.url, transport });
  const api = client.getWriteApi(target.org, target.bucket, 'ms', {
    // Never reached, as a flush follows each record. The client allocates an array of this length.
    batchSize: 1_000,
    maxBatchBytes: 1_000_000_000,
    flushInterval: 0,
    maxRetries: 0,
    defaultTags: {},
    gzipThreshold: target.gzipThresholdBytes,
    // Taking the failure over keeps the client from writing it to the console, and from calling a full
    // hinted-handoff queue a success.
    writeFailed: (error) => Promise.reject(error),
  });
  if (version === '1') api.path = `/write?db=${encodeURIComponent(target.bucket)}&precision=ms`;
  return api;
}
