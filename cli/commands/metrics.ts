import { Command } from 'commander';
import { METRICS } from '../../contract/metrics.ts';
import { printTable } from '../print.ts';

export function metricsCommand(): Command {
  return new Command('metrics').description('list the metric catalogue: every value a reading may carry').action(() => {
    printTable(
      ['metric', 'meaning', 'unit', 'family', 'kind', 'from', 'to'],
      METRICS.map(({ id, label, symbol, family, kind, min, max }) => [id, label, symbol, family, kind, min, max]),
    );
  });
}
