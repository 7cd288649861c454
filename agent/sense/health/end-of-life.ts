import { printable } from '#shared/domain/printable.ts'
import { fieldOf, releaseOf, supportOf } from '#shared/domain/system-release.ts'
import { days, hours } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.lifecycle.end-of-life (row 37): within 180 days nobody mends this operating system for everybody any more, or already. Info, a line
 * for whoever plans; what one can pay for or gets from a long-term team stands in the facts. By what os-release says itself (SUPPORT_END),
 * else by our table, on Windows by build and edition; a release that neither knows is not judged, and one newer than the table isn't either. The community has no rule for it.
 */
const paths = ['/etc/os-release', '/usr/lib/os-release']

export default defineHealth({
  name: 'end-of-life',
  platforms: ['linux', 'windows'],
  every: hours(24),
  runbook:
    'Plan its upgrade to the next release, or its extended support, before the date in the facts, and see what its programs need for that.',
  start: null,
  async read({ vitals, windows }): Promise<{ osRelease: string } | Unsupported> {
    const ofWindows = (await windows?.release())?.osRelease
    if (ofWindows !== undefined) return { osRelease: ofWindows }
    const [first, second] = await Promise.all(paths.map((path) => vitals.file(path)))
    const osRelease = (first ?? second)?.text
    return osRelease === undefined ? { unsupported: 'this system does not say which it is' } : { osRelease }
  },
  decide(state, { osRelease }, { now, limits }) {
    const support = supportOf(osRelease)
    const endsAt = support === undefined ? Number.NaN : Date.parse(support.until)
    // NaN is never due.
    if (!support || !(endsAt - now <= days(limits.withinDays))) return { state, findings: [] }
    const release = releaseOf(osRelease)
    const name = printable(fieldOf(osRelease, 'PRETTY_NAME') || fieldOf(osRelease, 'NAME') || 'This system').slice(0, 200)
    const summary =
      now > endsAt ? `${name} has had no updates for everybody since ${support.until}` : `${name} gets updates until ${support.until}`
    const named = release ? `${release.product} ${release.cycle}` : 'unknown to endoflife.date'
    const facts = { system: name, release: named, endsOn: support.until, extendedUntil: support.extendedUntil ?? null }
    return { state, findings: [{ kind: 'health.lifecycle.end-of-life', severity: 'info', about: 'system', summary, facts }] }
  },
})
