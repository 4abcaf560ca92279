import { describeOutbox } from '../../suites/outbox.ts';
import { memoryKind } from './outbox-kinds.ts';

describeOutbox(memoryKind());
