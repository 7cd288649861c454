import { seconds } from '#shared/domain/time.ts'
import type { Host } from '../host/host.ts'
import { unitName } from './boot-unit.ts'
import type { Firewall } from './firewalls/firewall.ts'

/*
 * What an isolation of this machine would lack, though it can be isolated. Enters: the machine as it is set up. Leaves: sentences for
 * its page in the console. Promises: changes nothing. On failure: what could not be found out counts as lacking.
 * Threat: a reboot that opens an isolated machine, and nobody knew that it would.
 */

export interface GapsParts {
  host: Pick<Host, 'run'>
  firewall: Pick<Firewall, 'takesAbsentDevices'>
}

const withinMs = seconds(5)

export async function findGaps({ host, firewall }: GapsParts): Promise<string[]> {
  const asked = await host.run('systemctl', ['is-enabled', unitName], { timeoutMs: withinMs })
  if (asked.kind === 'missing') return ['after a restart it is open until its agent runs: it has no systemd to load the rules before']
  if (asked.kind !== 'ended' || asked.code !== 0)
    return [`after a restart it is open until its agent runs: ${unitName} (\`tierline-agent boot-unit\`) is not enabled`]
  if (await firewall.takesAbsentDevices?.()) return []
  return [
    'while it starts, raw packets can leave until its agent runs: this kernel takes rules only for devices that are there (Linux 6.16)',
  ]
}
