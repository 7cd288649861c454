import type { Logger } from 'pino'
import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { ProcessNamed } from '#shared/domain/process.ts'
import { days, type Time } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'
import type { Processes } from '../host/processes.ts'
import type { JsonFile } from '../json-file.ts'

/*
 * Suspend: what the agent does to processes on its own word. Enters: a detector's accusation of a process. Leaves: it and all below it
 * halted (SIGSTOP), the accusation in a journal, and an answer that says what was done. Promises: nothing but halting, which a person
 * undoes with `resume-process`, for the whole tree at once; exactly the process that was accused and no later one of its number; never the
 * system's own, nor this agent's line. Halting comes before the journal's fsync, because a file is lost in a millisecond, and nobody waits
 * for that fsync: the signal that tells of it is what brings help. On failure: the answer says why nothing was done. Threat: somebody who makes this agent halt what others need; hence the policy's leave, and the evidence.
 */
export interface Suspender {
  accuse(top: ProcessNamed, why: string): Promise<Suspension>
  /** Whether this very process was accused, halted or not: it is then that the collector's word is enough to halt it. */
  accuses(named: unknown): boolean
  /** The machine's processes, for commands: what was halted as a tree goes on as one. */
  processes: Processes
}

export type Suspension = { kind: 'suspended'; processes: ProcessNamed[] } | { kind: 'not-suspended'; reason: string }

const Accusation = z.object({ top: ProcessNamed, suspended: z.array(ProcessNamed), why: z.string(), at: z.number() })
type Accusation = z.infer<typeof Accusation>
const Journal = z.object({ v: z.literal(1), accusations: z.array(Accusation) })

interface Options {
  file: JsonFile
  processes: Processes
  /** Whether the policy lets the agent do this here and now. */
  isAllowed(): boolean
  /** Somebody is accused: what follows, their program's hash first, comes before what they do. */
  hurry?: (() => void) | undefined
  time: Time
  log: Logger
}

/** A process that was halted so long ago is gone, or a person left it so. */
const keptMs = days(30)
const maxKept = 200
/** What is started while its parents are being halted is found in a second look; a third finds nothing new in practice. */
const maxLooks = 4

export async function openSuspender(options: Options): Promise<Suspender> {
  const { file, processes, isAllowed, time, log } = options
  let accusations = await readJournal(options)

  /** Known at once, on disk when it resolves, which it always does. */
  async function keep(accusation: Accusation): Promise<void> {
    const others = accusations.filter(({ at, top }) => at > accusation.at - keptMs && !isSame(top, accusation.top))
    accusations = [...others, accusation].slice(-maxKept)
    await file
      .write({ v: 1, accusations })
      .catch((error: unknown) => log.error({ reason: sentenceOf(error) }, 'an accusation could not be written down'))
  }

  return {
    async accuse(top, why) {
      options.hurry?.()
      if (!isAllowed()) {
        void keep({ top, suspended: [], why, at: time.now() })
        return { kind: 'not-suspended', reason: 'this machine’s policy leaves it to the collector' }
      }
      const first = processes.signal(top, 'SIGSTOP')
      if (first.kind === 'spared') return { kind: 'not-suspended', reason: first.reason }
      if (first.kind === 'gone') return { kind: 'not-suspended', reason: 'the process is gone' }
      const suspended = [top, ...haltBelow(processes, top, log)]
      log.warn({ pid: top.pid, count: suspended.length, why }, 'a process was halted on the agent’s own word')
      void keep({ top, suspended, why, at: time.now() })
      return { kind: 'suspended', processes: suspended }
    },
    accuses: (named) => {
      const { data } = ProcessNamed.safeParse(named)
      return data !== undefined && accusations.some(({ top }) => isSame(top, data))
    },
    processes: {
      ...processes,
      signal(named, signal) {
        const found = processes.signal(named, signal)
        const accusation = accusations.find(({ top }) => isSame(top, named))
        // What is halted by command is halted as what it was accused as: with all below it.
        if (signal === 'SIGSTOP' && found.kind === 'process' && accusation)
          unawaited(
            keep({ ...accusation, suspended: [named, ...haltBelow(processes, named, log)] }),
            log,
            'an accusation could not be kept',
          )
        // Children first would run into a parent that is still halted; either order ends the same.
        if (signal === 'SIGCONT') for (const each of accusation?.suspended.slice(1) ?? []) processes.signal(each, signal)
        return found
      },
    },
  }
}

const isSame = (a: ProcessNamed, b: ProcessNamed): boolean => a.pid === b.pid && a.startTicks === b.startTicks

/** Never throws: what was halted so far has to be written down, whatever the rest does. */
function haltBelow(processes: Processes, top: ProcessNamed, log: Logger): ProcessNamed[] {
  const seen = new Set<string>()
  const halted: ProcessNamed[] = []
  try {
    for (let look = 0; look < maxLooks; look += 1) {
      const fresh = processes.below(top).filter(({ pid, startTicks }) => !seen.has(`${pid} ${startTicks}`))
      if (fresh.length === 0) break
      for (const each of fresh) {
        seen.add(`${each.pid} ${each.startTicks}`)
        if (processes.signal(each, 'SIGSTOP').kind === 'process') halted.push(each)
      }
    }
  } catch (error) {
    log.error({ pid: top.pid, reason: sentenceOf(error) }, 'not all below a halted process could be halted')
  }
  return halted
}

/** What can't be read is forgotten: a person can still resume each process by its number. */
async function readJournal({ file, log }: Options): Promise<Accusation[]> {
  const read = await file.read()
  if (read.kind === 'absent') return []
  const parsed = read.kind === 'value' ? Journal.safeParse(read.value) : undefined
  if (parsed?.success) return parsed.data.accusations
  log.error({ reason: read.kind === 'broken' ? read.reason : 'it has another form' }, 'the journal of accusations can’t be read')
  return []
}
