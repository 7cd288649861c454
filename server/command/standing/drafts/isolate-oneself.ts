import { defineDraft } from '../draft.ts'

/** Defaults §7: no answer from the collector for 2 s, row 1 or 4, live, workstation. */
export default defineDraft({
  draft: 'isolate-oneself',
  name: 'Isolate oneself when the collector is silent',
  says: 'When the machine sees files being encrypted, and hears nothing of the collector for 2 s after it, it cuts itself off from the network.',
  role: 'workstation',
  verb: 'isolate-host',
  args: {},
  when: {
    kind: 'signal',
    any: [
      { kind: 'security.ransomware.encryption', minSeverity: 'critical' },
      { kind: 'security.ransomware.canary', minSeverity: 'critical', facts: { change: 'unreadable' } },
    ],
    silentMs: 2_000,
  },
  mostRuns: 10,
  days: 180,
})
