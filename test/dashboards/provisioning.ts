/** The provisioning files of Grafana. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const FOLDER = join(import.meta.dirname, '../../dashboards/provisioning');

export interface ProvisionedDatasource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly access: string;
  readonly url: string;
  readonly editable: boolean;
  readonly jsonData: Readonly<Record<string, unknown>>;
  readonly secureJsonData: Readonly<Record<string, string>>;
}

export function datasourcesText(): string {
  return readFileSync(join(FOLDER, 'datasources/lamplighter.yaml'), 'utf8');
}

export function provisionedDatasources(): readonly ProvisionedDatasource[] {
  return (parse(datasourcesText()) as { datasources: ProvisionedDatasource[] }).datasources;
}

export function dashboardsFile(): {
  readonly apiVersion: number;
  readonly providers: readonly (Readonly<Record<string, unknown>> & { readonly options: { readonly path: string } })[];
} {
  return parse(readFileSync(join(FOLDER, 'dashboards/lamplighter.yaml'), 'utf8'));
}
