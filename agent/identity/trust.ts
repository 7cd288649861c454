import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compactVerify, importJWK } from 'jose'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { Authorities, Succession, succeed, successionType } from '#shared/protocol/authority.ts'
import type authoritiesDocument from '#shared/protocol/documents/authorities.ts'
import { identityFolder, writeDurably } from './files.ts'

/*
 * Whose word this agent takes. Enters: the two keys pinned at enrolment, and the document `authorities`. Leaves: the pair
 * in force. Promises: a pair once pinned is changed only by a succession that its other key signed, each once and in
 * order; it is on disk before it counts. On failure: the pair before stays; a damaged file means that operators are needed
 * and nobody is one, so only what protects this machine runs.
 * Threat: whoever runs the collector puts an authority of their own in place, or plays an old succession back.
 */
export interface Trust {
  /** `collector`: nobody is pinned, and the collector's own key may sign everything. */
  readonly kind: 'collector' | 'operators'
  readonly keys: Authorities['keys']
  /** @returns whether others are believed now. */
  follow(said: z.infer<typeof authoritiesDocument.content>): Promise<boolean>
}

const unknown: Authorities = { keys: [], succession: 0 }

export function openTrust({ dataDir, pinned, log }: { dataDir: string; pinned: Authorities | undefined; log: Logger }): Trust {
  const file = join(identityFolder(dataDir), 'trust.json')
  let current = readKept(file, log) ?? pinned

  return {
    get kind() {
      return current ? 'operators' : 'collector'
    },
    get keys() {
      return current?.keys ?? []
    },
    follow: async ({ first, successions }) => {
      const followed = await chainFrom(current ?? first, successions)
      if (current && followed.succession === current.succession) return false
      await writeDurably(file, JSON.stringify(followed, null, 2))
      current = followed
      log.warn({ authorities: followed.keys.map(({ kid }) => kid) }, 'from now on operators are named by these keys alone')
      return true
    },
  }
}

/** As far as the chain holds. */
async function chainFrom(from: Authorities, successions: readonly string[]): Promise<Authorities> {
  let pair = from
  for (const jws of successions) pair = (await nextOf(pair, jws)) ?? pair
  return pair
}

/** The pair after this one, when one of its keys says so. */
export async function nextOf(pair: Authorities, jws: string): Promise<Authorities | undefined> {
  for (const { kid, key } of pair.keys) {
    const opened = await compactVerify(jws, await importJWK(key, 'EdDSA'), { algorithms: ['EdDSA', 'Ed25519'] }).catch(() => undefined)
    if (opened?.protectedHeader.typ !== successionType) continue
    const said = Succession.safeParse(JSON.parse(new TextDecoder().decode(opened.payload)))
    return said.success ? succeed(pair, said.data, kid) : undefined
  }
  return undefined
}

function readKept(file: string, log: Logger): Authorities | undefined {
  if (!existsSync(file)) return undefined
  try {
    return Authorities.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    log.error({ reason: sentenceOf(error) }, `${file} is damaged: only what protects this machine runs until it is enrolled anew`)
    return unknown
  }
}
