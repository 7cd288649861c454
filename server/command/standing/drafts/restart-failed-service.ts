import { defineDraft } from '../draft.ts'

/** Defaults §2, row 32: one restart, where a standing order allows it. Only what the machine's own list names; six hours, or a service that dies by day is restarted all day. */
export default defineDraft({
  draft: 'restart-failed-service',
  name: 'Restart a failed listed service once',
  says: 'When a service on the machine’s own list is down, the machine restarts it by itself, once in six hours for each.',
  role: 'server',
  verb: 'restart-service',
  args: {},
  argsFrom: { unit: 'unit' },
  when: { kind: 'signal', any: [{ kind: 'health.service.down', facts: { isListed: true } }], restMinutes: 360 },
  mostRuns: 100,
  days: 180,
})
