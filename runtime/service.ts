/** Start and stop: constructors assign, `start()` works, `stop()` undoes it. */

export interface Service {
  readonly name: string;
  start(): Promise<void>;
  /** Safe to call when start failed or never ran. */
  stop(): Promise<void>;
}

/** Starts in order. When one fails, those already started are stopped in reverse and the failure is thrown. */
export async function startAll(services: readonly Service[]): Promise<void> {
  const started: Service[] = [];
  for (const service of services) {
    try {
      started.push(service);
      await service.start();
    } catch (error) {
      await stopAll(started);
      throw error;
    }
  }
}

/** Stops in reverse order; every service is stopped even when one fails, and the first failure is thrown. */
export async function stopAll(services: readonly Service[]): Promise<void> {
  const failures: unknown[] = [];
  for (const service of [...services].reverse()) {
    try {
      await service.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
