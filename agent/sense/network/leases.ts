import { minutes } from '#shared/domain/time.ts'
import type { Vitals } from '../../host/vitals.ts'

/** What a DHCP server gave to one interface of this machine, as whoever asked for it wrote it down. */
export interface Lease {
  device: string
  /** Another one after each time the cable was out, and after each boot. */
  link: string
  server: string
  gateways: string[]
  nameServers: string[]
}

const networkd = '/run/systemd/netif/leases'
const dhclientFolders = ['/var/lib/dhcp', '/var/lib/dhclient', '/var/lib/NetworkManager']
const maxDevices = 32

type Asks = Pick<Vitals, 'kernel' | 'file' | 'names' | 'ask'>

export async function readLeases(vitals: Asks, now: number): Promise<Lease[]> {
  const devices = (await vitals.names('/sys/class/net')).filter((name) => name !== 'lo').slice(0, maxDevices)
  const boot = (await vitals.kernel('/proc/sys/kernel/random/boot_id'))?.trim() ?? ''
  const [texts, managed] = await Promise.all([dhclientTexts(vitals), networkManagerLeases(vitals, now)])
  const found = await Promise.all(
    devices.map(async (device) => {
      const about = (name: string) => vitals.kernel(`/sys/class/net/${device}/${name}`)
      const [index, changes] = await Promise.all([about('ifindex'), about('carrier_changes')])
      const ofNetworkd = index === undefined ? undefined : await vitals.file(`${networkd}/${index.trim()}`)
      const given = ofNetworkd ? networkdLease(ofNetworkd.text) : (lastLease(texts, device) ?? managed.get(device))
      return given?.server === undefined ? [] : [{ device, link: `${boot} ${changes?.trim() ?? ''}`, ...given, server: given.server }]
    }),
  )
  return found.flat()
}

async function dhclientTexts(vitals: Pick<Vitals, 'file' | 'names'>): Promise<string[]> {
  const paths = await Promise.all(
    dhclientFolders.map(async (folder) =>
      (await vitals.names(folder)).filter((name) => /^dhclient.*\.leases?$/.test(name)).map((name) => `${folder}/${name}`),
    ),
  )
  const files = await Promise.all(
    paths
      .flat()
      .slice(0, maxDevices)
      .map((path) => vitals.file(path)),
  )
  return files.flatMap((file) => file?.text ?? []).filter((text) => !/dhcp6\./.test(text))
}

type Given = Pick<Lease, 'gateways' | 'nameServers'> & { server: string | undefined }

function networkdLease(text: string): Given {
  const field = (key: string): string[] => values(new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1], / +/)
  return { server: field('SERVER_ADDRESS')[0], gateways: field('ROUTER'), nameServers: field('DNS') }
}

/** dhclient.leases(5): one block after the other, the newest last. */
function lastLease(texts: readonly string[], device: string): Given | undefined {
  const blocks = texts.flatMap((text) => text.split(/^lease \{$/m).slice(1)).filter((block) => block.includes(`interface "${device}";`))
  const block = blocks.at(-1)
  if (block === undefined) return undefined
  const option = (name: string): string[] => values(new RegExp(`^\\s*option ${name} ([^;]*);`, 'm').exec(block)?.[1], /,\s*/)
  return { server: option('dhcp-server-identifier')[0], gateways: option('routers'), nameServers: option('domain-name-servers') }
}

const managerFolder = '/var/lib/NetworkManager'

/** Looks are closer together than this. */
const freshMs = minutes(5)

/** NetworkManager's own client keeps the address in its file, and the server only in its head: asked for while a file is fresh, new or renewed. */
async function networkManagerLeases(vitals: Asks, now: number): Promise<ReadonlyMap<string, Given>> {
  const names = (await vitals.names(managerFolder)).filter((name) => /^internal-.*\.lease$/.test(name)).slice(0, maxDevices)
  const files = await Promise.all(names.map((name) => vitals.file(`${managerFolder}/${name}`)))
  if (!files.some((file) => file !== undefined && Math.abs(now - file.changedAt) < freshMs)) return new Map()
  const shown = await vitals.ask('nmcli', ['-t', '-f', 'GENERAL.DEVICE,DHCP4', 'device', 'show'])
  return shown.kind === 'known' ? shownByManager(shown.value) : new Map()
}

/** Blocks of "GENERAL.DEVICE:eth0" and "DHCP4.OPTION[3]:dhcp_server_identifier = 192.0.2.1", with an empty line between. */
export function shownByManager(shown: string): ReadonlyMap<string, Given> {
  const blocks = shown.split(/\n\s*\n/).flatMap((block): [string, Given][] => {
    const device = /^GENERAL\.DEVICE:(\S{1,15})$/m.exec(block)?.[1]
    const option = (name: string): string[] => values(new RegExp(`^DHCP4\\.OPTION\\[\\d+\\]:${name} = (.*)$`, 'm').exec(block)?.[1], / +/)
    const [server] = option('dhcp_server_identifier')
    return device === undefined || server === undefined
      ? []
      : [[device, { server, gateways: option('routers'), nameServers: option('domain_name_servers') }]]
  })
  return new Map(blocks.slice(0, maxDevices))
}

/** Whoever answers chooses them: as many and as long as addresses are. */
const values = (text = '', between: RegExp): string[] =>
  text
    .split(between)
    .filter(Boolean)
    .slice(0, 10)
    .map((each) => each.slice(0, 45))
