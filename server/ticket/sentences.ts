import type { TimelineKind } from '#shared/domain/ticket.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { atMachine, isolationChanged } from './at-machine.ts'

type Body = Readonly<Record<string, unknown>>
interface Said {
  kind: TimelineKind
  body: Body
}

/**
 * One plain sentence for people about a line of a timeline; who did it stands beside it. The only place where they are
 * made. It may hold text from machines and strangers: show it as text, never as markup.
 */
export const sentence = ({ kind, body }: Said): string => sentences[kind](body)

/** What a ticket is called, wherever it is called by name. Old news says how old it is at `now`. */
export const headline = ({ title, happened_at }: { title: string; happened_at: number | null }, now: number): string =>
  happened_at === null ? title : `${title} (happened ${span(now - happened_at)} ago)`

/** What a signal says, as it was when it arrived: old news says how old it was. */
export const dated = ({ summary, happenedAt, ageMs }: { summary: string; happenedAt: number | null; ageMs: number }): string =>
  happenedAt === null ? summary : before(summary, ageMs)

const sentences: Record<TimelineKind, (body: Body) => string> = {
  opened: (body) => `${body.requester === undefined ? 'Opened' : `${text(body.requester)} asks`}: ${summary(body)}`,
  'signal-joined': (body) => `Again, ${count(body.occurrences, 'time')} by now: ${summary(body)}`,
  'signal-cleared': (body) => `No longer true: ${summary(body)}`,
  prioritised: (body) =>
    'from' in body
      ? `Raised from ${text(body.from)} to ${text(body.priority)}. ${reasons(body)}`
      : `Priority ${text(body.priority)}. ${reasons(body)}`,
  routed: (body) => `Sent to ${text(body.team)}. ${reasons(body)}`,
  acknowledged: () => 'Taken.',
  waiting: (body) =>
    `Waits ${waitsFor[text(body.for)] ?? ''}${typeof body.until === 'number' ? ` until ${instant(body.until)}` : ''}. ${text(body.note)}`.trimEnd(),
  resumed: (body) => `Goes on${body.why === undefined ? '' : `, because ${text(body.why)}`}. ${text(body.note)}`.trimEnd(),
  reminded,
  commented: (body) => text(body.text),
  escalated: (body) =>
    `Moved from ${text(body.fromTeam)} to ${text(body.toTeam)}: ${why[text(body.reason)] ?? text(body.reason)}.${body.tried === undefined ? '' : ` Tried: ${text(body.tried)}`}`,
  promised: (body) =>
    `Promised: an answer by ${instant(body.respondBy)}${body.resolveBy === null ? '' : `, the end by ${instant(body.resolveBy)}`}.`,
  'promise-kept': (body) => `The promise to ${text(body.promise)} was kept.`,
  'promise-broken': (body) => `The promise to ${text(body.promise)} in time was broken.`,
  'containment-asked': asked,
  'containment-answered': answered,
  'release-agreed': (body) =>
    body.side === 'customer'
      ? `May be released, says the customer’s own IT; it waits for one of the provider: ${text(body.reason)}`
      : `May be released, says the provider; it waits for one of the customer’s own IT: ${text(body.reason)}`,
  'command-requested': (body) => `${command(body)} was requested: ${text(body.reason)}`,
  'command-unsigned': (body) => `${command(body)} waits: ${text(body.why)}.`,
  'command-signed': (body) => `${text(body.operator)} signed it: ${command(body)}, ${text(body.signed)} of ${text(body.needed)}.`,
  'command-sent': (body) => `${command(body)} was sent.`,
  'command-delivered': (body) => `${command(body)} arrived: it stands in the machine’s journal.`,
  'command-running': (body) => `${command(body)} has begun.`,
  'command-held': (body) =>
    body.why === 'core'
      ? `${command(body)} waits for a person: since it was asked for, somebody has said that this machine is core.`
      : `${command(body)} waits for a person: the collector was restored from a backup of ${instant(body.madeAt)}, and does not send it by itself.`,
  'command-settled': (body) =>
    `${command(body)} ${outcomes[text(body.outcome)] ?? `ended: ${text(body.outcome)}`}. ${text(body.detail)}`.trimEnd(),
  'command-resolved': (body) =>
    `${command(body)}: somebody looked and found that it ${outcomes[text(body.outcome)] ?? text(body.outcome)}. ${text(body.note)}`.trimEnd(),
  'neighbours-asked': (body) =>
    Array.isArray(body.names) && body.names.length > 0
      ? `Asked whether they still reach this machine: ${body.names.map(text).join(', ')}.`
      : 'No neighbour can confirm the isolation: no other agent of this site is connected in its network.',
  'neighbour-said': (body) => `${text(body.name)}: ${neighbourSays[text(body.found)] ?? text(body.found)}${baseline(body)}`,
  'at-machine': atMachine,
  'isolation-changed': isolationChanged,
  'agents-word': (body) =>
    `Its agent says that the machine is ${text(body.said)}, and the collector, restored from a backup of ${instant(body.madeAt)}, wanted it ${text(body.wanted)}. The agent's word holds.`,
  notified: (body) => `“${text(body.receiver)}” could not be told of ${text(body.event)}: ${text(body.reason)}.`,
  paged: (body) => {
    const names = Array.isArray(body.to) ? body.to.map(text).join(', ') : ''
    if (names === '') return 'Nobody could be called: nobody has said how they can be reached.'
    const short = body.by === 'team' || body.by === 'admins' ? ' Nobody is on call.' : ''
    return body.isPage === true ? `Called: ${names}.${short}` : `Told: ${names}.${short}`
  },
  assigned: (body) =>
    body.by === 'name'
      ? `Given to ${text(body.name)}, the technician of whoever asked.`
      : `Given to ${text(body.name)}.${body.insteadOf === undefined ? '' : ` ${text(body.insteadOf)}, the technician of whoever asked, is not there or has no room.`}`,
  'put-back': (body) => `Put back into the queue of ${text(body.team)}: ${text(body.name)} is away.`,
  resolved: (body) => `Resolved: ${resolutions[text(body.resolution)] ?? text(body.resolution)}. ${text(body.note)}`.trimEnd(),
  reopened: (body) => (body.note === undefined ? `It is back: ${summary(body)}` : `Opened again. ${text(body.note)}`.trimEnd()),
  'cause-named': (body) =>
    `The cause: ${text(body.cause)}.${body.place === undefined ? '' : ` Somebody goes to ${text(body.place)} with ${text(body.part)}.`} ${text(body.note)}`.trimEnd(),
  'found-decided': (body) =>
    body.decision === 'accepted'
      ? `Accepted as it is: ${count(body.count, 'line')}.`
      : `Became tickets: ${Array.isArray(body.numbers) ? body.numbers.map((number) => `#${text(number)}`).join(', ') : ''}.`,
  reviewed: (body) =>
    body.why === 'time-box'
      ? `The time for ${text(body.team)} is over; it stays here and somebody should look.`
      : 'Still open, and nothing else is due: somebody should look.',
  gathers: (body) => `${count(body.tickets, 'ticket')} of ${gatheredBy[text(body.by)] ?? 'the same kind'} by now: kept under this one.`,
  gathered: (body) =>
    body.by === 'storm'
      ? `One of many of its kind: kept under ticket #${text(body.number)}. Nobody is called for it, nothing is promised for it, and its machine is not isolated without a person.`
      : `One of several of ${body.by === 'endpoint' ? 'its machine' : 'its kind'}: kept under ticket #${text(body.number)}, which people are called for.`,
  parted: (body) => `It stands alone again: ${text(body.why)}.`,
  children: (body) => `${childrenActs[text(body.act)] ?? text(body.act)} ${text(body.note)}`.trimEnd(),
  'storm-over': (body) => `The storm is over, after ${count(body.tickets, 'ticket')}: end them, keep them, or let each stand alone.`,
  flapping: (body) => `It comes and goes: ${count(body.changes, 'change')} within the hour. It closes after an hour of quiet.`,
}

const gatheredBy: Record<string, string> = { site: 'the same kind on this site', endpoint: 'this machine' }

const childrenActs: Record<string, string> = {
  close: 'All tickets under this one are ended with it.',
  keep: 'The tickets under this one stay here.',
  raise: 'Each ticket under this one stands alone from now on.',
}

function asked(body: Body): string {
  const because = typeof body.why === 'string' ? ` (asked, because ${body.why})` : ''
  const what =
    body.isFleet === true
      ? 'every machine that is held'
      : body.isForAll === true
        ? 'the machines of the tickets under this one'
        : 'this machine'
  const willBe = body.isForAll === true ? 'they will be' : 'it will be'
  const otherwise = body.otherwise === 'isolate' ? `Unanswered, ${willBe} isolated` : 'Unanswered, nothing happens'
  const until = typeof body.dueAt === 'number' ? ` at ${new Date(body.dueAt).toISOString().slice(11, 16)} UTC` : ''
  return `Shall ${what} be isolated?${because} ${otherwise}${until}.`
}

function answered(body: Body): string {
  const what = { isolate: 'Isolate it', leave: 'Leave it as it is', release: 'Release it' }[text(body.answer)] ?? text(body.answer)
  return body.why === 'unanswered' ? `${what}: nobody answered in time.` : `${what}: ${text(body.reason)}`
}

const command = (body: Body): string => commands[text(body.verb)] ?? text(body.verb)

const commands: Record<string, string> = {
  'isolate-host': 'Isolation',
  'release-host': 'Release',
  'rearm-canaries': 'Arming the canaries again',
  'suspend-process': 'Halting the process',
  'resume-process': 'Letting the process go on',
}

const outcomes: Record<string, string> = {
  succeeded: 'succeeded',
  failed: 'failed',
  refused: 'was refused by the machine',
  expired: 'was not answered in time',
  unknown: 'has an unknown outcome',
  dropped: 'was dropped and is not sent',
}

const neighbourSays: Record<string, string> = {
  unreached: 'this machine can’t be reached any more; it is confirmed to be isolated',
  reached: 'STILL REACHES THIS MACHINE, though it says that it is isolated',
  'no-baseline': 'no answer, which confirms nothing: there was none before the isolation either (no baseline)',
  'no-neighbour': 'confirms nothing: this machine is not in its network',
  unable: 'confirms nothing: it could not ask',
}

/** Both instants are by that machine's own clock. */
const baseline = ({ probe, answeredAt, at }: Body): string => {
  if (typeof probe !== 'string' || typeof at !== 'number') return '.'
  const before = typeof answeredAt === 'number' ? `, answered at ${second(answeredAt)}` : ''
  return ` (${probe}${before}, asked again until ${second(at)}).`
}

const second = (at: number): string => `${new Date(at).toISOString().slice(11, 19)} UTC`

const resolutions: Record<string, string> = {
  fixed: 'fixed',
  'false-alarm': 'false alarm',
  noise: 'noise',
  duplicate: 'duplicate',
  'wont-fix': 'not going to be fixed',
  cleared: 'it cleared and nobody had touched it',
  unanswered: 'nobody answered our questions; an answer opens it again',
}

const why: Record<string, string> = {
  'time-box': 'its time there was over',
  expertise: 'it needs somebody who knows more of this',
  access: 'it needs rights that the team has not',
  security: 'it may be an attack',
  field: 'it needs somebody on the spot',
}

const waitsFor: Record<string, string> = {
  customer: 'for the customer',
  vendor: 'for a vendor',
  appointment: 'for an appointment',
  window: 'for a maintenance window',
}

function reminded(body: Body): string {
  switch (body.what) {
    case 'promise':
      return `${text(body.percent)} % of the time to ${text(body.promise)} is over.`
    case 'untouched':
      return `Nobody has touched it for ${span(Number(body.afterMs))} of working time.`
    case 'time-box':
      return `The time for ${text(body.team)} is over; ${text(body.to)} has the same people, so it stays with them.`
    case 'vendor':
      return 'The vendor has had twice the time that we have: somebody should ask them.'
    case 'word':
      return 'Whoever asked was told how it stands.'
    case 'customer':
      return `The customer was reminded (${text(body.count)} of ${text(body.of)}).`
    default:
      return 'A reminder.'
  }
}

/** Bodies are ours, but older versions wrote other ones: what is missing reads as nothing, never as an error. */
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** To the minute; whoever needs it finer has the body. */
const instant = (value: unknown): string =>
  typeof value === 'number' ? `${new Date(value).toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'an unknown instant'

const summary = (body: Body): string => (typeof body.ageMs === 'number' ? before(text(body.summary), body.ageMs) : text(body.summary))

const before = (what: string, ageMs: number): string => `${what} (happened ${span(ageMs)} before)`

const reasons = (body: Body): string => (Array.isArray(body.reasons) ? body.reasons.map(text).join(' ') : '')

const count = (value: unknown, word: string): string => `${text(value)} ${word}${value === 1 ? '' : 's'}`

/** How long, in the largest unit of which there are two: nobody needs to know it better of what was found so late. */
function span(ms: number): string {
  const units = [
    ['day', days(1)],
    ['hour', hours(1)],
  ] as const
  const [unit, unitMs] = units.find(([, each]) => ms >= 2 * each) ?? ['minute', minutes(1)]
  return count(Math.max(0, Math.floor(ms / unitMs)), unit)
}
