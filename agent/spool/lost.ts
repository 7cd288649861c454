/**
 * A line that stands for signals which neither disk nor memory could hold. It takes their seqs, so that the collector is
 * told of the gap where it is; it never leaves this machine.
 */
export const lostBody = (count: number): string => JSON.stringify({ v: 1, type: 'lost', count })

/** How many signals this body stands for; undefined when it is a record. */
export function lostIn(body: unknown): number | undefined {
  if (typeof body !== 'object' || body === null || !('type' in body) || body.type !== 'lost') return undefined
  return 'count' in body && typeof body.count === 'number' ? body.count : 1
}
