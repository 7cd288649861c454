import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds } from '#shared/domain/time.ts'
import { defineDetector } from '../define-detector.ts'
import { changesBetween, eventOf } from '../power/compare.ts'
import { doingOf } from '../power/doing.ts'
import { watchUnits } from '../power/package-units.ts'
import { PlaceWatches } from '../power/place-watches.ts'
import { type Snapshot, Snapshots } from '../power/snapshot.ts'

/*
 * security.account.admin-added, .persistence.dangerous and .persistence.new (rows 12 to 14), and security.defence.changed (low: what is logged): files by which programs start by themselves and
 * people get powers, and people's own shells, compared with before by their change times: those in whose folders anything was named, every five seconds; all of them, every thirty. What a package
 * manager writes is info; what runs from a folder of users is dangerous wherever it is written down. Said once for each change, with
 * the lines before and after, and who, where fatrace tells. The alert-rules have none for this. On Windows by the log's numbers and
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
    const look = async (): Promise<void> => {
      const after = await snapshots.take()
      for (const change of changesBetween(before, after)) {
        const event = eventOf(change, await doingOf(change.path, settings))
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
