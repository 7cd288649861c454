import type {
  DriveEntry,
  EventBatch,
  EventSource,
  MemoryEntry,
  Refused,
  ServiceEntry,
  WindowsCalls,
} from '../../agent/host/windows/calls.ts'

type Fields = Record<string, unknown>

/** Windows as far as this agent asks it: logs that a test writes to, services, a registry. Everything above these calls is as on a machine. */
export class FakeWindows implements WindowsCalls {
  /** Channels that answer with an error of Windows instead. */
  refusedNow = new Map<string, number>()
  servicesNow: ServiceEntry[] | Refused = []
  /** By `key\name`. */
  registryNow: Record<string, number | string> = {}
  /** Somebody follows this machine's log. */
  isFollowed = false
  readonly #logs = new Map<string, { record: number; xml: string }[]>()
  readonly #newest = new Map<string, number>()

  /** @param event flat, as recordings have it; its channel is made when it is new. */
  write(event: Fields, record = this.newestRecord(String(event.Channel)) + 1): void {
    const channel = String(event.Channel)
    this.writeXml(channel, record, eventXml({ EventRecordID: record, ...event }))
  }

  /** @param xml '' is one that is larger than any. */
  writeXml(channel: string, record: number, xml: string): void {
    this.#newest.set(channel, record)
    this.#logs.set(channel, [...(this.#logs.get(channel) ?? []), { record, xml }])
  }

  newestRecord(channel: string): number {
    return this.#newest.get(channel) ?? 0
  }

  /** The log is emptied, and its numbers begin anew. */
  clear(channel: string): void {
    this.#logs.set(channel, [])
    this.#newest.set(channel, 0)
  }

  /** The oldest records make way for newer ones. */
  overwrite(channel: string, count: number): void {
    this.#logs.set(channel, (this.#logs.get(channel) ?? []).slice(count))
  }

  subscribe(channel: string, after: number | undefined): EventSource | Refused {
    this.isFollowed = true
    const refused = this.refusedNow.get(channel)
    if (refused !== undefined) return { refused }
    let at = after ?? this.newestRecord(channel)
    const fresh = () => {
      const log = this.#logs.get(channel) ?? []
      // A log that begins anew is read from its beginning.
      if (at > this.newestRecord(channel)) at = 0
      return log.filter(({ record }) => record > at)
    }
    return {
      hasNews: () => fresh().length > 0 || this.refusedNow.has(channel),
      next: (most): EventBatch | Refused => {
        const now = this.refusedNow.get(channel)
        if (now !== undefined) return { refused: now }
        const found = fresh().slice(0, most)
        at = found.at(-1)?.record ?? at
        const events = found.map(({ xml }) => xml).filter((xml) => xml !== '')
        return { events, tooLarge: found.length - events.length }
      },
      close: () => undefined,
    }
  }

  newest = (channel: string): string | undefined => this.#logs.get(channel)?.at(-1)?.xml
  services = (): ServiceEntry[] | Refused => this.servicesNow
  number = (key: string, name: string): number | undefined => this.#value(key, name, 'number')
  text = (key: string, name: string): string | undefined => this.#value(key, name, 'string')
  memoryNow: MemoryEntry | undefined = undefined
  drivesNow: DriveEntry[] = []
  memory = (): MemoryEntry | undefined => this.memoryNow
  drives = (): DriveEntry[] => this.drivesNow
  hasKey = (key: string): boolean => Object.keys(this.registryNow).some((path) => path.startsWith(`${key}\\`))
  keys = (key: string): string[] => [
    ...new Set(
      Object.keys(this.registryNow).flatMap((path) =>
        path.startsWith(`${key}\\`) ? [path.slice(key.length + 1).split('\\')[0] ?? ''] : [],
      ),
    ),
  ]

  #value<Kind extends 'number' | 'string'>(key: string, name: string, kind: Kind) {
    const found: unknown = this.registryNow[`${key}\\${name}`]
    return (typeof found === kind ? found : undefined) as (Kind extends 'number' ? number : string) | undefined
  }
}

const escaped = (value: unknown): string => String(value).replace(/[<>&'"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
const instantOf = (value: unknown): number => (typeof value === 'number' ? value : Date.parse(String(value ?? '2026-11-23T08:00:00Z')))
const envelope = new Set(['EventID', 'Channel', 'Hostname', 'Computer', 'SourceName', 'Provider_Name', 'TimeCreated', 'EventRecordID'])
/** What forwarders add, and what people read. */
const notOurs = new Set([
  'Message',
  '@timestamp',
  'EventTime',
  '@version',
  'host',
  'port',
  'Task',
  'Level',
  'Keywords',
  'ProviderGuid',
  'Category',
])

/** As Windows renders an event. A cleared log is told in UserData, everything else in EventData. */
export function eventXml(event: Fields): string {
  const { EventID, Channel, EventRecordID } = event
  const provider = event.Provider_Name ?? event.SourceName ?? 'Test'
  const at = new Date(instantOf(event['@timestamp'] ?? event.TimeCreated ?? event.EventTime)).toISOString()
  const system =
    `<System><Provider Name='${escaped(provider)}'/><EventID>${escaped(EventID)}</EventID><TimeCreated SystemTime='${at}'/>` +
    `<EventRecordID>${escaped(EventRecordID)}</EventRecordID><Execution ProcessID='4' ThreadID='8'/>` +
    `<Channel>${escaped(Channel)}</Channel><Computer>${escaped(event.Hostname ?? event.Computer ?? 'PC-1')}</Computer></System>`
  const fields = Object.entries(event).filter(([name]) => !envelope.has(name) && !notOurs.has(name))
  const isCleared = EventID === 1102 || EventID === 104
  const data = isCleared
    ? `<UserData><LogFileCleared>${fields.map(([name, value]) => `<${name}>${escaped(value)}</${name}>`).join('')}</LogFileCleared></UserData>`
    : `<EventData>${fields.map(([name, value]) => `<Data Name='${escaped(name)}'>${escaped(value)}</Data>`).join('')}</EventData>`
  return `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>${system}${data}</Event>`
}
