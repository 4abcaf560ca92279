/**
 * Config of a broker on site, one entry of `sources` in gateway.yaml:
 *   kind: mqtt
 *   name: plugs
 *   url: mqtt://192.168.1.10:1883
 *   username: gateway
 *   password_file: plugs.password
 *   subscriptions:
 *     - { topic: tele/+/SENSOR, codec: tasmota, device: "{1}" }
 */
import { z } from 'zod';
import { CODECS } from '../codecs/index.ts';
import { MqttSource } from './mqtt.ts';
import type { SourceKind } from './source-kind.ts';

export const mqttKind: SourceKind<'mqtt'> = {
  kind: 'mqtt',
  schema: (fields) =>
    z
      .strictObject({
        kind: z.literal('mqtt'),
        name: fields.name,
        url: fields.brokerUrl,
        client_id: z.string().min(1).max(128).optional(),
        username: z.string().min(1).optional(),
        password: z.string().min(1).optional(),
        password_file: fields.secretFile.optional(),
        ca_file: fields.file.optional(),
        subscriptions: z
          .array(
            z.strictObject({
              topic: z
                .string()
                .refine(isFilter, 'is not an MQTT topic filter. "#" stands last, "+" for a whole level.'),
              codec: z.enum(CODECS.map((codec) => codec.name)),
              device: z.string().min(1),
              zone: fields.zone.optional(),
            }),
          )
          .min(1, 'needs one subscription at least'),
      })
      .refine(({ password, password_file }) => password === undefined || password_file === undefined, {
        path: ['password_file'],
        error: 'stands beside password. Keep one of the two.',
      })
      .transform((entry) => ({
        kind: entry.kind,
        name: entry.name,
        needsZone: entry.subscriptions.some(({ zone }) => zone === undefined),
        create: ({ gateway, zone, clock, random, log }) =>
          new MqttSource({
            options: {
              name: entry.name,
              url: entry.url,
              clientId: entry.client_id ?? `lamplighter-${gateway}-${entry.name}`,
              username: entry.username,
              password: entry.password ?? entry.password_file,
              caFile: entry.ca_file,
              subscriptions: entry.subscriptions.map((one) => ({ ...one, zone: one.zone ?? zone ?? 'UTC' })),
            },
            clock,
            random,
            log,
          }),
      })),
};

/** MQTT 3.1.1 §4.7.1. */
function isFilter(topic: string): boolean {
  if (topic === '' || topic.includes('\u0000')) return false;
  return topic.split('/').every((level, position, levels) => {
    if (level === '#') return position === levels.length - 1;
    return level === '+' || !/[#+]/.test(level);
  });
}
