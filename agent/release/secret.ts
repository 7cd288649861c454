import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { SealedCopy, type SealedRelease } from '#shared/domain/release-code.ts'
import type { JsonFile } from '../json-file.ts'
import { type Recipient, sealTo } from './seal.ts'

/*
 * The release secret and what goes with it, in one file: whoever loses the file loses the secret too, so no number of an isolation
 * comes twice with the same secret. Enters: the people to whom it is sealed. Leaves: a copy for each. Promises: a copy stands on disk
 * with the secret it is of; when somebody leaves there is a new secret, for they may know the old one; but never while the machine is
 * closed, when a code may have been read out already. On failure of the disk: the state before goes on.
 */

const Kept = z.object({
  v: z.literal(1),
  secretId: z.string(),
  /** base64url, 32 bytes. */
  secret: z.string(),
  copies: z.array(SealedCopy),
  /** Of the newest isolation. */
  number: z.number().int().nonnegative(),
  wrong: z.object({ anyone: z.array(z.number()), root: z.array(z.number()) }),
})
export type Kept = z.infer<typeof Kept>

export interface Secret {
  kept(): Kept
  keep(change: Partial<Pick<Kept, 'number' | 'wrong'>>): Promise<void>
  /** Undefined while it is sealed to nobody. */
  sealed(): SealedRelease | undefined
  /** @returns whether there are other copies now. */
  sealFor(recipients: readonly Recipient[], isClosed: boolean): Promise<boolean>
}

export interface SecretParts {
  file: JsonFile
  endpointId: string
  log: Logger
}

export async function openSecret({ file, endpointId, log }: SecretParts): Promise<Secret> {
  const found = await read(file)
  let current = found ?? { ...fresh(), number: 0, wrong: { anyone: [], root: [] } }
  if (!found) {
    await file.write(current).catch((error: unknown) => {
      log.error({ reason: sentenceOf(error) }, 'the release secret could not be kept; the next start makes another')
    })
  }
  const seal = (secret: Pick<Kept, 'secret' | 'secretId'>, recipient: Recipient): SealedCopy[] => {
    try {
      return [sealTo(recipient, Buffer.from(secret.secret, 'base64url'), endpointId, secret.secretId)]
    } catch (error) {
      log.error({ kid: recipient.kid, reason: sentenceOf(error) }, 'the release secret can’t be sealed to this key')
      return []
    }
  }
  return {
    kept: () => current,
    // Counts also while the disk is full: a wrong try stays one, and no number comes twice.
    keep: async (change) => {
      current = { ...current, ...change }
      await file.write(current)
    },
    sealed: () => (current.copies.length === 0 ? undefined : { secretId: current.secretId, copies: current.copies }),
    sealFor: async (recipients, isClosed) => {
      const kids = new Set(recipients.map(({ kid }) => kid))
      const hasLeft = current.copies.some(({ kid }) => !kids.has(kid))
      if (hasLeft && isClosed) return false
      if (!hasLeft && current.copies.length === kids.size) return false
      const secret = hasLeft ? fresh() : current
      const held = new Map(hasLeft ? [] : current.copies.map((copy) => [copy.kid, copy]))
      const copies = recipients.flatMap((each) => held.get(each.kid) ?? seal(secret, each))
      const renewed = { secretId: secret.secretId, secret: secret.secret, copies }
      await file.write({ ...current, ...renewed })
      current = { ...current, ...renewed }
      log.info({ secretId: secret.secretId, for: copies.map(({ name }) => name) }, 'the release secret is sealed')
      return true
    },
  }
}

function fresh(): Pick<Kept, 'v' | 'secretId' | 'secret' | 'copies'> {
  return { v: 1, secretId: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('base64url'), copies: [] }
}

async function read(file: JsonFile): Promise<Kept | undefined> {
  const found = await file.read()
  return found.kind === 'value' ? Kept.safeParse(found.value).data : undefined
}
