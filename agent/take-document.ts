import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { DocumentFrame } from '#shared/protocol/document.ts'
import auditHeads from '#shared/protocol/documents/audit-heads.ts'
import type { AtMachine } from './at-machine.ts'
import type { AgentConfig } from './config.ts'
import { witness } from './identity/audit-heads.ts'
import type { Identity } from './identity/identity.ts'
import type { Isolation } from './isolate/isolate.ts'
import type { Policy } from './policy/policy.ts'
import type { Signals } from './signal/signal.ts'

interface Moved {
  config: AgentConfig
  identity: Identity
  isolation: Isolation
  people: AtMachine
  policy: Policy
  signals: Signals
  log: Logger
}

/** Never rejects. A list of addresses that comes while this machine is cut off lets through what it names. */
export async function takeDocument(frame: DocumentFrame, moved: Moved): Promise<void> {
  const { config, identity, isolation, people, policy, signals, log } = moved
  try {
    const suspicious = await identity.documents.take(frame)
    if (suspicious) return await signals.happened(suspicious)
    policy.refresh()
    await isolation.readdress()
    await people.reseal()
    const rewritten =
      frame.name === auditHeads.name ? await witness(config.dataDir, identity.documents.content(auditHeads)?.heads ?? []) : undefined
    if (rewritten) await signals.happened(rewritten)
  } catch (error) {
    log.error({ name: frame.name, reason: sentenceOf(error) }, 'what a document brought could not be done')
  }
}
