import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { Role } from '#shared/domain/endpoint.ts'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { Authorities } from '#shared/protocol/authority.ts'
import { CommandAuthority } from '#shared/protocol/enrolment.ts'

/** Who this agent is and whose orders it takes; pinned at enrolment. */
const Pinned = z.object({
  /** Where the agents' port answers, such as https://rmm.example.org:7843. */
  collector: z.url(),
  endpointId: z.string().min(8),
  organisationId: z.string().min(8),
  authorities: z.array(CommandAuthority).min(1),
  /** Who names operators; absent: the collector commands alone, unless trust.json knows better. */
  operatorsBy: Authorities.optional(),
  /** What this machine is for, as the person said who let it in. */
  role: Role.optional(),
})
export type Pinned = z.infer<typeof Pinned>

/** PEM, all three. */
export interface Credentials {
  key: string
  certificate: string
  ca: string
}

export const identityFolder = (dataDir: string): string => join(dataDir, 'identity')
const names = { key: 'key.pem', certificate: 'certificate.pem', ca: 'ca.pem', pinned: 'identity.json' } as const

export const hasIdentity = (dataDir: string): boolean => existsSync(join(identityFolder(dataDir), names.pinned))

/** @throws Fault `identity-unreadable` when what lies there is no whole identity. */
export function readIdentity(dataDir: string): { pinned: Pinned; credentials: Credentials } {
  const text = (name: string): string => readFileSync(join(identityFolder(dataDir), name), 'utf8')
  try {
    const pinned = Pinned.parse(JSON.parse(text(names.pinned)))
    return { pinned, credentials: { key: text(names.key), certificate: text(names.certificate), ca: text(names.ca) } }
  } catch (error) {
    throw new Fault('identity-unreadable', `the identity in ${identityFolder(dataDir)} can't be read: ${sentenceOf(error)}`, {
      cause: error,
    })
  }
}

/** All of it or nothing: written beside, then renamed into place. */
export async function storeIdentity(dataDir: string, pinned: Pinned, credentials: Credentials): Promise<void> {
  const made = `${identityFolder(dataDir)}.${randomBytes(6).toString('hex')}.new`
  await mkdir(made, { recursive: true, mode: 0o700 })
  await chmod(made, 0o700)
  await writeDurably(join(made, names.key), credentials.key)
  await writeDurably(join(made, names.certificate), credentials.certificate)
  await writeDurably(join(made, names.ca), credentials.ca)
  await writeDurably(join(made, names.pinned), JSON.stringify(pinned, null, 2))
  await rename(made, identityFolder(dataDir))
}

/** The key stays, so one rename is the whole renewal. */
export async function storeCertificate(dataDir: string, certificate: string): Promise<void> {
  await writeDurably(join(identityFolder(dataDir), names.certificate), certificate)
}

/** Temp file, fsync, rename, and the folder's fsync: a reader sees the old content or the new. 0600. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const made = join(dirname(file), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeNew(made, text)
    await rename(made, file)
    await syncFolder(dirname(file))
  } catch (error) {
    await rm(made, { force: true })
    throw error
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the rename itself last; Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}
