import type { BulkSummary } from '#shared/api/bulk.ts'
import type { BulkStatus } from '#shared/domain/bulk.ts'

export const bulkColor: Record<BulkStatus, string> = {
  ...{ requested: 'blue', unsigned: 'orange', running: 'blue', stopped: 'red' },
  ...{ done: 'teal', ended: 'gray', expired: 'orange' },
}

/** Of all stages together. */
export function totalsOf({ stages }: Pick<BulkSummary, 'stages'>): Omit<BulkSummary['stages'][number], 'waiting' | 'dropped' | 'underWay'> {
  const sum = (count: (stage: BulkSummary['stages'][number]) => number): number => stages.reduce((total, stage) => total + count(stage), 0)
  return { size: sum(({ size }) => size), succeeded: sum(({ succeeded }) => succeeded), failed: sum(({ failed }) => failed) }
}
