import { join } from 'node:path'
import { savedNames } from './saved-rules.ts'

/*
 * What isolates a machine again while it starts: a systemd unit that loads the saved rules before any network is configured, with
 * nft alone. Enters: the folder of the isolation. Leaves: the unit's text. Promises: a machine that is not isolated has no such
 * file, and the unit passes. Only a kernel from 6.16 on takes rules for devices that are not there yet; on others raw packets are
 * free until the agent runs, which the unit says by failing on that line alone. Threat: a reboot that ends an isolation.
 */

export const unitName = 'tierline-isolation.service'
const nft = '/usr/sbin/nft'

/** Runs after those who begin by flushing everybody's rules. */
const flushers = ['nftables.service', 'firewalld.service', 'ufw.service', 'netfilter-persistent.service']

export function bootUnit(folder: string): string {
  const [rules, devices] = savedNames.map((name) => quoted(join(folder, name)))
  return `[Unit]
Description=Tierline: an isolated machine stays isolated while it starts
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
After=local-fs.target systemd-modules-load.service ${flushers.join(' ')}
ConditionPathExists=${specifiersKept(join(folder, savedNames[0]))}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${nft} -f ${rules}
ExecStart=-${nft} -f ${devices}

[Install]
WantedBy=sysinit.target
`
}

const specifiersKept = (text: string): string => text.replaceAll('%', '%%')

const quoted = (path: string): string => `"${specifiersKept(path).replace(/["\\$]/g, (found) => (found === '$' ? '$$' : `\\${found}`))}"`
