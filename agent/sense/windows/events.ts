import { normalise, type SigmaEvent } from '#shared/sigma/normalise.ts'
import type { EventGap } from '../../host/windows/event-log.ts'
import type { EventJson } from '../../host/windows/event-xml.ts'

/** An event of Windows' log, by number and field; nothing in it is a text in the language of the system. */
export interface WindowsEvent {
  id: number
  /** In small letters: Windows doesn't tell them apart. */
  channel: string
  /** Epoch ms at which it happened. */
  at: number
  /** The first value of a field; '' where it has none. */
  field(name: string): string
  /** As rules are asked by it. */
  sigma: SigmaEvent
  /** As it was written, for people; not masked. */
  text(): string
}

/** @param now epoch ms: when it counts as happened, where it doesn't say, or says a later time. */
export function windowsEvent(json: EventJson | Record<string, unknown>, now: number): WindowsEvent {
  const sigma = normalise(json)
  const field = (name: string): string => sigma.view.values(name)[0]?.text ?? ''
  return {
    ...{ id: Number(field('EventID')), channel: field('Channel').toLowerCase(), field, sigma },
    at: Math.min(now, sigma.at ?? now),
    text: () => JSON.stringify(json),
  }
}

export const channels = {
  security: 'Security',
  system: 'System',
  sysmon: 'Microsoft-Windows-Sysmon/Operational',
  defender: 'Microsoft-Windows-Windows Defender/Operational',
  firewall: 'Microsoft-Windows-Windows Firewall With Advanced Security/Firewall',
  powershell: 'Microsoft-Windows-PowerShell/Operational',
  powershellClassic: 'Windows PowerShell',
  tasks: 'Microsoft-Windows-TaskScheduler/Operational',
  wmi: 'Microsoft-Windows-WMI-Activity/Operational',
} as const

/** Whether an event stands in this channel. */
export const isOf = (event: WindowsEvent, channel: keyof typeof channels): boolean => event.channel === channels[channel].toLowerCase()

/** What is missed where it can't be read. The others are there only where somebody installed or switched on what writes them. */
export const expected: ReadonlySet<string> = new Set([channels.security, channels.system])

type ClearedListener = (channel: string, before: number, now: number) => void
const maxServices = 1_000

/** What Windows' log says, from whoever follows it to all who judge it. */
export class WindowsEvents {
  readonly #listeners = new Set<(event: WindowsEvent) => void>()
  readonly #clearedListeners = new Set<ClearedListener>()
  readonly #gaps = new Map<string, EventGap>()
  readonly #wanted = new Set<string>(Object.values(channels))
  readonly #ends = new Map<string, number>()
  #onWanted: (channels: readonly string[]) => void = () => undefined

  tell(event: WindowsEvent): void {
    this.#countEnd(event)
    for (const listener of this.#listeners) listener(event)
  }

  /** Answers its end. */
  listen(listener: (event: WindowsEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  tellCleared(channel: string, before: number, now: number): void {
    for (const listener of this.#clearedListeners) listener(channel, before, now)
  }

  onCleared(listener: ClearedListener): () => void {
    this.#clearedListeners.add(listener)
    return () => void this.#clearedListeners.delete(listener)
  }

  /** Somebody judges these too. */
  want(names: readonly string[]): void {
    for (const name of names) this.#wanted.add(name)
    this.#onWanted(names)
  }

  wanted(): string[] {
    return [...this.#wanted]
  }

  onWanted(act: (channels: readonly string[]) => void): void {
    this.#onWanted = act
  }

  noteGap(gap: EventGap): void {
    this.#gaps.set(gap.channel, gap)
  }

  noteNoGap(channel: string): void {
    this.#gaps.delete(channel)
  }

  /** What can't be seen now though it should. */
  gaps(): EventGap[] {
    return [...this.#gaps.values()].filter(({ channel, why }) => expected.has(channel) || why !== 'missing')
  }

  isSeen(channel: string): boolean {
    const why = this.#gaps.get(channel)?.why
    return this.#wanted.has(channel) && (why === undefined || why === 'lost')
  }

  /** How often each service ended unexpectedly since this agent listens: by 7031 and 7034 of the service manager. */
  unexpectedEnds(): Record<string, number> {
    return Object.fromEntries(this.#ends)
  }

  #countEnd(event: WindowsEvent): void {
    if ((event.id !== 7031 && event.id !== 7034) || !isOf(event, 'system')) return
    const name = event.field('param1').slice(0, 256)
    if (name !== '' && (this.#ends.has(name) || this.#ends.size < maxServices)) this.#ends.set(name, (this.#ends.get(name) ?? 0) + 1)
  }
}
