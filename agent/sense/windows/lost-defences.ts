import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes, seconds } from '#shared/domain/time.ts'
import type { WindowsMachine } from '../../host/windows/machine.ts'
import type { Say, WatchContext, Watching } from '../define-detector.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { cameBack, clearedLog, firewallOf, firewallOff, type Lost, lostDefence, lostSaid } from './defence.ts'
import { isOf, type WindowsEvent, type WindowsEvents } from './events.ts'
import { type FirewallSwitch, firewallSwitches } from './firewall-switches.ts'

/** A log that is cleared says so itself and begins anew; each part of Defender that goes says so too. */
const quietMs = minutes(10)
const comesBackWithinMs = minutes(1)
const maxWaiting = 200
/** Security's word that some setting of the firewall changed; which, it says in the language of the system only. */
const settingChanged = 4950
/** By then the registry has it, and what else was changed with it. */
const writtenWithinMs = seconds(2)

export function watchLostDefences(
  events: WindowsEvents,
  windows: WindowsMachine | undefined,
  say: Say,
  { time, broken, role, settings }: WatchContext,
): Watching {
  const said = new BoundedMap<{ at: number }>(500)
  const waiting = new Map<string, { cancel: Cancel; act: () => Promise<void> }>()
  const tell = async (lost: Lost, event: string, at: number): Promise<void> => {
    const last = said.touch(`${lost.about} ${lost.facts?.setting ?? ''}`, () => ({ at: Number.NEGATIVE_INFINITY }))
    if (time.monotonic() - last.at < quietMs) return
    last.at = time.monotonic()
    const around = { isWorkstation: role === 'workstation', event, before: settings.starts?.lines(20) ?? '', at }
    await say(lostSaid(lost, around)).catch((error: unknown) => broken(sentenceOf(error)))
  }
  const forget = (key: string): void => {
    waiting.get(key)?.cancel()
    waiting.delete(key)
  }
  const tellLater = (key: string, act: () => Promise<void>): void => {
    if (waiting.has(key)) return
    if (waiting.size >= maxWaiting) return void act()
    const cancel = time.after(comesBackWithinMs, () => {
      waiting.delete(key)
      void act()
    })
    waiting.set(key, { cancel, act })
  }
  const take = (lost: Lost, event: WindowsEvent): void => {
    const act = (): Promise<void> => tell(lost, event.text(), event.at)
    if (lost.comesBackAs === undefined) void act()
    else tellLater(lost.comesBackAs, act)
  }
  const switches = watchSwitches(windows, { time, broken }, (profile, event) => {
    if (profile.isOn) forget(firewallOf(profile.number))
    else take(firewallOff(profile.number), event)
  })
  const ends = [
    events.listen((event) => {
      const lost = lostDefence(event)
      if (lost) take(lost, event)
      else forget(cameBack(event) ?? '')
      if (isOf(event, 'security') && event.id === settingChanged) switches.look(event)
    }),
    switches.stop,
    events.onCleared((channel, before, now) => void tell(clearedLog(channel, before, now), `${channel}: ${before} → ${now}`, time.now())),
  ]
  return {
    // How far the log was read is kept, so nobody reads of it again.
    stop: async () => {
      for (const end of ends) end()
      const left = [...waiting]
      for (const [key] of left) forget(key)
      await Promise.all(left.map(([, { act }]) => act()))
    },
  }
}

/** Asks the registry, which of the firewall's profiles changed since it was asked last. */
function watchSwitches(
  windows: WindowsMachine | undefined,
  { time, broken }: Pick<WatchContext, 'time' | 'broken'>,
  changed: (profile: FirewallSwitch, event: WindowsEvent) => void,
) {
  let next: Cancel | undefined
  const read = async (): Promise<Map<string, FirewallSwitch>> =>
    new Map((windows ? await firewallSwitches(windows) : []).map((profile) => [profile.name, profile]))
  let known = read().catch(() => new Map<string, FirewallSwitch>())
  const compare = async (event: WindowsEvent): Promise<void> => {
    const before = await known
    const now = await read()
    known = Promise.resolve(now)
    for (const profile of now.values()) if (profile.isOn !== (before.get(profile.name)?.isOn ?? true)) changed(profile, event)
  }
  return {
    look(event: WindowsEvent): void {
      next ??= time.after(writtenWithinMs, () => {
        next = undefined
        compare(event).catch((error: unknown) => broken(sentenceOf(error)))
      })
    },
    stop: (): void => next?.(),
  }
}
