import type { Platform, Role } from './endpoint.ts'
import { type OcsfFinding, ocsfVersion } from './ocsf.ts'
import type { Severity } from './severity.ts'
import type { Evidence, Facts, SignalState } from './signal.ts'

/** A signal as the collector keeps it. */
export interface SignalTold {
  id: string
  kind: string
  severity: Severity
  state: SignalState
  fingerprint: string
  about: string
  summary: string
  facts: Facts
  evidence: Evidence[]
  detector: string
  sensedAt: number
  receivedAt: number
}

export interface DeviceTold {
  id: string
  hostname: string
  platform: Platform
  role: Role
}

const severities = {
  info: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
} as const satisfies Record<Severity, readonly [number, string]>

/** OCSF's numbers of systems. */
const systems = { linux: 200, windows: 100, macos: 300 } as const satisfies Record<Platform, number>

/** A security signal in OCSF's words: class Detection Finding. Texts of strangers stay values, whatever stands in them. */
export function ocsfFindingOf(signal: SignalTold, device?: DeviceTold): OcsfFinding {
  const [severity_id, severity] = severities[signal.severity]
  const isOver = signal.state === 'cleared'
  const activity_id = isOver ? 3 : 1
  const attacks = attacksOf(signal.facts)
  return {
    ...{ category_uid: 2, category_name: 'Findings', class_uid: 2004, class_name: 'Detection Finding' },
    ...{ activity_id, type_uid: 200_400 + activity_id, severity_id, severity, status_id: isOver ? 4 : 1 },
    time: signal.sensedAt,
    message: signal.summary,
    metadata: {
      ...{ version: ocsfVersion, uid: signal.id, event_code: signal.kind, logged_time: signal.receivedAt },
      product: { name: 'Tierline', vendor_name: 'Tierline' },
      ...(device && { profiles: ['host'] }),
    },
    finding_info: {
      ...{ uid: signal.fingerprint, title: signal.summary, desc: signal.about, types: [signal.kind], created_time: signal.sensedAt },
      analytic: { name: signal.detector, type_id: 1, type: 'Rule' },
      ...(attacks.length > 0 && { attacks }),
    },
    ...(device && { device: deviceOf(device) }),
    ...(typeof signal.facts.runbook === 'string' && { remediation: { desc: signal.facts.runbook } }),
    evidences: evidencesOf(signal),
    unmapped: signal.facts,
  }
}

function deviceOf({ id, hostname, platform, role }: DeviceTold): NonNullable<OcsfFinding['device']> {
  const type_id = role === 'workstation' ? 2 : role === 'unknown' ? 0 : 1
  return { uid: id, hostname, type_id, os: { name: platform, type_id: systems[platform] } }
}

/** `technique` of our own detectors, `techniques` of Sigma's rules. */
function attacksOf({ technique, techniques }: Facts): NonNullable<OcsfFinding['finding_info']['attacks']> {
  const named = [technique, ...(Array.isArray(techniques) ? techniques : [])]
  return named.flatMap((each) => {
    const [, whole, sub] = /^(T\d{4})(\.\d{3})?$/i.exec(typeof each === 'string' ? each.toUpperCase() : '') ?? []
    if (whole === undefined) return []
    return [{ technique: { uid: whole }, ...(sub !== undefined && { sub_technique: { uid: `${whole}${sub}` } }) }]
  })
}

function evidencesOf({ facts, evidence }: SignalTold): OcsfFinding['evidences'] {
  const process = processOf(facts)
  const source = typeof facts.source === 'string' && /^[\da-f.:]+$/i.test(facts.source) ? [{ src_endpoint: { ip: facts.source } }] : []
  return [...(process ? [{ process }] : []), ...source, ...evidence.map((data) => ({ data }))].slice(0, 100)
}

function processOf(facts: Facts) {
  const { process, pid, exe, commandLine, exeSha256 } = facts
  if (typeof pid !== 'number') return undefined
  const path = typeof exe === 'string' && exe !== '' ? exe : typeof process === 'string' && process.startsWith('/') ? process : undefined
  const hashes = typeof exeSha256 === 'string' ? [{ algorithm_id: 3 as const, algorithm: 'SHA-256' as const, value: exeSha256 }] : undefined
  return {
    pid,
    ...(typeof process === 'string' && { name: process }),
    ...(typeof commandLine === 'string' && { cmd_line: commandLine }),
    ...(path !== undefined && { file: { name: path.split('/').at(-1) ?? path, path, type_id: 1 as const, ...(hashes && { hashes }) } }),
  }
}
