import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { printable } from '#shared/domain/printable.ts'
import { type Cancel, seconds } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import { defineDetector, type SenseSettings } from '../define-detector.ts'
import { dangerOf, type Module, nameInTree, readModules, readTree } from '../power/modules.ts'
import { lineOf } from '../processes/starts.ts'

/*
 * security.persistence.dangerous (row 13): a kernel module that was loaded from outside the tree that the packages put there, by force, or
 * unsigned where the distribution signs; security.persistence.new (row 14): one that was built on this machine, as drivers are. The kernel's
 * own come and go with devices and say nothing. Compared every 20 s out of /proc/modules; where they lie is read for new ones only. The
 * first list is learnt silently; a stranger that was loaded while the agent was off is said at its start. The alert-rules have none for this.
 * Threat: a module that hides itself from that list, or that replaced a file of the tree, is not seen.
 */
const lookEveryMs = seconds(20)
const memoryName = 'modules'
/** A distribution's kernel lists some thousand modules in less than two. */
const maxListBytes = 16_777_216
const Strangers = z.array(z.string().max(100)).max(2_000)

export default defineDetector({
  name: 'kernel-modules',
  platforms: ['linux'],
  async watch(probe, say, { time, settings, broken }) {
    const list = () => probe.vitals.kernel('/proc/modules')
    const first = await list()
    if (first === undefined) return { unsupported: 'this kernel loads no modules, or does not list them' }
    const remembered = Strangers.safeParse(await settings.memory?.read(memoryName)).data
    const strangers = new Set(remembered)
    let known: ReadonlySet<string> = new Set()
    let next: Cancel = () => undefined
    let isStopped = false
    const look = async (text: string, isLearning: boolean): Promise<void> => {
      const now = readModules(text)
      const fresh = now.filter(({ name }) => !known.has(name))
      const placeOf = fresh.length === 0 ? undefined : await placesInTree(probe)
      for (const module of fresh) {
        const found = stranger(module, placeOf?.(module.name))
        if (!found) continue
        if (!isLearning && !strangers.has(module.name)) await say(eventOf(module, found, settings))
        strangers.add(module.name)
        await settings.memory?.write(memoryName, [...strangers].slice(-2_000))
      }
      // Loaded again after it was taken out is loaded anew.
      const here = new Set(now.map(({ name }) => name))
      for (const name of known) if (!here.has(name)) strangers.delete(name)
      known = here
    }
    const plan = (): void => {
      if (isStopped) return
      next = time.after(
        lookEveryMs,
        () =>
          void list()
            .then((text) => (text === undefined ? undefined : look(text, false)))
            .then(plan, (error: unknown) => broken(sentenceOf(error))),
      )
    }
    await look(first, remembered === undefined)
    if (remembered === undefined) await settings.memory?.write(memoryName, [...strangers])
    plan()
    return {
      stop: async () => {
        isStopped = true
        next()
      },
    }
  },
})

interface Stranger {
  danger: 'dangerous' | 'new'
  place: string | undefined
}

/** Undefined: one of the kernel's own. */
function stranger(module: Module, place: string | undefined): Stranger | undefined {
  const danger = dangerOf(module, place)
  return danger && { danger, place }
}

/** Where a module lies by its name, undefined for nowhere. Without the whole list (a container) only what the kernel itself says of it counts. */
async function placesInTree(probe: Probe): Promise<(name: string) => string | undefined> {
  const release = (await probe.vitals.kernel('/proc/sys/kernel/osrelease'))?.trim() ?? ''
  const list = await probe.read(`/lib/modules/${release}/modules.dep`, maxListBytes).catch(() => undefined)
  if (list === undefined || list.length >= maxListBytes) return () => 'unknown'
  const tree = readTree(list.toString('utf8'))
  return (name) => tree.get(nameInTree(name))
}

function eventOf(module: Module, { danger, place }: Stranger, { starts }: SenseSettings) {
  const loading = starts?.latest(({ commandLine }) => /^(?:\S*\/)?(?:insmod|modprobe|kmod)\s/.test(commandLine)).slice(-3) ?? []
  const kind = `security.persistence.${danger}`
  const how = module.taint.includes('F')
    ? 'was loaded by force'
    : place === undefined
      ? 'lies in no package’s tree'
      : 'is not signed by the distribution'
  return {
    kind,
    severity: danger === 'new' ? ('low' as const) : ('high' as const),
    about: `module ${module.name}`,
    fingerprint: `${kind}:${module.name}`,
    summary: `The kernel module ${printable(module.name)} was loaded and ${how}`,
    facts: {
      ...{ technique: 'T1547.006', module: module.name, taint: module.taint, place: place ?? null, before: null },
      process: loading.at(-1)?.image ?? 'unknown',
    },
    evidence: [{ name: 'programs that load modules, as they were started', text: loading.map(lineOf).join('\n') || 'none was seen' }],
  }
}
