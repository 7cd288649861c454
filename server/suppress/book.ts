import { fitsKind } from '#shared/domain/signal.ts'
import type { Matrix } from '../route/matrix.ts'
import type { SettlingsTable } from '../store/tables/suppress.ts'
import type { Held, Suppressing } from './keep.ts'
import type { Suppressed } from './suppress.ts'

/** What one round suppresses, in memory until it is kept. */
export interface Book {
  /** A signal of this trouble as it came, and what stood in its way, if anything did. */
  take(signal: Held['signal'], trouble: string, suppressed: Suppressed | undefined): void
  readonly suppressing: Suppressing
  /** Machines that say that they are being updated, or no longer. */
  readonly settlings: readonly SettlingsTable[]
}

/** @param waiting signals that wait since before, by their trouble. */
export function createBook({ settling }: Pick<Matrix, 'settling'>, waiting: ReadonlyMap<string, readonly string[]>, now: number): Book {
  const held: Held[] = []
  const cleared = new Set<string>()
  const settlings: SettlingsTable[] = []
  const isUpdate = ({ kind }: Held['signal']): boolean => settling.updates.some((pattern) => fitsKind(pattern, kind))
  return {
    take(signal, trouble, suppressed) {
      if (signal.endpoint_id !== null && isUpdate(signal))
        settlings.push({ endpoint_id: signal.endpoint_id, why: 'update', began_at: now, back_at: signal.state === 'raised' ? null : now })
      if (signal.state === 'cleared') {
        for (const id of waiting.get(trouble) ?? []) cleared.add(id)
        for (const each of held) if (each.trouble === trouble) each.isCleared = true
      }
      if (suppressed) held.push({ signal, trouble, suppressed, isCleared: false })
    },
    suppressing: {
      held,
      get cleared() {
        return [...cleared]
      },
    },
    settlings,
  }
}
