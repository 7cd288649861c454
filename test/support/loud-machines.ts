import { readFile } from 'node:fs/promises'
import { type DeskRoom, matrixFile } from './desk-room.ts'

/** One machine may have as many tickets as a test wants. */
export async function letMachinesBeLoud({ matrices }: Pick<DeskRoom, 'matrices'>): Promise<void> {
  const yaml = await readFile(matrixFile, 'utf8')
  const loud = yaml.replace('endpoint: { tickets: 20, fromTickets: 5,', 'endpoint: { tickets: 100000, fromTickets: 100000,')
  const put = await matrices.put(loud, 'test')
  if (loud === yaml || put.kind !== 'kept') throw new Error('the matrix has no such words')
}
