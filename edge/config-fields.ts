/** The kinds of field that a gateway's configuration is made of, each with the words for what is wrong with it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { isZone } from '../runtime/zone.ts';

export interface ConfigFields {
  /** A short name: 1 to 64 of a-z, 0-9 and "-". */
  readonly name: z.ZodType<string, unknown>;
  /** mqtt://host:port or mqtts://host:port, or the same with ws and wss, without a password in it. */
  readonly brokerUrl: z.ZodType<string, unknown>;
  /** IANA zone. */
  readonly zone: z.ZodType<string, unknown>;
  /** Path of a file that holds a secret, relative to the configuration; its content without the line's end. */
  readonly secretFile: z.ZodType<string, unknown>;
  /** Path of a readable file, relative to the configuration; as an absolute path. */
  readonly file: z.ZodType<string, unknown>;
  /** Text of a certificate, PEM. */
  readonly certificate: z.ZodType<string, unknown>;
  /** Path of a certificate file, PEM, relative to the configuration; as an absolute path. */
  readonly certificateFile: z.ZodType<string, unknown>;
  /** Path of a private key file, PEM without a passphrase, relative to the configuration; as an absolute path. */
  readonly keyFile: z.ZodType<string, unknown>;
  /** Path of a folder, relative to the configuration; as an absolute path. */
  readonly folder: z.ZodType<string, unknown>;
}

/** `folder` is that of the configuration file. */
export function configFields(folder: string): ConfigFields {
  const read = (path: string, context: z.RefinementCtx): string => {
    try {
      return readFileSync(resolve(folder, path), 'utf8').trim();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const mend = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`;
      context.addIssue({ code: 'custom', message: `${mend}. Check the path ${resolve(folder, path)}.` });
      return z.NEVER;
    }
  };
  const path = z.string().min(1);
  return {
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9 and "-". Choose another name.'),
    brokerUrl: z.string().superRefine((text, context) => {
      const message = faultOfUrl(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }),
    zone: z.string().refine(isZone, 'is not a time zone. Write one such as America/New_York.'),
    secretFile: path.transform((file, context) => {
      const secret = read(file, context);
      if (secret === '') context.addIssue({ code: 'custom', message: 'the file is empty. Put the secret in it.' });
      return secret;
    }),
    file: path.transform((file, context) => {
      read(file, context);
      return resolve(folder, file);
    }),
    certificate: z.string().refine(isCertificate, 'is not a certificate in PEM form (-----BEGIN CERTIFICATE-----).'),
    certificateFile: path.transform((file, context) => {
      const text = read(file, context);
      if (text !== z.NEVER && !isCertificate(text)) {
        context.addIssue({
          code: 'custom',
          message: 'the file is not a certificate in PEM form. Check which file it is.',
        });
      }
      return resolve(folder, file);
    }),
    keyFile: path.transform((file, context) => {
      const text = read(file, context);
      if (text !== z.NEVER && !isPrivateKey(text)) {
        context.addIssue({
          code: 'custom',
          message: 'the file is not a private key in PEM form without a passphrase. Check which file it is.',
        });
      }
      return resolve(folder, file);
    }),
    folder: path.transform((file) => resolve(folder, file)),
  };
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== null;
  } catch {
    return false;
  }
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private';
  } catch {
    return false;
  }
}

function faultOfUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(url.protocol) || url.hostname === '') {
    return 'is not the address of a broker. Write one such as mqtt://192.168.1.10:1883 or mqtts://city.example:8883.';
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not hold a user name or password: addresses are logged. Give them in fields of their own.';
  }
  return undefined;
}
