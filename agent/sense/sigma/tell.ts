import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { Severity } from '#shared/domain/severity.ts'
import { kindOfRule, mayBeArmed } from '#shared/domain/watched-rules.ts'
import type { About } from '#shared/sigma/rule.ts'
import type { SigmaHit } from '#shared/sigma/sigma.ts'
import type { Happening } from '../../signal/signal.ts'

export interface Told {
  hit: SigmaHit
  /** The event as it was written. */
  line: string
  /** How often the same was seen since it was last said. */
  times: number
  /** What a person says of it in the policy; undefined: nothing, so the collector goes by its record. */
  saidArmed: boolean | undefined
}

/** A hit → what is said of it. The signal asks for nothing: what becomes of it, and that Sigma never isolates by itself, the matrix says. */
export function tell({ hit, line, times, saidArmed }: Told): Omit<Happening, 'detector'> {
  const { about, group } = hit
  const isArmed = saidArmed === true && mayBeArmed(about.status)
  return {
    kind: kindOfRule(about.id),
    severity: severityOf(about, isArmed),
    about: about.title,
    summary: `A Sigma rule fits: ${about.title}`,
    facts: {
      ...{ rule: about.id, status: about.status ?? 'none', armed: isArmed, level: about.severity, times },
      armedBy: saidArmed === undefined ? 'nobody' : 'policy',
      ...(about.digest !== undefined && { digest: about.digest }),
      ...{ techniques: [...about.techniques], tactics: [...about.tactics], falsePositives: [...about.falsePositives] },
      ...(group && { group: Object.entries(group).map(([field, value]) => `${field}=${value}`) }),
    },
    evidence: [{ name: 'event', text: maskSecrets(line) }],
  }
}

/** Of an armed rule its level; of one that isn't, a step lower; what its author calls experimental is only kept. */
function severityOf({ severity, status }: About, isArmed: boolean): Severity {
  if (status === 'experimental') return 'info'
  if (isArmed || severity === 'info') return severity
  return Severity.options[Severity.options.indexOf(severity) - 1] ?? 'info'
}
