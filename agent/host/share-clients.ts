import { seconds } from '#shared/domain/time.ts'
import type { Host } from './host.ts'

/** What Samba says of who has its shares open; '' where there is none. */
export async function shareClients(host: Host): Promise<string> {
  const ended = await host.run('smbstatus', ['-p', '-n'], { timeoutMs: seconds(2) })
  return ended.kind === 'ended' ? ended.stdout : ''
}
