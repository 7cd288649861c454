import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { JsonFile } from '../../json-file.ts'
import { Touch } from './touches.ts'

const Planted = z.object({
  path: z.string(),
  /** Which decoy it is; its bytes are drawn anew from the seed. */
  name: z.string(),
  folder: z.string(),
  /** The home or share in which that folder was made for decoys; absent for folders that a person named. */
  ground: z.string().optional(),
  sha256: z.string(),
  /** Files beside it that were there when it was armed last, by the hash of their beginning. */
  knownSiblings: z.array(z.string()),
})
export type Planted = z.infer<typeof Planted>

const CanaryState = z.object({
  v: z.literal(1),
  seed: z.string().min(16),
  planted: z.array(Planted),
  /** What tells each folder from another at its path: an empty mount point is not a folder that was emptied. */
  folders: z.record(z.string(), z.string()),
  touches: z.array(Touch),
  /** By home or share: the folders that were chosen there. */
  places: z.record(z.string(), z.array(z.string())).default({}),
})
export type CanaryState = z.infer<typeof CanaryState>

/** What was planted and touched before; a new seed where nothing, or nothing readable, is remembered. */
export async function readState(file: JsonFile, log: Logger): Promise<CanaryState> {
  const fresh: CanaryState = { v: 1, seed: randomBytes(16).toString('hex'), planted: [], folders: {}, touches: [], places: {} }
  const read = await file.read()
  if (read.kind === 'absent') return fresh
  const parsed = read.kind === 'value' ? CanaryState.safeParse(read.value) : undefined
  if (parsed?.success) return parsed.data
  log.error(
    { reason: read.kind === 'broken' ? read.reason : parsed?.error.message },
    'which decoys were planted is forgotten; new ones are planted',
  )
  return fresh
}
