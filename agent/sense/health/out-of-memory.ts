import { z } from 'zod'
import { days, seconds } from '#shared/domain/time.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.crash: the kernel ended a program because memory was out (oom_kill of /proc/vmstat). On servers each time, as the
 * community's "Host OOM kill detected"; on somebody's own machine from the third within seven days, because a browser that
 * lost a tab is no trouble yet. It happened and never clears. Who was ended stands in the kernel's log, which is asked for
 * with the diagnostics.
 */
const State = z.object({ boot: z.string().max(100), kills: z.number(), at: z.array(z.number()).max(1_000) }).nullable()

export default defineHealth({
  name: 'out-of-memory',
  platforms: ['linux'],
  every: seconds(30),
  runbook: 'See in the kernel’s log (journalctl -k | grep -i oom) which program was ended and which one held the memory.',
  start: null,
  remembers: State,
  async read({ vitals }): Promise<{ boot: string; kills: number }> {
    const [vmstat = '', boot = ''] = await Promise.all([vitals.kernel('/proc/vmstat'), vitals.kernel('/proc/sys/kernel/random/boot_id')])
    return { boot: boot.trim(), kills: Number(/^oom_kill (\d+)$/m.exec(vmstat)?.[1] ?? 0) }
  },
  decide(before, { boot, kills }, { now, role, limits }) {
    const earlier = (before?.at ?? []).filter((at) => at > now - days(7))
    const fresh = before === null ? 0 : Math.max(0, kills - (before.boot === boot ? before.kills : 0))
    const at = [...earlier, ...Array.from({ length: Math.min(fresh, 100) }, () => now)].slice(-1_000)
    const state = { boot, kills, at }
    const isWorthSaying = fresh > 0 && (role !== 'workstation' || at.length >= limits.killsOnWorkstationCount)
    if (!isWorthSaying) return { state, findings: undefined }
    const summary = `Memory was out: the kernel ended ${fresh === 1 ? 'a program' : `${fresh} programs`}`
    const facts = { kills: fresh, killsIn7Days: at.length }
    return {
      state,
      findings: undefined,
      happened: [{ kind: 'health.crash', severity: 'medium' as const, about: 'out of memory', summary, facts }],
    }
  },
})
