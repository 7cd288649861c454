import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, hours, seconds } from '#shared/domain/time.ts'
import type { PrivilegedFile } from '../../host/privileged-files.ts'
import type { Probe } from '../../host/probe.ts'
import { defineDetector, type Say, type WatchContext } from '../define-detector.ts'
import type { Doing } from '../power/compare.ts'
import { doingOf } from '../power/doing.ts'
import { PackageScripts } from '../power/package-scripts.ts'
import { cameWithPackage } from '../power/packages.ts'
import { capabilityEvent, isGivingPower, pathOf, pathsIn, powerOf, privilegedEvent } from '../power/privileged.ts'
import type { ProcessStart } from '../processes/process-start.ts'

/*
 * security.persistence.dangerous (row 13): a program that came to run as its owner, or another's, whoever starts it (setuid, setgid), and a
 * `setcap`. The places where programs lie are walked once an hour, in bites, and half as often as that on a busy machine; a `chmod` that could
 * do it is looked after at once. The first walk learns silently, and what it learnt is kept over restarts, so that what happened while the
 * agent was off is said too. What came with a package about then is info. The alert-rules have none for this.
 * Threat: a path is whatever somebody named it: shown printable. Capabilities that were set without `setcap` are not seen.
 */
const walkEveryMs = hours(1)
/** Part of the start, and over before what the start left is given back. */
const firstWalkAfterMs = seconds(30)
/** A command is noticed before it has done its work. */
const afterCommandMs = seconds(1)
const memoryName = 'powers'
/** More than a walk can find, so that none is said again after a restart. */
const maxKept = 8_000

const Kept = z.array(z.string().max(5_000)).max(maxKept)

export default defineDetector({
  name: 'powers-given',
  platforms: ['linux'],
  async watch(probe, say, context) {
    const { time, settings, broken, isStrained } = context
    const known = createKnown(Kept.safeParse(await settings.memory?.read(memoryName)).data)
    const waiting = new Set<Cancel>()
    let isStopped = false
    let queue: Promise<void> = Promise.resolve()
    const inTurn = (work: () => Promise<void>): Promise<void> => {
      queue = queue.then(work).catch((error: unknown) => broken(sentenceOf(error)))
      return queue
    }
    const after = (ms: number, work: () => Promise<void>): void => {
      if (isStopped) return
      const cancel = time.after(ms, () => {
        waiting.delete(cancel)
        void inTurn(work)
      })
      waiting.add(cancel)
    }
    const take = async (files: PrivilegedFile[], isWhole: boolean): Promise<void> => {
      const fresh = known.take(files, isWhole)
      for (const { file, before } of fresh) await say(privilegedEvent(file, before, await doingTo(file, probe, context)))
      if (fresh.length > 0 || isWhole) await known.keep((state) => settings.memory?.write(memoryName, state))
    }
    let leftOut = false
    const walk = async (): Promise<void> => {
      leftOut = !leftOut && known.hasLearnt() && (await isStrained())
      if (!leftOut) await take(await probe.privilegedFiles(), true)
      after(walkEveryMs, walk)
    }
    after(firstWalkAfterMs, walk)
    const scripts = new PackageScripts(probe, time, settings.starts)
    const stopListening = settings.starts?.listen((start) => {
      if (!isGivingPower(start)) return
      tellOfCapabilities(start, scripts, say).catch((error: unknown) => broken(sentenceOf(error)))
      const look = (path: string) => probe.privilegedFile(path) ?? []
      if (known.hasLearnt()) after(afterCommandMs, () => take(pathsIn(start).flatMap(look), false))
    })
    return {
      stop: async () => {
        isStopped = true
        stopListening?.()
        for (const cancel of waiting) cancel()
        await queue
      },
    }
  },
})

/** What had power before, by path; undefined until a whole walk has learnt it. */
function createKnown(kept: string[] | undefined) {
  let known = kept && new Map(kept.map((power) => [pathOf(power), power]))
  let saved = kept?.join('\n')
  return {
    hasLearnt: () => known !== undefined,
    take(files: PrivilegedFile[], isWhole: boolean) {
      const before = known
      const fresh = before ? files.filter((file) => before.get(file.path) !== powerOf(file)) : []
      const now = files.map((file) => [file.path, powerOf(file)] as const)
      known = new Map(isWhole ? now : [...(before ?? []), ...now])
      return fresh.map((file) => ({ file, before: before?.get(file.path) }))
    },
    async keep(write: (state: string[]) => Promise<void> | undefined) {
      const state = [...(known?.values() ?? [])].slice(0, maxKept)
      if (state.join('\n') !== saved) await write(state)
      saved = state.join('\n')
    },
  }
}

async function doingTo(file: PrivilegedFile, probe: Probe, { settings }: WatchContext): Promise<Doing> {
  const doing = await doingOf(file.path, settings)
  return { ...doing, isByPackages: doing.isByPackages || (await cameWithPackage(probe, file.path, file.changedAt)) }
}

/** Scripts of packages give capabilities too (ping has its own). */
async function tellOfCapabilities(start: ProcessStart, scripts: PackageScripts, say: Say): Promise<void> {
  const doing = { facts: {}, isByPackages: false, isByOwnCommand: start.parentPid === process.pid }
  if (!capabilityEvent(start, doing)) return
  const event = capabilityEvent(start, { ...doing, isByPackages: (await scripts.scriptAbove(start.parentPid)) !== undefined })
  if (event) await say(event)
}
