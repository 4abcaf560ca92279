/** What goes wrong on the way of the readings: the store, cloned gateways, full outboxes, rejected readings. */
import { aFinding, figure, type Rule, written } from './finding.ts';

export const storeFault: Rule = ({ storeFault: fault }) =>
  fault === ''
    ? []
    : [
        aFinding({
          kind: 'store',
          severity: 'critical',
          title: 'The store does not take or give readings',
          words: fault.slice(0, 1_000),
          whatToDo:
            'Do what the sentence says; "lamplighter store check" tells more. Readings wait on the gateways meanwhile, and none is lost while their disks have room.',
          figures: [],
        }),
      ];

export const twoEpochs: Rule = ({ gateways }) =>
  gateways
    .filter(({ twoEpochs: isCloned }) => isCloned)
    .map(({ gateway, name, site }) =>
      aFinding({
        kind: 'two-epochs',
        severity: 'critical',
        site,
        gateway,
        title: `${name} runs twice`,
        words: 'Two starts of it are alive at once: its disk or image was copied, and both copies send under one name.',
        whatToDo: 'Stop one of the two, and give it an id and a token of its own: lamplighter gateway add.',
        figures: [],
      }),
    );

export const outboxDropping: Rule = ({ gateways }) =>
  gateways.flatMap(({ gateway, name, site, dropped = 0, buffered = 0 }) =>
    dropped === 0
      ? []
      : [
          aFinding({
            kind: 'outbox-dropping',
            severity: buffered > 0 ? 'critical' : 'warning',
            site,
            gateway,
            title: `The outbox of ${name} was full`,
            words: `${written(dropped)} readings were dropped since it was put into service, because they found no room; ${written(buffered)} wait now.`,
            whatToDo:
              'Give its outbox more room (outbox: capacity_mib), and find out why it could not deliver for so long.',
            figures: [figure('Dropped', dropped, 'readings'), figure('Waiting', buffered, 'readings')],
          }),
        ],
  );

export const deadLetters: Rule = ({ deadLetters: counts }) => {
  const byReason = Object.entries(counts).filter(([, count]) => count > 0);
  const total = byReason.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return [];
  return [
    aFinding({
      kind: 'dead-letters',
      severity: 'warning',
      title: `${written(total)} ${total === 1 ? 'reading was' : 'readings were'} rejected`,
      words: `They are kept as dead letters: ${byReason.map(([reason, count]) => `${written(count)} ${reason}`).join(', ')}.`,
      whatToDo:
        'Each says what is wrong with it. Mend the cause, then send them again or drop them: on the gateways page, or with lamplighter dead-letters.',
      figures: byReason.map(([reason, count]) => figure(reason, count, 'readings')),
    }),
  ];
};
