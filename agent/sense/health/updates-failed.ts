import { printable } from '#shared/domain/printable.ts'
import { hours } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.update.failed (row 36): the last three changes of packages, or the last three runs of unattended-upgrades, each ended with an error.
 * Low, a line in the digest; one that went well clears it. Read from apt's history and the log of unattended-upgrades, which are
 * rotated once a month: what is older is not counted. The community has no rule for it. Systems without apt are not judged yet.
 * Threat: what a package's script prints is its maker's; it is cut, and shown.
 */
const history = '/var/log/apt/history.log'
const unattended = '/var/log/unattended-upgrades/unattended-upgrades.log'
/** The end of a log that grew for a month. */
const maxChars = 200_000

/** How each run ended, oldest first; '' is well. */
interface Runs {
  by: string
  errors: string[]
}

export default defineHealth({
  name: 'updates-failed',
  platforms: ['linux'],
  every: hours(6),
  runbook:
    'Read the error in the facts, mend the package it names (dpkg --configure -a, apt-get -f install), and run the updates once by hand.',
  start: null,
  async read({ vitals }): Promise<{ runs: Runs[] } | Unsupported> {
    const [changes, script] = await Promise.all([history, unattended].map((path) => vitals.file(path)))
    if (!changes && !script) return { unsupported: 'apt keeps no history here' }
    return { runs: [...(changes ? [runsOfHistory(changes.text)] : []), ...(script ? [runsOfScript(script.text)] : [])] }
  },
  decide(state, { runs }, { limits }) {
    const failing = runs.flatMap(({ by, errors }) => {
      const last = errors.slice(-limits.failuresCount)
      if (last.length < limits.failuresCount || last.includes('')) return []
      const error = printable(last.at(-1) ?? '').slice(0, 500)
      const summary = `The last ${last.length} runs of ${by} failed`
      return [{ kind: 'health.update.failed', severity: 'low' as const, about: by, summary, facts: { by, error, failures: last.length } }]
    })
    return { state, findings: failing }
  },
})

/** Blocks of "Start-Date: …" to "End-Date: …", with "Error: …" between where one was. */
export const runsOfHistory = (text: string): Runs => ({
  by: 'apt',
  errors: text
    .slice(-maxChars)
    .split(/^Start-Date: /m)
    .slice(1)
    .filter((block) => /^End-Date: /m.test(block))
    .map((block) => /^Error: (.*)$/m.exec(block)?.[1] ?? ''),
})

/** "2026-11-23 06:10:01,123 INFO Starting unattended upgrades script", then what it says, of which an ERROR is one. */
export const runsOfScript = (text: string): Runs => ({
  by: 'unattended-upgrades',
  errors: text
    .slice(-maxChars)
    .split(/^.*INFO Starting unattended upgrades script.*$/m)
    .slice(1)
    .map((block) => /^[-\d]+ [\d:,]+ ERROR (.*)$/m.exec(block)?.[1] ?? ''),
})
