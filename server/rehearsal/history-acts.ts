import type { HeldAnswer } from '#shared/domain/command.ts'
import type { Packet } from '#shared/domain/packet.ts'
import { Urgency } from '#shared/domain/priority.ts'
import { type ChildrenAct, HopReason, PersonsResolution, Resolution, type TimelineKind, WaitingFor } from '#shared/domain/ticket.ts'
import type { Request } from '../desk/requests.ts'
import type { Entry } from '../pipeline/changes.ts'
import type { causeNamed } from '../ticket/acts.ts'

/** What a person did, as a timeline tells it. */
export type ToldAct =
  | { kind: 'acknowledge' }
  | { kind: 'comment'; text: string; isInternal: boolean }
  | { kind: 'hear'; text: string }
  | { kind: 'cause'; said: Parameters<typeof causeNamed>[1] }
  | { kind: 'resolve'; resolution: Resolution; note: string }
  | { kind: 'wait'; waitingFor: WaitingFor; until: number | null; note: string }
  | { kind: 'resume' | 'reopen'; note: string }
  | { kind: 'escalate'; reason: HopReason; to: string; tried: string; hypothesis: string; packet: Packet | undefined }
  | { kind: 'contain'; verb: 'isolate-host' | 'release-host'; reason: string; isAnswer: boolean }
  | { kind: 'false-alarm'; reason: string; isReleasing: boolean }
  /** One of two sides said that the machine may be released. */
  | { kind: 'agree'; side: string; reason: string }
  | { kind: 'leave'; answer: 'isolate' | 'leave'; reason: string }
  /** A command that a restore held is sent anew or dropped. */
  | { kind: 'held'; answer: HeldAnswer; commandId: string; verb: string; reason: string }
  | { kind: 'children'; act: ChildrenAct; resolution: PersonsResolution | undefined; note: string }

/** Written beside decisions: what became of a command or a notice, as others report it. */
export const reported: ReadonlySet<TimelineKind> = new Set([
  'command-unsigned',
  'command-signed',
  'command-sent',
  'command-delivered',
  'command-running',
  'command-held',
  'command-settled',
  'neighbours-asked',
  'neighbour-said',
  'command-resolved',
  'agents-word',
  'at-machine',
  'isolation-changed',
  'notified',
])

export const isPerson = ({ actor }: Entry): boolean => actor !== 'system' && actor !== 'agent'

/** What somebody asked of a machine beside its network: a line on its ticket, which decides nothing there. */
export const isNoted = (entry: Entry): boolean =>
  isPerson(entry) && entry.kind === 'command-requested' && !isOfNetwork(entry.body.verb) && !isHeldAnswer(entry)

/** A person decided about a command that a restore held. */
export const isHeldAnswer = (entry: Entry): boolean =>
  isPerson(entry) && (entry.body.insteadOf !== undefined || (entry.kind === 'command-settled' && entry.body.outcome === 'dropped'))

const isOfNetwork = (verb: unknown): verb is 'isolate-host' | 'release-host' => verb === 'isolate-host' || verb === 'release-host'

/** The act behind what one transaction wrote on one ticket; undefined: no person acted. */
export function actIn(written: readonly Entry[]): { act: ToldAct; personId: string } | undefined {
  const entries = written.filter((entry) => !isNoted(entry))
  const of = (...kinds: TimelineKind[]): Entry | undefined => entries.find((entry) => isPerson(entry) && kinds.includes(entry.kind))
  const lead =
    of('children') ??
    entries.find(isHeldAnswer) ??
    falseAlarmIn(entries) ??
    of('escalated', 'waiting', 'containment-answered', 'command-requested') ??
    of('acknowledged', 'commented', 'resumed', 'reopened', 'resolved', 'cause-named', 'release-agreed')
  if (!lead) return undefined
  const act = readAct(lead, entries)
  return act ? { act, personId: lead.actor } : undefined
}

function readAct(lead: Entry, entries: readonly Entry[]): ToldAct | undefined {
  const { kind, body } = lead
  if (isHeldAnswer(lead)) return heldIn(lead, entries)
  switch (kind) {
    case 'acknowledged':
      return { kind: 'acknowledge' }
    case 'commented':
      return body.isCustomer === true
        ? { kind: 'hear', text: textOf(body.text) }
        : { kind: 'comment', text: textOf(body.text), isInternal: body.isInternal === true }
    case 'cause-named':
      return { kind: 'cause', said: { cause: textOf(body.cause), note: textOf(body.note), ...placeIn(body) } }
    case 'release-agreed':
      return { kind: 'agree', side: textOf(body.side), reason: textOf(body.reason) }
    case 'resolved':
      if (falseAlarmIn(entries)) return { kind: 'false-alarm', reason: textOf(body.note), isReleasing: isOrdered(entries, 'release-host') }
      return { kind: 'resolve', resolution: Resolution.parse(body.resolution), note: textOf(body.note) }
    case 'waiting':
      return { kind: 'wait', waitingFor: WaitingFor.parse(body.for), until: numberOf(body.until), note: textOf(body.note) }
    case 'resumed':
      return { kind: 'resume', note: textOf(body.note) }
    case 'reopened':
      return { kind: 'reopen', note: textOf(body.note) }
    case 'escalated':
      return hopIn(body)
    case 'children': {
      const ended = PersonsResolution.safeParse(entries.find((entry) => entry.kind === 'resolved')?.body.resolution)
      return { kind: 'children', act: body.act as ChildrenAct, resolution: ended.data, note: textOf(body.note) }
    }
    case 'containment-answered':
    case 'command-requested':
      return containmentIn(entries, textOf(body.reason), body.answer === 'isolate' ? 'isolate' : 'leave')
    default:
      return undefined
  }
}

const hopIn = (body: Entry['body']): ToldAct => ({
  ...{ kind: 'escalate', reason: HopReason.parse(body.reason), to: textOf(body.toTeam) },
  ...{ tried: textOf(body.tried), hypothesis: textOf(body.hypothesis), packet: body.packet as Packet | undefined },
})

function heldIn({ body }: Entry, entries: readonly Entry[]): ToldAct {
  const why = body.reason ?? entries.find(({ kind }) => kind === 'containment-answered')?.body.reason
  const about = { verb: textOf(body.verb), reason: textOf(why) }
  return body.insteadOf === undefined
    ? { kind: 'held', answer: 'drop', commandId: textOf(body.commandId), ...about }
    : { kind: 'held', answer: 'send', commandId: textOf(body.insteadOf), ...about }
}

/** It ended as one, and in the same moment the machine was released or what was halted went on. */
function falseAlarmIn(entries: readonly Entry[]): Entry | undefined {
  const ended = entries.find((entry) => isPerson(entry) && entry.kind === 'resolved' && entry.body.resolution === 'false-alarm')
  return isOrdered(entries, 'release-host') || isOrdered(entries, 'resume-process') ? ended : undefined
}

const isOrdered = (entries: readonly Entry[], verb: string): boolean =>
  entries.some(({ kind, body }) => kind === 'command-requested' && body.verb === verb)

function containmentIn(entries: readonly Entry[], reason: string, answer: 'isolate' | 'leave'): ToldAct {
  const order = entries.find((entry) => isPerson(entry) && entry.kind === 'command-requested')
  const isAnswer = entries.some((entry) => isPerson(entry) && entry.kind === 'containment-answered')
  const verb = order?.body.verb
  return isOfNetwork(verb) ? { kind: 'contain', verb, reason, isAnswer } : { kind: 'leave', answer, reason }
}

/** What a person asked for, where these lines open a ticket of theirs. */
export function requestIn(entries: readonly Entry[]): Request | undefined {
  const opened = entries.find(({ kind }) => kind === 'opened')
  if (!opened || opened.body.urgency === undefined) return undefined
  const { summary, urgency, affects } = opened.body
  const said = entries.find(({ kind, actor }) => kind === 'commented' && actor === opened.actor)
  return {
    ...{ title: textOf(summary), text: textOf(said?.body.text), urgency: Urgency.parse(urgency), person: { id: opened.actor } },
    ...(affects === 'several' || affects === 'everyone' ? { affects } : {}),
  }
}

const placeIn = ({ place, part }: Entry['body']) => (place === undefined ? {} : { place: textOf(place), part: textOf(part) })

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)
