import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { Severity } from '#shared/domain/severity.ts'
import type { About } from '#shared/sigma/rule.ts'
import type { SigmaHit } from '#shared/sigma/sigma.ts'
import type { Happening } from '../../signal/signal.ts'

export interface Told {
  hit: SigmaHit
  /** The event as it was written. */
  line: string
  /** How often the same was seen since it was last said. */
  times: number
  /** The policy says which rules are armed; until it does, none is. */
  isArmed: boolean
}

/** A hit → what is said of it. The signal asks for nothing: what becomes of it, and that Sigma never isolates by itself, the matrix says. */
export function tell({ hit, line, times, isArmed }: Told): Omit<Happening, 'detector'> {
  const { about, group } = hit
  return {
    kind: kindOf(about),
    severity: severityOf(about, isArmed),
    about: about.title,
    summary: `A Sigma rule fits: ${about.title}`,
    facts: {
      ...{ rule: about.id, status: about.status ?? 'none', armed: isArmed, level: about.severity, times },
      ...{ techniques: [...about.techniques], tactics: [...about.tactics], falsePositives: [...about.falsePositives] },
      ...(group && { group: Object.entries(group).map(([field, value]) => `${field}=${value}`) }),
    },
    evidence: [{ name: 'event', text: maskSecrets(line) }],
  }
}

/** One kind for each rule, so that a false alarm of one says nothing of another. */
function kindOf({ id }: About): string {
  const slug = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 80)
  return `security.sigma.${slug === '' ? 'unnamed' : slug}`
}

/** Of an armed rule its level; of one that isn't, a step lower; what its author calls experimental is only kept. */
function severityOf({ severity, status }: About, isArmed: boolean): Severity {
  if (status === 'experimental') return 'info'
  if (isArmed || severity === 'info') return severity
  return Severity.options[Severity.options.indexOf(severity) - 1] ?? 'info'
}
