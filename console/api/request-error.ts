/** An error of one field of a request: names it, says what was expected. */
import { type ErrorCode, LamplighterError } from '../../contract/error-codes.ts';

export class RequestError extends LamplighterError {
  readonly field: string;
  constructor(field: string, words: string, code: ErrorCode = 'bad-request') {
    super(code, `${field}: ${words}`);
    this.name = 'RequestError';
    this.field = field;
  }
}
