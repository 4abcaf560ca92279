/**
 * gateway.yaml: what a gateway is told about itself.
 *
 *   gateway: library
 *   broker:
 *     url: mqtts://lamplighter.city.example:8883
 *     token_file: token          # or token: …
 *     ca_file: ca.pem            # or ca: the PEM itself; for mqtts and wss
 *     cert_file: library.pem     # own certificate, for a broker that asks for one
 *     key_file: library-key.pem
 *   data: data                   # folder of the outbox, beside this file unless absolute
 *   zone: America/New_York
 *   outbox: { capacity_mib: 1024, drop_policy: oldest }
 *   uplink: { window: 32, backlog_readings_per_s: 5000 }
 *   sources:
 *     - kind: mqtt
 *       …
 */
import { dirname } from 'node:path';
import { z } from 'zod';
import { idSchema } from '../contract/ids.ts';
import { DEFAULT_TOPIC_PREFIX } from '../contract/topics.ts';
import { readYamlFile, type YamlResult } from '../runtime/yaml-file.ts';
import { configFields } from './config-fields.ts';
import type { DropPolicy } from './outbox/outbox.ts';
import { SOURCE_KINDS } from './sources/index.ts';
import type { SourcePlan, SourceSchema } from './sources/source-kind.ts';
import { UPLINK_DEFAULTS, type UplinkOptions } from './uplink.ts';

export interface GatewayConfig {
  /** Gateway id; also the MQTT client id and user name. */
  readonly id: string;
  readonly broker: {
    readonly url: string;
    /** The gateway's only secret. */
    readonly token?: string | undefined;
    readonly caFile?: string | undefined;
    /** The certificate authority itself, PEM. */
    readonly ca?: string | undefined;
    /** The gateway's own certificate and key. */
    readonly certFile?: string | undefined;
    readonly keyFile?: string | undefined;
  };
  readonly topicPrefix: string;
  /** Absolute path of the folder that holds the outbox. */
  readonly dataFolder: string;
  /** IANA zone of the site. */
  readonly zone?: string | undefined;
  readonly outbox: { readonly capacityBytes: number; readonly dropPolicy: DropPolicy };
  readonly uplink: Partial<UplinkOptions>;
  readonly sources: readonly SourcePlan[];
}

const MIB = 1024 * 1024;
const always = { when: () => true };

/** Schema of the file's content; paths in it are relative to `folder`. */
export function gatewayConfigSchema(folder: string) {
  const fields = configFields(folder);
  const sourceSchemas = SOURCE_KINDS.map((kind) => kind.schema(fields)) as [SourceSchema, ...SourceSchema[]];
  const broker = z
    .strictObject({
      url: fields.brokerUrl,
      token: z.string().min(1).optional(),
      token_file: fields.secretFile.optional(),
      ca_file: fields.certificateFile.optional(),
      ca: fields.certificate.optional(),
      cert_file: fields.certificateFile.optional(),
      key_file: fields.keyFile.optional(),
    })
    .refine((value) => !('token' in value && 'token_file' in value), {
      ...always,
      path: ['token_file'],
      error: 'stands beside token. Keep one of the two.',
    })
    .refine((value) => 'token' in value || 'token_file' in value || 'cert_file' in value, {
      ...always,
      path: ['token'],
      error: 'is missing. Add token or token_file; a new token comes from the console.',
    })
    .refine((value) => !('ca' in value && 'ca_file' in value), {
      ...always,
      path: ['ca_file'],
      error: 'stands beside ca. Keep one of the two.',
    })
    .refine((value) => 'cert_file' in value === 'key_file' in value, {
      ...always,
      path: ['cert_file'],
      error: 'and key_file go together. Add the other one.',
    })
    .superRefine(({ url, ...files }, context) => {
      if (!/^(mqtt|ws):/i.test(url)) return;
      for (const key of ['ca', 'ca_file', 'cert_file', 'key_file'] as const) {
        if (files[key] === undefined) continue;
        const message = 'has no effect without TLS. Write mqtts:// or wss:// in url, or remove it.';
        context.addIssue({ code: 'custom', path: [key], message });
      }
    });
  return z
    .strictObject({
      gateway: idSchema,
      broker,
      topic_prefix: z
        .string()
        .regex(/^[^/#+\s]+(\/[^/#+\s]+)*$/, 'must be levels such as city/v1, without "#", "+" and spaces.')
        .default(DEFAULT_TOPIC_PREFIX),
      data: fields.folder.prefault('data'),
      zone: fields.zone.optional(),
      outbox: z
        .strictObject({
          capacity_mib: z
            .number()
            .min(8)
            .max(1024 * 1024)
            .default(1024),
          drop_policy: z.enum(['oldest', 'newest']).default('oldest'),
        })
        .prefault({}),
      uplink: z
        .strictObject({
          window: z.int().min(1).max(256).default(UPLINK_DEFAULTS.window),
          backlog_readings_per_s: z.number().min(1).max(1_000_000).default(UPLINK_DEFAULTS.backlogReadingsPerS),
          later_retry_s: z
            .number()
            .min(1)
            .max(86_400)
            .default(UPLINK_DEFAULTS.laterRetryMs / 1_000),
        })
        .prefault({}),
      sources: z
        .array(z.discriminatedUnion('kind', sourceSchemas))
        .superRefine((plans, context) => {
          for (const [index, { name }] of plans.entries()) {
            if (plans.findIndex((other) => other.name === name) === index) continue;
            const message = 'is the name of two sources. Their places in the data would be mixed up: rename one.';
            context.addIssue({ code: 'custom', path: [index, 'name'], message });
          }
        })
        .default([]),
    })
    .superRefine(({ zone, sources }, context) => {
      const needy = sources.find((plan) => plan.needsZone);
      if (zone !== undefined || needy === undefined) return;
      const message = `is missing: the devices of source ${needy.name} write local time. Add it, such as America/New_York.`;
      context.addIssue({ code: 'custom', path: ['zone'], message });
    })
    .transform(
      (file): GatewayConfig => ({
        id: file.gateway,
        broker: {
          url: file.broker.url,
          token: file.broker.token ?? file.broker.token_file,
          caFile: file.broker.ca_file,
          ca: file.broker.ca,
          certFile: file.broker.cert_file,
          keyFile: file.broker.key_file,
        },
        topicPrefix: file.topic_prefix,
        dataFolder: file.data,
        zone: file.zone,
        outbox: { capacityBytes: Math.floor(file.outbox.capacity_mib * MIB), dropPolicy: file.outbox.drop_policy },
        uplink: {
          window: file.uplink.window,
          backlogReadingsPerS: file.uplink.backlog_readings_per_s,
          laterRetryMs: file.uplink.later_retry_s * 1_000,
        },
        sources: file.sources,
      }),
    );
}

/** The configuration, or every fault of the file at once. Secrets never stand in a fault. */
export function readGatewayConfig(path: string): YamlResult<GatewayConfig> {
  return readYamlFile(path, gatewayConfigSchema(dirname(path)));
}
