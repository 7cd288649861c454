import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import type { TicketCase } from '../../pipeline/changes.ts'
import { readRules } from '../../pipeline/keep.ts'
import { type Rehearsal, rehearse } from '../../rehearsal/rehearsal.ts'
import type { Matrix } from '../../route/matrix.ts'
import { isPagingTicket } from '../../route/route.ts'
import { systemTime } from '../../system-time.ts'
import { table } from '../start/print.ts'
import { type Act, named, readMatrix, readText } from './act.ts'
import { Case, CaseSignal } from './cases.ts'
import { instantOf, sceneOf, wallOf } from './play.ts'

const text = { type: 'string' } as const
const flags = { signal: text, role: text, tags: text, organisation: text, plan: text, mode: text, zone: text, at: text } as const

const act: Act = {
  usage: `  explain FILE --signal S.json        which rule takes this signal, why, and until when; of what machine and when, it takes
                                      [--role server] [--tags pos,vip] [--organisation NAME] [--plan standard]
                                      [--mode live] [--zone Europe/Berlin] [--at 2026-11-22T03:00]
`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true })
    const [file = ''] = named(positionals, 'a FILE')
    const { signal: signalFile, ...said } = values
    if (signalFile === undefined) throw new Fault('flag-bad', 'Name a signal: --signal S.json, as a source would send it.')
    const matrix = await readMatrix(file)
    const signal = mustFit(CaseSignal.strip(), jsonOf(await readText(signalFile), signalFile), signalFile)
    const { timeZone, now, ...about } = circumstancesOf(said)
    const scene = sceneOf({ ...mustFit(Case.omit({ signal: true }), { name: 'explained', ...about }, 'A flag'), signal }, timeZone)
    process.stdout.write(explained(matrix, rehearse(readRules(matrix), scene, now), timeZone, now))
  },
}
export default act

type Values = { [Name in Exclude<keyof typeof flags, 'signal'>]?: string | undefined }

function circumstancesOf({ zone, at, tags, ...said }: Values) {
  const { timeZone: here } = new Intl.DateTimeFormat().resolvedOptions()
  const timeZone = zone ?? here
  const about = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const now = at === undefined ? systemTime.now() : mustBeInstant(at, timeZone)
  return { timeZone, now, ...about, ...(tags !== undefined && { tags: tags.split(',') }) }
}

function mustBeInstant(at: string, timeZone: string): number {
  try {
    return instantOf(at, timeZone)
  } catch (cause) {
    throw new Fault('flag-bad', `--at ${at} in ${timeZone} is no instant; write --at 2026-11-22T03:00 --zone Europe/Berlin.`, { cause })
  }
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('signal-bad', `${file} is no JSON.`, { cause })
  }
}

function mustFit<Value>(schema: z.ZodType<Value>, value: unknown, where: string): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Fault('signal-bad', `${where} won't do: ${firstIssue(parsed.error)}.`)
}

function explained(matrix: Matrix, rehearsed: Rehearsal, timeZone: string, now: number): string {
  const { outcome, work } = rehearsed
  if (!work)
    return table({ Becomes: outcome.kind === 'digest' ? `a line in the digest of ${outcome.team}` : 'kept on the history; no ticket' })
  const { ticket } = work
  const at = (instant: number | null): string => (instant === null ? 'nothing is promised' : wallOf(instant, timeZone))
  return table({
    Becomes: `a ${ticket.priority} of ${ticket.team} (${ticket.tier}), by the route “${ticket.rule}”`,
    Because: JSON.parse(ticket.reasons) as string[],
    Arrives: `${at(now)} in ${timeZone}`,
    'Respond by': at(ticket.respond_by),
    'Resolve by': at(ticket.resolve_by),
    'Time-box': boxOf(matrix, work, at),
    Pages: isPagingTicket(matrix, work) ? 'at any hour' : 'nobody at night: people hear of it when they work',
    Contains: containmentOf(rehearsed, work, at),
  })
}

function boxOf({ timeBoxes }: Matrix, { ticket, timers }: TicketCase, at: (instant: number) => string): string {
  const box = timeBoxes[ticket.team]?.[ticket.priority]
  if (!box) return 'none'
  const due = timers.find(({ kind }) => kind === 'time-box')
  const then = box.to === 'stays' ? 'it stays, and people are reminded' : box.to
  return due ? `${at(due.dueAt)}, then ${then}` : `begins when somebody takes it, then ${then}`
}

function containmentOf({ isolatedAt }: Rehearsal, { ticket, timers }: TicketCase, at: (instant: number) => string): string {
  if (isolatedAt !== null) return 'isolates at once, without asking'
  if (ticket.containment !== 'asked') return 'no'
  const due = timers.find(({ kind }) => kind === 'ask-due')
  return due ? `asks people; unanswered until ${at(due.dueAt)}: isolates` : 'asks people, and does nothing without an answer'
}
