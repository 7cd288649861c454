import { auditRecord } from './audit-record.ts'
import { EventView } from './event.ts'
import { guessOrigin } from './guess.ts'
import { type Origin, unknownOrigin } from './logsource.ts'
import { syslogFields, syslogOrigin } from './syslog.ts'
import { windowsOrigin } from './windows.ts'
import { withCategoryNames } from './windows-fields.ts'

/** An event in the words of rules, and where it comes from. */
export interface SigmaEvent {
  view: EventView
  origin: Origin
  /** When it happened, epoch ms, as far as it says. */
  at: number | undefined
}

type Fields = Record<string, unknown>

/**
 * One event as its source wrote it → the fields that rules name. Windows events as JSON of their XML, flat, or as Winlogbeat sends them;
 * auditd records and syslog lines as text or as fields; the journal's JSON; process, file and other events under Sysmon's names.
 * A `logsource` in the event itself is believed.
 */
export function normalise(raw: unknown): SigmaEvent {
  if (typeof raw === 'string') return ofLine(raw)
  const event = isFields(raw) ? raw : {}
  const { fields, origin } = ofFields(event)
  const own = isFields(event.logsource) ? statedOrigin(event.logsource) : undefined
  return { view: new EventView(fields, lineOf(event)), origin: own ?? origin, at: instantOf(fields) }
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

function ofLine(line: string): SigmaEvent {
  const record = auditRecord(line)
  const fields = record ?? syslogFields(line)
  const origin = record ? auditOrigin : syslogOrigin(fields.program)
  return { view: new EventView(fields, line), origin, at: instantOf(fields) }
}

const auditOrigin: Origin = { product: 'linux', categories: [], services: ['auditd'] }

function ofFields(event: Fields): { fields: Fields; origin: Origin } {
  if (isFields(event.Event)) return ofWindows(flatXml(event.Event))
  if (isFields(event.winlog)) return ofWindows(flatWinlogbeat(event.winlog))
  if (event.EventID !== undefined && typeof event.Channel === 'string') return ofWindows(flatAlready(event))
  if (typeof event.SYSLOG_IDENTIFIER === 'string' || typeof event._COMM === 'string') {
    return { fields: event, origin: syslogOrigin(event.SYSLOG_IDENTIFIER ?? event._COMM) }
  }
  return { fields: event, origin: guessOrigin(event) }
}

function ofWindows(flat: Fields): { fields: Fields; origin: Origin } {
  const eventId = Number(flat.EventID)
  const change = typeof flat.EventType === 'string' ? flat.EventType : undefined
  const origin = windowsOrigin(String(flat.Channel ?? ''), eventId, change)
  return { fields: origin.services?.[0] === 'security' ? withCategoryNames(eventId, flat) : flat, origin }
}

/** `{ System: { EventID, Channel, Provider: { #attributes } }, EventData: { … } }` */
function flatXml(event: Fields): Fields {
  const system = isFields(event.System) ? event.System : {}
  const attribute = (name: string, key: string): unknown => {
    const element = system[name]
    const attributes = isFields(element) ? (element['#attributes'] ?? element.attributes ?? element) : undefined
    return isFields(attributes) ? attributes[key] : undefined
  }
  const provider = attribute('Provider', 'Name')
  const userData = isFields(event.UserData) ? Object.values(event.UserData).find(isFields) : undefined
  const { Channel, Computer } = system
  const known = {
    Channel,
    Computer,
    Provider_Name: provider,
    EventID: textOf(system.EventID),
    TimeCreated: attribute('TimeCreated', 'SystemTime'),
  }
  // What an event says of itself is worth more than what its envelope calls by the same name.
  return { ...scalarsOf(system), ...dataOf(userData), ...dataOf(event.EventData), ...known }
}

const textOf = (value: unknown): unknown => (isFields(value) ? (value['#text'] ?? value.Value) : value)

const scalarsOf = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([, value]) => !isFields(value)))

/** EventData as a map, or as a list of `{ #attributes: { Name }, #text }`. */
function dataOf(data: unknown): Fields {
  if (!isFields(data)) return {}
  const listed = Array.isArray(data.Data) ? data.Data : undefined
  const named = listed?.filter(isFields).flatMap((each): [string, unknown][] => {
    const name = isFields(each['#attributes']) ? each['#attributes'].Name : (each['@Name'] ?? each.Name)
    return typeof name === 'string' ? [[name, textOf(each)]] : []
  })
  return { ...data, ...Object.fromEntries(named ?? []) }
}

function flatWinlogbeat(winlog: Fields): Fields {
  const { channel, event_id, provider_name, computer_name, time_created } = winlog
  const data = { ...dataOf(winlog.user_data), ...dataOf(winlog.event_data) }
  return { ...data, Channel: channel, EventID: event_id, Provider_Name: provider_name, Computer: computer_name, TimeCreated: time_created }
}

function flatAlready(event: Fields): Fields {
  const { SourceName, Hostname } = event
  return { ...event, Provider_Name: event.Provider_Name ?? SourceName, Computer: event.Computer ?? Hostname }
}

function statedOrigin({ product, category, service }: Fields): Origin {
  const list = (value: unknown): string[] | undefined => (typeof value === 'string' ? [value] : undefined)
  if (product === undefined && category === undefined && service === undefined) return unknownOrigin
  return { product: typeof product === 'string' ? product : undefined, categories: list(category) ?? [], services: list(service) ?? [] }
}

function lineOf(event: Fields): string | undefined {
  const line = event.MESSAGE ?? event.message ?? event.Message ?? event._raw
  return typeof line === 'string' ? line : undefined
}

/** Where an event says when it happened, best first. */
const instants = ['UtcTime', 'TimeCreated', '@timestamp', 'timestamp', 'time', 'EventTime', 'Timestamp']

function instantOf(fields: Fields): number | undefined {
  if (typeof fields.at === 'number') return fields.at
  for (const name of instants) {
    const value = fields[name]
    if (typeof value !== 'string') continue
    // Without a zone these are UTC: Sysmon's field is called so, and Windows keeps time so.
    const instant = Date.parse(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(value) ? `${value.replace(' ', 'T')}Z` : value)
    if (!Number.isNaN(instant)) return instant
  }
  return undefined
}
