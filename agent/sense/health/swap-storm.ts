import { seconds } from '#shared/domain/time.ts'
import { defineHealth, easedBy } from '../define-health.ts'

/*
 * health.memory.pressure about swap: pages go to and come back from disk, both, more than a thousand a second each way for
 * ten minutes. How full the swap is says nothing (the community's "Host swap is filling up", 80 %): what was put away once
 * and isn't asked for is where it should be. Only the traffic in both directions is a machine that does nothing else.
 */
const kind = 'health.memory.pressure'

interface Pages {
  at: number
  in: number
  out: number
}

export default defineHealth({
  name: 'swap-storm',
  platforms: ['linux'],
  every: seconds(30),
  runbook: 'See which program grew (top, sorted by SWAP or RES), end or bound it, or give the machine more memory.',
  start: undefined as Pages | undefined,
  async read({ vitals }): Promise<{ in: number; out: number }> {
    const vmstat = (await vitals.kernel('/proc/vmstat')) ?? ''
    const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(vmstat)?.[1] ?? 0)
    return { in: count('pswpin'), out: count('pswpout') }
  },
  decide(before, pages, { monotonic, role, limits, standing }) {
    const state = { at: monotonic, ...pages }
    if (!before || monotonic <= before.at) return { state, findings: undefined }
    const perSecond = (now: number, then: number): number => Math.max(0, Math.round((now - then) / ((monotonic - before.at) / 1_000)))
    const [inPerSecond, outPerSecond] = [perSecond(pages.in, before.in), perSecond(pages.out, before.out)]
    const limit = easedBy(limits.pagesPerSecond, 0.3, standing(kind, 'swap') !== undefined)
    if (Math.min(inPerSecond, outPerSecond) <= limit) return { state, findings: [] }
    const severity = role === 'workstation' ? ('info' as const) : ('medium' as const)
    const summary = `Memory is swapped in and out all the time: ${inPerSecond} and ${outPerSecond} pages a second`
    return { state, findings: [{ kind, severity, about: 'swap', summary, facts: { inPerSecond, outPerSecond } }] }
  },
})
