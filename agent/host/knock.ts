import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'
import type { Time } from '#shared/domain/time.ts'

/** discard (RFC 863): nobody listens there any more, and a refusal is an answer. */
const closedPort = 9
const knockTimeoutMs = 1_000
const resolveTimeoutMs = 5_000

export function knock(address: string, time: Time): Promise<number | undefined> {
  return new Promise((resolve) => {
    const startedAt = time.monotonic()
    const socket = connect({ host: address, port: closedPort })
    const end = (isAnswer: boolean): void => {
      socket.destroy()
      resolve(isAnswer ? time.monotonic() - startedAt : undefined)
    }
    socket.setTimeout(knockTimeoutMs, () => end(false))
    socket.once('connect', () => end(true))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'))
  })
}

/** A refusal of the question is an answer too: somebody is there. */
export async function resolverMs(time: Time): Promise<number | undefined> {
  const resolver = new Resolver({ timeout: resolveTimeoutMs, tries: 1 })
  const startedAt = time.monotonic()
  try {
    await resolver.resolveNs('.')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (!['ENODATA', 'ENOTFOUND', 'EREFUSED', 'ESERVFAIL', 'EFORMERR', 'ENOTIMP'].includes(String(code))) return undefined
  }
  return Math.round(time.monotonic() - startedAt)
}
