import { refuse } from '../problems.ts'

/** What was read, or 404: the thing may have gone since it was looked for. */
export function found<T>(what: string, row: T | undefined): T {
  if (row === undefined) throw refuse('not-found', `There is no such ${what}.`)
  return row
}
