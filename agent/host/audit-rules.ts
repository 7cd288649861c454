import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'
import type { Ended, Host } from './host.ts'
import type { Stop } from './probe.ts'

const timeoutMs = seconds(5)

/**
 * Has the kernel's audit write down who changes what is in `folders`, under `key`; rules of that key from before a crash are replaced.
 * Answers what takes them away again; undefined where audit takes no rules: no auditctl, no root, or rules that are locked until a reboot.
 */
export async function watchByAudit(host: Host, log: Logger, folders: readonly string[], key: string): Promise<Stop | undefined> {
  const forget = (): Promise<Ended> => host.run('auditctl', ['-D', '-k', key], { timeoutMs })
  await forget()
  for (const folder of folders) {
    const added = await host.run('auditctl', ['-w', folder, '-p', 'wa', '-k', key], { timeoutMs })
    if (added.kind === 'ended' && added.code === 0) continue
    log.info({ folder, reason: reasonOf(added) }, 'who writes to decoys stays unknown: audit takes no rules')
    unawaited(forget(), log, 'rules of the audit could not be taken away')
    return undefined
  }
  return () => unawaited(forget(), log, 'rules of the audit could not be taken away')
}

const reasonOf = (ended: Ended): string =>
  ended.kind === 'ended' ? sentenceOf(ended.stderr.trim().split('\n')[0] ?? '').slice(0, 300) : `${ended.kind}`
