import { z } from 'zod'
import { Setting, type Settings } from '../../domain/policy-settings.ts'
import { defineDocument } from '../document.ts'

/**
 * What the machines of one organisation sense, and how far their agents may go. One document for all of them: each agent
 * takes the layers it is a member of, and the last one that says something of a setting wins. Whoever signs it signs who
 * is a member too, because a collector in somebody else's hands could call any machine a test machine.
 * An endpoint's id counts as in revocations: the first 9 bytes of its SHA-256, as base64url.
 */
export const PolicyLayer = z.object({
  /** For people: "line 12, site Berlin". */
  from: z.string().max(200),
  /** Everybody, when absent. */
  members: z.array(z.string().max(12)).max(5_000).optional(),
  settings: z.record(z.string().max(120), Setting),
})
export type PolicyLayer = z.infer<typeof PolicyLayer>

export const PolicyContent = z.object({
  organisationId: z.string().max(64),
  /** The weakest first: fleet, organisation, site, tag, endpoint. */
  layers: z.array(PolicyLayer).max(500),
})
export type PolicyContent = z.infer<typeof PolicyContent>

const document = defineDocument({ name: 'policy', signedBy: 'operator', content: PolicyContent })
export default document

export interface Resolved {
  settings: Settings
  /** By setting: the `from` of the layer that decided it. */
  origins: Readonly<Record<string, string>>
}

/** @param member the endpoint, as layers name it. */
export function resolvePolicy(content: PolicyContent | undefined, member: string): Resolved {
  const settings: Record<string, Setting> = {}
  const origins: Record<string, string> = {}
  for (const layer of content?.layers ?? []) {
    if (layer.members && !layer.members.includes(member)) continue
    for (const [key, value] of Object.entries(layer.settings)) {
      for (const gone of overruledBy(key, settings)) {
        delete settings[gone]
        delete origins[gone]
      }
      settings[key] = value
      origins[key] = layer.from
    }
  }
  return { settings, origins }
}

/** A detector that a weaker layer switched off is on again where a stronger one gives it a limit. */
const overruledBy = (key: string, settings: Settings): string[] =>
  Object.keys(settings).filter((known) => settings[known] === 'off' && key.startsWith(`${known}.`))
