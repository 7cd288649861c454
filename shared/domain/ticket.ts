import { z } from 'zod'

export const TicketStatus = z.enum(['new', 'acknowledged', 'waiting', 'resolved'])
export type TicketStatus = z.infer<typeof TicketStatus>

/**
 * Why a ticket ended. Only the collector says `cleared` (the signal cleared and nobody had touched it) and `unanswered`
 * (the customer was asked, reminded, and said nothing).
 */
export const Resolution = z.enum(['fixed', 'false-alarm', 'noise', 'duplicate', 'wont-fix', 'cleared', 'unanswered'])
export type Resolution = z.infer<typeof Resolution>
export const PersonsResolution = Resolution.exclude(['cleared', 'unanswered'])
export type PersonsResolution = z.infer<typeof PersonsResolution>

/** Whom or what a ticket waits for; its promises stand still meanwhile. */
export const WaitingFor = z.enum(['customer', 'vendor', 'appointment', 'window'])
export type WaitingFor = z.infer<typeof WaitingFor>

/** Why a ticket moves to other people. */
export const HopReason = z.enum(['expertise', 'access', 'time-box', 'security', 'field'])
export type HopReason = z.infer<typeof HopReason>

export const TicketAction = z.enum(['acknowledge', 'wait', 'resume', 'resolve', 'escalate', 'reopen'])
export type TicketAction = z.infer<typeof TicketAction>

const legal: Record<TicketStatus, Partial<Record<TicketAction, TicketStatus>>> = {
  new: { acknowledge: 'acknowledged', resolve: 'resolved', escalate: 'new' },
  acknowledged: { wait: 'waiting', resolve: 'resolved', escalate: 'new' },
  waiting: { resume: 'acknowledged', resolve: 'resolved', escalate: 'new' },
  resolved: { reopen: 'new' },
}

export type Transition = { kind: 'moved'; to: TicketStatus } | { kind: 'illegal'; legal: TicketAction[] }

/** The status that `action` leads to, or what would be legal instead. */
export function transition(from: TicketStatus, action: TicketAction): Transition {
  const to = legal[from][action]
  return to ? { kind: 'moved', to } : { kind: 'illegal', legal: Object.keys(legal[from]) as TicketAction[] }
}

export const isOpen = (status: TicketStatus): boolean => status !== 'resolved'

/**
 * How far containment of this ticket's endpoint has come.
 * `asked`: people were asked; `left`: asked, and nothing happens without a person; `answered`: a person decided.
 */
export const Containment = z.enum(['none', 'auto', 'asked', 'answered'])
export type Containment = z.infer<typeof Containment>

/**
 * What a ticket gathers others by: the same kind on machines of one site, the same kind in several organisations at once,
 * all that one noisy machine says, or what keeps coming back.
 */
export const Gathers = z.enum(['site', 'storm', 'endpoint', 'problem'])
export type Gathers = z.infer<typeof Gathers>

/** `on`: it takes in what comes; `over`: no longer, until there is as much again; `off`: a person let its tickets stand alone. */
export const Gathering = z.enum(['on', 'over', 'off'])
export type Gathering = z.infer<typeof Gathering>

/** What a person does with all tickets under one: end them, leave them there, or let each stand alone. */
export const ChildrenAct = z.enum(['close', 'keep', 'raise'])
export type ChildrenAct = z.infer<typeof ChildrenAct>

/** What may stand on a timeline. Each entry has an actor, an instant and a body of its own. */
export const TimelineKind = z.enum([
  'opened',
  'signal-joined',
  'signal-cleared',
  'prioritised',
  'routed',
  'acknowledged',
  'commented',
  'waiting',
  'resumed',
  'reminded',
  'escalated',
  'promised',
  'promise-kept',
  'promise-broken',
  'containment-asked',
  'containment-answered',
  'release-agreed',
  'command-requested',
  'command-unsigned',
  'command-signed',
  'command-sent',
  'command-delivered',
  'command-running',
  'command-held',
  'command-settled',
  'command-resolved',
  'neighbours-asked',
  'neighbour-said',
  'agents-word',
  'at-machine',
  'isolation-changed',
  'notified',
  'paged',
  'assigned',
  'put-back',
  'resolved',
  'reopened',
  'reviewed',
  'found-decided',
  'cause-named',
  'gathers',
  'gathered',
  'parted',
  'children',
  'storm-over',
  'flapping',
])
export type TimelineKind = z.infer<typeof TimelineKind>
