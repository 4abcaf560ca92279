/** How a reader asks for CSV, and how it is handed over. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

export const formatParameter = z
  .enum(['json', 'csv'])
  .optional()
  .describe('`csv` as RFC 4180; also by `Accept: text/csv`. JSON otherwise');

/** The parameter decides; without it, `text/csv` in Accept unless JSON is named before it. */
export function wantsCsv(format: 'json' | 'csv' | undefined, accept: string | undefined): boolean {
  if (format !== undefined) return format === 'csv';
  const types = (accept ?? '').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  const csv = types.indexOf('text/csv');
  const json = types.indexOf('application/json');
  return csv >= 0 && (json < 0 || csv < json);
}

/** `name` without extension: safe characters only, since it becomes a file name. */
export function sendCsv(reply: FastifyReply, name: string, text: string): FastifyReply {
  return reply
    .type('text/csv; charset=utf-8; header=present')
    .header('content-disposition', `attachment; filename="${name.replace(/[^\w.-]/g, '-')}.csv"`)
    .serializer(String)
    .send(text);
}
