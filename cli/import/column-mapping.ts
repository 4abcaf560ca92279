/** `--map "Power (W)=active_power_kw:W"`: which column is which metric, and in which unit. */
import { LamplighterError } from '../../contract/error-codes.ts';
import { type Metric, metricById } from '../../contract/metrics.ts';
import { isUnitName, ownUnit, type Unit, unitFor, unitNames } from './units.ts';

export interface ColumnMapping {
  readonly column: string;
  readonly metric: Metric;
  readonly unit: Unit;
}

/** @throws LamplighterError `bad-request` naming every mapping that is wrong. */
export function columnMappings(texts: readonly string[]): ColumnMapping[] {
  const mappings: ColumnMapping[] = [];
  const faults: string[] = [];
  for (const text of texts) {
    const mapping = columnMapping(text);
    if (typeof mapping === 'string') faults.push(`--map "${text}": ${mapping}`);
    else if (mappings.some(({ metric }) => metric === mapping.metric)) {
      faults.push(`--map "${text}": ${mapping.metric.id} has a column already. A device has one value of a metric.`);
    } else mappings.push(mapping);
  }
  if (faults.length > 0) throw new LamplighterError('bad-request', faults.join('\n'));
  return mappings;
}

/** Words that say what is wrong, when it is. */
function columnMapping(text: string): ColumnMapping | string {
  const cut = text.lastIndexOf('=');
  const [id = '', ...unitWords] = text.slice(cut + 1).split(':');
  const column = text.slice(0, Math.max(cut, 0)).trim();
  if (column === '' || id === '') return 'must be COLUMN=metric or COLUMN=metric:unit.';
  const metric = metricById.get(id.trim());
  if (metric === undefined) return `${JSON.stringify(id)} is no metric. List them with: lamplighter metrics.`;
  const known = `For ${metric.id} known are: ${unitNames(metric).join(', ')}.`;
  if (unitWords.length > 0) {
    const name = unitWords.join(':');
    const unit = unitFor(metric, name);
    return unit === undefined ? `the unit ${JSON.stringify(name)} is unknown. ${known}` : { column, metric, unit };
  }
  // A header that names another unit than the metric's would be off by a factor without anyone seeing it.
  const named = /[([]([^()[\]]+)[)\]]\s*$/.exec(column)?.[1];
  if (named !== undefined && isUnitName(named) && unitFor(metric, named)?.convert(12) !== 12) {
    return `the column says ${named}. Name the unit, such as ${metric.id}:${unitFor(metric, named)?.name ?? '…'}. ${known}`;
  }
  return { column, metric, unit: ownUnit(metric) };
}
