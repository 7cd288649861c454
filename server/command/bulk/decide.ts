import type { CommandStatus } from '#shared/domain/command.ts'
import type { BulksTable } from '../../store/tables/command.ts'

/*
 * When the next stage of a bulk order begins, and when it stops by itself (pure). A stage is over when those of it that are
 * connected have answered, or its wait has passed; who is away keeps its order until it expires and holds up nobody. A stage
 * of which nobody answered proves nothing, so it stops there and a person decides.
 */

export interface Machine {
  /** The first is 0. */
  stage: number
  /** null: its turn hasn't come, or it was removed before. */
  status: CommandStatus | null
  settledAt: number | null
  isConnected: boolean
}

export type Running = Pick<BulksTable, 'stage' | 'stage_begun_at' | 'fail_percent' | 'wait_ms' | 'judged_from' | 'expires_at'> & {
  sizes: readonly number[]
}

export type Step =
  | { kind: 'begins'; stage: number }
  | { kind: 'stops'; why: string }
  | { kind: 'ends'; as: 'done' | 'expired' }
  | { kind: 'waits' }

const failures: ReadonlySet<CommandStatus | null> = new Set(['failed', 'refused', 'unknown', 'expired'])
const answers: ReadonlySet<CommandStatus | null> = new Set(['succeeded', 'failed', 'refused', 'unknown'])

export function decide(bulk: Running, machines: readonly Machine[], now: number): Step {
  const { stage: begun, sizes } = bulk
  const isAllBegun = begun === sizes.length
  const isUnsettled = ({ stage, status, settledAt }: Machine): boolean => stage < begun && status !== null && settledAt === null
  if (isAllBegun && !machines.some(isUnsettled)) return { kind: 'ends', as: 'done' }
  if (!isAllBegun && now >= bulk.expires_at) return { kind: 'ends', as: 'expired' }
  const why = whyTooMany(bulk, machines)
  if (why !== undefined) return { kind: 'stops', why }
  if (isAllBegun) return { kind: 'waits' }
  if (begun === 0) return { kind: 'begins', stage: 0 }
  return afterStage(
    bulk,
    machines.filter(({ stage }) => stage === begun - 1),
    isUnsettled,
    now,
  )
}

function afterStage(
  { stage: begun, stage_begun_at, wait_ms }: Running,
  ofStage: readonly Machine[],
  isUnsettled: (machine: Machine) => boolean,
  now: number,
): Step {
  const isOver = now - (stage_begun_at ?? now) >= wait_ms
  const hasAnswered = ofStage.some(({ status }) => answers.has(status))
  // All of them were removed, or left out, meanwhile: there is nobody to learn from.
  const isEmpty = ofStage.every(({ status }) => status === null || status === 'dropped')
  if (isOver && !hasAnswered && !isEmpty) return { kind: 'stops', why: `Nobody of stage ${begun} has answered in its time.` }
  const isAwaited = ofStage.some((machine) => machine.isConnected && isUnsettled(machine))
  if (isEmpty || (hasAnswered && (isOver || !isAwaited))) return { kind: 'begins', stage: begun }
  return { kind: 'waits' }
}

/** In each stage by itself, the first of which may not fail at all. What a person went on after counts no more. */
function whyTooMany({ stage: begun, sizes, fail_percent, judged_from }: Running, machines: readonly Machine[]): string | undefined {
  for (const [stage, size] of sizes.slice(0, begun).entries()) {
    const failed = machines.filter(
      (machine) => machine.stage === stage && failures.has(machine.status) && (machine.settledAt ?? 0) > (judged_from ?? 0),
    ).length
    const allowed = stage === 0 ? 0 : Math.floor((size * fail_percent) / 100)
    if (failed > allowed) return `${failed} of ${size} failed in stage ${stage + 1}, and it goes on with ${allowed} at most.`
  }
  return undefined
}
