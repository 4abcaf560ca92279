/**
 * One query of a panel, as Grafana's InfluxDB data source takes it: raw InfluxQL, the only language that InfluxDB 1, 2
 * and 3 share. The SDK has no builder for it; this is one of its "custom queries".
 */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { type DatasourceName, datasourceRef } from './datasources.ts';

export interface InfluxQuerySpec {
  readonly from: DatasourceName;
  readonly text: string;
  /** Name of a series: `$tag_site`, `$col`, plain words. */
  readonly alias?: string | undefined;
  /** `table` for lists; `time_series` for everything with a time axis and for single figures. */
  readonly format?: 'time_series' | 'table' | undefined;
}

export class InfluxQuery implements Builder<Dataquery> {
  readonly #spec: InfluxQuerySpec;
  readonly #refId: string;

  constructor(spec: InfluxQuerySpec, refId: string) {
    this.#spec = spec;
    this.#refId = refId;
  }

  build(): Dataquery {
    const { from, text, alias, format = 'time_series' } = this.#spec;
    const target = {
      refId: this.#refId,
      datasource: datasourceRef(from),
      rawQuery: true,
      query: text.replace(/\s+/g, ' ').trim(),
      resultFormat: format,
      ...(alias === undefined ? {} : { alias }),
    };
    // The SDK's mark of a query, which it leaves out of the JSON.
    return Object.defineProperty(target, '_implementsDataqueryVariant', {
      value: () => {},
      enumerable: false,
    }) as never;
  }
}
