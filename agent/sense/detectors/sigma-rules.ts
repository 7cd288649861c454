import { join } from 'node:path'
import { sentenceOf } from '#shared/domain/fault.ts'
import { minutes } from '#shared/domain/time.ts'
import type { WatchedRule } from '#shared/domain/watched-rules.ts'
import { isFor, type Origin } from '#shared/sigma/logsource.ts'
import { normalise, type SigmaEvent } from '#shared/sigma/normalise.ts'
import type { RuleSet } from '#shared/sigma/read-rules.ts'
import { createSigmaEngine, type SigmaHit } from '#shared/sigma/sigma.ts'
import { defineDetector, type WatchContext, type Watching } from '../define-detector.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { type Deed, PackageScripts } from '../power/package-scripts.ts'
import { sigmaEventOf } from '../processes/process-start.ts'
import { AuditCalls } from '../sigma/audit-calls.ts'
import { loadRules } from '../sigma/load.ts'
import { tell } from '../sigma/tell.ts'
import type { WindowsEvent, WindowsEvents } from '../windows/events.ts'

/*
 * security.sigma.*: rules in Sigma's format on what this machine does: lines of auditd's log and of whatever log or journal has sign-ins, programs that start, files
 * that are written. On Windows every event of its logs, also of those that only a rule asks for. The rules that ship lie beside this, the user's own in /etc/tierline/sigma or C:\ProgramData\Tierline\sigma. The same rule is said once in ten minutes
 * with how often it fitted, because a rule that fits a cron job fits every minute. A rule whose status
 * is stable or test is armed by a person, through the policy, or else at the collector by its record; any other says a step less than its
 * level, and none isolates. A rule that says so spares what a package's own script does to its own service. The collector is told which rules can fit what is watched here. Threat: lines and rules are written by others; both are only ever compared. Whoever writes ten
 * thousand files a second would keep this busy, so of files only so many are judged.
 */
const auditLog = '/var/log/audit/audit.log'
const shippedRules = join(import.meta.dirname, '../sigma/rules')
const ownRules = '/etc/tierline/sigma'
const ownWindowsRules = 'C:\\ProgramData\\Tierline\\sigma'
const quietMs = minutes(10)
const maxFilesPerSecond = 500
const maxHeld = 5_000
const logonServices = ['syslog', 'auth', 'sshd', 'sudo', 'su', 'login']

export default defineDetector({
  name: 'sigma-rules',
  platforms: ['linux', 'windows'],
  readsAtStart: ['security.sigmaPlaceholders'],
  async watch(probe, say, context) {
    const { time, settings } = context
    const early = settings.windowsEvents && holdEvents(settings.windowsEvents)
    const folders = [shippedRules, probe.platform === 'windows' ? ownWindowsRules : ownRules]
    const rules = await loadRules(probe, folders, settings.sigmaPlaceholders)
    if (rules.refused.length > 0)
      context.log.warn({ refused: rules.refused.slice(0, 100), count: rules.refused.length }, 'some Sigma rules are not used')
    if (rules.rules.length === 0) {
      early?.end()
      return { unsupported: 'there are no rules' }
    }
    const engine = createSigmaEngine(rules)
    const gathered = gathering(context)
    const saidOf = ({ about: { id } }: SigmaHit): boolean | undefined => {
      if (settings.disarmedRules?.().includes(id)) return false
      return settings.armedRules?.().includes(id) ? true : undefined
    }
    const sayOf = async (hit: SigmaHit, line: string): Promise<void> => {
      const times = gathered(hit)
      if (times > 0) await say(tell({ hit, line, times, saidArmed: saidOf(hit) }))
    }
    const packages = new PackageScripts(probe, time, settings.starts)
    const judgeAs = (event: SigmaEvent, lineOf: () => string, deedOf: () => Deed | undefined = () => undefined): void => {
      for (const hit of engine.judge(event, time.now())) {
        const deed = hit.about.sparesPackages ? deedOf() : undefined
        const said = deed ? unlessBy(packages, deed, () => sayOf(hit, lineOf())) : sayOf(hit, lineOf())
        said.catch((error: unknown) => context.broken(sentenceOf(error)))
      }
    }
    const judge = (event: unknown, deedOf?: () => Deed | undefined): void =>
      judgeAs(normalise(event), () => (typeof event === 'string' ? event : JSON.stringify(event)), deedOf)
    const calls = new AuditCalls()
    const judgeAudit = (line: string): void => {
      calls.note(line)
      judge(line, () => calls.deedOf(line))
    }
    if (early) return watchWindows(early, { rules, judge: (event) => judgeAs(event.sigma, event.text) })
    // That it may not be read is somebody else's to miss.
    const audit = await probe.followFile(auditLog, { onLine: judgeAudit, onEnd: (reason) => context.broken(reason) })
    const ends = [
      audit.kind === 'known' ? audit.value : undefined,
      settings.logonLines?.listen((line) => judge(line)),
      settings.starts?.listen((start) =>
        judge(sigmaEventOf(start), () => ({ parentPid: start.parentPid, words: start.commandLine.split(' ') })),
      ),
      settings.writers?.listen(fileJudge(context, judge)),
    ]
    const hasAudit = (): boolean => audit.kind === 'known' && probe.lookNow(auditLog) !== undefined
    return {
      rules: () => watchedOf(rules, originsOf(context, hasAudit())),
      stop: async () => ends.forEach((end) => void end?.()),
    }
  },
})

/** What can't be found out is nobody's. */
async function unlessBy(packages: PackageScripts, deed: Deed, sayIt: () => Promise<void>): Promise<void> {
  if (!(await packages.did(deed).catch(() => false))) await sayIt()
}

/** Where events come from here. Of a log-on log these services' lines are expected; which others stand in it nobody knows. */
function originsOf({ settings }: WatchContext, hasAudit: boolean): Origin[] {
  const linux = (categories: string[], services: string[]): Origin => ({ product: 'linux', categories, services })
  return [
    ...(hasAudit ? [linux([], ['auditd'])] : []),
    ...(settings.logonLines ? [linux([], logonServices)] : []),
    ...(settings.starts ? [linux(['process_creation'], [])] : []),
    ...(settings.writers ? [linux(['file_event'], [])] : []),
  ]
}

/** Only rules that an event of here can reach: one that waits for what nobody collects proves nothing by its silence. */
function watchedOf({ rules, correlations }: RuleSet, origins: readonly Origin[]): WatchedRule[] {
  const reached = rules.filter(({ source }) => origins.some((origin) => isFor(source, origin)))
  const names = new Set(reached.flatMap(({ id, name }) => [id, name ?? id]))
  return [...reached, ...correlations.filter(({ rules: counted }) => counted.every((name) => names.has(name)))].flatMap(
    ({ id, digest, title, severity, status = '' }): WatchedRule[] =>
      digest === undefined ? [] : [[id.slice(0, 200), digest, title.slice(0, 120), severity, status.slice(0, 20)]],
  )
}

/** Rules take a while to load, and what happens meanwhile is judged by them too. */
function holdEvents(events: WindowsEvents) {
  const held: WindowsEvent[] = []
  let judge = (event: WindowsEvent): void => void (held.length < maxHeld && held.push(event))
  const end = events.listen((event) => judge(event))
  return {
    ...{ events, end },
    release(next: (event: WindowsEvent) => void): void {
      judge = next
      for (const event of held.splice(0)) next(event)
    },
  }
}

interface OnWindows {
  rules: RuleSet
  judge(event: WindowsEvent): void
}

async function watchWindows(early: ReturnType<typeof holdEvents>, { rules, judge }: OnWindows): Promise<Watching> {
  const { channelsFor, windowsOrigins } = await import('../windows/sigma-origins.ts')
  early.events.want(channelsFor(rules.rules.map(({ source }) => source)))
  early.release(judge)
  return { rules: () => watchedOf(rules, windowsOrigins(early.events)), stop: async () => early.end() }
}

function fileJudge({ time }: WatchContext, judge: (event: unknown) => void): (path: string, image: string) => void {
  let second = 0
  let count = 0
  return (path, image) => {
    const now = Math.floor(time.monotonic() / 1_000)
    count = now === second ? count + 1 : 1
    second = now
    if (count <= maxFilesPerSecond)
      judge({ logsource: { product: 'linux', category: 'file_event' }, TargetFilename: path, Image: image, at: time.now() })
  }
}

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
