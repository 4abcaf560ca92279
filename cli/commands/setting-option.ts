/** A setting of the server as a flag of a command, with its default where it has one. */
import { Option } from 'commander';
import { flagOf, SETTINGS, type SettingKey } from '../settings.ts';

/** Choices that would leave no room for the words beside them. */
const LONGEST_VALUE = 20;

export function settingOption(key: SettingKey): Option {
  const { help, value, schema } = SETTINGS[key];
  const isLong = value.length > LONGEST_VALUE;
  const standard = schema.safeParse(undefined).data;
  const words = isLong ? `${help}: ${value.split(/[|,]/).join(', ')}` : help;
  const byDefault = standard === undefined || String(standard) === '' ? '' : ` (default: ${standard})`;
  return new Option(`${flagOf(key)} <${isLong ? 'choice' : value}>`, `${words}${byDefault}`);
}
