import { join } from 'node:path'
import { sentenceOf } from '#shared/domain/fault.ts'
import { minutes } from '#shared/domain/time.ts'
import { normalise } from '#shared/sigma/normalise.ts'
import { createSigmaEngine, type SigmaHit } from '#shared/sigma/sigma.ts'
import { defineDetector, type WatchContext } from '../define-detector.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { loadRules } from '../sigma/load.ts'
import { tell } from '../sigma/tell.ts'

/*
 * security.sigma.*: rules in Sigma's format on auditd's log, of which every line is one event. The rules that ship lie beside this, the user's
 * own in /etc/tierline/sigma. The same rule is said once in ten minutes with how often it fitted, because a rule that fits
 * a cron job fits every minute. No rule is armed here, so nothing is more than "high", and nothing isolates. Threat: lines and
 * rules are written by others; both are only ever compared.
 */
const auditLog = '/var/log/audit/audit.log'
const shippedRules = join(import.meta.dirname, '../sigma/rules')
const ownRules = '/etc/tierline/sigma'
const quietMs = minutes(10)

export default defineDetector({
  name: 'sigma-rules',
  platforms: ['linux'],
  async watch(probe, say, context) {
    if (!(await probe.look(auditLog))) return { unsupported: `there is no ${auditLog}: auditd doesn’t run, or this user may not see it` }
    const rules = await loadRules(probe, [shippedRules, ownRules])
    if (rules.refused.length > 0)
      context.log.warn({ refused: rules.refused.slice(0, 100), count: rules.refused.length }, 'some Sigma rules are not used')
    const engine = createSigmaEngine(rules)
    const gathered = gathering(context)
    const onLine = (line: string): void => {
      for (const hit of engine.judge(normalise(line), context.time.now())) {
        const times = gathered(hit)
        if (times > 0) say(tell({ hit, line, times, isArmed: false })).catch((error: unknown) => context.broken(sentenceOf(error)))
      }
    }
    const followed = await probe.followFile(auditLog, { onLine, onEnd: (reason) => context.broken(reason) })
    return followed.kind === 'known' ? { stop: async () => followed.value() } : { unsupported: followed.reason }
  },
})

/** How often a rule fitted since it was last said, once that may be said again; 0 while it may not. */
function gathering({ time }: WatchContext): (hit: SigmaHit) => number {
  const seen = new BoundedMap<{ saidAt: number; times: number }>(10_000)
  return ({ about, group }) => {
    const now = time.monotonic()
    const entry = seen.touch(`${about.id} ${JSON.stringify(group)}`, () => ({ saidAt: now - quietMs, times: 0 }))
    entry.times += 1
    if (now - entry.saidAt < quietMs) return 0
    const { times } = entry
    Object.assign(entry, { saidAt: now, times: 0 })
    return times
  }
}
