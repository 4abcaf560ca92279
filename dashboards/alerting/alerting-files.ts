/** The files of dashboards/provisioning/alerting, by name. */
import { stringify } from 'yaml';
import { contactPointsFile, muteTimingsFile, policiesFile } from './notification-files.ts';
import { rulesFile } from './rules-file.ts';

const HEAD = '# Made of alerts/rules and dashboards/alerting by "npm run dashboards": do not change it here.\n';

/** `zone`: IANA zone of the city. */
export function alertingFiles(zone: string): ReadonlyMap<string, string> {
  const files: Record<string, object> = {
    'rules.yaml': rulesFile(),
    'contact-points.yaml': contactPointsFile(),
    'policies.yaml': policiesFile(),
    'mute-timings.yaml': muteTimingsFile(zone),
  };
  return new Map(
    Object.entries(files).map(([name, file]) => [
      name,
      HEAD + stringify(file, { lineWidth: 0, aliasDuplicateObjects: false }),
    ]),
  );
}
