/** Every error leaves the console in one shape, with the status of contract/error-codes.ts. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ERRORS, type ErrorCode, LamplighterError } from '../../contract/error-codes.ts';
import { StoreFailure } from '../../store/telemetry-store.ts';
import { RequestError } from './request-error.ts';

export const errorReply = z.object({
  error: z.object({
    code: z.string(),
    /** What is wrong and what to do. */
    message: z.string(),
    /** Parameter or body field that is wrong. */
    field: z.string().optional(),
    /** Whether sending the same request again can help. */
    retry: z.boolean(),
  }),
});
export type ErrorReply = z.infer<typeof errorReply>;

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = toErrorReply(error, request);
  const status = statusOf(error, answer.error.code as ErrorCode);
  if (status === 500) request.log.error({ err: error, route: request.routeOptions.url }, 'request failed');
  if (status === 503) void reply.header('retry-after', '5');
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="lamplighter"');
  // Plain JSON text: the reply schema of the route describes its success only.
  return reply.code(status).type('application/json; charset=utf-8').serializer(String).send(JSON.stringify(answer));
}

export function toErrorReply(error: unknown, request: FastifyRequest): ErrorReply {
  if (hasZodFastifySchemaValidationErrors(error)) return fromValidation(error, request);
  if (error instanceof RequestError) return shape(error.code, error.message, error.field);
  if (error instanceof LamplighterError) return shape(error.code, error.message);
  if (error instanceof StoreFailure) return shape(`store-${error.kind}`, error.message);
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return shape('bad-request', error instanceof Error ? error.message : String(error));
  }
  return shape('internal', 'The console failed on this request; its log says why. Try again, then look there.');
}

function shape(code: ErrorCode, message: string, field?: string): ErrorReply {
  return { error: { code, message, ...(field === undefined ? {} : { field }), retry: ERRORS[code].retry } };
}

function statusOf(error: unknown, code: ErrorCode): number {
  const own = (error as { statusCode?: unknown } | null)?.statusCode;
  // 413 and 415 come from Fastify and say more than 400.
  if (code === 'bad-request' && (own === 413 || own === 415)) return own;
  return ERRORS[code].status;
}

function fromValidation(error: ValidationError, request: FastifyRequest): ErrorReply {
  // A name that is not known explains why another is missing.
  const first = error.validation.find(({ keyword }) => keyword === UNRECOGNIZED) ?? error.validation[0];
  if (first === undefined) return shape('bad-request', 'The request is not valid.');
  const path = first.instancePath.split('/').filter(Boolean).join('.');
  const place = error.validationContext ?? 'body';
  const kind = place === 'querystring' ? 'query parameter' : place === 'params' ? 'path parameter' : 'body field';
  if (first.keyword === UNRECOGNIZED) {
    const keys = (first.params as { keys?: string[] }).keys ?? [];
    const known = knownKeys(request, place);
    const list = known.length === 0 ? 'there are none' : known.join(', ');
    const words = keys.map((key) => `"${key}"`).join(', ');
    return shape('bad-request', `unknown ${kind} ${words}; known: ${list}`, keys[0] ?? path);
  }
  const field = path === '' ? place : path;
  const words = MISSING.test(first.message ?? '') ? `this ${kind} is missing` : (first.message ?? 'is not valid');
  return shape('bad-request', `${field}: ${words}`, field);
}

const UNRECOGNIZED = 'unrecognized_keys';
/** As zod says it. */
const MISSING = /^Invalid input: expected .*, received undefined$/;

interface ValidationError {
  readonly validation: readonly { keyword?: string; instancePath: string; message?: string; params?: unknown }[];
  readonly validationContext?: string | undefined;
}

function knownKeys(request: FastifyRequest, place: string): readonly string[] {
  const schema = (request.routeOptions.schema as Record<string, unknown> | undefined)?.[place];
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
