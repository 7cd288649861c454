import { defineDraft } from '../draft.ts'

/** A night a week, so that what breaks is found on a working day. */
export default defineDraft({
  draft: 'updates-in-the-window',
  name: 'Updates in the window',
  says: 'On Wednesdays between 02:00 and 04:00, by the clock of its site, the machine installs what Debian offers. It doesn’t restart.',
  role: 'server',
  verb: 'install-updates',
  args: {},
  when: { kind: 'window', days: [3], from: '02:00', to: '04:00', timeZone: 'Etc/UTC' },
  mostRuns: 26,
  days: 180,
})
