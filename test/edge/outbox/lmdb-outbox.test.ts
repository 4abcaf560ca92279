import { describeOutbox } from '../../suites/outbox.ts';
import { lmdbKind } from './outbox-kinds.ts';

describeOutbox(lmdbKind());
