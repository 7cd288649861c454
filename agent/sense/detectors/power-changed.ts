import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds } from '#shared/domain/time.ts'
import { defineDetector, type SenseSettings } from '../define-detector.ts'
import { type Change, changesBetween, type Doing, eventOf } from '../power/compare.ts'
import { doingOf } from '../power/doing.ts'
import { watchUnits } from '../power/package-units.ts'
import { packageWork, settingsOfPackages } from '../power/package-work.ts'
import { PlaceWatches } from '../power/place-watches.ts'
import { type Kept, type Snapshot, Snapshots } from '../power/snapshot.ts'

/*
 * security.account.admin-added, .persistence.dangerous and .persistence.new (rows 12 to 14), and security.defence.changed (low: what is logged): files by which programs start by themselves and
 * people get powers, and people's own shells, compared with before by their change times: those in whose folders anything was named, every five seconds; all of them, every thirty. What a package
 * manager writes is info; what runs from a folder of users is dangerous wherever it is written down. Said once for each change, with
 * the lines before and after, and who, where fatrace tells; where nobody tells, what isn't dangerous waits until no packages are put in, and what is then as its package brought it is that package's. The alert-rules have none for this. On Windows by the log's numbers and
 * fields: members of administrators' groups by their SIDs, new users, services, tasks, autorun keys and WMI consumers. What changed while the
 * agent was off is not said on Linux. Threat: contents are the attacker's: shown masked and printable, cut, and never run.
 */
const lookEveryMs = seconds(5)

export default defineDetector({
  name: 'power-changed',
  platforms: ['linux', 'windows'],
  async watch(probe, say, context) {
    const { time, settings, broken } = context
    if (settings.windowsEvents) return (await import('../windows/powers.ts')).watchPowers(settings.windowsEvents, say, context)
    const watches = new PlaceWatches(probe, () => time.monotonic())
    const snapshots = new Snapshots(probe, '', watches)
    let before: Snapshot = await snapshots.take()
    let next: Cancel = () => undefined
    let isStopped = false
    const work = packageWork(probe, time)
    const look = async (): Promise<void> => {
      const after = new Map(await snapshots.take())
      const done = await doneBy(changesBetween(before, after), settings)
      const mayBeTheirs = done.filter(
        ({ change, doing }) => isSetting(change) && doing.facts.process === 'unknown' && !isHigh(change, doing),
      )
      const waiting = mayBeTheirs.length > 0 && (await work.isUnderWay()) ? mayBeTheirs : []
      if (waiting.length === 0) work.over()
      for (const { change } of waiting) putBack(after, change)
      const asked = mayBeTheirs.filter((each) => !waiting.includes(each))
      const theirs = await settingsOfPackages(
        probe,
        asked.map(({ change }) => change.path),
      )
      for (const each of done.filter((each) => !waiting.includes(each))) {
        const isByPackages = each.doing.isByPackages || (asked.includes(each) && theirs.has(each.change.path))
        const event = eventOf(each.change, { ...each.doing, isByPackages })
        if (event) await say(event)
      }
      before = after
    }
    const units = await watchUnits(probe, time)
    const lookAtUnits = async (): Promise<void> => {
      for (const { change, isByPackages } of await units.changes()) {
        const doing = await doingOf(change.path, settings)
        const event = eventOf(change, { ...doing, isByPackages: doing.isByPackages || isByPackages })
        if (event) await say(event)
      }
    }
    const plan = (): void => {
      if (isStopped) return
      next = time.after(
        lookEveryMs,
        () =>
          void look()
            .then(lookAtUnits)
            .then(plan, (error: unknown) => broken(sentenceOf(error))),
      )
    }
    plan()
    return {
      stop: async () => {
        isStopped = true
        next()
        watches.stop()
      },
    }
  },
})

interface Done {
  change: Change
  doing: Doing
}

const doneBy = (changes: readonly Change[], settings: SenseSettings): Promise<Done[]> =>
  Promise.all(changes.map(async (change) => ({ change, doing: await doingOf(change.path, settings) })))

/** Users and groups are no package's; packages bring nothing to people's homes. */
const isSetting = ({ path }: Change): boolean => path.startsWith('/etc/') && path !== '/etc/passwd' && path !== '/etc/group'

const isHigh = (change: Change, doing: Doing): boolean => eventOf(change, doing)?.severity === 'high'

/** It will be another than before in the next look as well. */
function putBack(after: Map<string, Kept>, { path, before }: Change): void {
  if (before) after.set(path, before)
  else after.delete(path)
}
