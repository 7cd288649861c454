/**
 * Policy: what this machine senses, and how far its agent may go by itself. Enters: the signed document `policy`, verified
 * and kept by identity. Leaves: each setting in force, asked whenever it matters, so that a newer one counts without a
 * restart. Promises: what no layer says, agent.json says, and else what ships; a setting that this version can't read is as
 * good as unsaid. On failure: the one before stays. Threat: whoever runs the collector and would switch senses off, or let
 * his own address through: where operators are named, the signature is theirs (identity/operators-word.ts).
 */
import { createHash } from 'node:crypto'
import type { HealthSettings } from '#shared/domain/health-limits.ts'
import { healthIn, type PolicyKey, type PolicyValue, settingIn } from '#shared/domain/policy-settings.ts'
import document, { resolvePolicy } from '#shared/protocol/documents/policy.ts'
import type { Documents } from '../identity/documents.ts'

export interface Policy {
  /** 0: what ships. */
  number(): number
  /** What the policy says, else what stands in `otherwise`. */
  setting<Key extends PolicyKey>(key: Key, otherwise: PolicyValue<Key>): PolicyValue<Key>
  health(): HealthSettings
  /** There may be a newer one. */
  refresh(): void
  /** Called with the keys that another value stands behind. @returns its end. */
  onChanged(listener: (keys: readonly string[]) => void): () => void
}

interface Needs {
  endpointId: string
  documents: Pick<Documents, 'content' | 'numbers'>
}

/** As the layers of a policy name an endpoint. */
export const memberOf = (endpointId: string): string =>
  createHash('sha256').update(endpointId).digest().subarray(0, 9).toString('base64url')

export function openPolicy({ endpointId, documents }: Needs): Policy {
  const member = memberOf(endpointId)
  const listeners = new Set<(keys: readonly string[]) => void>()
  const read = () => {
    const content = documents.content(document)
    const { settings } = resolvePolicy(content, member)
    return { settings, health: healthIn(settings), number: content ? (documents.numbers()[document.name] ?? 0) : 0 }
  }
  let inForce = read()
  return {
    number: () => inForce.number,
    setting: (key, otherwise) => {
      const said = settingIn(inForce.settings, key)
      return said === undefined ? otherwise : said
    },
    health: () => inForce.health,
    refresh() {
      const before = inForce
      inForce = read()
      const keys = [...new Set([...Object.keys(before.settings), ...Object.keys(inForce.settings)])]
      const changed = keys.filter((key) => JSON.stringify(before.settings[key]) !== JSON.stringify(inForce.settings[key]))
      if (changed.length > 0 || before.number !== inForce.number) for (const listener of listeners) listener(changed)
    },
    onChanged(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
