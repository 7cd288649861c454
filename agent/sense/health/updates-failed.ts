import { printable } from '#shared/domain/printable.ts'
import { hours } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'
import { halfInstalled, type Runs, readRuns } from '../updates/runs.ts'

/*
 * health.update.failed (row 36): the last three changes of packages, or the last three runs of unattended-upgrades, each ended with an error.
 * Low, a line in the digest; one that went well clears it. Read from the histories of apt, dnf and zypper and the log of unattended-upgrades, which
 * are rotated: what is older is not counted, nor what zypper gave up before it changed anything. apk keeps none, but marks what it could not
 * put in whole, and that is said at once. The community has no rule for it.
 * Threat: what a package's script prints is its maker's; it is cut, and shown.
 */
const apkList = '/lib/apk/db/installed'

interface Reading {
  runs: Runs[]
  /** Packages that lie there half installed. */
  half?: string[]
}

export default defineHealth({
  name: 'updates-failed',
  platforms: ['linux'],
  every: hours(6),
  runbook:
    'Read the error in the facts, mend the package it names (dpkg --configure -a, apt-get -f install, dnf check, zypper verify, apk fix), and run the updates once by hand.',
  start: null,
  async read({ vitals }): Promise<Reading | Unsupported> {
    const [runs, list] = await Promise.all([readRuns(vitals), vitals.file(apkList)])
    if (runs.length === 0 && !list) return { unsupported: 'no package manager that is known here keeps a history' }
    return { runs, half: list ? halfInstalled(list.text) : [] }
  },
  decide(state, { runs, half = [] }, { limits }) {
    const failing = runs.flatMap(({ by, errors }) => {
      const last = errors.slice(-limits.failuresCount)
      if (last.length < limits.failuresCount || last.includes('')) return []
      const error = printable(last.at(-1) ?? '').slice(0, 500)
      const summary = `The last ${last.length} runs of ${by} failed`
      return [{ kind: 'health.update.failed', severity: 'low' as const, about: by, summary, facts: { by, error, failures: last.length } }]
    })
    const summary = `${half.length} packages were not installed whole`
    const facts = { by: 'apk', packages: half.slice(0, 100) }
    const broken = { kind: 'health.update.failed', severity: 'low' as const, about: 'packages of apk', summary, facts }
    return { state, findings: [...failing, ...(half.length > 0 ? [broken] : [])] }
  },
})
