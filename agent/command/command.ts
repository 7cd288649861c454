import { join } from 'node:path'
import type { Logger } from 'pino'
import type { CommandDefinition } from '#shared/commands/define-command.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { CommandAuthority } from '#shared/protocol/enrolment.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import type { Progress } from '#shared/protocol/messages.ts'
import type { Lane, RecordBody, ResultRecord } from '#shared/protocol/record.ts'
import type { JsonFile } from '../json-file.ts'
import type { Happening } from '../signal/signal.ts'
import { authorise, type SignedOrder, type TrustParts } from './authorise.ts'
import { openCollectorTime } from './collector-time.ts'
import { type CommandJournal, type Entry, openCommandJournal, type RunOrder } from './journal.ts'
import { Lanes, type Leave } from './lanes.ts'
import { type Live, LiveLine } from './live.ts'
import { type Answered, resultOf, type Settled } from './result.ts'
import { type Contact, openStanding, type Standing } from './standing/standing.ts'
import { forged, stale } from './suspicion.ts'
import type { Machine, Verb, VerbOutcome } from './verb.ts'
import { verbs as allVerbs } from './verbs.ts'
import { type Claimed, readyVerifiers, type Verifier } from './verify.ts'

/*
 * authorise → addressed to me → never seen → not expired → journal → run → its result goes through the spool. Enters: a
 * signed command. Leaves: one result. Promises (invariant 6): runs at most once; the journal entry is fsynced before the
 * verb starts; unsigned, altered or foreign ones never run and are a critical signal; expired ones never run and are
 * recorded; a repeated one is answered with its kept result. On failure: a result that says so; `take` never throws. Where
 * the journal can't be written, only what protects this machine runs, since the attacker may be who filled the disk.
 * Threat: whoever can reach the agent's socket, or replay it, acting as root on every machine.
 */

export interface Commands {
  take(signed: SignedOrder): Promise<void>
  /** After a start: what was begun and not finished is settled, what was not reported is. In the order it was begun. */
  recover(): Promise<void>
  noteCollectorTime(now: number): void
  /** A detector of this agent said something; a standing order may be about it. */
  noticed: Standing['noticed']
  /** Waits for what runs. */
  stop(): Promise<void>
}

export interface CommandParts {
  authorities: readonly CommandAuthority[]
  trust: TrustParts
  endpointId: string
  journalDir: string
  machine: Machine
  /** The standing orders that are kept, and what they did. */
  standingFile: JsonFile
  /** Absent: nobody's silence is judged. */
  contact?: Contact
  append(lane: Lane, body: RecordBody): Promise<number>
  /** The command stands in the journal. */
  received(commandId: string, at: number): void
  /** A hint; false: it could not be sent. */
  progress(said: Progress): boolean
  happened(event: Happening): Promise<void>
  time: Time
  log: Logger
  verbs?: ReadonlyMap<string, Verb>
}

export async function createCommands(parts: CommandParts): Promise<Commands> {
  const { journalDir, time } = parts
  const collectorTime = openCollectorTime(join(journalDir, 'collector-time'), time, parts.log, parts.trust.register)
  const journal = openCommandJournal(join(journalDir, 'commands.jsonl'), collectorTime.latest)
  const running = new Set<Promise<void>>()
  const verifiers = await readyVerifiers(parts.authorities)
  const known = { verbs: allVerbs, ...parts, verifiers }
  const standing = await openStanding({ ...known, latest: collectorTime.latest, run: (order) => track(desk.runByItself(order)) })
  const desk = new CommandDesk({ ...known, machine: { ...parts.machine, standing } }, journal, collectorTime.latest)

  const track = (work: Promise<void>): Promise<void> => {
    running.add(work)
    return work.finally(() => running.delete(work))
  }
  return {
    take: (signed) => track(desk.take(signed)),
    recover: () => track(Promise.all([desk.recover(), standing.recover()]).then(() => undefined)),
    noteCollectorTime: collectorTime.note,
    noticed: (signal, since) => standing.noticed(signal, since),
    stop: async () => {
      standing.stop()
      desk.close()
      await Promise.allSettled(running)
      journal.close()
    },
  }
}

type Ready = { kind: 'ready'; command: CommandDefinition; run: (live: Live) => Promise<VerbOutcome> }
type Begun = { kind: 'begun'; isWritten: boolean } | { kind: 'not-begun'; reason: string }

type DeskParts = CommandParts & { verbs: ReadonlyMap<string, Verb>; verifiers: readonly Verifier[] }

/** What is urgent asks for no turn. */
const passes = { kind: 'free', leave: () => undefined } as const

class CommandDesk {
  readonly #parts: DeskParts
  readonly #journal: CommandJournal
  readonly #latest: () => number
  readonly #lanes = new Lanes()

  constructor(parts: DeskParts, journal: CommandJournal, latest: () => number) {
    this.#parts = parts
    this.#journal = journal
    this.#latest = latest
  }

  async take(signed: SignedOrder): Promise<void> {
    try {
      const { verifiers, endpointId, trust, verbs, time } = this.#parts
      const riskOf = (verb: string) => verbs.get(verb)?.command.risk
      const now = Math.max(this.#latest(), time.now())
      const verdict = await authorise(signed, { ...trust, verifiers, endpointId, riskOf, now })
      if (verdict.kind === 'order') return await this.#takeOrder(verdict.order)
      const known = verdict.kind === 'unfit' && verdict.claimed && this.#journal.find(verdict.claimed.id)
      // It was fit when it began: the clock, the register or the role is what changed, and its result is still true.
      if (known) return await this.#repeat(known)
      if (verdict.kind === 'forged') await this.#parts.happened(forged(verdict.reason, verdict.claimed))
      await this.#refuse(verdict.claimed, verdict.reason)
    } catch (error) {
      this.#parts.log.error({ err: error }, 'a command could not be dealt with')
    }
  }

  /** Of a standing order; one that stands in the journal is settled from there. */
  async runByItself(order: RunOrder): Promise<void> {
    if (!this.#journal.find(order.id)) await this.#takeOrder(order)
  }

  async recover(): Promise<void> {
    const waiting: Promise<void>[] = []
    for (const entry of this.#journal.entries()) {
      try {
        if (entry.result && !entry.isReported) await this.#report(entry.result)
        else if (!entry.result && entry.startedAt === undefined) waiting.push(this.#takeAgain(entry.order))
        else if (!entry.result) await this.#resume(entry)
      } catch (error) {
        this.#parts.log.error({ err: error, commandId: entry.order.id }, 'a command of before the restart could not be settled')
      }
    }
    for (const each of await Promise.allSettled(waiting))
      if (each.status === 'rejected') this.#parts.log.error({ err: each.reason }, 'a command that waited could not be taken up again')
  }

  /** Nothing that waits begins any more; it stands in the journal. */
  close(): void {
    this.#lanes.close()
  }

  async #takeOrder(order: RunOrder): Promise<void> {
    const { happened } = this.#parts
    const known = this.#journal.find(order.id)
    if (known) return this.#repeat(known)
    if (order.expiresAt <= this.#latest()) {
      await happened(stale('expired', order, this.#latest()))
      return this.#append(this.#resultOf(order, null, { outcome: 'expired', detail: 'it came after its time' }))
    }
    if (this.#journal.hasNonce(order.nonce)) return this.#refuse(order, 'its nonce is that of another command, which ran')
    const prepared = this.#prepare(order)
    if (prepared.kind === 'refused') return this.#refuse(order, prepared.reason)

    const place = prepared.command.isUrgent ? passes : this.#lanes.enter(order.verb)
    if (place.kind === 'full') return this.#refuse(order, 'too many of its kind wait on this machine already')
    if (place.kind === 'waits') await this.#wait(order, prepared, place.turn)
    else await this.#beginNow(order, prepared, place.leave)
  }

  async #beginNow(order: RunOrder, prepared: Ready, leave: Leave): Promise<void> {
    try {
      const startedAt = this.#parts.time.now()
      const begun = this.#begin(order, startedAt, prepared.command)
      if (begun.kind === 'not-begun') return await this.#append(this.#resultOf(order, null, { outcome: 'failed', detail: begun.reason }))
      if (begun.isWritten) this.#parts.received(order.id, startedAt)
      await this.#run(order, startedAt, prepared)
    } finally {
      leave()
    }
  }

  /** It arrived, and stands in the journal until it has its turn. */
  async #wait(order: RunOrder, prepared: Ready, turn: Promise<Leave | undefined>): Promise<void> {
    try {
      this.#journal.take(order, this.#parts.time.now())
    } catch (error) {
      void turn.then((leave) => leave?.())
      const detail = `not begun, because the journal could not be written: ${sentenceOf(error)}`
      return this.#append(this.#resultOf(order, null, { outcome: 'failed', detail }))
    }
    this.#parts.received(order.id, this.#parts.time.now())
    const leave = await turn
    if (leave) await this.#beginInTurn(order, prepared, leave)
  }

  async #beginInTurn(order: RunOrder, prepared: Ready, leave: Leave): Promise<void> {
    if (order.expiresAt > this.#latest()) return this.#beginNow(order, prepared, leave)
    leave()
    await this.#settle(this.#resultOf(order, null, { outcome: 'expired', detail: 'its time was over before it had its turn' }))
  }

  /** It waited when this agent ended: it was never begun. */
  async #takeAgain(order: RunOrder): Promise<void> {
    const prepared = this.#prepare(order)
    if (prepared.kind === 'refused') return this.#settle(this.#resultOf(order, null, { outcome: 'refused', detail: prepared.reason }))
    const place = this.#lanes.enter(order.verb)
    if (place.kind === 'full') return
    const leave = place.kind === 'free' ? place.leave : await place.turn
    if (leave) await this.#beginInTurn(order, prepared, leave)
  }

  /** One sentence, for whoever asked and for whoever reads this machine's own journal. */
  async #refuse(claimed: Claimed | undefined, reason: string): Promise<void> {
    try {
      this.#journal.refused({ ...claimed, reason, at: this.#parts.time.now() })
    } catch (error) {
      this.#parts.log.warn({ err: error, reason }, 'a refusal could not be written into the journal')
    }
    if (claimed) await this.#append(this.#resultOf(claimed, null, { outcome: 'refused', detail: reason }))
  }

  /** One that still runs will answer by itself. */
  async #repeat({ order, result }: Entry): Promise<void> {
    await this.#parts.happened(stale('repeated', order, this.#latest()))
    if (result) await this.#append(result)
  }

  async #resume({ order, startedAt = this.#parts.time.now() }: Entry): Promise<void> {
    const prepared = this.#prepare(order)
    if (prepared.kind === 'ready' && prepared.command.isIdempotent) return this.#run(order, startedAt, prepared)
    await this.#settle(
      this.#resultOf(order, startedAt, { outcome: 'unknown', detail: 'it was begun, and the agent stopped before its end' }),
    )
  }

  /** A full disk must not stop what protects this machine and may run twice; all else, a release too, waits for a journal. */
  #begin(order: RunOrder, at: number, { risk, isIdempotent }: CommandDefinition): Begun {
    try {
      this.#journal.start(order, at)
      return { kind: 'begun', isWritten: true }
    } catch (error) {
      this.#parts.log.error({ err: error, commandId: order.id }, 'a command could not be written into the journal')
      if (risk === 'protective' && isIdempotent) {
        this.#journal.remember(order, at)
        return { kind: 'begun', isWritten: false }
      }
      return { kind: 'not-begun', reason: `not begun, because the journal could not be written: ${sentenceOf(error)}` }
    }
  }

  #prepare(order: RunOrder): Ready | { kind: 'refused'; reason: string } {
    const verb = this.#parts.verbs.get(order.verb)
    if (!verb) return { kind: 'refused', reason: `this agent does not know the verb ${order.verb}` }
    const args = verb.command.args.safeParse(order.args)
    if (!args.success) return { kind: 'refused', reason: `args.${firstIssue(args.error)}` }
    const run = (live: Live): Promise<VerbOutcome> => verb.run(this.#parts.machine, args.data, order, live)
    return { kind: 'ready', command: verb.command, run }
  }

  async #run(order: RunOrder, startedAt: number, { command, run }: Ready): Promise<void> {
    const live = new LiveLine(order.id, (said) => this.#parts.progress(said), this.#parts.time)
    // What is urgent is mostly over before anybody has read that it runs.
    live.begun(command.isUrgent ? seconds(1) : 0)
    const settled = await run(live).catch((error: unknown): VerbOutcome => ({ outcome: 'failed', detail: sentenceOf(error) }))
    live.end()
    await this.#settle(this.#resultOf(order, startedAt, settled), command.isIdempotent)
  }

  async #settle(result: ResultRecord, mayRunTwice = false): Promise<void> {
    try {
      this.#journal.finish(result, mayRunTwice)
    } catch (error) {
      this.#parts.log.error({ err: error, commandId: result.commandId }, 'a result could not be written into the journal')
    }
    await this.#report(result)
  }

  async #report(result: ResultRecord): Promise<void> {
    await this.#append(result)
    try {
      this.#journal.reported(result.commandId)
    } catch (error) {
      this.#parts.log.warn({ err: error, commandId: result.commandId }, 'a restart will report this result once more')
    }
  }

  async #append(result: ResultRecord): Promise<void> {
    await this.#parts.append('security', result)
  }

  #resultOf(answered: Answered, startedAt: number | null, settled: Settled): ResultRecord {
    return resultOf(answered, startedAt, settled, this.#parts.time.now())
  }
}
