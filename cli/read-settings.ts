/** Gathers the settings from file, environment and flags, and checks them together. */
import { z } from 'zod';
import { readYamlFile } from '../runtime/yaml-file.ts';
import {
  checkSettings,
  flagOf,
  isSecret,
  SETTING_KEYS,
  type SettingFault,
  type SettingKey,
  type SettingsResult,
  variableOf,
} from './settings.ts';

/** Name of the variable that names the configuration file. */
const CONFIG_VARIABLE = 'LAMPLIGHTER_CONFIG';

export interface SettingsInput {
  /** By key, as the command line parser gives them; absent ones are undefined. */
  readonly flags: Readonly<Partial<Record<SettingKey | 'config', string | undefined>>>;
  readonly env: NodeJS.ProcessEnv;
}

export function readSettings({ flags, env }: SettingsInput): SettingsResult {
  const raw = new Map<string, { source: string; value: unknown }>();
  const faults: SettingFault[] = [];
  const file = flags.config ?? env[CONFIG_VARIABLE];
  if (file !== undefined) {
    const result = readYamlFile(file, z.record(z.string(), z.unknown()).nullable());
    if (result.ok) {
      for (const [key, value] of Object.entries(result.value ?? {})) raw.set(key, { source: `${file}: ${key}`, value });
    } else {
      for (const { line, field, words } of result.faults) {
        faults.push({ source: [file, line > 0 ? `line ${line}` : '', field].filter(Boolean).join(' '), words });
      }
    }
  }
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('LAMPLIGHTER_') || name === CONFIG_VARIABLE || value === undefined || value === '') continue;
    raw.set(keyOfVariable(name), { source: name, value });
  }
  for (const key of SETTING_KEYS) {
    const value = flags[key];
    if (value !== undefined && !isSecret(key)) raw.set(key, { source: flagOf(key), value });
  }
  const checked = checkSettings(raw);
  if (faults.length === 0) return checked;
  return { ok: false, faults: [...faults, ...(checked.ok ? [] : checked.faults)] };
}

function keyOfVariable(name: string): string {
  return SETTING_KEYS.find((key) => variableOf(key) === name) ?? name;
}

/** The faults as people read them, one a line. */
export function wordsOfFaults(faults: readonly SettingFault[]): string {
  const lines = faults.map(({ source, words }) => `  ${source}: ${words}`);
  return `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${lines.join('\n')}`;
}
