import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { printable } from '#shared/domain/printable.ts'
import { type Cancel, seconds } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import { defineDetector, type WatchContext } from '../define-detector.ts'
import { doingOf } from '../power/doing.ts'

/*
 * security.agent.tampered (row 16): this agent's own files changed: its program where it is installed, its settings, its units. Compared
 * every 30 seconds by change time, and with what was known before a restart. What the package manager wrote, and what changed while the
 * agent made way for an update, is told apart. That its process was ended says last-run. The alert-rules have none for this.
 * Threat: who is root can change all of this and what is remembered of it; then the collector's silence about us is what is left.
 */
const lookEveryMs = seconds(30)
const memoryName = 'own files'
const maxBytes = 268_435_456
const units = ['/etc/systemd/system', '/lib/systemd/system', '/run/systemd/system'].flatMap((folder) =>
  ['tierline-agent.service', 'tierline-agent.service.d', 'tierline-isolation.service'].map((name) => join(folder, name)),
)

const Known = z.record(z.string().max(4_096), z.object({ signature: z.string(), sha256: z.string() }))
type Known = z.infer<typeof Known>

export default defineDetector({
  name: 'agent-tampered',
  platforms: ['linux'],
  async watch(probe, say, context) {
    const { time, settings, broken } = context
    const { own, memory } = settings
    if (!own) return { unsupported: 'a trial is anybody’s to change' }
    const remembered = Known.safeParse(await memory?.read(memoryName)).data
    let known: Known = remembered ?? {}
    let isFirst = true
    const look = async (): Promise<void> => {
      const now = await readOwn(probe, own.dataDir, known)
      const changed = changedPaths(known, now)
      // The first time there is nothing to compare with; after an update everything is another.
      const isSilent = isFirst && (remembered === undefined || own.wasUpdated)
      for (const path of isSilent ? [] : changed) await say(await tampered(path, known, now, isFirst, context))
      known = now
      isFirst = false
      if (changed.length > 0) await memory?.write(memoryName, known)
    }
    await look()
    let next: Cancel = () => undefined
    let isStopped = false
    const plan = (): void => {
      if (!isStopped) next = time.after(lookEveryMs, () => void look().then(plan, (error: unknown) => broken(sentenceOf(error))))
    }
    plan()
    return {
      stop: async () => {
        isStopped = true
        next()
      },
    }
  },
})

/** Only what is installed: somebody who works on the program changes it all day. */
const installed = (path: string | undefined): string[] => (path !== undefined && /^\/(?:usr|opt)\//.test(path) ? [path] : [])

async function readOwn(probe: Probe, dataDir: string, known: Known): Promise<Known> {
  const now: Known = {}
  for (const path of [join(dataDir, 'agent.json'), ...installed(process.argv[1]), ...installed(process.execPath), ...units]) {
    const inside = (await probe.list(path).catch(() => undefined))?.names.slice(0, 50).map((name) => join(path, name)) ?? [path]
    for (const each of inside) {
      const look = await probe.look(each).catch(() => undefined)
      if (!look) continue
      const signature = `${look.identity} ${look.changedAt} ${look.sizeBytes}`
      const seen = known[each]
      const bytes = seen?.signature === signature ? undefined : await probe.read(each, maxBytes).catch(() => undefined)
      const sha256 = bytes ? createHash('sha256').update(bytes).digest('hex') : seen?.sha256
      if (sha256 !== undefined) now[each] = { signature, sha256 }
    }
  }
  return now
}

const changedPaths = (before: Known, now: Known): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((path) => before[path]?.sha256 !== now[path]?.sha256)

async function tampered(path: string, before: Known, now: Known, wasOff: boolean, { settings }: WatchContext) {
  const doing = await doingOf(path, settings)
  const how = now[path] ? (before[path] ? 'changed' : 'new') : 'removed'
  const isOurs = doing.isByPackages || doing.isByOwnCommand
  return {
    kind: 'security.agent.tampered',
    severity: isOurs ? ('info' as const) : ('high' as const),
    about: path,
    summary: printable(`A file of this agent is ${how}: ${path}${doing.isByPackages ? ', by the package manager' : ''}`).slice(0, 500),
    facts: {
      ...{ technique: 'T1554', path, how, whileOff: wasOff, byPackages: doing.isByPackages, byOwnCommand: doing.isByOwnCommand },
      ...{ sha256Before: before[path]?.sha256 ?? null, sha256: now[path]?.sha256 ?? null, ...doing.facts },
    },
    evidence: [{ name: 'what was started before it', text: settings.starts?.lines(20) ?? '' }],
  }
}
